#!/usr/bin/env bash
# Every shipped profile that an operator can cause is issued in a running demo,
# holds under OpenSSL's strict rules and zlint, and says what it is for; values
# that break an extension's syntax are refused by name; profiles are compared.
tid="shipped profiles"
. "$(dirname "$0")/lib.sh"
if "$here/scripts/zlint" --build >/dev/null 2>"$T/why"; then lint=1; else
	lint=0; trace "no zlint: $(cat "$T/why")"
fi
S=$here/profiles/shipped
demo_up
C=$T/demo/certs
check "all of them compile" inkan profile check "$S"/*.conf

# --- one of each -------------------------------------------------------------

key() {	# FILE KIND
	case $2 in
	p384) openssl ecparam -name secp384r1 -genkey -noout -out "$1" ;;
	*) new_key "$1" ;;
	esac
}
# shape FILE SUBJECT [openssl req options...]: key and request for $p
shape() {
	local kind=p256
	[ "$p" != vcek-shaped ] || kind=p384
	key "$D/$p.key" $kind
	csr "$D/$p.key" "$@" >"$T/$p.csr"
}
# issue ISSUER [options...]: $p for its request; holds, and is said to be ours
issue() {
	local issuer=$1; shift
	check "$p: issued" inkan issue --profile "$p" --csr "$T/$p.csr" \
	    --out "$D/$p.pem" "$@"
	check "$p: verifies strictly" verifies "$D/$p.pem" "$C/$issuer.pem"
	[ $lint = 0 ] || lints
}
# A class 1 device saves the octets of its key identifier, which zlint misses.
lints() {
	local out
	out=$("$here/scripts/zlint" "$D/$p.pem" 2>&1 |
	    grep -v ': warn: w_ext_subject_key_identifier_missing_sub_cert$')
	if [ "$p" != device-ldevid-class1 ]; then
		check "$p: zlint" "$here/scripts/zlint" "$D/$p.pem"
	else
		is "$p: zlint" "$out" ""
	fi
}
purpose() {	# PURPOSE ISSUER
	check "$p: purpose $1" openssl verify -x509_strict -purpose "$1" \
	    -CAfile "$INKAN_ROOT" -untrusted "$C/$2.pem" "$D/$p.pem"
}
text() { openssl x509 -in "$D/$p.pem" -noout -text; }
# value OID: the extension's value as asn1parse prints it
value() {
	local at
	at=$(openssl asn1parse -in "$D/$p.pem" |
	    awk -v oid=":$1" '$0 ~ oid "$" {f = 1}
		f && /OCTET STRING/ {sub(/:.*/, ""); print $1; exit}')
	openssl asn1parse -in "$D/$p.pem" -strparse "$at"
}
device() {	# NAME FLEET [fields...]
	local name=$1 fleet=$2 f
	shift 2
	for f; do set -- "$@" --set "$f"; shift; done
	check "device $name" inkan device add --fleet "$fleet" --name "$name" \
	    --serial "SN-$name" "$@"
}

p=tls-server; shape /CN=www.demo -addext 'subjectAltName=DNS:www.demo,IP:127.0.0.1'
issue devices; purpose sslserver devices
p=tls-client; shape /O=Demo/CN=backup; issue devices; purpose sslclient devices
p=est-station; shape /O=Demo/CN=line-1; issue devices; purpose sslclient devices
has "$p: cmcRA" "$(text)" "1\.3\.6\.1\.5\.5\.7\.3\.28|CMC Registration Authority"
p=code-signing; shape /O=Demo/CN=Signer; issue code
p=suit-author; shape /O=Demo/CN=Author; issue code
has "$p: its policy" "$(text)" "1.3.6.1.4.1.32473.1.3"
p=timestamping; shape /O=Demo/CN=TSA; issue code; purpose timestampsign code
p=document-signing; shape /O=Demo/CN=Taro; issue code --set email=taro@demo.example
has "$p: RFC 9336" "$(text)" "1\.3\.6\.1\.5\.5\.7\.3\.36|Document Signing"
p=electronic-seal; shape /CN=Seal
issue code --set c=JP --set o=Demo --set organization_identifier=NTRJP-1 \
    --set qc_type=0.4.0.1862.1.6.2
