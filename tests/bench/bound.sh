#!/usr/bin/env bash
# Ratio 1: certificates per CPU second of the engine against what the crypto
# alone would allow, two verifies and one sign, from `openssl speed` in the same
# run.
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"

bound() {	# 1 / (2 verify + 1 sign)
	on_client_core openssl speed -mr -seconds 1 ecdsap256 2>/dev/null |
	    awk -F: '$1 == "+F4" {printf "%.0f\n", 1 / (2 / $5 + 1 / $4)}'
}

cd "$here" || exit 1
for _ in $(seq "$PAIRS"); do
	ours=$(on_client_core "$BUILD/bench/issue" rate 2000) || exit 1
	pair 1 "$ours" "$(bound)"
done
