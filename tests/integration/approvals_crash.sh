#!/usr/bin/env bash
# inkan-ca is killed at each step of a request that is approved: it is run once,
# or not at all, and whoever asked can tell.
tid="approvals, crash between any two steps"
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/people.sh"
faults=$BUILD/faults/inkan-ca
[ -z "${SAN:-}" ] || skip "the fault points are tested in the plain build"
make -s --no-print-directory -C "$here" BUILD="$BUILD" FAULTS=1 "$faults" >"$T/make" 2>&1 ||
    { cat "$T/make"; exit 1; }
RULES='{ operation = "issue:ldevid"; number = 1; }'
before_ceremony() {
	people_conf
	sed -e 's/"strict"/"parked"/g' -e 's/^answer_wrap.*/approve = "all";/' "$here/scripts/demo/fleets/strict.conf" \
	    >"$INKAN_CONFIG_DIR/fleets/parked.conf"
}
demo_up
people_ready
issued() { as $ANN --json cert list --subject "CN=$1" | json - 'sum(c["state"] == "valid" for c in d)'; }
under() {	# POINT: inkan-ca that is killed there
	demo_stop
	INKAN_FAULT=$1 nohup "$faults" -c "$INKAN_CONFIG_DIR/ca.conf" \
	    </dev/null >>"$T/demo/log/inkan-ca.log" 2>&1 &
	echo $! >"$T/demo/run/inkan-ca.pid"
	wait_for 20 ready_ca || fail "it does not start for $1"
	chmod 666 "$INKAN_ADMIN_SOCKET"
}
for point in request-approved request-claimed reserved recorded request-ran; do
	under $point
	new_key "$T/k"; csr "$T/k" "/CN=x-$point" >"$T/csr"; chmod 644 "$T/csr"
	park $BOB issue --profile device-ldevid --csr "$T/csr"
	check_not "$point: killed while it is approved" approve carol "$id"
	check "  it is gone" wait_for 30 gone "$(cat "$T/demo/run/inkan-ca.pid")"
	rm -f "$T/demo/run/inkan-ca.pid"
	demo_start ca
	chmod 666 "$INKAN_ADMIN_SOCKET"
	case $point in
	request-approved)
		is "  approved, not run" "$(state_of "$id") $(issued "x-$point")" "approved 0"
		check "  it can be run" as $BOB request run "$id" --out "$T/got/c.pem"
		check "  its certificate verifies" verifies "$T/got/c.pem" ;;
	request-claimed|reserved)
		is "  interrupted, nothing issued" "$(state_of "$id") $(issued "x-$point")" "interrupted 0" ;;
	*)	is "  interrupted, issued once" "$(state_of "$id") $(issued "x-$point")" "interrupted 1"
		from=$(json "$T/show" 'd["log_from"]')
		has "  the log from there on tells" "$(as $ANN log list --from "$from")" "issue.recorded" ;;
	esac
	no "  it is run no more" approval.state $BOB request run "$id"
	is "  once at most" "$(issued "x-$point" | sed 's/^[01]$/yes/')" yes
done

# A device's: approved, and killed while it is issued. What came to nothing is
# approved again, what was recorded is the answer.
all_of() { as $ANN --json cert list --fleet parked --device "$1" | json - '" ".join(sorted(c["state"] for c in d))'; }
ask() { post parked/simpleenroll "$T/$1.b64" --cert "$D/$1-maker.pem" --key "$D/$1-maker.key"; }
for point in reserved recorded; do
	under $point
	demo_start ra
	make_maker_device $point "$D/$point-maker"; new_key "$T/k"; csr "$T/k" /CN=x | base64 >"$T/$point.b64"
	ask $point; is "$point: a device waits" "$code" 202
	id=$(as $ANN --json request list --kind enrol --open | json - 'd[0]["id"]')
	check "  approved" approve carol "$id"
	ask $point; is "  killed while it is issued" "$code" 503
	check "  it is gone" wait_for 30 gone "$(cat "$T/demo/run/inkan-ca.pid")"
	rm -f "$T/demo/run/inkan-ca.pid"
	demo_start ca
	chmod 666 "$INKAN_ADMIN_SOCKET"
	case $point in
	reserved)
		is "  approved again" "$(state_of "$id") $(all_of $point)" "approved aborted"
		ask $point; is "  the next poll has it" "$code" 200
		is "  one certificate" "$(all_of $point)" "aborted valid" ;;
	*)	ask $point; is "  the next poll has it" "$code" 200
		is "  one certificate" "$(all_of $point)" "valid" ;;
	esac
	is "  the request is done" "$(state_of "$id")" done
done
finish
