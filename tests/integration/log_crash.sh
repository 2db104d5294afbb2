#!/usr/bin/env bash
# inkan-ca is killed at each step of publishing: what was published before stays
# the beginning of what is published after.
tid="crash between any two steps of publishing"
. "$(dirname "$0")/lib.sh"
faults=$BUILD/faults/inkan-ca
[ -z "${SAN:-}" ] || skip "the fault points are tested in the plain build"
make -s --no-print-directory -C "$here" BUILD="$BUILD" FAULTS=1 "$faults" >"$T/make" 2>&1 ||
    { cat "$T/make"; exit 1; }
need sqlite3
demo_up
store() { sqlite3 "file:$INKAN_STORE?mode=ro" "$1"; }
size() { sed -n 2p "$T/demo/pub/log/checkpoint"; }
root() { sed -n 3p "$T/demo/pub/log/checkpoint"; }
whole() { [ "$(size)" = "$(store 'select count(*) from entries')" ]; }
check "a first checkpoint" wait_for 10 whole
for point in log-tiles log-signed log-published; do
	demo_stop
	before=$(size) was=$(root)
	# It has its entry of the start to publish.
	INKAN_FAULT=$point nohup "$faults" -c "$INKAN_CONFIG_DIR/ca.conf" \
	    </dev/null >>"$T/demo/log/inkan-ca.log" 2>&1 &
	echo $! >"$T/demo/run/inkan-ca.pid"
	check "$point: killed" wait_for 20 gone "$(cat "$T/demo/run/inkan-ca.pid")"
	rm -f "$T/demo/run/inkan-ca.pid"
	now=$(size) last=$(store 'select max(size) from log_checkpoints')
	case $point in
	log-tiles) is "$point: nothing was signed" "$last/$now" "$before/$before" ;;
	log-signed) check "$point: signed, not published" test "$last" -gt "$now" ;;
	log-published) check "$point: published" test "$last" = "$now" -a "$now" -gt "$before" ;;
	esac
	demo_start ca ra ocsp
	check "$point: it goes on" wait_for 10 whole
	has "$point: in order" "$(status_row log)" "^ok "
	is "$point: the old checkpoint stands" "$(store "select count(*) from log_checkpoints where size = $before")" 1
	check "$point: larger than before" test "$(size)" -gt "$before"
	check "$point: another root" test "$(root)" != "$was"
	check "$point: a device enrols" enrol_basic "dev-$point"
	check "$point: and is in the log" wait_for 10 whole
done
is "no size was signed twice" "$(store 'select count(*) - count(distinct size) from log_checkpoints')" 0
is "one log" "$(store 'select count(*) from logs')" 1
check "nothing half written is left" test -z "$(find "$T/demo/pub/log" -name '*.??????' -size 0)"
finish
