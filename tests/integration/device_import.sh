#!/usr/bin/env bash
# Devices by the file: CSV and JSON lines, all or nothing or --keep-going, the
# same file again, fields in certificates, pinned keys.
tid="device import"
. "$(dirname "$0")/lib.sh"
N=${N:-3000}
before_ceremony() {
	sed -i 's|^san = (|san = (\n\t{ type = "hardware-module-name"; oid = "1.3.6.1.4.1.32473.1.1"; from = "registry.hw_serial"; optional = true; },|' \
	    "$T/demo/config/profiles/device-ldevid.conf"
	sed -i 's/^subject = (/subject = (\n\t{ attribute = "OU"; from = "registry.site"; optional = true; },/' \
	    "$T/demo/config/profiles/device-ldevid.conf"
}
demo_up
import() { inkan --json device import "$@" >"$T/j" 2>"$T/e"; }
counts() { json "$T/j" '(d.get("added", d.get("new")), d["unchanged"], d["refused"])'; }
known() { inkan --json device show "$1" --fleet "${2:-devices}" >"$T/dev" 2>/dev/null; }
adds() { inkan --json log list | json - "sum(e['kind'] == '$1' for e in d)"; }

# --- CSV: quotes, line ends in quotes, CRLF, a byte order mark, empty values
new_key "$T/k1"; openssl pkey -in "$T/k1" -pubout -out "$T/k1.pub"
new_key "$D/imp-2.key"
hash2=$(openssl pkey -in "$D/imp-2.key" -pubout -outform DER | sha256sum | cut -d' ' -f1)
{
	printf '\357\273\277name,serial,key,key_sha256,site,hw_serial\r\n'
	printf 'imp-1,SN-1,"%s",,"Halle ""7"", Tor 2",HW-1\r\n' "$(cat "$T/k1.pub")"
	printf '\r\nimp-2,SN-2,,%s,,HW-2\r\n' "$hash2"
	printf 'imp-3,,,,,\n'
} >"$T/a.csv"
import --fleet devices "$T/a.csv" --dry-run; is "a dry run" $? 0
is "  tells what is new" "$(counts)" "(3, 0, 0)"
check_not "  and writes nothing" known imp-1
import --fleet devices "$T/a.csv"; is "import" $? 0
is "  counts" "$(counts)" "(3, 0, 0)"
known imp-1
is "  quotes and commas" "$(json "$T/dev" 'd["fields"]')" 'hw_serial=HW-1; site=Halle "7", Tor 2'
is "  origin, serial" "$(json "$T/dev" '(d["origin"], d["serial"], d["key_sha256"] is not None)')" "('import:1', 'SN-1', True)"
known imp-3; is "  empty values are none" "$(json "$T/dev" '(d.get("serial"), d.get("fields"), d["key_sha256"])')" "(None, None, None)"
is "  an entry for each device" "$(adds device.add)" 3
is "  and one for the file" "$(adds device.import)" 1
inkan log list --all | grep device.import >"$T/l"
has "  with its hash" "$(cat "$T/l")" "$(sha256sum <"$T/a.csv" | cut -d' ' -f1)"
import --fleet devices "$T/a.csv"; is "the same file again" $? 0
is "  changes nothing" "$(counts) $(adds device.add)" "(0, 3, 0) 3"

# --- what was imported stands in certificates; the pinned key is the only one
new_key "$D/imp-x.key"
csr "$D/imp-x.key" /CN=imp-2 | base64 >"$T/b"
post simpleenroll "$T/b" -u "$(basic)"; is "another key than the pinned one" "$code" 403
has "  by its rule" "$(reason)" "attest.pinned-key"
csr "$D/imp-2.key" /CN=imp-2 | base64 >"$T/b"
post simpleenroll "$T/b" -u "$(basic)"; is "the pinned one" "$code" 200
take_cert "$D/imp-2.pem"
has "  hardwareModuleName from the registry" "$(openssl x509 -in "$D/imp-2.pem" -noout -ext subjectAltName)" "1.3.6.1.5.5.7.8.4|othername"
csr "$T/k1" /CN=imp-1 | base64 >"$T/b"
post simpleenroll "$T/b" -u "$(basic)"; take_cert "$D/imp-1.pem"
has "  subject from the registry" "$(subject_of "$D/imp-1.pem")" 'OU="?Halle \\?"7\\?", Tor 2'

# An extension that the profile declares: an integer and a text of the registry.
echo '{"fleet": "attestation", "name": "dice-1", "svn": 7, "vendor": "Imported", "fwid": "'"$(printf demo | sha256sum | cut -c1-64)"'"}' >"$T/dice.jsonl"
import "$T/dice.jsonl"; is "a device with fields of an extension" $? 0
new_key "$T/dice"; csr "$T/dice" /CN=x >"$T/dice.csr"
check "  its certificate" inkan issue --profile dice-alias --csr "$T/dice.csr" --fleet attestation --device dice-1 --out "$T/dice.pem"
has "  with the imported text" "$(openssl x509 -in "$T/dice.pem" -outform DER | strings)" "Imported"

