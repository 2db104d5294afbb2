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
# --- the file named by the token's URI alone: it can be read, and only by whose token it is ---
by_uri() {	# program source
	sed "/pin_file/d; s|uri = \"\(pkcs11:token=[^\"]*\)\"|uri = \"\1?pin-source=$2\"|" "$T/$1.conf" >"$INKAN_CONFIG_DIR/$1.conf"
}
for p in ca ocsp; do
	cp "$INKAN_CONFIG_DIR/$p.conf" "$T/$p.conf"
	by_uri "$p" "file:$T/demo/pins/$p.pin"
	check_not "$p.conf has no other source" grep -q pin_file "$INKAN_CONFIG_DIR/$p.conf"
done
check "pin-source: the programs start" bash -c ". '$here/scripts/demo/lib.sh'; here='$here'; demo_start ca ra ocsp"
enrol_basic by-uri; is "  and a device is enrolled" "$code" 200
grep -q "event=confine.files" "$T/demo/log/inkan-ca.log" || trace "skipped: this kernel has no Landlock"
demo_stop
by_uri ca "file:$T/demo/pins/none.pin"; run; is "a pin-source that is not there" $? 75
has "  names the file" "$(cat "$T/err")" "$T/demo/pins/none.pin"
# What is wrong with the configuration is said, and the CA without its token goes on.
says() {	# text
	"$INKAN_BIN/inkan-ca" -c "$conf" 2>"$T/err" & local p=$!
	check "  is said" wait_for 20 grep -q "$1" "$T/err"
	kill $p; wait $p
	has "  of the token" "$(cat "$T/err")" "event=token.absent"
}
trace "a pin-source that is no absolute path"
by_uri ca "file:pins/ca.pin"; says "pin-source must be file:/absolute/path"
trace "one beside pin_file"
by_uri ca "file:$pin"; sed -i "s|uri = .*|&\n\tpin_file = \"$pin\";|" "$conf"
says "the PIN is configured twice: in the URI's pin-source"
check_not "no PIN in any log" grep -rqF "$(cat "$T/right")" "$T/demo/log"
finish
