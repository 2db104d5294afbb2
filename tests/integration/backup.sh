#!/usr/bin/env bash
# A backup made while certificates are issued is of one moment, is found out when
# it was touched, and is enough to go on from, as docs/failure.md says.
tid="backup, and the way back"
. "$(dirname "$0")/lib.sh"
need sqlite3
before_ceremony() {
	echo 'tpm: { classes = [ "discrete" ]; };' >"$T/demo/config/fleets/tpm.attest"
	echo 'socket = "verifier.sock";' >"$T/demo/config/verifier.conf"
}
before_start() { printf 'log: { anchor_interval = "1s"; };\n' >>"$T/demo/config/ca.conf"; }
demo_up
conf=$INKAN_CONFIG_DIR/ca.conf
B=$T/backup
ask() { timeout 20 openssl ocsp -issuer "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" -url "$INKAN_OCSP_URL" -cert "$D/$1.pem" 2>&1; }
count() { sqlite3 "file:$1?mode=ro" "$2"; }

check "a device enrols" enrol_basic first
cp "$D/first.key" "$T/demo/config/fleets/oops.pem"
# Devices keep coming while it is made.
( n=0; while [ ! -f "$T/enough" ]; do n=$((n + 1)); enrol_basic busy$n || echo "busy$n $code"; done ) >"$T/busy" 2>&1 &
busy=$!
wait_for 30 test -s "$D/busy1.pem"
inkan backup --config "$conf" "$B" >"$T/made" 2>"$T/err"
is "a backup while issuing" $? 0
touch "$T/enough"; wait $busy
is "no device was sent away for it" "$(cat "$T/busy")" ""
check "a device enrols afterwards" enrol_basic after
check "one is revoked afterwards" inkan revoke --serial "$(serial "$D/busy1.pem")" --reason keyCompromise
out=$(cat "$T/made" "$T/err")
has "it says what it has" "$out" "^store: schema [0-9]+, [0-9]+ entries"
has "and that it is well" "$out" "^nothing found that is wrong"
has "and what is left out" "$out" "^left out: tokens, PIN files and status.db"
has "a key that lay there by mistake, too" "$out" "^left out: .*/fleets/oops.pem: a private key"
is "no PIN is in it" "$(grep -rlF "$(cat "$T/demo/pins/ca.pin")" "$B" | head -1)" ""
is "no private key is in it" "$(grep -rl 'PRIVATE KEY' "$B" | head -1)" ""
for f in store.db config/ca.conf config/ra.conf config/verifier.conf config/fleets/tpm.attest config/profiles/device-ldevid.conf pub/crl/devices-g1.crl pub/log/checkpoint MANIFEST; do
	check "it has $f" test -s "$B/$f"
done
check_not "but not status.db" test -e "$B/status.db"
is "it is the owner's alone" "$(stat -c %a "$B" "$B/store.db" | tr '\n' ' ')" "700 600 "
is "the manifest's hash was printed" "$(sed -n 's/^manifest: //p' "$T/made")" "$(sha256sum <"$B/MANIFEST" | cut -d' ' -f1)"
is "a file's hash is what others say" "$(sed -n 's/^file \([0-9a-f]*\) [0-9]* store.db$/\1/p' "$B/MANIFEST")" "$(sha256sum <"$B/store.db" | cut -d' ' -f1)"
check_not "not over one that is there" inkan backup --config "$conf" "$B"
has "  by the rule's name" "$(cat "$T/out")" "backup.exists"
check "it holds" inkan backup --verify "$B"
inkan --json backup --verify "$B" >"$T/json"
is "as JSON" "$(json "$T/json" '(d["found"], d["entries"])')" "(0, $(count "$B/store.db" 'select count(*) from entries'))"
is "looking has changed nothing" "$(find "$B" -newer "$B/MANIFEST" -type f)" ""
check "the CA's own tool reads it" inkan cert show --store "$B/store.db" --serial "$(serial "$D/first.pem")"

# --- one that was touched ----------------------------------------------------
spoil() {	# what, exit status, pattern, command
	local out rc
	rm -rf "$T/s"; cp -a "$B" "$T/s"
	(cd "$T/s" && eval "$4") || fail "$4"
	out=$(inkan backup --verify "$T/s" 2>&1); rc=$?
	is "$1" $rc "$2"
	has "  named" "$out" "$3"
}
spoil "a file is gone" 3 "^pub/crl/devices-g1.crl: is not there" "rm pub/crl/devices-g1.crl"
spoil "a file is changed" 3 "^config/ca.conf: is another file" "sed -i 's/16/17/' config/ca.conf"
spoil "a file too many" 3 "^config/x.conf: is not in the manifest" "cp config/ca.conf config/x.conf"
spoil "the manifest is cut" 1 "backup.manifest: .*cut" "sed -i '\$d' MANIFEST"
spoil "a file outside of it" 1 "backup.manifest: .*outside" "sed -i 's| store.db\$| ../store.db|' MANIFEST"
# Somebody who makes the manifest fit: the log finds him.
fit='h=$(sha256sum <store.db | cut -d" " -f1); n=$(stat -c %s store.db); sed -i "s|^file .* store.db\$|file $h $n store.db|" MANIFEST'
spoil "an entry taken out, the manifest made to fit" 3 "^log: missing entry 3" "sqlite3 store.db 'delete from entries where idx = 3'; $fit"
spoil "another store, the manifest made to fit" 3 "^MANIFEST: it tells of another store" "sqlite3 store.db 'delete from entries where idx = (select max(idx) from entries)'; $fit"
spoil "a store that is none" 3 "store" "head -c 9000 /dev/urandom >store.db; $fit; sed -i 's|^file \\S* \\S* config/ca.conf|file $(printf %064d 0) 1 config/ca.conf|' MANIFEST"

