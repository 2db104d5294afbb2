#!/usr/bin/env bash
# 100 devices enrol at once, without an error.
tid="100 devices at once"
. "$(dirname "$0")/lib.sh"
demo_up
N=100
openssl ecparam -name prime256v1 -genkey -noout -out /dev/null
for i in $(seq $N); do
	new_key "$T/$i.key"; csr "$T/$i.key" "/CN=many-$i" | base64 >"$T/$i.b64"
done
one() {
	curl -sS --max-time 60 --cacert "$INKAN_ROOT" -o "$T/$1.out" -w '%{http_code}\n' \
	    -u "$(basic)" -H 'Content-Type: application/pkcs10' --data-binary "@$T/$1.b64" \
	    "$INKAN_EST_URL/.well-known/est/simpleenroll" >"$T/$1.code" 2>"$T/$1.err"
}
pids=""
for i in $(seq $N); do one "$i" & pids="$pids $!"; done
# shellcheck disable=SC2086
wait $pids
is "all answered 200" "$(cat "$T"/*.code | sort | uniq -c | tr -s ' ')" " $N 200"
for i in $(seq $N); do
	base64 -d <"$T/$i.out" | openssl pkcs7 -inform DER -print_certs |
	    openssl x509 -out "$T/$i.pem" 2>/dev/null
done
is "all verify" "$(openssl verify -x509_strict -CAfile "$INKAN_ROOT" -untrusted "$INKAN_ISSUER" "$T"/[0-9]*.pem 2>/dev/null | grep -c ': OK$')" $N
is "serials differ" "$(for i in $(seq $N); do serial_of "$T/$i.pem"; done | sort -u | wc -l)" $N
is "the store has them" "$(inkan --json cert list --all --subject many- | python3 -c 'import json,sys; print(len(json.load(sys.stdin)))')" $N
finish
