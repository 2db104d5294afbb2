#!/usr/bin/env bash
# What each program cannot do, tried from within it (tests/powers/probe.c): the
# demo's programs run under one user, so that no file's mode stands in the way.
tid="powers that must not exist"
. "$(dirname "$0")/lib.sh"
[ -z "${SAN:-}" ] || skip "a program with a sanitizer has no filter"
probe=$BUILD/tests/probe.so
[ -f "$probe" ] || skip "needs $probe (make probe)"
need setpriv
# As inkan-ocsp.conf(5) has it: the responder may read no more of the state.
before_ceremony() {
	mkdir "$T/demo/state/status"
	sed -i 's|"../state/status.db"|"../state/status/status.db"|' \
	    "$INKAN_CONFIG_DIR/ca.conf" "$INKAN_CONFIG_DIR/ocsp.conf"
}
before_start() {
	for p in ca ra ocsp; do
		printf 'confine: { mode = "must"; };\n' >>"$INKAN_CONFIG_DIR/$p.conf"
	done
}
demo_up
grep -q "landlock=" "$T/demo/log/inkan-ca.log" || skip "this kernel has no Landlock"
abi=$(sed -n 's/.*landlock=//p' "$T/demo/log/inkan-ca.log" | head -1)
d=$INKAN_DIR
INKAN_STATUS_DB=$d/state/status/status.db
pid_of() { cat "$d/run/inkan-$1.pid"; }
restart_with_probe() {	# program [setpriv options...]; the file $T/probe
	local p=$1; shift
	kill "$(pid_of "$p")" 2>/dev/null; wait_for 20 gone "$(pid_of "$p")"
	: >"$d/log/inkan-$p.log"
	LD_PRELOAD=$probe INKAN_PROBE=$T/probe nohup setsid setpriv "$@" \
	    "$INKAN_BIN/inkan-$p" -c "$INKAN_CONFIG_DIR/$p.conf" \
	    </dev/null >>"$d/log/inkan-$p.log" 2>&1 &
	echo $! >"$d/run/inkan-$p.pid"
	disown
	wait_for 20 "ready_$p" || fail "inkan-$p with the probe does not start"
	[ "$p" != ca ] || wait_for 20 ready_ra || fail "the RA does not find its CA again"
	is "inkan-$p is filtered before it takes a connection" \
	    "$(grep '^listens' "$d/log/inkan-$p.log" | sort -u)" "listens: filtered"
}
try_all() {	# program: what came of the lines, into $said
	kill -USR2 "$(pid_of "$1")"
	# It may have come before the program waits: once more, if it did nothing.
	wait_for 5 grep -q "^probe " "$d/log/inkan-$1.log" ||
	    kill -USR2 "$(pid_of "$1")"
	wait_for 30 grep -q "^probe end" "$d/log/inkan-$1.log" ||
	    fail "inkan-$1: the probe did not end"
	said=$(grep '^probe ' "$d/log/inkan-$1.log")
}
# refused WHAT LINE: exactly that was tried, and came to nothing.
refused() {
	local got
	# Two signals may have come, each with the same to say.
	got=$(grep -F -- "probe $2: " <<<"$said" | sed 's/.*: //' | sort -u)
	case $got in
	"Permission denied"|"Operation not permitted"|"Function not implemented"|"Address family not supported by protocol")
		checks=$((checks + 1)); trace "ok: $1 ($got)" ;;
	*) checks=$((checks + 1)); fail "$1: $2: \"$got\"" ;;
	esac
}
can() { has "$1" "$said" "^probe $2: done"; }
object=$(find "$d/tokens/ca" -name '*.object' | head -1)
ocsp_object=$(find "$d/tokens/ocsp" -name '*.object' | head -1)

