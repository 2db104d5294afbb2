#!/usr/bin/env bash
# Labels strict and attestation: one live certificate, POP link, pinned keys.
tid="EST: strict fleets"
. "$(dirname "$0")/lib.sh"
demo_up
# 2.23.133.8.3 in the octets: each OpenSSL prints it in its own way.
ak_eku() { openssl x509 -in "$1" -outform DER | od -An -v -tx1 | tr -d ' \n' | grep -q 06056781050803; }

check "strict, first" enrol_basic s1 strict/
check_not "strict, second" enrol_basic s1 strict/
is "  status" "$code" 403; has "  names the rule" "$(reason)" "re_enrol"
inkan revoke --serial "$(serial_of "$D/s1.pem")" --reason superseded >/dev/null 2>&1

# POP link: est_pop.sh has all of it.
new_key "$T/k"
printf '[req]\ndistinguished_name=dn\nattributes=at\nprompt=no\n[dn]\nCN=s2\n[at]\nchallengePassword=d3JvbmcgdmFsdWUgb2YgYSBjaGFubmVs\n' >"$T/pop.cnf"
openssl req -new -key "$T/k" -config "$T/pop.cnf" -outform DER | base64 >"$T/b"
post strict/simpleenroll "$T/b" -u "$(basic)"
is "a wrong channel binding (a relayed CSR)" "$code" 403
has "  names the rule" "$(reason)" "pop"
post simpleenroll "$T/b" -u "$(basic)"; is "where the fleet does not care" "$code" 200

# attestation: only keys pinned in the registry
new_key "$D/ak1.key"; openssl pkey -in "$D/ak1.key" -pubout -out "$T/ak1.pub"
csr "$D/ak1.key" /CN=ak1 | base64 >"$T/b"
post attestation/simpleenroll "$T/b" -u "$(basic)"; is "no pin, no certificate" "$code" 403
check "pin it" inkan device add --fleet attestation --name ak1 --key "$T/ak1.pub"
post attestation/simpleenroll "$T/b" -u "$(basic)"; is "the pinned key" "$code" 200
take_cert "$D/ak1.pem"
check "it verifies" verifies "$D/ak1.pem" "$INKAN_ATTEST_ISSUER"
check "with the AK's EKU" ak_eku "$D/ak1.pem"
new_key "$T/k2"; csr "$T/k2" /CN=ak1 | base64 >"$T/b"
post attestation/simpleenroll "$T/b" -u "$(basic)"; is "another key" "$code" 403
has "  names the rule" "$(reason)" "pinned"
csr "$T/k2" /CN=unpinned >"$T/der"
inkan issue --profile attestation-key --csr "$T/der" --out "$T/un.pem"; is "operator, without a pin" $? 0
check_not "no AK EKU" ak_eku "$T/un.pem"
has "but an «unverified» policy" "$(openssl x509 -in "$T/un.pem" -noout -text)" "Policy: "

# code signing: only by the operator
new_key "$T/k3"; csr "$T/k3" "/CN=Build 1/O=Acme" >"$T/der"
check "code-signing by the operator" inkan issue --profile code-signing --csr "$T/der" --out "$T/cs.pem"
check "it verifies" verifies "$T/cs.pem" "$INKAN_CODE_ISSUER"
text=$(openssl x509 -in "$T/cs.pem" -noout -text)
has "EKU" "$text" "Code Signing"; has "CN and O from the CSR" "$text" "O ?= ?Acme.*Build 1|Build 1.*O ?= ?Acme"
check_not "cannot be held" inkan revoke --serial "$(serial "$T/cs.pem")" --reason certificateHold
finish
