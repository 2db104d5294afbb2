#!/usr/bin/env bash
# Two tokens in one instance: each holds CAs of its own, and one that is away
# stops nobody but those.
tid="two tokens"
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hierarchy/lib.bash"
need softhsm2-util
need pkcs11-tool
conf=$T/demo/tokens/ca.conf
before_start() {
	printf 4321 >"$T/demo/pins/hsm2.pin"; chmod 600 "$T/demo/pins/hsm2.pin"
	SOFTHSM2_CONF=$conf softhsm2-util --module "$INKAN_PKCS11_MODULE" --init-token \
	    --free --label second --so-pin 87654321 --pin 4321 >/dev/null
	cat >>"$INKAN_CONFIG_DIR/ca.conf" <<-CONF
		tokens = ( {
			name = "hsm2";
			uri = "pkcs11:token=second?pin-source=file:$T/demo/pins/hsm2.pin";
			module = "$INKAN_PKCS11_MODULE";
			softhsm_conf = "../tokens/ca.conf";
			pin_state = "../state/hsm2.pin-state";
			sessions = 2;
		} );
	CONF
}
demo_up
F=$T/foreign; mkdir "$F"
new_key "$F/root.key"
openssl req -x509 -new -key "$F/root.key" -subj "/CN=Foreign Root" -days 365 -out "$F/root.pem" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
printf '%s\n' 'basicConstraints=critical,CA:TRUE,pathlen:0' 'keyUsage=critical,keyCertSign,cRLSign' \
    'subjectKeyIdentifier=hash' 'authorityKeyIdentifier=keyid' >"$F/ext"
has "status shows each" "$(inkan status)" 'ok +token:hsm2 +second'
has "  and the first as before" "$(inkan status)" 'ok +token +inkan-ca'
check "a CA in the second token" inkan ca request second --token hsm2 --key-type ec-p256 --set cn=Second --out "$T/csr.pem"
openssl x509 -req -in "$T/csr.pem" -CA "$F/root.pem" -CAkey "$F/root.key" -set_serial 7 -days 90 \
    -extfile "$F/ext" -out "$T/second.pem" 2>/dev/null
check "  its certificate" inkan ca import second --cert "$T/second.pem" --chain "$F/root.pem"
inkan --json key list >"$T/keys.json"
is "its key is there, and only there" "$(json "$T/keys.json" 'sorted((k["token"],k["issuer"]) for k in d if k["token"])')" "[('hsm2', 'second-g1')]"
is "the others are in the first" "$(json "$T/keys.json" 'len([k for k in d if not k["token"]])')" 4
objects() { SOFTHSM2_CONF=$conf pkcs11-tool --module "$INKAN_PKCS11_MODULE" --token-label "$1" --login --pin "$2" -O --type privkey 2>/dev/null; }
has "as the token itself says" "$(objects second 4321)" 'label: +inkan-second-g1'
check_not "  and the first does not" grep -q inkan-second <<<"$(objects inkan-ca "$(cat "$INKAN_TOKEN_PIN_FILE")")"
sed -e 's/^name = .*/name = "second-device";/' -e 's/^issuer = .*/issuer = "second";/' \
    "$INKAN_CONFIG_DIR/profiles/device-ldevid.conf" >"$INKAN_CONFIG_DIR/profiles/second-device.conf"
check "a profile" inkan policy activate
n=0
by_second() { n=$((n + 1)); new_key "$T/s.key"; openssl req -new -key "$T/s.key" -subj "/CN=second-$n" -out "$T/s.csr"
	inkan issue --profile second-device --csr "$T/s.csr" --out "$T/s.pem"; }
try() { new_key "$T/k"; csr "$T/k" "/CN=$1" | base64 >"$T/b"; post simpleenroll "$T/b" -u "$(basic)"; }
check "it issues" by_second
check "  verifiably" openssl verify -x509_strict -CAfile "$F/root.pem" -untrusted "$T/second.pem" "$T/s.pem"
try one; is "the first issues" "$code" 200

