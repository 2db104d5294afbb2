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

# That module in a process of its own, behind p11-kit server: ca.conf and who is
# started from now on use it there. remote_down is for the test's more_cleanup.
remote_so=$(find /usr/lib -path '*/pkcs11/p11-kit-client.so' 2>/dev/null | head -1)
has_remote() { command -v p11-kit >/dev/null && [ -n "$remote_so" ]; }
remote_module() {
	sed -i "s|^\([[:space:]]*\)module = \".*p11fault.so\"|\1module = \"$remote_so\"|" \
	    "$INKAN_CONFIG_DIR/ca.conf"
	export P11_KIT_SERVER_ADDRESS=unix:path=$T/p11.sock
}
remote_up() {
	rm -f "$T/p11.sock"
	SOFTHSM2_CONF=$T/demo/tokens/ca.conf setsid p11-kit server -f -n "$T/p11.sock" \
	    --provider "$P11FAULT" "pkcs11:token=inkan-ca" >/dev/null 2>"$T/server.err" &
	remote_pid=$!
	wait_for 10 test -S "$T/p11.sock"
}
remote_down() {
	[ -n "${remote_pid:-}" ] || return 0
	kill -KILL -- "-$remote_pid" 2>/dev/null
	wait "$remote_pid" 2>/dev/null
	remote_pid=
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
