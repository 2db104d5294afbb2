#!/usr/bin/env bash
# CRLs come in time: an alarm when one does not, and what was missed while the
# CA was down is made up for. Expired certificates stay where they are kept.
tid="CRLs in time, and what stays on them"
. "$(dirname "$0")/lib.sh"
lib=$(ls /usr/lib/*/faketime/libfaketimeMT.so.1 2>/dev/null | head -1)
[ -n "$lib" ] || skip "needs faketime"
[ -z "${SAN:-}" ] || skip "faketime and sanitizers do not go together"
before_ceremony() {
	# Certificates of an hour, so that they expire in this test.
	for p in device-ldevid code-signing; do
		sed -i "s/^validity:.*/validity: { duration = \"1h\"; backdate = \"5m\"; };/" "$INKAN_CONFIG_DIR/profiles/$p.conf"
		grep -q "^validity.*1h" "$INKAN_CONFIG_DIR/profiles/$p.conf" ||
		    die "profile $p has no validity"
	done
	sed -i 's|certificate = "../certs/attestation.pem"; }|certificate = "../certs/attestation.pem"; crl_lifetime = "8h"; crl_interval = "1h"; }|' \
	    "$INKAN_CONFIG_DIR/ceremony.conf"
}
before_start() { confine_reads "$T"; } # libfaketime reads there
demo_up
fake() { echo "$1" >"$T/ft.new" && mv "$T/ft.new" "$T/ft"; }
start_fake() {	# inkan-ca with the clock that $T/ft says
	LD_PRELOAD=$lib FAKETIME_TIMESTAMP_FILE=$T/ft FAKETIME_NO_CACHE=1 \
	    DONT_FAKE_MONOTONIC=1 nohup "$INKAN_BIN/inkan-ca" \
	    -c "$INKAN_CONFIG_DIR/ca.conf" </dev/null >>"$T/demo/log/inkan-ca.log" 2>&1 &
	echo $! >"$T/demo/run/inkan-ca.pid"
	wait_for 30 ready_ca || fail "inkan-ca does not start"
}
number_of() { openssl crl -inform DER -in "$INKAN_DIR/pub/crl/$1.crl" -noout -crlnumber | sed 's/.*0x//'; }
lists() { openssl crl -inform DER -in "$INKAN_DIR/pub/crl/$1.crl" -noout -text | grep -q "$2"; }
upper() { openssl x509 -in "$1" -noout -serial | cut -d= -f2; }

enrol_basic dev; new_key "$D/code.key"; csr "$D/code.key" "/O=Example/CN=Signer" >"$T/code.csr"
check "a code signer" inkan issue --profile code-signing --csr "$T/code.csr" --out "$D/code.pem"
dev=$(upper "$D/dev.pem") code=$(upper "$D/code.pem")
check "both revoked" sh -c "inkan revoke --serial $dev --reason superseded && inkan revoke --serial $code --reason keyCompromise"
check "the device is listed" wait_for 20 lists devices-g1 "$dev"
check "the signer is listed" wait_for 20 lists code-g1 "$code"
text=$(openssl crl -inform DER -in "$INKAN_DIR/pub/crl/code-g1.crl" -noout -text)
has "expiredCertsOnCRL, not critical" "$text" "(2\.5\.29\.60|Expired Certs On CRL|X509v3 Expired.*): *$"
check_not "and not on the devices' list" sh -c "openssl crl -inform DER -in $INKAN_DIR/pub/crl/devices-g1.crl -noout -text | grep -qE '2.5.29.60|Expired'"

# --- down for three hours: made up for at start ---
n=$(number_of attestation-g1)
demo_stop; fake +3h; start_fake
check "the clock is taken for what it is" inkan ca resume --confirm-time
caught_up() { [ "$((16#$(number_of attestation-g1)))" -gt "$((16#$n))" ]; }
check "what became due meanwhile is made" wait_for 30 caught_up
check "status is well again" wait_for 30 inkan status --check

# --- a CA whose key is not at hand: late, then run out ---
mv "$INKAN_DIR/tokens/ca" "$INKAN_DIR/tokens/away"; mkdir "$INKAN_DIR/tokens/ca"
demo_stop; fake +5h; start_fake
inkan ca resume --confirm-time >/dev/null
sleep 2
out=$(inkan status); has "late, and by how much" "$out" "WARN +attestation-g1 +is late: the next one was due [0-9]+ s ago"
inkan status --check >"$T/o"; is "status --check fails" $? 1
has "  and names it" "$(cat "$T/o")" "crl:attestation-g1: is late"
demo_stop; fake +12h; start_fake
inkan ca resume --confirm-time >/dev/null
has "run out" "$(inkan status)" "FAIL +attestation-g1 +has run out"
rmdir "$INKAN_DIR/tokens/ca" 2>/dev/null || rm -rf "$INKAN_DIR/tokens/ca"
mv "$INKAN_DIR/tokens/away" "$INKAN_DIR/tokens/ca"
demo_stop; start_fake
inkan ca resume --confirm-time >/dev/null
well() { ! inkan status | grep -qE "(late|run out)"; }
check "the token is back, and so are the CRLs" wait_for 30 well

# --- expired by now ---
inkan crl issue >/dev/null; inkan crl issue >/dev/null
check_not "the device's certificate expired and is gone" lists devices-g1 "$dev"
check "the signer's stays" lists code-g1 "$code"
check "  with a CRL that verifies" openssl crl -inform DER -in "$INKAN_DIR/pub/crl/code-g1.crl" -noout -CAfile "$INKAN_CODE_ISSUER"
finish
