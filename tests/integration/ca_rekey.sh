#!/usr/bin/env bash
# An issuing CA's next generation, and its renewal with the same key.
tid="ceremony: next generation of an issuing CA, renewal"
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hierarchy/lib.bash"
short_profile() {
	sed -e 's/^name = .*/name = "'"$1"'";/' -e "s/duration = \"10y\"/duration = \"$2\"/" \
	    "$here/profiles/shipped/issuing-ca.conf"
}
more_profiles() {
	short_profile long-ca 26y >"$INKAN_CONFIG_DIR/profiles/long-ca.conf"
	short_profile longer-ca 20y >"$INKAN_CONFIG_DIR/profiles/longer-ca.conf"
	short_profile short-ca 1y >"$INKAN_CONFIG_DIR/profiles/short-ca.conf"
	sed 's/^issuer = "root";/issuer = "elsewhere";/' <(short_profile other-ca 1y) \
	    >"$INKAN_CONFIG_DIR/profiles/other-ca.conf"
}
demo_up
published root-g1; published devices-g1
check "an old device" enrol_basic old-1

# The delegate of the new generation makes its key first.
sed -i 's|^delegates = (|&\n\t{ issuer = "devices-g2"; key = "pkcs11:object=ocsp-devices-g2";\n\t  certificate = "../certs/ocsp-devices-g2.pem"; csr = "../certs/ocsp-devices-g2.csr"; },|' \
    "$INKAN_CONFIG_DIR/ocsp.conf"
demo_stop
check "the delegate's key" "$INKAN_BIN/inkan-ocsp" --init-keys -c "$INKAN_CONFIG_DIR/ocsp.conf"
next_ca() {	# NAME [keys of the issuer...]
	local name=$1; shift
	{ ceremony_url; echo "issuers = ( { name = \"devices\"; certificate = \"../certs/$name.pem\"; $* } );"; cat; } |
	    ceremony_file "$name" intermediate root root
}
next_ca devices-g2 <<X
services = ( { profile = "ocsp-responder"; issuer = "devices-g2"; csr = "../certs/ocsp-devices-g2.csr";
  certificate = "../certs/ocsp-devices-g2.pem"; set = [ "cn=Inkan Demo OCSP devices-g2" ]; } );
disable = [ "devices-g1" ];
X

# Refusals: before a key is made, and with nothing changed.
before=$(outside) keys=$(keys_of ca)
refused() {	# what file rule
	ceremony "$2"; is "$1: refused" $? 1
	has "  $3" "$said" "$3"
	check "  nothing has changed" test "$(outside)$(keys_of ca)" = "$before$keys"
}
next_ca too-long 'profile = "long-ca";' </dev/null
refused "a profile that outlives the root" too-long "validity\.issuer: .* long-ca"
next_ca elsewhere 'profile = "other-ca";' </dev/null
refused "a profile for another issuer" elsewhere "profile\.issuer"
next_ca no-profile 'profile = "none";' </dev/null
refused "a profile that the active policy lacks" no-profile "no profile"
next_ca same 'generation = 1;' </dev/null
refused "a generation that is there" same "issuers\.generation"
ceremony_file deep intermediate devices <<<"$(ceremony_url) issuers = ( { name = \"deep\"; set = [ \"cn=Deep\" ]; } );"
refused "a CA under one that allows none" deep "profile\.issuer|path\.length"
next_ca bad-service <<<'services = ( { profile = "ocsp-responder"; issuer = "devices-g2"; csr = "../certs/none.csr"; certificate = "../certs/x.pem"; } );'
ceremony bad-service; is "a service without a request: failed at the end" $? 1
has "  rolled back" "$said" "rolled back: 1 keys destroyed, 1 certificates revoked"
check "  nothing outside has changed" test "$(outside)$(keys_of ca)" = "$before$keys"

