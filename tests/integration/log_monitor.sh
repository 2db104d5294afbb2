#!/usr/bin/env bash
# The other side: a monitor and a witness, who are shown a fork.
tid="log monitor, log witness, log cosign"
. "$(dirname "$0")/lib.sh"
before_start() {
	openssl genpkey -algorithm ED25519 -out "$T/w.key" 2>/dev/null
	"$INKAN_BIN/inkan" log vkey --sign-key "$T/w.key" --name w.example/1 --witness >"$T/w.vkey"
	cat >>"$T/demo/config/ca.conf" <<-X
		log: { witnesses = [ "$(cat "$T/w.vkey")" ]; };
	X
}
demo_up
PUB=$T/demo/pub/log
URL=$INKAN_HTTP_URL/log
KEY=$PUB/log.vkey
published() { [ "$(sed -n 2p "$PUB/checkpoint")" = "$1" ]; }
settle() {
	inkan --json log list --all >"$T/list"
	wait_for 10 published "$(json "$T/list" 'len(d)')"
}
watch() { out=$(inkan log monitor --url "$URL" --key "$KEY" --state "$T/seen" --once "$@" 2>"$T/err"); rc=$?; }
enrol_basic thermo-1; enrol_basic thermo-2; settle
watch
is "a first look" $rc 0
has "  counts by kind" "$out" "entries 0 to [0-9]+ .*issue.recorded=10"
is "  remembers the checkpoint" "$(cmp "$T/seen" "$PUB/checkpoint" && echo same)" same
enrol_basic lamp-1; settle
watch
has "only what is new" "$out" " device.add=1 issue.reserved=1 issue.recorded=1$"
watch
has "nothing new" "$out" "entries ([0-9]+) to \1$"

# The auditor has what opens the leaves.
inkan log export >"$T/details"
is "the export has every entry" "$(wc -l <"$T/details")" "$(sed -n 2p "$PUB/checkpoint")"
rm "$T/seen"
watch --details "$T/details" --match 'THERMO-*'
is "opens every commitment" $rc 0
has "  all of them" "$out" "opened=$(wc -l <"$T/details") unopened=0"
has "  and tells names" "$out" 'certificate: entry=[0-9]+ .*subject="CN=thermo-1".*device="thermo-1"'
is "  only those asked for" "$(grep -c '^certificate:' <<<"$out")" 2
check_not "names without details" inkan log monitor --url "$URL" --key "$KEY" --state "$T/x" --once --match x
rm "$T/seen"
python3 - "$T/details" <<'PY'
import json, sys
lines = open(sys.argv[1]).read().splitlines()
d = json.loads(lines[7]); d['salt'] = '00' * 16; lines[7] = json.dumps(d)
open(sys.argv[1] + '.bad', 'w').write('\n'.join(lines) + '\n')
PY
watch --details "$T/details.bad"
is "a salt that is not the one" $rc 3
has "  named" "$(cat "$T/err")" "changed entry 7: .*the details do not open it"
check_not "nobody knows the details by the log alone" grep -rq thermo-1 "$PUB"

# A witness cosigns; the log takes it, publishes it, and it is checked.
openssl genpkey -algorithm ED25519 -out "$T/v.key" 2>/dev/null
inkan log vkey --sign-key "$T/v.key" --name v.example --witness >"$T/v.vkey"
inkan log witness --url "$URL" --key "$KEY" --sign-key "$T/v.key" --name v.example --state "$T/vstate" --out "$T/stranger"
check_not "a witness whom nobody knows" inkan log cosign "$T/stranger"
has "  by the rule's name" "$(cat "$T/out")" "log.witness"
check "a witness cosigns" inkan log witness --url "$URL" --key "$KEY" --sign-key "$T/w.key" --name w.example/1 --state "$T/wstate" --out "$T/cosigned"
has "  a line of its own" "$(cat "$T/cosigned")" "^— w.example/1 "
check "the log takes it" inkan log cosign "$T/cosigned"
check "  and serves it" wait_for 10 bash -c "curl -fsS '$URL/checkpoint.witnessed' | grep -q 'w.example/1'"
s=$(serial "$D/thermo-1.pem")
inkan log prove --serial "$s" >"$T/proof"
check "a proof that the witness stands for" inkan log check "$T/proof" --cert "$D/thermo-1.pem" --key "$KEY" --witness "$T/w.vkey"
has "  says when" "$(inkan log check "$T/proof" --cert "$D/thermo-1.pem" --key "$KEY" --witness "$T/w.vkey")" "^cosigned: w.example/1, 20"
check_not "but no other" inkan log check "$T/proof" --cert "$D/thermo-1.pem" --key "$KEY" --witness "$T/v.vkey"
has "  by the rule's name" "$(cat "$T/out")" "proof.witness"

