#!/usr/bin/env bash
# Roles: several people, each with what its role is for.
tid="operators and roles"
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/people.sh"

before_ceremony() {
	cat >"$INKAN_CONFIG_DIR/operators.conf" <<-X
	operators = (
	  { name = "root"; uid = 0; roles = [ "admin", "officer", "auditor" ]; },
	  { name = "alice"; uid = $ALICE; roles = [ "admin" ]; },
	  { name = "bob"; uid = $BOB; roles = [ "officer" ]; },
	  { name = "carol"; uid = $CAROL; roles = [ "admin", "officer" ]; },
	  { name = "ann"; uid = $ANN; roles = [ "auditor" ]; }
	);
	groups = ( { gid = 2100; roles = [ "auditor" ]; } );
	X
}
demo_up
people_ready
enrol_basic a
new_key "$T/k"; csr "$T/k" "/CN=x" >"$T/csr"; chmod 644 "$T/csr"
issue="issue --profile device-ldevid --csr $T/csr"

# shellcheck disable=SC2086
{
no "an admin issues nothing" role.operation $ALICE $issue
no "an auditor neither" role.operation $ANN $issue
no "nor who has no role" role.none $NOBODY $issue
check "an officer does" as $BOB $issue
}
no "an officer changes no policy" role.operation $BOB policy activate
no "nor does an auditor" role.operation $ANN policy activate
check "an admin does" as $ALICE policy activate --note "by alice"
check "carol has both: policy" as $CAROL policy activate
check "  and devices" as $CAROL device add --fleet devices --name c1

sn=$(serial "$D/a.pem")
for w in "revoke --serial $sn" "device disable a" "crl issue" "ca stop" \
    "secret new --fleet devices" "release --serial $sn" \
    "ca resume" "crl shards --issuer code --shards 4" "ca disable code-g1"; do
	# shellcheck disable=SC2086
	no "an auditor: $w" role.operation $ANN $w
done
for w in status "cert list" "log list" "device list" "policy show" \
    "operator list" "secret list" "key list" "ca list" "campaign list" \
    "crl show" "fleet list" "profile list"; do
	# shellcheck disable=SC2086
	check "an auditor reads: $w" as $ANN $w
done
check "a group gives its role" as $NOBODY:2100 log list
no "  and no other" role.operation $NOBODY:2100 ca stop
no "without the group nothing" role.none $NOBODY log list

for who in $ALICE $BOB $CAROL $ANN; do
	out=$(as $who log prune 2>&1); is "$who: no command prunes the log" $? 2
done
has "operator list" "$(as $BOB operator list)" "bob +2002 +officer +yes"
has "status tells of them" "$(as $ANN status)" "operators +5 operators; nothing needs approvals"

# A file is a proposal: only an activated version gives a role.
sed -i "s/uid = $ANN; roles = \\[ \"auditor\" \\]/uid = $ANN; roles = [ \"admin\" ]/" \
    "$INKAN_CONFIG_DIR/operators.conf"
no "editing the file gives no role" role.operation $ANN ca stop
sed -i 's/"officer" \]; },$/"ofisser" ]; },/' "$INKAN_CONFIG_DIR/operators.conf"
out=$(as $ALICE policy activate 2>&1); is "a mistake in it is refused" $? 1
has "  with file, line and key" "$out" "operators.conf:[0-9]+: roles"
cat >"$INKAN_CONFIG_DIR/operators.conf" <<-X
	operators = ( { name = "root"; uid = 0; roles = [ "officer" ]; } );
	X
out=$(as $ALICE policy activate 2>&1); is "one without an admin is refused" $? 1
has "  it says why" "$out" "nobody is an admin"
rm "$INKAN_CONFIG_DIR/operators.conf"
check "without the file" as $ALICE policy activate
has "  everybody has all roles, and status warns" "$(as $ANN status)" "WARN +operators +.*is admin, officer and auditor"
has "refusals are on record" "$(as $ANN log list --limit 2000)" "refusal.*role.operation"
has "and events" "$(cat "$T/demo/log/inkan-ca.log")" "event=ops.role.*uid:$ANN"
finish
