#!/usr/bin/env bash
# strongSwan's EST client, which nobody here wrote.
tid="EST: strongSwan pki"
. "$(dirname "$0")/lib.sh"
need pki
demo_up
cd "$T" || exit 1
# It writes what it finds as ca.pem, ca-1.pem ... or into one file.
pki --estca --url "$INKAN_EST_URL" --cacert "$INKAN_ROOT" --caout ca.pem \
    --outform pem --force >out 2>&1
is "pki --estca" $? 0
check "it wrote CA certificates" sh -c 'ls ca*.pem'
pki --gen --type ecdsa --size 256 >dev.key
pki --req --type ecdsa --in dev.key --dn 'CN=dev1' --san dev1.test \
    --digest sha256 --outform pem >req.pem
pki --est --url "$INKAN_EST_URL" --in req.pem --cacert "$INKAN_ROOT" \
    --cacert "$INKAN_ISSUER" --userpass "$(basic)" --outform pem >dev1.pem 2>err
is "pki --est with a secret" $? 0
check "it verifies" verifies dev1.pem
has "its SAN" "$(openssl x509 -in dev1.pem -noout -text 2>/dev/null)" "DNS:dev1.test"
pki --gen --type ecdsa --size 256 >new.key
pki --req --type ecdsa --in new.key --dn 'CN=dev1' --san dev1.test \
    --digest sha256 --outform pem >req2.pem
pki --est --url "$INKAN_EST_URL" --in req2.pem --cacert "$INKAN_ROOT" \
    --cacert "$INKAN_ISSUER" --cert dev1.pem --key dev.key --outform pem \
    >dev2.pem 2>err2
is "pki --est renews" $? 0
check "it verifies" verifies dev2.pem
inkan --json client report >"$T/j"
trace "how it behaves: $(json "$T/j" "[(c['agent'], sorted(c['facts'])) for c in d]")"
pki --verify --in dev2.pem --cacert "$INKAN_ROOT" --ca "$INKAN_ISSUER" --online >v 2>&1
is "pki --verify --online: good" $? 0
inkan revoke --serial "$(serial dev2.pem)" >/dev/null
revoked() {	# an answer of before is kept for a moment
	! pki --verify --in dev2.pem --cacert "$INKAN_ROOT" --ca "$INKAN_ISSUER" --online >v 2>&1 &&
	    grep -q revoked v
}
check "revoked, and it says so" wait_for 10 revoked
finish
