#!/usr/bin/env bash
# Requests that want much for little: a CSR with an RSA key of 16,384 bits, one
# with 1,000 names, heads of a mebibyte, renegotiation in TLS 1.2, early data in
# TLS 1.3. Each is refused before it costs, many at once hold up nobody, and the
# memory of inkan-ra and inkan-ca stays bounded.
#
#   LONG=1    1,000 of each, else 16
tid="ra: floods of requests"
. "$(dirname "$0")/lib.sh"
need python3
. "$here/tests/integration/clients/flood.sh"
demo_up
port=${INKAN_EST_URL##*:}
n=16
[ -z "${LONG:-}" ] || n=1000
est=$INKAN_EST_URL/.well-known/est
check "an honest client" enrols f0
before_ra=$(rss ra) before_ca=$(rss ca)

# Eight at a time, each with a connection of its own; how often each status came
# (000: none).
many() {	# name command...
	local name=$1 ra ca job
	shift
	ra=$(cpu ra) ca=$(cpu ca)
	seq "$n" | xargs -P 8 -I{} "$@" >"$T/codes" &
	job=$!
	check "$n $name: others enrol meanwhile" enrols "m$((k += 1))"
	wait $job
	trace "  processor time: inkan-ra $(($(cpu ra) - ra)) ms, inkan-ca $(($(cpu ca) - ca)) ms"
	trace "  memory: inkan-ra $(rss ra) MiB (most $(rss_most ra)), inkan-ca $(rss ca) MiB (most $(rss_most ca))"
	came=$(sort "$T/codes" | uniq -c | tr -s ' ')
}
asked() {	# file: posts it
	many "of them" curl -s -o /dev/null -w '%{http_code}\n' --max-time 20 --cacert "$INKAN_ROOT" -u "$(basic)" -H 'Content-Type: application/pkcs10' --data-binary "@$1" "$est/simpleenroll"
	is "  each is refused" "$came" " $n 400"
}
k=0

python3 "$here/tests/integration/clients/hostile.py" csr "$T/huge.der"
has "a CSR by a key of 16,384 bits, rightly signed" "$(openssl req -inform DER -in "$T/huge.der" -noout -verify -text 2>&1)" '16384 bit'
openssl base64 -in "$T/huge.der" -out "$T/huge"
post simpleenroll "$T/huge" -u "$(basic)"
is "  is refused" "$code" 400
has "  for its size" "$(cat "$body")" 'key\.(rsa\.)?size'
asked "$T/huge"

new_key "$D/names.key"
names=$(seq -f 'DNS:n%g.example.net' -s , 1000)
csr "$D/names.key" /CN=names -addext "subjectAltName=$names" | openssl base64 -out "$T/names"
post simpleenroll "$T/names" -u "$(basic)"
is "a CSR with 1,000 names is refused" "$code" 400
has "  for their number" "$(cat "$body")" 'csr\.san: too many'
asked "$T/names"

# A head of 1 MiB, in one field and in many.
{ printf 'X-A: '; head -c 1048576 /dev/zero | tr '\0' a; } >"$T/one-field"
seq -f 'X-%05g: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' 15000 >"$T/fields"
cat >"$T/send" <<-'X'
	code=$(timeout 20 openssl s_client -quiet -connect "$1" <"$2" 2>/dev/null | sed -n '1s/^HTTP[^ ]* \(...\).*/\1/p')
	echo "${code:-000}"
	X
for f in one-field fields; do
	{ printf 'GET /.well-known/est/cacerts HTTP/1.1\r\nHost: localhost\r\n'; cat "$T/$f"; printf '\r\n\r\n'; } >"$T/head"
	check "a head of 1 MiB" [ "$(wc -c <"$T/head")" -gt 1000000 ]
	many "of them ($f)" bash "$T/send" "127.0.0.1:$port" "$T/head"
	has "  400 or 431, or the connection is closed" "$came" '^( [0-9]+ (400|431|000))+$'
done
check "memory is bounded: inkan-ra ($before_ra, $(rss ra), most $(rss_most ra) MiB)" [ "$(rss_most ra)" -le "$(bound $((before_ra + 40)))" ]
check "  inkan-ca ($before_ca, $(rss ca), most $(rss_most ca) MiB)" [ "$(rss_most ca)" -le "$(bound $((before_ca + 60)))" ]

# Early data: with a ticket that another server gave, which allows it.
mkfifo "$T/in"
exec {in}<>"$T/in"
openssl s_server -accept "127.0.0.1:0" -cert "$INKAN_DIR/certs/est.pem" -key "$INKAN_DIR/certs/est.key" -early_data -naccept 1 <&$in >"$T/server" 2>&1 &
other=$!
accepts() { grep -q '^ACCEPT' "$T/server"; }
if wait_for 10 accepts; then
	at=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' "$T/server")
	(wait_for 10 grep -q BEGIN "$T/ticket"; echo Q) | openssl s_client -connect "127.0.0.1:$at" -tls1_3 -sess_out "$T/ticket" >/dev/null 2>&1
fi
kill $other 2>/dev/null
exec {in}<&-
check "a ticket that allows early data" grep -q BEGIN "$T/ticket"
printf 'GET /.well-known/est/cacerts HTTP/1.1\r\nHost: localhost\r\n\r\n' >"$T/early"
refused=0
for _ in $(seq 5); do
	openssl s_client -connect "127.0.0.1:$port" -CAfile "$INKAN_ROOT" -tls1_3 -sess_in "$T/ticket" -early_data "$T/early" </dev/null >"$T/said" 2>&1
	grep -q 'Early data was rejected' "$T/said" && ! grep -q 'HTTP/1.1 200' "$T/said" && refused=$((refused + 1))
done
is "early data is refused, and not read" "$refused" 5
# Renegotiation: asked for five times, the connection does not live on.
refused=0
for _ in $(seq 5); do
	rm -f "$T/said"
	(echo R; wait_for 10 grep -q 'no renegotiation' "$T/said") | timeout 20 openssl s_client -connect "127.0.0.1:$port" -CAfile "$INKAN_ROOT" -tls1_2 >"$T/said" 2>&1
	grep -q 'RENEGOTIATING' "$T/said" && grep -qE 'no renegotiation' "$T/said" && refused=$((refused + 1))
done
is "renegotiation is refused" "$refused" 5
check "an honest client, afterwards" enrols f9
finish
