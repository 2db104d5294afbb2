#!/usr/bin/env bash
# Recovery: seconds from the moment that a failed token is well again to the
# first certificate, for each way to fail (tests/faults/p11fault.h), through
# ra.sock. The token fails for a second and a half, under one caller's load.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tests/faults/lib.bash
. "$here/tests/faults/lib.bash"
GOAL=2
before_start() { faulty_module "$P11FAULT" <<<'call_limit = "1s";'; }
fault
ca_up

# The load tool ends at the first refusal: it is asked one at a time.
one() { "$BUILD/bench/load" -s "$INKAN_SOCKET_DIR/ra.sock" -p "$ca_pid" -n 1 -c 1 >/dev/null 2>&1; }
one || die "nothing is issued"

recover() {	# name lines...
	local name=$1 end begin s; shift
	fault "$@"
	end=$(($(now_ms) + 1500))
	while [ "$(now_ms)" -lt $end ]; do
		one && die "$name: it did not fail"
		sleep 0.1
	done
	begin=$(now_ms)
	fault
	[ -z "${mend:-}" ] || $mend
	until one; do
		[ $(($(now_ms) - begin)) -lt 20000 ] || die "$name: not back"
		sleep 0.02
	done
	s=$(awk "BEGIN { printf \"%.3f\", ($(now_ms) - $begin) / 1000 }")
	note "$(printf 'recovery after %-48s %s s' "$name" "$s")"
	worst=$(awk "BEGIN { print ($s > ${worst:-0}) ? $s : ${worst:-0} }")
}
for rv in CKR_DEVICE_ERROR CKR_GENERAL_ERROR CKR_DEVICE_MEMORY; do
	recover "C_Sign $rv" "C_Sign $rv"
done
for rv in CKR_SESSION_HANDLE_INVALID CKR_TOKEN_NOT_PRESENT CKR_USER_NOT_LOGGED_IN; do
	recover "any $rv" "any $rv"
done
recover "C_Sign that does not come back" "C_Sign block"
mend="rm -f $T/demo/state/ca.pin-state.*.stopped"
recover "a wrong signature, once the operator resumes it" "C_Sign wrong"
recover "a truncated signature, once the operator resumes it" "C_Sign truncated"
mend=
if has_remote; then
	demo_stop_quietly
	remote_module
	more_cleanup=remote_down
	remote_up
	ca_start
	ca_pid=$(cat "$INKAN_DIR/run/inkan-ca.pid")
	one || die "nothing is issued through p11-kit server"
	recover "a crash of the module's process" "C_Sign crash"
else
	note "no p11-kit server: a crash of the module's process is not tried"
fi
pair recovery "$worst" $GOAL	# the worst of all, not their median
