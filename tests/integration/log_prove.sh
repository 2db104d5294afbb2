#!/usr/bin/env bash
# The proof of a certificate, made at once and checked with nothing but itself,
# the certificate and the log's key.
tid="log prove, log check"
. "$(dirname "$0")/lib.sh"
demo_up
PUB=$T/demo/pub/log
KEY=$T/key
cp "$PUB/log.vkey" "$KEY"
enrol_basic p1
# No pause: the tool waits for a checkpoint.
check "a proof of a certificate that was issued a moment ago" inkan log prove --serial "$(serial "$D/p1.pem")" --out "$T/p1.tlog-proof"
enrol_basic p2
inkan log prove "$(serial "$D/p2.pem")" >"$T/p2.tlog-proof"
mkdir "$T/holder"; cp "$D/p1.pem" "$T/p1.tlog-proof" "$KEY" "$T/holder/"
# The holder: no server, no store, another folder.
holder() { (cd "$T/holder" && env -u INKAN_ADMIN_SOCKET inkan log check "$@"); }
check "the holder checks it" holder p1.tlog-proof --cert p1.pem --key key
has "  and learns when" "$(holder p1.tlog-proof --cert p1.pem --key key)" "^recorded: 20..-..-..T..:..:..Z"
has "  and what" "$(holder p1.tlog-proof --cert p1.pem --key key)" "^serial: $(serial "$D/p1.pem")"
check "the key as text, DER, standard input" bash -c "openssl x509 -in '$D/p1.pem' -outform DER -out '$T/p1.der' && inkan log check - --cert '$T/p1.der' --key \"\$(cat '$KEY')\" <'$T/p1.tlog-proof'"
refused() {	# what rule arguments...
	local what=$1 rule=$2; shift 2
	check_not "$what" inkan log check "$@"
	has "  $rule" "$(cat "$T/out")" "$rule"
}
refused "another certificate" proof.certificate "$T/p1.tlog-proof" --cert "$D/p2.pem" --key "$KEY"
refused "the other's proof" proof.certificate "$T/p2.tlog-proof" --cert "$D/p1.pem" --key "$KEY"
refused "another log's key" checkpoint.origin "$T/p1.tlog-proof" --cert "$D/p1.pem" --key "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
openssl genpkey -algorithm ED25519 -out "$T/other.key" 2>/dev/null
inkan log vkey --sign-key "$T/other.key" --name "$(head -1 "$PUB/checkpoint")" >"$T/other.vkey"
refused "another key of that name" checkpoint.signature "$T/p1.tlog-proof" --cert "$D/p1.pem" --key "$T/other.vkey"
sed '3s/[0-9]*$/1/' "$T/p1.tlog-proof" >"$T/bad"
refused "another index" log.inclusion "$T/bad" --cert "$D/p1.pem" --key "$KEY"
sed '4s/^./+/' "$T/p1.tlog-proof" >"$T/bad"
refused "another hash in the path" log.inclusion "$T/bad" --cert "$D/p1.pem" --key "$KEY"
python3 - "$T/p1.tlog-proof" "$T/bad" <<'PY'
import base64, sys
lines = open(sys.argv[1]).read().split('\n')
extra = bytearray(base64.b64decode(lines[1][6:]))
extra[45] ^= 1		# the salt
lines[1] = 'extra ' + base64.b64encode(bytes(extra)).decode()
open(sys.argv[2], 'w').write('\n'.join(lines))
PY
refused "one octet of the salt" log.inclusion "$T/bad" --cert "$D/p1.pem" --key "$KEY"
sed '2d' "$T/p1.tlog-proof" >"$T/bad"
refused "without what opens it" proof.extra "$T/bad" --cert "$D/p1.pem" --key "$KEY"
for cut in 10 60 500; do
	head -c $cut "$T/p1.tlog-proof" >"$T/bad"
	refused "cut after $cut octets" proof.format "$T/bad" --cert "$D/p1.pem" --key "$KEY"
done
sed 's/^[0-9][0-9]*$/1/' "$T/p1.tlog-proof" >"$T/bad"
refused "a checkpoint that was not signed" checkpoint.signature "$T/bad" --cert "$D/p1.pem" --key "$KEY"
sed '$d' "$T/p1.tlog-proof" >"$T/bad"
refused "a checkpoint without signature" proof.format "$T/bad" --cert "$D/p1.pem" --key "$KEY"
check_not "a proof of no certificate" inkan log prove --serial 0102
has "  not found" "$(cat "$T/out")" "no certificate with"
has "cert show tells the entry" "$(inkan cert show --serial "$(serial "$D/p1.pem")")" "^log_index: [0-9]+"

# A key made with openssl, another checker: the path by hand.
cat >"$T/prove.py" <<'PY'
import base64, hashlib, sys
def h(*p): return hashlib.sha256(b''.join(p)).digest()
def tlv(b):
    n, at = b[1], 2
    if n & 0x80: at, n = 2 + (n & 0x7f), int.from_bytes(b[2:2 + (n & 0x7f)], 'big')
    return b[0], b[at:at + n], b[at + n:]
def seq(b):
    out = []
    while b:
        whole = b; tag, body, b = tlv(b)
        out.append((tag, body, whole[:len(whole) - len(b)]))
    return out
def der(tag, body):
    n = len(body)
    if n < 128: return bytes([tag, n]) + body
    l = n.to_bytes((n.bit_length() + 7) // 8, 'big')
    return bytes([tag, 0x80 | len(l)]) + l + body
proof, cert = open(sys.argv[1]).read(), open(sys.argv[2], 'rb').read()
head, checkpoint = proof.split('\n\n', 1)
lines = head.split('\n')
assert lines[0] == 'c2sp.org/tlog-proof@v1'
version, kind, time, salt, detail = seq(tlv(base64.b64decode(lines[1][6:]))[1])
index = int(lines[2][6:])
i = index.to_bytes(index.bit_length() // 8 + 1, 'big')
leaf = der(0x30, version[2] + der(2, i) + kind[2] + time[2] +
           der(4, h(salt[1], detail[1])))
fields = {}
for _, body, _ in seq(tlv(detail[1])[1]):
    name, value = seq(body)
    fields[name[1].decode()] = value[1]
assert kind[1] == b'issue.recorded'
assert fields['cert_sha256'].decode() == hashlib.sha256(cert).hexdigest()
size = int(checkpoint.split('\n')[1])
hash, fn, sn = h(b'\0', leaf), index, size - 1
for line in lines[3:]:
    p = base64.b64decode(line)
    if fn & 1 or fn == sn:
        hash = h(b'\1', p, hash)
        while not fn & 1 and fn: fn >>= 1; sn >>= 1
    else: hash = h(b'\1', hash, p)
    fn >>= 1; sn >>= 1
assert sn == 0 and base64.b64encode(hash).decode() == checkpoint.split('\n')[2]
print('proven')
PY
openssl x509 -in "$D/p1.pem" -outform DER -out "$T/p1.der"
is "a checker by the document alone" "$(python3 "$T/prove.py" "$T/p1.tlog-proof" "$T/p1.der" 2>&1)" proven

# Of a store file, with no program running.
demo_stop
check "from the store file" inkan log prove --store "$INKAN_STORE" --serial "$(serial "$D/p1.pem")" --out "$T/off.tlog-proof"
check "  it holds, too" inkan log check "$T/off.tlog-proof" --cert "$D/p1.pem" --key "$KEY"
check_not "  of no certificate" inkan log prove --store "$INKAN_STORE" --serial 0102
finish
