#!/usr/bin/env bash
# The token as a part that fails: whatever it does, clients are told to come
# back, are served soon after it is well, and nothing is lost or doubled.
tid="hsm faults"
. "$(dirname "$0")/lib.sh"
need softhsm2-util
. "$here/tests/faults/lib.bash"
before_start() {
	sed -i '/^[[:space:]]*sessions = /d' "$INKAN_CONFIG_DIR/ca.conf"
	faulty_module "$P11FAULT" < <(printf '\tcall_limit = "2s";\n\tsessions = 2;\n')
}
fault
demo_up
log=$T/demo/log/inkan-ca.log
said() { inkan status 2>&1 | grep -E '^ +[A-Za-z]+ +token '; }
served=0 slowest=0
# The log signs as well, within a second of what is new in it.
published() { [ -z "$(inkan --json log list --from "$(sed -n 2p "$T/demo/pub/log/checkpoint")" | tr -d '[] \n')" ]; }
fault_once() { wait_for 10 published; fault "$1 count=1"; }

# bear NAME FAULT WHAT-STATUS-SAYS: 503 while it lasts, 200 soon after
bear() {
	local t
	client "$1"
	fault "$2"
	ask "$1"; is "$2: 503" "$code" 503
	has "  with Retry-After" "$(cat "$head")" '^Retry-After: [0-9]+'
	check_not "  no internals" grep -qiE "CKR_|pkcs|C_Sign|token" "$body"
	has "  status" "$(said)" "(fail|FAIL) +token .*$3"
	fault
	t=$(now_ms)
	check "  later it is served" ask_until "$1" 10
	t=$(($(now_ms) - t)); trace "  recovered after $t ms"
	[ $t -le $slowest ] || slowest=$t
	check "  verifiably" verifies "$T/$1.pem"
	served=$((served + 1))
}
bear f1 "C_Sign CKR_DEVICE_ERROR" "signature: .*device"
bear f2 "any CKR_SESSION_HANDLE_INVALID" "session"
bear f3 "any CKR_TOKEN_NOT_PRESENT" "token"
bear f4 "any CKR_USER_NOT_LOGGED_IN" "token"
bear f5 "C_Sign CKR_GENERAL_ERROR" "signature: "
bear f6 "C_Sign CKR_DEVICE_MEMORY" "signature: .*memory"
bear f7 "C_Sign block" "stuck for [0-9]+ s: signature: no answer within 2 s"
has "events" "$(cat "$log")" 'token.away .*error="token: signature'
has "  of the stuck one, too" "$(cat "$log")" 'token.stuck '
has "  and that it is back" "$(cat "$log")" 'token.back '
is "status" "$(said | grep -c '^ *ok')" 1
measured "from the end of a fault of the token to the client's certificate: $slowest ms at most, over $served faults"

# One failure is mended before the client hears of it.
client once; fault_once "C_Sign CKR_SESSION_HANDLE_INVALID"
ask once; is "a session lost once: no client hears of it" "$code" 200
client once2; fault_once "C_Sign CKR_USER_NOT_LOGGED_IN"
ask once2; is "a login lost once: neither" "$code" 200
served=$((served + 2))

# --- a wrong signature ---
client w1
fault_once "C_Sign wrong"
ask w1; is "a wrong signature: 503" "$code" 503
has "  an alarm" "$(cat "$log")" 'token.wrong-signature .*does not verify'
ask w1; is "the token is stopped" "$code" 503
has "  status says why" "$(said)" 'FAIL|fail'
has "  and what to do" "$(said)" 'token.stopped: .*remove .*\.stopped'
logged() { inkan log list --all | grep -qE "$1"; }
check "  and the log" wait_for 10 logged 'alarm.token .*does not verify'
fault
demo_stop; demo_start ca ra ocsp
ask w1; is "  also after a restart" "$code" 503
check_not "  no CRL either" inkan crl issue --issuer devices
rm "$T"/demo/state/ca.pin-state.*.stopped
check "resumed by the operator" ask_until w1 10
check "  a CRL too" inkan crl issue --issuer devices
check "  that is on record, too" wait_for 10 logged 'token.resume .*who=file'
is "  the alarm is there once" "$(inkan log list --all | grep -c alarm.token)" 1
check_not "a token that is well is not resumed" inkan token resume --reason x
has "  by the rule's name" "$(cat "$T/out")" "token.resume: the token is well"
check_not "nor one that is not there" inkan token resume none --reason x
client w2
fault_once "C_Sign truncated"
ask w2; is "a truncated signature: 503" "$code" 503
has "  an alarm" "$(cat "$log")" 'token.wrong-signature .*wrong length'
fault
check "resumed by a word, without a restart" inkan token resume --reason "the cable"
check "  at once" ask_until w2 10
check_not "  the file is gone" ls "$T"/demo/state/ca.pin-state.*.stopped
has "  on record" "$(inkan log list --all)" 'token.resume .*who=admin:uid:.*text=the cable'
served=$((served + 2))

# --- load, while everything happens ---
crowd() {
	local n=$1 i
	for i in 1 2 3; do
		client "c$n-$i"
		ask_until "c$n-$i" 20 || return 1
	done
}
# Each with a body and head of its own.
for n in 1 2 3; do
	(mkdir "$T/crowd$n"; T_=$T; T=$T/crowd$n
	    crowd $n >"$T_/crowd$n.out" 2>&1 && touch "$T_/crowd$n.ok") &
	crowds="${crowds:-} $!"
