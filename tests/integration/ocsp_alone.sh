#!/usr/bin/env bash
# The responder goes on without inkan-ca, its disk or its token, says how it
# stands, and signs nothing from a view that is too old.
tid="OCSP alone"
. "$(dirname "$0")/lib.sh"
need python3
before_start() { echo 'max_stale = "1m";' >>"$T/demo/config/ocsp.conf"; }
more_cleanup() { [ -z "${pid:-}" ] || kill "$pid" 2>/dev/null; }
more_cleanup=more_cleanup
demo_up
for d in a b c d e; do enrol_basic $d; done
inkan revoke --serial "$(serial "$D/b.pem")" >/dev/null
ask() {	# name [openssl ocsp options...]
	local n=$1; shift
	timeout 20 openssl ocsp -issuer "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" \
	    -url "${url:-$INKAN_OCSP_URL}" -no_nonce -cert "$D/$n.pem" "$@" 2>&1
}
until_has() {	# WHAT PATTERN command...: within 15 seconds
	local what=$1 pattern=$2 out= i; shift 2
	for i in $(seq 60); do
		out=$("$@" 2>&1); grep -qE -- "$pattern" <<<"$out" && break
		sleep 0.25
	done
	has "$what" "$out" "$pattern"
}
responder() { inkan status | sed -n '/^OCSP responders/,/^[A-Z]/p'; }
has "good" "$(ask a)" "a.pem: good"
has "revoked" "$(ask b)" "b.pem: revoked"

# What `inkan status` and `inkan ocsp plan` know.
until_has "status: how old its view is" "ok .*127.0.0.1:[0-9]+ .*status.db as of [0-9]+ s before, signs for 3 of 3" responder
out=$(inkan ocsp plan --issuer devices)
has "plan: 5 certificates" "$out" "devices-g1 +[0-9]+ "
has "  against the measured rate" "$out" "measured"
inkan --json ocsp plan --issuer devices --fleet-size 10000000 >"$T/plan"
is "  ten millions, an hour, less a quarter" "$(json "$T/plan" 'd[0]["signatures_day"]')" 320000000
is "  it does not fit a slow token" "$(inkan --json ocsp plan --issuer devices --fleet-size 10000000 --rate 100 | json - 'd[0]["fits"]')" no
check_not "  refresh above half of validity" inkan ocsp plan --validity 1h --refresh 45m

# The token is lost. What was asked in the moment before a change was seen is not
# kept: both once more.
has "in memory now: good" "$(ask a)" "a.pem: good"
has "  and revoked" "$(ask b)" "b.pem: revoked"
mv "$T/demo/tokens/ocsp" "$T/demo/tokens/ocsp.away"
until_has "token lost: status says so" "FAIL .*devices-g1 .*signs nothing" responder
has "  what is in memory goes on" "$(ask a)" "a.pem: good"
has "  also the bad news" "$(ask b)" "b.pem: revoked"
has "  new ones are tryLater" "$(ask c)" "trylater"
has "  the log" "$(cat "$T/demo/log/inkan-ocsp.log")" "event=ocsp.delegate.lost issuer=devices-g1"
mv "$T/demo/tokens/ocsp.away" "$T/demo/tokens/ocsp"
until_has "  and is back" "signs for 3 of 3" responder
until_has "  new ones are signed" "c.pem: good" ask c

# inkan-ca killed: everything goes on, until the view is too old.
kill -KILL "$(cat "$T/demo/run/inkan-ca.pid")"; rm -f "$T/demo/run/inkan-ca.pid"
sleep 0.5
has "inkan-ca killed: a new answer" "$(ask d)" "d.pem: good"
has "  unknown is signed, too" "$(ask a -serial 0x4000000000000000000000000000000000000001)" ": unknown"

# Its disk read-only: a responder that starts over it.
port=$(free_port)
sed "s/^listen = .*/listen = [ \"127.0.0.1:$port\" ];/; /^svc_socket/d; s|../state/ocsp/pin-state|../run/ro.pin-state|" "$T/demo/config/ocsp.conf" >"$T/demo/config/ro.conf"
if unshare -rm true 2>/dev/null; then
	unshare -rm sh -c "mount --bind '$T/demo/state' '$T/demo/state' &&
	    mount -o remount,ro,bind '$T/demo/state' && ! touch '$T/demo/state/x' 2>/dev/null &&
	    exec '$BUILD/inkan-ocsp' -c '$T/demo/config/ro.conf'" 2>"$T/ro.log" &
	pid=$!
	url=http://127.0.0.1:$port/ocsp
	until_has "disk read-only: good" "d.pem: good" ask d
	has "  revoked" "$(ask b)" "b.pem: revoked"
	[ $failures = 0 ] || cat "$T/ro.log"
	url=
	kill $pid; wait $pid 2>/dev/null; pid=
else
	trace "no namespaces here: the read-only disk is not tried"
fi

# Older than max_stale: what an attacker would wait for.
age() {	# SECONDS: so old is the heartbeat
	python3 - "$T/demo/state/status.db" "$1" <<-'PY'
	import sqlite3, sys, time
	db = sqlite3.connect(sys.argv[1])
	t = [r[0] for r in db.execute("select name from sqlite_master where type='table'")]
	for n in t:
	    if 'heartbeat' in [c[1] for c in db.execute(f'pragma table_info({n})')]:
	        db.execute(f'update {n} set heartbeat = ?', (int(time.time()) - int(sys.argv[2]),))
	db.commit()
	PY
}
age 75
# It signs for whoever asks until it has looked.
until_has "a view older than max_stale: the log says how old" "event=ocsp.view.stale age=[0-9]+ why=\"status.db is of [0-9]+ s ago, max_stale is 60 s\"" cat "$T/demo/log/inkan-ocsp.log"
until_has "  nothing new" "trylater" ask e
has "  not with a nonce either" "$(ask e -nonce)" "trylater"
has "  nor unknown" "$(timeout 20 openssl ocsp -issuer "$INKAN_ISSUER" -url "$INKAN_OCSP_URL" -serial 0x4000000000000000000000000000000000000001 2>&1)" "trylater"
has "  the revoked one is not good again" "$(ask b)" "b.pem: revoked"
has "  answers in memory go on" "$(ask a)" "a.pem: good"
demo_start ca
until_has "inkan-ca is back: new answers" "e.pem: good" ask e
until_has "  the log" "event=ocsp.view.fresh" cat "$T/demo/log/inkan-ocsp.log"
until_has "  status hears of the responder again" "signs for 3 of 3" responder
check_not "no request is logged" grep -qi "$(serial "$D/a.pem")" "$T/demo/log/inkan-ocsp.log"
finish
