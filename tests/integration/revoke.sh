#!/usr/bin/env bash
# Revocation, hold, release: everybody sees it.
tid="revocation"
. "$(dirname "$0")/lib.sh"
demo_up
for n in a b c d e; do enrol_basic $n; done
ask() { timeout 20 openssl ocsp -issuer "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" -url "$INKAN_OCSP_URL" -no_nonce -cert "$D/$1.pem" 2>&1; }
says() { ask "$1" | grep -q "$1.pem: $2"; }
state() { inkan --json cert show "$(serial "$D/$1.pem")" | json - 'd["state"] + " " + str(d["reason"])'; }
crl() { inkan crl issue --issuer devices >/dev/null; curl -sS "$INKAN_HTTP_URL/crl/devices-g1.crl" | openssl crl -inform DER -noout -text; }

has "good before" "$(ask a)" "a.pem: good"
up=$(openssl x509 -in "$D/a.pem" -noout -serial | cut -d= -f2)
check "serial in upper case" inkan revoke --serial "$up" --reason keyCompromise
check "revoked at OCSP" wait_for 10 says a revoked
has "  with its reason" "$(ask a)" "keyCompromise"
is "state" "$(state a)" "revoked keyCompromise"
check "serial with 0x and colons" inkan revoke --serial "0x$(serial "$D/b.pem" | sed 's/../&:/g;s/:$//')" --issuer devices
is "unspecified" "$(state b)" "revoked unspecified"
check "hold" inkan revoke --serial "$(serial "$D/c.pem")" --reason certificateHold
is "held" "$(state c)" "held certificateHold"
check "held at OCSP" wait_for 10 says c revoked
text=$(crl)
has "the CRL has the revoked" "$text" "$up"
has "  and the held" "$text" "$(openssl x509 -in "$D/c.pem" -noout -serial | cut -d= -f2)"
has "  a reason" "$text" "Key Compromise"; has "  and the hold" "$text" "Certificate Hold"
check "release" inkan release --serial "$(serial "$D/c.pem")"
is "valid again" "$(state c)" "valid None"
check "good again" wait_for 10 says c good
check_not "release only from hold" inkan release --serial "$(serial "$D/a.pem")"
check_not "no hold of a revoked one" inkan revoke --serial "$(serial "$D/b.pem")" --reason certificateHold
check_not "no sideways reason" inkan revoke --serial "$(serial "$D/b.pem")" --reason superseded
check "upgrade to keyCompromise" inkan revoke --serial "$(serial "$D/b.pem")" --reason keyCompromise
check_not "and never down" inkan revoke --serial "$(serial "$D/b.pem")" --reason superseded
inkan revoke --serial "$(serial "$D/d.pem")" --reason wrongWord >"$T/o" 2>&1; check "unknown reason: usage or refusal" test $? -ne 0
inkan revoke --serial 4012345678 >"$T/o" 2>&1; is "unknown serial" $? 1
inkan revoke >"$T/o" 2>&1; is "no serial: usage" $? 2
ca=$(openssl x509 -in "$INKAN_ISSUER" -noout -serial | cut -d= -f2)
check_not "a CA is revoked by ceremony only" inkan revoke --serial "$ca" --issuer root
check "all of a device" inkan device revoke e --fleet devices
is "its certificate" "$(state e | cut -d' ' -f1)" revoked
is "and the device" "$(inkan --json device show e | json - 'd["state"]')" disabled
n1=$(inkan --json crl show --issuer devices | json - 'd["number"]')
inkan crl issue --issuer devices >/dev/null
n2=$(inkan --json crl show --issuer devices | json - 'd["number"]')
check "CRL numbers rise ($n1 < $n2)" test "$n2" -gt "$n1"
finish
