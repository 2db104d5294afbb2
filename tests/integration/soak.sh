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
count() { curl -fsS "$INKAN_METRICS_URL" | grep -v '^#' | grep -F -- "$1 " | sed 's/.* //'; }
closed='inkan_ra_tls_handshake_failures_total{reason="closed"}'
before=$(count "$closed")

out=$("$load" -s "127.0.0.1:${INKAN_EST_URL##*:}" -r "$INKAN_ROOT" -n $n \
    -c $clients -C "$INKAN_MFG_CA" -K "$INKAN_MFG_CA_KEY" -o "$T/clients" \
    2>"$T/err")
is "every one of $n by $clients clients" "$?" 0
[ -s "$T/err" ] && head -5 "$T/err"
read -r rate _ failed p99 done <<<"$out"
trace "$rate enrolments/s, 99 % within $p99 ms"
is "  failures" "$failed" 0
is "  certificates" "$done" $n

# Three lists of serials: what the clients hold, what the store has issued, what
# the log says was recorded. Sorted, none twice.
cut -d' ' -f1 "$T/clients" | tr 'A-F' 'a-f' | sort >"$T/c.serials"
inkan --json cert list --all --fleet devices >"$T/store.json"
json "$T/store.json" '"\n".join(sorted(c["serial"] for c in d if c["state"] == "valid"))' >"$T/s.serials"
inkan --json log list --all >"$T/log.json"
entries() { json "$T/log.json" '"\n".join(sorted(x["detail"].split("serial=")[1].split(";")[0] for x in d if x["kind"] == "issue.'"$1"'" and "'"$2"'" in x["detail"]))'; }
entries reserved "; fleet=devices;" >"$T/r.serials"
entries recorded "issuer=devices-g1;" >"$T/l.serials"
is "serials of the clients" "$(wc -l <"$T/c.serials")" $n
is "  none twice" "$(uniq -d "$T/c.serials" | wc -l)" 0
check "  the store has the same" cmp "$T/c.serials" "$T/s.serials"
check "  the log has reserved the same" cmp "$T/c.serials" "$T/r.serials"
# It tells of the services' certificates, too, which are of no fleet.
is "  and recorded each" "$(comm -23 "$T/c.serials" "$T/l.serials" | wc -l)" 0
is "  once" "$(uniq -d "$T/l.serials" | wc -l)" 0
is "one live certificate for each device" "$(json "$T/store.json" 'len({c["device"] for c in d if c["state"] == "valid"})')" $n
is "nothing was begun in vain" "$(json "$T/store.json" 'sum(c["state"] != "valid" for c in d)')" 0
published() { [ "$(sed -n 2p "$INKAN_DIR/pub/log/checkpoint")" -ge "$(json "$T/log.json" 'len(d)')" ]; }
check "all of it is published" wait_for 20 published
check "  and holds" inkan log verify --dir "$INKAN_DIR/pub/log"
# What inkan-ca has told is shown for two seconds.
counted() { [ "$(count "$1")" = "$n" ]; }
check "inkan-ra has counted them" wait_for 10 counted 'inkan_ra_requests_total{fleet="devices",op="simpleenroll",stage="-",outcome="ok"}'
check "  and inkan-ca" wait_for 10 counted inkan_ca_certificates_issued_total
is "no handshake failed" "$(count "$closed")" "$before"
finish
