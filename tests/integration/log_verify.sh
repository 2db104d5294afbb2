#!/usr/bin/env bash
# What is done to the store or the published log by hand is found and named.
tid="log verify: delete, change, re-order, insert, go back, cut"
. "$(dirname "$0")/lib.sh"
need sqlite3
demo_up
PUB=$T/demo/pub/log
for n in 1 2 3 4 5; do enrol_basic v$n; done
inkan revoke --serial "$(serial "$D/v4.pem")" --reason keyCompromise >/dev/null
# That CRL comes at once, the next one some seconds later: none is made meanwhile.
listed() { openssl crl -inform DER -in "$T/demo/pub/crl/devices-g1.crl" -noout -text | grep -qi "Serial Number: $(serial "$D/v4.pem")"; }
check "a revocation is on the CRL" wait_for 20 listed
inkan revoke --serial "$(serial "$D/v5.pem")" --reason certificateHold >/dev/null
inkan release --serial "$(serial "$D/v5.pem")" >/dev/null
published() { [ "$(sed -n 2p "$PUB/checkpoint")" = "$1" ]; }
entries() { inkan --json log list --all >"$T/list"; json "$T/list" 'len(d)'; }
verify() { out=$(inkan log verify "$@" 2>"$T/err"); rc=$?; }
# index of the first entry of a kind about a certificate
index_of() { json "$T/list" "[e['index'] for e in d if e['kind']=='$1' and '$2' in e['detail']][0]"; }

# The CRL that the last change asks for comes a little later, and is an entry.
crl_made() { json "$T/list" 'max(e["index"] for e in d if e["kind"] == "crl") > max(e["index"] for e in d if e["kind"] == "release")'; }
settled() { n=$(entries); [ "$(crl_made)" = True ] && published "$n"; }
check "all is published within the merge delay" wait_for 20 settled
verify
is "the running instance is well" $rc 0
has "  says so" "$out" "nothing found that is wrong"
has "  has looked at every entry" "$out" "^store: $n entries"
verify --url "$INKAN_HTTP_URL/log" --key "$PUB/log.vkey"
is "over HTTP" $rc 0
verify --dir "$PUB"
is "a folder, with the key that it offers" $rc 0
has "  which is said" "$(cat "$T/err")" "no --key: the one that .* offers itself is taken"
inkan --json log verify >"$T/json"
is "as JSON" "$(json "$T/json" '(d["entries"], d["found"])')" "($n, 0)"
check_not "another log's key" inkan log verify --dir "$PUB" --key "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
has "  by the rule's name" "$(cat "$T/out")" "checkpoint.origin"

# The document alone is enough for a verifier: no code of ours.
cat >"$T/verifier.py" <<'PY'
import base64, hashlib, os, sys
log = sys.argv[1]
def h(*parts): return hashlib.sha256(b''.join(parts)).digest()
def name(kind, n, width):
    digits = '%03d' % n
    while len(digits) % 3: digits = '0' + digits
    groups = [digits[i:i + 3] for i in range(0, len(digits), 3)]
    path = '/'.join(['x' + g for g in groups[:-1]] + [groups[-1]])
    return 'tile/%s/%s' % (kind, path + ('.p/%d' % width if width < 256 else ''))
def root(hashes):
    if len(hashes) == 1: return hashes[0]
    k = 1
    while 2 * k < len(hashes): k *= 2
    return h(b'\1', root(hashes[:k]), root(hashes[k:]))
