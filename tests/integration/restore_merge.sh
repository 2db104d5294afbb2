#!/usr/bin/env bash
# The day of the restore (docs/failure.md): a store put back from a backup takes
# back what the published log, CRLs, an export and a folder of certificates know.
tid="restore --merge"
. "$(dirname "$0")/lib.sh"
need sqlite3
before_start() { printf 'log: { anchor_interval = "1s"; };\n' >>"$T/demo/config/ca.conf"; }
demo_up
conf=$INKAN_CONFIG_DIR/ca.conf
B=$T/backup
ocsp() { timeout 20 openssl ocsp -issuer "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" -url "$INKAN_OCSP_URL" -cert "$D/$1.pem" 2>&1 | sed -n "s|^$D/$1.pem: ||p"; }
count() { sqlite3 "file:$INKAN_STORE?mode=ro" "$1"; }
state() { inkan --json cert show --serial "$(serial "$D/$1.pem")" | json - '" ".join(map(str, (d["state"], d.get("fleet"), d.get("device"))))' 2>/dev/null || echo unknown; }
settled() { [ "$(sed -n 2p "$T/demo/pub/log/checkpoint")" = "$(count 'select count(*) from entries')" ]; }
listed() { openssl crl -inform DER -in "$T/demo/pub/crl/devices-g1.crl" -noout -text | tr A-F a-f | grep -q "$(serial "$D/$1.pem")"; }
number() { openssl crl -inform DER -in "$1/crl/devices-g1.crl" -noout -crlnumber | sed 's/.*=//; s/0x//'; }
merge() { inkan restore --merge --config "$conf" "$@"; }
renew() { csr "$D/$1.key" "/CN=$1" | base64 >"$T/$1.b64"; post simplereenroll "$T/$1.b64" --cert "$D/$1.pem" --key "$D/$1.key"; [ "$code" = 200 ]; }

for d in first gone held; do check "$d enrols" enrol_basic $d; done
check "a backup" inkan backup --config "$conf" "$B"
mkdir "$T/found" "$T/found/more" "$T/later"

# --- what nobody would know any more -----------------------------------------
for d in after found revoked; do check "$d enrols after the backup" enrol_basic $d; done
check "one is renewed" renew first && take_cert "$T/found/first-2.pem"
check "one is revoked" inkan revoke --serial "$(serial "$D/gone.pem")" --reason keyCompromise
check "one is put on hold" inkan revoke --serial "$(serial "$D/held.pem")" --reason certificateHold
check "one of the new ones is revoked" inkan revoke --serial "$(serial "$D/revoked.pem")" --reason superseded
check "an export of the log" eval 'inkan log export >"$T/details"'
check "one more enrols, after the export" enrol_basic nowhere
check "and one of which a proof is left" enrol_basic proved
for d in gone held revoked; do check "$d is on the CRL" wait_for 40 listed $d; done
check "the log is published" wait_for 20 settled
check "a proof" inkan log prove --serial "$(serial "$D/proved.pem")" --out "$T/found/proved.tlog-proof"
cp "$D/found.pem" "$D/proved.pem" "$D/first.pem" "$INKAN_ISSUER" "$D/found.key" "$T/found/"
openssl x509 -in "$D/proved.pem" -outform DER -out "$T/found/more/proved.der"
check_not "not beside a running CA" merge "$T/demo/pub"
has "  by the rule's name" "$(cat "$T/out")" "restore.running: "
demo_stop
mkdir "$T/aside"
mv "$T/demo/pub" "$INKAN_STORE"* "$T/demo/state"/status.db* "$T/aside/"
P=$T/aside/pub
size=$(sed -n 2p "$P/log/checkpoint")
check "store and published files are put back" inkan restore --config "$conf" "$B"
had=$(count 'select count(*) from entries')
check "something came after the backup" test "$size" -gt "$had"