# --- seen from outside -----------------------------------------------------
for p in ca ra ocsp; do
	n=$(pid_of $p)
	is "inkan-$p: no new privileges" "$(sed -n 's/^NoNewPrivs:\s*//p' "/proc/$n/status")" 1
	is "  every thread filtered" "$(sed -n 's/^Seccomp:\s*//p' "/proc/$n"/task/*/status | sort -u)" 2
	is "  no core file" "$(sed -n 's/^Max core file size *//p' "/proc/$n/limits" | tr -s ' ')" "0 0 bytes "
	has "  said so" "$(cat "$d/log/inkan-$p.log")" "event=confine.calls"
	check_not "  its memory cannot be read by its own user" \
	    setpriv --reuid 64009 --clear-groups cat "/proc/$n/mem"
done

# What no program may do. Processes of the same user are there to be reached.
everywhere() {
	cat <<-X
	fork
	code
	turn-code
	make /tmp/inkan-probe-$$
	list /
	list /root
	read /etc/shadow
	signal $$
	X
}
no_program_may() {	# program
	refused "inkan-$1 makes no process" "fork "
	refused "  no memory is code and data" "code "
	refused "  no data becomes code" "turn-code "
	refused "  nor makes a file in /tmp" "make /tmp/inkan-probe-$$"
	refused "  nor looks around" "list /"
	refused "  nor reads what its user could" "read /etc/shadow"
	[ "$abi" -lt 6 ] || refused "  nor signals others" "signal $$"
}

