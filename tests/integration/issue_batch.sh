#!/usr/bin/env bash
# A certificate for each row of a file: cut off and run again, nothing twice.
tid="issue --batch"
. "$(dirname "$0")/lib.sh"
N=${N:-60}
demo_up
certs() { inkan --json cert list --profile "$1" --all | json - 'len(d)'; }
counts() { json "$T/j" '(d["issued"], d["before"], d["refused"])'; }
batch() { inkan --json issue --batch "$@" >"$T/j" 2>"$T/e"; }

# --- IDevIDs for devices of the registry, CSRs in files and in the list itself
mkdir "$T/csr"
{
	echo "fleet,profile,device,csr"
	for i in $(seq "$N"); do
		new_key "$T/csr/$i.key"
		csr "$T/csr/$i.key" "/CN=ignored" >"$T/csr/$i.csr"
		if [ $((i % 2)) = 0 ]; then
			echo "devices,device-idevid,b-$i,$T/csr/$i.csr"
		else
			printf 'devices,device-idevid,b-%s,"%s"\n' "$i" "$(openssl req -inform DER -in "$T/csr/$i.csr")"
		fi
	done
} >"$T/list.csv"
{ echo "name,serial"; for i in $(seq "$N"); do echo "b-$i,SN-$i"; done; } >"$T/dev.csv"
inkan device import --fleet devices "$T/dev.csv" >/dev/null
batch "$T/list.csv" --out "$T/o"; is "a batch" $? 0
is "  counts" "$(counts)" "($N, 0, 0)"
is "  a file for each" "$(find "$T/o" -name '*.pem' | wc -l)" "$N"
check "  it verifies" verifies "$T/o/b-7.pem"
has "  named by the registry" "$(subject_of "$T/o/b-7.pem")" "serialNumber=SN-7"
is "  the key is the CSR's" "$(openssl x509 -in "$T/o/b-7.pem" -noout -pubkey)" "$(openssl pkey -in "$T/csr/7.key" -pubout)"
batch "$T/list.csv" --out "$T/o"; is "again" $? 0
is "  all is done" "$(counts) $(certs device-idevid)" "(0, $N, 0) $N"
# The state is lost, or a certificate: what was issued comes again.
rm "$T/o/.inkan-batch" "$T/o/b-3.pem"
before=$(serial "$T/o/b-5.pem")
batch "$T/list.csv" --out "$T/o"; is "without its state" $? 0
is "  nothing is issued twice" "$(certs device-idevid)" "$N"
is "  the same certificates" "$(serial "$T/o/b-5.pem")" "$before"
check "  also the one that was gone" [ -s "$T/o/b-3.pem" ]
printf '12 ab' >>"$T/o/.inkan-batch"
batch "$T/list.csv" --out "$T/o"; is "a line of the state that was cut off" "$? $(counts)" "0 (0, $N, 0)"
cp "$T/list.csv" "$T/other.csv"; echo "devices,device-idevid,b-1,x" >>"$T/other.csv"
batch "$T/other.csv" --out "$T/o"; is "another file into that folder" $? 1
has "  is refused" "$(cat "$T/e")" "batch.state"