# --- one that was cut off ----------------------------------------------------
mkdir "$T/c.tmp"
check_not "the rest of one that was killed" inkan backup --config "$conf" "$T/c"
has "  is told of" "$(cat "$T/out")" "backup.cut: $T/c.tmp"
check_not "no store to copy" inkan backup --store "$T/none.db" --config "$conf" "$T/d"
check_not "nothing is left of one that failed" test -e "$T/d" -o -e "$T/d.tmp"
check_not "not put back beside a running CA" inkan restore --config "$conf" "$B"
has "  by the rule's name" "$(cat "$T/out")" "restore.running: "
# Killed at any moment: the whole folder, or none of that name.
whole_or_not() { [ ! -e "$T/k" ] || inkan backup --verify "$T/k"; }
for after in 0.01 0.03 0.05 0.1; do
	inkan backup --config "$conf" "$T/k" >/dev/null 2>&1 &
	p=$!
	sleep $after; { kill -KILL $p; wait $p; } 2>/dev/null
	check "killed after $after s: whole or not there" whole_or_not
	rm -rf "$T/k" "$T/k.tmp"
done
# A disk that is too small, where one can be made.
mkdir "$T/small"
if mount -t tmpfs -o size=200k none "$T/small" 2>/dev/null; then
	more_cleanup=undo
	undo() { umount -l "$T/small" 2>/dev/null; }
	check_not "no space for it" inkan backup --config "$conf" "$T/small/b"
	has "  is said" "$(cat "$T/out")" "full|No space"
	is "  and nothing is left" "$(ls -A "$T/small")" ""
fi
listed() { openssl crl -inform DER -in "$T/demo/pub/crl/devices-g1.crl" -noout -text | grep -q "$(serial_of "$D/busy1.pem")"; }
check "the CRL tells who was revoked since" wait_for 20 listed
demo_stop
check "without a running CA" inkan backup --config "$conf" "$T/e"
check "  it holds, too" inkan backup --verify "$T/e"

# --- the way back: the steps of docs/failure.md ------------------------------
check "1. the backup holds" inkan backup --verify "$B"
check_not "nothing is written over" inkan restore --config "$conf" "$B"
has "  by the rule's name" "$(cat "$T/out")" "restore.exists: "
mkdir "$T/aside"
mv "$T/demo/pub" "$T/aside/"		# 2. what is there is put aside
mv "$INKAN_STORE"* "$T/demo/state"/status.db* "$T/aside/"
cp -a "$B" "$T/s2"; echo x >>"$T/s2/pub/crl/devices-g1.crl"
check_not "3. not from a backup that was touched" inkan restore --config "$conf" "$T/s2"
check_not "  then nothing is there" test -e "$INKAN_STORE" -o -e "$T/demo/pub"
check "  store and published files" inkan restore --config "$conf" "$B"
check "  as they were" diff -r "$B/pub" "$T/demo/pub"
is "  with their modes" "$(stat -c %a "$INKAN_STORE" "$T/demo/pub/log/checkpoint" "$T/demo/pub" | tr '\n' ' ')" "600 644 755 "
demo_start ca ra ocsp
has "4. the token remembers more than the store" "$(status_row log)" "^fail log.rollback: the token's anchor tells of"
check_not "nothing is issued" enrol_basic refused
check "5. the operator decides" inkan log accept --reason "restored from the backup"
check "it issues" enrol_basic again
check "what was issued before the backup is there" inkan cert show --serial "$(serial "$D/first.pem")"
check_not "6. what came after is unknown" inkan cert show --serial "$(serial "$D/after.pem")"
csr "$D/after.key" "/CN=after" | base64 >"$T/after.b64"
post simplereenroll "$T/after.b64" --cert "$D/after.pem" --key "$D/after.key"
check_not "  it cannot be renewed with" test "$code" = 200
check_not "  OCSP does not call it good" grep -q "after.pem: good" <<<"$(ask after)"
is "  also that one was revoked" "$(inkan --json cert list --device busy1 | json - 'd[0]["state"]')" valid
has "  but the CRL put aside tells it" "$(openssl crl -inform DER -in "$T/aside/pub/crl/devices-g1.crl" -noout -text | tr a-f A-F)" "$(serial "$D/busy1.pem" | tr a-f A-F)"
check "  it is revoked again" inkan revoke --serial "$(serial "$D/busy1.pem")" --reason keyCompromise
check "  and an unknown one that turns up" inkan revoke --issuer devices-g1 --serial "$(serial "$D/after.pem")" --unknown
number() { openssl crl -inform DER -in "$1/crl/devices-g1.crl" -noout -crlnumber | sed 's/.*=//; s/0x//'; }
newer() { [ $((16#$(number "$T/demo/pub"))) -gt $((16#$(number "$T/aside/pub"))) ]; }
check "no CRL number comes twice" wait_for 20 newer
told() { ask after | grep -q 'after.pem: revoked' && ask first | grep -q 'first.pem: good'; }
check "OCSP knows both" wait_for 20 told
well() { inkan log verify; }
check "the next log is in order" wait_for 20 well
check "and the next backup" inkan backup --config "$conf" "$T/f"
check "  which holds" inkan backup --verify "$T/f"
finish
