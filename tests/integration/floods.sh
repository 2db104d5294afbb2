#!/usr/bin/env bash
# Thousands of connections that do nothing, senders that never come to an end,
# heads without measure: each has its limit and its time, others enrol meanwhile,
# memory stays bounded, and afterwards nothing is left of them.
#
#   LONG=1    3,000 idle connections with TLS, else 300
tid="ra: floods"
. "$(dirname "$0")/lib.sh"
need python3
ulimit -Sn "$(ulimit -Hn)"
[ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge 9000 ] ||
    skip "needs 9000 open files, the system allows $(ulimit -n)"
idle=300
[ -z "${LONG:-}" ] || idle=3000
before_start() {
	# No more than what is to be seen at work.
	cat >>"$INKAN_CONFIG_DIR/ra.conf" <<-X
	max_connections = 3400;
	max_connections_per_address = 400;
	request_timeout = "4s";
	idle_timeout = "5m";
	X
}
demo_up
ra=$(cat "$INKAN_DIR/run/inkan-ra.pid")
port=${INKAN_EST_URL##*:}
figure() { curl -fsS --max-time 10 "$INKAN_METRICS_URL" | grep -v '^#' | grep -F -- "$1 " | sed 's/.* //'; }
open_now() { curl -fsS --max-time 10 "$INKAN_METRICS_URL" | awk '/^inkan_ra_connections\{/ {n += $2} END {print n}'; }
rss() { awk '/^VmRSS/ {print int($2 / 1024)}' "/proc/$ra/status"; }
files() { ls "/proc/$ra/fd" | wc -l; }
enrols() {	# name: within the time that an honest client has
	new_key "$D/$1.key"
	csr "$D/$1.key" "/CN=$1" | base64 >"$T/$1.b64"
	post simpleenroll "$T/$1.b64" -u "$(basic)" --max-time "${2:-10}"
	[ "$code" = 200 ]
}
cat >"$T/flood.py" <<'P'
# flood.py PORT KIND N [ADDRESSES]: opens N connections, says "ready", and does
# with them what KIND says, until its standard input ends. Then how many were
# closed by the server, and after how long the first N - 5 % were.
import select, socket, ssl, sys, threading, time
port, kind, n = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
addresses = int(sys.argv[4]) if len(sys.argv) > 4 else 1
tls = ssl.create_default_context(); tls.check_hostname = False; tls.verify_mode = ssl.CERT_NONE
open_, ended = [], []
began = time.monotonic()
def connect(i):
    s = socket.socket(); s.settimeout(20)
    s.bind(('127.0.9.%d' % (1 + i % addresses), 0))
    s.connect(('127.0.0.1', port))
    if kind in ('idle', 'slow'):
        s = tls.wrap_socket(s)
    if kind == 'slow':
        s.sendall(b'POST /.well-known/est/simpleenroll HTTP/1.1\r\nX-A: ')
    s.setblocking(False)
    open_.append(s)
def gone(s):
    ended.append(time.monotonic() - began); open_.remove(s); s.close()
def look():
    for s in list(open_):
        try:
            if kind == 'slow':
                s.send(b'a')
            if s.recv(4096) == b'':
                gone(s)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError:
            gone(s)
for i in range(n):
    try:
        connect(i)
    except OSError:
        ended.append(time.monotonic() - began)
print('ready', flush=True)
while not select.select([sys.stdin], [], [], 0.5)[0]:
    look()
look()
ended.sort()
k = min(len(ended), n - n // 20)
print(len(ended), int(ended[k - 1]) if k else 0)
P
flood() {	# kind n [addresses]
	mkfifo "$T/to" "$T/from"
	env python3 "$T/flood.py" "$port" "$@" <"$T/to" >"$T/from" 2>"$T/flood.err" &
	exec {to}>"$T/to" {from}<"$T/from"
	rm -f "$T/to" "$T/from"
	read -r -t 120 ready <&$from
	is "$2 connections: $1" "$ready" ready
}
calm() {	# ends it; $closed, $last
	exec {to}>&-
	read -r -t 60 closed last <&$from
	exec {from}<&-
}

check "an honest client" enrols f0
files=$(files)

flood silent 2000 1
check "2,000 from one address hold up nobody" enrols f1
check "  that address has its share and no more" [ "$(open_now)" -le 405 ]
check "  the others were shed" [ "$(figure 'inkan_ra_connections_shed_total{rule="max_connections_per_address"}')" -ge 1500 ]
sleep 5
calm
is "  and all are cut when their time is up" "$closed" 2000

flood silent 4000 12
check "4,000 from twelve, more than there may be" enrols f2 20
check "  there are no more than there may be" [ "$(open_now)" -le 3400 ]
sleep 5
calm
check "  they are cut ($closed)" [ "$closed" -ge 3990 ]

flood idle $idle 12
check "$idle with TLS that ask nothing" enrols f3
check "  are kept" [ "$(figure 'inkan_ra_connections{phase="idle"}')" -ge $((idle - 5)) ]
mib=$(rss)
check "  in bounded memory ($mib MiB)" [ "$mib" -le $((70 + idle / 20)) ]
calm
is "  none was closed" "$closed" 0

flood slow 100 4
check "100 heads, an octet at a time" enrols f4
sleep 5
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
check "  files ($(files), before $files)" [ "$(files)" -le $((files + 5)) ]

# TLS: what is not modern is not there.
s() { openssl s_client -connect "127.0.0.1:$port" -CAfile "$INKAN_ROOT" "$@" 2>&1; }
s -tls1_3 </dev/null >"$T/13"; has "TLS 1.3" "$(cat "$T/13")" 'Verify return code: 0'
is "  no ticket" "$(printf 'Q' | s -tls1_3 | grep -c 'New Session Ticket arrived')" 0
has "  no early data" "$(cat "$T/13")" 'Early data was not sent'
has "TLS 1.2" "$(s -tls1_2 </dev/null)" 'Verify return code: 0'
s -tls1_2 -sess_out "$T/sess" </dev/null >/dev/null
check_not "  no session that could be resumed" test -s "$T/sess"
has "  no renegotiation" "$( (echo R; sleep 1) | s -tls1_2)" 'no renegotiation|alert|closed'
for c in AES128-SHA ECDHE-ECDSA-AES128-SHA256 DHE-RSA-AES128-GCM-SHA256; do
	check_not "  not $c" s -tls1_2 -cipher "$c@SECLEVEL=0" </dev/null
done
check_not "not TLS 1.1" s -tls1_1 -cipher 'ALL@SECLEVEL=0' </dev/null
finish
