#!/usr/bin/env bash
# Ratio 11, the answering side: prepared answers, any of a million certificates
# against any of a thousand. FULL=1 only: signing a million ahead takes minutes
# where the cores are shared.
# shellcheck source=tests/bench/ocsplib.sh
. "$(dirname "$0")/ocsplib.sh"
FILL=${FILL:-1000000}
[ -n "${FULL:-}" ] || skip "signs $FILL answers; ask with make bench FULL=1"

ocsp_up "$T/small" 1000 all
small_pid=$ocsp_pid small_port=$ocsp_port
ocsp_up "$T/big" "$FILL" all
for _ in $(seq "$PAIRS"); do
	a=$(ocsp_load "$T/big" "$ocsp_port" POST "$FILL" "" "$ocsp_pid") &&
	    b=$(ocsp_load "$T/small" "$small_port" POST 1000 "" "$small_pid") || exit 1
	pair 11b "$(awk -v u="${a%% *}" 'BEGIN {print 1e6 / u}')" \
	    "$(awk -v u="${b%% *}" 'BEGIN {print 1e6 / u}')"
	note "CPU us, p99 us, requests/s: $a with $FILL, $b with 1000"
done