origin, size, want = open(log + '/checkpoint').read().split('\n')[:3]
leaves = []
for n in range((int(size) + 255) // 256):
    width = min(256, int(size) - 256 * n)
    b = open(os.path.join(log, name('entries', n, width)), 'rb').read()
    tile = open(os.path.join(log, name('0', n, width)), 'rb').read()
    assert len(tile) == 32 * width
    for i in range(width):
        length = int.from_bytes(b[:2], 'big')
        leaf, b = b[2:2 + length], b[2 + length:]
        leaves.append(h(b'\0', leaf))
        assert leaves[-1] == tile[32 * i:32 * i + 32], (n, i)
    assert b == b''
assert len(leaves) == int(size)
assert base64.b64encode(root(leaves)).decode() == want, 'root'
print(origin, size, 'well')
PY
has "a verifier by the document alone agrees" "$(python3 "$T/verifier.py" "$PUB")" " $n well$"

# Yesterday's copy, and what was signed then.
cp "$PUB/checkpoint" "$T/yesterday"
demo_stop
mkdir "$T/old"; cp "$INKAN_STORE"* "$T/old/"
demo_start ca ra ocsp
enrol_basic v6
n=$(entries)
wait_for 10 published "$n"
verify --since "$T/yesterday"
is "since an earlier checkpoint" $rc 0
demo_stop
n=$(sed -n 2p "$PUB/checkpoint")
verify --store "$INKAN_STORE"
is "a store file, no program running" $rc 0
verify --store "$INKAN_STORE" --dir "$PUB" --since "$T/yesterday"
is "store and folder together" $rc 0

# --- the store, by hand ----------------------------------------------------
tamper() {	# SQL: on a copy of the store; sets $out, $rc
	rm -rf "$T/s"; mkdir "$T/s"; cp "$INKAN_STORE"* "$T/s/"
	sqlite3 "$T/s/${INKAN_STORE##*/}" "$1" || fail "sqlite3: $1"
	verify --store "$T/s/${INKAN_STORE##*/}" --dir "$PUB"
}
s2=$(serial "$D/v2.pem") s3=$(serial "$D/v3.pem") s4=$(serial "$D/v4.pem")
i=$(index_of issue.recorded "$s2") j=$(index_of issue.recorded "$s3")

tamper "DELETE FROM entries WHERE idx = $i"
is "a deleted entry" $rc 3
has "  named by its index" "$out" "^missing entry $i: issue.recorded of .*not in the store"
has "  and by its certificate" "$out" "^missing certificate devices-g1 $s2: no entry issue.recorded"
tamper "UPDATE entries SET detail = (SELECT detail FROM entries WHERE idx = $j) WHERE idx = $i"
is "a changed entry" $rc 3
has "  named" "$out" "^changed entry $i .*not what its leaf commits to"
tamper "UPDATE entries SET idx = -1 - idx WHERE idx IN (-1);
    UPDATE entries SET idx = 999999 WHERE idx = $i;
    UPDATE entries SET idx = $i WHERE idx = $j;
    UPDATE entries SET idx = $j WHERE idx = 999999"
is "two that change places" $rc 3
has "  named" "$out" "^re-ordered entry $i certificate devices-g1 $s3: .*was published as entry $j"
has "  both" "$out" "^re-ordered entry $j certificate devices-g1 $s2: .*was published as entry $i"
tamper "INSERT INTO entries SELECT idx + 1, time, 'ca.stop', salt, detail, leaf FROM entries WHERE idx = (SELECT max(idx) FROM entries)"
is "an inserted entry" $rc 3
has "  named" "$out" "^re-ordered entry $n.*: ca.stop: its leaf is that of entry $((n - 1))"
tamper "UPDATE certs SET state = 2, reason = -1, revoked_at = 0 WHERE lower(hex(serial)) = '$s4'"
is "a revocation taken back" $rc 3
has "  named" "$out" "^changed certificate devices-g1 $s4: valid in the store, revoked by"
tamper "UPDATE certs SET state = 4, reason = 1 WHERE lower(hex(serial)) = '$s3'"
has "a revocation that nobody made" "$out" "^changed certificate devices-g1 $s3: revoked in the store, valid by"
tamper "UPDATE cert_der SET der = (SELECT der FROM cert_der d JOIN certs c ON c.id = d.cert WHERE lower(hex(c.serial)) = '$s3') WHERE cert = (SELECT id FROM certs WHERE lower(hex(serial)) = '$s2')"
has "a certificate in place of another" "$out" "^changed certificate devices-g1 $s2: the certificate in the store is not the recorded one"
tamper "PRAGMA foreign_keys = OFF; DELETE FROM certs WHERE lower(hex(serial)) = '$s2'"
has "a certificate that is gone" "$out" "^missing entry $i certificate devices-g1 $s2: issue.recorded: the store has no such certificate"
tamper "UPDATE log_checkpoints SET root = zeroblob(32) WHERE size = (SELECT max(size) FROM log_checkpoints)"
has "a checkpoint of the store" "$out" "^unsigned: checkpoint over $n entries"
inkan --json log verify --store "$T/s/${INKAN_STORE##*/}" >"$T/json"
is "  as JSON" "$(json "$T/json" 'sorted(set(f["what"] for f in d["findings"]))')" "['forked', 'unsigned']"
verify --store "$T/old/${INKAN_STORE##*/}"
is "yesterday's copy is well in itself" $rc 0
verify --store "$T/old/${INKAN_STORE##*/}" --dir "$PUB"
is "  but not beside what was published" $rc 3
has "  and named" "$out" "^missing entry [0-9]+: the store ends after [0-9]+ entries, but the published checkpoint is over $n"
# What was lost of the store is not lost of the log.
has "  with what is lost" "$out" "^missing entry [0-9]+: issue.recorded of"

# --- the published log, by hand --------------------------------------------
P=$T/p
spoil() {	# command: on a copy of the folder
	rm -rf "$P"; cp -r "$PUB" "$P"
	(cd "$P" && eval "$1") || fail "$1"
	verify --store "$INKAN_STORE" --dir "$P"
}
last=tile/0/000.p/$n
spoil "truncate -s -32 $last"
is "the last tile is cut" $rc 3
has "  named" "$out" "^missing: $last: the tile has $((32 * n - 32)) octets, not $((32 * n))"
spoil "rm tile/entries/000.p/$n"
has "a bundle is gone" "$out" "^missing: tile/entries/000.p/$n: the file is not there"
spoil "truncate -s -5 tile/entries/000.p/$n"
has "a bundle is cut" "$out" "^missing entry $((n - 1)): the bundle is cut"
spoil "printf XXXX | dd of=$last bs=1 seek=$((32 * i)) conv=notrunc status=none"
has "a hash is changed" "$out" "^changed entry $i: its leaf in the bundle is not the one of the tree"
spoil "sed -i '2s/.*/$((n - 1))/' checkpoint"
is "the checkpoint's size is changed: no log of this key" $rc 1
has "  by the rule's name" "$(cat "$T/err")" "checkpoint.signature"
spoil "cp $T/yesterday checkpoint"
is "a log that went back, beside its store" $rc 0
verify --dir "$P" --since "$PUB/checkpoint"
is "  is told by who has seen more" $rc 3
has "  named" "$out" "the published log ends after [0-9]+ entries, but the checkpoint of --since is over $n"
check_not "--url and --dir together" inkan log verify --url http://x/ --dir "$P"
check_not "nothing is listening" inkan log verify --url http://127.0.0.1:9/log --key "$PUB/log.vkey"
finish
