#!/usr/bin/env bash
# Keys that are made for devices: both forms, what is refused, and that no key
# stays behind.
tid="EST: serverkeygen"
. "$(dirname "$0")/lib.sh"
need python3

# fleet NAME SERVERKEYGEN
fleet() {
	cat >"$T/demo/config/fleets/$1.conf" <<F
name = "$1"; label = "$1"; profile = "device-ldevid";
authenticate: { manufacturers = ( { name = "demo-maker"; anchors = "maker.pem"; } );
	basic = true; own_certificate = true; };
registration = "just-in-time"; names = [ "*" ]; re_enrol = "allow";
renewal: { san_optional = true; };
serverkeygen: { $2 };
F
}
before_ceremony() {
	fleet keys 'plain = true;'
	fleet small 'plain = true; key_types = [ "ec-p384", "rsa-2048" ];'
	fleet sealed ''
}
demo_up
inkan --json secret new --reusable --fleet keys --fleet small --fleet sealed >"$T/secret"
user=$(json "$T/secret" 'd["user"]+":"+d["secret"]')

# template.py CN KEY [symmetric|asymmetric HEX] [des]: a CSR whose signature is
# rubbish, DER on stdout. OpenSSL's tools cannot make these attributes.
cat >"$T/template.py" <<'P'
import subprocess, sys
def tlv(t, *v):
    b = b''.join(v); n = len(b)
    if n < 128: return bytes([t, n]) + b
    k = (n.bit_length() + 7) // 8
    return bytes([t, 0x80 | k]) + n.to_bytes(k, 'big') + b
def oid(s):
    a = list(map(int, s.split('.'))); out = bytes([a[0] * 40 + a[1]])
    for v in a[2:]:
        c = [v & 0x7f]
        while v > 0x7f: v >>= 7; c.append(v & 0x7f | 0x80)
        out += bytes(reversed(c))
    return tlv(6, out)
SMIME = '1.2.840.113549.1.9.16.2.'
cn, key, rest = sys.argv[1], sys.argv[2], sys.argv[3:]
spki = subprocess.run(['openssl', 'pkey', '-in', key, '-pubout', '-outform', 'DER'],
    capture_output=True, check=True).stdout
name = tlv(0x30, tlv(0x31, tlv(0x30, oid('2.5.4.3'), tlv(12, cn.encode()))))
attrs = b''
if rest:
    attrs += tlv(0x30, oid(SMIME + {'symmetric': '37', 'asymmetric': '54'}[rest[0]]),
        tlv(0x31, tlv(4, bytes.fromhex(rest[1]))))
if rest[2:] == ['des']:
    attrs += tlv(0x30, oid('1.2.840.113549.1.9.15'),
        tlv(0x31, tlv(0x30, tlv(0x30, oid('1.2.840.113549.3.7')))))
cri = tlv(0x30, tlv(2, b'\0'), name, spki, tlv(0xa0, attrs))
sys.stdout.buffer.write(tlv(0x30, cri, tlv(0x30, oid('1.2.840.10045.4.3.2')),
    tlv(3, b'\0rubbish')))
P
# split.py: the two parts of $body by a MIME parser that is not ours: types on
# stdout, octets into files.
cat >"$T/split.py" <<'P'
import email, email.policy, sys
head, body, out = sys.argv[1:]
h = [l for l in open(head, 'rb').read().split(b'\r\n') if l.lower().startswith(b'content-type:')]
raw = open(body, 'rb').read()
m = email.message_from_bytes(h[-1] + b'\r\nMIME-Version: 1.0\r\n\r\n' + raw, policy=email.policy.HTTP)
assert m.get_content_type() == 'multipart/mixed' and not m.defects, m.defects
parts = list(m.iter_parts())
assert len(parts) == 2
for i, p in enumerate(parts):
    assert not p.defects, p.defects
    print(str(p['Content-Type']).replace('"', ''))
    open('%s%d' % (out, i), 'wb').write(p.get_payload(decode=True))
    open('%s%d.b64' % (out, i), 'w').write(p.get_payload())
P
# open.py: ContentInfo around SignedData, or the one key of a key package.
cat >"$T/open.py" <<'P'
import sys
def head(b):
    n, i = b[1], 2
    if n & 0x80:
        k = n & 0x7f; n = int.from_bytes(b[2:2 + k], 'big'); i += k
    assert len(b) == i + n, 'octets behind it'
    return i
