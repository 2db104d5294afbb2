#!/usr/bin/env bash
# No descriptor is left, in one program after the other: whoever comes waits or gets
# 503, nobody spins, and once there are some again the same process serves. Then a
# program is stopped (SIGSTOP) while those beside it live.
tid="descriptors, and stopped programs"
. "$(dirname "$0")/lib.sh"
. "$here/tests/faults/agree.bash"
need prlimit
[ -z "${SAN:-}" ] || skip "a sanitizer's report wants a descriptor, too"
before_ceremony() {
	sed -i 's/^re_enrol = .*/re_enrol = "refuse";/' "$INKAN_CONFIG_DIR/fleets/devices.conf"
}
before_start() { echo 'request_timeout = "4s";' >>"$INKAN_CONFIG_DIR/ra.conf"; }
demo_up
pid_of() { cat "$T/demo/run/inkan-$1.pid"; }
ca=$(pid_of ca) ra=$(pid_of ra) ocsp=$(pid_of ocsp)
# The numbers below are taken already: whatever it opens has none.
none_left() { soft=$(prlimit --pid "$1" --nofile --noheadings -o SOFT | tr -d ' '); prlimit --pid "$1" --nofile=4:; }
some_again() { prlimit --pid "$1" --nofile="$soft":; }
request() { new_key "$D/$1.key"; csr "$D/$1.key" "/CN=$1" | base64 >"$T/$1.b64"; }
ask() { post simpleenroll "$T/$1.b64" -u "$(basic)"; }
served() { ask "$1"; [ "$code" = 200 ]; }
hold() {
	take_cert "$D/$1.pem" || fail "$1 holds no certificate"
	openssl x509 -in "$D/$1.pem" -outform DER | sha256sum | sed "s/^/$(serial "$D/$1.pem") /; s/  -//" >>"$T/held"
}
says() { timeout "${2:-20}" openssl ocsp -timeout "${2:-20}" -issuer "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" -url "$INKAN_OCSP_URL" -cert "$D/$1.pem" 2>&1; }
ocsp_is() { says "$1" | grep -qE "$2"; }
lines() { grep -c "event=$2 " "$T/demo/log/inkan-$1.log"; }
for d in a b; do request $d; check "before: $d" served $d; hold $d; done

# --- inkan-ra ------------------------------------------------------------------
none_left "$ra"
get cacerts --max-time 3; is "inkan-ra has no descriptor: nobody is accepted" "$code" 000
sleep 1
check "  it does not spin" test "$(lines ra ra.accept)" -lt 400
check "  it says so" test "$(lines ra ra.accept)" -gt 0
some_again "$ra"
request c; check "  some again: it serves" wait_for 20 served c; hold c

# --- inkan-ca: the token's files, too ---------------------------------------------
none_left "$ca"
request d; ask d
is "inkan-ca has no descriptor: 503" "$code" 503
has "  with Retry-After" "$(cat "$head")" '^Retry-After: [0-9]+'
check "  OCSP goes on" ocsp_is a ": good"
some_again "$ca"
check "  some again: the client asks again and is served" wait_for 30 served d; hold d
check "  inkan is served, too" wait_for 20 inkan status --check

# --- inkan-ocsp ------------------------------------------------------------------
none_left "$ocsp"
is "inkan-ocsp has no descriptor: no answer" "$(says a 3 | grep -c "a.pem:")" 0
some_again "$ocsp"
check "  some again: it answers" wait_for 20 ocsp_is a ": good"

# --- the writer is stopped, its readers live ----------------------------------------
kill -STOP "$ca"
request e; ask e
is "inkan-ca is stopped: 503 once the time is over" "$code" 503
has "  with Retry-After" "$(cat "$head")" '^Retry-After: [0-9]+'
has "  and its rule" "$(cat "$body")" "ca\.(late|away)"
check "  OCSP goes on" ocsp_is b ": good"
check "  CRLs are fetched" curl -fsS "$INKAN_HTTP_URL/crl/devices-g1.crl" -o /dev/null
get cacerts; is "  cacerts too" "$code" 200
kill -CONT "$ca"
check "  it goes on: the client asks again and is served" wait_for 20 served e; hold e
is "  with one certificate" "$(store "SELECT count(*) FROM certs WHERE device = 'e' AND state = 2")" 1

# --- a reader is stopped, the writer lives -------------------------------------------
kill -STOP "$ocsp"
request f; check "inkan-ocsp is stopped: a device is served" served f; hold f
s=$(serial "$D/b.pem")
check "  a revocation is confirmed" inkan revoke --serial "$s"
echo "$s" >"$T/c.revoked"
kill -CONT "$ocsp"
check "  it goes on, and knows both" wait_for 20 ocsp_is f ": good"
check "    the revocation too" wait_for 20 ocsp_is b ": revoked"

for p in ca ra ocsp; do is "the same inkan-$p" "$(kill -0 "$(pid_of $p)" && echo alive)" alive; done
sort "$T/held" >"$T/c.certs"
agree
finish