# --- one wrong row, and nothing is written
new_key "$T/k9"; openssl pkey -in "$T/k9" -pubout -out "$T/k9.pub"
cat >"$T/bad.jsonl" <<X
{"fleet": "devices", "name": "ok-1", "model": "X1", "batch": 7, "tested": true, "note": null}
{"fleet": "nowhere", "name": "bad-1"}
{"fleet": "devices", "name": " bad-2"}
{"fleet": "devices", "name": "imp-1", "serial": "SN-9"}
{"fleet": "devices", "name": "ok-1"}
{"fleet": "devices", "name": "bad-3", "key_sha256": "$hash2"}
not json
{"fleet": "devices", "name": "bad-4", "key_sha256": "zz"}
{"fleet": "devices", "name": "bad-5", "x": [1]}
{"fleet": "devices", "name": "ok-2", "key_sha256": "$(openssl pkey -pubin -in "$T/k9.pub" -outform DER | sha256sum | cut -d' ' -f1)"}
X
import "$T/bad.jsonl"; is "a file with wrong rows" $? 1
is "  lines" "$(json "$T/j" 'sorted(r["line"] for r in d["rows"])')" "[2, 3, 4, 5, 6, 7, 8, 9]"
has "  each with its rule and line" "$(cat "$T/e")" "bad.jsonl:2: fleet.unknown"
has "  an existing device that differs" "$(cat "$T/e")" "bad.jsonl:4: device.duplicate"
has "  twice in the file" "$(cat "$T/e")" "bad.jsonl:5: .*twice"
has "  a key that is pinned already" "$(cat "$T/e")" "bad.jsonl:6: key.duplicate"
has "  nothing was written" "$(cat "$T/e")" "nothing was written"
check_not "  indeed" known ok-1
import "$T/bad.jsonl" --keep-going --report "$T/r"; is "keep going" $? 1
is "  the good ones are in" "$(json "$T/j" '(d["added"], d["refused"])')" "(2, 8)"
is "  the report has the others" "$(wc -l <"$T/r")" 8
known ok-1; is "  integers and flags are text" "$(json "$T/dev" 'd["fields"]')" "batch=7; model=X1; tested=true"
check "  the last as well" known ok-2
# A list of devices must not bring a key in that is known to be bad.
new_key "$T/kb"
inkan revoke --spki "$(openssl pkey -in "$T/kb" -pubout -outform DER | sha256sum | cut -d' ' -f1)" >/dev/null
echo "{\"fleet\": \"devices\", \"name\": \"blk\", \"key_sha256\": \"$(openssl pkey -in "$T/kb" -pubout -outform DER | sha256sum | cut -d' ' -f1)\"}" >"$T/blk.jsonl"
import "$T/blk.jsonl"; is "a blocked key" $? 1
has "  by its rule" "$(cat "$T/e")" "key.blocked"

# --- files that are none
printf 'name,name\na,b\n' >"$T/f"; import --fleet devices "$T/f"; is "a column twice" $? 1
printf 'name,serial\na\n' >"$T/f"; import --fleet devices "$T/f"; is "too few values" $? 1
has "  tells the line" "$(cat "$T/e")" "f:2: row: line 2"
printf 'name\n"a' >"$T/f"; import --fleet devices "$T/f"; is "a quote that does not end" $? 1
printf 'name\n\377\n' >"$T/f"; import --fleet devices "$T/f"; is "no UTF-8" $? 1
: >"$T/f"; import --fleet devices "$T/f"; is "an empty file" $? 1
printf 'name\nx-1\n' >"$T/f"; import "$T/f"; is "no fleet" $? 1
import "$T"; is "a folder" $? 1

# --- many, in pages, and others are served meanwhile; one that breaks off is brought in again
python3 - "$N" >"$T/many.csv" <<'X'
import sys, hashlib
print("fleet,name,serial,key_sha256,model,site")
for i in range(int(sys.argv[1])):
    print(f"strict,m-{i},SN{i:08d},{hashlib.sha256(b'%d'%i).hexdigest()},X{i%7},s-{i%100}")
X
before=$(date +%s%N)
(import "$T/many.csv"; echo $? >"$T/status") & pid=$!
check "a device enrols meanwhile" enrol_basic meanwhile
wait $pid; is "$N rows" "$(cat "$T/status")" 0
trace "$N rows in $(( ($(date +%s%N) - before) / 1000000 )) ms"
is "  all added" "$(counts)" "($N, 0, 0)"
is "  in the registry" "$(inkan --json fleet list | json - '[f["devices"] for f in d if f["name"]=="strict"]')" "[$N]"
known "m-$((N - 1))" strict; is "  the last" "$(json "$T/dev" 'd["serial"]')" "$(printf 'SN%08d' $((N - 1)))"
python3 - $((N * 5)) >"$T/more.csv" <<'X'
import sys
print("fleet,name,serial,model")
for i in range(int(sys.argv[1])):
    print(f"windowed,w-{i},WN{i:08d},X{i%7}")
X
there() { inkan --json fleet list 2>/dev/null | json - '[f["devices"] for f in d if f["name"]=="windowed"][0]'; }
begun() { [ "$(there)" -gt 0 ]; }
inkan device import "$T/more.csv" >"$T/o" 2>"$T/e" & pid=$!
wait_for 60 begun; ca=$(cat "$T/demo/run/inkan-ca.pid"); kill -9 "$ca"; wait $pid
is "inkan-ca is killed in the middle" $? 1
has "  which is told" "$(cat "$T/e")" "broke off"
wait_for 20 gone "$ca"; demo_start ca
n=$(there); check "  some are there ($n of $((N * 5)))" [ "$n" -gt 0 -a "$n" -lt $((N * 5)) ]
is "  whole pages of them" $((n % 200)) 0
import "$T/more.csv"; is "the same file again" $? 0
is "  does the rest" "$(counts)" "($((N * 5 - n)), $n, 0)"
finish