done
for f in "C_Sign CKR_DEVICE_ERROR" "any CKR_SESSION_HANDLE_INVALID" "C_Sign block"; do
	fault "$f"; sleep 0.6; fault; sleep 0.4
done
# shellcheck disable=SC2086
wait $crowds
is "all of the crowd are served" "$(ls "$T"/crowd?.ok 2>/dev/null | wc -l)" 3
served=$((served + 9))

# --- nothing lost, nothing doubled ---
inkan --json cert list --all >"$T/all.json"
is "as many certificates as clients were served" "$(json "$T/all.json" \
    'len([c for c in d if c["state"]=="valid" and c["fleet"]=="devices"])')" $served
is "  no serial twice" "$(json "$T/all.json" 'len(d)-len({c["serial"] for c in d})')" 0
is "  nothing open" "$(json "$T/all.json" 'len([c for c in d if c["state"]=="reserved"])')" 0

# --- one that was away hangs while it is opened ---
demo_stop
fault "any CKR_TOKEN_NOT_PRESENT"
demo_start ca
has "a token that is not there" "$(said)" "(fail|FAIL) +token "
fault "C_Login block"
# Who looks too late finds one that is late, and lets it try once more.
opened() {
	local now; now=$(said)
	grep -q "is being opened" <<<"$now" && return 0
	if grep -q "has not come back" <<<"$now"; then
		fault "any CKR_TOKEN_NOT_PRESENT"; sleep 1; fault "C_Login block"
	fi
	return 1
}
check "  status does not wait for one that hangs" wait_for 30 opened
has "  nor does what it says of the CAs" "$(inkan status)" 'its key is not at hand'
fault
is_well() { said | grep -q "^ *ok"; }
check "  and it is back" wait_for 30 is_well

# --- another token holds the same keys ---
demo_stop
orig=$(dirname "$(find "$T/demo/tokens/ca" -name token.object | head -1)")
cp -r "$orig" "$T/demo/tokens/ca/11111111-2222-3333-4444-555555555555"
python3 - "$T/demo/tokens/ca/11111111-2222-3333-4444-555555555555/token.object" <<'PY'
import re, sys
p = sys.argv[1]
b = open(p, "rb").read().replace(b"inkan-ca", b"inkan-cb")
serial = re.search(rb"[0-9a-f]{16}", b).group()
open(p, "wb").write(b.replace(serial, serial[:-1] + (b"0" if serial[-1:] != b"0" else b"1")))
PY
sed -i "s|^\(\tcall_limit.*\)|\1\n\tstandby = \"twin\";|" "$INKAN_CONFIG_DIR/ca.conf"
cat >>"$INKAN_CONFIG_DIR/ca.conf" <<X
tokens = ( { name = "twin"; uri = "pkcs11:token=inkan-cb"; module = "$P11FAULT";
	softhsm_conf = "../tokens/ca.conf"; pin_file = "../pins/ca.pin";
	pin_state = "../state/twin.pin-state"; sessions = 2; } );
X
demo_start ca ra ocsp
has "two tokens" "$(inkan status)" 'ok +token:twin +inkan-cb'
client s1; fault "C_Sign CKR_DEVICE_ERROR token=inkan-ca"
ask s1; is "one fails: the other signs, and no client waits" "$code" 200
check "  verifiably" eval 'take_cert "$T/s1.pem" && verifies "$T/s1.pem"'
has "  the operator is told" "$(inkan status)" 'FAIL +token |fail +token '
check "  the log goes on, too" wait_for 10 published
client s2; fault "C_Sign wrong count=1 token=inkan-ca"
ask_until s2 10; fault "C_Sign CKR_DEVICE_ERROR"
client s3; ask s3; is "both fail: 503" "$code" 503
fault
check "  and later it is served" ask_until s3 10
# Also for who starts while the first is away.
demo_stop; rm -f "$T"/demo/state/*.stopped
fault "any CKR_TOKEN_NOT_PRESENT token=inkan-ca"
demo_start ca ra ocsp
has "a start without the first" "$(inkan status)" 'FAIL +token |fail +token '
client s4; check "  the other signs" ask_until s4 10
check "  verifiably" verifies "$T/s4.pem"
check "  the log goes on" wait_for 10 published
check "  CRLs, too" inkan crl issue --issuer devices
has "  that is told" "$(cat "$log")" 'token.standby .*issuer=devices-g1 token=twin'
fault

# --- a module in another process, which dies ---
has_remote || finish
demo_stop; rm -f "$T"/demo/state/*.stopped
sed -i '/^tokens = (/,$d; /standby = /d' "$INKAN_CONFIG_DIR/ca.conf"
remote_module
more_cleanup=remote_down
remote_up
demo_start ca ra ocsp
client p1; ask p1; is "through p11-kit server" "$code" 200
# It forks for each connection: every new one crashes as well.
client p2; fault "C_Sign crash"
ask p2; is "its process crashes: 503" "$code" 503
fault
check "  and later it is served" ask_until p2 10
remote_down
client p3; ask p3; is "the server is killed: 503" "$code" 503
remote_up
check "  and back" ask_until p3 10
finish
