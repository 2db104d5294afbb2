#!/usr/bin/env bash
# Foreign CAs: cross-certificates in both directions, and a sub-CA's request.
tid="ceremony: cross-certificates, foreign sub-CAs"
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hierarchy/lib.bash"
# Both houses agreed on one policy; it is in the cross-certificate.
profile_of() {	# NAME FROM SED...
	sed -e "s/^name = .*/name = \"$1\";/" "${@:3}" "$hier/$2.conf" >"$INKAN_CONFIG_DIR/profiles/$1.conf"
}
more_profiles() {
	our_policies
	profile_of agreed cross -e "\$apolicies = ( { oid = \"$OURS\"; } );"
	sed -e 's/"agreed"/"flat"/' -e 's/ca = true;/& path_len = 0;/' \
	    "$INKAN_CONFIG_DIR/profiles/agreed.conf" >"$INKAN_CONFIG_DIR/profiles/flat.conf"
	sed -e 's/"agreed"/"one"/' -e 's/ca = true;/& path_len = 1;/' \
	    "$INKAN_CONFIG_DIR/profiles/agreed.conf" >"$INKAN_CONFIG_DIR/profiles/one.conf"
	profile_of forever cross -e 's/duration = "2y"/duration = "26y"/'
	profile_of sub sub-ca
}
demo_up
published root-g1; published devices-g1
check "a device of ours" enrol_basic dev-1
demo_stop

mkdir -p "$F"
foreign_root root
foreign_ca issuing root "$OURS"
foreign_leaf leaf issuing "$OURS" DNS:a.partner.example
foreign_leaf other-policy issuing "$THEIRS" DNS:b.partner.example
foreign_root one-below ",pathlen:1"
foreign_root two-below ",pathlen:2"
openssl req -x509 -newkey rsa:1024 -nodes -keyout "$F/weak.key" -out "$F/weak.pem" -days 100 \
    -subj /CN=Weak -addext keyUsage=critical,keyCertSign 2>/dev/null
openssl req -x509 -new -key "$F/leaf.key" -sha256 -days 100 -subj "/CN=No CA" -out "$F/no-ca.pem" \
    -addext basicConstraints=critical,CA:FALSE 2>/dev/null
openssl req -new -key "$F/root.key" -subj "/C=SE/O=Partner/CN=Partner root" -out "$F/root.csr"
openssl req -new -key "$F/leaf.key" -subj "/CN=Partner root" -out "$F/wrong.csr"
# Its last octet, which is of the signature, is another.
{ echo "-----BEGIN CERTIFICATE REQUEST-----"
openssl req -in "$F/root.csr" -outform DER | python3 -c 'import sys; d = bytearray(sys.stdin.buffer.read()); d[-1] ^= 1; sys.stdout.buffer.write(d)' | openssl base64
echo "-----END CERTIFICATE REQUEST-----"; } >"$F/broken.csr"

cross() {	# FILE SIGNER lines
	ceremony_file "$1" cross "$2" "$([ "$2" = root ] && echo root)" <<<"name = \"partner\"; $3"
}
before=$(outside)
refused() {	# what rule SIGNER lines
	cross bad "$3" "$4"
	ceremony bad; is "$1: refused" $? 1
	has "  $2" "$said" "$2"
	check "  nothing has changed" test "$(outside)" = "$before"
}
root_pem="foreign = \"$F/root.pem\";"
refused "under a CA that allows no CA below it" "path\.length" devices "profile = \"agreed\"; $root_pem"
refused "a path that is too short for theirs" "path\.short: 1 CAs" root "profile = \"flat\"; foreign = \"$F/one-below.pem\";"
refused "  for two below" "path\.short: 2 CAs" root "profile = \"one\"; foreign = \"$F/two-below.pem\";"
refused "  where theirs does not say" "path\.short.*needs_path_len" root "profile = \"flat\"; $root_pem"
refused "  where the file says" "path\.short: 1 CAs" root "profile = \"flat\"; needs_path_len = 1; $root_pem"
refused "a validity that outlives our root" "validity\.issuer" root "profile = \"forever\"; $root_pem"
refused "a weak key" "key\." root "profile = \"agreed\"; foreign = \"$F/weak.pem\";"
refused "a certificate of no CA" "foreign\.ca" root "profile = \"agreed\"; foreign = \"$F/no-ca.pem\";"
refused "our own CA" "foreign\.ours: it has the key of our own CA devices-g1" root "profile = \"agreed\"; foreign = \"$T/devices-g1.pem\";"
refused "a request of another key" "foreign\.key" root "profile = \"agreed\"; $root_pem csr = \"$F/wrong.csr\";"
refused "a request with a false signature" "csr\.signature" root "profile = \"agreed\"; csr = \"$F/broken.csr\";"
refused "neither certificate nor request" "foreign: missing" root 'profile = "agreed";'
refused "a profile of another class" "class" root "profile = \"sub\"; $root_pem"