# A fork: the log's own key signs another history, as it could if it were taken.
# (Signed here by a key in software that a second log has.)
openssl genpkey -algorithm ED25519 -out "$T/l.key" 2>/dev/null
cat >"$T/fork.py" <<'PY'
import base64, hashlib, os, subprocess, sys, tempfile
folder, name, key, forged = sys.argv[1:5]
def h(*p): return hashlib.sha256(b''.join(p)).digest()
def der(tag, body): return bytes([tag, len(body)]) + body
def leaf(i):
    text = b'forged' if forged == 'yes' and i == 1 else b'%d' % i
    return der(0x30, der(2, b'\1') + der(2, bytes([i])) + der(12, b'crl') +
        der(24, b'20261118110640Z') + der(4, h(text)))
def root(x):
    if len(x) == 1: return x[0]
    k = 1
    while 2 * k < len(x): k *= 2
    return h(b'\1', root(x[:k]), root(x[k:]))
n = int(sys.argv[5])
leaves = [leaf(i) for i in range(n)]
hashes = [h(b'\0', l) for l in leaves]
for kind, data in (('entries', b''.join(len(l).to_bytes(2, 'big') + l for l in leaves)), ('0', b''.join(hashes))):
    d = os.path.join(folder, 'tile', kind, '000.p'); os.makedirs(d, exist_ok=True)
    open(os.path.join(d, str(n)), 'wb').write(data)
text = '%s\n%d\n%s\n' % (name, n, base64.b64encode(root(hashes)).decode())
with tempfile.NamedTemporaryFile() as f, tempfile.NamedTemporaryFile() as s:
    f.write(text.encode()); f.flush()
    subprocess.check_call(['openssl', 'pkeyutl', '-sign', '-rawin', '-inkey', key, '-in', f.name, '-out', s.name])
    sig = open(s.name, 'rb').read()
pub = subprocess.check_output(['openssl', 'pkey', '-in', key, '-pubout', '-outform', 'DER'])[-32:]
kid = h(name.encode() + b'\n\1' + pub)[:4]
open(os.path.join(folder, 'checkpoint'), 'w').write(text + '\n— %s %s\n' % (name, base64.b64encode(kid + sig).decode()))
PY
inkan log vkey --sign-key "$T/l.key" --name l.example >"$T/l.vkey"
fork() { rm -rf "$T/l"; mkdir "$T/l"; python3 "$T/fork.py" "$T/l" l.example "$T/l.key" "$@"; }
other() { inkan log monitor --url "$T/l" --key "$T/l.vkey" --state "$T/lseen" --once >"$T/out" 2>&1; }
cosign() { inkan log witness --url "$T/l" --key "$T/l.vkey" --sign-key "$T/w.key" --name w.example/1 --state "$T/lw" >"$T/out" 2>&1; }
fork no 5
check "a second log, made by python and openssl, is followed" other
check "  and cosigned" cosign
fork no 9
check "it grows" other
check "  and is cosigned" cosign
fork yes 12
other; is "it goes on from another history: an alarm" $? 3
has "  said loudly" "$(cat "$T/out")" "^ALARM: the log l.example contradicts itself"
has "  by the rule's name" "$(cat "$T/out")" "log.fork: its first 9 entries are not those that were seen"
is "  the evidence is kept" "$(cmp "$T/lseen.fork" "$T/l/checkpoint" && sed -n 2p "$T/lseen")" 9
cosign; is "the witness does not sign it" $? 3
has "  by the rule's name" "$(cat "$T/out")" "log.fork"
fork no 5
other; is "it shrinks: an alarm" $? 3
has "  named" "$(cat "$T/out")" "the log had 9 entries, and has 5 now"
fork no 12
check "the true one goes on" other
check "  and is cosigned" cosign
printf XXXX | dd of="$T/l/tile/entries/000.p/12" bs=1 seek=60 conv=notrunc status=none
rm "$T/lseen"
other; is "a changed entry: an alarm" $? 3
has "  named" "$(cat "$T/out")" "changed entry 0: its leaf in the bundle is not the one of the tree"
rm -rf "$T/l"
rm -f "$T/lseen"
other; is "a log that is not there is no alarm" $? 1
finish