# --- what is refused, whole ---------------------------------------------------
refuse() {	# what, rule, words...
	local what=$1 rule=$2; shift 2
	check_not "$what" merge "$@"
	has "  by the rule's name" "$(cat "$T/out")" "$rule"
	is "  and nothing was changed" "$(count 'select (select count(*) from entries), (select count(*) from certs where cert_sha256 is not null)')" "$had|$known"
}
known=$(count 'select count(*) from certs where cert_sha256 is not null')
refuse "nothing to take from" "merge.file: nothing to take" "$T/found"
cp -a "$P" "$T/p1"
f=$T/p1/log/tile/entries/000.p/$size
python3 - "$f" <<'X'
import sys
b = bytearray(open(sys.argv[1], 'rb').read()); b[-1] ^= 1
open(sys.argv[1], 'wb').write(b)
X
refuse "a leaf that was changed" "merge.fork: " "$T/p1"
cp -a "$P" "$T/p2"; sed -i '2s/.*/9/' "$T/p2/log/checkpoint"
refuse "a checkpoint that was changed" "merge.log: " "$T/p2"
cp -a "$P" "$T/p3"; rm "$T/p3/log/tile/entries" -r
refuse "a log without its leaves" "merge.log: " "$T/p3"
mkdir -p "$T/p4/crl"; python3 - "$P/crl/devices-g1.crl" "$T/p4/crl/x.crl" <<'X'
import sys
b = bytearray(open(sys.argv[1], 'rb').read()); b[-1] ^= 1
open(sys.argv[2], 'wb').write(b)
X
refuse "a CRL with a wrong signature" "merge.signature: " "$T/p4"
new_key "$T/other.key"; mkdir "$T/foreign"
openssl req -x509 -new -key "$T/other.key" -subj /CN=other -out "$T/foreign/x.pem" 2>/dev/null
refuse "somebody else's certificate" "merge.foreign: " "$P" --certs "$T/foreign"
issuer=$(openssl x509 -in "$D/found.pem" -noout -issuer -nameopt compat | sed 's/^issuer= *//')
openssl req -x509 -new -key "$T/other.key" -subj "$issuer" -out "$T/foreign/x.pem" 2>/dev/null
refuse "one that only names our CA" "merge.signature: " "$P" --certs "$T/foreign"
# The store of another config: it went its own way since it was put back.
cp "$B/store.db" "$T/own.db"
sqlite3 "$T/own.db" 'insert into entries select (select max(idx) + 1 from entries), time, kind, salt, detail, leaf from entries where idx = 3'
printf 'store = "%s"; publish_dir = "/nonexistent"; policy_dir = "/nonexistent";\n' "$T/own.db" >"$T/own.conf"
check_not "a store that went its own way" inkan restore --merge --config "$T/own.conf" "$P"
has "  by the rule's name" "$(cat "$T/out")" "merge.fork: .*before the first start"
check_not "options of a merge without it" inkan restore --config "$conf" --certs "$T/found" "$B"

