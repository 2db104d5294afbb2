#!/usr/bin/env bash
# Evidence of DICE, EAT, Android and WebAuthn in the whole dialogue: what is genuine
# gets a certificate that says so, and what is forged gets the rule that it breaks.
. "$(dirname "$0")/lib.sh"
tid="attested enrolment by DICE, EAT, Android, WebAuthn"
# shellcheck source=scripts/demo/tpm.sh
. "$here/scripts/demo/tpm.sh"

export EVIDENCE=$T/evidence ARC=$TPM_ARC
evidence() { python3 "$here/tests/integration/clients/evidence.py" "$@"; }
fleet_of() {	# format more: its fleet, with the maker's root
	cp "$EVIDENCE/$1.pem" "$dir/config/fleets/"
	tpm_fleet "$1" attested "formats = [ \"$1\" ]; references = \"$1.attest\";
	anchors = ( { format = \"$1\"; anchors = \"$1.pem\"; } ); $2"
	echo 'retry_window = "0s";' >>"$dir/config/fleets/$1.conf"
}
fwid() { printf 'firmware %d' "$1" | openssl dgst -sha256 -r | cut -d' ' -f1; }
layer() {
	printf '{ vendor = "Maker"; model = "M1"; layer = %d; svn_min = 3; fwids = [ "sha256:%s" ]; }' \
	    "$1" "$(fwid "$1")"
}
phones() {	# JSON [time]: another status list
	printf '%s\n' "$1" >"$dir/phones/next"
	[ -z "${2:-}" ] || touch -d "$2" "$dir/phones/next"
	mv "$dir/phones/next" "$dir/phones/status.json"
}
before_ceremony() {
	local f=$dir/config/fleets s=$INKAN_SOCKET_DIR/verifier.sock
	mkdir "$EVIDENCE"
	evidence makers
	echo "socket = \"$s\";" >"$dir/config/verifier.conf"
	mkdir "$dir/phones"
	phones '{"entries":{}}'
	printf 'verifier: { socket = "%s"; arc = "%s"; android_status = "%s"; };\n' \
	    "$s" "$ARC" "$dir/phones/status.json" >>"$dir/config/ca.conf"
	# What evidence shows, in the certificate.
	sed -e 's/^name = .*/name = "attested";/' \
	    -e 's/identity\.cn/identity.device/; s/identity\.serial/attested.android.serial/' \
	    "$here/profiles/shipped/device-ldevid.conf" >"$dir/config/profiles/attested.conf"
	cat >>"$dir/config/profiles/attested.conf" <<-X
	extensions = (
		{ oid = "2.23.133.5.4.4"; type = "sequence"; optional = true; items = (
		    { type = "octet-string"; from = [ "attested.dice.ueid", "attested.eat.ueid" ]; } ); },
		{ oid = "1.3.6.1.4.1.32473.1.3"; type = "octet-string"; optional = true;
		  size = 16; from = "attested.webauthn.aaguid"; } );
	X
	fleet_of dice 'facts = [ "dice.ueid" ];
	require = ( { fact = "dice.svn"; at_least = 3; } );'
	sed '/^name\|^label/s/dice/brief/; s/^attest: {/& nonce_lifetime = "10s";/' "$f/dice.conf" >"$f/brief.conf"
	sed -e '/^name\|^label/s/dice/alias/; /^profile/s/".*"/"dice-alias"/' \
	    -e 's/facts = .*\]/facts = [ "dice.ueid", "dice.vendor", "dice.model", "dice.svn", "dice.layer", "dice.fwid" ]/' \
	    "$f/dice.conf" >"$f/alias.conf"
	fleet_of eat 'facts = [ "eat.ueid" ];
	require = ( { fact = "eat.dbgstat"; at_least = 3; } );'
	fleet_of android 'facts = [ "android.serial" ];
	require = ( { fact = "android.level"; one_of = [ "tee", "strongbox" ]; } );'
	fleet_of webauthn 'facts = [ "webauthn.aaguid" ];'
	echo "dice: { layers = ( $(layer 1), $(layer 2) ); };" >"$f/dice.attest"
	printf 'eat: { profiles = [ "tag:maker.example,2026:device" ];\n keys = ( { id = "%s"; spki = "%s"; } ); };\n' \
	    "$(printf told | od -An -tx1 | tr -d ' ')" "$(<"$EVIDENCE/told.hex")" >"$f/eat.attest"
	echo 'android: { os_patch_min = 202611; };' >"$f/android.attest"
	echo 'webauthn: { rp_id = "devices.example"; origins = [ "https://devices.example" ]; };' \
	    >"$f/webauthn.attest"
}
before_start() { demo_start verifier; }

demo_up
out=$(inkan --json secret new --reusable --fleet dice --fleet alias --fleet brief \
    --fleet eat --fleet android --fleet webauthn)
INKAN_USER=$(json - 'd["user"]' <<<"$out")
INKAN_SECRET=$(json - 'd["secret"]' <<<"$out")
export INKAN_USER INKAN_SECRET
check "a nonce that is used too late" evidence nonce brief "$T/late"
late=$SECONDS

# --- genuine -----------------------------------------------------------------

genuine() {	# label format fact
	local pem=$EVIDENCE/$2.pem
	check "$2: its chain" verifies "$pem"
	out=$(inkan evidence show "$(serial "$pem")")
	has "on record, in words" "$out" 'decision:? +accepted'
	has "with what it shows" "$out" "$3"
	has "judged again" "$(inkan evidence check "$EVIDENCE/$2.csr" --fleet "$1")" \
	    'decision:? +accepted'
}
shows() {	# what format hex: in its certificate
	has "$1" "$(openssl x509 -in "$EVIDENCE/$2.pem" -outform DER | od -An -v -tx1 | tr -d ' \n')" "$3"
}
out=$(evidence enrol <<X
dice dice dice -
alias dice alias -
eat cwt cwt -
eat told told -
eat jwt jwt -
eat cmw cmw -
android android android -
webauthn packed packed -
webauthn tpm tpm -
X
)
is "evidence of each kind: a certificate" "${out//$'\n'/ }" "200 200 200 200 200 200 200 200 200"
genuine dice dice 'dice\.tcb.*Maker M1 - layer=2'
genuine eat cwt 'eat\.profile.*tag:maker'
genuine eat told 'eat\.signer.*kid'
genuine eat jwt 'eat\.dbgstat'
genuine eat cmw 'eat\.signer.*certificate'
genuine android android 'android\.boot.*verified'
genuine webauthn packed 'webauthn\.format.*packed'
genuine webauthn tpm 'tpm\.maker.*Infineon'
shows "the UEID of DICE, in the certificate" dice 301304110164657669636520
check "an alias key, certified with the firmware that evidence shows" \
    verifies "$EVIDENCE/alias.pem" "$INKAN_ATTEST_ISSUER"
shows "vendor, model, security version" alias 80054d616b657281024d31830103840102
shows "the UEID of a token" jwt 301304110164657669636520
shows "the serial number of a phone" android "0603550405130b$(printf R58N123456X | od -An -tx1 | tr -d ' ')"
shows "the model of an authenticator" tpm 041000010203

# A renewal shows its evidence anew; what it shows is the same device, or is not.
has "a phone renews" "$(evidence enrol <<<'android android phone-2 - renew=android')" '^200$'
is "  under the name that its evidence makes" "$(subject_of "$EVIDENCE/phone-2.pem")" \
    "$(subject_of "$EVIDENCE/android.pem")"
has "  another phone does not, in its place" \
    "$(evidence enrol <<<'android android phone-3 other-phone renew=phone-2')" \
    '^403 attest: renew\.identity: '

# The list is another file each day; the policy stays.
evidence enrol >"$T/out" <<<'android android soon listed'
is "a phone whose batch is not on the list yet" "$(<"$T/out")" 200
phones '{"entries":{"bad":{"status":"REVOKED"}}}'
has "  now it is" "$(inkan evidence check "$EVIDENCE/soon.csr" --fleet android)" \
    'attest\.android\.status'
phones '{"entries":{}}' '8 days ago'
has "a list that nobody fetches any more: our fault, not the device's" \
    "$(evidence enrol <<<'android android phone-4 -')" '^503 attest: attest\.unavailable: '
has "  the log says why" "$(grep verifier.away "$dir/log/inkan-ca.log")" \
    'android\.status-age'
has "  status says it" "$(status_row android.status)" '^warn .*fetched 19[0-9] hours ago'
phones '{}'
has "one that is none" "$(status_row evidence)" '^fail policy\.references: fleet android: .*entries'
mv "$dir/phones/status.json" "$dir/phones/gone"
has "  and is away" "$(evidence enrol <<<'android android phone-4 -')" '^503 '
has "  is told" "$(cat "$dir/log/inkan-ca.log")" 'event=android.status.unreadable .*status.json'
phones '{"entries":{"bad":{"status":"REVOKED"}}}'
has "the next list counts at once" "$(evidence enrol <<<'android android phone-4 -')" '^200$'

# --- forged ------------------------------------------------------------------

check "a nonce that is used once" evidence nonce eat "$T/once"
make_maker_device dev-a "$T/dev-a"
make_maker_device dev-b "$T/dev-b"
check "a nonce of another device" evidence nonce eat "$T/dev-a.nonce" "$T/dev-a"
# Status, rule, what the answer names, and the request.
cat >"$T/forged" <<X
403 attest.dice.alias certs | dice dice x other-key
403 attest.eat.cnf cnf | eat cwt x other-key
403 attest.eat.cnf cnf | eat jwt x other-key
403 attest.eat.cnf cnf | eat cmw x other-key
403 attest.android.leaf certs | android android x other-key
403 attest.webauthn.csr-key credentialPublicKey | webauthn packed x other-key
403 attest.webauthn.csr-key credentialPublicKey | webauthn tpm x other-key
403 attest.dice.nonce statement | dice dice x - nonce=$T/once
403 attest.eat.nonce eat_nonce | eat cwt x - nonce=$T/late
403 attest.eat.nonce eat_nonce | eat jwt x - nonce=$T/late
403 attest.android.nonce attestationChallenge | android android x - nonce=$T/late
403 attest.webauthn.nonce challenge | webauthn packed x - nonce=$T/late
403 attest.webauthn.nonce challenge | webauthn tpm x - nonce=$T/late
403 attest.type formats | dice cwt x -
403 attest.nonce-fleet nonce | dice dice x - session=$T/once
403 attest.nonce-client client | eat cwt x - session=$T/dev-a.nonce cert=$T/dev-b
403 attest.nonce-client client | eat cwt x - session=$T/dev-a.nonce
200 - - | eat cwt dev-a - session=$T/dev-a.nonce cert=$T/dev-a
200 - - | eat cwt once - session=$T/once
403 attest.nonce-used nonce | eat cwt once - session=$T/once
403 attest.dice.ueid Ueid | dice dice x ueid
403 attest.dice.path certificate.0 | dice dice x wrong-layer
403 attest.dice.fwids TcbInfo.fwids | dice dice x firmware
403 attest.dice.flags TcbInfo.flags | dice dice x debug
403 attest.android.path certificate.1 | android android x nearest-leaf
403 attest.android.extension certs | android android x nearest-leaf-ca
403 attest.android.status certificate.1 | android android x listed
403 attest.android.level securityLevel | android android x software
403 attest.android.boot deviceLocked | android android x unlocked
403 attest.eat.profile eat_profile | eat cwt x no-profile
403 attest.eat.profile eat_profile | eat jwt x no-profile
403 attest.eat.profile eat_profile | eat cmw x no-profile
403 attest.eat.path certificate.1 | eat cwt x our-device
403 attest.eat.path certificate.1 | eat jwt x our-device
403 attest.eat.path basicConstraints | eat cwt x our-ca
403 attest.eat.debug dbgstat | eat cwt x debug
403 attest.webauthn.rp-id rpIdHash | webauthn packed x other-rp
403 attest.webauthn.tpm-key fixedTPM | webauthn tpm x exportable
400 attest.bundle.der bundle | dice dice x bundle
400 attest.dice.tcb-info certificate.0 | dice dice x trailing
400 attest.eat.cose behind | eat cwt x trailing
400 attest.eat.jws token | eat jwt x trailing
400 attest.cmw.record behind | eat cmw x trailing
400 attest.android.extension KeyDescription | android android x trailing
400 attest.webauthn.auth-data behind | webauthn packed x trailing
400 attest.eat.claims 8.levels | eat cwt x deep
400 attest.eat.claims 8.levels | eat cwt x deeper
400 attest.eat.claims 8.levels | eat jwt x deep
413 body.size - | eat cwt x large
X
sed 's/.*| //' "$T/forged" | evidence enrol >"$T/said" 2>"$T/out" ||
    cat "$T/out"
while read -r status rule names _ request <&3 && IFS= read -r said <&4; do
	case $rule in
	-) is "$request" "$said" "$status" ;;
	body.*) has "$request: $rule" "$said" "^$status body: $rule: " ;;
	*) has "$request: $rule" "$said" "^$status attest: $rule: .*$names" ;;
	esac
done 3<"$T/forged" 4<"$T/said"
is "each was answered" "$(wc -l <"$T/said")" "$(wc -l <"$T/forged")"
has "1 MiB of evidence" "$(evidence enrol <<<'eat cwt huge huge')" '^(413 |0 closed)'
has "and the next is heard" "$(evidence enrol <<<'dice dice dice -')" '^200$'
evidence enrol >"$T/out" <<<'dice dice x wrong-layer'
has "what was refused is on record" "$(inkan evidence show "$EVIDENCE/x.csr")" \
    'attest\.dice\.path'
has "and would be again" "$(inkan evidence check "$EVIDENCE/x.csr" --fleet dice)" \
    'attest\.dice\.path'

cp "$INKAN_ROOT" "$INKAN_CONFIG_DIR/fleets/eat.pem"
has "a CA of ours as anchor of evidence" "$(inkan policy activate 2>&1)" \
    'a CA certificate of our own is no'
while [ $((SECONDS - late)) -lt 11 ]; do nap 0.5; done
has "a nonce that has expired: attest.nonce-expired" \
    "$(evidence enrol <<<"brief dice x - session=$T/late")" '^403 attest: attest\.nonce-expired: '
finish
