#!/usr/bin/env bash
# Files are proposals; an activated version decides.
tid="policy versions"
. "$(dirname "$0")/lib.sh"
before_ceremony() {
	printf 'socket = "%s/verifier.sock";\n' "$INKAN_SOCKET_DIR" >"$T/demo/config/verifier.conf"
	printf 'verifier: { socket = "%s/verifier.sock"; };\n' "$INKAN_SOCKET_DIR" >>"$T/demo/config/ca.conf"
}
demo_up
f=$INKAN_CONFIG_DIR/fleets/devices.conf p=$INKAN_CONFIG_DIR/profiles/device-ldevid.conf
enrol_basic a
is "made by version" "$(inkan --json cert show "$(serial "$D/a.pem")" | json - 'd["profile_version"]')" 1
check_not "no difference yet" grep -qE "changed|added|removed" <<<"$(inkan policy diff)"
sed -i 's/duration *= *"[^"]*"/duration = "7d"/' "$p"
has "policy diff" "$(inkan policy diff)" "^changed +profiles/device-ldevid.conf"
has "status warns" "$(inkan status)" "differ"
enrol_basic b
days() { echo $((($(date -d "$(openssl x509 -in "$1" -noout -enddate | cut -d= -f2)" +%s) - $(date +%s) + 43200) / 86400)); }
check "the active version goes on" test "$(days "$D/b.pem")" -gt 7
check "activate" inkan policy activate --note "shorter"
enrol_basic c
is "now it holds" "$(days "$D/c.pem")" 7
is "and says so" "$(inkan --json cert show "$(serial "$D/c.pem")" | json - 'd["profile_version"]')" 2
has "policy show" "$(inkan policy show)" "shorter"
cp "$f" "$T/f"; sed -i 's/profile *=/profil =/' "$f"
out=$(inkan policy activate 2>&1); is "a mistake is refused" $? 1
has "  with file, line and hint" "$out" 'fleets/devices.conf:[0-9]+: .*profil.*did you mean "profile"'
cp "$T/f" "$f"
cp "$INKAN_CONFIG_DIR/profiles/issuing-ca.conf" "$T/"
sed -i 's/issued_by *= *\[[^]]*\]/issued_by = [ "est" ]/' "$INKAN_CONFIG_DIR/profiles/issuing-ca.conf"
out=$(inkan policy activate 2>&1); is "a CA by EST is refused" $? 1
has "  names the rule" "$out" "issued_by"
demo_stop; demo_start ca ra ocsp
enrol_basic d; is "after a restart version 2 goes on" "$(days "$D/d.pem")" 7
has "and the difference is reported" "$(cat "$T/demo/log/inkan-ca.log")" "policy.differs"

# --- reference values: inkan-verifier reads them, and is asked before --------
cp "$T/issuing-ca.conf" "$INKAN_CONFIG_DIR/profiles/"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -subj /CN=evidence \
    -out "$INKAN_CONFIG_DIR/fleets/dice.pem" 2>/dev/null
sed -e 's/^name = .*/name = "dice";/' -e 's/^label = .*/label = "dice";/' -e '/^default = /d' -e '/^attest = /d' \
    "$f" >"$INKAN_CONFIG_DIR/fleets/dice.conf"
printf 'attest: { formats = [ "dice" ]; references = "d.attest";\n anchors = ( { format = "dice"; anchors = "dice.pem"; } ); };\n' \
    >>"$INKAN_CONFIG_DIR/fleets/dice.conf"
refs() { printf 'dice: {\n  layers = (\n    { layer = 1; fwids = [ "sha256:%s" ]; }\n  );\n};\n' "$1" >"$INKAN_CONFIG_DIR/fleets/d.attest"; }
version() { inkan --json policy show | json - 'd["version"]'; }
good=$(printf %064d 7)
offline() { "$INKAN_BIN/inkan-ca" -c "$INKAN_CONFIG_DIR/ca.conf" -n; }
refs "$good"
out=$(inkan policy activate 2>&1); is "no verifier: not activated" $? 1
has "  and why" "$out" "policy.unchecked: fleet dice: inkan-verifier could not be asked"
has "  nor is it well offline" "$(offline)" "not looked at: policy.unchecked: fleet dice"
demo_start verifier
wait_for 20 grep -q event=start.ready "$T/demo/log/inkan-verifier.log"
refs 0
for verb in check activate; do
	out=$(inkan policy $verb 2>&1); is "$verb: what cannot be read is refused" $? 1
	has "  rule, fleet, file, line, key" "$out" "policy.references: fleet dice: fleets/d.attest:3: fwids: "
done
out=$(inkan policy activate --unchecked 2>&1); is "whatever the operator says" $? 1
out=$(offline 2>&1); is "and offline" $? 1
has "  in the same words" "$out" "policy.references: fleet dice: fleets/d.attest:3: fwids: "
is "version 2 goes on" "$(version)" 2
refs "$good"
check "what can be read is well" inkan policy check
is "  and is not active for that" "$(version)" 2
has "  also offline" "$(offline)" "are well"
check "it is activated" inkan policy activate
has "status asks, too" "$(inkan status)" "evidence.*reads what it is judged by .fleets: 1."
kill "$(cat "$INKAN_DIR/run/inkan-verifier.pid")"
away() { inkan status | grep -q "evidence.*policy.unchecked"; }
check "status says when it is gone" wait_for 10 away
echo '# nothing about evidence' >>"$f"
check "what does not touch evidence is activated without it" inkan policy activate
refs "$(printf %064d 8)"
out=$(inkan policy activate 2>&1); is "what does is not" $? 1
out=$(inkan policy activate --unchecked 2>&1); is "what cannot wait is activated" $? 0
has "  and said" "$out" "fleet dice: inkan-verifier could not be asked"
has "  and told" "$(cat "$T/demo/log/inkan-ca.log")" "event=policy.unchecked .*fleet dice"
finish
