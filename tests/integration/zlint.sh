#!/usr/bin/env bash
# All that a demo's CAs sign passes zlint without an error or a warning: CA and
# service certificates, devices of every kind, code signing, CRLs.
tid="zlint finds nothing in what the demo signs"
. "$(dirname "$0")/lib.sh"
"$here/scripts/zlint" --build >/dev/null 2>"$T/why" || skip "$(cat "$T/why")"
demo_up
mkdir "$T/lint"

check "a device by its maker's certificate" enrol_maker lint-1
check "a device by its secret" enrol_basic lint-2
new_key "$D/ak.key"
openssl pkey -in "$D/ak.key" -pubout -out "$D/ak.pub"
check "a pinned attestation key" inkan device add --fleet attestation \
    --name ak --key "$D/ak.pub"
csr "$D/ak.key" /CN=ak | base64 >"$T/ak.b64"
post attestation/simpleenroll "$T/ak.b64" -u "$(basic)"
is "is certified" "$code" 200
new_key "$D/code.key"
csr "$D/code.key" "/O=Example/CN=Signer" >"$T/code.csr"
check "a code signer" inkan issue --profile code-signing --csr "$T/code.csr" \
    --out "$D/code.pem"
check "a CRL with an entry" inkan revoke --serial "$(serial "$D/lint-2.pem")" \
    --reason superseded
check "CRLs made now" inkan crl issue

# What was issued, by the CA's own list; CRLs by the addresses in it.
inkan cert list --json >"$T/list.json"
json "$T/list.json" '"\n".join(c["serial"] for c in d)' >"$T/serials"
while read -r s; do
	inkan cert show --serial "$s" --out "$T/lint/$s.pem" >/dev/null ||
		fail "cert show $s"
	openssl x509 -in "$T/lint/$s.pem" -noout -ext crlDistributionPoints \
	    2>/dev/null | sed -n 's/.*URI:\(http:.*\)/\1/p' >>"$T/urls"
done <"$T/serials"
n=0
while read -r url; do
	n=$((n + 1))
	check "fetch $url" curl -sSf --max-time 10 -o "$T/lint/$n.crl" "$url"
done < <(sort -u "$T/urls")
check "the CA lists at least ten certificates" \
    test "$(wc -l <"$T/serials")" -ge 10
check "at least three issuers' CRLs" test "$n" -ge 3

for f in "$INKAN_ROOT" "$INKAN_CHAIN" "$T"/lint/*; do
	check "$(basename "$f")" "$here/scripts/zlint" "$f"
done
# The lint itself: it does see what is wrong.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout /dev/null -subj '/CN= outer spaces ' -out "$T/bad.pem" 2>/dev/null
check_not "a name with outer spaces" "$here/scripts/zlint" "$T/bad.pem"
finish
