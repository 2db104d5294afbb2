#!/usr/bin/env bash
# A request whose answer was lost is sent again, and gets the same certificate.
tid="EST: retries"
. "$(dirname "$0")/lib.sh"
demo_up
# with NAME BODY: a first enrolment by NAME's maker certificate
with() { post strict/simpleenroll "$2" --cert "$D/$1.pem" --key "$D/$1.key"; }
count() { inkan --json cert list --fleet strict --device "$1" | grep -c '"serial"'; }
make_maker_device sn-1 "$D/m1"
new_key "$T/k"; csr "$T/k" /CN=x | base64 >"$T/b"

with m1 "$T/b"; is "enrolled" "$code" 200; take_cert "$T/c.pem"; first=$(serial "$T/c.pem")
with m1 "$T/b"; is "the same again" "$code" 200
take_cert "$T/c.pem"; is "  the same certificate" "$(serial "$T/c.pem")" "$first"
csr "$T/k" /CN=y | base64 >"$T/b2"
with m1 "$T/b2"; is "another CSR on the key" "$code" 200
take_cert "$T/c.pem"; is "  the same certificate" "$(serial "$T/c.pem")" "$first"
has "  and the log says so" "$(cat "$T"/demo/log/inkan-ca.log)" "event=issue.again .*device=sn-1"
new_key "$T/k2"; csr "$T/k2" /CN=x | base64 >"$T/b2"
with m1 "$T/b2"; is "another key" "$code" 403; has "  by rule" "$(reason)" "re_enrol"
make_maker_device sn-1 "$D/m2"
with m2 "$T/b"; is "another maker's certificate of the device" "$code" 403; has "  by rule" "$(reason)" "re_enrol"
is "one certificate" "$(count sn-1)" 1

# Eight at once: whoever comes while the first is worked on is told to come back.
make_maker_device sn-2 "$D/m3"
new_key "$T/k3"; csr "$T/k3" /CN=x | base64 >"$T/b3"
pids=()
for i in 1 2 3 4 5 6 7 8; do
	curl -sS --max-time 20 --cacert "$INKAN_ROOT" -o "$T/r$i" -w '%{http_code}\n' --data-binary "@$T/b3" \
	    -H 'Content-Type: application/pkcs10' --cert "$D/m3.pem" --key "$D/m3.key" \
	    "$INKAN_EST_URL/.well-known/est/strict/simpleenroll" >"$T/s$i" &
	pids+=($!)
done
wait "${pids[@]}"
check_not "only 200 and 503" grep -vqE '^(200|503)$' "$T"/s[1-8]
check "one had it" grep -q 200 "$T"/s[1-8]
is "one certificate" "$(count sn-2)" 1
with m3 "$T/b3"; is "then it is there for all" "$code" 200

# A revoked one is not given again.
inkan revoke --serial "$first" --reason superseded >/dev/null
with m1 "$T/b"; is "after revocation a new one" "$code" 200
take_cert "$T/c.pem"; check_not "  another" test "$(serial "$T/c.pem")" = "$first"

# A renewal on the same key is no repetition: it asks with the newer certificate.
mv "$T/c.pem" "$D/r.pem"; cp "$T/k" "$D/r.key"
csr "$T/k" /serialNumber=sn-1 | base64 >"$T/b"
renew() { post strict/simplereenroll "$T/b" --cert "$D/$1.pem" --key "$D/$1.key"; }
renew r; is "renewed on the same key" "$code" 200; take_cert "$D/r2.pem"; cp "$T/k" "$D/r2.key"
renew r; is "  again" "$code" 200; take_cert "$T/c.pem"
is "  the same" "$(serial "$T/c.pem")" "$(serial "$D/r2.pem")"
renew r2; is "renewed with the newer one, on the same key" "$code" 200; take_cert "$T/c.pem"
check_not "  a new one" test "$(serial "$T/c.pem")" = "$(serial "$D/r2.pem")"

# Eight renewals at once: one successor.
pids=()
mv "$T/c.pem" "$D/r3.pem"; n=$(count sn-1)
new_key "$T/k4"; csr "$T/k4" /serialNumber=sn-1 | base64 >"$T/b4"
for i in 1 2 3 4 5 6 7 8; do
	curl -sS --max-time 20 --cacert "$INKAN_ROOT" -o "$T/r$i" -w '%{http_code}\n' --data-binary "@$T/b4" \
	    -H 'Content-Type: application/pkcs10' --cert "$D/r3.pem" --key "$T/k" \
	    "$INKAN_EST_URL/.well-known/est/strict/simplereenroll" >"$T/s$i" &
	pids+=($!)
done
wait "${pids[@]}"
check_not "eight renewals at once: only 200 and 503" grep -vqE '^(200|503)$' "$T"/s[1-8]
post strict/simplereenroll "$T/b4" --cert "$D/r3.pem" --key "$T/k"; is "  then it is there for all" "$code" 200
is "  one successor" "$(count sn-1)" $((n + 1))

# By HTTP Basic, with a one-time secret.
s=$(inkan --json secret new --fleet strict --user once | sed -n 's/.*"secret": *"\([^"]*\)".*/\1/p')
new_key "$T/k5"; csr "$T/k5" /CN=sn-5 | base64 >"$T/b5"
post strict/simpleenroll "$T/b5" -u "once:$s"; is "by a one-time secret" "$code" 200; take_cert "$T/c5"
post strict/simpleenroll "$T/b5" -u "once:$s"; is "  again" "$code" 200; take_cert "$T/c6"
is "  the same" "$(serial "$T/c6")" "$(serial "$T/c5")"
new_key "$T/k6"; csr "$T/k6" /CN=sn-5 | base64 >"$T/b6"
post strict/simpleenroll "$T/b6" -u "once:$s"; has "  another key" "$code $(reason)" "^401 .*secret.used"
finish
