#!/usr/bin/env bash
# A transcript is verified with nothing but itself, the file and certificates.
tid="ceremony: transcripts"
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hierarchy/lib.bash"
inkan() { "$INKAN_BIN/inkan" "$@"; }
P=$T/people
mkdir -p "$P"
demo_up
person() { openssl genpkey "${@:2}" -out "$P/$1.key" 2>/dev/null && inkan ceremony key --name "$1" --key "$P/$1.key" >"$P/$1.vkey"; }
person alice -algorithm ed25519
person bob -algorithm EC -pkeyopt ec_paramgen_curve:P-384
person eve -algorithm ed25519
# The first ceremony, which the quickstart ships, has left one as well.
check "the quickstart's transcript" inkan ceremony verify "$INKAN_DIR/log/transcript" --unsigned \
    --file "$INKAN_CONFIG_DIR/ceremony.conf" --cert "$INKAN_ROOT" --cert "$INKAN_ISSUER"
has "  it tells what it is" "$(cat "$T/out")" "^kind +init"
logged=$(sed -n 's/^log entry *//p' "$T/out")
has "  its digest is in the log" "$(inkan --json log list --all)" "transcript=$logged; records="
demo_stop

cat >"$INKAN_CONFIG_DIR/people" <<X
participants = ( { name = "alice"; key = "$(cat "$P/alice.vkey")"; }, { name = "bob"; key = "$(cat "$P/bob.vkey")"; } );
quorum = 2;
X
{ ceremony_url; echo 'issuers = ( { name = "sensors"; set = [ "cn=Sensors CA G1", "o=Inkan Demo" ]; certificate = "../certs/sensors.pem"; } );'
    cat "$INKAN_CONFIG_DIR/people"; } | ceremony_file add intermediate root root
C=$INKAN_CONFIG_DIR/add.conf
for who in alice bob; do inkan ceremony sign "$C" --key "$P/$who.key" --name $who >/dev/null; done
ceremony add; is "a ceremony with a quorum" $? 0
# What leaves the machine: transcript, file, certificate, keys of the people.
A=$T/away
mkdir "$A"
cp "$INKAN_DIR/log/transcript.2" "$A/t"; cp "$C" "$A/c"; cp "$INKAN_DIR/certs/sensors.pem" "$A"; cp "$INKAN_ISSUER" "$A/devices.pem"
cat "$P/alice.vkey" "$P/bob.vkey" >"$A/keys"
demo_start ca
entry=$(inkan --json log list --all)
demo_stop
mv "$INKAN_DIR" "$T/gone" 2>/dev/null	# another machine
v() { (cd "$A" && env -u INKAN_ADMIN_SOCKET inkan ceremony verify "$@") 2>&1; }
inkan() { "$BUILD/inkan" "$@"; }
said=$(v t --file c --cert sensors.pem); is "nobody has signed it yet: refused" $? 1
has "  quorum.short" "$said" "quorum\.short: the transcript: signed by 0"
said=$(v t --file c --cert sensors.pem --unsigned); is "  but for --unsigned" $? 0
seal() { inkan ceremony sign "$A/t" --key "$P/$1.key" --name "$1"; }
check "alice signs it" seal alice
said=$(v t --file c); is "alice alone: refused" $? 1
check "alice once more" seal alice
said=$(v t --file c); is "alice twice: refused" $? 1
has "  she counts once" "$said" "quorum\.(short|twice).*"
# Bob signs elsewhere, and his signature is carried.
check "bob signs elsewhere" inkan ceremony sign "$A/t" --key "$P/bob.key" --name bob --out "$A/bob.note"
check "  it is added" inkan ceremony sign "$A/t" --add "$A/bob.note"
said=$(v t --file c --cert sensors.pem); is "both, the file, the certificate" $? 0
has "  who approved" "$said" "approved by +alice, bob"
has "  who sealed" "$said" "sealed by +alice, bob"
has "  what the log has" "$entry" "transcript=$(sed -n 's/^log entry *//p' <<<"$said"); records="
said=$(v t); is "by itself" $? 0
has "  it says whose keys these are" "$said" "names itself"
check "with the people's keys from elsewhere" v t --participants keys --file c
check "a stranger needs sha256sum only" bash -c '
    n=$(grep -n "^$" "$1" | head -1 | cut -d: -f1)
    want=$(sed -n "$((n + 2))s/^sha256 //p" "$1")
    [ "$(head -n $((n - 1)) "$1" | sha256sum | cut -d" " -f1)" = "$want" ] || exit 1
    for k in $(seq 2 $((n - 1))); do
	p=$(sed -n "${k}s/.* prev=//p" "$1")
	[ "$(head -n $((k - 1)) "$1" | sha256sum | cut -d" " -f1)" = "$p" ] || exit 1
    done' - "$A/t"