# --- killed in the middle, inkan and inkan-ca
sed 's/device-idevid/device-ldevid/' "$T/list.csv" >"$T/ld.csv"
inkan issue --batch "$T/ld.csv" --out "$T/o2" >/dev/null 2>&1 & pid=$!
# Without a process, and at once: a batch is over soon.
until_some() {
	local f end=$((SECONDS + 30))
	while f=("$T"/o2/*.pem); [ ${#f[@]} -lt "$1" ] && [ $SECONDS -lt $end ]; do nap 0.005; done
}
until_some 5; kill -9 $pid; wait $pid 2>/dev/null
n=$(find "$T/o2" -name '*.pem' | wc -l)
check "killed in the middle ($n of $N)" [ "$n" -lt "$N" ]
ca=$(cat "$T/demo/run/inkan-ca.pid")
inkan issue --batch "$T/ld.csv" --out "$T/o2" >/dev/null 2>&1 & pid=$!
until_some $((n + 5)); kill -9 "$ca"; wait $pid; is "inkan-ca killed: the batch breaks off" $? 1
wait_for 20 gone "$ca"; demo_start ca
batch "$T/ld.csv" --out "$T/o2"; is "and goes on" $? 0
is "  all are there" "$(find "$T/o2" -name '*.pem' | wc -l)" "$N"
is "  once each" "$(inkan --json cert list --profile device-ldevid --all | python3 -c 'import json,sys,collections; c=collections.Counter(x["device"] for x in json.load(sys.stdin) if x["state"]=="valid" and x["device"].startswith("b-")); print(len(c), max(c.values()))')" "$N 1"
all=$(certs device-ldevid)
batch "$T/ld.csv" --out "$T/o3" & first=$!
inkan issue --batch "$T/ld.csv" --out "$T/o4" >/dev/null 2>"$T/e4"; is "two at once" "$?" 0
wait $first; is "  both done" $? 0
is "  nothing twice" "$(certs device-ldevid)" "$all"
is "  one certificate for each" "$(serial "$T/o3/b-9.pem")" "$(serial "$T/o4/b-9.pem")"

# --- by fleet, with fields, JSON lines, and rows that are wrong
new_key "$T/k1"; csr "$T/k1" "/O=Demo/CN=tls one" >"$T/k1.csr"
new_key "$T/k2"; csr "$T/k2" "/CN=x" >"$T/k2.csr"
new_key "$T/k3"; csr "$T/k3" "/CN=x" >"$T/k3.csr"
inkan device add --fleet windowed --name f-1 >/dev/null
cat >"$T/mixed.jsonl" <<X
{"profile": "tls-client", "csr": "$T/k1.csr", "out": "one.pem"}
{"fleet": "windowed", "device": "f-1", "csr": "$T/k2.csr"}
{"profile": "device-ldevid", "device": "nobody", "csr": "$T/k3.csr"}
{"profile": "tls-client", "csr": "$T/none.csr"}
{"profile": "tls-client", "csr": "$T/k1.csr", "out": "one.pem"}
{"profile": "tls-client", "csr": "$T/k1.csr", "out": "../one.pem"}
{"profile": "tls-client"}
{"csr": "$T/k1.csr"}
{"profile": "tls-client", "csr": "$T/k1.csr", "colour": "red"}
nonsense
X
batch "$T/mixed.jsonl" --out "$T/o5"; is "a file with wrong rows" $? 1
is "  counts" "$(counts)" "(2, 0, 8)"
is "  lines" "$(json "$T/j" '[r["line"] for r in d["rows"]]')" "[3, 4, 5, 6, 7, 8, 9, 10]"
has "  each with its rule" "$(cat "$T/e")" "mixed.jsonl:3: device: there is no device"
has "  a field that the profile has not" "$(cat "$T/e")" "mixed.jsonl:9: set: .*colour"
check "  the good ones are there" [ -s "$T/o5/one.pem" -a -s "$T/o5/f-1.pem" ]
check_not "  and none outside" [ -e "$T/one.pem" ]
is "the profile is the fleet's" "$(inkan --json cert show "$(serial "$T/o5/f-1.pem")" | json - 'd["profile"]')" device-ldevid
# One at a time has a folder.
exec 9>>"$T/o5/.inkan-batch"; flock 9
batch "$T/mixed.jsonl" --out "$T/o5"; is "another one at work" $? 1
has "  is told" "$(cat "$T/e")" "another batch is at work"
exec 9>&-
out=$(inkan issue --batch "$T/mixed.jsonl" 2>&1); is "no folder" $? 2
out=$(inkan issue --batch "$T/mixed.jsonl" --out x --csr "$T/k1.csr" 2>&1); is "a batch and a CSR" $? 2
# --once by itself: a revoked one is not given again.
inkan issue --once --profile tls-client --csr "$T/k1.csr" --out "$T/a.pem" >/dev/null
is "--once" "$(serial "$T/a.pem")" "$(serial "$T/o5/one.pem")"
inkan revoke --serial "$(serial "$T/a.pem")" --reason superseded >/dev/null
inkan issue --once --profile tls-client --csr "$T/k1.csr" --out "$T/b.pem" >/dev/null
check_not "  after a revocation a new one" [ "$(serial "$T/b.pem")" = "$(serial "$T/a.pem")" ]
finish
