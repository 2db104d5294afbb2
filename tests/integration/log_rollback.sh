#!/usr/bin/env bash
# The whole instance restored to yesterday's copy: what lies outside of it, an
# anchor in the token or in a file, stops it until the operator decides.
tid="a store that is older than its log"
. "$(dirname "$0")/lib.sh"
need sqlite3
before_start() {
	mkdir "$T/elsewhere"
	cat >>"$T/demo/config/ca.conf" <<-X
	log: { anchors = [ "$T/elsewhere/anchor" ]; anchor_interval = "1s"; };
	X
}
demo_up
settled_at() {	# the checkpoint holds every entry, and so does the file
	local n
	n=$(sqlite3 "file:$INKAN_STORE?mode=ro" 'select count(*) from entries')
	[ "$(sed -n 2p "$T/demo/pub/log/checkpoint")" = "$n" ] &&
	    cmp -s "$T/demo/pub/log/checkpoint" "$T/elsewhere/anchor"
}

check "a device enrols" enrol_basic old
check "the log is anchored" wait_for 10 settled_at
demo_stop
mkdir "$T/yesterday"
cp -a "$T/demo/state" "$T/demo/pub" "$T/yesterday/"
cp -a "$T/demo/tokens" "$T/yesterday/"
demo_start ca ra ocsp
check "another device enrols today" enrol_basic new
check "the log is anchored again" wait_for 10 settled_at
size=$(sed -n 2p "$T/elsewhere/anchor")
demo_stop

restore() {	# what...
	local x
	for x in "$@"; do
		rm -rf "${T:?}/demo/$x"
		cp -a "$T/yesterday/$x" "$T/demo/$x"
	done
}
# 1. The machine is restored; the anchor file lies on another one.
cp -a "$T/demo/state" "$T/demo/pub" "$T/demo/tokens" "$T/elsewhere/"
restore state pub tokens
demo_start ca ra ocsp
has "status names what is wrong" "$(status_row log)" "^fail log.rollback: $T/elsewhere/anchor tells of $size entries"
has "and what stands still" "$(status_row issuing)" "^fail stopped: log.rollback"
check_not "--check alarms" inkan status --check
check_not "nothing is issued" enrol_basic refused
is "503" "$code" 503
csr "$D/refused.key" /CN=x >"$T/x.der"
check_not "not for the operator either" inkan issue --profile device-ldevid --csr "$T/x.der" --device x
check "revoking goes on" inkan revoke --serial "$(serial "$D/old.pem")"
has "the event is there" "$(cat "$T/demo/log/inkan-ca.log")" "event=log.stopped .*log.rollback"
demo_stop
demo_start ca
# By now the entries of two starts may have made it as long.
has "a restart changes nothing" "$(status_row log)" "^fail log.(rollback|fork): .*$T/elsewhere/anchor"
demo_stop

# 2. Restored with that file, but the token remembers.
rm -rf "$T/demo/state" "$T/demo/pub" "$T/demo/tokens"
cp -a "$T/elsewhere/state" "$T/elsewhere/pub" "$T/elsewhere/tokens" "$T/demo/"
cp "$T/elsewhere/anchor" "$T/anchor.today"
restore state pub
cp "$T/yesterday/pub/log/checkpoint" "$T/elsewhere/anchor"
demo_start ca ra ocsp
has "the token's anchor is seen" "$(status_row log)" "^fail log.rollback: the token's anchor tells of [0-9]* entries"
check_not "nothing is issued again" enrol_basic refused2

# 3. The operator decides, on record.
check_not "a reason is wanted" inkan log accept
check "he accepts" inkan log accept --reason "restored after a fire"
check "issuing goes on" enrol_basic after
grown() { [ "$(sed -n 2p "$T/demo/pub/log/checkpoint")" = "$(sqlite3 "file:$INKAN_STORE?mode=ro" 'select count(*) from entries')" ]; }
check "and is published" wait_for 10 grown
is "under the next name" "$(curl -fsS "$INKAN_HTTP_URL/log/checkpoint" | sed -n 1p)" "${INKAN_HTTP_URL#http://}/log/2"
has "with its own key" "$(curl -fsS "$INKAN_HTTP_URL/log/log.vkey")" "^${INKAN_HTTP_URL#http://}/log/2\\+"
check "what was published is kept" test -f "$T/demo/pub/log.1/checkpoint"
has "the log tells of it" "$(inkan --json log list --all)" "restored after a fire"
is "it is the token's anchor that was accepted" "$(sqlite3 "file:$INKAN_STORE?mode=ro" 'select count(*) from logs')" 2
demo_stop
demo_start ca ra ocsp
has "it starts in order" "$(status_row log)" "^ok .*/log/2: "
check "and issues" enrol_basic later

# 4. A row changed by hand, tiles gone: the store is not what was signed.
demo_stop
sqlite3 "$INKAN_STORE" "update entries set leaf = (select leaf from entries where idx = 3) where idx = 2"
rm -r "$T/demo/pub/log/tile"
demo_start ca
stopped() { status_row log | grep -q "^fail log.fork: the store's first"; }
check "a changed entry is found when tiles are made anew" wait_for 10 stopped
finish
