#!/bin/sh
# Everything that the quickstart's CAs sign passes zlint without an error or a
# warning: CA certificates, service certificates, devices, CRLs.
set -eu
cd "$(dirname "$0")/../.."

scripts/zlint --build >/dev/null || exit $?

DIR=$(mktemp -d)
cleanup() {
	scripts/quickstart --stop --dir "$DIR/demo" >/dev/null 2>&1 || true
	rm -rf "$DIR"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

# Two neighbouring ports that nobody answers on (curl: 7 = refused).
refused() {
	rc=0
	curl -s -o /dev/null --max-time 2 "http://127.0.0.1:$1/" || rc=$?
	[ "$rc" -eq 7 ]
}
port=$((20000 + $$ % 20000))
until refused "$port" && refused $((port + 1)); do
	port=$((port + 2))
done

scripts/quickstart --dir "$DIR/demo" --port "$port" --keep \
    >"$DIR/quickstart.log" 2>&1 || {
	cat "$DIR/quickstart.log"
	exit 1
}
# shellcheck source=/dev/null
. "$DIR/demo/env"
inkan="$INKAN_BIN/inkan"
export INKAN_ADMIN_SOCKET
mkdir "$DIR/lint"

# Of what no enrolment made: a code-signing certificate by the operator.
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$DIR/code.key" -subj '/O=Example/CN=Signer' \
    -out "$DIR/code.csr" 2>/dev/null
"$inkan" issue --profile code-signing --csr "$DIR/code.csr" \
    --out "$DIR/lint/code.pem" >/dev/null

# What was issued, by the CA's own list.
"$inkan" cert list --json >"$DIR/list.json"
sed 's/[,{}]/\n/g' "$DIR/list.json" |
    sed -n 's/^ *"serial": *"\([0-9a-f]*\)".*/\1/p' >"$DIR/serials"
while read -r serial; do
	"$inkan" cert show --serial "$serial" --out "$DIR/lint/$serial.pem" \
	    >/dev/null
done <"$DIR/serials"
n=$(wc -l <"$DIR/serials")
[ "$n" -ge 6 ] || {
	echo "only $n certificates in the list"
	exit 1
}

# CRLs as a verifier gets them: by the addresses in the certificates.
for cert in "$DIR"/lint/*.pem; do
	openssl x509 -in "$cert" -noout -ext crlDistributionPoints \
	    2>/dev/null | sed -n 's/.*URI:\(http:.*\)/\1/p'
done | sort -u >"$DIR/urls"
k=0
while read -r url; do
	k=$((k + 1))
	curl -sSf --max-time 10 -o "$DIR/lint/$k.crl" "$url"
done <"$DIR/urls"
[ "$k" -ge 2 ] || {
	echo "only $k CRLs"
	exit 1
}

scripts/zlint "$INKAN_ROOT" "$INKAN_CHAIN" "$INKAN_ISSUER" \
    "$INKAN_ATTEST_ISSUER" "$INKAN_CODE_ISSUER" "$INKAN_DEVICE_CERT" \
    "$INKAN_REVOKED_CERT" "$DIR"/lint/*.pem "$DIR"/lint/*.crl
echo "$n certificates and $k CRLs without an error or warning"
