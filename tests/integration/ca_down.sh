#!/usr/bin/env bash
# The responder goes on while the CA is down; enrolment says 503 and recovers.
tid="CA down"
. "$(dirname "$0")/lib.sh"
demo_up
enrol_basic x; enrol_basic y
inkan revoke --serial "$(serial "$D/y.pem")" >/dev/null
ask() { timeout 20 openssl ocsp -issuer "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" -url "$INKAN_OCSP_URL" -cert "$D/$1.pem" 2>&1; }
ca=$(cat "$T/demo/run/inkan-ca.pid")
kill -KILL "$ca"; wait_for 20 gone "$ca"
has "OCSP: good" "$(ask x)" "x.pem: good"
has "OCSP: revoked" "$(ask y)" "y.pem: revoked"
check "CRL" curl -fsS "$INKAN_HTTP_URL/crl/devices-g1.crl" -o /dev/null
get cacerts; is "cacerts still answers" "$code" 200
new_key "$T/k"; csr "$T/k" /CN=z | base64 >"$T/b"
post simpleenroll "$T/b" -u "$(basic)"; is "enrolment: 503" "$code" 503
has "  with Retry-After" "$(cat "$head")" '^Retry-After: [0-9]+'
inkan status >"$T/o" 2>&1; is "inkan says that it cannot connect" $? 1
has "  and to which socket" "$(cat "$T/o")" "admin.sock"
ocsp=$(cat "$T/demo/run/inkan-ocsp.pid")
kill -TERM "$ocsp"; wait_for 20 gone "$ocsp"
check "the responder starts without the CA" bash -c ". '$here/scripts/demo/lib.sh'; here='$here'; INKAN_BIN='$INKAN_BIN'; demo_start ocsp"
has "OCSP: good, after its restart" "$(ask x)" "x.pem: good"
rm -f "$T/demo/run/inkan-ca.pid"
demo_start ca
post simpleenroll "$T/b" -u "$(basic)"; is "enrolment is back" "$code" 200
finish
