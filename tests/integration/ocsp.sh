#!/usr/bin/env bash
# OCSP with other people's clients.
tid="OCSP"
. "$(dirname "$0")/lib.sh"
demo_up
enrol_basic o1; enrol_basic o2
ask() { timeout 20 openssl ocsp -issuer "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" -url "$INKAN_OCSP_URL" "$@" 2>&1; }

has "good, SHA-1, nonce" "$(ask -cert "$D/o1.pem")" "o1.pem: good"
has "it verifies" "$(ask -cert "$D/o1.pem")" "Response verify OK"
has "SHA-256, no nonce" "$(ask -no_nonce -sha256 -cert "$D/o1.pem")" "o1.pem: good"
out=$(ask -cert "$D/o1.pem" -cert "$D/o2.pem")
has "two certificates" "$out" "o1.pem: good"; has "  the other" "$out" "o2.pem: good"
has "the nonce comes back" "$(ask -cert "$D/o1.pem" -resp_text)" "OCSP Nonce"
has "unknown serial" "$(ask -serial 0x4000000000000000000000000000000000000001)" ": unknown"
has "foreign issuer" "$(timeout 20 openssl ocsp -issuer "$INKAN_MFG_CA" -cert "$INKAN_MFG_CERT" -url "$INKAN_OCSP_URL" 2>&1)" "unauthorized"
out=$(timeout 20 openssl ocsp -issuer "$INKAN_ROOT" -cert "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" -url "$INKAN_OCSP_URL" -no_nonce 2>&1)
has "the sub-CA under the root" "$out" "devices.pem: good"
has "  it verifies" "$out" "Response verify OK"
has "  also with SHA-256" "$(timeout 20 openssl ocsp -sha256 -issuer "$INKAN_ROOT" -cert "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" -url "$INKAN_OCSP_URL" 2>&1)" "devices.pem: good"
out=$(timeout 20 openssl ocsp -issuer "$INKAN_ROOT" -cert "$INKAN_ISSUER" -cert "$INKAN_ATTEST_ISSUER" -cert "$INKAN_CODE_ISSUER" -CAfile "$INKAN_ROOT" -url "$INKAN_OCSP_URL" 2>&1)
has "all sub-CAs in one request" "$out" "devices.pem: good"
has "  the others" "$out" "code.pem: good"
has "  it verifies" "$out" "Response verify OK"
uri=$(openssl x509 -in "$D/o1.pem" -noout -ocsp_uri)
has "the address in the certificate has the generation" "$uri" "devices-g1"
has "  and works" "$(timeout 20 openssl ocsp -issuer "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" -url "$uri" -cert "$D/o1.pem" 2>&1)" "good"
if command -v ocsptool >/dev/null; then
	for n in "" --nonce; do
		out=$(timeout 20 ocsptool --ask="$INKAN_OCSP_URL" $n --load-cert "$D/o1.pem" \
		    --load-issuer "$INKAN_ISSUER" --load-trust "$INKAN_ISSUER" 2>&1)
		has "ocsptool $n" "$out" "[Gg]ood|not revoked"
	done
fi

openssl ocsp -issuer "$INKAN_ISSUER" -cert "$D/o1.pem" -no_nonce -reqout "$T/req" >/dev/null 2>&1
http() {	# curl options... -> $code, $T/resp, $T/hdr
	code=$(curl -sS --path-as-is --max-time 10 -o "$T/resp" -D "$T/hdr" -w '%{http_code}' "$@" 2>/dev/null)
	tr -d '\r' <"$T/hdr" >"$T/h"
}
status() {
	openssl ocsp -respin "$T/resp" -noverify -resp_text 2>&1 |
	    sed -n 's/.*Response Status: \([a-z]*\).*/\1/p; s/^Responder Error: \([a-z]*\).*/\1/p'
}
http -H 'Content-Type: application/ocsp-request' --data-binary "@$T/req" "$INKAN_OCSP_URL"
is "POST" "$code $(status)" "200 successful"
has "Content-Type" "$(cat "$T/h")" '^[Cc]ontent-[Tt]ype: application/ocsp-response$'
has "Cache-Control" "$(cat "$T/h")" '^Cache-Control: max-age=[0-9]+, *public, *no-transform, *must-revalidate$'
has "ETag" "$(cat "$T/h")" "^ETag: \"$(sha256sum <"$T/resp" | cut -d' ' -f1)\""
has "Expires" "$(cat "$T/h")" '^Expires: '; has "Last-Modified" "$(cat "$T/h")" '^Last-Modified: '
http -H 'Content-Type: text/wrong' --data-binary "@$T/req" "$INKAN_HTTP_URL/"
is "POST to /, wrong Content-Type" "$code $(status)" "200 successful"
b64=$(base64 -w0 <"$T/req"); enc=$(printf '%s' "$b64" | sed 's|+|%2B|g;s|/|%2F|g;s|=|%3D|g')
url64=$(printf '%s' "$b64" | tr '+/' '-_' | tr -d =)
for p in "$b64" "$enc" "/$enc" "$url64" "${b64%%=*}"; do
	http "$INKAN_OCSP_URL/$p"; is "GET ${p:0:12}…" "$code $(status)" "200 successful"
done
http -0 "$INKAN_OCSP_URL/$enc"; is "HTTP/1.0" "$code $(status)" "200 successful"
etag=$(sed -n 's/^ETag: //p' "$T/h")
http -H "If-None-Match: $etag" "$INKAN_OCSP_URL/$enc"; is "If-None-Match" "$code" 304
http -I "$INKAN_OCSP_URL/$enc"; is "HEAD" "$code" 200
http "$INKAN_OCSP_URL/not*base64"; is "bad base64" "$code $(status)" "200 malformedrequest"
printf garbage >"$T/x"; http --data-binary "@$T/x" "$INKAN_OCSP_URL"
is "garbage" "$code $(status)" "200 malformedrequest"
has "  never cached" "$(cat "$T/h")" '^Cache-Control:.*no-store'
: >"$T/x"; http --data-binary "@$T/x" "$INKAN_OCSP_URL"; is "empty" "$code $(status)" "200 malformedrequest"
head -c 1048576 /dev/zero >"$T/x"; http --data-binary "@$T/x" "$INKAN_OCSP_URL"; is "1 MiB" "$code" 413

# CRLs and certificates at the addresses that certificates name
crl=$(openssl x509 -in "$D/o1.pem" -noout -text | sed -n 's/ *URI:\(.*\.crl\)$/\1/p' | head -1)
http "$crl"; is "CRL" "$code" 200
has "  media type" "$(cat "$T/h")" '^[Cc]ontent-[Tt]ype: application/pkix-crl'
check "  verifies" sh -c "openssl crl -inform DER -in '$T/resp' -CAfile '$INKAN_ISSUER' -noout 2>&1 | grep -q 'verify OK'"
aia=$(openssl x509 -in "$D/o1.pem" -noout -text | sed -n 's/.*CA Issuers - URI://p')
http "$aia"; is "issuer" "$code" 200
check "  is the issuer" bash -c "cmp <(openssl x509 -inform DER -in '$T/resp') <(openssl x509 -in '$INKAN_ISSUER')"
http "$INKAN_HTTP_URL/crl/../../state/store.db"; is "no way out" "$code" 404
http "$INKAN_HTTP_URL/crl/none.crl"; is "no such file" "$code" 404
finish
