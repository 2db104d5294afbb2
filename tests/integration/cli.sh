#!/usr/bin/env bash
# The operator's tool: tables, JSON, exit codes, paging, explain.
tid="inkan"
. "$(dirname "$0")/lib.sh"
demo_up
for n in p q r s; do enrol_basic $n; done
inkan --json cert list >"$T/j"; is "cert list" $? 0
check "JSON with the promised keys" python3 - "$T/j" <<'P'
import json, re, sys
d = json.load(open(sys.argv[1]))
assert isinstance(d, list) and len(d) >= 4
for c in d:
    for k in ('serial issuer subject state reason not_before not_after profile profile_version fleet device').split():
        assert k in c, k
    assert re.fullmatch('[0-9a-f]+', c['serial'])
    assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', c['not_before']), c['not_before']
P
is "filter" "$(inkan --json cert list --device p | json - 'len(d)')" 1
is "limit" "$(inkan --json cert list --limit 2 | json - 'len(d)')" 2
inkan frobnicate >/dev/null 2>&1; is "unknown command" $? 2
inkan cert list --wrong >/dev/null 2>&1; is "unknown option" $? 2
inkan cert list --state nonsense >/dev/null 2>&1; check "bad value" test $? -ne 0
inkan cert show 00ff >/dev/null 2>&1; is "not found" $? 1
inkan --socket "$T/none.sock" status >/dev/null 2>&1; is "no server" $? 1
check "help" inkan --help
check "help of a command" inkan cert list --help
has "status" "$(inkan status)" "token"
# inkan-ocsp tells of itself, and again when it knows more.
check "status --check" wait_for 20 inkan status --check
level() { inkan status --json >"$T/j" && json "$T/j" 'd["level"]'; }
is_well() { [ "$(level)" = ok ]; }
check "--json behind the command: the same answer" wait_for 20 is_well
has "ca list" "$(inkan ca list)" "devices-g1"
has "ca list: the root's next CRL is its nextUpdate" "$(inkan ca list | grep '^root-g1')" \
    "$(inkan crl show root | sed -n 's/^next_update: //p').*CN=Inkan Demo Root CA G1,O="
has "key list" "$(inkan key list)" "inkan-devices-g1 +ec-p256 +yes +no +yes"
inkan --json crl show >"$T/j"; is "crl show: all" "$(json "$T/j" 'len(d)')" 4
inkan --json crl show devices >"$T/j"; is "crl show: one" "$(json "$T/j" 'd["issuer"]')" devices-g1
inkan crl show --pem >/dev/null 2>&1; is "crl show --pem: of which?" $? 2
crt=$D/p.pem; h=$(serial "$crt")
for s in "$h" "$(serial_of "$crt")" "0x$h" "$(echo "$h" | sed 's/../&:/g; s/:$//')" \
    "$(python3 -c "print(hex(0x$h))")"; do
	has "serial $s" "$(inkan cert show --serial "$s")" "serial: $h"
done
for s in zz "" 0x "$h$h"; do
	inkan cert show --serial "$s" >/dev/null 2>&1; is "serial \"$s\": usage" $? 2
done
inkan revoke --serial "$h" --reason sneeze >/dev/null 2>&1; is "unknown reason: usage" $? 2
inkan cert list >/dev/full 2>"$T/e"; is "standard output is full" $? 1
has "fleet list" "$(inkan fleet list)" "windowed"; has "fleet show" "$(inkan fleet show devices)" "device-ldevid"
has "profile show" "$(inkan profile show code-signing)" "code-signing"
has "log list" "$(inkan log list)" "issue.recorded"