def tlv(t, b):
    n = len(b)
    return bytes([t]) + (bytes([n]) if n < 128 else b'\x82' + n.to_bytes(2, 'big')) + b
b = open(sys.argv[2], 'rb').read()
assert b[0] == 0x30
b = b[head(b):] if sys.argv[1] == 'key' else tlv(0x30,
    bytes.fromhex('06092a864886f70d010702') + tlv(0xa0, b))
open(sys.argv[3], 'wb').write(b)
P
# keygen LABEL CN KEY [attributes] -- [curl options]: $code; $T/key.pem, $T/c.pem
n=0
keygen() {
	local label=$1 a=(); shift
	while [ "$1" != -- ]; do a+=("$1"); shift; done
	shift
	python3 "$T/template.py" "${a[@]}" | base64 >"$T/b"
	rm -f "$T/key.pem" "$T/c.pem" "$T"/part*
	post "$label/serverkeygen" "$T/b" "$@"
	[ "$code" = 200 ] || return
	python3 "$T/split.py" "$head" "$body" "$T/part" >"$T/types" || return
	openssl pkcs7 -inform DER -print_certs -in "$T/part1" | openssl x509 -out "$T/c.pem"
	n=$((n + 1))
	cp "$T/part0.b64" "$T/seen-$n.b64"
	case $(head -1 "$T/types") in
	application/pkcs8) openssl pkey -inform DER -in "$T/part0" -out "$T/key.pem" ;;
	esac
}
fits() {
	[ "$(openssl pkey -in "${1:-$T/key.pem}" -pubout)" = "$(openssl x509 -in "$T/c.pem" -noout -pubkey)" ]
}
new_key "$T/dummy"

csr "$T/dummy" /CN=off | base64 >"$T/b"
post serverkeygen "$T/b" -u "$(basic)"; is "off by default" "$code" 501
post devices/serverkeygen "$T/b" -u "$(basic)"; is "off, by its label" "$code" 501
post nobody/serverkeygen "$T/b" -u "$(basic)"; is "no such label" "$code" 404
get keys/serverkeygen -u "$user"; is "GET" "$code" 405
has "  Allow" "$(tr -d '\r' <"$head")" '^[Aa]llow: POST$'
post keys/serverkeygen "$T/b"; is "without credentials" "$code" 401
post keys/serverkeygen "$T/b" -u nobody:wrong; is "wrong credentials" "$code" 401
post keys/serverkeygen "$T/b" -u "$user" -H 'Content-Type: text/plain'; is "another media type" "$code" 415
echo 'MAMCAQA=' >"$T/rubbish"
post keys/serverkeygen "$T/rubbish" -u "$user"; is "no CSR" "$code" 400
has "  named" "$(reason)" "^possess: csr.der:"

for v in 1.2 1.3; do
	keygen keys "k-$v" "$T/dummy" -- -u "$user" "--tlsv$v" --tls-max "$v"
	is "TLS $v, signature of the template is rubbish" "$code" 200
	is "  parts" "$(tr '\n' '|' <"$T/types")" "application/pkcs8|application/pkcs7-mime; smime-type=certs-only|"
	has "  not to be kept by caches" "$(tr -d '\r' <"$head")" "^[Cc]ache-[Cc]ontrol: no-store$"
	check "  key and certificate fit" fits
	check "  it verifies" verifies "$T/c.pem"
	is "  subject" "$(subject_of "$T/c.pem")" "CN=k-$v"
	check_not "  not the template's key" fits "$T/dummy"
	has "  on record" "$(inkan cert show "$(serial "$T/c.pem")")" "key made by the CA, answered inside TLS"
	cp "$T/key.pem" "$T/old.key"; cp "$T/c.pem" "$T/old.pem"
done
keygen keys k-1.3 "$T/dummy" -- --cert "$T/old.pem" --key "$T/old.key"
is "renewed by the certificate that it had" "$code" 200
check "  key and certificate fit" fits
check_not "  another key" fits "$T/old.key"
keygen keys k-1.3 "$T/dummy" -- --cert "$T/old.pem" --key "$T/old.key"
is "a second successor" "$code" 403
has "  by rule" "$(reason)" "renew.successor"

openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$T/rsa" 2>/dev/null
keygen small r "$T/rsa" -- -u "$user"; is "RSA" "$code" 200
check "  key and certificate fit" fits
has "  as the template's" "$(openssl pkey -in "$T/key.pem" -noout -text)" "2048 bit"
openssl ecparam -name secp521r1 -genkey -noout -out "$T/p521"
keygen small p "$T/p521" -- -u "$user"; is "a key that nobody takes" "$code" 200
has "  the fleet's best" "$(openssl pkey -in "$T/key.pem" -noout -text)" "384 bit"
keygen small q "$T/dummy" -- -u "$user"; is "a type that the fleet does not make" "$code" 200
has "  on record" "$(inkan cert show "$(serial "$T/c.pem")")" "ec-p256"

# --- encrypted ---
# maker NAME USAGE OPTIONS...: a manufacturer's certificate that may encrypt
maker() {
	local name=$1 usage=$2; shift 2
	openssl genpkey "$@" -out "$D/$name.key" 2>/dev/null
	openssl req -new -key "$D/$name.key" -subj "/O=Demo Maker/serialNumber=$name" -out "$T/m.csr"
	printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,%s\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' "$usage" >"$T/m.ext"
	openssl x509 -req -in "$T/m.csr" -CA "$T/demo/maker/ca.pem" -CAkey "$T/demo/maker/ca.key" \
	    -set_serial "0x40$(openssl rand -hex 8)" -days 30 -sha256 -extfile "$T/m.ext" -out "$D/$name.pem" 2>/dev/null
}
ski() { openssl x509 -in "$1" -noout -ext subjectKeyIdentifier | tail -1 | tr -d ' :'; }
P256=(-algorithm EC -pkeyopt ec_paramgen_curve:P-256)
maker enc-ec digitalSignature,keyAgreement "${P256[@]}"
maker enc-rsa digitalSignature,keyEncipherment -algorithm RSA -pkeyopt rsa_keygen_bits:2048
maker sig-only digitalSignature "${P256[@]}"
as() { printf '%s\n' --cert "$D/$1.pem" --key "$D/$1.key"; }
for m in enc-ec enc-rsa; do
	mapfile -t how < <(as $m)
	keygen sealed ignored "$T/dummy" asymmetric "$(ski "$D/$m.pem")" -- "${how[@]}"
	is "encrypted to $m" "$code" 200
	is "  parts" "$(tr '\n' '|' <"$T/types")" "application/pkcs7-mime; smime-type=server-generated-key|application/pkcs7-mime; smime-type=certs-only|"
	has "  on record" "$(inkan cert show "$(serial "$T/c.pem")")" "answered encrypted"
	check "  decrypts" openssl cms -decrypt -inform DER -in "$T/part0" -recip "$D/$m.pem" -inkey "$D/$m.key" -out "$T/sd.der"
	python3 "$T/open.py" info "$T/sd.der" "$T/info.der"
	check "  signed under the certificate" openssl cms -verify -binary -inform DER -in "$T/info.der" \
	    -CAfile "$INKAN_CHAIN" -purpose any -out "$T/package.der"
	has "  a key package" "$(openssl cms -cmsout -print -inform DER -in "$T/info.der")" "eContentType: .*2.16.840.1.101.2.1.2.78.5"
	python3 "$T/open.py" key "$T/package.der" "$T/key.der"
	openssl pkey -inform DER -in "$T/key.der" -out "$T/key.pem"
	check "  key and certificate fit" fits
	openssl pkcs8 -topk8 -nocrypt -in "$T/key.pem" -outform DER | base64 >"$T/seen-$n.b64"
	is "  named by the maker" "$(subject_of "$T/c.pem")" "serialNumber=$m"
	check_not "  nobody else opens it" openssl cms -decrypt -inform DER -in "$T/part0" -recip "$D/sig-only.pem" -inkey "$D/sig-only.key" -out "$T/x"
done

