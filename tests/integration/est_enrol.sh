#!/usr/bin/env bash
# First enrolment in every way that clients use.
tid="EST: cacerts, csrattrs, enrolment"
. "$(dirname "$0")/lib.sh"
demo_up

get cacerts
is "cacerts without credentials" "$code" 200
has "media type" "$(tr -d '\r' <"$head")" '^[Cc]ontent-[Tt]ype: application/pkcs7-mime'
base64 -d <"$body" | openssl pkcs7 -inform DER -print_certs -noout >"$T/cas"
has "holds the issuing CA" "$(cat "$T/cas")" "Devices CA G1"
has "and the root" "$(cat "$T/cas")" "subject=.*Root CA G1"
get csrattrs; is "csrattrs" "$code" 200
base64 -d <"$body" >"$T/attrs.der"
check "csrattrs is DER" openssl asn1parse -inform DER -in "$T/attrs.der"
get attestation/cacerts; is "cacerts by label" "$code" 200
base64 -d <"$body" | openssl pkcs7 -inform DER -print_certs -noout >"$T/cas"
has "another fleet, another CA" "$(cat "$T/cas")" "Attestation CA G1"
get devices/cacerts; is "the default fleet by its label" "$code" 200

check "with a maker's certificate" enrol_maker SN-0001
is "subject from the maker's certificate" "$(subject_of "$D/SN-0001.pem")" "serialNumber=SN-0001"
check "it verifies" verifies "$D/SN-0001.pem"
check "with Basic" enrol_basic dev-1
is "CN from the CSR" "$(subject_of "$D/dev-1.pem")" "CN=dev-1"
check "it verifies" verifies "$D/dev-1.pem"
check "again: re_enrol = allow" enrol_basic dev-1
check "the maker's device again" enrol_maker SN-0001
is "the answer's media type" "$(tr -d '\r' <"$head" | sed -n 's/^[Cc]ontent-[Tt]ype: *//p')" \
    "application/pkcs7-mime; smime-type=certs-only"

for tls in 1.2 1.3; do
	new_key "$T/k"; csr "$T/k" "/CN=tls-$tls" | base64 >"$T/b"
	post simpleenroll "$T/b" -u "$(basic)" --tlsv$tls --tls-max $tls
	is "TLS $tls" "$code" 200
done

# Bodies as the world sends them.
new_key "$T/k"; csr "$T/k" "/CN=body" >"$T/der"
base64 -w0 <"$T/der" >"$T/one"
base64 -w76 <"$T/der" >"$T/w76"
base64 -w64 <"$T/der" | sed 's/$/\r/' >"$T/crlf"
printf '%s\n' "$(cat "$T/one")" >"$T/one-lf"
openssl req -inform DER -in "$T/der" -out "$T/pem"
for form in one w76 crlf one-lf pem; do
	post simpleenroll "$T/$form" -u "$(basic)"; is "body: $form" "$code" 200
done
post simpleenroll "$T/w76" -u "$(basic)" -H 'Content-Transfer-Encoding: base64'
is "with Content-Transfer-Encoding" "$code" 200
post simpleenroll "$T/w76" -u "$(basic)" -H 'Content-Type: application/pkcs10; charset=us-ascii'
is "media type with a parameter" "$code" 200
post simpleenroll "$T/w76" -u "$(basic)" -H 'Transfer-Encoding: chunked'
is "chunked" "$code" 200
post simpleenroll "$T/w76" -u "$(basic)" -0; is "HTTP/1.0" "$code" 200
post simpleenroll "$T/w76" -u "$(basic)" -H 'Connection: close'
is "Connection: close" "$code" 200

# Every kind of key that the profile takes.
for k in "EC -pkeyopt ec_paramgen_curve:P-384" "RSA -pkeyopt rsa_keygen_bits:2048" \
    "RSA -pkeyopt rsa_keygen_bits:3072" "ED25519"; do
	# shellcheck disable=SC2086
	openssl genpkey -algorithm $k -out "$T/k" 2>/dev/null
	csr "$T/k" "/CN=kind" | base64 >"$T/b"
	post simpleenroll "$T/b" -u "$(basic)"; is "key ${k##*:}" "$code" 200
	take_cert "$T/c.pem"; check "it verifies" verifies "$T/c.pem"
done
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$T/k" 2>/dev/null
csr "$T/k" "/CN=kind" -sigopt rsa_padding_mode:pss -sha256 | base64 >"$T/b"
post simpleenroll "$T/b" -u "$(basic)"; is "CSR signed with PSS" "$code" 200

# The profile decides; the CSR only asks.
new_key "$T/k"
csr "$T/k" "/CN=greedy/O=Evil" -addext basicConstraints=critical,CA:TRUE \
    -addext extendedKeyUsage=codeSigning,OCSPSigning \
    -addext subjectAltName=DNS:greedy.test,DNS:evil.example | base64 >"$T/b"
post simpleenroll "$T/b" -u "$(basic)"; is "greedy CSR" "$code" 200
take_cert "$T/c.pem"
text=$(openssl x509 -in "$T/c.pem" -noout -text)
check_not "no CA" grep -q "CA:TRUE" <<<"$text"
check_not "no foreign EKU" grep -qE "Code Signing|OCSP Signing" <<<"$text"
check_not "no foreign SAN" grep -q "evil" <<<"$text"
check_not "no foreign O" grep -q "Evil" <<<"$text"
has "but the SAN that the profile allows" "$text" "DNS:greedy.test"
has "and the deviation is on record" "$(inkan cert show "$(serial "$T/c.pem")")" "evil.example"
finish
