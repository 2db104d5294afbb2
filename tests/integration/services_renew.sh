#!/usr/bin/env bash
# Running services renew their certificates as the clock goes forward, in steps
# that the clock's rule permits: no restart, no operator. Then inkan-ca is away
# when the last third begins, and comes back; then months go by at once, which
# an operator confirms.
tid="services renew as time goes by"
. "$(dirname "$0")/lib.sh"
need curl; need openssl
lib=$(ls /usr/lib/*/faketime/libfaketimeMT.so.1 2>/dev/null | head -1)
[ -n "$lib" ] || skip "needs faketime"
[ -z "${SAN:-}" ] || skip "faketime and sanitizers do not go together"

# Three hours each: two thirds are thirteen steps of nine minutes away.
before_ceremony() {
	sed -i -E 's/^validity: .*/validity: { duration = "3h"; backdate = "1m"; };/' \
	    "$T/demo/config/profiles/est-server.conf" \
	    "$T/demo/config/profiles/ocsp-responder.conf"
}
# Whole or not at all: libfaketime ends a program that reads half a line.
set_clock() { ahead=$1; echo "+$ahead" >"$T/ft.new" && mv "$T/ft.new" "$T/ft"; }
set_clock 0
start_fake() {	# program: with the clock that $T/ft says
	LD_PRELOAD=$lib FAKETIME_TIMESTAMP_FILE=$T/ft FAKETIME_NO_CACHE=1 \
	    DONT_FAKE_MONOTONIC=1 nohup setsid "$INKAN_BIN/inkan-$1" \
	    -c "$INKAN_CONFIG_DIR/$1.conf" </dev/null >>"$T/demo/log/inkan-$1.log" 2>&1 &
	echo $! >"$T/demo/run/inkan-$1.pid"
}
faked() {	# command...: with that clock
	LD_PRELOAD=$lib FAKETIME_TIMESTAMP_FILE=$T/ft FAKETIME_NO_CACHE=1 \
	    DONT_FAKE_MONOTONIC=1 "$@"
}
before_start() { confine_reads "$T"; } # libfaketime reads there
demo_up
demo_stop
for p in ca ra ocsp; do start_fake $p; done
for p in ca ra ocsp; do check "inkan-$p answers" wait_for 20 ready_$p; done
port=${INKAN_EST_URL##*:}
# So many seconds on, in steps of nine minutes; inkan-ca looks at each.
go_on() {
	local to=$((ahead + $1))
	while [ "$ahead" -lt $to ]; do
		set_clock $((ahead + 540 < to ? ahead + 540 : to))
		[ "${2:-}" = blind ] || faked inkan ca list >/dev/null 2>&1
		sleep 0.1
	done
}
served() {
	openssl s_client -connect "127.0.0.1:$port" -servername localhost </dev/null 2>/dev/null |
	    openssl x509 -noout -serial 2>/dev/null | sed 's/.*=//'
}
delegate() { serial_of "$T/demo/certs/ocsp-devices-g1.pem"; }
est_changed() { s=$(served); [ -n "$s" ] && [ "$s" != "$est" ]; }
ocsp_changed() { [ "$(delegate)" != "$ocsp" ]; }
# The client's clock goes with the others': what it verifies must hold then.
est_verifies() {
	faked openssl s_client -connect "127.0.0.1:$port" -servername localhost \
	    -verify_return_error -verify_hostname localhost -CAfile "$INKAN_ROOT" \
	    </dev/null 2>&1 | grep -q 'Verify return code: 0'
}
ocsp_verifies() {
	faked openssl ocsp -issuer "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" \
	    -url "$INKAN_OCSP_URL" -cert "$T/demo/certs/est.pem" 2>&1 |
	    grep -q ': good'
}
pids() { cat "$T"/demo/run/inkan-{ra,ocsp}.pid | tr '\n' ' '; }
before=$(pids)

# --- a life, in permitted steps
est=$(served) ocsp=$(delegate)
check "EST verifies" wait_for 20 est_verifies
check "OCSP verifies" wait_for 20 ocsp_verifies
go_on 6600	# 110 minutes: not yet in the last third
sleep 7
is "nothing is renewed too early: EST" "$(served)" "$est"
is "  OCSP" "$(delegate)" "$ocsp"
go_on 1200	# 130 minutes
has "the clock is believed" "$(faked inkan status)" 'ok +issuing'
check "EST shows a new certificate" wait_for 30 est_changed
check "OCSP has a new delegate" wait_for 30 ocsp_changed
go_on 3600	# past the end of the first ones
check "EST verifies after the first one's end" wait_for 10 est_verifies
check "OCSP verifies after the first one's end" wait_for 10 ocsp_verifies
status=$(faked inkan status)
has "status tells until when: EST" "$status" 'ok +CN=localhost +certificate .*until 20'
has "  OCSP" "$status" 'ok +devices-g1 +certificate .*until 20'
is "nobody was restarted" "$(pids)" "$before"
# shellcheck disable=SC2086
check "and all live" kill -0 $before

# --- inkan-ca is away when it is due
est=$(served) ocsp=$(delegate)
kill "$(cat "$T/demo/run/inkan-ca.pid")"
wait_for 20 gone "$(cat "$T/demo/run/inkan-ca.pid")"
go_on 4800 blind	# into the last third of the second ones
ra_failed() { grep -q 'event=ra.cert.renew ' "$T/demo/log/inkan-ra.log"; }
ocsp_failed() { grep -q 'event=ocsp.renew.failed' "$T/demo/log/inkan-ocsp.log"; }
check "inkan-ra has tried" wait_for 20 ra_failed
check "inkan-ocsp has tried" wait_for 20 ocsp_failed
start_fake ca
check "inkan-ca is back" wait_for 20 ready_ca
go_on 540	# what inkan-ocsp waits before it tries again is its own time
check "EST has got a new one" wait_for 90 est_changed
check "OCSP has got a new one" wait_for 90 ocsp_changed
go_on 3000
check "EST verifies" wait_for 10 est_verifies
check "OCSP verifies" wait_for 10 ocsp_verifies
is "nobody was restarted" "$(pids)" "$before"

# --- too large a step: only with an operator's word
est=$(served) ocsp=$(delegate)
set_clock $((ahead + 5400))
has "a step of an hour and a half is not believed" "$(faked inkan status)" 'clock stepped'
sleep 7
is "and nothing renewed meanwhile: EST" "$(served)" "$est"
check "it is confirmed" faked inkan ca resume --confirm-time
go_on 600
check "EST has a new one" wait_for 90 est_changed
check "OCSP has a new one" wait_for 90 ocsp_changed
check "EST verifies" wait_for 10 est_verifies
check "OCSP verifies" wait_for 30 ocsp_verifies
is "nobody was restarted" "$(pids)" "$before"
has "on record" "$(faked inkan --json cert list --profile est-server)" 'svc:uid'
tries() { grep -c "event=$1 " "$T/demo/log/inkan-$2.log"; }
check "inkan-ra has not tried all the time" [ "$(tries ra.cert.renew ra)" -lt 20 ]
check "nor has inkan-ocsp" [ "$(tries ocsp.renew.failed ocsp)" -lt 20 ]
finish