# --- the second goes away ---
folder=$(for d in "$T"/demo/tokens/ca/*/; do grep -lq second "$d/token.object" 2>/dev/null && echo "$d"; done)
is "its folder" "$(echo "$folder" | wc -w)" 1
pid=$(cat "$T/demo/run/inkan-ca.pid")
mv "${folder%/}" "$T/away"
check_not "away: it does not issue" by_second
has "  the operator reads why" "$(cat "$T/out")" "token"
try two; is "the first goes on" "$code" 200
try three; is "  and on" "$code" 200
has "status" "$(inkan status)" '(fail|FAIL) +token:hsm2'
has "  the first is well" "$(inkan status)" 'ok +token +inkan-ca'
inkan status --check >/dev/null 2>&1; check "status --check fails" test $? -ne 0
check "a CRL of the first" inkan crl issue --issuer devices
check_not "none of the second" inkan crl issue --issuer second
inkan --json key list >"$T/keys.json"
is "key list hides no other" "$(json "$T/keys.json" 'len([k for k in d if not k["token"]])')" 4
has "  and says why it has none" "$(json "$T/keys.json" '[k["error"] for k in d if k["token"]]')" 'absent'
mv "$T/away" "${folder%/}"
check "back, without a restart" wait_for 30 by_second
is "  the same process" "$(cat "$T/demo/run/inkan-ca.pid")" "$pid"
try four; is "the first still" "$code" 200

# --- absent at the start, later there: SoftHSM looks for tokens only once ---
demo_stop
mv "${folder%/}" "$T/away"
demo_start ca ra ocsp
try five; is "started without it: the first issues" "$code" 200
check_not "  the second does not" by_second
mv "$T/away" "${folder%/}"
check "it comes later" wait_for 30 by_second
try six; is "and the first is well" "$code" 200
has "in the log" "$(cat "$T/demo/log/inkan-ca.log")" 'token.absent token=hsm2'
has "  and back" "$(cat "$T/demo/log/inkan-ca.log")" 'token.back token=hsm2'

# --- a configuration that lost it ---
demo_stop
cp "$INKAN_CONFIG_DIR/ca.conf" "$T/ca.conf"
sed -i '/^tokens = (/,/^} );/d' "$INKAN_CONFIG_DIR/ca.conf"
demo_start ca ra ocsp
has "said so" "$(cat "$T/demo/log/inkan-ca.log")" 'token.unknown issuer=second-g1 token=hsm2'
check_not "its CA does not issue" by_second
try seven; is "the first issues" "$code" 200
# --- what SoftHSM cannot do ---
demo_stop
cp "$T/ca.conf" "$INKAN_CONFIG_DIR/ca.conf"
sed -i '/^tokens/,$ s,softhsm_conf = .*,softhsm_conf = "../tokens/other.conf";,' "$INKAN_CONFIG_DIR/ca.conf"
check_not "two SoftHSM folders are refused" inkan-ca -n -c "$INKAN_CONFIG_DIR/ca.conf"
has "  naming the key" "$(cat "$T/out")" 'ca.conf:[0-9]+: softhsm_conf'
cp "$T/ca.conf" "$INKAN_CONFIG_DIR/ca.conf"
demo_start ca ra ocsp
check "as before" by_second
demo_stop

# --- a CA of our own root in the second token, made by a ceremony ---
in_second() { ceremony_file "$1" intermediate root root <<<"$(ceremony_url) issuers = ( { name = \"third\"; token = \"$2\"; certificate = \"../certs/$1.pem\"; $3 } );"; }
in_second nowhere hsm3 'set = [ "cn=Third CA G1" ];'
ceremony nowhere; is "a token that nobody knows: refused" $? 1
has "  naming file, line and key" "$said" 'nowhere.conf:[0-9]+: token: .* no token "hsm3"'
in_second third-g1 hsm2 'set = [ "cn=Third CA G1" ]; crl_lifetime = "2d"; crl_interval = "6h";'
said=$(inkan ca add --config "$INKAN_CONFIG_DIR/third-g1.conf" 2>&1); is "ca add" $? 0
has "its key is in the second" "$(objects second 4321)" 'label: +inkan-third-g1'
check_not "  and not in the first" grep -q inkan-third <<<"$(objects inkan-ca "$(cat "$INKAN_TOKEN_PIN_FILE")")"
third_crl() { openssl crl -inform DER -in "$INKAN_DIR/pub/crl/$1.crl" -noout -CAfile "$INKAN_DIR/certs/$2.pem"; }
check "its first CRL" third_crl third-g1 third-g1
sed -e 's/^name = .*/name = "third-device";/' -e 's/^issuer = .*/issuer = "third";/' \
    "$INKAN_CONFIG_DIR/profiles/device-ldevid.conf" >"$INKAN_CONFIG_DIR/profiles/third-device.conf"
demo_start ca ra ocsp
check "a profile" inkan policy activate
by_third() { n=$((n + 1)); new_key "$T/s.key"; openssl req -new -key "$T/s.key" -subj "/CN=third-$n" -out "$T/s.csr"
	inkan issue --profile third-device --csr "$T/s.csr" --out "$T/t.pem"; }
check "it issues" by_third
check "  verifiably" openssl verify -x509_strict -CAfile "$INKAN_ROOT" -untrusted "$INKAN_DIR/certs/third-g1.pem" "$T/t.pem"
before=$(crl_number third-g1)
check "a CRL of it" inkan crl issue --issuer third
check "  is the next" test "$(crl_number third-g1)" != "$before"
check "  and verifies" third_crl third-g1 third-g1
check "a revocation" inkan revoke --serial "$(openssl x509 -in "$T/t.pem" -noout -serial | cut -d= -f2)" --reason superseded
try eight; is "the first issues" "$code" 200
demo_stop
ceremony_file renew renew root root <<<'ca = "third"; certificate = "../certs/third-renewed.pem";'
ceremony renew; is "renewed" $? 0
in_second third-g2 hsm2 'key_type = "ec-p384";'
ceremony third-g2; is "and its next generation" $? 0
has "  in the second too" "$(objects second 4321)" 'label: +inkan-third-g2'
in_second third-g3 hsm2 ''
echo 'services = ( { profile = "ocsp-responder"; issuer = "third"; csr = "../certs/none.csr"; certificate = "../certs/x.pem"; } );' >>"$INKAN_CONFIG_DIR/third-g3.conf"
ceremony third-g3; is "one that fails" $? 1
has "  is rolled back" "$said" "rolled back: 1 keys destroyed"
check_not "  in the second" grep -q inkan-third-g3 <<<"$(objects second 4321)"
demo_start ca ra ocsp
check "it issues" by_third
check "  by the next generation" openssl verify -x509_strict -CAfile "$INKAN_ROOT" -untrusted "$INKAN_DIR/certs/third-g2.pem" "$T/t.pem"
check "its CRLs are issued as before" test "$(($(date -d "$(openssl crl -inform DER -in "$INKAN_DIR/pub/crl/third-g2.crl" -noout -nextupdate | cut -d= -f2)" +%s) - $(date -d "$(openssl crl -inform DER -in "$INKAN_DIR/pub/crl/third-g2.crl" -noout -lastupdate | cut -d= -f2)" +%s)))" = 172800
inkan --json key list >"$T/keys.json"
is "all keys that are there" "$(json "$T/keys.json" 'sorted(k["issuer"] for k in d if k["token"])')" "['second-g1', 'third-g1', 'third-g2']"
finish