bad() {	# what rule files...
	local what=$1 rule=$2; shift 2
	said=$(v "$@"); is "$what: refused" $? 1
	has "  $rule" "$said" "$rule"
}
cp "$A/t" "$A/good"
# Every octet of a record, every bit of the seal: some at random, all by kind.
size=$(($(grep -n '^$' "$A/good" | head -1 | cut -d: -f1) - 1))
end=$(head -n "$size" "$A/good" | wc -c)
n=0
for _ in $(seq 25); do
	python3 - "$A/good" "$A/t" "$end" <<-'X'
	import random, sys
	d = bytearray(open(sys.argv[1], "rb").read())
	d[random.randrange(int(sys.argv[3]))] ^= 1 << random.randrange(7)
	open(sys.argv[2], "wb").write(d)
	X
	said=$(v t --file c) && { fail "one bit changed: accepted"; diff "$A/good" "$A/t"; }
	grep -qE 'transcript\.(format|chain|number|end|seal|rehearsal)|participants|note\.|quorum\.' <<<"$said" || fail "no rule: $said"
	n=$((n + 1))
done
is "records with one bit changed, each refused by a rule" $n 25
change() { sed "$@" "$A/good" >"$A/t"; }
change 's/subject="CN=Sensors CA G1/subject="CN=Sensors CA G2/'; bad "a name changed" "transcript\.chain: line" t
change 5d; bad "a line left out" "transcript\.number" t
change '5{h;d};6G'; bad "two lines exchanged" "transcript\.number" t
change 's/ end result="done"/ end result="dome"/'; bad "its last line changed" "transcript\.end: the ceremony ended as dome$" t --unsigned
head -n $((size - 1)) "$A/good" >"$A/t"; bad "cut off before its end" "transcript\.end" t
head -c $((end - 10)) "$A/good" >"$A/t"; bad "cut off within a line" "transcript\.format" t
change '1s/transcript/rehearsal/'; bad "called a rehearsal" "transcript\.chain" t
change "/^sha256/s/[0-9a-f]\$/$(sed -n '/^sha256/s/.*\(.\)$/\1/p' "$A/good" | tr 0-9a-f 1-9a-f0)/"
bad "another digest in the seal" "transcript\.seal" t
cp "$A/good" "$A/t"
bad "another certificate" "transcript\.cert: devices.pem" t --cert devices.pem
sed 's/Sensors/sensors/' "$A/c" >"$A/c2"
bad "another ceremony's file" "transcript\.file" t --file c2
{ cat "$P/alice.vkey"; sed 's/^eve/bob/' "$P/eve.vkey"; } >"$A/keys2"
bad "another bob" "quorum\.unknown.*bob|participants" t --participants keys2
inkan ceremony sign "$A/t" --key "$P/eve.key" --name eve >/dev/null
bad "somebody else signed, too" "quorum\.unknown.*eve" t
# The whole of it forged: consistent with itself, not with the file.
python3 - "$A/good" "$A/forged" "$(cat "$P/eve.vkey")" <<'X'
import hashlib, re, sys
lines = open(sys.argv[1]).read().split("\n\n")[0].split("\n")
out = lines[0] + "\n"
n = 0
for l in lines[1:]:
    l = re.sub(r" prev=[0-9a-f]{64}$", "", l)
    act = l.split(" ")[2]
    if act in ("participant", "approval"):
        continue
    n += 1
    l = re.sub(r"^\d+", str(n), l).replace('quorum="2"', 'quorum="0"')
    out += l + " prev=" + hashlib.sha256(out.encode()).hexdigest() + "\n"
open(sys.argv[2], "w").write(out)
X
check "a forged one is whole in itself" v forged --unsigned
bad "  but the file demands a quorum" "quorum\.short" forged --file c
bad "  and so do keys from elsewhere" "quorum\.none" forged --participants keys
mv "$T/gone" "$INKAN_DIR"
finish
