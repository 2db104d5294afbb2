#!/usr/bin/env bash
# inkan-ca is killed at each step of issuing, then at calls that change files, one
# after the other, while it enrols, revokes, makes a CRL, publishes, and starts;
# inkan-ra while it renews its own certificate, inkan while it makes a backup,
# inkan-ocsp while it exports. The invariant holds afterwards.
#
#   LONG=1   at each such call; else at some, which SEED=N chooses
tid="crash between any two steps"
. "$(dirname "$0")/lib.sh"
faults=$BUILD/faults/inkan-ca
[ -z "${SAN:-}" ] || skip "the fault points are tested in the plain build"
make -s --no-print-directory -C "$here" BUILD="$BUILD" FAULTS=1 "$faults" >"$T/make" 2>&1 ||
    { cat "$T/make"; exit 1; }
. "$here/tests/faults/disk.bash"
. "$here/tests/faults/agree.bash"
SEED=${SEED:-$(date +%N)}
RANDOM=$((10#$SEED % 32768))
trace "SEED=$SEED"
kills=0
# At some calls, not always the same: how many are passed over each time.
step() { if [ -n "${LONG:-}" ]; then echo 1; else echo $(($1 / 2 + RANDOM % $1)); fi; }

before_ceremony() {
	sed -i 's/^re_enrol = .*/re_enrol = "refuse";/' "$INKAN_CONFIG_DIR/fleets/devices.conf"
}
demo_up
cp -r "$INKAN_DIR/tokens" "$T/tokens"
export INKAN_FAULT=$T/point
: >"$T/point"
start_ca() { start_under ca "$faults"; wait_for 20 ready_ca; }
is_gone() { gone "$(pid_of ca)"; }
# SoftHSM empties its token's file when it logs in (docs/failure.md).
token_back() {
	local f
	for f in "$INKAN_DIR"/tokens/*/*/token.object; do
		[ -s "$f" ] || cp "$T/${f#"$INKAN_DIR/"}" "$f"
	done
}
again() {	# killed or not: it runs, and nothing is to fail any more
	disk_faults
	: >"$T/point"
	if is_gone; then kills=$((kills + 1)); token_back; start_ca; fi
}
insist() {	# command...: again, whenever inkan-ca was killed meanwhile
	local i
	for i in 1 2 3 4 5; do
		"$@" && return
		wait_for 10 is_gone
		again
		[ "$code" != 503 ] || sleep 0.5	# inkan-ra has to find it
	done
	return 1
}
request() { new_key "$D/$1.key"; csr "$D/$1.key" "/CN=$1" | base64 >"$T/$1.b64"; }
ask() { post simpleenroll "$T/$1.b64" -u "$(basic)"; }
kills_it() { ask "$1"; is_gone; }	# inkan-ra may not have found it yet
served() { ask "$1"; [ "$code" = 200 ]; }
# The device has it, and that is written down.
hold() {
	take_cert "$D/$1.pem" || fail "$1 holds no certificate"
	openssl x509 -in "$D/$1.pem" -outform DER | sha256sum | sed "s/^/$(serial "$D/$1.pem") /; s/  -//" >>"$T/held"
}
state_of() { store "SELECT group_concat(CASE state WHEN 1 THEN 'reserved' WHEN 2 THEN 'valid' WHEN 4 THEN 'revoked' WHEN 5 THEN 'aborted' END) FROM (SELECT state FROM certs WHERE device = '$1' ORDER BY id)"; }

kill -TERM "$(pid_of ca)"; wait_for 20 is_gone
start_ca
# --- between two steps of issuing ------------------------------------------
for point in conformed reserved signed compared recorded; do
	request "crash-$point"
	echo $point >"$T/point"
	check "$point: it is killed" wait_for 20 kills_it "crash-$point"
	is "  the client has no certificate" "$code" 503
	again
	case $point in
	conformed) is "  nothing was reserved" "$(state_of "crash-$point")" "" ;;
	recorded) is "  it is in the store" "$(state_of "crash-$point")" valid ;;
	*) is "  closed as aborted" "$(state_of "crash-$point")" aborted
		s=$(store "SELECT lower(hex(serial)) FROM certs WHERE device = 'crash-$point'")
		out=$(timeout 20 openssl ocsp -issuer "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" -url "$INKAN_OCSP_URL" -serial "0x$s" 2>&1)
		has "  OCSP knows no such certificate" "$out" ": unknown" ;;
	esac
	check "  the client asks again and has it" wait_for 20 served "crash-$point"
	hold "crash-$point"
done
s=$(store "SELECT lower(hex(serial)) FROM certs WHERE device = 'crash-signed' AND state = 5")
check "an aborted serial can be revoked" inkan revoke --serial "$s"
store "SELECT lower(hex(serial)) FROM certs WHERE state = 4" >"$T/revoked"

# --- at calls that change files ----------------------------------------------
# A device enrols, another's certificate is revoked, a CRL is made, the log is
# published. Whoever is told nothing asks again; who was told can rely on it.
crl_issue() { inkan crl issue >/dev/null 2>&1; }
revoke() { inkan revoke --serial "$1" >"$T/said" 2>&1 || grep -q "revoked already" "$T/said"; }
gone_or_published() { is_gone || log_published; } # that comes a second later
at=$((RANDOM % 30)) n=0 point_kills=$kills
while :; do
	n=$((n + 1)) before=$kills
	request "call-$n"
	disk_faults "change kill path=$INKAN_DIR skip=$at"
	check "killed at call $at, or never: the device has its certificate" insist served "call-$n"
	hold "call-$n"
	s=$(serial "$D/call-$n.pem")
	check "  it is revoked" insist revoke "$s"
	echo "$s" >>"$T/revoked"
	check "  a CRL is made" insist crl_issue
	[ $kills != $before ] || wait_for 20 gone_or_published
	again
	# One that was not killed has passed all calls.
	[ $kills != $before ] || break
	[ -n "${LONG:-}" ] || [ $n -lt 8 ] || break
	at=$((at + $(step 30)))
