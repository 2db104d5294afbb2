#!/usr/bin/env bash
# Ratio 7: answers with a nonce, each signed with the key in SoftHSM when it is
# asked for, against a bare C_SignInit + C_Sign loop, both per CPU second.
# shellcheck source=tests/bench/ocsplib.sh
. "$(dirname "$0")/ocsplib.sh"
dir=$T/set

bare() {	# signatures per CPU second, of bench/hsm's first round
	"$BUILD/bench/hsm" 300 | awk '$2 == "4a" {print $4; exit}'
}

ocsp_up "$dir" 1000 demand
for _ in $(seq "$PAIRS"); do
	a=$(ocsp_load "$dir/nonce" "$ocsp_port" POST 16000000 "" "$ocsp_pid") && b=$(bare) || exit 1
	pair 7 "$(awk -v u="${a%% *}" 'BEGIN {print 1e6 / u}')" "$b"
	note "CPU us, p99 us, answers/s: $a; bare loop: $b signatures per CPU second"
done
