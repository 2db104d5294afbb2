#!/usr/bin/env bash
# Bad input: each line of the table has its answer, and nothing is stored.
tid="EST: refusals"
. "$(dirname "$0")/lib.sh"
demo_up
new_key "$T/k"; csr "$T/k" "/CN=bad" >"$T/der"; base64 <"$T/der" >"$T/b"
before=$(inkan --json cert list --all | json - 'len(d)')

U="-u $(basic)"
try() {	# what, status, op, body, curl options...
	local what=$1 want=$2; shift 2
	post "$@"
	is "$what" "$code" "$want"
	[ "$want" = 401 ] && has "  it challenges" "$(cat "$head")" '^[Ww][Ww][Ww]-[Aa]uthenticate: Basic '
	case $code in 4*) check "  one line of text" test "$(wc -l <"$body")" -le 1 ;; esac
}
printf 'this is not base64 !!!' >"$T/x"; try "not base64" 400 simpleenroll "$T/x" $U
printf 'aGVsbG8gd29ybGQ=' >"$T/x"; try "not DER" 400 simpleenroll "$T/x" $U
{ cat "$T/der"; printf 'xx'; } | base64 >"$T/x"; try "trailing octets" 400 simpleenroll "$T/x" $U
: >"$T/x"; try "empty" 400 simpleenroll "$T/x" $U
head -c 70000 /dev/zero | tr '\0' A >"$T/x"; try "above 64 KiB" 413 simpleenroll "$T/x" $U
try "above 64 KiB, chunked" 413 simpleenroll "$T/x" $U -H 'Transfer-Encoding: chunked'
head -c 2000000 /dev/zero | tr '\0' A >"$T/x"; post simpleenroll "$T/x" $U
is "above 1 MiB" "$code" 413
try "wrong media type" 415 simpleenroll "$T/b" $U -H 'Content-Type: text/plain'
try "a media type that begins like it" 415 simpleenroll "$T/b" $U -H 'Content-Type: application/pkcs10evil'
post simpleenroll "$T/b" $U -H "X-Long: $(head -c 20000 /dev/zero | tr '\0' a)"
has "head above 16 KiB" "$code" '^(400|431)$'
# By hand: curl 8.14 takes no such line.
python3 - "$INKAN_EST_URL" <<'P' >"$T/long"
import socket, ssl, sys
port = int(sys.argv[1].rsplit(':', 1)[1])
c = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE
s = c.wrap_socket(socket.create_connection(('127.0.0.1', port)))
s.settimeout(20)
try:
    s.sendall(b'POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: x\r\nX-Long: ' + b'a' * 300000 + b'\r\n\r\n')
except OSError: pass
try: print(s.recv(100).split(b' ')[1].decode())
except (OSError, IndexError): print('lost')
P
code=$(cat "$T/long")
has "head of 300 kB: the answer is not lost" "$code" '^(400|431)$'

# The CSR itself
sed 's/./&/' "$T/der" >"$T/y" 2>/dev/null || cp "$T/der" "$T/y"
python3 - "$T/der" "$T/y" <<'P'
import sys
d = bytearray(open(sys.argv[1], 'rb').read()); d[-1] ^= 1
open(sys.argv[2], 'wb').write(d)
P
base64 <"$T/y" >"$T/x"; try "signature wrong" 400 simpleenroll "$T/x" $U
has "  names the rule" "$(reason)" "csr.signature"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp521r1 -out "$T/k5" 2>/dev/null
csr "$T/k5" /CN=bad | base64 >"$T/x"; post simpleenroll "$T/x" $U
has "P-521" "$code" '^(400|403)$'; has "  names the rule" "$(reason)" "key"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out "$T/k1" 2>/dev/null
csr "$T/k1" /CN=bad | base64 >"$T/x"; post simpleenroll "$T/x" $U
has "RSA-1024" "$code" '^(400|403)$'
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3 -out "$T/k3" 2>/dev/null
csr "$T/k3" /CN=bad | base64 >"$T/x"; post simpleenroll "$T/x" $U
has "RSA exponent 3" "$code" '^(400|403)$'; has "  names the rule" "$(reason)" "exponent"
csr "$T/k" / 2>/dev/null | base64 >"$T/x"; try "Basic without a CN" 400 simpleenroll "$T/x" $U
check "dup: first" enrol_basic dup-1
csr "$D/dup-1.key" /CN=dup-2 | base64 >"$T/x"; post simpleenroll "$T/x" $U
has "key of another device" "$code" '^(400|403)$'; has "  names the rule" "$(reason)" "key.duplicate"
has "  and raises an alarm that names both" "$(cat "$T/demo/log/inkan-ca.log")" "event=alarm.key .*party=[^ ]+ other=devices/"

