#!/usr/bin/env bash
# Hostile clients of inkan-ocsp: requests with 10,000 CertIDs, heads and paths of a
# mebibyte, 10,000 connections that do nothing, heads that never end. Others are
# answered meanwhile, memory stays bounded, and nothing is left of them.
#
#   LONG=1    1,000 requests of a kind, else 16
tid="OCSP: floods"
. "$(dirname "$0")/lib.sh"
need python3
. "$here/tests/integration/clients/flood.sh"
enough_files 11000
seconds=5
[ -z "${SAN:-}" ] || seconds=60 # it is slow
before_start() {	# the most that may be set
	cat >>"$T/demo/config/ocsp.conf" <<-X
	max_request = "1m";
	max_connections = 1000;
	request_timeout = "${seconds}s";
	idle_timeout = "1h";
	X
}
demo_up
n=16
[ -z "${LONG:-}" ] || n=1000
port=${INKAN_OCSP_URL#http://*:} port=${port%%/*}
is_good() {
	timeout 20 openssl ocsp -issuer "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" \
	    -url "$INKAN_OCSP_URL" -no_nonce -cert "$D/a.pem" 2>&1 | grep 'a.pem: good'
}
enrol_basic a
check "an honest client" wait_for 10 is_good
before=$(rss ocsp) files=$(files ocsp)

# Eight at a time; how often each status came (000: none).
many() {	# name command...
	local name=$1 c
	shift
	c=$(cpu ocsp)
	seq "$n" | xargs -P 8 -I{} "$@" >"$T/codes" &
	job=$!
	check "$n $name: others are answered" is_good
	wait $job
	came=$(sort "$T/codes" | uniq -c | tr -s ' ')
	trace "  processor time $(($(cpu ocsp) - c)) ms; memory $(rss ocsp) MiB (most $(rss_most ocsp))"
}
openssl ocsp -issuer "$INKAN_ISSUER" -cert "$D/a.pem" -no_nonce -reqout "$T/one" >/dev/null 2>&1
for ids in 100 10000; do
	python3 "$here/tests/integration/clients/hostile.py" ocsp "$T/one" $ids "$T/req$ids"
done
is "what is sent is a request" "$(openssl ocsp -reqin "$T/req10000" -req_text 2>/dev/null | grep -c 'Serial Number')" 10000
ask=(curl -s -o "$T/answer" -w '%{http_code}\n' --max-time 20 -H 'Content-Type: application/ocsp-request')
many "of 100 CertIDs, which are as many as may be" "${ask[@]}" --data-binary "@$T/req100" "$INKAN_OCSP_URL"
is "  are answered" "$came" " $n 200"
# Of the eight at a time none may be left whole.
"${ask[@]}" --data-binary "@$T/req100" "$INKAN_OCSP_URL" >/dev/null
is "  each of the hundred" "$(openssl ocsp -respin "$T/answer" -resp_text -noverify 2>/dev/null | grep -c 'Serial Number: 7')" 100
many "of 10,000 CertIDs by POST" "${ask[@]}" --data-binary "@$T/req10000" "$INKAN_OCSP_URL"
is "  are answered" "$came" " $n 200"
has "  with a refusal" "$(openssl ocsp -respin "$T/answer" 2>&1)" 'malformedrequest'
# As a path it is longer than any head; no command line holds it.
{
	printf 'GET /ocsp/'
	openssl base64 -A -in "$T/req10000" | sed 's/+/%2B/g; s/=/%3D/g'
	printf ' HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
} >"$T/get"
cat >"$T/send" <<-'X'
	exec 5<>/dev/tcp/127.0.0.1/$1
	cat "$2" >&5
	read -r -t 20 _ code _ <&5
	echo "${code:-000}"
X
many "of 10,000 CertIDs by GET" bash -c 'bash "$@" 2>/dev/null' - "$T/send" "$port" "$T/get"
has "  are refused" "$came" '^( [0-9]+ (414|000))+$'
head -c 1500000 /dev/zero >"$T/zeros"
many "bodies of more than may be" "${ask[@]}" --data-binary "@$T/zeros" "$INKAN_OCSP_URL"
has "  are refused" "$came" '^( [0-9]+ (413|000))+$'
{ printf 'GET / HTTP/1.1\r\nX-A: '; head -c 1048576 /dev/zero | tr '\0' a; printf '\r\n\r\n'; } >"$T/head"
many "heads of 1 MiB" bash -c 'bash "$@" 2>/dev/null' - "$T/send" "$port" "$T/head"
has "  are refused" "$came" '^( [0-9]+ (431|000))+$'
check "memory is bounded ($before, $(rss ocsp), most $(rss_most ocsp) MiB)" [ "$(rss_most ocsp)" -le "$(bound $((before + 80)))" ]

# Ten times as many as there may be. Each newcomer has his turn all the same.
flood "$port" silent 10000 12
for i in 1 2 3; do check "10,000 that do nothing: others are answered ($i)" is_good; done
mib=$(rss ocsp)
check "  in bounded memory ($mib MiB)" [ "$mib" -le "$(bound $((before + 100)))" ]
check "  no more than there may be" [ "$(files ocsp)" -le $((files + 1100)) ]
wait_for $((2 * seconds + 10)) few_left "$port" 1000
calm
check "  they were cut ($closed)" [ "$closed" -ge 9000 ]
flood "$port" trickle 1500 1
for i in 1 2 3; do check "one host with all connections, each at work: others are answered ($i)" is_good; done
wait_for $((2 * seconds + 20)) few_left "$port" 0
calm
is "  they were cut" "$closed" 1500
quiet() { [ "$(files ocsp)" -le $((files + 5)) ]; }
check "nothing is left of them" wait_for 10 quiet
check "an honest client, afterwards" is_good
finish
