# Sourced by the bench's scripts. A script measures in pairs and prints, for
# each, `pair RATIO A B`; tests/bench/run takes the median and judges.
# shellcheck shell=bash
# shellcheck source=tests/integration/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../integration/lib.sh"
PAIRS=${PAIRS:-5}
die() { printf 'bench: %s\n' "$*" >&2; exit 1; }

pair() { printf 'pair %s %s %s\n' "$1" "$2" "$3"; }
note() { printf '%s\n' "$*"; }

# The server on the last core, its client on the first, where there are two.
server_core=$(($(nproc) - 1))
pin() {	# core pid: the process and all its threads
	[ "$(nproc)" -gt 1 ] || return 0
	taskset -a -cp "$1" "$2" >/dev/null
}
on_client_core() {	# command...
	if [ "$(nproc)" -gt 1 ]; then taskset -c 0 "$@"; else "$@"; fi
}

# As demo_start, but with patience: a million rows that status.db lacks are
# copied before the first answer.
ca_start() {
	nohup setsid "$INKAN_BIN/inkan-ca" -c "$INKAN_CONFIG_DIR/ca.conf" \
	    </dev/null >>"$INKAN_DIR/log/inkan-ca.log" 2>&1 &
	echo $! >"$INKAN_DIR/run/inkan-ca.pid"
	wait_for 300 settled ca && ready_ca >/dev/null 2>&1 && return
	tail -n 5 "$INKAN_DIR/log/inkan-ca.log" >&2
	die "inkan-ca does not answer"
}

# The demo's inkan-ca alone, with a reusable secret. Hook: before_start.
ca_up() {
	INKAN_BIN=$BUILD
	INKAN_BUILD=$BUILD demo_prepare "$T/demo" "$(free_port)"
	demo_make
	demo_ceremony >/dev/null
	if declare -F before_start >/dev/null; then before_start; fi
	ca_start
	demo_secret >/dev/null
	# shellcheck disable=SC1091
	. "$T/demo/env"
	ca_pid=$(cat "$INKAN_DIR/run/inkan-ca.pid")
	pin "$server_core" "$ca_pid"
}

enrol_load() {	# requests callers [options of load...]: "RATE CPU_US"
	local n=$1 c=$2; shift 2
	on_client_core "$BUILD/bench/load" -s "$INKAN_SOCKET_DIR/ra.sock" \
	    -p "$ca_pid" -n "$n" -c "$c" "$@" || die "the load failed"
}