# Credentials
try "no credentials" 401 simpleenroll "$T/b"
try "wrong secret" 401 simpleenroll "$T/b" -u "$INKAN_USER:wrong"
try "unknown user" 401 simpleenroll "$T/b" -u "nobody:$INKAN_SECRET"
try "reenroll without certificate" 401 simplereenroll "$T/b"
try "reenroll with Basic alone" 403 simplereenroll "$T/b" $U
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/uk" \
    -out "$T/uc" -subj /serialNumber=U1 -days 2 2>/dev/null
try "unknown maker" 403 simpleenroll "$T/b" --cert "$T/uc" --key "$T/uk"
new_key "$T/ek"; openssl req -new -key "$T/ek" -subj /serialNumber=E1 -out "$T/ecsr"
openssl x509 -req -in "$T/ecsr" -CA "$INKAN_MFG_CA" -CAkey "$INKAN_MFG_CA_KEY" -set_serial 77 \
    -days -1 -out "$T/ec" 2>/dev/null ||
faketime -f -10d openssl x509 -req -in "$T/ecsr" -CA "$INKAN_MFG_CA" -CAkey "$INKAN_MFG_CA_KEY" \
    -set_serial 77 -days 2 -out "$T/ec" 2>/dev/null
try "expired maker certificate" 403 simpleenroll "$T/b" --cert "$T/ec" --key "$T/ek"
has "  says so" "$(reason)" "expired"
check "one of ours" enrol_basic gone-1
inkan revoke --serial "$(serial "$D/gone-1.pem")" >/dev/null
csr "$T/k" /CN=gone-1 | base64 >"$T/x"
try "revoked" 403 simplereenroll "$T/x" --cert "$D/gone-1.pem" --key "$D/gone-1.key"
has "  says so" "$(reason)" "revoked"

# Addresses and methods
try "unknown label" 404 nowhere/simpleenroll "$T/b" $U
try "unknown operation" 404 simpleenrol "$T/b" $U
get simpleenroll; is "GET simpleenroll" "$code" 405
has "  with Allow" "$(cat "$head")" '^Allow: .*POST'
try "POST cacerts" 405 cacerts "$T/b"
has "  with Allow" "$(cat "$head")" '^Allow: .*GET'
try "serverkeygen" 501 serverkeygen "$T/b" $U
try "fullcmc" 501 fullcmc "$T/b" $U

after=$(inkan --json cert list --all | json - 'len(d)')
is "nothing stored but the two that succeeded" "$after" $((before + 2))

# A sender of one octet per second cannot stretch the deadline.
python3 - "$INKAN_EST_URL" <<'P' >"$T/slow"
import socket, ssl, sys, time
port = int(sys.argv[1].rsplit(':', 1)[1])
c = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE
s = c.wrap_socket(socket.create_connection(('127.0.0.1', port)))
t = time.time()
try:
    for b in b'POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: x\r\n' * 2:
        s.send(bytes([b])); time.sleep(1)
        s.settimeout(0.01)
        try:
            if s.recv(1) == b'': break
        except (TimeoutError, ssl.SSLWantReadError, socket.timeout): pass
except OSError: pass
print(int(time.time() - t))
P
check "a slow sender is cut off ($(cat "$T/slow") s)" test "$(cat "$T/slow")" -le 25
finish