has "$p: organizationIdentifier" "$(text)" "organizationIdentifier ?= ?NTRJP-1"
has "$p: QcType" "$(value '(qcStatements|1.3.6.1.5.5.7.1.3)')" "0\.4\.0\.1862\.1\.6\.2"
p=mud-signer; shape /CN=x; issue code
signer=$(openssl x509 -in "$D/$p.pem" -noout -subject -nameopt RFC2253)

device plain devices
p=device-ldevid; shape /CN=plain; issue devices --device plain --fleet devices; purpose sslclient devices
p=device-idevid; shape /CN=plain; issue devices --device plain --fleet devices
p=device-ldevid-class1; shape /CN=plain -addext subjectAltName=DNS:plain
issue devices --device plain --fleet devices; purpose sslclient devices
check "$p: within 600 octets" test "$(openssl x509 -in "$D/$p.pem" -outform DER | wc -c)" -le 600
p=short-lived; shape /CN=plain; issue devices --device plain --fleet devices; purpose sslclient devices
has "$p: noRevAvail" "$(text)" "2\.5\.29\.56|No Revocation Available|noRevAvail"
check_not "$p: no CRL and OCSP" grep -qE "CRL Distribution|OCSP" <<<"$(text)"
p=mud-device; shape /CN=plain; issue devices --device plain --fleet devices
has "$p: the URL" "$(value 1.3.6.1.5.5.7.1.25)" "IA5STRING +:https://mud"
has "$p: the signer's name" "$(value 1.3.6.1.5.5.7.1.30)" "UTF8STRING +:Example MUD Signer"
has "  is the signer's subject" "$signer" "CN=Example MUD Signer,O=Example"

# --- attestation -------------------------------------------------------------

p=attestation-key; device ak attestation; shape /CN=ak; issue attestation --device ak --fleet attestation
# OpenSSL 3.5 has a name for the OID.
AIK='2\.23\.133\.8\.3|Attestation Identity Key'
check_not "$p: no AIK purpose without evidence" grep -qE "$AIK" <<<"$(text)"
for p in tpm-iak tpm-lak; do
	key "$D/$p.key" p256
	openssl pkey -in "$D/$p.key" -pubout -out "$D/$p.pub"
	check "$p: its key is pinned" inkan device add --fleet attestation \
	    --name "$p" --serial "SN-$p" --key "$D/$p.pub" --set tpm_serial=hex:0a0b
	csr "$D/$p.key" /CN=x >"$T/$p.csr"
	issue attestation --device "$p" --fleet attestation
	has "$p: AIK purpose" "$(text)" "$AIK"
	has "$p: verified residency" "$(text)" "2\.23\.133\.11\.1\.1"
done
p=dice-alias
device dice attestation vendor=Demo svn=18446744073709551615 layer=1 flags=0001 \
    fwid="$(printf demo | sha256sum | cut -c1-64)" ueid=01020304050607
shape /CN=dice; issue attestation --device dice --fleet attestation
out=$(value 2.23.133.5.4.1)
has "$p: vendor is [0]" "$out" "cont \[ 0 \]"
has "$p: svn is [3], 9 octets" "$out" "l= +9 prim: cont \[ 3 \]"
has "$p: fwids are [6]" "$out" "l= +47 cons: cont \[ 6 \]"
has "$p: UEID" "$(value 2.23.133.5.4.4)" "01020304050607"
p=fido-attestation; shape /CN=x
issue attestation --set c=JP --set o=Demo --set "cn=Demo Key" \
    --set aaguid=00112233445566778899aabbccddeeff
has "$p: OU" "$(text)" "OU ?= ?Authenticator Attestation"
has "$p: the AAGUID within" "$(value 1.3.6.1.4.1.45724.1.1.4)" \
    "OCTET STRING.*00112233445566778899AABBCCDDEEFF"
p=pck-shaped
f=(); for i in 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16; do f+=("tcb_comp$i=$((10#$i))"); done
device pck attestation "${f[@]}" pcesvn=13 sgx_type=1 pceid=0000 fmspc=00906ed50000 \
    cpusvn=01020304050607080910111213141516 ppid=000102030405060708090a0b0c0d0e0f
shape /CN=pck; issue attestation --device pck --fleet attestation
has "$p: FMSPC" "$(value 1.3.6.1.4.1.32473.13.1)" "00906ED50000"
p=vcek-shaped
device vcek attestation struct_version=1 product=Demo-B0 bl_spl=3 tee_spl=0 snp_spl=8 \
    ucode_spl=209 hwid="$(printf '%0128d' 7)"
