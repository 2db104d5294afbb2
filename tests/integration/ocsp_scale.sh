#!/usr/bin/env bash
# Answers signed ahead by a running instance: what is asked for costs no
# signature, a revocation is seen, a reload and a stop under load
# lose no answer, ten times as many connections as are allowed do no harm, and
# /metrics tells all that.
tid="OCSP at scale"
. "$(dirname "$0")/lib.sh"
need wrk
before_start() {
	sed -i 's/issuer = "devices-g1";/& prepare = "all";/' "$T/demo/config/ocsp.conf"
	cat >>"$T/demo/config/ocsp.conf" <<-X
	max_connections = 64;
	metrics_listen = "127.0.0.1:0";
	X
}
demo_up
log=$T/demo/log/inkan-ocsp.log
metrics_at() { sed -n 's/.*event=ocsp.metrics .* port=//p' "$log" | tail -1; }
metric() {	# the series as it stands: its value
	curl -sS --max-time 5 "http://127.0.0.1:$(metrics_at)/metrics" |
	    awk -v s="$1" '$1 == s {print $2}'
}
ask() {
	local n=$1; shift
	timeout 20 openssl ocsp -issuer "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" \
	    -url "$INKAN_OCSP_URL" -no_nonce "$@" -cert "$D/$n.pem" 2>&1
}
prepared() { [ "$(metric inkan_ocsp_prepared_answers)" = "$1" ]; }

check "what there was is signed" wait_for 20 grep -q event=ocsp.prepare.done "$log"
before=$(metric inkan_ocsp_prepared_certificates)
for d in a b c d; do enrol_basic $d; done
check "new certificates are signed ahead" wait_for 10 prepared $((before + 4))
signed=$(metric 'inkan_ocsp_answers_total{issuer="devices-g1",status="good",source="signed"}')
for d in a b c d; do
	has "$d, SHA-1" "$(ask $d)" "$d.pem: good"
	has "$d, SHA-256" "$(ask $d -sha256)" "$d.pem: good"
done
is "asked for, and nothing was signed" "$(metric 'inkan_ocsp_answers_total{issuer="devices-g1",status="good",source="signed"}')" "$signed"
has "from what was signed ahead" "$(metric 'inkan_ocsp_answers_total{issuer="devices-g1",status="good",source="prepared"}')" '^([4-9]|[1-9][0-9])'
has "it verifies" "$(ask a)" "Response verify OK"

inkan revoke --serial "$(serial "$D/b.pem")" --reason keyCompromise >/dev/null
t=$(date +%s%3N)
revoked() { ask b | grep -q "b.pem: revoked"; }
check "revoked" wait_for 10 revoked
trace "  seen after $(($(date +%s%3N) - t)) ms"
has "  the reason" "$(ask b)" "Reason: keyCompromise"
check "  and is signed ahead again" wait_for 10 prepared $((before + 4))
is "healthz" "$(curl -sS "http://127.0.0.1:$(metrics_at)/healthz")" ok

# ---- load ----
openssl ocsp -issuer "$INKAN_ISSUER" -cert "$D/a.pem" -no_nonce -reqout "$T/req" >/dev/null 2>&1
cat >"$T/load.lua" <<-X
local f = assert(io.open("$T/req", "rb"))
wrk.method, wrk.body = "POST", f:read("*a")
wrk.headers["Content-Type"] = "application/ocsp-request"
function done(s, latency)
	local e = s.errors
	io.write(string.format("RESULT %d %d %d %d\n", s.requests,
	    latency:percentile(99), e.read + e.write + e.timeout + e.status, e.connect))
end
X
load() { wrk -t1 -c"$1" -d"$2" --timeout 20s --latency -s "$T/load.lua" "$INKAN_OCSP_URL" | sed -n 's/^RESULT //p'; }
word() { cut -d' ' -f"$1" <<<"$2"; }
pid=$(cat "$T/demo/run/inkan-ocsp.pid")

load 32 3s >"$T/result" &
job=$!
for _ in 1 2 3 4 5; do sleep 0.4; kill -HUP "$pid"; done
wait $job
out=$(cat "$T/result")
has "reloaded five times under load: answers" "$(word 1 "$out")" '^[0-9]{3,}$'
is "  none lost" "$(word 3 "$out") $(word 4 "$out")" "0 0"

# Those who came first go on while nine times as many press on top of them. How
# long they wait is for the bench (14) to say.
connections() { [ "$(metric inkan_ocsp_connections)" "$@" ]; }
wait_for 10 connections = 0
load 64 4s >"$T/result" &
job=$!
wait_for 3 connections -ge 64
load 576 3s >"$T/newest"
wait $job
out=$(cat "$T/result")
trace "640 connections where 64 are allowed: $out (answers, p99 us, cut off, not connected); the newest: $(cat "$T/newest")"
has "ten times the connections: who was there is served, none cut off" "$(word 1 "$out") $(word 3 "$out")" '^[0-9]{4,} 0$'
# Once it has seen that they are gone.
good() { ask c | grep -q "c.pem: good"; }
check "  afterwards it is as before" wait_for 10 good
has "  the newest were closed" "$(metric inkan_ocsp_connections_shed_total)" '^[1-9]'

# Eight clients that ask all the time on connections that stay open until an
# answer says that it is the last. What is sent and not answered is lost.
cat >"$T/clients.py" <<-X
import http.client, sys, threading
from urllib.parse import urlparse
url, body = urlparse(sys.argv[1]), open(sys.argv[2], "rb").read()
counts = {"answered": 0, "lost": 0}
lock = threading.Lock()
def client():
    while True:
        con = http.client.HTTPConnection(url.hostname, url.port, timeout=20)
        try:
            con.connect()
        except OSError:
            return
        while con.sock is not None:
            try:
                con.request("POST", url.path, body, {"Content-Type": "application/ocsp-request"})
                answer = con.getresponse()
                ok = answer.status == 200 and len(answer.read()) > 100
            except (OSError, http.client.HTTPException):
                ok, con.sock = False, None
            with lock:
                counts["answered" if ok else "lost"] += 1
                if counts["answered"] == 100:
                    open(sys.argv[3], "w").close()
threads = [threading.Thread(target=client) for _ in range(8)]
for t in threads: t.start()
for t in threads: t.join()
print(counts["answered"], counts["lost"])
X
python3 "$T/clients.py" "$INKAN_OCSP_URL" "$T/req" "$T/going" >"$T/result" &
job=$!
check "under load" wait_for 20 test -e "$T/going"
kill -TERM "$pid"
wait $job
check "stopped under load" wait_for 30 eval '! kill -0 $pid 2>/dev/null'
out=$(cat "$T/result")
has "  answers" "$out" '^[0-9]{3,} '
is "  none lost" "$(word 2 "$out")" 0
finish
