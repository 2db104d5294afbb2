#!/usr/bin/env bash
# Thousands of connections that do nothing, senders that never come to an end,
# heads without measure: each has its limit and its time, others enrol meanwhile,
# memory stays bounded, and afterwards nothing is left of them.
#
#   LONG=1    10,000 idle connections with TLS, else 300
tid="ra: floods"
. "$(dirname "$0")/lib.sh"
need python3
. "$here/tests/integration/clients/flood.sh"
idle=300 room=3400
[ -z "${LONG:-}" ] || idle=10000 room=12000
share=$((room / 8))
enough_files $((room + 1000))
before_start() {
	# No more than what is to be seen at work.
	cat >>"$INKAN_CONFIG_DIR/ra.conf" <<-X
	max_connections = $room;
	max_connections_per_address = $share;
	request_timeout = "4s";
	idle_timeout = "20m";
	X
}
demo_up
port=${INKAN_EST_URL##*:}
figure() { curl -fsS --max-time 10 "$INKAN_METRICS_URL" | grep -v '^#' | grep -F -- "$1 " | sed 's/.* //'; }
open_now() { curl -fsS --max-time 10 "$INKAN_METRICS_URL" | awk '/^inkan_ra_connections\{/ {n += $2} END {print n}'; }
# Of n from one address: all but its share were shed, and some more for each of
# these whose time was up before the last came.
has_its_share() {	# n
	local shed late
	shed=$(figure 'inkan_ra_connections_shed_total{rule="max_connections_per_address"}')
	late=$(figure 'inkan_ra_timeouts_total{phase="handshake"}')
	[ $((shed + late)) -ge $(($1 - share - 5)) ] && [ "$late" -le $((share + 5)) ]
}

check "an honest client" enrols f0
files=$(files ra)

flood "$port" silent 2000 1
check "2,000 from one address hold up nobody" enrols f1
check "  that address has its share and no more, the others were shed" wait_for 10 has_its_share 2000
wait_for 30 few_left "$port" 0
calm
is "  and all are cut when their time is up" "$closed" 2000

while sleep 0.1; do open_now; done >"$T/seen" &
watcher=$!
flood "$port" silent $((room + 600)) 12
check "$((room + 600)) from twelve, more than there may be" enrols f2 20
kill $watcher
most=$(sort -n "$T/seen" | tail -n 1)
# One that a worker accepts too much is open until it is closed.
check "  there are no more than there may be ($most)" [ "$most" -le $((room + 8)) ]
wait_for 30 few_left "$port" 0
calm
check "  they are cut ($closed)" [ "$closed" -ge $((room + 590)) ]

flood "$port" idle $idle 12
check "$idle with TLS that ask nothing" enrols f3
# The server ends its handshake after the client.
kept() { [ "$(figure 'inkan_ra_connections{phase="idle"}')" -ge $((idle - 5)) ]; }
check "  are kept" wait_for 10 kept
mib=$(rss ra)
check "  in bounded memory ($mib MiB)" [ "$mib" -le "$(bound $((70 + idle / 20)))" ]
calm
is "  none was closed" "$closed" 0

flood "$port" slow 100 4
check "100 heads, an octet at a time" enrols f4
wait_for 30 few_left "$port" 0
calm
is "  are cut" "$closed" 100
check "  when their time is up ($last s)" [ "$last" -le 9 ]
check "  and counted" [ "$(figure 'inkan_ra_timeouts_total{phase="request"}')" -ge 95 ]

head -c 60000 /dev/zero | tr '\0' a >"$T/long"
code=$(curl -s -o /dev/null -w '%{http_code}' --cacert "$INKAN_ROOT" -H "X-A: $(cat "$T/long")" "$INKAN_EST_URL/.well-known/est/cacerts")
is "a head of 60 kB" "$code" 431
for i in $(seq 20); do cat "$T/long"; done >"$T/body"
code=$(curl -s -o /dev/null -w '%{http_code}' --cacert "$INKAN_ROOT" -u "$(basic)" -H 'Content-Type: application/pkcs10' --data-binary "@$T/body" "$INKAN_EST_URL/.well-known/est/simpleenroll")
check "a body of 1.2 MB ($code)" [ "$code" = 413 -o "$code" = 000 ]
check "an honest client, afterwards" enrols f5
quiet() { [ "$(open_now)" = 0 ]; }
check "nothing is left: connections" wait_for 10 quiet
check "  files ($(files ra), before $files)" [ "$(files ra)" -le $((files + 5)) ]

# TLS: what is not modern is not there.
s() { openssl s_client -connect "127.0.0.1:$port" -CAfile "$INKAN_ROOT" "$@" 2>&1; }
s -tls1_3 </dev/null >"$T/13"; has "TLS 1.3" "$(cat "$T/13")" 'Verify return code: 0'
is "  no ticket" "$(printf 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' | s -tls1_3 -ign_eof | grep -c 'New Session Ticket arrived')" 0
has "  no early data" "$(cat "$T/13")" 'Early data was not sent'
has "TLS 1.2" "$(s -tls1_2 </dev/null)" 'Verify return code: 0'
s -tls1_2 -sess_out "$T/sess" </dev/null >/dev/null
check_not "  no session that could be resumed" test -s "$T/sess"
rm -f "$T/said"
(echo R; wait_for 10 grep -qE 'no renegotiation|alert|closed' "$T/said") | s -tls1_2 >"$T/said"
has "  no renegotiation" "$(cat "$T/said")" 'no renegotiation|alert|closed'
for c in AES128-SHA ECDHE-ECDSA-AES128-SHA256 DHE-RSA-AES128-GCM-SHA256; do
	check_not "  not $c" s -tls1_2 -cipher "$c@SECLEVEL=0" </dev/null
done
check_not "not TLS 1.1" s -tls1_1 -cipher 'ALL@SECLEVEL=0' </dev/null
finish
