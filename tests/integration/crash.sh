#!/usr/bin/env bash
# inkan-ca is killed at each step of issuing; the invariant holds afterwards.
tid="crash between any two steps"
. "$(dirname "$0")/lib.sh"
faults=$BUILD/faults/inkan-ca
[ -z "${SAN:-}" ] || skip "the fault points are tested in the plain build"
make -s --no-print-directory -C "$here" BUILD="$BUILD" FAULTS=1 "$faults" >"$T/make" 2>&1 ||
    { cat "$T/make"; exit 1; }
demo_up
state_of() { sqlite3 "file:$INKAN_STORE?mode=ro" "$1"; }
need sqlite3
for point in conformed reserved signed compared recorded; do
	demo_stop
	INKAN_FAULT=$point nohup "$faults" -c "$INKAN_CONFIG_DIR/ca.conf" \
	    </dev/null >>"$T/demo/log/inkan-ca.log" 2>&1 &
	echo $! >"$T/demo/run/inkan-ca.pid"
	wait_for 20 ready_ca || fail "it does not start for $point"
	demo_start ra ocsp
	new_key "$D/$point.key"
	csr "$D/$point.key" "/CN=crash-$point" | base64 >"$T/b"
	post simpleenroll "$T/b" -u "$(basic)"
	check "$point: killed" wait_for 5 gone "$(cat "$T/demo/run/inkan-ca.pid")"
	is "$point: the client has no certificate" "$code" 503
	rm -f "$T/demo/run/inkan-ca.pid"
	demo_start ca
	st=$(inkan --json cert list --device "crash-$point" | python3 -c 'import json,sys; print(",".join(c["state"] for c in json.load(sys.stdin)))')
	case $point in
	conformed) is "$point: nothing was reserved" "$st" "" ;;
	recorded) is "$point: it is in the store" "$st" valid ;;
	*) is "$point: closed as aborted" "$st" aborted ;;
	esac
	if [ "$st" = aborted ]; then
		s=$(inkan --json cert list --device "crash-$point" | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["serial"])')
		out=$(timeout 20 openssl ocsp -issuer "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" -url "$INKAN_OCSP_URL" -serial "0x$s" 2>&1)
		has "$point: OCSP knows no such certificate" "$out" ": unknown"
		check "$point: an aborted serial can be revoked" inkan revoke --serial "$s"
	fi
	sleep 1
	post simpleenroll "$T/b" -u "$(basic)"
	is "$point: it issues again" "$code" 200
done
demo_stop
is "no serial twice" "$(state_of 'select count(*) - count(distinct serial) from certs')" 0
is "the log has no gap" "$(state_of 'select max(idx) + 1 - count(*) from entries' 2>/dev/null || state_of 'select max("index") + 1 - count(*) from entries')" 0
finish