# --- a dry run, then the log, the CRLs and the folder -------------------------
check "a dry run" merge --dry-run "$P" --certs "$T/found"
has "  says what it would do" "$(cat "$T/out")" "^log: $had entries in the store, $size published, $((size - had)) taken over"
has "  and that it did not" "$(cat "$T/out")" "^dry run: nothing was changed"
is "  which is true" "$(count 'select (select count(*) from entries), (select count(*) from certs where cert_sha256 is not null)')" "$had|$known"
inkan --json restore --merge --config "$conf" --reason "the disk was gone" "$P" --certs "$T/found" >"$T/json" 2>"$T/err"
is "the merge" $? 0
v() { json "$T/json" "d[\"$1\"]"; }
is "  takes over the leaves" "$(v adopted)" $((size - had))
is "  opens what the proof opens" "$(v opened)" 1
is "  knows the certificates that were found" "$(v certificates) $(v completed)" "2 1"
is "  revokes what the CRL tells of" "$(v revoked) $(v unknown)" "2 1"
is "  counts what nothing tells of" "$(v unexplained)" 2
has "  says whose it cannot tell" "$(cat "$T/err")" "found.pem: CN=found.*whose device"
is "  the found key was not looked at" "$(grep -c 'found.key' "$T/err")" 0
now=$(count 'select count(*) from entries')
check "once more" merge "$P" --certs "$T/found"
has "  there is nothing to do" "$(cat "$T/out")" "^nothing to do"
is "  and nothing is done" "$(count 'select count(*) from entries')" "$now"
refuse_newer() { merge "$B/pub"; }
check_not "an older log is not taken" refuse_newer
has "  by the rule's name" "$(cat "$T/out")" "merge.newer: "
check "the log holds, as far as it is known" inkan log verify --store "$INKAN_STORE"
has "  with what is lost" "$(cat "$T/out")" "^without detail: [0-9]+ entries"
# Details that were taken out are no such thing.
cp "$INKAN_STORE" "$T/cut.db"; sqlite3 "$T/cut.db" "update entries set salt = x'', detail = x'' where idx = 5"
check_not "a detail that was taken out is found" inkan log verify --store "$T/cut.db"
has "  by its index" "$(cat "$T/out")" "missing entry 5: "

# --- the export that was kept -------------------------------------------------
inkan --json restore --merge --config "$conf" --details "$T/details" >"$T/json"
is "the export is merged, too" $? 0
check "  it opens entries" test "$(v opened)" -gt 5
is "  one certificate is known by it alone" "$(v unseen)" 1
is "  devices come back" "$(v devices)" 3
is "  one certificate is left that nothing tells of" "$(v unexplained)" 1

# --- and on it goes -----------------------------------------------------------
demo_start ca ra ocsp
goes_on() { [ "$(status_row log | cut -d' ' -f1)" = ok ]; }
check "the log goes on" wait_for 20 goes_on
check "it issues" wait_for 20 enrol_basic again
is "one that was found is valid, and whose it is" "$(state found)" "valid $(count "select fleet from certs where subject = 'CN=found'") found"
is "so is one that only the log knows" "$(state after | cut -d' ' -f1,3)" "valid after"
is "and one of which a proof and the certificate were found" "$(state proved | cut -d' ' -f1)" valid
is "one on the CRL alone is revoked" "$(state revoked | cut -d' ' -f1)" revoked
is "so is one of before" "$(state gone | cut -d' ' -f1)" revoked
is "and one is held" "$(state held | cut -d' ' -f1)" held
is "one is nowhere" "$(state nowhere)" unknown
told() { [ "$(ocsp found)/$(ocsp after)/$(ocsp gone)/$(ocsp revoked)" = good/good/revoked/revoked ]; }
check "OCSP says so" wait_for 20 told
is "  and does not know what is nowhere" "$(ocsp nowhere)" unknown
check "what only the log knew is revoked by its serial" inkan revoke --serial "$(serial "$D/after.pem")" --reason superseded
check "what was found can be renewed with" renew found
newer() { [ $((16#$(number "$T/demo/pub"))) -gt $((16#$(number "$P"))) ]; }
check "CRL numbers go on" wait_for 40 newer
for d in gone held revoked after; do check "$d is on the next CRL" wait_for 40 listed $d; done
well() { inkan log verify; }
check "the log is in order" wait_for 20 well
check "and continues what was published" inkan log verify --since "$P/log/checkpoint"
has "the merge is on record" "$(inkan log list --all)" "restore.merged .*the disk was gone"

# --- a certificate that turns up later ----------------------------------------
demo_stop
cp "$D/nowhere.pem" "$T/later/"
check "one more turns up" merge --certs "$T/later"
has "  it is new" "$(cat "$T/out")" "^certificates: 1 new"
check_not "  all is known now" grep -q UNKNOWN "$T/out"
check "a backup of this" inkan backup --config "$conf" "$T/next"
check "  which holds" inkan backup --verify "$T/next"
demo_start ca ra ocsp
is "it is valid" "$(state nowhere | cut -d' ' -f1)" valid
finish
