#!/usr/bin/env bash
# CAs, delegates and the server's key of every kind that the token has; the
# module named by p11-kit's registry, not by a path.
tid="kinds of keys"
. "$(dirname "$0")/lib.sh"
before_ceremony() {
	local c=$T/demo/config
	sed -i 's/name = "devices";/name = "devices"; key_type = "rsa-3072";/
	    s/name = "attestation";/name = "attestation"; key_type = "ed25519";/
	    s/name = "code";/name = "code"; key_type = "ec-p384";/
	    s/key_type = "ec-p384";$/key_type = "rsa-4096";/' "$c/ceremony.conf"
	sed -i '0,/key = "pkcs11:object=ocsp-devices-g1";/s//& key_type = "rsa-2048";/
	    s/key = "pkcs11:object=ocsp-code-g1";/& key_type = "ec-p384";/' "$c/ocsp.conf"
	# What p11-kit has registered.
	if [ -f /usr/share/p11-kit/modules/softhsm2.module ]; then
		sed -i '/^	*module = /d' "$c/ca.conf"
	fi
}
demo_up
kind() { openssl x509 -in "$1" -noout -text | sed -n 's/ *Public Key Algorithm: //p'; }
sig() { openssl x509 -in "$1" -noout -text | sed -n 's/ *Signature Algorithm: //p' | head -1; }
is "root signs with RSA" "$(sig "$INKAN_ISSUER")" sha256WithRSAEncryption
is "devices CA" "$(kind "$INKAN_ISSUER")" rsaEncryption
is "attestation CA" "$(kind "$INKAN_ATTEST_ISSUER")" ED25519
is "code CA" "$(kind "$INKAN_CODE_ISSUER")" id-ecPublicKey
check "enrol under RSA" enrol_basic k1
check "verifies" verifies "$D/k1.pem"
is "OCSP by an RSA delegate" "$(ocsp_says "$D/k1.pem")" good
new_key "$T/k"; openssl pkey -in "$T/k" -pubout -out "$T/pub"; csr "$T/k" /CN=ak >"$T/csr"
inkan device add --fleet attestation --name ak --key "$T/pub" >/dev/null
base64 <"$T/csr" >"$T/b"; post attestation/simpleenroll "$T/b" -u "$(basic)"
is "enrol under Ed25519" "$code" 200; take_cert "$T/ak.pem"
check "verifies" verifies "$T/ak.pem" "$INKAN_ATTEST_ISSUER"
is "its signature" "$(sig "$T/ak.pem")" ED25519
new_key "$T/k2"; csr "$T/k2" "/CN=c/O=o" >"$T/csr"
check "code signing under P-384" inkan issue --profile code-signing --csr "$T/csr" --out "$T/cs.pem"
is "its signature" "$(sig "$T/cs.pem")" ecdsa-with-SHA384
check "verifies" verifies "$T/cs.pem" "$INKAN_CODE_ISSUER"
for c in devices attestation code; do
	check "CRL of $c" bash -c "curl -fsS '$INKAN_HTTP_URL/crl/$c-g1.crl' | openssl crl -inform DER -noout -CAfile '$T/demo/certs/$c.pem' 2>&1 | grep -q 'verify OK'"
done
has "root's OCSP answer" "$(timeout 20 openssl ocsp -issuer "$INKAN_ROOT" -cert "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" -url "$INKAN_OCSP_URL" -no_nonce 2>&1)" "devices.pem: good"
finish