# --- refused ---
# refused WHAT STATUS RULE LABEL CN KEY [attributes] -- [curl options]
refused() {
	local what=$1 status=$2 rule=$3; shift 3
	keygen "$@"
	is "$what" "$code" "$status"; has "  by rule" "$(reason)" "^possess: $rule:"
}
count=$(inkan --json cert list --fleet sealed | grep -c '"serial"')
id=$(ski "$D/enc-ec.pem")
mapfile -t how < <(as enc-ec)
refused "plain where it is not allowed" 403 keygen.plain sealed d "$T/dummy" -- -u "$user"
refused "a symmetric key" 403 keygen.decrypt-key keys d "$T/dummy" symmetric 0102 -- -u "$user"
refused "without a certificate" 403 keygen.recipient sealed d "$T/dummy" asymmetric "$id" -- -u "$user"
refused "another key's name" 403 keygen.recipient sealed d "$T/dummy" asymmetric 00ff -- "${how[@]}"
refused "a cipher that we have not" 403 keygen.cipher sealed d "$T/dummy" asymmetric "$id" des -- "${how[@]}"
mapfile -t how < <(as sig-only)
refused "a certificate that does not encrypt" 403 keygen.recipient sealed d "$T/dummy" \
    asymmetric "$(ski "$D/sig-only.pem")" -- "${how[@]}"
is "none of them had a certificate" "$(inkan --json cert list --fleet sealed | grep -c '"serial"')" "$count"

# --- nothing stays behind ---
# Every key that was answered: its octets raw, in hex and in base64, in every file
# of the instance, and in the memory of the programs, where that can be read.
cat >"$T/hunt.py" <<'P'
import base64, os, re, subprocess, sys
top, mode, seen = sys.argv[1], sys.argv[2], sys.argv[3:]
secrets = []
for f in seen:
    text = open(f).read()
    out = subprocess.run(['openssl', 'pkey', '-inform', 'DER', '-noout', '-text'],
        input=base64.b64decode(text), capture_output=True, check=True).stdout.decode()
    m = re.search(r'(?:priv|prime1):\s*((?:[0-9a-f]{2}[:\s]*)+)', out)
    raw = bytes.fromhex(re.sub(r'[:\s]', '', m.group(1))).lstrip(b'\0')
    assert len(raw) >= 28
    secrets += [raw[-28:], raw[-28:].hex().encode(), raw[-28:].hex().upper().encode()]
    # in base64 at each of its three places, without the ends
    for k in range(3):
        secrets.append(base64.b64encode(b'\0' * k + raw[-28:])[4:-4])
assert len(secrets) >= 6 * 6
def found(b): return any(s in b for s in secrets)
files = hits = octets = 0
if mode == 'files':
    for d, _, names in os.walk(top):
        for name in names:
            p = os.path.join(d, name)
            if os.path.isfile(p):
                try:
                    b = open(p, 'rb').read()
                except FileNotFoundError: continue # of a program that works
                files += 1; octets += len(b)
                if found(b): hits += 1; print('found in', p)
else:
    for pid in top.split():
        mem = open('/proc/%s/mem' % pid, 'rb', 0)
        for l in open('/proc/%s/maps' % pid):
            r, perm = l.split()[:2]
            if 'rw' not in perm or 'vvar' in l: continue
            a, z = (int(x, 16) for x in r.split('-'))
            try:
                mem.seek(a); b = mem.read(z - a)
            except OSError: continue
            files += 1; octets += len(b)
            if found(b): hits += 1; print('found in', pid, l.strip())
print(files, 'places,', octets, 'octets')
sys.exit(3 if hits else 0 if octets else 4)
P
mapfile -t seen < <(ls "$T"/seen-*.b64)
check "keys to look for" test "${#seen[@]}" -ge 7
mkdir "$T/bait"; base64 -di <"${seen[0]}" >"$T/bait/raw"
python3 "$T/hunt.py" "$T/bait" files "${seen[@]}" >"$T/out"; is "  found raw" $? 3
tr -d '\r\n' <"${seen[1]}" >"$T/bait/raw"
python3 "$T/hunt.py" "$T/bait" files "${seen[@]}" >"$T/out"; is "  found in base64" $? 3
check "no key in any file" python3 "$T/hunt.py" "$T/demo" files "${seen[@]}"
has "  and there were files" "$(cat "$T/out")" "[1-9][0-9]+ places"
pids="$(cat "$T"/demo/run/inkan-ca.pid) $(cat "$T"/demo/run/inkan-ra.pid)"
if [ -z "${SAN:-}" ] && head -c 0 "/proc/${pids%% *}/mem" 2>/dev/null; then
	check "no key in the memory of inkan-ca and inkan-ra" python3 "$T/hunt.py" "$pids" memory "${seen[@]}"
else
	trace "the memory of other processes cannot be read here"
fi
finish
