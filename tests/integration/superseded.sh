#!/usr/bin/env bash
# What becomes of a certificate that has been renewed: kept, revoked once the
# new one has been used, or revoked after a time, as the clock goes forward.
tid="superseded certificates"
. "$(dirname "$0")/lib.sh"
lib=$(ls /usr/lib/*/faketime/libfaketimeMT.so.1 2>/dev/null | head -1)
[ -n "$lib" ] || skip "needs faketime"
[ -z "${SAN:-}" ] || skip "faketime and sanitizers do not go together"
before_ceremony() {
	local f=$T/demo/config/fleets
	sed -i 's/window = "whole";/&\n\tsuperseded = "revoke-after-first-use";/' "$f/devices.conf"
	sed -i 's/window = "whole";/&\n\tsuperseded = "revoke-after"; superseded_after = "1h";/' "$f/strict.conf"
	sed -i 's/window = "last-third";/window = "whole";/' "$f/windowed.conf"
}
set_clock() { ahead=$1; echo "+$ahead" >"$T/ft.new" && mv "$T/ft.new" "$T/ft"; }
set_clock 0
faked() {
	LD_PRELOAD=$lib FAKETIME_TIMESTAMP_FILE=$T/ft FAKETIME_NO_CACHE=1 \
	    DONT_FAKE_MONOTONIC=1 "$@"
}
start_fake() {	# program: with the clock that $T/ft says
	LD_PRELOAD=$lib FAKETIME_TIMESTAMP_FILE=$T/ft FAKETIME_NO_CACHE=1 \
	    DONT_FAKE_MONOTONIC=1 nohup setsid "$INKAN_BIN/inkan-$1" \
	    -c "$INKAN_CONFIG_DIR/$1.conf" </dev/null >>"$T/demo/log/inkan-$1.log" 2>&1 &
	echo $! >"$T/demo/run/inkan-$1.pid"
}
before_start() { confine_reads "$T"; } # libfaketime reads there
demo_up
demo_stop
for p in ca ra ocsp; do start_fake $p; done
for p in ca ra ocsp; do check "inkan-$p answers" wait_for 20 ready_$p; done
go_on() {	# so many seconds, in steps that the clock's rule permits
	local to=$((ahead + $1))
	while [ "$ahead" -lt $to ]; do
		set_clock $((ahead + 540 < to ? ahead + 540 : to))
		faked inkan ca list >/dev/null 2>&1
		sleep 0.1
	done
}
state() { faked inkan --json cert show "$(serial "$1")" | json - 'd["state"] + " " + str(d["reason"])'; }
is_state() { [ "$(state "$1")" = "$2" ]; }
stays() { sleep 7; state "$1"; }
renew() {	# NAME FROM TO label: with the certificate FROM
	new_key "$D/$3.key"
	csr "$D/$3.key" "/CN=$1" | base64 >"$T/b"
	post "$4/simplereenroll" "$T/b" --cert "$D/$2.pem" --key "$D/$2.key"
	[ "$code" = 200 ] && take_cert "$D/$3.pem"
}

# --- keep, which is the default
check "k enrols" enrol_basic k windowed/
check "k renews" renew k k k2 windowed

# --- after the first use of the new one
check "f enrols" enrol_basic f devices/
check "f renews" renew f f f2 devices
is "the old one goes on until the new one is used" "$(stays "$D/f.pem")" "valid None"
# A retry with the old one is no use of the new one.
csr "$D/f2.key" /CN=f | base64 >"$T/b"
post devices/simplereenroll "$T/b" --cert "$D/f.pem" --key "$D/f.key"; is "a retry" "$code" 200
is "  is none" "$(stays "$D/f.pem")" "valid None"
# Refused for its subject, but authenticated: a contact.
new_key "$T/n"; csr "$T/n" /CN=other | base64 >"$T/b"
post devices/simplereenroll "$T/b" --cert "$D/f2.pem" --key "$D/f2.key"; is "the new one is used" "$code" 403
check "  the old one is revoked" wait_for 20 is_state "$D/f.pem" "revoked superseded"
is "  the new one is not" "$(state "$D/f2.pem")" "valid None"
has "  on record" "$(faked inkan log list --all | grep "$(serial "$D/f.pem")")" "revoke .*reason=superseded.*schedule"
post devices/simplereenroll "$T/b" --cert "$D/f.pem" --key "$D/f.key"; is "  it opens nothing" "$code" 403
has "  by its rule" "$(reason)" "certificate.revoked"
said() { faked openssl ocsp -issuer "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" -url "$INKAN_OCSP_URL" -cert "$1" 2>/dev/null; }
has "  OCSP says so" "$(said "$D/f.pem")" "revoked"
check "f renews again" renew f f2 f3 devices
is "  and waits again" "$(stays "$D/f2.pem")" "valid None"

# --- after a time
check "s enrols" enrol_basic s strict/
check "s renews" renew s s s2 strict
go_on 3000
is "not yet after fifty minutes" "$(stays "$D/s.pem")" "valid None"
go_on 900
check "but after an hour" wait_for 20 is_state "$D/s.pem" "revoked superseded"
is "  the new one goes on" "$(state "$D/s2.pem")" "valid None"
is "what is kept is kept" "$(state "$D/k.pem")" "valid None"
is "what waits for a use waits on" "$(state "$D/f2.pem")" "valid None"
# It is durable: due while inkan-ca is away.
check "s renews again" renew s s2 s3 strict
kill "$(cat "$T/demo/run/inkan-ca.pid")"; wait_for 20 gone "$(cat "$T/demo/run/inkan-ca.pid")"
set_clock $((ahead + 500))
start_fake ca
check "inkan-ca is back" wait_for 20 ready_ca
go_on 3600
check "  revoked after a restart" wait_for 20 is_state "$D/s2.pem" "revoked superseded"
has "the fleet says it" "$(faked inkan fleet show strict)" "renewal.superseded_after = 3600s"

# --- what a fleet may not say
cp "$T/demo/config/fleets/strict.conf" "$T/strict.conf"
for bad in 'superseded = "revoke-after";' 'superseded = "keep"; superseded_after = "1h";' 'superseded = "revoke";'; do
	sed "s/superseded = .*/$bad/" "$T/strict.conf" >"$T/demo/config/fleets/strict.conf"
	out=$(faked inkan policy activate 2>&1); is "refused: $bad" $? 1
done
has "  naming the key" "$out" "superseded"
finish
