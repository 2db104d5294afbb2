#!/usr/bin/env bash
# A log that cannot be published, or whose key is gone, stops issuing after
# fail_after, and nothing else; it recovers by itself.
tid="no certificate without its log"
. "$(dirname "$0")/lib.sh"
need sqlite3
need pkcs11-tool
before_start() { printf 'log: { fail_after = "10s"; };\n' >>"$T/demo/config/ca.conf"; }
demo_up
row_has() { status_row "$1" | grep -qE -- "$2"; }
grown() { [ "$(sed -n 2p "$T/demo/pub/log/checkpoint")" = "$(sqlite3 "file:$INKAN_STORE?mode=ro" 'select count(*) from entries')" ]; }
check "a device enrols" enrol_basic first
check "it is in the log" wait_for 10 grown

closed() {	# what
	check "$1: for a while it is forgiven" enrol_basic "grace-$2"
	check "$1: status fails at once" wait_for 30 row_has log "^fail not published for"
	check "$1: then issuing stops" wait_for 20 row_has issuing "^fail stopped: log.unpublished"
	check_not "$1: no certificate" enrol_basic "no-$2"
	is "$1: come back" "$code" 503
	check_not "$1: --check alarms" inkan status --check
	check "$1: revoking works" inkan revoke --serial "$(serial "$D/grace-$2.pem")"
	check "$1: so do CRLs" inkan crl issue --issuer devices
}
opened() {
	check "$1: it recovers by itself" wait_for 15 grown
	# What was published is known to be a moment later.
	check "$1: status is fine" wait_for 10 row_has log "^ok "
	check "$1: and issues" enrol_basic "again-$2"
}
# 1. The folder. Root may write anywhere, so it is no folder any more.
mv "$T/demo/pub/log" "$T/demo/pub/away"
: >"$T/demo/pub/log"
closed "no folder" a
# Between the two it would make a folder of its own.
kill -STOP "$(cat "$T/demo/run/inkan-ca.pid")"
rm "$T/demo/pub/log"
mv "$T/demo/pub/away" "$T/demo/pub/log"
kill -CONT "$(cat "$T/demo/run/inkan-ca.pid")"
opened "no folder" a

# 2. The key: destroyed in the token, and put back from a copy of its folder.
p11() {
	SOFTHSM2_CONF=$T/demo/tokens/ca.conf pkcs11-tool \
	    --module "$INKAN_PKCS11_MODULE" --login \
	    --pin "$(cat "$T/demo/pins/ca.pin")" "$@"
}
cp -a "$T/demo/tokens/ca" "$T/token"
check "the key is destroyed" p11 --delete-object --type privkey --label inkan-log
closed "no key" b
has "the trouble is named" "$(status_row log)" "inkan-log"
cp -an "$T/token/." "$T/demo/tokens/ca/"
# SoftHSM looks at its folder again when something was written.
printf x >"$T/x"
check "the key is back" p11 --write-object "$T/x" --type data --label x
opened "no key" b
ev=$(cat "$T/demo/log/inkan-ca.log")
has "it was told once" "$(grep -c 'event=log.unpublished' <<<"$ev")" "^2$"
has "and its end" "$ev" "event=log.going"
finish
