# Sourced by the benches of inkan-ocsp: responders of their own over a status.db
# that bench/ocspset made, without an inkan-ca.
# shellcheck shell=bash
# shellcheck source=tests/bench/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need wrk
SECONDS_EACH=${SECONDS_EACH:-2}
more_cleanup=ocsp_down
ocsp_pids=

ocsp_down() {
	local p
	for p in $ocsp_pids; do kill "$p" 2>/dev/null; done
	for p in $ocsp_pids; do wait "$p" 2>/dev/null; done
}

# The configuration of the responder in $1; further lines as they are.
ocsp_conf() {	# dir prepare [line...]
	local dir=$1 prepare=$2; shift 2
	mkdir -p "$dir/pub/crl" "$dir/pub/ca" "$dir/pub/ocsp"
	cat >"$dir/ocsp.conf" <<-X
	listen = [ "127.0.0.1:0" ];
	status_db = "status.db";
	publish_dir = "pub";
	token: {
	    uri = "pkcs11:token=bench"; pin_file = "pin"; softhsm_conf = "conf";
	    module = "/usr/lib/softhsm/libsofthsm2.so";
	};
	delegates = (
	    { issuer = "bench-g1"; key = "pkcs11:object=ocsp";
	      certificate = "delegate.pem"; prepare = "$prepare"; }
	);
	threads = 1;
	prepare_share = 100;
	both_hashes = "2k";
	sign_budget = 0;
	X
	[ $# -eq 0 ] || printf '%s\n' "$@" >>"$dir/ocsp.conf"
}

ocsp_says() { grep -q "event=$2" "$1/log"; }

# dir certificates prepare [line...]: sets ocsp_pid and ocsp_port.
ocsp_up() {
	local dir=$1 n=$2 start=$SECONDS; shift 2
	mkdir -p "$dir"
	"$BUILD/bench/ocspset" make "$dir" "$n" || die "no status.db"
	ocsp_conf "$dir" "$@"
	ocsp_start "$dir"
	[ "$1" = demand ] || wait_for 1200 ocsp_says "$dir" ocsp.prepare.done ||
	    die "not prepared: $(tail -n 3 "$dir/log")"
	note "$n certificates, prepare = $1: ready after $((SECONDS - start)) s, $(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$ocsp_pid/status") KiB"
}
ocsp_start() {	# dir [command before it...]
	local dir=$1; shift
	(cd "$dir" && exec "$@" "$BUILD/inkan-ocsp" -c ocsp.conf >log 2>&1) &
	ocsp_pid=$!
	ocsp_pids="$ocsp_pids $ocsp_pid"
	wait_for 60 ocsp_says "$dir" ocsp.listening ||
	    die "no responder: $(tail -n 3 "$dir/log")"
	ocsp_port=$(sed -n 's/.*event=ocsp.listening.* port=//p' "$dir/log" | head -1)
	[ $# -gt 0 ] || pin "$server_core" "$ocsp_pid"
}

cpu_ticks() {	# pid...: user and system, of all of them
	local p
	for p in "$@"; do sed 's/.*) //' "/proc/$p/stat"; done |
	    awk '{t += $12 + $13} END {print t}'
}

# Load for a while: "CPU_US P99_US RATE". Whatever fails fails the bench.
ocsp_load() {	# dir port method n files pid...
	local dir=$1 port=$2 method=$3 n=$4 files=$5 ticks out
	shift 5
	ticks=$(cpu_ticks "$@")
	out=$(OCSP_DIR=$dir OCSP_METHOD=$method OCSP_N=$n OCSP_FILES=$files \
	    on_client_core wrk -t1 -c64 -d"${SECONDS_EACH}s" --latency \
	    -s "$here/tests/bench/ocsp.lua" "http://127.0.0.1:$port/" |
	    sed -n 's/^RESULT //p')
	ticks=$(($(cpu_ticks "$@") - ticks))
	# shellcheck disable=SC2086
	set -- $out
	[ "${4:-1}" = 0 ] || die "load: ${out:-no result}"
	awk -v t="$ticks" -v hz="$(getconf CLK_TCK)" -v n="$1" -v p="$2" \
	    -v r="$3" 'BEGIN {printf "%.2f %d %d\n", t / hz / n * 1e6, p, r}'
}
