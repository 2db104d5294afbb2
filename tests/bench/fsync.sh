#!/usr/bin/env bash
# Ratio 3, first half: how often a running inkan-ca asks the disk to be sure
# (fsync, fdatasync, counted by strace), per certificate, with 16 callers and
# with one. The count does not depend on the speed of the machine.
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
need strace
REQUESTS=${REQUESTS:-320}

synced() {	# requests callers: fsyncs per certificate
	local tracer
	rm -f "$T/strace"
	strace -f -c -qq -e trace=fsync,fdatasync -o "$T/strace" -p "$ca_pid" \
	    2>"$T/strace-err" &
	tracer=$!
	wait_for 10 traced || { cat "$T/strace-err" >&2; die "strace does not attach"; }
	enrol_load "$1" "$2" >/dev/null
	kill -INT "$tracer"
	wait "$tracer" 2>/dev/null
	awk -v n="$1" '$NF ~ /^(fsync|fdatasync)$/ {c += $4}
	    END {if (c == 0) exit 1; printf "%.3f\n", c / n}' "$T/strace" ||
	    die "strace counted nothing"
}
traced() {	# every thread
	local s
	for s in /proc/"$ca_pid"/task/*/status; do
		grep -q '^TracerPid:[[:space:]]*[1-9]' "$s" || return 1
	done
}

ca_up
enrol_load 50 16 >/dev/null
for _ in $(seq "$PAIRS"); do
	many=$(synced "$REQUESTS" 16) || exit 1
	one=$(synced $((REQUESTS / 8)) 1) || exit 1
	pair 3a "$many" "$one"
done
