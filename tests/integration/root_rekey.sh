#!/usr/bin/env bash
# The root's next key: links both ways, both generations at work, SIGKILL.
tid="ceremony: rekey of the root"
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hierarchy/lib.bash"
need python3
demo_up
published root-g1; published devices-g1
check "an old device" enrol_basic old-1
demo_stop
rekey() {	# more
	echo "$(ceremony_url) root: { $(root_token) key_type = \"ec-p384\"; certificate = \"../certs/root-g2.pem\"; $* };"
	echo 'links: { old_with_new = "../certs/old-with-new.pem"; new_with_old = "../certs/new-with-old.pem"; };'
}
rekey | ceremony_file rekey root-rekey root root
rekey 'set = [ "cn=Another" ];' | ceremony_file other-name root-rekey root root
rekey 'profile = "issuing-ca";' | ceremony_file not-root root-rekey root root
rekey | ceremony_file not-signer root-rekey devices
before=$(outside) keys=$(keys_of root)
refused() {	# what file rule
	ceremony "$2"; is "$1: refused" $? 1
	has "  $3" "$said" "$3"
	check "  nothing has changed" test "$(outside)$(keys_of root)" = "$before$keys"
}
refused "a root that changes its name" other-name "same name"
refused "a profile that is not a root's" not-root "not one of a root"
refused "the rekey of an issuing CA as a root's" not-signer "signer\.root"

# Killed where the new key is made: its first word finds a full pipe.
killed() {	# file
	python3 - "$INKAN_BIN/inkan-ceremony" "$INKAN_CONFIG_DIR/$1.conf" <<-'X'
	import fcntl, os, subprocess, sys, time
	r, w = os.pipe()
	size = fcntl.fcntl(w, 1031, 4096)
	os.write(w, b"x" * size)
	p = subprocess.Popen([sys.argv[1], "--config", sys.argv[2]], stdout=w)
	was, quiet = None, 0
	for _ in range(600):	# until it has stood still for two seconds
	    time.sleep(0.1)
	    with open("/proc/%d/stat" % p.pid) as f:
	        now = f.read().split()
	    quiet = quiet + 1 if now[2] == "S" and now[13:15] == was else 0
	    was = now[13:15]
	    if quiet == 20:
	        break
	p.kill()
	sys.exit(0 if p.wait() == -9 else 1)
	X
}
check "SIGKILL in the middle" killed rekey
is "a key is left" "$(keys_of root | wc -l)" 2
check "nothing outside has changed" test "$(outside)" = "$before"
demo_start ca ra ocsp
check "the daily work goes on as before" enrol_basic between-1
check "  and verifies" chain "$INKAN_ROOT" "$D/between-1.pem" "$T/devices-g1.pem"
has "  status tells of it" "$("$INKAN_BIN/inkan" status)" "ceremony.*interrupted.*--discard"
check_not "  no half-made root is listed" bash -c "'$INKAN_BIN/inkan' ca list | grep root-g2"
demo_stop
ceremony rekey; is "again: refused" $? 1
has "  it says how to go on" "$said" "interrupted.*--discard"
ceremony rekey --discard; is "again with --discard" $? 0
[ -f "$INKAN_DIR/certs/root-g2.pem" ] || printf '%s\n' "$said"
has "  it says what it found" "$said" "discarded an interrupted ceremony \(root-rekey\): 1 keys destroyed"
is "old and new key" "$(keys_of root | tr '\n' ' ')" "inkan-root-g1 inkan-root-g2 "

G2=$INKAN_DIR/certs/root-g2.pem OWN=$INKAN_DIR/certs/old-with-new.pem NWO=$INKAN_DIR/certs/new-with-old.pem
dn() { openssl x509 -in "$1" -noout -"$2" -nameopt RFC2253,dump_all | sed 's/^[a-z]*=//'; }
id() { openssl x509 -in "$1" -noout -ext "$2" | sed -n 's/^ *\(keyid:\)\?\([0-9A-F:]\{20,\}\)$/\2/p'; }
for f in "$G2" "$OWN" "$NWO"; do
	is "${f##*/}: subject, octet by octet" "$(dn "$f" subject)" "$(dn "$INKAN_ROOT" subject)"
	is "${f##*/}: issuer" "$(dn "$f" issuer)" "$(dn "$INKAN_ROOT" subject)"
