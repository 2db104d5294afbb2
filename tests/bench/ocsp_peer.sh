#!/usr/bin/env bash
# Ratio 6: prepared answers against cfssl ocspserve, which has its one answer
# in memory. The same request by POST, wrk -t1 -c64.
# shellcheck source=tests/bench/ocsplib.sh
. "$(dirname "$0")/ocsplib.sh"
need cfssl
dir=$T/set

# cfssl knows answers by SHA-1 and with a single only: one of openssl's.
peer_up() {
	local serial=4A000000000000000000000000000001
	printf 'V\t350101000000Z\t\t%s\tunknown\t/CN=x\n' "$serial" >"$T/index"
	openssl ocsp -issuer "$dir/ca.pem" -serial "0x$serial" -no_nonce \
	    -reqout "$T/req" >/dev/null 2>&1 || die "no request"
	openssl ocsp -index "$T/index" -CA "$dir/ca.pem" -rsigner "$dir/peer.pem" \
	    -rkey "$dir/peer.key" -ndays 7 -reqin "$T/req" -respout "$T/resp" \
	    >/dev/null 2>&1 || die "no answer"
	base64 -w0 <"$T/resp" >"$T/responses"
	peer_port=$(free_port) || die "no free port"
	cfssl ocspserve -loglevel 5 -address 127.0.0.1 -port "$peer_port" \
	    -responses "$T/responses" >"$T/peer.log" 2>&1 &
	peer_pid=$!
	ocsp_pids="$ocsp_pids $!"
	pin "$server_core" "$peer_pid"
	wait_for 10 peer_answers || die "cfssl: $(cat "$T/peer.log")"
	# For the load, which asks by SHA-256 otherwise: this request instead.
	mkdir "$T/sha1"
	head -c -3 "$T/req" >"$T/sha1/prefix"
	head -c -3 "$T/req" | base64 -w0 >"$T/sha1/prefix64"
}
peer_answers() {
	curl -sS --max-time 2 -H 'Content-Type: application/ocsp-request' \
	    --data-binary "@$T/req" "http://127.0.0.1:$peer_port/" | cmp -s - "$T/resp"
}

ocsp_up "$dir" 1000 all
peer_up
note "cfssl $(cfssl version | sed -n 's/^Version: *//p'), -responses with one answer of $(stat -c %s "$T/resp") octets"
for _ in $(seq "$PAIRS"); do
	a=$(ocsp_load "$T/sha1" "$ocsp_port" POST 1 "" "$ocsp_pid") &&
	    b=$(ocsp_load "$T/sha1" "$peer_port" POST 1 "" "$peer_pid") || exit 1
	# Requests per CPU second.
	pair 6 "$(awk -v u="${a%% *}" 'BEGIN {print 1e6 / u}')" \
	    "$(awk -v u="${b%% *}" 'BEGIN {print 1e6 / u}')"
	note "CPU us, p99 us, requests/s: ours $a, cfssl $b"
done
