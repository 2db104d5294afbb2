#!/usr/bin/env bash
# A client that does what csrattrs says, and nothing else, is never refused for
# the shape of its CSR: for each shipped profile that EST may cause, by the
# template of RFC 9908 and by the form of RFC 8951 alone.
tid="EST: csrattrs"
. "$(dirname "$0")/lib.sh"
need python3

# fleet NAME PROFILE BASIC(true|false) [more]
fleet() {
	{
		printf 'name = "%s"; label = "%s"; profile = "%s";\n' "$1" "$1" "$2"
		printf 'authenticate: { basic = %s; own_certificate = true;\n' "$3"
		[ "$3" = true ] || printf 'manufacturers = ( { name = "demo-maker"; anchors = "maker.pem"; } );\n'
		printf '};\nregistration = "just-in-time"; names = [ "*" ]; re_enrol = "allow";\n%s\n' "${4:-}"
	} >"$T/demo/config/fleets/$1.conf"
}
# Without tpm-ak, which nobody gets without evidence.
profiles=$(cd "$here/profiles/shipped" && grep -l 'issued_by.*"est"' -- *.conf | sed '/^tpm-ak/d; s/\.conf$//')
before_ceremony() {
	local p
	for p in $profiles; do
		if [ "$p" = device-ldevid-class1 ]; then fleet "t-$p" "$p" false
		else fleet "t-$p" "$p" true; fi
	done
	fleet maker device-ldevid false
	fleet linked device-ldevid true 'pop_link = "required";'
	# What no shipped profile for EST does: attributes and names of the CSR, RSA.
	cat >"$T/demo/config/profiles/gateway.conf" <<'P'
name = "gateway"; class = "ldevid"; issued_by = [ "est" ]; issuer = "devices";
key_types = [ "rsa-3072", "rsa-2048" ];
validity: { duration = "90d"; };
subject = ( { attribute = "O"; value = "Example Works"; },
	{ attribute = "OU"; from = "csr.OU"; },
	{ attribute = "CN"; from = "identity.cn"; } );
san = ( { type = "dns"; from = "csr.san"; otherwise = "refuse"; max = 2; } );
key_usage: { critical = true; bits = [ "digitalSignature" ]; };
extended_key_usage: { purposes = [ "clientAuth" ]; };
P
	fleet gateway gateway true
}
demo_up
fleets=(--fleet linked --fleet gateway)
for p in $profiles; do
	[ "$p" = device-ldevid-class1 ] || fleets+=(--fleet "t-$p")
done
inkan --json secret new --reusable "${fleets[@]}" >"$T/secret"
user=$(json "$T/secret" 'd["user"]+":"+d["secret"]')

# client.py ATTRS template|classic DIR NAME: DIR/{key,csr}.der as the answer
# wants them; what it decodes goes to stdout. It parses DER by itself.
cat >"$T/client.py" <<'P'
import subprocess, sys
attrs, form, d, name = sys.argv[1:5]
def tlv(b):
    out, i = [], 0
    while i < len(b):
        tag, n, i = b[i], b[i + 1], i + 2
        if n & 0x80:
            k = n & 0x7f
            n = int.from_bytes(b[i:i + k], 'big'); i += k
        assert i + n <= len(b), 'truncated'
        out.append((tag, b[i:i + n])); i += n
    return out
