#!/usr/bin/env bash
# inkan-ra's /metrics and /healthz: figures move with what happens, the text is
# what Prometheus reads, and health follows inkan-ca.
tid="ra: metrics and health"
. "$(dirname "$0")/lib.sh"
need python3
demo_up
host=${INKAN_METRICS_URL#http://}; host=${host%/metrics}

# The rules of the exposition format 0.0.4, and of counters and histograms.
cat >"$T/prom.py" <<'P'
import re, sys
text = sys.stdin.read()
assert text.endswith('\n'), 'last line has no end'
name = r'[a-zA-Z_:][a-zA-Z0-9_:]*'
label = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
line = re.compile(r'(%s)(?:\{(%s(?:,%s)*)\})? (NaN|[+-]Inf|[-+0-9.e]+)$' % (name, label, label))
family = kind = None
helped, done, seen, hist = set(), set(), set(), {}
for l in text.split('\n')[:-1]:
    if l.startswith('# HELP '):
        family = l.split(' ')[2]; kind = None
        assert family not in done, 'twice: ' + family
        done.add(family); helped.add(family)
        assert len(l.split(' ', 3)) == 4 and l.split(' ', 3)[3], 'no help: ' + l
        continue
    if l.startswith('# TYPE '):
        _, _, f, kind = l.split(' ')
        assert f == family and kind in ('counter', 'gauge', 'histogram'), l
        assert (kind == 'counter') == f.endswith('_total'), 'name: ' + f
        continue
    m = line.match(l)
    assert m, 'not a sample: ' + l
    n, labels, value = m.groups()
    base = re.sub('_(bucket|sum|count)$', '', n) if kind == 'histogram' else n
    assert base == family, 'outside of its family: ' + l
    assert (n, labels) not in seen, 'twice: ' + l
    seen.add((n, labels))
    if kind != 'gauge':
        assert float(value) >= 0, l
    if n.endswith('_bucket') and kind == 'histogram':
        key = (base, re.sub(r',?le="[^"]*"', '', labels))
        le = float(re.search(r'le="([^"]*)"', labels).group(1))
        prev = hist.get(key, (-1.0, 0.0))
        assert le > prev[0] and float(value) >= prev[1], 'order: ' + l
        hist[key] = (le, float(value))
    if n.endswith('_count') and kind == 'histogram':
        last = hist[(base, labels or '')]
        assert last == (float('inf'), float(value)), 'count: ' + l
assert len(done) > 20, 'few families'
P
figures() { curl -fsS --max-time 10 "$INKAN_METRICS_URL"; }
is_prom() { figures | python3 "$T/prom.py"; }
value() { figures | grep -v '^#' | grep -F -- "$1 " | sed 's/.* //'; }	# exact series
rows() { figures | grep -cE -- "$1"; }
health() { curl -sS --max-time 10 -o "$T/health" -w '%{http_code}' "http://$host/healthz${1:-}"; }

check "Prometheus reads it" is_prom
has "its type" "$(curl -sS -D - -o /dev/null "$INKAN_METRICS_URL")" '^Content-Type: text/plain; version=0.0.4'
well() { [ "$(health)" = 200 ]; }
check "healthy" wait_for 10 well
is "  in one word" "$(cat "$T/health")" ok
is "alive" "$(health '?live')" 200
is "inkan-ca is up" "$(value inkan_ca_up)" 1

# What happens is counted where it belongs.
ok='inkan_ra_requests_total{fleet="devices",op="simpleenroll",stage="-",outcome="ok"}'
check "an enrolment" enrol_basic m1
is "  is counted" "$(value "$ok")" 1
check "another" enrol_basic m2
is "  is counted" "$(value "$ok")" 2
# News of inkan-ca are shown again for two seconds, and a connection's end is
# counted after its client has seen it.
reads() { [ "$(value "$1")" = "$2" ]; }
check "  by inkan-ca, too" wait_for 10 reads inkan_ca_certificates_issued_total 2
is "  and timed" "$(value 'inkan_ra_request_duration_seconds_count{op="simpleenroll"}')" 2
is "  each signature" "$(value 'inkan_ca_issue_step_duration_seconds_count{step="sign"}')" 2
check "first in strict" enrol_basic s1 strict/
check_not "second in strict" enrol_basic s1 strict/
is "a refusal: fleet, stage" "$(rows '^inkan_ra_requests_total\{fleet="strict",op="simpleenroll",stage="a[a-z]*",outcome="refused"\} 1$')" 1
curl -s -o /dev/null --cacert "$INKAN_ROOT" "$INKAN_EST_URL/.well-known/est/nosuch-$$/simpleenroll" -d x
curl -s -o /dev/null --cacert "$INKAN_ROOT" "$INKAN_EST_URL/.well-known/est/\"}/cacerts"
has "what is of no fleet" "$(figures)" '^inkan_ra_requests_total\{fleet="-",op="simpleenroll",stage="route",outcome="refused"\} 1$'
is "a label of the client's becomes no series" "$(rows nosuch)" 0
curl -s -o /dev/null --tls-max 1.2 --cacert "$INKAN_ROOT" "$INKAN_EST_URL/.well-known/est/cacerts"
check "handshakes of 1.2" [ "$(value 'inkan_ra_tls_handshakes_total{version="TLSv1.2"}')" -ge 1 ]
check "handshakes of 1.3" [ "$(value 'inkan_ra_tls_handshakes_total{version="TLSv1.3"}')" -ge 3 ]
openssl s_client -connect "${INKAN_EST_URL#https://}" -tls1_2 -cipher AES128-SHA </dev/null >/dev/null 2>&1
check "one without a suite in common" wait_for 10 reads 'inkan_ra_tls_handshake_failures_total{reason="alert_sent"}' 1
curl -s -o /dev/null "$INKAN_EST_URL/.well-known/est/cacerts" --cacert "$INKAN_MFG_CA" --tls-max 1.2
check "a client that does not trust us" wait_for 10 reads 'inkan_ra_tls_handshake_failures_total{reason="alert_received"}' 1
check "Prometheus reads all that" is_prom

# HTTP of the listener.
code() { curl -sS -o /dev/null -w '%{http_code}' "$@"; }
is "another page" "$(code "http://$host/")" 404
is "another method" "$(code -d x "http://$host/metrics")" 405
is "HEAD" "$(code -I "http://$host/metrics")" 200
is "a head without end" "$(head -c 9000 /dev/zero | tr '\0' a | timeout 10 python3 -c '
import socket, sys
s = socket.create_connection(sys.argv[1].split(":"), 5)
s.sendall(sys.stdin.buffer.read())
print(s.recv(100).split()[1].decode())' "$host")" 431
# More than it serves at a time, all silent: they are cut, and it goes on.
python3 - "$host" >"$T/silent" <<'P' &
import socket, sys, time
s = [socket.create_connection(sys.argv[1].split(':'), 9) for _ in range(40)]
print('there', flush=True)
time.sleep(8)
P
silent=$!
wait_for 20 test -s "$T/silent"
check "40 silent ones do not hold it up" curl -fsS --max-time 15 -o /dev/null "$INKAN_METRICS_URL"
kill $silent 2>/dev/null; wait $silent 2>/dev/null

# Health follows inkan-ca; liveness does not.
inkan ca stop --reason drill >/dev/null
unwell() { [ "$(health)" = 503 ] && grep -q "$1" "$T/health"; }
check "issuing is stopped, says one line" wait_for 10 unwell '^ca.stopped: .*drill'
is "  and the figure" "$(value inkan_ca_issuing)" 0
inkan ca resume >/dev/null
ca=$(cat "$INKAN_DIR/run/inkan-ca.pid")
kill -STOP "$ca"
check "inkan-ca hangs" wait_for 10 unwell '^ca.away: '
kill -CONT "$ca"
kill -TERM "$ca"; wait_for 20 gone "$ca"
is "inkan-ca is away" "$(health)" 503
has "  says so" "$(cat "$T/health")" '^ca.away: '
is "  it is alive still" "$(health '?live')" 200
is "  and the figures say so" "$(value inkan_ca_up)" 0
is "  with nothing of inkan-ca" "$(rows '^inkan_ca_issuing')" 0
check "  Prometheus reads it" is_prom
demo_start ca
check "it is back" wait_for 10 well

# Where it listens.
conf() { sed "s|^metrics_listen.*|$1|" "$INKAN_CONFIG_DIR/ra.conf" >"$INKAN_CONFIG_DIR/other.conf"; "$BUILD/inkan-ra" -n -c "$INKAN_CONFIG_DIR/other.conf"; }
check_not "not the whole network" conf 'metrics_listen = "0.0.0.0:9443";'
check "unless it is meant" conf 'metrics_listen = "0.0.0.0:9443"; metrics_public = true;'
check_not "nor without an address" conf 'metrics_public = true;'
check "or nowhere" conf ''
finish
