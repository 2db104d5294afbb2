#!/usr/bin/env bash
# Two inkan-ra side by side on one port: one after the other is stopped and
# started again, and reads its certificate again, while clients enrol that do not
# try twice. None of them notices: neither where the service manager holds the
# socket, nor where each has one of its own (share_port) and the kernel moves on
# what waits at one that is closed (net.ipv4.tcp_migrate_req). Where it may not
# be told to, and no network of our own can be had, the latter is only tried.
#
#   LONG=1    for minutes
tid="ra: side by side"
migrates=0
if [ "${1:-}" != inside ] && unshare -n -r ip link set lo up 2>/dev/null; then
	exec unshare -n -r "$0" inside
elif [ "${1:-}" = inside ]; then
	ip link set lo up &&
	    echo 1 >/proc/sys/net/ipv4/tcp_migrate_req && migrates=1
fi
. "$(dirname "$0")/lib.sh"
need python3
load=$BUILD/bench/enrol
[ -x "$load" ] || make --no-print-directory -s -C "$here" BUILD="$BUILD" "$load" >/dev/null 2>&1
[ -x "$load" ] || skip "needs $load (make build/bench/enrol)"
n=2000 rounds=2
# Its keys and requests are made before it begins: a sanitizer takes minutes to it.
[ -z "${SAN:-}" ] || n=300
[ -z "${LONG:-}" ] || n=40000 rounds=40
declare -A pid conf url
before_start() {
	local c=$INKAN_CONFIG_DIR
	# Each has figures of its own; one of them renews the certificate of both.
	sed -e "s|^metrics_listen.*|metrics_listen = \"127.0.0.1:$((port + 3))\";|" \
	    -e '/^svc_socket/d' "$c/ra.conf" >"$c/ra-2.conf"
	conf[1]=$c/ra.conf conf[2]=$c/ra-2.conf
	url[1]=http://127.0.0.1:$((port + 2)) url[2]=http://127.0.0.1:$((port + 3))
}
more_cleanup=stop_both
stop_both() {
	local p
	for p in "${pid[@]}"; do kill "$p" 2>/dev/null; done
	[ -z "${holder:-}" ] || kill "$holder" 2>/dev/null
}
demo_up
pid[1]=$(cat "$INKAN_DIR/run/inkan-ra.pid")

well() { curl -fsS -o /dev/null --max-time 5 "${url[$1]}/healthz"; }
start() {	# which, as $how says
	$how "$1" && wait_for 30 well "$1"
}
end() {	# which
	kill -TERM "${pid[$1]}"
	wait_for 20 gone "${pid[$1]}"
}
enrolled() {	# which: how many
	local v
	v=$(curl -fsS --max-time 5 "${url[$1]}/metrics" | sed -n \
	    's/^inkan_ra_requests_total{fleet="devices",op="simpleenroll",stage="-",outcome="ok"} //p')
	echo "${v:-0}"
}
enough() { gone "$1" || [ $(($(enrolled 1) + $(enrolled 2))) -gt 50 ]; }
some() { [ "$(enrolled 1)" -gt 0 ] && [ "$(enrolled 2)" -gt 0 ]; }

under_load() {	# what: restarts both in turn; sets $failed, $done, $restarts
	local enrol which rate p99
	"$load" -s "127.0.0.1:${INKAN_EST_URL##*:}" -r "$INKAN_ROOT" -n $n -c 8 \
	    -C "$INKAN_MFG_CA" -K "$INKAN_MFG_CA_KEY" -f \
	    >"$T/figures" 2>"$T/failures" &
	enrol=$!
	check "$1: both enrol" wait_for 120 some
	restarts=0
	while [ $restarts -lt $((2 * rounds)) ] && ! gone $enrol; do
		for which in 1 2; do
			end $which && start $which && continue
			fail "$1: $which does not come back"
			kill $enrol; return
		done
		for which in 1 2; do
			kill -HUP "${pid[$which]}"
			gone $enrol || restarts=$((restarts + 1))
		done
	done
	wait_for 60 enough $enrol
	kill -TERM $enrol 2>/dev/null
	wait $enrol
	is "  the clients" $? 0
	read -r rate _ failed p99 done <"$T/figures"
	trace "$restarts restarts, $done enrolments, $rate/s, 99 % within $p99 ms"
	check "  restarted meanwhile" [ $restarts -ge $rounds ]
	check "  enrolled" [ "$done" -gt 50 ]
	head -5 "$T/failures"
}

# --- the service manager holds the socket ---
cat >"$T/holder.py" <<'P'
# holder.py PORT FIFO: "file program -c conf" on the FIFO starts it as systemd
# does a service with Sockets=; its PID goes into the file.
import os, signal, socket, sys
s = socket.create_server(('127.0.0.1', int(sys.argv[1])), backlog=512)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in os.fdopen(os.open(sys.argv[2], os.O_RDWR)):
    out, *cmd = line.split()
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(s.fileno(), 3)
        os.set_inheritable(3, True)
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1')
        os.execv(cmd[0], cmd)
    open(out + '.tmp', 'w').write(str(child))
    os.rename(out + '.tmp', out)
P
passed() {	# which
	rm -f "$T/pid"
	gone "$holder" && return 1
	echo "$T/pid $BUILD/inkan-ra -c ${conf[$1]}" >"$T/fifo"
	wait_for 30 test -s "$T/pid"
	pid[$1]=$(cat "$T/pid")
}
how=passed
end 1
mkfifo "$T/fifo"
for i in 1 2; do
	sed -i "s|^listen = .*|listen = [ \"127.0.0.1:${INKAN_EST_URL##*:}\" ];|" "${conf[$i]}"
done
env python3 "$T/holder.py" "${INKAN_EST_URL##*:}" "$T/fifo" 2>>"$INKAN_DIR/log/inkan-ra.log" &
holder=$!
check "one with a socket that it was given" start 1
check "  another with the same" start 2
under_load "passed"
is "  failed" "$failed" 0
end 1; end 2
sed "s|^listen = .*|listen = [ \"127.0.0.1:1\" ];|; /^metrics/d" "${conf[1]}" >"$INKAN_CONFIG_DIR/wrong.conf"
rm -f "$T/pid"
echo "$T/pid $BUILD/inkan-ra -c $INKAN_CONFIG_DIR/wrong.conf" >"$T/fifo"
refused() { grep -q "passed a socket of 127.0.0.1, port ${INKAN_EST_URL##*:}, which" "$INKAN_DIR/log/inkan-ra.log"; }
check "a socket that it is not to listen on" wait_for 30 refused
# It has the socket until its end.
wait_for 20 test -s "$T/pid" && wait_for 20 gone "$(cat "$T/pid")"
kill $holder; wait $holder 2>/dev/null; holder=

# --- each has a socket of its own ---
own() {	# which
	"$BUILD/inkan-ra" -c "${conf[$1]}" </dev/null 2>>"$INKAN_DIR/log/inkan-ra.log" &
	pid[$1]=$!
}
how=own
check "one alone" start 1
"$BUILD/inkan-ra" -c "${conf[2]}" 2>"$T/err"
is "a second one is refused" $? 1
has "  says why" "$(cat "$T/err")" "listen on 127.0.0.1:"
end 1
for i in 1 2; do echo 'share_port = true;' >>"${conf[$i]}"; done
check "one that shares" start 1
check "  another" start 2
under_load "shared"
if [ $migrates = 1 ]; then is "  failed" "$failed" 0
else trace "failed: $failed; this kernel was not told to migrate"; fi
end 1; end 2
finish
