#!/usr/bin/env bash
# inkan-ra as a program, without inkan-ca: options, keys, signals, ports.
tid="ra program"
. "$(dirname "$0")/lib.sh"
need openssl
need curl
ra=$BUILD/inkan-ra
[ -x "$ra" ] || skip "needs $ra"
pid=
more_cleanup=stop
stop() { [ -z "$pid" ] || kill "$pid" 2>/dev/null; }

conf() {	# port [further lines]
	cat >"$T/ra.conf" <<-EOF
	listen = [ "127.0.0.1:$1" ];
	certificate = "est.pem";
	key = "est.key";
	ca_socket = "ra.sock";
	names = [ "localhost", "127.0.0.1" ];
	subject = "CN=test est";
	${2:-}
	EOF
}
self_sign() {	# from the CSR, with its names
	openssl x509 -req -in "$T/est.csr" -signkey "$T/est.key" -days 2 \
	    -set_serial "$1" -extfile <(echo "subjectAltName=DNS:localhost") \
	    -out "$T/est.pem" 2>/dev/null
}
serial() {
	openssl s_client -connect "127.0.0.1:$port" </dev/null 2>/dev/null |
	    openssl x509 -noout -serial 2>/dev/null
}
shows() { [ "$(serial)" = "serial=$1" ]; }
said() { grep -c -- "$1" "$T/log"; }
more() { [ "$(said "$1")" -gt "$2" ]; }	# of that than so many
start() {	# a free port is found by trying
	local i
	for i in 1 2 3 4 5 6 7 8; do
		port=$(free_port)
		conf "$port"
		"$ra" -c "$T/ra.conf" 2>"$T/log" &
		pid=$!
		for _ in $(seq 200); do
			grep -q event=ra.start "$T/log" && return 0
			kill -0 "$pid" 2>/dev/null || break
			sleep 0.1
		done
	done
	return 1
}

conf 1
check "-n before there is a certificate" "$ra" -c "$T/ra.conf" -n
check "--init-keys" "$ra" -c "$T/ra.conf" --init-keys
is "mode of the key" "$(stat -c %a "$T/est.key")" 600
has "names in the request" "$(openssl req -in "$T/est.csr" -noout -text)" \
    'DNS:localhost, IP Address:127.0.0.1'
before=$(sha256sum <"$T/est.key")
check "--init-keys again" "$ra" -c "$T/ra.conf" --init-keys
is "the key is kept" "$(sha256sum <"$T/est.key")" "$before"
self_sign 1
check "-n with key and certificate" "$ra" -c "$T/ra.conf" -n

chmod 644 "$T/est.key"
check_not "a key that others may read" "$ra" -c "$T/ra.conf" -n
chmod 600 "$T/est.key"
conf 1 'workerz = 2;'
"$ra" -c "$T/ra.conf" -n 2>"$T/err"
is "a wrong key in the configuration ends it" $? 1
has "which names file, line and key" "$(cat "$T/err")" 'ra.conf:7: .*workerz'
"$ra" -n 2>/dev/null
is "usage" $? 2

# Two halves of somebody's renewal: without svc_socket that is not our affair.
new_key "$T/est.key.new"
openssl req -x509 -new -key "$T/est.key.new" -subj "/CN=test est" -days 2 -set_serial 9 \
    -out "$T/est.pem.new"
if start; then
	is "what another process has not finished is left to it" "$(serial)" serial=01
	check "  and stays" test -e "$T/est.key.new" -a -e "$T/est.pem.new"
	out=$(curl -sS -i --cacert "$T/est.pem" --resolve "localhost:$port:127.0.0.1" \
	    "https://localhost:$port/.well-known/est/cacerts")
	has "503 without inkan-ca" "$out" '^HTTP/1.1 503 '
	has "Retry-After" "$out" '^Retry-After: [0-9]+'
	has "text/plain" "$out" '^Content-Type: text/plain'
	"$ra" -c "$T/ra.conf" 2>"$T/err"
	is "a second one on the same port" $? 1
	has "says why" "$(cat "$T/err")" "127.0.0.1:$port"
	is "certificate" "$(serial)" serial=01
	self_sign 2
	kill -HUP "$pid"
	wait_for 20 shows 02
	is "certificate after SIGHUP" "$(serial)" serial=02
	had=$(said event=ra.cert.reloaded)
	kill -HUP "$pid"
	check "which reads it whether it has changed or not" wait_for 20 more event=ra.cert.reloaded "$had"
	self_sign 3
	wait_for 20 shows 03
	is "certificate that another process has put there" "$(serial)" serial=03
	failed='level=error .*event=ra.cert.reload'
	had=$(said "$failed")
	echo garbage >"$T/est.pem"
	kill -HUP "$pid"
	check "a SIGHUP with a broken file is logged" wait_for 20 more "$failed" "$had"
	is "certificate after it" "$(serial)" serial=03
	had=$(said "$failed")
	new_key "$T/next.key"
	openssl req -x509 -new -key "$T/next.key" -subj "/CN=test est" -days 2 -set_serial 4 \
	    -out "$T/est.pem"
	check "a certificate whose key is not there yet is told of" wait_for 20 more "$failed" "$had"
	cat "$T/next.key" >"$T/est.key"
	check "and taken up when it is" wait_for 20 shows 04
	echo garbage >"$T/est.pem"
	kill -TERM "$pid"
	wait "$pid"
	is "SIGTERM" $? 0
	pid=
	check_not "no start with a broken certificate" "$ra" -c "$T/ra.conf"
else
	fail "start: $(tail -n 3 "$T/log")"
fi
finish