new_key "$T/k"; csr "$T/k" "/CN=p9" >"$T/csr.der"; openssl req -inform DER -in "$T/csr.der" -out "$T/csr.pem"
out=$(inkan explain --fleet devices --csr "$T/csr.pem" --user "$INKAN_USER"); is "explain" $? 0
has "  the stages" "$out" "authenticate"; has "  the verdict" "$out" "issue"
out=$(inkan explain --profile code-signing --csr "$T/csr.der" 2>&1)
has "explain: what is missing" "$out" "refuse|issue"
csr "$D/q.key" /CN=other >"$T/dup"; out=$(inkan explain --fleet devices --csr "$T/dup" --user "$INKAN_USER")
has "explain: a duplicate key" "$out" "key.duplicate"
is "and nothing was issued" "$(inkan --json cert list --device p9 | json - 'len(d)')" 0
inkan issue --profile device-ldevid --csr - --device p --fleet devices <"$T/csr.pem" >"$T/i.pem" 2>"$T/e"; rc=$?
check "issue from stdin" test $rc -eq 0
check "PEM on stdout" openssl x509 -in "$T/i.pem" -noout
inkan device add --fleet devices --name "$(printf 'two\nlines')" >"$T/o" 2>&1; is "a name of two lines" $? 1
openssl req -new -newkey rsa:1024 -nodes -keyout "$T/w.key" -subj /CN=w -out "$T/weak.csr" 2>/dev/null
inkan --json explain --fleet devices --csr "$T/weak.csr" --user "$INKAN_USER" >"$T/j"; is "explain: a weak key" $? 1
is "  stage, rule, field" "$(json "$T/j" '[(s["stage"],s["rule"],s["field"]) for s in d["stages"] if s["verdict"]=="refuse"]')" \
    "[('possess', 'key.rsa.size', 'csr.key')]"
new_key "$T/n"; csr "$T/n" /O=no-name >"$T/nocn.der"
inkan --json explain --profile code-signing --csr "$T/nocn.der" >"$T/j"; is "explain: no CN" $? 1
is "  stage, rule, field" "$(json "$T/j" '[(s["stage"],s["rule"],s["field"]) for s in d["stages"] if s["verdict"]=="refuse"]')" \
    "[('build', 'subject.CN', 'subject.CN')]"
inkan issue --profile root-ca --csr "$T/csr.pem" >"$T/o" 2>&1; is "a CA is not issued by an operator" $? 1
inkan issue --profile nonesuch --csr "$T/csr.pem" >"$T/o" 2>&1; is "no such profile" $? 1
check "device add" inkan device add --fleet devices --name reg-1 --serial SN9 --set model=X1
has "device list" "$(inkan device list --fleet devices --name reg)" "reg-1"
has "device show" "$(inkan device show reg-1)" "model=X1"
inkan device add --fleet devices --name reg-1 >"$T/o" 2>&1; is "twice" $? 1
inkan --json secret new --fleet devices --device reg-1 --ttl 1h >"$T/s"; is "secret new" $? 0
u=$(json "$T/s" 'd["user"]') s=$(json "$T/s" 'd["secret"]')
new_key "$T/k1"; csr "$T/k1" /CN=reg-1 | base64 >"$T/b"; post simpleenroll "$T/b" -u "$u:$s"; is "used once" "$code" 200
new_key "$T/k2"; csr "$T/k2" /CN=reg-1 | base64 >"$T/b"; post simpleenroll "$T/b" -u "$u:$s"; is "and only once" "$code" 401
csr "$T/k2" /CN=reg-2 | base64 >"$T/b"; post simpleenroll "$T/b" -u "$u:$s"; has "not for another" "$code" "^40[13]$"
inkan ca stop --reason "test" >/dev/null; is "ca stop" $? 0
new_key "$T/k3"; csr "$T/k3" /CN=st | base64 >"$T/b"; post simpleenroll "$T/b" -u "$(basic)"; is "stopped: 503" "$code" 503
has "status says so" "$(inkan status)" "stopped"
inkan ca resume >/dev/null; is "ca resume" $? 0
post simpleenroll "$T/b" -u "$(basic)"; is "issues again" "$code" 200
check "profile check" inkan profile check "$here"/profiles/shipped/*.conf
sed 's/validity/valdity/' "$here/profiles/shipped/device-ldevid.conf" >"$T/device.conf"
out=$(inkan profile check "$T/device.conf" 2>&1); is "profile check: a mistake" $? 1
has "  did you mean" "$out" 'device.conf:[0-9]+: unknown key "valdity" \(did you mean "validity"\?\)'
has "offline" "$(inkan cert list --store "$INKAN_STORE")" "CN=p"
finish
