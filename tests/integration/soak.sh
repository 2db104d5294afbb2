#!/usr/bin/env bash
# Many clients enrol at once, each over a TLS connection of its own and without a
# second try: none fails, and clients, store and log agree on every certificate.
#
#   LONG=1    10,000 enrolments by 64 clients; else 300 by 16
tid="soak"
. "$(dirname "$0")/lib.sh"
need python3
load=$BUILD/bench/enrol
[ -x "$load" ] || make --no-print-directory -s -C "$here" BUILD="$BUILD" "$load" >/dev/null 2>&1
[ -x "$load" ] || skip "needs $load (make build/bench/enrol)"
n=300 clients=16
[ -z "${LONG:-}" ] || n=10000 clients=64
demo_up

out=$("$load" -s "127.0.0.1:${INKAN_EST_URL##*:}" -r "$INKAN_ROOT" -n $n \
    -c $clients -C "$INKAN_MFG_CA" -K "$INKAN_MFG_CA_KEY" -o "$T/clients" \
    2>"$T/err")
is "every one of $n by $clients clients" "$?" 0
[ -s "$T/err" ] && head -5 "$T/err"
read -r rate _ failed p99 done <<<"$out"
trace "$rate enrolments/s, 99 % within $p99 ms"
is "  failures" "$failed" 0
is "  certificates" "$done" $n

# Three lists of "serial device": the clients', the store's, the log's.
pages() {	# out command...: all pages of a list as JSON lines
	local out=$1; shift
	python3 - "$@" >"$out" <<'P'
import json, subprocess, sys
cursor = None
while True:
    cmd = sys.argv[1:] + (['--cursor', cursor] if cursor else [])
    p = subprocess.run(cmd, capture_output=True, text=True, check=True)
    d = json.loads(p.stdout)
    rows = d['rows'] if isinstance(d, dict) else d
    for r in rows:
        print(json.dumps(r))
    cursor = d.get('next') if isinstance(d, dict) else None
    if not cursor:
        break
P
}
