#!/usr/bin/env bash
# Ratio 11, the issuing side: the whole issuing path with a million certificates
# in the store against the same with a thousand. Two instances side by side, one
# at work at a time. Takes minutes and some 3 GB: only with FULL=1.
. "$(dirname "$0")/lib.sh"
FILL=${FILL:-1000000} REQUESTS=${REQUESTS:-2000}
[ -n "${FULL:-}" ] || skip "takes minutes; ask with make bench FULL=1"
free=$(df -Pk "$T" | awk 'NR == 2 {print $4}')
[ "$free" -gt $((FILL * 5)) ] || skip "needs $((FILL * 5 / 1024)) MB free in ${TMPDIR:-/tmp}"

top=$T
up() {	# name certificates
	local start=$SECONDS
	T=$top/$1 n_fill=$2
	mkdir "$T"
	ca_up
	note "$2 certificates: filled, and status.db brought up, in $((SECONDS - start)) s; store.db $(du -m "$INKAN_STORE" | cut -f1) MB"
}
before_start() {
	# shellcheck disable=SC1091
	. "$T/demo/env"
	"$BUILD/bench/fill" "$INKAN_STORE" "$n_fill" || die "the store is not filled"
}
on() {	# name: the demo that is asked
	# shellcheck disable=SC1090
	. "$top/$1/demo/env"
	ca_pid=$(cat "$INKAN_DIR/run/inkan-ca.pid")
}
both_down() {
	local d
	for d in small big; do
		[ -f "$top/$d/demo/run/inkan-ca.pid" ] || continue
		on "$d"
		demo_stop
	done
	T=$top
}
more_cleanup=both_down

up small 1000
up big "$FILL"
for d in small big; do on "$d"; enrol_load 500 16 >/dev/null; done
for _ in $(seq "$PAIRS"); do
	on big
	big=$(enrol_load "$REQUESTS" 16) || exit 1
	on small
	small=$(enrol_load "$REQUESTS" 16) || exit 1
	pair 11 "${big% *}" "${small% *}"
	note "CPU for each: ${big#* } us with $FILL, ${small#* } us with 1000"
done
