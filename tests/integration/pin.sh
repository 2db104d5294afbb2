#!/usr/bin/env bash
# A wrong PIN is tried once, has an exit status of its own, and locks nothing.
tid="wrong PIN"
. "$(dirname "$0")/lib.sh"
demo_up
demo_stop
conf=$INKAN_CONFIG_DIR/ca.conf pin=$INKAN_TOKEN_PIN_FILE
cp -p "$pin" "$T/right"
(umask 077; echo 99999999 >"$T/wrong"); cat "$T/wrong" >"$pin"
run() { timeout 20 "$INKAN_BIN/inkan-ca" -c "$conf" 2>"$T/err"; }
run; is "wrong PIN: exit status" $? 75
for i in 1 2 3 4; do run; is "again ($i)" $? 75; done
has "not tried again, and it says why" "$(cat "$T/err")" "refused|not tried|withheld|before"
flags=$(SOFTHSM2_CONF=$INKAN_SOFTHSM2_CONF pkcs11-tool --module "$INKAN_PKCS11_MODULE" -L 2>/dev/null)
check_not "the token is not locked" grep -qi "pin locked\|final" <<<"$flags"
sleep 1.1; cat "$T/right" >"$pin"
check "the right PIN works once the file has changed" bash -c ". '$here/scripts/demo/lib.sh'; here='$here'; demo_start ca"
demo_stop
chmod 644 "$pin"; run; is "a PIN that others can read" $? 75
has "  names the mode" "$(cat "$T/err")" "0?6[04][04]|mode|permission"
chmod 600 "$pin"
check_not "no PIN in any log" grep -rqF "$(cat "$T/right")" "$T/demo/log"
finish
