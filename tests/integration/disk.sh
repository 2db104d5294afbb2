#!/usr/bin/env bash
# Calls on files fail: a full disk, one with errors in writing or syncing, one that
# became read-only; under the store, status.db, the published files, the program's
# own log. Nothing is issued that is not recorded; who is refused is served later,
# by the same processes; nothing is lost or doubled.
tid="disk faults"
. "$(dirname "$0")/lib.sh"
. "$here/tests/faults/disk.bash"
. "$here/tests/faults/agree.bash"
before_ceremony() {
	sed -i 's/^re_enrol = .*/re_enrol = "refuse";/' "$INKAN_CONFIG_DIR/fleets/devices.conf"
}
demo_up
is_gone() { gone "$(pid_of "$1")"; }
for p in ca ocsp; do
	kill -TERM "$(pid_of $p)"; wait_for 20 is_gone $p
	start_under $p
done
check "both run under the library" wait_for 20 ready_ra
wait_for 20 ready_ocsp
ca=$(pid_of ca) ocsp=$(pid_of ocsp)
request() { new_key "$D/$1.key"; csr "$D/$1.key" "/CN=$1" | base64 >"$T/$1.b64"; }
ask() { post simpleenroll "$T/$1.b64" -u "$(basic)"; }
served() { ask "$1"; [ "$code" = 200 ]; }
hold() {
	take_cert "$D/$1.pem" || fail "$1 holds no certificate"
	openssl x509 -in "$D/$1.pem" -outform DER | sha256sum | sed "s/^/$(serial "$D/$1.pem") /; s/  -//" >>"$T/held"
}
of() { store "SELECT count(*) FROM certs WHERE device = '$1' AND state = 2"; }
says() { timeout 20 openssl ocsp -issuer "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" -url "$INKAN_OCSP_URL" -cert "$D/$1.pem" 2>&1; }
ocsp_is() { says "$1" | grep -qE "$2"; }
event() { grep -q "event=$1 " "$T/demo/log/inkan-ca.log"; }
: >"$T/held"; : >"$T/revoked"
request first; check "before" wait_for 20 served first; hold first

# --- the store ---------------------------------------------------------------
i=0
while read -r what words; do
	i=$((i + 1)) name=disk-$i
	request $name
	disk_faults "${what/:/ } path=store.db"
	ask $name
	is "store, $what: 503" "$code" 503
	has "  with Retry-After" "$(cat "$head")" '^Retry-After: [0-9]+'
	is "  nothing was issued" "$(of $name)" 0
	has "  status says what the system said" "$(status_row store)" "$words"
	check_not "  and inkan status --check fails" inkan status --check
	disk_faults
	check "  well again: the client asks again and is served" wait_for 20 served $name
	hold $name
	is "  once" "$(of $name)" 1
done <<-X
	write:ENOSPC fail.*(full|No space)
	write:half fail.*(full|No space)
	write:EIO fail.*(I/O|Input/output)
	sync:EIO fail.*(I/O|Input/output)
	change:EROFS fail.*(Read-only|readonly|I/O)
	X

# --- status.db: what is recorded is given out, and told to readers later ------------
disk_faults "write EIO path=status.db"
request unseen; check "status.db, write:EIO: a device is served" served unseen; hold unseen
has "  status says it" "$(status_row status.db)" "fail|warn"
check "  an event says it" event issue.unpublished
s=$(serial "$D/first.pem")
check_not "  a revocation is not confirmed" inkan revoke --serial "$s"
has "    but stands in the store" "$(cat "$T/out")" "stands in the store"
has "  OCSP says what it knew" "$(says first)" ": good|trylater"
disk_faults
check "  well again: OCSP knows the certificate" wait_for 20 ocsp_is unseen ": good"
check "    and the revocation" wait_for 20 ocsp_is first ": revoked"
echo "$s" >>"$T/revoked"

# --- the responder's reading ------------------------------------------------------
disk_faults "read EIO path=status.db"
has "status.db cannot be read: OCSP does not guess" "$(says disk-1)" ": good|trylater|internalerror"
disk_faults
check "  well again: it answers" wait_for 20 ocsp_is disk-2 ": good"

# --- published files --------------------------------------------------------------
is_listed() { listed | grep -q "^$s$"; }
s=$(serial "$D/first.pem"); check "the CRL of the first revocation is there" wait_for 30 is_listed
s=$(serial "$D/disk-1.pem")
was=$(sha256sum <"$INKAN_DIR/pub/crl/devices-g1.crl")
disk_faults "write ENOSPC path=pub/crl" "sync EIO path=pub/log"
check "pub/, write:ENOSPC and sync:EIO: a certificate is revoked" inkan revoke --serial "$s"
echo "$s" >>"$T/revoked"
check_not "  a CRL cannot be made" inkan crl issue
has "    and it says why" "$(cat "$T/out")" "No space"
is "  the old one stands" "$(sha256sum <"$INKAN_DIR/pub/crl/devices-g1.crl")" "$was"
check "  OCSP says revoked" wait_for 20 ocsp_is disk-1 ": revoked"
request quiet; check "  devices are served, until fail_after" served quiet; hold quiet
trouble() { status_row log | grep -q "^fail"; }
check "  status says that the log is not published" wait_for 20 trouble
disk_faults
check "  well again: the CRL lists it" wait_for 60 is_listed
check "    and the log is whole" wait_for 20 log_published

# --- its own log is on a full disk ------------------------------------------------
disk_faults "write ENOSPC path=demo/log/"
request silent; check "no line can be written: a device is served" served silent; hold silent
disk_faults

is "all that was the same inkan-ca" "$(kill -0 "$ca" && echo alive)" alive
is "  and the same inkan-ocsp" "$(kill -0 "$ocsp" && echo alive)" alive

# --- starting ---------------------------------------------------------------------
kill -TERM "$ca"; wait_for 20 is_gone ca
disk_faults "change ENOSPC path=$INKAN_DIR"
under_faults timeout 20 inkan-ca -c "$INKAN_CONFIG_DIR/ca.conf" >"$T/said" 2>&1 </dev/null
is "on a full disk inkan-ca does not start" $? 1
has "  and says why" "$(cat "$T/said")" "No space|full"
disk_faults
start_under ca
check "  well again: it starts" wait_for 20 ready_ca
request last; check "  and issues" wait_for 20 served last; hold last

sort "$T/held" >"$T/c.certs"
sort "$T/revoked" >"$T/c.revoked"
agree
finish
