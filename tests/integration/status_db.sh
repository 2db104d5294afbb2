#!/usr/bin/env bash
# status.db is derived: deleted or replaced it comes back by itself, and nobody
# is told "unknown" of a certificate that was issued.
tid="status.db deleted, replaced, restored"
. "$(dirname "$0")/lib.sh"
demo_up
enrol_basic s1; enrol_basic s2; enrol_basic s3
ask() { timeout 20 openssl ocsp -issuer "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" -url "$INKAN_OCSP_URL" -no_nonce -cert "$D/$1.pem" 2>&1; }
says() { ask "$1" | grep -q "$1.pem: $2"; }
# Asks again and again, until told to stop; what was said goes into a file.
watch() {
	while [ -f "$T/watching" ]; do
		ask s3 | grep -E 'pem:|Error' >>"$T/said"
	done
}

touch "$T/watching"; watch & watcher=$!
for what in deleted replaced; do
	if [ $what = deleted ]; then
		cp "$INKAN_STATUS_DB" "$T/old.db"; rm "$INKAN_STATUS_DB"
	else
		mv "$T/old.db" "$INKAN_STATUS_DB"
	fi
	check "$what: a revocation is accepted" inkan revoke --serial "$(serial "$D/s1.pem")" --reason superseded
	check "$what: it is there again" test -s "$INKAN_STATUS_DB"
	check "$what: revoked is seen" wait_for 30 says s1 revoked
	check "$what: good is good" wait_for 30 says s2 good
	kill "$(cat "$T/demo/run/inkan-ocsp.pid")"
	wait_for 20 gone "$(cat "$T/demo/run/inkan-ocsp.pid")"
	demo_start ocsp
	check "$what: also for a responder that was started anew" says s1 revoked
	check "$what: it is said" wait_for 10 grep -q 'event=status.rebuilt' "$T/demo/log/inkan-ca.log"
	: >"$T/demo/log/inkan-ca.log"
	# The next time another one is revoked.
	cp "$D/s1.pem" "$D/s0.pem"; cp "$D/s2.pem" "$D/s1.pem"; enrol_basic s2
done
rm -f "$INKAN_STATUS_DB"*
check "deleted with its WAL, nothing changes: good" wait_for 30 says s3 good
check "the instance is well" wait_for 30 inkan status --check

demo_stop
rm -f "$INKAN_STATUS_DB"*
demo_start ca ra ocsp
check "deleted while stopped: good" wait_for 30 says s3 good
check "deleted while stopped: revoked" says s0 revoked

# The store goes back to an older copy: status.db must not be ahead of it.
demo_stop
mkdir "$T/copy"; cp "$INKAN_STORE"* "$T/copy/"
demo_start ca ra ocsp
enrol_basic s4
check "before the restore: good" wait_for 30 says s4 good
demo_stop
rm -f "$INKAN_STORE"*; cp "$T/copy/"* "$(dirname "$INKAN_STORE")/"
demo_start ca ra ocsp
check "after it: known to nobody" wait_for 30 says s4 unknown
check "  what the copy has is good" wait_for 30 says s3 good
check_not "  the log remembers more: nothing is issued" enrol_basic s5
check "  until somebody says so" inkan log accept --reason "restored from a copy"
check "  and it goes on" wait_for 10 enrol_basic s5
check "  in both" wait_for 30 says s5 good
rm -f "$T/watching"; wait $watcher
is "never unknown on the way" "$(grep -c unknown "$T/said")" 0
check "good was said" grep -q good "$T/said"
finish