ceremony devices-g2; is "the next generation" $? 0
[ -f "$INKAN_DIR/certs/devices-g2.pem" ] || printf '%s\n' "$said"
G2=$INKAN_DIR/certs/devices-g2.pem
is "its name by default" "$(subject_of "$G2" | grep -o 'CN=[^,]*')" "CN=Inkan Demo Devices CA G2"
check "it verifies" chain "$INKAN_ROOT" "$G2"
check "the root's CRL lists the one that was rolled back" test "$(openssl crl -inform DER -in "$INKAN_DIR/pub/crl/root-g1.crl" -noout -text | grep -c 'Serial Number')" = 1
check "its first CRL" openssl crl -inform DER -in "$INKAN_DIR/pub/crl/devices-g2.crl" -noout -CAfile "$G2"
demo_start ca ra ocsp
"$INKAN_BIN/inkan" ca list >"$T/list"
has "the old one is out of use" "$(cat "$T/list")" "devices-g1 +disabled"
has "  the new one is not" "$(cat "$T/list")" "devices-g2 +active"
check "a new device" enrol_basic new-1
check "  is the new CA's" chain "$INKAN_ROOT" "$D/new-1.pem" "$G2"
check_not "  and not the old one's" chain "$INKAN_ROOT" "$D/new-1.pem" "$T/devices-g1.pem"
check "the old device verifies as before" chain "$INKAN_ROOT" "$D/old-1.pem" "$T/devices-g1.pem"
is "OCSP about the new device" "$(ocsp_of "$D/new-1.pem" "$G2")" good
is "OCSP about the new CA" "$(ocsp_of "$G2" "$INKAN_ROOT")" good
is "OCSP about the old CA" "$(ocsp_of "$T/devices-g1.pem" "$INKAN_ROOT")" good
demo_stop

# Renewal: same key, same name, new validity.
ceremony_file renew renew root root <<<'ca = "devices-g2"; profile = "longer-ca"; certificate = "../certs/devices-g2-renewed.pem";'
ceremony_file renew-short renew root root <<<'ca = "devices-g2"; profile = "short-ca";'
before=$(outside) keys=$(keys_of ca)
refused "a renewal that ends sooner" renew-short "renew\.sooner"
ceremony renew; is "the renewal" $? 0
R2=$INKAN_DIR/certs/devices-g2-renewed.pem
is "same name" "$(subject_of "$R2")" "$(subject_of "$G2")"
is "same key" "$(openssl x509 -in "$R2" -noout -pubkey | sha256sum)" "$(openssl x509 -in "$G2" -noout -pubkey | sha256sum)"
check "another certificate, published" cmp -s <(openssl x509 -in "$R2" -outform DER) "$INKAN_DIR/pub/ca/devices-g2.cer"
check_not "  than before" cmp -s <(openssl x509 -in "$G2" -outform DER) "$INKAN_DIR/pub/ca/devices-g2.cer"
check "it lasts longer" bash -c "[ \$(date -d \"\$(openssl x509 -in '$R2' -noout -enddate | cut -d= -f2)\" +%s) -gt \$(date -d \"\$(openssl x509 -in '$G2' -noout -enddate | cut -d= -f2)\" +%s) ]"
check "a leaf of before verifies under it" chain "$INKAN_ROOT" "$D/new-1.pem" "$R2"
check "  and under the old certificate" chain "$INKAN_ROOT" "$D/new-1.pem" "$G2"
ceremony_file renew-root renew root root <<<'ca = "root"; certificate = "../certs/root-renewed.pem";'
check "a second passes" sleep 1
ceremony renew-root; is "the root renews itself" $? 0
RR=$INKAN_DIR/certs/root-renewed.pem
check "same key and name" test "$(subject_of "$RR")$(openssl x509 -in "$RR" -noout -pubkey)" = "$(subject_of "$INKAN_ROOT")$(openssl x509 -in "$INKAN_ROOT" -noout -pubkey)"
check "leaves verify under the renewed root" chain "$RR" "$D/old-1.pem" "$T/devices-g1.pem"
check "  by the strict rules it is self-signed" openssl verify -x509_strict -check_ss_sig -CAfile "$RR" "$RR"
ceremony_file renew-wrong renew devices <<<'ca = "code"; profile = "issuing-ca";'
ceremony renew-wrong; is "a renewal by another CA: refused" $? 1
has "  profile.issuer" "$said" "profile\.issuer"
demo_start ca ra ocsp
check "all is well after it" wait_for 20 "$INKAN_BIN/inkan" status --check
check "a device enrols" enrol_basic new-2
check "  and verifies" chain "$RR" "$D/new-2.pem" "$R2"
is "OCSP about the renewed CA" "$(ocsp_of "$R2" "$INKAN_ROOT")" good
finish