done
trace "while it works: $((kills - point_kills)) kills at calls up to $at"
check "  in each round one, but for the last" test $((kills - point_kills)) -ge $((n - 1))

# While it starts: it may be killed before it is ready, or not at all.
at=$((RANDOM % 8)) starts=0 most_starts=3
[ -z "${LONG:-}" ] || most_starts=300
while [ $starts -lt $most_starts ]; do
	is_gone || kill -KILL "$(pid_of ca)"; wait_for 20 is_gone; token_back
	disk_faults "change kill path=$INKAN_DIR skip=$at"
	start_under ca "$faults"
	up_or_gone() { is_gone || { ready_ca && log_published; }; }
	wait_for 20 up_or_gone
	is_gone || break # it has come through
	starts=$((starts + 1)) at=$((at + $(step 20)))
done
check "killed $starts times while it started, it starts" test $starts -gt 0
again
kills=$((kills + starts))
check "and issues" wait_for 20 enrol_basic after
hold after

# --- the other programs ------------------------------------------------------
pair() { [ "$(openssl x509 -in "$T/demo/certs/est.pem" -noout -pubkey)" = "$(openssl pkey -in "$T/demo/certs/est.key" -pubout)" ]; }
renewed=0 at=0
while [ $renewed -lt 100 ]; do
	disk_faults "change kill path=$INKAN_DIR/certs skip=$at"
	under_faults inkan-ra --renew -c "$INKAN_CONFIG_DIR/ra.conf" >"$T/said" 2>&1 && break
	renewed=$((renewed + 1)) at=$((at + $(step 3)))
done
disk_faults
check "inkan-ra --renew, killed $renewed times: it renews" test $renewed -gt 0
check "  key and certificate belong together" pair
kill -KILL "$(pid_of ra)"; wait_for 20 gone "$(pid_of ra)"; rm -f "$T/demo/run/inkan-ra.pid"
demo_start ra
check "  inkan-ra serves with it" enrol_basic renewed
hold renewed
kills=$((kills + renewed))

backups=0 at=0 most_backups=4
[ -z "${LONG:-}" ] || most_backups=600
while [ $backups -lt $most_backups ]; do
	disk_faults "change kill path=$T/b skip=$at"
	under_faults inkan backup "$T/b" --config "$INKAN_CONFIG_DIR/ca.conf" >"$T/said" 2>&1 && break
	[ ! -d "$T/b" ] || inkan backup --verify "$T/b" >"$T/said" 2>&1 || fail "a backup that is not whole: $(cat "$T/said")"
	rm -rf "$T/b" "$T/b.tmp"
	backups=$((backups + 1)) at=$((at + $(step 100)))
done
disk_faults
rm -rf "$T/b" "$T/b.tmp"
check "  and is made" inkan backup "$T/b" --config "$INKAN_CONFIG_DIR/ca.conf"
check "inkan backup, killed $backups times: whole or not there" test $backups -gt 0
check "  one that was not killed verifies" inkan backup --verify "$T/b"
kills=$((kills + backups))

# Answers as files: each is whole, or not there. The next run has no need to know.
whole() {	# every answer below $T/x/ocsp ends where its first four octets say
	python3 - "$T/x/ocsp" <<-'P'
	import os, sys
	for folder, _, names in os.walk(sys.argv[1]):
	    for name in names:
	        b = open(os.path.join(folder, name), 'rb').read()
	        if b[:2] != b'\x30\x82' or len(b) != 4 + int.from_bytes(b[2:4], 'big'):
	            sys.exit('%s/%s: %d octets' % (folder, name, len(b)))
	P
}
exports=0 at=0 most_exports=4
[ -z "${LONG:-}" ] || most_exports=300
while [ $exports -lt $most_exports ]; do
	disk_faults "change kill path=$T/x skip=$at"
	under_faults inkan-ocsp -c "$INKAN_CONFIG_DIR/ocsp.conf" --export "$T/x" >"$T/said" 2>&1 && break
	whole || fail "killed at call $at: not whole"
	exports=$((exports + 1)) at=$((at + $(step 20)))
done
disk_faults
check "inkan-ocsp --export, killed $exports times: what is there is whole" test $exports -gt 0
check "  and is made" inkan-ocsp -c "$INKAN_CONFIG_DIR/ocsp.conf" --export "$T/x"
check "  whole" whole
is "  all of it" "$(find "$T/x/ocsp" -type f | wc -l)" "$(inkan-ocsp -c "$INKAN_CONFIG_DIR/ocsp.conf" --export "$T/y" >/dev/null 2>&1; find "$T/y/ocsp" -type f | wc -l)"
is "  nothing else" "$(cd "$T/x" && find . -name '.*' -type f | sort | tr '\n' ' ')" "./.export ./.lock "
kills=$((kills + exports))

sort "$T/held" >"$T/c.certs"
sort "$T/revoked" >"$T/c.revoked"
agree
measured "kills survived: $kills, of them at points $point_kills, at calls while inkan-ca starts $starts, while inkan-ra renews $renewed, while inkan makes a backup $backups, while inkan-ocsp exports $exports"
finish
