#!/usr/bin/env bash
# A backup is part of a ceremony and of its transcript; and it brings the keys
# back.
tid="ceremony: backups of keys"
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hierarchy/lib.bash"
inkan() { "$INKAN_BIN/inkan" "$@"; }
P=$T/safe
mkdir -p "$P"
safe() {	# who keeps a copy
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$P/$1.key" -out "$P/$1.pem" -days 10 -subj "/CN=safe $1" 2>/dev/null
}
safe one; safe two; safe three
eval "hierarchy_$(declare -f before_ceremony)"
before_ceremony() {
	hierarchy_before_ceremony
	cat >>"$INKAN_CONFIG_DIR/ceremony.conf" <<-X
	backups = ( { kind = "softhsm-folder"; token = "root"; recipients = [ "$P/one.pem", "$P/two.pem" ]; file = "../root-token.cms"; },
	  { kind = "softhsm-folder"; recipients = [ "$P/one.pem" ]; file = "../ca-token.cms"; },
	  { kind = "token"; token = "root"; words = "cloned to card 7, in the safe"; } );
	X
}
demo_up
demo_stop
t=$INKAN_DIR/log/transcript
has "the backup is in the transcript, by its hash" "$(cat "$t")" " backup name=\"[^\"]*root-token.cms\" sha256=\"$(sha "$INKAN_DIR/root-token.cms")\""
has "  with its recipients" "$(cat "$t")" " read name=\"$P/two.pem\" sha256=\"$(sha "$P/two.pem")\""
has "  named as what it is" "$(cat "$t")" "its SoftHSM folder, encrypted to 2 recipients"
has "  what the token does itself: in the operator's words" "$(cat "$t")" "by the token's own means: cloned to card 7"
check "  the transcript holds" inkan ceremony verify "$t" --unsigned --file "$INKAN_CONFIG_DIR/ceremony.conf"
check_not "no key is readable in it" grep -qa "inkan-root-g1" "$INKAN_DIR/root-token.cms"
restore() {	# FILE WHO FOLDER
	mkdir -p "$3"
	openssl cms -decrypt -inform DER -in "$1" -inkey "$P/$2.key" -recip "$P/$2.pem" -binary -out "$P/tar" && tar -C "$3" -xf "$P/tar"
}
check_not "somebody else cannot open it" restore "$INKAN_DIR/root-token.cms" three "$T/no"

# The machine is lost: token folders are gone.
keys=$(keys_of root)
mv "$INKAN_DIR/tokens/root" "$T/lost-root"; mv "$INKAN_DIR/tokens/ca" "$T/lost-ca"
ceremony_file crl crl root root </dev/null
ceremony crl; is "without the root's token: it fails" $? 1
check "the second safe opens the root's" restore "$INKAN_DIR/root-token.cms" two "$INKAN_DIR/tokens/root"
check "the first one the CA's" restore "$INKAN_DIR/ca-token.cms" one "$INKAN_DIR/tokens/ca"
is "  the key is there" "$(keys_of root)" "$keys"
ceremony crl; is "  and signs a CRL" $? 0
published root-g1
check "    that verifies" openssl crl -inform DER -in "$INKAN_DIR/pub/crl/root-g1.crl" -noout -CAfile "$T/root-g1.pem"
demo_start ca ra ocsp
check "  the CA's key signs" enrol_basic after-1
check "    what verifies" verifies "$D/after-1.pem"
demo_stop

# What a backup must not be.
bad() {	# what rule text
	{ ceremony_url; echo "issuers = ( { name = \"more\"; set = [ \"cn=More CA G1\" ]; } ); backups = ( { $3 } );"; } | ceremony_file bad intermediate root root
	n=$(keys_of ca | wc -l)
	ceremony bad; is "$1: refused" $? 1
	has "  by name" "$said" "$2"
	is "  no key is left of it" "$(keys_of ca | wc -l)" "$n"
}
bad "a kind that there is not" "kind: unknown value" 'kind = "email";'
bad "a folder without recipients" "recipients: missing" 'kind = "softhsm-folder"; file = "x";'
bad "words for a folder" "words: not for this kind" 'kind = "softhsm-folder"; file = "x"; recipients = [ "y" ]; words = "z";'
bad "a recipient that is no certificate" "backup\.recipient" "kind = \"softhsm-folder\"; file = \"x\"; recipients = [ \"$P/one.key\" ];"
bad "a token that there is not" "backup\.token" "kind = \"softhsm-folder\"; token = \"other\"; file = \"x\"; recipients = [ \"$P/one.pem\" ];"
bad "a wrapping key that there is not" "no key named master" 'kind = "wrapped"; wrapping_key = "master"; file = "x";'
# One that is there, but that nobody marked as trusted.
SOFTHSM2_CONF=$INKAN_DIR/tokens/ca.conf pkcs11-tool --module "$INKAN_PKCS11_MODULE" --token-label inkan-ca --login \
    --pin "$(cat "$INKAN_DIR/pins/ca.pin")" --keygen --key-type AES:32 --label master --id 77 >/dev/null 2>&1
bad "a wrapping key that is not trusted" "key\.wrap: master is not trusted" 'kind = "wrapped"; wrapping_key = "master"; file = "x";'
finish
