#!/usr/bin/env bash
# Debian's wget, whose TLS is GnuTLS: all operations over TLS 1.2 and 1.3. It
# shows its secret only when it is asked for it, and on a new connection.
tid="EST: wget over GnuTLS"
. "$(dirname "$0")/lib.sh"
need wget
wget --version | grep -q '+ssl/gnutls' || skip "needs a wget with GnuTLS"
demo_up
# ask VERSION OUT OP [wget options]: $code
ask() {
	local v=$1 out=$2 op=$3; shift 3
	wget -q -S -O "$out" --tries=1 --timeout=20 --secure-protocol="$v" \
	    --ca-certificate="$INKAN_ROOT" "$@" \
	    "$INKAN_EST_URL/.well-known/est/$op" >"$T/log" 2>&1
	code=$(sed -n 's/^ *HTTP\/1\.[01] \([0-9]*\).*/\1/p' "$T/log" | tail -1)
}
# send VERSION OUT OP BODY [wget options]
send() {
	local v=$1 out=$2 op=$3 b=$4; shift 4
	ask "$v" "$out" "$op" --header='Content-Type: application/pkcs10' \
	    --post-file="$b" "$@"
}
took() {	# FILE PEM: the one certificate in the answer
	base64 -d "$1" | openssl pkcs7 -inform DER -print_certs | openssl x509 -out "$2"
}
for v in TLSv1_2 TLSv1_3; do
	ask $v "$T/o" cacerts; is "$v: cacerts" "$code" 200
	check "  CA certificates" sh -c "base64 -d '$T/o' | openssl pkcs7 -inform DER -print_certs | grep -q BEGIN"
	ask $v "$T/o" csrattrs; is "$v: csrattrs" "$code" 200
	new_key "$T/$v.key"; csr "$T/$v.key" "/CN=wget-$v" | base64 >"$T/b"
	send $v "$T/o" simpleenroll "$T/b" --user="$INKAN_USER" --password="$INKAN_SECRET"
	is "$v: simpleenroll" "$code" 200
	is "  after a 401" "$(grep -c ' 401 ' "$T/log")" 1
	check "  its certificate" took "$T/o" "$T/$v.pem"
	check "  verifies" verifies "$T/$v.pem"
	new_key "$T/n.key"; csr "$T/n.key" "/CN=wget-$v" | base64 -w0 >"$T/b"
	send $v "$T/o" simplereenroll "$T/b" --certificate="$T/$v.pem" --private-key="$T/$v.key"
	is "$v: simplereenroll" "$code" 200
	check "  its certificate" took "$T/o" "$T/n.pem"
	check "  verifies" verifies "$T/n.pem"
	send $v "$T/o" simpleenroll "$T/b" --user="$INKAN_USER" --password=wrong
	is "$v: a wrong secret" "$code" 401
done
finish