shape /CN=vcek; issue attestation --device vcek --fleet attestation
has "$p: ucode" "$(value 1.3.6.1.4.1.32473.14.3.8)" "INTEGER +:D1"

# Every profile that names the operator was issued.
for f in "$S"/*.conf; do
	n=$(basename "$f" .conf)
	! grep -q 'issued_by.*operator' "$f" || check "$n was issued" test -s "$D/$n.pem"
done

# --- what is refused ---------------------------------------------------------

refused() {	# WHAT PATTERN [options...]
	local what=$1 pattern=$2; shift 2
	out=$(inkan issue "$@" 2>&1 >/dev/null); is "$what" $? 1
	has "  by name" "$out" "$pattern"
}
new_key "$T/k"; csr "$T/k" /CN=x >"$T/new.csr"
device bad attestation svn=three
refused "a registry field that is no integer" \
    'extension\.2\.23\.133\.5\.4\.1: registry\.svn: not an integer' \
    --profile dice-alias --csr "$T/new.csr" --device bad --fleet attestation
device few attestation vendor=Demo
refused "a field that is missing" 'attested\.dice\.svn: not given' \
    --profile dice-alias --csr "$T/new.csr" --device few --fleet attestation
refused "an AAGUID of 15 octets" 'request\.aaguid: not of the right size' \
    --profile fido-attestation --csr "$T/fido-attestation.csr" --set c=JP --set o=Demo \
    --set cn=K --set aaguid=00112233445566778899aabbccddee
refused "evidence by an operator's word" 'set\.attested' \
    --profile dice-alias --csr "$T/dice-alias.csr" --device dice --fleet attestation \
    --set attested.svn=99
inkan --json explain --profile dice-alias --csr "$T/new.csr" --device bad >"$T/j"; is "explain" $? 1
is "  stage, rule, field" "$(json "$T/j" '[(s["stage"],s["rule"],s["field"]) for s in d["stages"] if s["verdict"]=="refuse"]')" \
    "[('build', 'extension.2.23.133.5.4.1', 'registry.svn')]"
sed 's/1\.3\.6\.1\.4\.1\.32473\.14/1.3.6.1.4.1.3704.1/' "$S/vcek-shaped.conf" >"$T/v.conf"
out=$(inkan profile check "$T/v.conf" 2>&1); is "a vendor's arc" $? 1
has "  by file and line" "$out" "v\.conf:[0-9]+: oid: .*vendor_arc = true"
echo 'vendor_arc = true;' >>"$T/v.conf"
check "  unless the profile says so" inkan profile check "$T/v.conf"

# --- comparing ---------------------------------------------------------------

sed 's/"90d"/"7d"/; s/max = 4/max = 2/; /^authority_info/d' "$S/device-ldevid.conf" >"$T/n.conf"
out=$(inkan --socket /nowhere profile diff "$S/device-ldevid.conf" "$T/n.conf"); is "diff of files, without a server" $? 0
has "  a changed value" "$out" "^changed validity\.duration: 7776000s -> 604800s$"
has "  within a rule" "$out" "^changed san\[0\]: .* max 4 .* -> .* max 2 "
has "  a default" "$out" "^changed authority_info_access\.ocsp: true -> false$"
is "the same" "$(inkan profile diff "$T/n.conf" "$T/n.conf")" "no difference"
is "file and active" "$(inkan profile diff device-ldevid "$S/device-ldevid.conf")" "no difference"
cp "$T/n.conf" "$INKAN_CONFIG_DIR/profiles/device-ldevid.conf"
check "the shorter one is activated" inkan policy activate --note shorter
has "an older version" "$(inkan profile diff device-ldevid@1 device-ldevid)" "7776000s -> 604800s"
inkan --json profile diff device-ldevid@1 device-ldevid@2 >"$T/j"; is "as JSON" $? 0
is "  key by key" "$(json "$T/j" '[c["key"] for c in d["changes"]][0]')" validity.duration
inkan profile diff "$T/n.conf" >"$T/o" 2>&1; is "one is too few" $? 2
inkan profile diff "$T/n.conf" nonesuch >"$T/o" 2>&1; is "one that is not there" $? 1
inkan profile diff device-ldevid@9 "$T/n.conf" >"$T/o" 2>&1; is "a version that is not there" $? 1
finish
