# Sourced by floods*.sh after lib.sh.
# shellcheck shell=bash
ulimit -Sn "$(ulimit -Hn)"
enough_files() {	# n
	[ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge "$1" ] ||
	    skip "needs $1 open files, the system allows $(ulimit -n)"
}
pid_of() { cat "$INKAN_DIR/run/inkan-$1.pid"; }
# MiB that a program has in memory, and the most that it ever had.
rss() { awk '/^VmRSS/ {print int($2 / 1024)}' "/proc/$(pid_of "$1")/status"; }
rss_most() { awk '/^VmHWM/ {print int($2 / 1024)}' "/proc/$(pid_of "$1")/status"; }
# A sanitizer needs several times the memory: it judges otherwise.
bound() { if [ -n "${SAN:-}" ]; then echo $((8 * $1)); else echo "$1"; fi; }
# Milliseconds of processor time so far.
cpu() { awk -v t="$(getconf CLK_TCK)" '{sub(/.*\) /, ""); print int(($12 + $13) * 1000 / t)}' "/proc/$(pid_of "$1")/stat"; }
files() { ls "/proc/$(pid_of "$1")/fd" | wc -l; }
enrols() {	# name [seconds]: within the time that an honest client has
	new_key "$D/$1.key"
	csr "$D/$1.key" "/CN=$1" | base64 >"$T/$1.b64"
	post simpleenroll "$T/$1.b64" -u "$(basic)" --max-time "${2:-10}"
	[ "$code" = 200 ]
}
flood() {	# port kind n [addresses]
	mkfifo "$T/to" "$T/from"
	python3 "$here/tests/integration/clients/flood.py" "$@" <"$T/to" >"$T/from" 2>"$T/flood.err" &
	exec {to}>"$T/to" {from}<"$T/from"
	rm -f "$T/to" "$T/from"
	read -r -t 300 ready <&$from
	is "$3 connections: $2" "$ready" ready
}
unclosed() {	# port: connections that the server has not closed, accepted or not
	awk -v p=":$(printf %04X "$1")$" '$2 ~ p && $4 == "01"' /proc/net/tcp | wc -l
}
few_left() { [ "$(unclosed "$1")" -le "$2" ]; }
calm() {	# ends it; $closed, $last
	exec {to}>&-
	read -r -t 60 closed last <&$from
	exec {from}<&-
}
