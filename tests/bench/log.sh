#!/usr/bin/env bash
# Ratio 13: what publishing the log costs. CPU time of the thread that does it
# against that of the whole inkan-ca, under load, for each certificate.
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
REQUESTS=${REQUESTS:-3000}
[ -r /proc/self/schedstat ] || skip "the kernel does not tell the CPU time of threads"

log_ns() {	# CPU time of the thread "log"
	local t
	for t in /proc/"$ca_pid"/task/*; do
		[ "$(cat "$t/comm")" = log ] && { cut -d' ' -f1 "$t/schedstat"; return; }
	done
	die "inkan-ca has no thread of the log"
}

ca_up
enrol_load 200 16 >/dev/null
for _ in $(seq "$PAIRS"); do
	before=$(log_ns)
	read -r rate cpu <<<"$(enrol_load "$REQUESTS" 16)"
	sleep 1.5	# the last of them are published too
	after=$(log_ns)
	us=$(awk -v a="$before" -v b="$after" -v n="$REQUESTS" \
	    'BEGIN {printf "%.2f", (b - a) / 1000 / n}')
	note "$rate certificates/s; CPU for each: $cpu us, $us us of them for the log"
	pair 13 "$us" "$cpu"
done
