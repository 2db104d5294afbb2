#!/usr/bin/env bash
# The programs are killed at random while devices enrol and renew, an operator
# revokes, and others read: afterwards store, log, published files, responder and
# the devices agree on every certificate.
#
#   LONG=1   240 kills; else 24
#   SEED=N   which are killed when; a run says its own
tid="kills at random, under load"
. "$(dirname "$0")/lib.sh"
[ -z "${SAN:-}" ] || skip "kills are tried in the plain build"
clients=$BUILD/tests/clients
[ -x "$clients" ] || skip "needs $clients (make diskfault)"
. "$here/tests/faults/agree.bash"
kills=24
[ -z "${LONG:-}" ] || kills=240
SEED=${SEED:-$(date +%N)}
RANDOM=$((10#$SEED % 32768))
trace "SEED=$SEED"

# One life at a time: a certificate too many would be refused, not given.
before_ceremony() {
	sed -i 's/^re_enrol = .*/re_enrol = "refuse";/' "$INKAN_CONFIG_DIR/fleets/devices.conf"
}
demo_up
pid_of() { cat "$T/demo/run/inkan-$1.pid" 2>/dev/null; }
start() {	# program: without waiting for it
	nohup "$INKAN_BIN/inkan-$1" -c "$INKAN_CONFIG_DIR/$1.conf" \
	    </dev/null >>"$T/demo/log/inkan-$1.log" 2>&1 &
	echo $! >"$T/demo/run/inkan-$1.pid"
}
demo_stop
for p in ca ra ocsp; do start $p; done
check "all answer" wait_for 20 ready_ra
"$clients" -e "127.0.0.1:${INKAN_EST_URL##*:}" -o "127.0.0.1:$(sed 's|.*:\([0-9]*\)/.*|\1|' <<<"$INKAN_OCSP_URL")" \
    -r "$INKAN_ROOT" -i "$INKAN_ISSUER" -p "$INKAN_DIR/pub" -x "$INKAN_BIN/inkan" \
    -C "$INKAN_MFG_CA" -K "$INKAN_MFG_CA_KEY" -n 4 -w 40 >"$T/clients" 2>"$T/clients-err" &
load=$!

# inkan-ca more often than the others; sometimes while it is still starting.
programs=(ca ca ca ra ocsp backup)
declare -A killed=([ca]=0 [ra]=0 [ocsp]=0 [backup]=0)
rest() { sleep "0.$(printf %03d $((RANDOM % $1)))"; }
kill_one() {	# program
	local pid
	if [ "$1" = backup ]; then
		rm -rf "$T/backup" "$T/backup.tmp"
		"$INKAN_BIN/inkan" backup --config "$INKAN_CONFIG_DIR/ca.conf" "$T/backup" >"$T/backup.said" 2>&1 &
		pid=$!
		rest 120
		kill -KILL $pid 2>/dev/null || return 1
		wait $pid 2>/dev/null
		return 0
	fi
	pid=$(pid_of "$1")
	if ! kill -KILL "$pid" 2>/dev/null; then
		fail "inkan-$1 had ended by itself"
		start "$1"
		return 1
	fi
	wait "$pid" 2>/dev/null
	token_back
	rest 300
	start "$1"
}
# SoftHSM writes its token's file anew at each login, and empties it for that
# (docs/failure.md): killed there it has no token, and needs the copy of it that
# an operator has.
token_back() {
	local f
	for f in "$INKAN_DIR"/tokens/*/*/token.object; do
		[ -s "$f" ] && continue
		cp "$T/${f#"$INKAN_DIR/"}" "$f"
		lost=$((lost + 1))
	done
}
lost=0
cp -r "$INKAN_DIR/tokens" "$T/tokens"
# Which and when follows from SEED; how far each had come, from the machine.
n=0
while [ $n -lt $kills ]; do
	p=${programs[RANDOM % ${#programs[@]}]}
	[ $((RANDOM % 5)) = 0 ] || rest 800
	kill_one $p || continue
	killed[$p]=$((killed[$p] + 1)) n=$((n + 1))
done 2>/dev/null
check "all answer again" wait_for 30 ready_ca
kill -TERM $load
wait $load; is "each client was served, and no reader saw anything go back" $? 0
grep -h ^BAD "$T/clients" | head -20
cat "$T/clients-err"
figure() { sed -n "s/^$1 //p" "$T/clients"; }

sed -n 's/^cert \([^ ]*\) \([^ ]*\) .*/\1 \2/p' "$T/clients" | sort >"$T/c.certs"
sed -n 's/^cert \([^ ]*\) .* revoked$/\1/p' "$T/clients" | sort >"$T/c.revoked"
agree
python3 - "$INKAN_STORE" "$T/clients" >"$T/out" <<'Y'
import base64, sqlite3, sys
c = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
have = {n: bytes(r) for n, r in c.execute("SELECT size, root FROM log_checkpoints")}
seen = [l.split() for l in open(sys.argv[2]) if l.startswith("checkpoint ")]
for _, size, root in seen:
    if have.get(int(size)) != base64.b64decode(root):
        print("the checkpoint of %s was seen with another root" % size)
Y
is "each checkpoint that was seen is one of the store's" "$(cat "$T/out")" ""
measured "kills survived: $n (inkan-ca ${killed[ca]}, inkan-ra ${killed[ra]}, inkan-ocsp ${killed[ocsp]}, inkan backup ${killed[backup]}); SoftHSM lost its token $lost times, and got it back"
measured "compared: $(wc -l <"$T/c.certs") certificates of $(figure devices) devices, $(wc -l <"$T/c.revoked") of them revoked, $(store 'SELECT count(*) FROM certs WHERE state = 5') aborted;" \
    "$(figure requests) requests, $(figure ocsp) OCSP questions, $(figure crls) CRLs, $(figure checkpoints) checkpoints, $(store 'SELECT count(*) FROM entries') log entries"
finish
