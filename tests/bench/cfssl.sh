#!/usr/bin/env bash
# Ratio 2: the whole issuing path of a running inkan-ca – inner socket, evidence,
# key in SoftHSM, durable store, log – against cfssl, which signs the same CSR
# with a key in a file and keeps nothing. 16 callers each, one core each side.
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
cfssl_rate() {	# signatures/s
	on_client_core wrk -t1 -c16 -d2s -s "$here/tests/bench/cfssl.lua" \
	    "$cfssl_url" >"$T/wrk" || die "wrk failed"
	grep -q 'Non-2xx' "$T/wrk" && die "cfssl refused: $(cat "$T/wrk")"
	sed -n 's/^Requests\/sec: *//p' "$T/wrk"
}

ca_up
cfssl_up
note "cfssl $(cfssl version | sed -n 's/^Version: *//p'), key in a file, no database, no log; wrk -t1 -c16"
enrol_load 200 16 >/dev/null
cfssl_rate >/dev/null
for _ in $(seq "$PAIRS"); do
	read -r rate cpu < <(enrol_load "$REQUESTS" 16)
	peer=$(cfssl_rate)
	pair 2 "$rate" "$peer"
	note "evidence = secret: $rate certificates/s, $cpu us of CPU each; cfssl $peer/s"
done
for _ in 1 2 3; do
	read -r rate cpu < <(enrol_load 1000 16 -C "$INKAN_MFG_CA" -K "$INKAN_MFG_CA_KEY")
	note "evidence = certificate (not judged): $rate certificates/s, $cpu us of CPU each"
done
