# Sourced after tests/integration/lib.sh: a demo whose inkan-ca has the module
# that fails on command (tests/faults/p11fault.h).
# shellcheck shell=bash
P11FAULT=$BUILD/tests/p11fault.so
[ -f "$P11FAULT" ] || skip "needs $P11FAULT (make p11fault)"
export INKAN_P11_FAULTS=$T/faults

# To be called by before_start: the token of ca.conf through that module, and
# further lines for its group on stdin.
faulty_module() {	# module path
	sed -i "s|^\([[:space:]]*\)module = .*|\1module = \"$1\";|" \
	    "$INKAN_CONFIG_DIR/ca.conf"
	sed -i '/^[[:space:]]*module = /r /dev/stdin' "$INKAN_CONFIG_DIR/ca.conf"
	confine_reads "$T" ca
}
fault() {	# lines...: in force when it returns
	printf '%s\n' "$@" >"$T/faults.new"
	mv "$T/faults.new" "$T/faults"
}
now_ms() { date +%s%3N; }

# A client with a key of its own, who asks until it is served. $code, $tries.
client() {	# name: its request
	new_key "$T/$1.key"
	csr "$T/$1.key" "/CN=$1" | base64 >"$T/$1.b64"
}
ask() { post simpleenroll "$T/$1.b64" -u "$(basic)"; }	# name
ask_until() {	# name seconds
	local end=$(($(now_ms) + $2 * 1000))
	tries=0
	while ask "$1"; tries=$((tries + 1)); [ "$code" != 200 ]; do
		[ "$(now_ms)" -lt $end ] || return 1
		sleep 0.05
	done
	take_cert "$T/$1.pem"
}
