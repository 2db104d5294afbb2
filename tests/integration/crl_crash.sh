#!/usr/bin/env bash
# inkan-ca is killed while it makes a CRL: no number is published twice, and
# what stands in the store is published.
tid="crash while a CRL is made"
. "$(dirname "$0")/lib.sh"
faults=$BUILD/faults/inkan-ca
[ -z "${SAN:-}" ] || skip "the fault points are tested in the plain build"
make -s --no-print-directory -C "$here" BUILD="$BUILD" FAULTS=1 "$faults" >"$T/make" 2>&1 ||
    { cat "$T/make"; exit 1; }
need sqlite3
demo_up
crl=$INKAN_DIR/pub/crl/devices-g1.crl
in_store() { sqlite3 "file:$INKAN_STORE?mode=ro" "SELECT hex(sha256) FROM crls WHERE issuer = (SELECT id FROM issuers WHERE ident = 'devices-g1') ORDER BY number DESC LIMIT 1"; }
published() { sha256sum "$crl" | cut -d' ' -f1 | tr a-f A-F; }
listed() { openssl crl -inform DER -in "$crl" -noout -text | grep -q "$1"; }
i=0
for point in crl-staged crl-saved; do
	i=$((i + 1)); enrol_basic "c$i"
	s=$(openssl x509 -in "$D/c$i.pem" -noout -serial | cut -d= -f2)
	was=$(published)
	demo_stop
	INKAN_FAULT=$point nohup "$faults" -c "$INKAN_CONFIG_DIR/ca.conf" \
	    </dev/null >>"$T/demo/log/inkan-ca.log" 2>&1 &
	echo $! >"$T/demo/run/inkan-ca.pid"
	wait_for 20 ready_ca || fail "it does not start for $point"
	# The schedule may be faster than the answer.
	inkan revoke --serial "$s" --reason superseded >"$T/out" 2>&1
	check "$point: killed" wait_for 30 gone "$(cat "$T/demo/run/inkan-ca.pid")"
	rm -f "$T/demo/run/inkan-ca.pid"
	is "$point: revoked" "$(sqlite3 "file:$INKAN_STORE?mode=ro" "SELECT state FROM certs WHERE hex(serial) = '$s'")" 4
	is "$point: the old CRL is published still" "$(published)" "$was"
	stored=$(in_store)
	if [ $point = crl-staged ]; then
		is "$point: the store knows of none" "$stored" "$was"
	else
		check "$point: the store has it" test "$stored" != "$was"
		listed_next() { openssl crl -inform DER -in "$INKAN_DIR/pub/crl/.devices-g1.crl.next" -noout -text | grep -q "$s"; }
		check "$point: and it lies staged" listed_next
	fi
	demo_start ca
	if [ $point = crl-saved ]; then
		is "$point: the same octets are published" "$(published)" "$stored"
	fi
	check "$point: the revocation is listed" wait_for 30 listed "$s"
	check_not "$point: nothing is left lying about" test -e "$INKAN_DIR/pub/crl/.devices-g1.crl.next"
	demo_start ra ocsp
done
demo_stop
is "no number twice" "$(sqlite3 "file:$INKAN_STORE?mode=ro" "SELECT count(*) - count(DISTINCT issuer || '.' || shard || '.' || number) FROM crls")" 0
finish
