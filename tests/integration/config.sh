#!/usr/bin/env bash
# A mistake in a configuration: the program does not start, and says where.
tid="configuration mistakes"
. "$(dirname "$0")/lib.sh"
demo_up
demo_stop
for p in ca ra ocsp; do
	c=$INKAN_CONFIG_DIR/$p.conf
	check "inkan-$p -n" timeout 20 "$INKAN_BIN/inkan-$p" -c "$c" -n
	cp "$c" "$INKAN_CONFIG_DIR/$p.bad"
	printf 'surprise = 1;\n' >>"$INKAN_CONFIG_DIR/$p.bad"
	out=$(timeout 20 "$INKAN_BIN/inkan-$p" -c "$INKAN_CONFIG_DIR/$p.bad" 2>&1); rc=$?
	check "inkan-$p: unknown key, no start" test $rc -ne 0 -a $rc -ne 124
	has "  file:line: key" "$out" "$p.bad:[0-9]+: .*surprise"
	sed 's/= "/= 1"/' "$c" >"$INKAN_CONFIG_DIR/$p.bad"
	out=$(timeout 20 "$INKAN_BIN/inkan-$p" -n -c "$INKAN_CONFIG_DIR/$p.bad" 2>&1); rc=$?
	check "inkan-$p: syntax" test $rc -ne 0 -a $rc -ne 124
	has "  file:line" "$out" "$p.bad:[0-9]+:"
	timeout 20 "$INKAN_BIN/inkan-$p" -n -c "$T/none" >"$T/o" 2>&1; rc=$?
	check "inkan-$p: no file" test $rc -ne 0 -a $rc -ne 124
	timeout 20 "$INKAN_BIN/inkan-$p" >"$T/o" 2>&1; is "inkan-$p: usage" $? 2
done
out=$("$INKAN_BIN/inkan" ca init --config "$INKAN_CONFIG_DIR/ceremony.conf" 2>&1); is "a second ceremony is refused" $? 1
has "  and says why" "$out" "exists"
# A ceremony that fails leaves nothing half-made.
demo_prepare2() { INKAN_BUILD=$BUILD demo_prepare "$T/demo" "$(free_port)"; demo_make; }
demo_prepare2
"$INKAN_BIN/inkan-ocsp" --init-keys -c "$INKAN_CONFIG_DIR/ocsp.conf" >/dev/null 2>&1
"$INKAN_BIN/inkan" ca init --config "$INKAN_CONFIG_DIR/ceremony.conf" >"$T/o" 2>&1; is "without the RA's CSR it fails" $? 1
check_not "no store" test -e "$INKAN_STORE"
check_not "no half store" test -e "$INKAN_STORE.ceremony"
check_not "no CA certificate" test -e "$T/demo/certs/devices.pem"
"$INKAN_BIN/inkan-ra" --init-keys -c "$INKAN_CONFIG_DIR/ra.conf" >/dev/null 2>&1
check "and then it runs" "$INKAN_BIN/inkan" ca init --config "$INKAN_CONFIG_DIR/ceremony.conf"
finish