cross partner root "profile = \"one\"; needs_path_len = 1; $root_pem csr = \"$F/root.csr\"; certificate = \"../certs/cross.pem\";"
ceremony partner; is "our root certifies theirs" $? 0
X=$INKAN_DIR/certs/cross.pem
[ -f "$X" ] || printf '%s\n' "$said"
check "published" published cross-partner
is "its subject is theirs" "$(subject_of "$X")" "$(subject_of "$F/root.pem")"
ski() { openssl x509 -in "$1" -noout -ext subjectKeyIdentifier | tail -1 | tr -d ' '; }
is "its key identifier, too" "$(ski "$X")" "$(ski "$F/root.pem")"
check "their leaf verifies under our root" chain "$INKAN_ROOT" "$F/leaf.pem" "$F/issuing.pem" "$X"
check_not "  not without the cross-certificate" chain "$INKAN_ROOT" "$F/leaf.pem" "$F/issuing.pem"
check "  under the agreed policy" with_policy $OURS "$INKAN_ROOT" "$F/leaf.pem" "$F/issuing.pem" "$X"
check_not "  not under another" with_policy $THEIRS "$INKAN_ROOT" "$F/leaf.pem" "$F/issuing.pem" "$X"
check_not "  and not a leaf with another" with_policy $OURS "$INKAN_ROOT" "$F/other-policy.pem" "$F/issuing.pem" "$X"

# The other direction, by their means.
foreign_cross() {	# their root certifies our root's name and key
	{ printf 'basicConstraints=critical,CA:TRUE,pathlen:1\nkeyUsage=critical,keyCertSign,cRLSign\n'
	printf 'authorityKeyIdentifier=keyid\nsubjectKeyIdentifier=%s\n' "$(ski "$INKAN_ROOT" | tr -d :)"
	cat; } >"$F/back.ext"
	openssl x509 -new -force_pubkey <(openssl x509 -in "$INKAN_ROOT" -noout -pubkey) \
	    -subj "/O=Inkan Demo/CN=Inkan Demo Root CA G1" -CA "$F/root.pem" -CAkey "$F/root.key" \
	    -set_serial 0x4055 -days 700 -sha256 -extfile "$F/back.ext" -out "$F/back.pem"
}
check "their root certifies ours" foreign_cross <<<"certificatePolicies=$OURS"
check "our device verifies under their root" chain "$F/root.pem" "$D/dev-1.pem" "$T/devices-g1.pem" "$F/back.pem"
check "  under the agreed policy" with_policy $OURS "$F/root.pem" "$D/dev-1.pem" "$T/devices-g1.pem" "$F/back.pem"

# Revoked as any certificate of a CA.
demo_start ca ra ocsp
is "OCSP about the cross-certificate" "$(ocsp_of "$X" "$INKAN_ROOT")" good
demo_stop
ceremony_file no-more revoke root root <<<"serial = \"$(serial "$X")\"; reason = \"affiliationChanged\";"
ceremony no-more; is "the alliance ends" $? 0
check "  it is on our root's CRL" crl_lists root-g1 "$(serial "$X")"
check "our own devices do not care" chain "$INKAN_ROOT" "$D/dev-1.pem" "$T/devices-g1.pem"

# A foreign sub-CA: its name comes from us.
new_key "$F/sub.key"
openssl req -new -key "$F/sub.key" -subj "/CN=As it likes" -out "$F/sub.csr"
sub() { ceremony_file "$1" certify root root <<<"name = \"plant\"; profile = \"$2\"; csr = \"$3\"; set = [ \"o=Inkan Demo\", \"cn=Plant CA\" ]; certificate = \"../certs/plant.pem\"; $4"; }
sub plant sub "$F/sub.csr" 'chain = true;'
ceremony plant; is "a foreign sub-CA is certified" $? 0
is "its name is ours" "$(subject_of "$INKAN_DIR/certs/plant.pem")" "O=Inkan Demo, CN=Plant CA"
is "the root stands behind it" "$(grep -c BEGIN "$INKAN_DIR/certs/plant.pem")" 2
check "it verifies" chain "$INKAN_ROOT" "$INKAN_DIR/certs/plant.pem"
cp "$INKAN_DIR/certs/plant.pem" "$F/sub.pem"
foreign_leaf below sub "$OURS" DNS:c.plant.example
check "what it issues verifies" chain "$INKAN_ROOT" "$F/below.pem" "$F/sub.pem"
before=$(outside)
sub bad sub "$F/broken.csr" ''
ceremony bad; is "a broken request: refused" $? 1
sub bad sub "$F/sub.csr" 'needs_path_len = 2;'
case $(grep -o 'path_len = [0-9]' "$INKAN_CONFIG_DIR/profiles/sub.conf") in
*[01]) ceremony bad; is "CAs below it that its path does not allow: refused" $? 1
	has "  path.short" "$said" "path\.short" ;;
esac
check "nothing has changed" test "$(outside)" = "$before"
finish
