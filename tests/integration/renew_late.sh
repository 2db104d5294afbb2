#!/usr/bin/env bash
# Renewals after the end, each condition for itself; and renewals that are made
# anew from the registry and the active profile.
tid="renewals, late and anew"
. "$(dirname "$0")/lib.sh"
fleet() {	# NAME PROFILE renewal-lines
	sed -e "s/\"devices\"/\"$1\"/" -e '/^default/d' -e "s/\"device-ldevid\"/\"$2\"/" \
	    -e "s/window = \"whole\";/&$3/" "$T/demo/config/fleets/devices.conf" \
	    >"$T/demo/config/fleets/$1.conf"
}
before_ceremony() {
	local p=$T/demo/config/profiles
	sed -e 's/"device-ldevid"/"brief"/' -e 's/duration = "90d"; backdate = "5m"/duration = "60s"; backdate = "52s"/' \
	    "$p/device-ldevid.conf" >"$p/brief.conf"
	sed -e 's/"device-ldevid"/"named"/' -e 's/^subject = (/&\n\t{ attribute = "OU"; from = "registry.site"; optional = true; },/' \
	    -e 's/^san = (/&\n\t{ type = "dns"; from = "registry.host"; optional = true; },/' \
	    "$p/device-ldevid.conf" >"$p/named.conf"
	fleet late brief ' after_expiry = "1h";'
	fleet same brief ' after_expiry = "1h"; after_expiry_key = "same"; after_expiry_consent = "fleet";'
	fleet new brief ' after_expiry = "1h"; after_expiry_key = "new"; after_expiry_consent = "fleet";'
	fleet soon brief ' after_expiry = "1s"; after_expiry_consent = "fleet";'
	fleet never brief ''
	fleet fixed named ''
	fleet moving named ' identity_update = true;'
}
demo_up
inkan secret new --reusable --json $(for f in late same new soon never fixed moving; do echo --fleet $f; done) >"$T/s"
login=$(json "$T/s" 'd["user"] + ":" + d["secret"]')
enrol_in() {	# NAME FLEET [openssl req options]
	local n=$1 f=$2; shift 2
	new_key "$D/$n.key"; csr "$D/$n.key" "/CN=$n" "$@" | base64 >"$T/b"
	post "$f/simpleenroll" "$T/b" -u "$login"; [ "$code" = 200 ] && take_cert "$D/$n.pem"
}
renew_in() {	# NAME FLEET KEY [SUBJECT [openssl req options]]
	local n=$1 f=$2 k=$3 s=${4:-/CN=$1}; shift 3; [ $# -eq 0 ] || shift
	csr "$k" "$s" "$@" | base64 >"$T/b"
	post "$f/simplereenroll" "$T/b" --cert "$D/$n.pem" --key "$D/$n.key"
}
refused() { is "$1" "$code" "$2"; has "  by its rule" "$(reason)" "$3"; }

# --- after the end -----------------------------------------------------------
for f in late same new soon never; do check "l-$f" enrol_in "l-$f" $f; done
check "a revoked one" enrol_in gone same; check "one on hold" enrol_in held same
inkan revoke --serial "$(serial "$D/gone.pem")" --reason superseded >/dev/null
inkan revoke --serial "$(serial "$D/held.pem")" --reason certificateHold >/dev/null
new_key "$T/n"; new_key "$T/n2"
ended() { ! openssl x509 -in "$D/l-never.pem" -noout -checkend 0; }
check "they end" wait_for 15 ended; sleep 2
renew_in l-never never "$T/n"; refused "never" 403 certificate.expired
renew_in l-soon soon "$T/n"; refused "too late" 403 certificate.expired
has "  and until when it was time" "$(reason)" "could be renewed until 20"
renew_in l-late late "$T/n"; refused "without the device's consent" 403 renew.late-consent
has "  the field" "$(reason)" "device"
check "an operator consents" inkan device set l-late --fleet late --late-renewal yes
is "  and the registry shows it" "$(inkan --json device show l-late --fleet late | json - 'd["late_renewal"]')" yes
renew_in l-late late "$T/n"; is "  renewed" "$code" 200
take_cert "$T/c.pem"; check "  it verifies" verifies "$T/c.pem"
has "  and the deviation is noted" "$(inkan cert show "$(serial "$T/c.pem")")" "after the end"
renew_in l-late late "$T/n2"; refused "  once, as ever" 403 renew.successor
new_key "$T/n4"; renew_in l-same same "$T/n4"; refused "another key" 403 renew.late-key
renew_in l-same same "$D/l-same.key"; is "  the same" "$code" 200
renew_in l-new new "$D/l-new.key"; refused "the same key" 403 renew.late-key
new_key "$T/n3"; renew_in l-new new "$T/n3"; is "  a new one" "$code" 200
renew_in gone same "$D/gone.key"; refused "revoked" 403 certificate.revoked
renew_in held same "$D/held.key"; refused "on hold" 403 certificate.held
renew_in l-same late "$D/l-same.key"; refused "another fleet's" 403 certificate.expired

# --- anew --------------------------------------------------------------------
check "d-1" enrol_in d-1 fixed -addext subjectAltName=DNS:d-1.lan
check "d-2" enrol_in d-2 moving -addext subjectAltName=DNS:d-2.lan
for i in 1 2; do new_key "$T/a$i"; new_key "$T/b$i"; done
for i in 1 2; do f=$([ $i = 1 ] && echo fixed || echo moving)
	check "the registry says more of d-$i" inkan device set d-$i --fleet $f --set site=North --set host=gw.lan
	renew_in d-$i $f "$T/a$i" "/CN=d-$i" -addext subjectAltName=DNS:d-$i.lan
	echo "$code $(reason)" >"$T/r$i"
done
has "another identity is refused" "$(cat "$T/r1")" "^403.*renew.identity"
has "  by its field and both values" "$(cat "$T/r1")" '"North" was "absent".*subject.OU'
check "inkan explain says the same" grep -q renew.identity <<<"$(csr "$T/a1" /CN=d-1 -addext subjectAltName=DNS:d-1.lan >"$T/x.csr"; inkan explain --csr "$T/x.csr" --fleet fixed --cert "$D/d-1.pem" --renew 2>&1)"
is "with identity_update it is new" "$(cut -c1-3 "$T/r2")" 200
take_cert "$T/c.pem"
has "  in the subject" "$(subject_of "$T/c.pem")" "OU=North"
names=$(openssl x509 -in "$T/c.pem" -noout -ext subjectAltName)
has "  in the names" "$names" "DNS:gw.lan"; has "  beside those asked for" "$names" "DNS:d-2.lan"
has "  and on record" "$(inkan cert show "$(serial "$T/c.pem")")" 'identity updated: subject.OU'
mv "$T/c.pem" "$D/d-2.pem"; cp "$T/a2" "$D/d-2.key"
renew_in d-2 moving "$T/b2" /CN=d-2 -addext subjectAltName=DNS:d-2.lan
refused "the next request has the new subject (RFC 7030 4.2.2)" 403 renew.subject
s=/OU=North/CN=d-2; renew_in d-2 moving "$T/b2" $s -addext subjectAltName=DNS:gw.lan,DNS:d-2.lan
is "  so it does" "$code" 200
check "taken back in the registry" inkan device set d-1 --fleet fixed --set site= --set host=
renew_in d-1 fixed "$T/a1" /CN=d-1 -addext subjectAltName=DNS:d-1.lan; is "  it renews as before" "$code" 200
finish
