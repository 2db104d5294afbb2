#!/usr/bin/env bash
# Rates of a fleet: by device, by day, by address; what is above is answered 429
# with Retry-After.
tid="rate limits"
. "$(dirname "$0")/lib.sh"
before_ceremony() {
	local f=$T/demo/config/fleets
	echo 'limits: { per_device_hour = 2; };' >>"$f/devices.conf"
	echo 'limits: { per_day = 3; };' >>"$f/strict.conf"
	echo 'limits: { per_address_minute = 5; };' >>"$f/windowed.conf"
}
demo_up
ask() { new_key "$T/k"; csr "$T/k" "/CN=$1" | base64 >"$T/b"; asked=$EPOCHSECONDS; post "$2/simpleenroll" "$T/b" -u "$(basic)"; }
retry() { tr -d '\r' <"$head" | sed -n 's/^[Rr]etry-[Aa]fter: //p'; }
ends() {	# the answer is a refusal until the next whole $1 seconds
	local r now=$EPOCHSECONDS	# it was given since $asked
	r=$(retry)
	[ "$code" = 429 ] && [ "${r:-0}" -gt 0 ] && [ "$r" -le "$1" ] &&
	    [ $(( (now + r + 2) % $1 )) -lt $((5 + now - asked)) ]
}
# Not over the end of an hour, or the count begins anew.
left=$((3600 - $(date +%s) % 3600)); [ $left -gt 20 ] || sleep $((left + 1))

ask a devices; is "a device" "$code" 200
ask a devices; is "  twice" "$code" 200
ask a devices; check "  no more in this hour" ends 3600
has "  by its rule" "$(reason)" "limits.per_device_hour"
ask b devices; is "another device" "$code" 200
ask s1 strict; ask s2 strict; ask s3 strict; is "three of a fleet" "$code" 200
ask s4 strict; check "  no more on this day" ends 86400
has "  by its rule" "$(reason)" "limits.per_day"
is "  and no certificate" "$(inkan --json cert list --fleet strict | json - 'len(d)')" 3

# One secret for one certificate, however many ask at the same time.
inkan --json secret new --fleet devices --user once --ttl 1h >"$T/s"
once=$(json "$T/s" '"once:" + d["secret"]')
for i in $(seq 20); do new_key "$T/o$i"; csr "$T/o$i" "/CN=once-$i" | base64 >"$T/o$i.b64"; done
pids=""
for i in $(seq 20); do
	curl -sS --max-time 30 --cacert "$INKAN_ROOT" -o /dev/null -w '%{http_code}\n' \
	    -u "$once" -H 'Content-Type: application/pkcs10' --data-binary "@$T/o$i.b64" \
	    "$INKAN_EST_URL/.well-known/est/devices/simpleenroll" >"$T/o$i.code" & pids="$pids $!"
done
# shellcheck disable=SC2086
wait $pids
is "20 with one secret at once: one certificate" "$(cat "$T"/o*.code | sort | uniq -c | tr -s ' ' | tr '\n' ';')" " 1 200; 19 401;"
is "  in the store, too" "$(inkan --json cert list --fleet devices --subject once- | json - 'len(d)')" 1

# Guessing gets slower by user name, of whichever there is or not; a right secret
# of ours is not kept out by that.
guess() { post devices/simpleenroll "$T/b" -u "$1"; }
inkan --json secret new --reusable --fleet devices --user slow >"$T/s"
n=0; code=401
while [ "$code" = 401 ] && [ $n -lt 8 ]; do guess slow:wrong; n=$((n + 1)); done
is "guesses for one user" "$code" 429
has "  slow down by the user name" "$(reason)" "secret.limit.*with this user name"
check "  after five at least" [ $n -gt 5 ]
check "  with Retry-After" [ "$(retry)" -ge 1 ]
ask_as() { new_key "$T/k"; csr "$T/k" "/CN=$1" | base64 >"$T/b"; post devices/simpleenroll "$T/b" -u "$2"; }
ask_as g1 "slow:$(json "$T/s" 'd["secret"]')"; is "the right one passes" "$code" 200

# Every request counts, whatever becomes of it.
for i in 1 2 3 4; do ask w windowed; done
post windowed/simpleenroll "$T/b" -u nobody:wrong; is "a refused one" "$code" 401
ask w6 windowed; is "the sixth from this address" "$code" 429
has "  by its rule" "$(reason)" "limits.per_address_minute"
check "  for what is left of a minute" [ "$(retry)" -ge 1 -a "$(retry)" -le 60 ]
minute=$((SECONDS + $(retry)))
ask c devices; is "other fleets count for themselves" "$code" 200
[ $SECONDS -ge $minute ] || sleep $((minute - SECONDS))
again() { ask w7 windowed; [ "$code" = 200 ]; }
check "  and then it goes on" wait_for 30 again
finish
