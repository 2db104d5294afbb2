#!/usr/bin/env bash
# The issuing key is in the token, sensitive, not extractable, and the issuer's.
tid="key in token"
. "$(dirname "$0")/lib.sh"
need pkcs11-tool
demo_up

tool() {
	SOFTHSM2_CONF=$INKAN_SOFTHSM2_CONF pkcs11-tool \
	    --module "$INKAN_PKCS11_MODULE" --token-label inkan-ca \
	    --login --pin "$(cat "$INKAN_TOKEN_PIN_FILE")" "$@" 2>/dev/null
}
objects=$(tool -O --type privkey)
has "private key" "$objects" "label: +inkan-devices-g1"
has "sensitive, never extractable" "$objects" "sensitive.*never extractable"
tool -r --type pubkey --label inkan-devices-g1 -o "$T/pub.der"
openssl pkey -pubin -inform DER -in "$T/pub.der" -pubout -out "$T/pub.pem" 2>/dev/null
openssl x509 -in "$INKAN_ISSUER" -noout -pubkey >"$T/issuer.pem"
check "its SPKI is the issuer's" cmp "$T/pub.pem" "$T/issuer.pem"
inkan --json key list >"$T/keys.json"
is "as inkan tells it" "$(json "$T/keys.json" 'sorted((k["issuer"],k["sensitive"],k["extractable"]) for k in d if k["label"] != "inkan-log")')" \
    "[('attestation-g1', True, False), ('code-g1', True, False), ('devices-g1', True, False)]"
check "the daily token knows nothing of the root" test -z \
    "$(printf '%s' "$objects" | grep root)"
has "URI in env" "$INKAN_ISSUER_KEY_URI" "^pkcs11:.*object=inkan-devices-g1"
finish
