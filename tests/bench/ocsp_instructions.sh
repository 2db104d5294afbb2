#!/usr/bin/env bash
# Ratio 12, the answering half: instructions in user space for one prepared
# answer by POST, each about another certificate. N and 3N requests are
# answered under callgrind; the difference is 2N requests without the start.
# shellcheck source=tests/bench/ocsplib.sh
. "$(dirname "$0")/ocsplib.sh"
need valgrind
N=${N:-1000} LIMIT=${LIMIT:-73000}
dir=$T/set
mkdir "$dir"
"$BUILD/bench/ocspset" make "$dir" 300 || die "no status.db"

counted() {	# requests: instructions of the whole run
	local pid
	ocsp_conf "$dir" all 'max_cache = 0;' 'confine = { mode = "off"; };'
	: >"$dir/log"
	ocsp_start "$dir" valgrind --tool=callgrind --callgrind-out-file=/dev/null
	wait_for 60 ocsp_says "$dir" ocsp.prepare.done || die "not prepared"
	"$BUILD/bench/ocspset" ask "$ocsp_port" 0 "$1" 0 "$dir/prefix" >/dev/null ||
	    die "no answers"
	kill "$ocsp_pid" && wait "$ocsp_pid"
	sed -n 's/.*Collected *: *\([0-9]*\)$/\1/p' "$dir/log"
}

one=$(counted "$N") && three=$(counted $((3 * N))) || exit 1
pair 12b $(((three - one) / (2 * N))) "$LIMIT"
