#!/usr/bin/env bash
# A root that is away: its CRL and OCSP answers are renewed before they run out.
tid="ceremony: a root's CRL and OCSP answers"
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hierarchy/lib.bash"
lib=$(ls /usr/lib/*/faketime/libfaketimeMT.so.1 2>/dev/null | head -1)
[ -n "$lib" ] || skip "needs faketime"
[ -z "${SAN:-}" ] || skip "faketime and sanitizers do not go together"
demo_up
ceremony_file crl crl root root </dev/null
published root-g1; published devices-g1
is "OCSP about an issuing CA" "$(ocsp_of "$T/devices-g1.pem" "$T/root-g1.pem")" good

# The daily work does not need the root's token.
mv "$INKAN_DIR/tokens/root" "$T/root-away"
mv "$INKAN_DIR/pins/root.pin" "$T/root.pin"
check "a device enrols while the root's token is away" enrol_basic dev-1
check "status is well" wait_for 20 "$INKAN_BIN/inkan" status --check
ceremony crl; is "a ceremony beside inkan-ca: refused" $? 1
has "  it says what must stop" "$said" "inkan-ca stopped"
demo_stop
before=$(outside)
ceremony crl; is "a ceremony without the token: failed" $? 1
check "  and nothing has changed" test "$(outside)" = "$before"
demo_start ca
check "  inkan-ca starts as before" wait_for 20 "$INKAN_BIN/inkan" status --check
demo_stop
mv "$T/root-away" "$INKAN_DIR/tokens/root"
mv "$T/root.pin" "$INKAN_DIR/pins/root.pin"

n1=$(crl_number root-g1)
ceremony crl; is "the ceremony" $? 0
has "  the transcript tells of the CRL" "$(cat "$INKAN_DIR/log/transcript.3")" "crl issuer=.root-g1. number="
has "  and of the answers" "$said" "signed in advance for 3 certificates"
check "  its number went on" test "$((16#$(crl_number root-g1)))" -gt "$((16#$n1))"
check "  it verifies" openssl crl -inform DER -in "$INKAN_DIR/pub/crl/root-g1.crl" -noout -CAfile "$T/root-g1.pem"
check_not "  nothing waits any more" test -e "$INKAN_STORE.ceremony.d"
"$INKAN_BIN/inkan" ca renew --config "$INKAN_CONFIG_DIR/crl.conf" >"$T/o" 2>&1
is "another command with this file: refused" $? 1
has "  by its kind" "$(cat "$T/o")" "kind: the file is of kind crl"
check "inkan ca refresh is the right one" "$INKAN_BIN/inkan" ca refresh --config "$INKAN_CONFIG_DIR/crl.conf"
ceremony_file crl-i crl devices </dev/null
ceremony crl-i; is "an issuing CA's CRL is no ceremony" $? 1
has "  signer.root" "$said" "signer.root"

# Time goes by: a warning while a third is left, an alarm after the end.
sed -i 's/^kind = "crl";/& crl_lifetime = "30d";/' "$INKAN_CONFIG_DIR/crl.conf"
ceremony crl; is "with a lifetime of 30 days" $? 0
later() {	# days command...
	local days=$1; shift
	LD_PRELOAD=$lib FAKETIME="+${days}d" DONT_FAKE_MONOTONIC=1 exec "$@"
}
level() {	# days check
	later "$1" "$INKAN_BIN/inkan-ca" -c "$INKAN_CONFIG_DIR/ca.conf" >"$T/fake.log" 2>&1 &
	local pid=$!
	wait_for 20 ready_ca
	"$INKAN_BIN/inkan" --json status >"$T/status.json"
	kill -TERM $pid; wait $pid
	json "$T/status.json" "[c['level'] for c in d['checks'] if c['check']=='$2'][0]"
}
is "after 15 days" "$(level 15 presigned:root-g1)" ok
is "after 21 days, CRL" "$(level 21 crl:root-g1)" warn
is "after 21 days, answers" "$(level 21 presigned:root-g1)" warn
is "after 31 days" "$(level 31 presigned:root-g1)" fail
has "it says what to do" "$(json "$T/status.json" "[c['text'] for c in d['checks'] if c['check']=='crl:root-g1'][0]")" "inkan ca refresh"
(later 31 "$INKAN_BIN/inkan" ca refresh --config "$INKAN_CONFIG_DIR/crl.conf") >"$T/o" 2>&1
is "a ceremony then" $? 0
is "and all is well again" "$(level 32 crl:root-g1)" ok
finish
