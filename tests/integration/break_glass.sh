#!/usr/bin/env bash
# Break-glass: at once and without approvals, with a reason, and nobody can
# overlook it.
tid="break-glass"
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/people.sh"
RULES='{ operation = "revoke"; number = 2; },
	  { operation = "ca.stop"; number = 1; },
	  { operation = "crl.issue"; number = 1; },
	  { operation = "release"; number = 1; },
	  { operation = "device.disable"; number = 1; }'
before_ceremony() { people_conf; }
demo_up
people_ready
for n in a b c d e; do enrol_basic $n; done
sn() { serial "$D/$1.pem"; }
state() { as $ANN --json cert show "$(sn "$1")" | json - 'd["state"]'; }

park $BOB revoke --serial "$(sn a)" --reason keyCompromise
is "without it a revocation waits" "$(state a)" valid
check "with it not" as $BOB revoke --serial "$(sn a)" --reason keyCompromise --break-glass "key seen on a forum"
is "  revoked" "$(state a)" revoked
has "status is loud" "$(as $ANN status)" "FAIL +break-glass +admin:uid:$BOB did revoke without approvals: key seen on a forum"
check_not "  also for monitoring" as $ANN status --check
log=$(as $ANN log list --limit 3000)
has "on record, with the reason" "$log" "break-glass.*op=revoke; who=admin:uid:$BOB; text=key seen on a forum"
has "  before the revocation itself" "$(tr '\n' ' ' <<<"$log")" "break-glass .*revoke .*reason=keyCompromise"
has "  and an event" "$(cat "$T/demo/log/inkan-ca.log")" "level=error.*event=break-glass.used"

check "a hold" as $BOB revoke --serial "$(sn b)" --reason certificateHold --break-glass "odd traffic"
is "  held" "$(state b)" held
check "a device" as $BOB revoke --device c --break-glass "stolen"
is "  its certificate" "$(state c)" revoked
check "a device and its certificates" as $BOB device revoke d --fleet devices --break-glass "stolen too"
openssl x509 -in "$D/e.pem" -noout -pubkey >"$T/e.pub"; chmod 644 "$T/e.pub"
check "a key" as $BOB revoke --key "$T/e.pub" --break-glass "the key is published"
check "many" as $BOB revoke --where 'device=nobody' --execute --break-glass "all of them"
check "a CRL" as $ALICE crl issue --issuer devices --break-glass "verifiers wait"
check "a stop" as $ALICE ca stop --break-glass "we are being attacked"
has "  stopped" "$(as $ANN status)" "FAIL +issuing +stopped"
check "resumed" as $ALICE ca resume

no "not without a reason" "reason must be given" $BOB revoke --serial "$(sn a)" --break-glass " "
out=$(as $BOB release --serial "$(sn b)" --break-glass x 2>&1); is "not for a release" $? 2
for op in "issue --profile device-ldevid --csr /dev/null" "policy activate" "device disable a" "ca enable code-g1"; do
	# shellcheck disable=SC2086
	out=$(as $CAROL $op --break-glass x 2>&1); is "not for: $op" $? 2
done
# Nor for who speaks the protocol without the tool.
python3 - "$INKAN_ADMIN_SOCKET" <<'P' >"$T/raw"
import socket, struct, sys
def tlv(t, v): 
    n = len(v)
    return bytes([t]) + (bytes([n]) if n < 128 else bytes([0x81, n])) + v
def field(n, v): return tlv(0x30, tlv(0x0c, n.encode()) + tlv(0x0c, v.encode()))
msg = tlv(0x30, tlv(2, b'\1') + tlv(2, b'\1') + tlv(0x0c, b'device.disable') +
    tlv(0x30, field('name', 'a') + field('break_glass', 'because')))
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(struct.pack('>I', len(msg)) + msg)
n = struct.unpack('>I', s.recv(4))[0]; print(s.recv(n))
P
has "nor by hand" "$(cat "$T/raw")" 'no argument .*break_glass'
no "it gives no role" role.operation $ALICE revoke --serial "$(sn a)" --break-glass "but I am admin"
no "  nor to an auditor" role.operation $ANN ca stop --break-glass "help"

as $ANN --json break-glass list --open >"$T/open"
n=$(json "$T/open" 'len(d)'); is "all of them are listed" "$n" 8
first=$(json "$T/open" 'd[-1]["id"]')
no "who did it cannot acknowledge it" break-glass.self $BOB break-glass ack "$first"
no "an auditor changes nothing" role.operation $ANN break-glass ack "$first"
check "another does" as $CAROL break-glass ack "$first" --note "was right"
no "once" break-glass.seen $OLGA break-glass ack "$first"
check_not "status is still loud about the others" as $ANN status --check
for i in $(json "$T/open" '" ".join(str(r["id"]) for r in d[:-1])'); do as $OLGA break-glass ack "$i" >/dev/null; done
check_not "and quiet when all are seen" grep -q break-glass <(as $ANN status)
has "acknowledged on record" "$(as $ANN log list --limit 3000)" "break-glass.seen.*who=admin:uid:$CAROL; text=was right"
finish
