#!/usr/bin/env bash
# Files are proposals; an activated version decides.
tid="policy versions"
. "$(dirname "$0")/lib.sh"
demo_up
f=$INKAN_CONFIG_DIR/fleets/devices.conf p=$INKAN_CONFIG_DIR/profiles/device-ldevid.conf
enrol_basic a
is "made by version" "$(inkan --json cert show "$(serial "$D/a.pem")" | python3 -c 'import json,sys; print(json.load(sys.stdin)["profile_version"])')" 1
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
is "and says so" "$(inkan --json cert show "$(serial "$D/c.pem")" | python3 -c 'import json,sys; print(json.load(sys.stdin)["profile_version"])')" 2
has "policy show" "$(inkan policy show)" "shorter"
cp "$f" "$T/f"; sed -i 's/profile *=/profil =/' "$f"
out=$(inkan policy activate 2>&1); is "a mistake is refused" $? 1
has "  with file, line and hint" "$out" 'fleets/devices.conf:[0-9]+: .*profil.*did you mean "profile"'
cp "$T/f" "$f"
sed -i 's/issued_by *= *\[[^]]*\]/issued_by = [ "est" ]/' "$INKAN_CONFIG_DIR/profiles/issuing-ca.conf"
out=$(inkan policy activate 2>&1); is "a CA by EST is refused" $? 1
has "  names the rule" "$out" "issued_by"
demo_stop; demo_start ca ra ocsp
enrol_basic d; is "after a restart version 2 goes on" "$(days "$D/d.pem")" 7
has "and the difference is reported" "$(cat "$T/demo/log/inkan-ca.log")" "policy.differs"
finish