def oid(b):
    out, v = [min(b[0] // 40, 2)], 0
    out.append(b[0] - 40 * out[0])
    for c in b[1:]:
        v = v << 7 | c & 0x7f
        if not c & 0x80:
            out.append(v); v = 0
    return '.'.join(map(str, out))
EC, RSA, ED = '1.2.840.10045.2.1', '1.2.840.113549.1.1.1', '1.3.101.112'
CURVES = {'1.2.840.10045.3.1.7': 'P-256', '1.3.132.0.34': 'P-384'}
TEMPLATE, EXTS = '1.2.840.113549.1.9.16.2.61', '1.2.840.113549.1.9.16.2.62'
[(tag, body)] = tlv(open(attrs, 'rb').read())
assert tag == 0x30
classic, template = [], None
for tag, v in tlv(body):
    if tag == 6:
        classic.append((oid(v), None)); continue
    assert tag == 0x30
    (t, o), (s, vals) = tlv(v)
    assert (t, s) == (6, 0x31)
    if oid(o) == TEMPLATE:
        assert template is None
        [(t, template)] = tlv(vals)
        assert t == 0x30
    else:
        classic.append((oid(o), tlv(vals)))
assert template is not None
assert sum(o == '1.2.840.113549.1.9.14' for o, _ in classic) <= 1
subject, key, san, challenge = [], None, False, False
if form == 'classic':
    for o, vals in classic:
        if o == EC: key = ['EC', '-pkeyopt', 'ec_paramgen_curve:' + CURVES[oid(vals[0][1])]]
        if o == RSA: key = ['RSA', '-pkeyopt', 'rsa_keygen_bits:%d' % int.from_bytes(vals[0][1], 'big')]
        if o == ED: key = ['ED25519']
        challenge = challenge or o == '1.2.840.113549.1.9.7'
    subject = [('2.5.4.3', None)]
else:
    parts = tlv(template)
    assert parts.pop(0) == (2, b'\0'), 'version'
    if parts[0][0] == 0x30:
        for t, rdn in tlv(parts.pop(0)[1]):
            assert t == 0x31
            for t, atv in tlv(rdn):
                f = tlv(atv)
                subject.append((oid(f[0][1]), f[1][1].decode() if len(f) > 1 else None))
    if parts[0][0] == 0xa0:
        f = tlv(parts.pop(0)[1])
        alg = tlv(f[0][1])
        o = oid(alg[0][1])
        assert len(f) == (2 if o == RSA else 1)
        if o == EC: key = ['EC', '-pkeyopt', 'ec_paramgen_curve:' + CURVES[oid(alg[1][1])]]
        if o == ED: key = ['ED25519']
        if o == RSA:
            assert alg[1] == (5, b'') and f[1][1][0] == 0
            n = int.from_bytes(tlv(tlv(f[1][1][1:])[0][1])[0][1], 'big')
            key = ['RSA', '-pkeyopt', 'rsa_keygen_bits:%d' % n.bit_length()]
    [(t, rest)] = parts
    assert t == 0xa1, 'attributes are not OPTIONAL'
    for t, a in tlv(rest):
        (t, o), (s, vals) = tlv(a)
        if oid(o) == '1.2.840.113549.1.9.7': challenge = True
        if oid(o) == EXTS:
            for t, e in tlv(tlv(vals)[0][1]):
                assert tlv(e) == [(6, bytes([0x55, 0x1d, 0x11]))], 'value-less SAN'
                san = True
print('subject', subject, 'key', key, 'san', san, 'challenge', challenge)
fill = {'2.5.4.3': name, '2.5.4.11': 'Plant 7'}
conf = '[req]\nprompt=no\ndistinguished_name=dn\nstring_mask=utf8only\n'
conf += 'req_extensions=ext\n' if san else ''
conf += '[dn]\n' + ''.join('%d.%s=%s\n' % (i, o, fill[o] if v is None else v)
    for i, (o, v) in enumerate(subject))
conf += '[ext]\nsubjectAltName=DNS:%s.test\n' % name if san else ''
open(d + '/cnf', 'w').write(conf)
subprocess.run(['openssl', 'genpkey', '-algorithm'] + key + ['-out', d + '/key.pem'],
    check=True, capture_output=True)
subprocess.run(['openssl', 'req', '-new', '-config', d + '/cnf', '-key', d + '/key.pem',
    '-outform', 'DER', '-out', d + '/csr.der'] + ([] if subject else ['-subj', '/']),
    check=True)
P
# obey FORM LABEL NAME [curl options]: $said, $code
obey() {
	local form=$1 label=$2 name=$3; shift 3
	get "$label/csrattrs"
	base64 -d <"$body" >"$T/attrs.der"
	said=$(python3 "$T/client.py" "$T/attrs.der" "$form" "$T" "$name") ||
	    fail "$label: the answer cannot be read"
	base64 <"$T/csr.der" >"$T/b"
	post "$label/simpleenroll" "$T/b" "$@"
}

get csrattrs; is "without credentials" "$code" 200
has "media type" "$(tr -d '\r' <"$head")" '^[Cc]ontent-[Tt]ype: application/csrattrs'
is "one line" "$(wc -l <"$body")" 1

for p in $profiles; do
	case $p in
	attestation-key|tpm-lak|dice-alias) i=$INKAN_ATTEST_ISSUER ;;
	*) i=$INKAN_ISSUER ;;
	esac
	for form in template classic; do
		n=$form-$p
		rm -f "$T/c.pem"
		if [ "$p" = device-ldevid-class1 ]; then
			make_maker_device "$n" "$D/m"
			obey $form "t-$p" "$n" --cert "$D/m.pem" --key "$D/m.key"
		else
			[ "$p" != dice-alias ] || inkan device add --fleet "t-$p" --name "$n" --set svn=7 >/dev/null
			obey $form "t-$p" "$n" -u "$user"
		fi
		is "$p by the $form" "$code" 200
		[ "$code" = 200 ] || reason
		take_cert "$T/c.pem"
		check "  it verifies" verifies "$T/c.pem" "$i"
		[ $form = classic ] || check_not "  no deviation" grep -q ignored <<<"$(inkan cert show "$(serial "$T/c.pem")")"
	done
done

make_maker_device sn-7 "$D/m"
obey template maker sn-7 --cert "$D/m.pem" --key "$D/m.key"
is "named by the maker's certificate" "$code" 200
has "  no subject is asked for" "$said" "^subject \[\]"
is "  and none was missed" "$(take_cert "$T/c.pem"; subject_of "$T/c.pem")" "serialNumber=sn-7"

obey template gateway gw-1 -u "$user"
is "attributes and names of the CSR, RSA" "$code" 200
has "  fixed and to be filled in" "$said" "2.5.4.10', 'Example Works'.*2.5.4.11', None.*2.5.4.3', None"
has "  the size of the key" "$said" "rsa_keygen_bits:3072"
take_cert "$T/c.pem"
has "  subject" "$(subject_of "$T/c.pem")" "OU ?= ?Plant 7"
has "  SAN" "$(openssl x509 -in "$T/c.pem" -noout -text)" "DNS:gw-1.test"
csr "$T/key.pem" "/O=Example Works/CN=gw-2" | base64 >"$T/b"
post gateway/simpleenroll "$T/b" -u "$user"
is "one that did not obey" "$code" 403
csr "$T/key.pem" "/O=Example Works/OU=Plant 7/CN=gw-2" | base64 >"$T/b"
post gateway/simpleenroll "$T/b" -u "$user"
is "one without the names" "$code" 403

obey template linked l1 -u "$user"
has "the POP link is told" "$said" "challenge True"
is "  and its absence refused" "$code" 403
has "  by rule" "$(reason)" "pop.link"
finish
