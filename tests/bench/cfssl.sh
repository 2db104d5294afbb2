#!/usr/bin/env bash
# Ratio 2: the whole issuing path of a running inkan-ca – inner socket, evidence,
# key in SoftHSM, durable store, log – against cfssl, which signs the same CSR
# with a key in a file and keeps nothing. 16 callers each, one core each side.
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
need cfssl
need wrk
REQUESTS=${REQUESTS:-3000}

cfssl_up() {
	local port
	port=$(free_port) || die "no free port"
	cfssl_url=http://127.0.0.1:$port/api/v1/cfssl/sign
	new_key "$T/peer.key"
	openssl req -x509 -new -key "$T/peer.key" -sha256 -days 30 \
	    -subj "/CN=peer" -out "$T/peer.pem"
	cat >"$T/peer.json" <<-X
	{"signing": {"default": {"expiry": "2160h", "backdate": "5m",
	 "usages": ["digital signature", "client auth"],
	 "crl_url": "http://localhost:8444/crl/devices-g1.crl",
	 "ocsp_url": "http://localhost:8444/ocsp",
	 "issuer_urls": ["http://localhost:8444/ca/devices-g1.cer"]}}}
	X
	cfssl serve -loglevel 5 -address 127.0.0.1 -port "$port" -ca "$T/peer.pem" \
	    -ca-key "$T/peer.key" -config "$T/peer.json" >"$T/peer.log" 2>&1 &
	cfssl_pid=$!
	more_cleanup=cfssl_down
	pin "$server_core" "$cfssl_pid"
	new_key "$T/dev.key"
	openssl req -new -key "$T/dev.key" -out "$T/dev.csr" \
	    -subj "/CN=device-00000001-000001.example" \
	    -addext "subjectAltName=DNS:device-00000001-000001.example"
	CSR=$(sed ':a;N;$!ba;s/\n/\\n/g' "$T/dev.csr")
	export CSR
	wait_for 10 cfssl_signs || { cat "$T/peer.log" >&2; die "cfssl does not sign"; }
}
cfssl_down() { kill "$cfssl_pid" 2>/dev/null; wait "$cfssl_pid" 2>/dev/null; }
cfssl_signs() {
	curl -sS --max-time 2 -d "{\"certificate_request\":\"$CSR\"}" \
	    "$cfssl_url" | grep -q '"success":true.*BEGIN CERTIFICATE'
}
cpu_of() {	# pid: ticks, user and system
	sed 's/.*) //' "/proc/$1/stat" | awk '{print $12 + $13}'
}
cfssl_rate() {	# signatures/s, and CPU microseconds for each
	local ticks n
	ticks=$(cpu_of "$cfssl_pid")
	on_client_core wrk -t1 -c16 -d2s -s "$here/tests/bench/cfssl.lua" \
	    "$cfssl_url" >"$T/wrk" || die "wrk failed"
	grep -q 'Non-2xx' "$T/wrk" && die "cfssl refused: $(cat "$T/wrk")"
	ticks=$(($(cpu_of "$cfssl_pid") - ticks))
	n=$(sed -n 's/^ *\([0-9]*\) requests in .*/\1/p' "$T/wrk")
	awk -v t="$ticks" -v hz="$(getconf CLK_TCK)" -v n="$n" \
	    '/^Requests\/sec:/ {printf "%.0f %.1f\n", $2, t / hz / n * 1e6}' "$T/wrk"
}

ca_up
cfssl_up
note "cfssl $(cfssl version | sed -n 's/^Version: *//p'), key in a file, no database, no log; wrk -t1 -c16"
enrol_load 200 16 >/dev/null
cfssl_rate >/dev/null
for _ in $(seq "$PAIRS"); do
	ours=$(enrol_load "$REQUESTS" 16) && peer=$(cfssl_rate) || exit 1
	pair 2 "${ours% *}" "${peer% *}"
	note "evidence = secret: ${ours% *} certificates/s, ${ours#* } us of CPU each; cfssl ${peer% *}/s, ${peer#* } us"
done
for _ in 1 2 3; do
	ours=$(enrol_load 1000 16 -C "$INKAN_MFG_CA" -K "$INKAN_MFG_CA_KEY") || exit 1
	note "evidence = certificate (not judged): ${ours% *} certificates/s, ${ours#* } us of CPU each"
done
