#!/usr/bin/env bash
# The linter: nothing in what a demo makes, something in what is known to be
# bad; a profile that cannot pass does not load.
tid="inkan lint"
. "$(dirname "$0")/lib.sh"
demo_up
mkdir "$T/lint"
check "a device" enrol_basic lint-1
check "and one by its maker's certificate" enrol_maker lint-2
new_key "$D/code.key"; csr "$D/code.key" "/O=Example/CN=Signer" >"$T/code.csr"
check "a code signer" inkan issue --profile code-signing --csr "$T/code.csr" \
    --out "$D/code.pem"
check "a CRL with an entry" inkan revoke --serial "$(serial "$D/lint-2.pem")" \
    --reason superseded
check "CRLs made now" inkan crl issue

inkan cert list --json >"$T/list.json"
json "$T/list.json" '"\n".join(c["serial"] for c in d)' >"$T/serials"
while read -r s; do
	inkan cert show --serial "$s" --out "$T/lint/$s.pem" >/dev/null ||
		fail "cert show $s"
done <"$T/serials"
for i in root devices attestation code; do
	inkan crl show "$i" --out "$T/lint/$i.crl" >/dev/null 2>&1
done
check "ten certificates and four CRLs" \
    test "$(find "$T/lint" -type f | wc -l)" -ge 14
# No socket: the environment names none that exists.
lint() { INKAN_ADMIN_SOCKET=$T/none.sock "$INKAN_BIN/inkan" lint "$@"; }
out=$(lint "$INKAN_ROOT" "$INKAN_CHAIN" "$T"/lint/* 2>&1); is "all clean" $? 0
is "nothing but clean lines" "$(grep -vc ': clean$' <<<"$out")" 0
has "the root is known" "$out" "root CA: clean"
has "a responder" "$out" "delegated OCSP responder: clean"
has "CRLs" "$out" "CRL: clean"

# Known to be bad, made by another hand.
bad() {	# name, options of openssl req
	local name=$1; shift
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$T/bad.key" -out "$T/$name.pem" -days 30 "$@" 2>/dev/null
}
finds() {	# name rule
	local o; o=$(lint "$T/$1.pem" 2>&1); is "$1: exit" $? 1
	has "$1" "$o" ": $2: "
}
bad zero -subj /CN=a -set_serial 0; finds zero serial.positive
bad space -subj '/CN= a '; finds space name.space
bad country -subj /C=jp/CN=a; finds country name.country
bad kenc -subj /CN=a -addext keyUsage=critical,digitalSignature,keyEncipherment
finds kenc ku.ec
bad sign -subj /CN=a -addext basicConstraints=CA:FALSE \
    -addext keyUsage=critical,keyCertSign; finds sign ku.cert_sign
bad tsa -subj /CN=a -addext basicConstraints=CA:FALSE \
    -addext extendedKeyUsage=timeStamping,codeSigning; finds tsa tsa.alone
finds tsa tsa.critical
bad dns -subj /CN=a -addext "subjectAltName=DNS:a_b"; finds dns san.dns
bad norev -subj /CN=a -addext 2.5.29.56=DER:0500 \
    -addext crlDistributionPoints=URI:http://a/c; finds norev norev.mix
bad twice -subj /CN=a -addext certificatePolicies=1.2.3,1.2.3
finds twice policies.once
openssl req -x509 -newkey rsa:1024 -nodes -keyout "$T/bad.key" -sha1 \
    -subj /CN=a -out "$T/rsa.pem" 2>/dev/null
finds rsa key.rsa.size; finds rsa sigalg.sha1
bad ca -subj /CN=ca
printf 'R\t300101000000Z\t250101000000Z,removeFromCRL\t03\tunknown\t/CN=b\n' \
    >"$T/index"
printf '[ca]\ndefault_ca=c\n[c]\ndatabase=%s\ndefault_md=sha256\n' "$T/index" \
    >"$T/ca.cnf"
openssl ca -config "$T/ca.cnf" -gencrl -crldays 7 -cert "$T/ca.pem" \
    -keyfile "$T/bad.key" -out "$T/crl.pem" 2>/dev/null
finds crl entry.reason_remove; finds crl crl.extensions
cat "$T/zero.pem" "$T/crl.pem" | lint - >"$T/o" 2>&1; is "stdin" $? 1
has "both of it" "$(cat "$T/o")" "^-:2: CRL: error: crl"
lint --json "$T/zero.pem" >"$T/j"; is "JSON: exit" $? 1
has "JSON" "$(json "$T/j" '[f["rule"] for f in d[0]["findings"]]')" serial.positive
lint --severity fatal "$T/zero.pem" >/dev/null 2>&1; is "usage" $? 2
check "as many rules as are documented" test "$(lint --rules | wc -l)" -eq \
    "$(grep -c '^| `' "$here/docs/lint.md")"

# A profile whose certificates break a rule.
p=$INKAN_CONFIG_DIR/profiles/device-ldevid.conf
echo 'policies = ( { oid = "1.3.6.1.4.1.32473.1"; cps = "http:///cps"; } );' >>"$p"
out=$(inkan profile check "$p" 2>&1); is "profile check" $? 1
has "  file and rule" "$out" 'device-ldevid.conf: lint.policies.cps: RFC 5280'
out=$(inkan policy activate 2>&1); is "policy activate" $? 1
has "  file and rule" "$out" 'profiles/device-ldevid.conf: lint.policies.cps: '
enrol_basic lint-3; is "the active version goes on" $? 0
finish
