#!/usr/bin/env bash
# For auditors: a report tied to a checkpoint, and the skeleton of a CPS.
tid="report and CPS"
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/people.sh"
RULES='{ operation = "issue:code-signing"; number = 1; },
	  { operation = "ca.stop"; number = 1; }'
before_ceremony() { people_conf; }
demo_up
people_ready
start=$(date -u -d '-1 hour' +%Y-%m-%dT%H:%M:%SZ)
for n in a b c; do enrol_basic $n; done
new_key "$T/k"; csr "$T/k" /CN=release >"$T/csr"; chmod 644 "$T/csr"
park $BOB issue --profile code-signing --csr "$T/csr"
check "approved" approve carol "$id"
park $BOB issue --profile code-signing --csr "$T/csr"; check "denied" as $CAROL request deny "$id" --reason "once is enough"
check "revoked" as $BOB revoke --serial "$(serial "$D/a.pem")" --reason keyCompromise
check "revoked" as $BOB revoke --serial "$(serial "$D/b.pem")" --reason superseded
sleep 2
check "a CRL" as $BOB crl issue --issuer devices
check "broken glass" as $ALICE ca stop --break-glass "=HYPERLINK(\"x\"), said \"fire\""
check "resumed" as $ALICE ca resume
# A checkpoint covers it within its delay.
covered() {
	as $ANN --json report --from "$start" >"$T/j" && python3 - "$T/j" <<-'P'
	import json, sys
	d = json.load(open(sys.argv[1]))
	sys.exit(not any(e["kind"] == "ca.resume" for e in d["events"]))
	P
}
check "the newest checkpoint covers all" wait_for 40 covered
j() { json "$T/j" "$1"; }
is "issued, by CA and profile" "$(j '[(r["issuer"],r["count"]) for r in d["sums"] if r["section"]=="issued" and r["profile"] in ("device-ldevid","code-signing")]')" \
    "[('code-g1', 1), ('devices-g1', 3)]"
is "revoked, by reason" "$(j 'sorted((r["reason"],r["count"]) for r in d["sums"] if r["section"]=="revoked")')" \
    "[('keyCompromise', 1), ('superseded', 1)]"
check "  with the time until a CRL told" test "$(j 'max(r["max_seconds"] for r in d["sums"] if r["section"]=="revoked")')" -le 60
kinds=$(j '" ".join(sorted(set(e["kind"] for e in d["events"])))')
for k in request.parked request.approved request.done request.denied break-glass ceremony policy ca.stop; do
	has "tells of $k" "$kinds" "$k"
done
has "  who and what" "$(j '[e["text"]+" by "+e["who"] for e in d["events"] if e["kind"]=="request.approved"]')" "operator=carol.*by admin:uid:$CAROL"
size=$(j 'd["log_size"]') root=$(j 'd["log_root"]')
sqlite() { sqlite3 "file:$INKAN_STORE?mode=ro" "$1"; }
need sqlite3
is "the root is that of a checkpoint of this size" "$(sqlite "SELECT lower(hex(root)) FROM log_checkpoints WHERE size = $size")" "$root"
is "no event is newer than it" "$(j 'max(e["index"] for e in d["events"]) < d["log_size"]')" True
is "nothing in a time with nothing" "$(as $ANN --json report --from 2001-01-01 --to 2001-01-02 | json - 'len(d["sums"]) + len(d["events"])')" 0
out=$(as $ANN report --from "$start")
has "as tables: issued" "$out" "^devices-g1 +device-ldevid +3"; has "  revoked" "$out" "^Revoked"
has "  break-glass" "$out" "break-glass +admin:uid:$ALICE"; has "  the root" "$out" "log_root: $root|log_root: [0-9a-f]{64}"
as $ANN report --from "$start" --csv >"$T/csv"
check "as CSV, read by a program" python3 - "$T/csv" <<'P'
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], newline='')))
assert any(r['section'] == 'issued' and r['profile'] == 'device-ldevid' and r['count'] == '3' for r in rows)
b = [r for r in rows if r['kind'] == 'break-glass']
assert len(b) == 1 and '=HYPERLINK("x"), said "fire"' in b[0]['text'], b
assert all(not r[k].startswith(('=', '+', '@')) for r in rows for k in r), "a formula"
assert {r['kind'] for r in rows if r['section'] == 'report'} >= {'from', 'to', 'log_size', 'log_root'}
P
out=$(as $ANN report --from 2030-01-01 --to 2029-01-01 2>&1); is "from after to" $? 1
no "who has no role gets none" role.none $NOBODY report --from 2001-01-01
as $ANN report >/dev/null 2>&1; is "--from is missing: usage" $? 2

# A CRL that comes too late.
sqlite3 -cmd '.timeout 20000' "$INKAN_STORE" "UPDATE crls SET next_update = this_update WHERE number = (SELECT max(number) FROM crls WHERE shard = 0 AND issuer = (SELECT id FROM issuers WHERE ident = 'code-g1')) AND issuer = (SELECT id FROM issuers WHERE ident = 'code-g1')" 2>/dev/null
sleep 1; as $BOB crl issue --issuer code >/dev/null
late() { as $ANN report --from "$start" | grep -q "code-g1 .*the one before had run out"; }
check "a CRL after the one before had run out" wait_for 20 late

cps=$(as $ANN cps); is "cps" $? 0
for h in "## 1. INTRODUCTION" "## 2. PUBLICATION" "## 3. IDENTIFICATION" "## 4. CERTIFICATE LIFE-CYCLE" \
    "## 5. FACILITY" "## 6. TECHNICAL" "## 7. CERTIFICATE, CRL" "## 8. COMPLIANCE" "## 9. OTHER BUSINESS" "### 9.17 Other provisions"; do
	has "  $h" "$cps" "^$h"
done
has "  its policy" "$cps" "from version 1 of the policy"
has "  the CAs" "$cps" "^\| devices-g1 \| .*Devices"; has "  addresses" "$cps" "devices-g1 .*$INKAN_HTTP_URL/crl/devices-g1.crl"
has "  approvals" "$cps" "issue:code-signing = 1 approvals of others"; has "  roles" "$cps" "\| alice \| admin \|"
has "  keys" "$cps" "- device-ldevid: key_types = ec-p256"; has "  validity" "$cps" "- code-signing: validity.duration"
has "  the log's key" "$cps" "verifier key: .*\+[0-9a-f]{8}\+"
has "  what people must write" "$cps" "To be written"
finish
