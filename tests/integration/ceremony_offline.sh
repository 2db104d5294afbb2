#!/usr/bin/env bash
# A root on a machine of its own, and a daily CA whose first ceremony makes a key
# and a request; then delegates and the end of keys. As docs/ceremony.md has it.
tid="ceremony: offline root, daily CA, end of a key"
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hierarchy/lib.bash"
inkan() { "$INKAN_BIN/inkan" "$@"; }
INKAN_BIN=$BUILD
INKAN_BUILD=$BUILD demo_prepare "$T/demo" "$(free_port)"
demo_make
# shellcheck disable=SC1091
. "$T/demo/env"
D=$T/demo/devices
# The offline machine: the root's token, a store and published files of its own.
OFF=$T/offline
mkdir -p "$OFF/config/fleets" "$OFF/state" "$OFF/pub"
mv "$INKAN_DIR/tokens/root" "$OFF/token"
sed "s|$INKAN_DIR/tokens/root|$OFF/token|" "$INKAN_DIR/tokens/root.conf" >"$OFF/softhsm.conf"
mv "$INKAN_DIR/pins/root.pin" "$OFF/root.pin"
cp -r "$INKAN_CONFIG_DIR/profiles" "$OFF/config"
cp -r "$hier"/*.conf "$OFF/config/profiles/"
root_token() {
	echo "token: { uri = \"pkcs11:token=inkan-root\"; module = \"$INKAN_PKCS11_MODULE\";
	    softhsm_conf = \"../softhsm.conf\"; pin_file = \"../root.pin\"; pin_state = \"../state/pin-state\"; };"
}
cat >"$OFF/config/ca.conf" <<X
store = "../state/store.db"; status_db = "../state/status.db"; publish_dir = "../pub"; policy_dir = ".";
sockets: { ra = "$OFF/ra.sock"; svc = "$OFF/svc.sock"; admin = "$OFF/admin.sock"; };
$(root_token)
X
offline() {	# FILE [options]: a ceremony there
	local f=$1; shift
	said=$(inkan ceremony run "$OFF/config/$f.conf" "$@" 2>&1)
}
on_offline() {	# NAME KIND [SIGNER]: rest on stdin
	{ echo "kind = \"$2\"; config = \"ca.conf\"; transcript = \"../transcript\";"
	    [ -z "${3:-}" ] || echo "signer: { ca = \"$3\"; $(root_token) };"
	    cat; } >"$OFF/config/$1.conf"
}
on_offline root root <<X
http_url = "$INKAN_HTTP_URL";
root: { $(root_token) key_type = "ec-p384"; set = [ "cn=Offline Root G1", "o=Inkan Demo" ]; certificate = "../root.pem"; };
X
offline root --dry-run; is "the root, rehearsed" $? 0
offline root; is "the root" $? 0; [ -f "$OFF/root.pem" ] || echo "$said"
check "  its transcript" inkan ceremony verify "$OFF/transcript" --unsigned --file "$OFF/config/root.conf" --cert "$OFF/root.pem"
check "  it is a root" openssl verify -x509_strict -CAfile "$OFF/root.pem" "$OFF/root.pem"
offline root; is "  once: refused" $? 1

# The daily machine: key and request.
cat >"$INKAN_CONFIG_DIR/csr.conf" <<X
kind = "csr"; config = "ca.conf"; transcript = "../log/transcript"; http_url = "$INKAN_HTTP_URL";
name = "devices"; key_type = "ec-p256"; set = [ "o=Inkan Demo", "cn=Daily Devices CA G1" ]; request = "../certs/devices.csr";
X
ceremony csr --dry-run; is "the daily CA's request, rehearsed" $? 0
ceremony csr; is "the daily CA's request" $? 0
has "  the program was confined to its calls" "$said" "event=confine.(calls|missing)"
[ -f "$INKAN_DIR/certs/devices.csr" ] || echo "$said"
is "  its key is in the token" "$(keys_of ca | grep -- -g)" inkan-devices-g1
check "  the request holds" openssl req -in "$INKAN_DIR/certs/devices.csr" -verify -noout
check "  a transcript" inkan ceremony verify "$INKAN_DIR/log/transcript" --unsigned --file "$INKAN_CONFIG_DIR/csr.conf"
ceremony csr; is "  once more: refused" $? 1
has "  by name" "$said" "request\.pending"
# Carried to the root and back.
cp "$INKAN_DIR/certs/devices.csr" "$OFF/devices.csr"
on_offline sign certify root <<<'name = "daily"; profile = "issuing-ca"; csr = "../devices.csr"; set = [ "cn=Daily Devices CA G1", "o=Inkan Demo" ]; certificate = "../devices.pem";'
offline sign; is "the root certifies it" $? 0
[ -f "$OFF/devices.pem" ] || echo "$said"
cp "$OFF/devices.pem" "$OFF/root.pem" "$INKAN_DIR/certs/"
demo_start ca
check "it is taken in" inkan ca import devices --cert "$INKAN_DIR/certs/devices.pem" --chain "$INKAN_DIR/certs/root.pem"
has "  and is active" "$(inkan ca list)" "devices-g1 +active"
new_key "$T/x.key"
openssl req -new -key "$T/x.key" -subj /CN=x -out "$T/x.csr"
cp "$T/x.csr" "$OFF/x.csr"
check "  it has a delegate, by the daily command" inkan ca delegate devices --csr "$T/x.csr" --set "cn=OCSP devices" --out "$T/ocsp.pem"
check "  which verifies" openssl verify -x509_strict -CAfile "$OFF/root.pem" -untrusted "$OFF/devices.pem" "$T/ocsp.pem"
demo_stop

# Delegates: of an offline CA in a ceremony, of a daily one not.
on_offline delegate ocsp-delegate root <<<'csr = "../x.csr"; certificate = "../ocsp-root.pem"; set = [ "cn=OCSP root" ];'
offline delegate; is "a delegate of the root" $? 0
has "  with OCSPSigning" "$(openssl x509 -in "$OFF/ocsp-root.pem" -noout -ext extendedKeyUsage 2>&1)" "OCSP Signing"
ceremony_file daily ocsp-delegate devices <<<"csr = \"$T/x.csr\"; certificate = \"$T/no.pem\";"
ceremony daily; is "one of a daily CA: refused" $? 1
has "  it names the command" "$said" "signer\.daily.*inkan ca delegate"
ceremony_file daily-crl crl devices </dev/null
ceremony daily-crl; is "a CRL of a daily CA: refused" $? 1
has "  it names the command" "$said" "signer\.root.*inkan crl issue"

# The end of a key.
ceremony_file destroy destroy devices-g1 </dev/null
ceremony destroy; is "the key of a CA that issues: it stays" $? 1
has "  destroy.active" "$said" "destroy\.active"
demo_start ca
check "the CA is put out of use" inkan ca disable devices-g1
enough=$(inkan --json cert list | json - 'len(d)')
demo_stop
ceremony destroy; is "while $enough of its certificates are valid: it stays" $? 1
has "  destroy.valid" "$said" "destroy\.valid: 1 certificates"
ceremony_file destroy destroy devices-g1 <<<'reason = "the token is sold";'
ceremony destroy --dry-run; is "with a reason, rehearsed" $? 0
is "  the key is there" "$(keys_of ca | grep -- -g)" inkan-devices-g1
ceremony destroy; is "with a reason" $? 0
is "  the key is gone" "$(keys_of ca | grep -- -g)" ""
last=$(ls -t "$INKAN_DIR"/log/transcript* | grep -v dry | head -1)
has "  it is on record, with the reason" "$(cat "$last")" 'because: the token is sold'
has "  as an act" "$(cat "$last")" ' destroyed of="devices-g1" label="inkan-devices-g1"'
ceremony destroy; is "once more: refused" $? 1
demo_start ca
has "inkan-ca goes on without it" "$(inkan ca list)" "devices-g1 +disabled"
finish
