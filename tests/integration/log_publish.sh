#!/usr/bin/env bash
# Certificates are in the published log within seconds; the log only grows, and
# what it publishes holds together, by nothing but openssl and sha256.
tid="the log is published"
. "$(dirname "$0")/lib.sh"
need python3
load=$BUILD/bench/enrol
make --no-print-directory -s -C "$here" BUILD="$BUILD" "$load" >/dev/null 2>&1
[ -x "$load" ] || skip "needs $load (make build/bench/enrol)"
demo_up
L=$INKAN_HTTP_URL/log
fetch() { curl -fsS --max-time 5 "$L/$1" -o "$2"; }
size_of() { sed -n 2p "$1"; }
grown() { fetch checkpoint "$T/cp" && [ "$(size_of "$T/cp")" -ge "$1" ]; }

# A reader of its own, which shares nothing with ours: the root over all leaves
# of the bundles, as RFC 9162 defines it, and the signature as signed-note does.
cat >"$T/read.py" <<'X'
import base64, hashlib, subprocess, sys, urllib.request
url, work = sys.argv[1], sys.argv[2]
get = lambda n: urllib.request.urlopen(url + "/" + n, timeout=5).read()
H = lambda b: hashlib.sha256(b).digest()
def name(i):
    s = "%03d" % (i % 1000)
    while i >= 1000:
        i //= 1000
        s = "x%03d/%s" % (i % 1000, s)
    return s
def root(h):
    if not h: return H(b"")
    if len(h) == 1: return h[0]
    k = 1
    while k * 2 < len(h): k *= 2
    return H(b"\x01" + root(h[:k]) + root(h[k:]))
note = get("checkpoint").decode()
text, sigs = note.split("\n\n", 1)
text += "\n"
origin, size, want = text.split("\n")[:3]
size = int(size)
vkey = get("log.vkey").decode().strip()
kname, kid, kdata = vkey.split("+", 2)
kdata = base64.b64decode(kdata)
assert kname == origin, "origin"
assert kdata[0] == 1 and len(kdata) == 33, "not Ed25519"
assert H(kname.encode() + b"\n" + kdata)[:4].hex() == kid, "key id"
sig = [base64.b64decode(l.split(" ")[2]) for l in sigs.splitlines() if l.split(" ")[1] == kname][0]
assert sig[:4].hex() == kid
open(work + "/sig", "wb").write(sig[4:])
open(work + "/text", "w").write(text)
open(work + "/pub", "wb").write(bytes.fromhex("302a300506032b6570032100") + kdata[1:])
subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", work + "/pub", "-rawin", "-in", work + "/text", "-sigfile", work + "/sig"], check=True, stdout=subprocess.DEVNULL)
leaves = []
for i in range((size + 255) // 256):
    n = min(256, size - 256 * i)
    b = get("tile/entries/" + name(i) + ("" if n == 256 else ".p/%d" % n))
    at = 0
    for _ in range(n):
        l = b[at] << 8 | b[at + 1]
        leaves.append(b[at + 2:at + 2 + l]); at += 2 + l
    assert at == len(b), "octets behind the last leaf"
hashes = [H(b"\x00" + l) for l in leaves]
assert base64.b64encode(root(hashes)).decode() == want, "root"
for i in range((size + 255) // 256):
    n = min(256, size - 256 * i)
    t = get("tile/0/" + name(i) + ("" if n == 256 else ".p/%d" % n))
    assert t == b"".join(hashes[256 * i:256 * i + n]), "tile"
open(work + "/leaves." + str(size), "wb").write(b"".join(hashes))
print(size)
X
reader() { python3 "$T/read.py" "$L" "$T"; }

check "a checkpoint is there" wait_for 30 grown 1
head=$(curl -fsSI "$L/checkpoint")
has "as a text" "$head" "Content-Type: text/plain; charset=utf-8"
has "for a moment" "$head" "max-age=2,"
is "its name is the address" "$(sed -n 1p "$T/cp")" "${INKAN_HTTP_URL#http://}/log"
etag=$(sed -n 's/^ETag: //p' <<<"$head" | tr -d '\r')
first=$(reader); check "a stranger reads it whole" test "${first:-0}" -gt 0
entries() { sqlite3 "file:$INKAN_STORE?mode=ro" 'select count(*) from entries'; }
need sqlite3
check "a device enrols" enrol_basic logged-1
n=$(entries)
check "its entries are in the log" wait_for 30 grown "$n"
is "the old checkpoint is no longer the newest" "$(curl -s -o /dev/null -w '%{http_code}' -H "If-None-Match: $etag" "$L/checkpoint")" 200
second=$(reader)
check "it has grown" test "${second:-0}" -gt "$first"
check "and begins with what it was" cmp -n $((32 * first)) "$T/leaves.$first" "$T/leaves.$second"

# Enough for a full tile.
check "120 more enrol" "$load" -s "127.0.0.1:${INKAN_EST_URL##*:}" -r "$INKAN_ROOT" \
    -n 120 -c 4 -C "$INKAN_MFG_CA" -K "$INKAN_MFG_CA_KEY"
n=$(entries)
check "more than a tile" test "$n" -gt 256
check "all of it is published" wait_for 10 grown "$n"
third=$(reader)
check "the stranger reads tiles" test "${third:-0}" -ge "$n"
check "which begin as before" cmp -n $((32 * second)) "$T/leaves.$second" "$T/leaves.$third"
head=$(curl -fsSI "$L/tile/0/000")
has "a full tile is for ever" "$head" "max-age=31536000,.*immutable"
has "in octets" "$head" "application/octet-stream"
is "its partial ones are gone" "$(curl -s -o /dev/null -w '%{http_code}' "$L/tile/0/000.p/7")" 404
for p in tile/0/../../../crl/devices-g1.crl .checkpoint.next tile tile/ tile/0/0 tile/0/000/ ../status.db; do
	is "not served: $p" "$(curl -s --path-as-is -o /dev/null -w '%{http_code}' "$L/$p")" 404
done
is "only reading" "$(curl -s -o /dev/null -w '%{http_code}' -X POST -d x "$L/checkpoint")" 405

# A crash and a restart change nothing of what was published.
kill -KILL "$(cat "$T/demo/run/inkan-ca.pid")"
wait_for 30 gone "$(cat "$T/demo/run/inkan-ca.pid")"
rm -f "$T/demo/run/inkan-ca.pid"
demo_start ca
check "a device enrols after a crash" enrol_basic logged-2
check "it is published" wait_for 10 grown "$(entries)"
fourth=$(reader)
check "the log goes on" cmp -n $((32 * third)) "$T/leaves.$third" "$T/leaves.$fourth"

has "status tells of the log" "$(status_row log)" "^ok localhost:.*entries, checkpoint .* key ed25519"
has "and of its anchor" "$(status_row log.anchors)" "^ok token"
check_not "nothing is to be accepted" inkan log accept --reason none
has "and it says so" "$(cat "$T/out")" "log.accept"
trans=$(grep "verifier key" "$T/demo/log/transcript")
has "the ceremony's transcript has its key" "$trans" "log localhost:.*/log: verifier key localhost"
finish
