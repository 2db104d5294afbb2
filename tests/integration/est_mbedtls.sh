#!/usr/bin/env bash
# As small devices do it: plain requests in HTTP/1.0 over Mbed TLS, by a client
# that is built here. It says nothing of itself and reads until the end.
tid="EST: Mbed TLS"
. "$(dirname "$0")/lib.sh"
need gcc
[ -e /usr/include/mbedtls/ssl.h ] || skip "needs libmbedtls-dev"
gcc -O1 -std=c11 -D_GNU_SOURCE -o "$T/mbed" "$here/tests/integration/clients/mbed.c" \
    -lmbedtls -lmbedx509 -lmbedcrypto || exit 1
demo_up
# ask METHOD OP BODY HEADERS [CERT KEY]: $code, $T/o (the text of the answer)
ask() {
	local method=$1 op=$2 b=$3 headers=$4; shift 4
	{
		printf '%s /.well-known/est/%s HTTP/1.0\r\nHost: localhost\r\n%b' "$method" "$op" "$headers"
		[ -z "$b" ] || printf 'Content-Type: application/pkcs10\r\nContent-Length: %d\r\n' "$(wc -c <"$b")"
		printf '\r\n'
		[ -z "$b" ] || cat "$b"
	} >"$T/request"
	timeout 30 "$T/mbed" "${INKAN_EST_URL##*:}" "$INKAN_ROOT" "$T/request" "$@" >"$T/answer" 2>"$T/tls"
	code=$(head -1 "$T/answer" | cut -d' ' -f2)
	sed '1,/^\r$/d' "$T/answer" >"$T/o"
}
took() {
	base64 -d "$T/o" | openssl pkcs7 -inform DER -print_certs | openssl x509 -out "$1"
}
secret="Authorization: Basic $(basic | base64 -w0)\\r\\n"
ask GET cacerts "" ""; is "cacerts" "$code" 200
trace "it spoke $(cat "$T/tls")"
is "  in one line" "$(wc -l <"$T/o")" 1
check "  CA certificates" sh -c "base64 -d '$T/o' | openssl pkcs7 -inform DER -print_certs | grep -q BEGIN"
ask GET csrattrs "" ""; is "csrattrs" "$code" 200
new_key "$T/k"; csr "$T/k" /CN=mbed-1 | base64 -w64 | sed 's/$/\r/' >"$T/b"
ask POST simpleenroll "$T/b" ""; is "without credentials" "$code" 401
ask POST simpleenroll "$T/b" "$secret"; is "simpleenroll" "$code" 200
check "  its certificate" took "$T/c.pem"
check "  verifies" verifies "$T/c.pem"
new_key "$T/k2"; csr "$T/k2" /CN=mbed-1 | base64 -w0 >"$T/b"
ask POST simplereenroll "$T/b" "" "$T/c.pem" "$T/k"; is "simplereenroll" "$code" 200
check "  its certificate" took "$T/c2.pem"
check "  verifies" verifies "$T/c2.pem"
inkan --json client report >"$T/j"
trace "how it behaves: $(json "$T/j" "[(c['agent'], sorted(c['facts'])) for c in d]")"
is "told of" "$(json "$T/j" "[c['body_needed'] for c in d if 'http-1.0' in c['facts']]")" "['one-line']"
finish
