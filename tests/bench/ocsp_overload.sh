#!/usr/bin/env bash
# Ratio 14: ten times the connections that are allowed. Those who came first ask on
# while nine times as many press on top of them; judged is how long 99 of 100 of
# their requests take.
# shellcheck source=tests/bench/ocsplib.sh
. "$(dirname "$0")/ocsplib.sh"
ALLOWED=${ALLOWED:-64}
dir=$T/set

press() {	# connections seconds: as wrk -t1, with the load's own requests
	OCSP_DIR=$dir OCSP_METHOD=POST OCSP_N=1000 OCSP_FILES="" \
	    on_client_core wrk -t1 -c"$1" -d"$2s" --latency \
	    -s "$here/tests/bench/ocsp.lua" "http://127.0.0.1:$ocsp_port/" |
	    sed -n 's/^RESULT //p'
}

mkdir "$dir"
"$BUILD/bench/ocspset" make "$dir" 1000 || die "no status.db"
ocsp_conf "$dir" all "max_connections = $ALLOWED;"
ocsp_start "$dir"
wait_for 60 ocsp_says "$dir" ocsp.prepare.done || die "not prepared"
for _ in $(seq "$PAIRS"); do
	alone=$(press "$ALLOWED" 2)
	press "$ALLOWED" 4 >"$T/first" &
	job=$!
	sleep 0.5
	newest=$(press $((9 * ALLOWED)) 3)
	wait $job
	# shellcheck disable=SC2046
	set -- $(cat "$T/first")
	[ "${4:-1}" = 0 ] || die "who was served was cut off: $*"
	pair 14 "$2" 100000
	after=$(press "$ALLOWED" 1)
	note "requests, p99 us, requests/s, cut off: alone $alone; pressed $*; the newest $newest; after $after"
done
