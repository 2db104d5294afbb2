#!/usr/bin/env bash
# A disabled CA issues nothing, and vouches for what it issued: CRLs and OCSP.
tid="a disabled CA"
. "$(dirname "$0")/lib.sh"
# A delegate's certificate with half a minute to live.
before_ceremony() {
	sed -i -E 's/^validity: .*/validity: { duration = "100s"; backdate = "60s"; };/' \
	    "$T/demo/config/profiles/ocsp-responder.conf"
}
demo_up
new_key "$T/k"; openssl req -new -key "$T/k" -subj /CN=one -out "$T/one.csr"
check "issue" inkan issue --profile device-ldevid --csr "$T/one.csr" --out "$T/one.pem"
enrol_basic two; is "enrol" "$code" 200
number() { inkan --json crl show --issuer devices-g1 | json - 'd["number"]'; }
before=$(number)
serial_d=$(serial_of "$T/demo/certs/ocsp-devices-g1.pem")

check_not "a root cannot be disabled" inkan ca disable root
has "  the rule" "$(cat "$T/out")" 'ca.root'
check_not "nobody cannot" inkan ca disable nobody
check "disable" inkan ca disable devices-g1 --reason "replaced by generation 2"
has "ca list" "$(inkan ca list)" 'devices-g1 +disabled'
has "on record" "$(inkan log list --all)" 'ca.disable .*replaced by generation 2'
check "once more changes nothing" inkan ca disable devices-g1
is "  and is recorded once" "$(inkan log list --all | grep -c ' ca.disable ')" 1

check_not "the operator gets no certificate" inkan issue --profile device-ldevid --csr "$T/one.csr"
has "  the rule" "$(cat "$T/out")" 'issuer.disabled'
new_key "$T/k3"; csr "$T/k3" /CN=three | base64 >"$T/b"; post simpleenroll "$T/b" -u "$(basic)"
is "nor a device" "$code" 503
csr "$D/two.key" /CN=two | base64 >"$T/b"
post simplereenroll "$T/b" --cert "$D/two.pem" --key "$D/two.key"
is "  not by renewal either" "$code" 503
has "another CA is not touched" "$(inkan ca list)" 'code-g1 +active'

# --- it vouches ---
sleep 1
check "revoke" inkan revoke --serial "$(serial "$T/one.pem")" --reason keyCompromise
check "a CRL by hand" inkan crl issue --issuer devices-g1
check "  its number rose" test "$(number)" -gt "$before"
curl -sS -o "$T/crl" "http://127.0.0.1:$((${INKAN_EST_URL##*:} + 1))/crl/devices-g1.crl"
has "  the certificate stands on it" "$(openssl crl -inform DER -in "$T/crl" -noout -text | tr a-f A-F)" "$(serial "$T/one.pem" | tr a-f A-F)"
check "revoke another" inkan revoke --serial "$(serial "$D/two.pem")"
listed() { openssl crl -inform DER -in "$INKAN_DIR/pub/crl/devices-g1.crl" -noout -text | grep -q "$1"; }
check "the schedule makes a CRL too" wait_for 20 listed "$(serial_of "$D/two.pem")"
has "OCSP says so" "$(openssl ocsp -issuer "$INKAN_ISSUER" -cert "$T/one.pem" -url "$INKAN_OCSP_URL" -CAfile "$INKAN_ROOT" 2>&1)" 'one.pem: revoked'
renewed() { [ "$(serial_of "$T/demo/certs/ocsp-devices-g1.pem")" != "$serial_d" ]; }
check "its OCSP delegate gets a new certificate" wait_for 45 renewed
has "status is well" "$(inkan status)" 'devices-g1 .*certificate of the disabled CA is valid'
has "show: not over yet" "$(inkan ca show devices-g1)" 'next_crl'

# --- over a restart, and back ---
demo_stop
demo_start ca ra ocsp
has "still disabled after a restart" "$(inkan ca list)" 'devices-g1 +disabled +.*ok'
check_not "issues nothing" inkan issue --profile device-ldevid --csr "$T/one.csr"
check "a CRL" inkan crl issue --issuer devices-g1
check "enable" inkan ca enable devices-g1
new_key "$T/k4"; openssl req -new -key "$T/k4" -subj /CN=four -out "$T/four.csr"
check "it issues again" inkan issue --profile device-ldevid --csr "$T/four.csr" --out "$T/four.pem"
has "on record" "$(inkan log list --all)" 'ca.enable'

# --- one that never issued: needs no more CRLs ---
check "disable another" inkan ca disable attestation-g1
has "it has issued to delegates only" "$(inkan ca show attestation-g1)" 'none needed'
finish