done
is "OldWithNew: subject key" "$(id "$OWN" subjectKeyIdentifier)" "$(id "$INKAN_ROOT" subjectKeyIdentifier)"
is "OldWithNew: authority key" "$(id "$OWN" authorityKeyIdentifier)" "$(id "$G2" subjectKeyIdentifier)"
is "NewWithOld: subject key" "$(id "$NWO" subjectKeyIdentifier)" "$(id "$G2" subjectKeyIdentifier)"
is "NewWithOld: authority key" "$(id "$NWO" authorityKeyIdentifier)" "$(id "$INKAN_ROOT" subjectKeyIdentifier)"
ends() { date -d "$(openssl x509 -in "$1" -noout -enddate | cut -d= -f2)" +%s; }
check "OldWithNew ends with the old root" test "$(ends "$OWN")" -le "$(ends "$INKAN_ROOT")"
check "NewWithOld, too" test "$(ends "$NWO")" -le "$(ends "$INKAN_ROOT")"
for f in root-g1-with-root-g2 root-g2-with-root-g1 root-g2; do check "published: $f" published $f; done
check "root-g2 has a CRL" openssl crl -inform DER -in "$INKAN_DIR/pub/crl/root-g2.crl" -noout -CAfile "$G2"

# The issuing CA goes on under the old root; a next one comes under the new.
check "old leaf, old root" chain "$INKAN_ROOT" "$D/old-1.pem" "$T/devices-g1.pem"
check_not "old leaf, new root, no link" chain "$G2" "$D/old-1.pem" "$T/devices-g1.pem"
check "old leaf, new root, OldWithNew" chain "$G2" "$D/old-1.pem" "$T/devices-g1.pem" "$OWN"
ceremony_file ca-g2 intermediate root-g2 root <<<"$(ceremony_url) issuers = ( { name = \"devices\"; } ); disable = [ \"devices-g1\" ];"
ceremony ca-g2; is "an issuing CA under the new root" $? 0
published devices-g2
demo_start ca ra ocsp
check "a new device" enrol_basic new-1
check "new leaf, new root" chain "$G2" "$D/new-1.pem" "$T/devices-g2.pem"
check_not "new leaf, old root, no link" chain "$INKAN_ROOT" "$D/new-1.pem" "$T/devices-g2.pem"
check "new leaf, old root, NewWithOld" chain "$INKAN_ROOT" "$D/new-1.pem" "$T/devices-g2.pem" "$NWO"
check "links are served" bash -c "curl -fsS '$INKAN_HTTP_URL/ca/root-g1-with-root-g2.cer' | cmp - '$INKAN_DIR/pub/ca/root-g1-with-root-g2.cer'"
is "OCSP about OldWithNew, by the new root" "$(ocsp_of "$OWN" "$G2")" good
is "OCSP about NewWithOld, by the old root" "$(ocsp_of "$NWO" "$INKAN_ROOT")" good
is "OCSP about the new issuing CA" "$(ocsp_of "$T/devices-g2.pem" "$G2")" good
check "status looks at both roots" bash -c "'$INKAN_BIN/inkan' status | grep -q presigned:root-g2"
demo_stop

# An issuing CA of before is certified by the new root, too: same key.
ceremony_file under renew root-g2 root <<<'ca = "attestation"; certificate = "../certs/attestation-2.pem";'
ceremony under; is "renewal under the new root" $? 0
check "  verifies under it" chain "$G2" "$INKAN_DIR/certs/attestation-2.pem"
check "  the certificate of before, too" chain "$INKAN_ROOT" "$INKAN_DIR/certs/attestation.pem"

# Links are revocable, by who signed them.
ceremony_file revoke-link revoke root-g2 root <<<"serial = \"$(serial "$OWN")\"; reason = \"superseded\";"
ceremony revoke-link; is "OldWithNew is revoked" $? 0
check "  on the new root's CRL" crl_lists root-g2 "$(serial "$OWN")"
demo_start ca ra ocsp
is "  and by OCSP" "$(ocsp_of "$OWN" "$G2")" revoked
check_not "  a chain through it fails" openssl verify -x509_strict -crl_check_all -CAfile "$G2" \
    -untrusted "$T/devices-g1.pem" -untrusted "$OWN" "$D/old-1.pem"
check "all else is well" "$INKAN_BIN/inkan" status --check
finish
