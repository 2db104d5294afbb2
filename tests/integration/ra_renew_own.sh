#!/usr/bin/env bash
# inkan-ra renews its own certificate in the last third of its validity, with a
# new key and without losing a connection.
tid="ra renews its own certificate"
. "$(dirname "$0")/lib.sh"
need curl
need openssl
need faketime
need pgrep
# Sanitizers must be loaded first, and so must libfaketime.
[ -z "${SAN:-}" ] || skip "faketime and sanitizers exclude each other"
demo_up

port=${INKAN_EST_URL##*:}
served() {
	openssl s_client -connect "127.0.0.1:$port" -servername localhost \
	    </dev/null 2>/dev/null | openssl x509 "$@" 2>/dev/null
}
before=$(served -noout -serial)
key_before=$(served -noout -pubkey | sha256sum)
has "a certificate is served" "$before" '^serial='
cp "$T/demo/certs/est.pem" "$T/before.pem"

# The same program again, in whose clock the last third has begun.
old=$(cat "$INKAN_DIR/run/inkan-ra.pid")
kill "$old"
wait_for 20 gone "$old"
faketime -f '+70d' "$INKAN_BIN/inkan-ra" -c "$INKAN_CONFIG_DIR/ra.conf" \
    2>"$T/ra.log" &
pid=$!
# faketime(1) waits for the program that it has started.
stop() { kill $(pgrep -P "$pid") 2>/dev/null; }
more_cleanup=stop
check "the renewal is logged" wait_for 40 grep -q 'event=ra.cert.renewed' "$T/ra.log"
after=$(served -noout -serial)
check_not "another certificate is served" test "$before" = "$after"
check_not "for another key" \
    test "$key_before" = "$(served -noout -pubkey | sha256sum)"
served -out "$T/after.pem"
check "it verifies" verifies "$T/after.pem"
is "same subject" "$(openssl x509 -in "$T/after.pem" -noout -subject)" \
    "$(openssl x509 -in "$T/before.pem" -noout -subject)"
is "same names" \
    "$(openssl x509 -in "$T/after.pem" -noout -ext subjectAltName)" \
    "$(openssl x509 -in "$T/before.pem" -noout -ext subjectAltName)"
has "still for EST" \
    "$(openssl x509 -in "$T/after.pem" -noout -ext extendedKeyUsage)" \
    'TLS Web Server Authentication, (CMC Registration Authority|1.3.6.1.5.5.7.3.28)'
is "mode of the new key" "$(stat -c %a "$T/demo/certs/est.key")" 600
is "nothing half-done lies about" "$(find "$T/demo/certs" -name '*.new')" ""
check "EST goes on" wait_for 20 ready_ra
# By this clock the new one is due, too: no reason to ask every second.
sleep 2
is "renewed once, not again and again" \
    "$(grep -c event=ra.cert.renewed "$T/ra.log")" 1
finish
