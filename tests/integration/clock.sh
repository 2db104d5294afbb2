#!/usr/bin/env bash
# A clock that steps or goes back stops issuing until an operator confirms it.
tid="clock"
. "$(dirname "$0")/lib.sh"
lib=$(ls /usr/lib/*/faketime/libfaketimeMT.so.1 2>/dev/null | head -1)
[ -n "$lib" ] || skip "needs faketime"
[ -z "${SAN:-}" ] || skip "faketime and sanitizers do not go together"
before_start() { confine_reads "$T"; } # libfaketime reads there
demo_up
# Whole or not at all: libfaketime ends a program that reads half a line.
fake() { echo "$1" >"$T/ft.new" && mv "$T/ft.new" "$T/ft"; }
start_fake() {	# inkan-ca with the clock that $T/ft says
	demo_stop
	LD_PRELOAD=$lib FAKETIME_TIMESTAMP_FILE=$T/ft FAKETIME_NO_CACHE=1 \
	    DONT_FAKE_MONOTONIC=1 nohup "$INKAN_BIN/inkan-ca" \
	    -c "$INKAN_CONFIG_DIR/ca.conf" </dev/null >>"$T/demo/log/inkan-ca.log" 2>&1 &
	echo $! >"$T/demo/run/inkan-ca.pid"
	wait_for 20 ready_ca || fail "inkan-ca does not start"
	demo_start ra ocsp
}
try() { new_key "$T/k"; csr "$T/k" "/CN=$1" | base64 >"$T/b"; post simpleenroll "$T/b" -u "$(basic)"; [ "$code" = 200 ] && take_cert "$T/$1.pem"; }
ask() { timeout 20 openssl ocsp -issuer "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" -url "$INKAN_OCSP_URL" -cert "$T/$1.pem" 2>&1; }
stopped() { inkan status | grep -qE "clock stepped|behind"; }
# inkan-ocsp learns of it from status.db.
no_answer() { [[ $(ask "$1") == *trylater* ]]; }
fake +0; start_fake
try c1; is "before" "$code" 200
has "OCSP before" "$(ask c1)" "good"
fake +2h
check "a step of two hours: it stops" wait_for 20 stopped
try c2; is "  503" "$code" 503
has "status says why" "$(inkan status)" "clock stepped"
check "no new OCSP answers" wait_for 20 no_answer c1
inkan crl issue >"$T/o" 2>&1; is "no CRL" $? 1
inkan ca resume >"$T/o" 2>&1; is "resume alone is refused" $? 1
has "  and says how" "$(cat "$T/o")" "confirm-time"
start_fake
try c3; is "a restart does not forget it" "$code" 503
check "confirm" inkan ca resume --confirm-time
try c4; is "issues again" "$code" 200
has "on record" "$(inkan log list --limit 1000)" "ca.resume"
for i in c5 c6; do try $i; done
# A day forward, then a day back, under a program that runs.
number() { openssl crl -inform DER -in "$INKAN_DIR/pub/crl/devices-g1.crl" -noout -crlnumber; }
issued() { inkan --json cert list --all --fleet devices | json - 'len(d)'; }
for day in +26h -22h; do
	n=$(issued) crl=$(number) d=d${day#?}
	fake $day
	check "$day: it stops" wait_for 20 stopped
	try "$d"; is "  503" "$code" 503
	has "  with Retry-After" "$(cat "$head")" '^Retry-After: [0-9]+'
	check "  no new OCSP answers" wait_for 20 no_answer c4
	check_not "  no CRL" inkan crl issue
	is "  the last one stands" "$(number)" "$crl"
	fake +2h
	check "  confirmed once it is right again" inkan ca resume --confirm-time
	is "  nothing was issued meanwhile" "$(issued)" "$n"
	try "$d"; is "  it issues" "$code" 200
	check "  and makes a CRL" inkan crl issue
	check "    of a larger number" test "$((16#$(number | sed 's/.*0x//')))" -gt "$((16#${crl##*0x}))"
done
fake -1d; start_fake
try c7; is "started a day behind: 503" "$code" 503
has "status says why" "$(inkan status)" "behind"
fake +2h
inkan ca resume --confirm-time >/dev/null
try c8; is "and back" "$code" 200
finish