# --- the RA ------------------------------------------------------------------
{ everywhere; cat <<-X
	read $INKAN_STORE
	read $INKAN_STATUS_DB
	write $INKAN_STORE
	remove $INKAN_STORE
	list $d/state
	list $d/tokens/ca
	read $object
	read $INKAN_TOKEN_PIN_FILE
	read $INKAN_SOFTHSM2_CONF
	read $INKAN_CONFIG_DIR/ca.conf
	write $d/pub/crl/devices-g1.crl
	read $d/certs/est.key
	tcp ${INKAN_HTTP_URL##*:}
	X
} >"$T/probe"
restart_with_probe ra
try_all ra
no_program_may ra
refused "the RA cannot open the store" "read $INKAN_STORE"
refused "  nor write it" "write $INKAN_STORE"
refused "  nor remove it" "remove $INKAN_STORE"
refused "  nor open status.db" "read $INKAN_STATUS_DB"
refused "  nor see their folder" "list $d/state"
refused "the RA cannot open the CA's token" "read $object"
refused "  nor its folder" "list $d/tokens/ca"
refused "  nor its PIN" "read $INKAN_TOKEN_PIN_FILE"
refused "  nor its module's configuration" "read $INKAN_SOFTHSM2_CONF"
refused "  nor the CA's configuration" "read $INKAN_CONFIG_DIR/ca.conf"
refused "the RA publishes nothing" "write $d/pub/crl/devices-g1.crl"
refused "the RA connects to nobody" "tcp ${INKAN_HTTP_URL##*:}"
can "its own key it can read" "read $d/certs/est.key"
enrol_basic after-probe; is "and it enrols as before" "$code" 200

# --- the responder ------------------------------------------------------------
{ everywhere; cat <<-X
	read $INKAN_STORE
	write $INKAN_STORE
	write $INKAN_STATUS_DB
	make $d/state/more
	list $d/tokens/ca
	read $object
	read $INKAN_SOFTHSM2_CONF
	read $INKAN_TOKEN_PIN_FILE
	write $d/pub/crl/devices-g1.crl
	make $d/pub/crl/more.crl
	read $INKAN_CONFIG_DIR/operators.conf
	tcp ${INKAN_EST_URL##*:}
	read $ocsp_object
	X
} >"$T/probe"
restart_with_probe ocsp
try_all ocsp
no_program_may ocsp
refused "the responder cannot read the store" "read $INKAN_STORE"
refused "  nor write it" "write $INKAN_STORE"
refused "  nor status.db" "write $INKAN_STATUS_DB"
refused "  nor make a file beside them" "make $d/state/more"
refused "the responder cannot open the CA's token" "read $object"
refused "  nor its folder" "list $d/tokens/ca"
refused "  nor its PIN" "read $INKAN_TOKEN_PIN_FILE"
refused "  nor its module's configuration" "read $INKAN_SOFTHSM2_CONF"
refused "the responder publishes nothing" "write $d/pub/crl/devices-g1.crl"
refused "  nor makes a CRL" "make $d/pub/crl/more.crl"
refused "  nor reads the policy" "read $INKAN_CONFIG_DIR/operators.conf"
refused "the responder connects to nobody" "tcp ${INKAN_EST_URL##*:}"
can "its own token it can read" "read $ocsp_object"

# --- the engine ----------------------------------------------------------------
root_object=$(find "$d/tokens/root" -name '*.object' | head -1)
{ everywhere; cat <<-X
	read $root_object
	list $d/tokens/root
	read $d/pins/root.pin
	read $INKAN_CONFIG_DIR/../tokens/root.conf
	read $d/certs/est.key
	read $d/maker/ca.key
	tcp ${INKAN_HTTP_URL##*:}
	write $INKAN_CONFIG_DIR/operators.conf
	write $INKAN_STORE
	X
} >"$T/probe"
restart_with_probe ca
try_all ca
no_program_may ca
refused "the CA cannot open the root's token" "read $root_object"
refused "  nor its folder" "list $d/tokens/root"
refused "  nor its PIN" "read $d/pins/root.pin"
refused "  nor the RA's key" "read $d/certs/est.key"
refused "  nor a key that lies about" "read $d/maker/ca.key"
refused "  nor write the proposed policy" "write $INKAN_CONFIG_DIR/operators.conf"
refused "the CA speaks no TCP" "tcp ${INKAN_HTTP_URL##*:}"
can "its store it can write" "write $INKAN_STORE"
enrol_basic after-ca; is "and it issues as before" "$code" 200

# --- what ends the process -------------------------------------------------------
for what in "exec /bin/true" "ptrace $(pid_of ca)" userns; do
	echo "$what" >"$T/probe"
	restart_with_probe ra
	kill -USR2 "$(pid_of ra)"
	check "inkan-ra ends when it tries: ${what%% *}" wait_for 10 gone "$(pid_of ra)"
	check_not "  and nothing came of it" grep -q "^probe" "$d/log/inkan-ra.log"
done

# --- the wrong user ----------------------------------------------------------------
if [ "$(id -u)" = 0 ]; then
	# An RA as a user of its own that can reach every socket: it is the
	# kernel that names it, whatever the files' modes say.
	chmod 755 "$T" "$d" "$INKAN_SOCKET_DIR" "$d/certs" "$d/config"
	chmod 666 "$INKAN_SOCKET_DIR"/*.sock
	chown 64009 "$d/certs" "$d/certs/est.key"
	chmod 644 "$d/certs/est.pem" "$INKAN_CONFIG_DIR/ra.conf"
	for s in admin svc ra; do echo "unix $INKAN_SOCKET_DIR/$s.sock"; done >"$T/probe"
	chmod 644 "$T/probe"
	p=ra
	# Where this tree lies, that user may not look.
	install -m 644 "$probe" "$T/probe.so"
	: >"$d/log/inkan-ra.log"
	LD_PRELOAD=$T/probe.so INKAN_PROBE=$T/probe setpriv --reuid 64009 \
	    --clear-groups "$INKAN_BIN/inkan-ra" -c "$INKAN_CONFIG_DIR/$p.conf" \
	    </dev/null >"$d/log/inkan-ra.log" 2>&1 &
	echo $! >"$d/run/inkan-ra.pid"
	check "an RA as another user starts" wait_for 20 grep -q "event=ra.start" "$d/log/inkan-ra.log"
	try_all ra
	for s in admin svc ra; do
		has "the wrong user gets nothing at $s.sock" "$said" \
		    "probe unix .*/$s.sock: Connection reset"
		has "  and it is told of" "$(cat "$d/log/inkan-ca.log")" \
		    "event=server.peer_refused socket=$s uid=64009"
	done
else
	trace "skipped: the wrong user, which needs root"
fi
finish
