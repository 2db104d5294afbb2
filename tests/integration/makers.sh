#!/usr/bin/env bash
# What a manufacturer's certificate must be: names, hardware types, the registry's
# serial number, and the manufacturer's own CRLs, which lie in a folder.
tid="makers' certificates"
. "$(dirname "$0")/lib.sh"
TYPE=1.3.6.1.4.1.32473.1.1
maker() {	# FLEET lines
	sed -e "s/\"devices\"/\"$1\"/" -e '/^default/d' -e "s/device_from = \"serialNumber\"/$2/" \
	    "$T/demo/config/fleets/devices.conf" >"$T/demo/config/fleets/$1.conf"
}
before_ceremony() {
	mkdir "$T/crls"
	echo "maker_crls = \"$T/crls\";" >>"$T/demo/config/ca.conf"
	maker names 'subject = ( { attribute = "O"; match = [ "Acme *", "Demo Maker" ]; } ); issuer = ( { attribute = "CN"; match = "* Device CA"; } )'
	maker others 'subject = ( { attribute = "O"; match = "Acme *"; } )'
	maker hardware "serial_from = \"hardware-module-name\"; hw_types = [ \"$TYPE\" ]; registry_serial = \"required\""
	maker hard 'revocation = "crl"'
	maker soft 'revocation = "crl"; revocation_missing = "pass"'
}
demo_up
hw() {	# NAME TYPE SERIAL: a maker's certificate with a HardwareModuleName
	local o=$D/$1-maker
	new_key "$o.key"; openssl req -new -key "$o.key" -subj "/O=Demo Maker/serialNumber=$1" -out "$o.csr"
	printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nsubjectAltName=otherName:1.3.6.1.5.5.7.8.4;SEQUENCE:hw\n[hw]\ntype=OID:%s\nserial=FORMAT:ASCII,OCT:%s\n' "$2" "$3" >"$o.ext"
	openssl x509 -req -in "$o.csr" -CA "$INKAN_MFG_CA" -CAkey "$INKAN_MFG_CA_KEY" -set_serial "0x41$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')" \
	    -days 30 -sha256 -extfile "$o.ext" -out "$o.pem" 2>/dev/null
}
with() {	# NAME FLEET: as enrol_maker, with the certificate that there is
	new_key "$D/$1.key"; csr "$D/$1.key" /CN=x | base64 >"$T/b"
	post "$2/simpleenroll" "$T/b" --cert "$D/$1-maker.pem" --key "$D/$1-maker.key"
}
refused() { is "$1" "$code" "$2"; has "  by its rule" "$(reason)" "$3"; }

check "names that fit" enrol_maker n-1 names/
enrol_maker n-2 others/; refused "names that do not" 403 maker.subject
has "  the field" "$(reason)" "tls.certificate.subject.O"

hw h-1 $TYPE HW-0001
with h-1 hardware; refused "a device that the registry does not know" 403 device.serial-unknown
inkan device add --fleet hardware --name h-1 --serial HW-0002 >/dev/null
with h-1 hardware; refused "one with another serial number" 403 device.serial-mismatch
inkan device set h-1 --fleet hardware --serial HW-0001 >/dev/null
with h-1 hardware; is "the right one" "$code" 200; take_cert "$D/h-1.pem"
has "  and its certificate says so" "$(subject_of "$D/h-1.pem")" "serialNumber=HW-0001"
new_key "$T/n"; csr "$T/n" /serialNumber=HW-0001 | base64 >"$T/b"
post hardware/simplereenroll "$T/b" --cert "$D/h-1.pem" --key "$D/h-1.key"
is "  also when it renews" "$code" 200; take_cert "$T/c.pem"
is "  the same subject" "$(subject_of "$T/c.pem")" "$(subject_of "$D/h-1.pem")"
hw h-2 1.2.3.4 HW-0001; with h-2 hardware; refused "hardware of another type" 403 maker.hw-type
make_maker_device h-3 "$D/h-3-maker"; with h-3 hardware; refused "none at all" 403 certificate.name

# The manufacturer's CRL: by its own openssl ca.
mkdir "$T/mca"; : >"$T/mca/index"; echo 01 >"$T/mca/number"
printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s/index\ncrlnumber=%s/number\ndefault_md=sha256\n' "$T/mca" "$T/mca" >"$T/mca/cnf"
crl() {	# FILE [openssl ca options]: by rename
	local f=$1; shift
	openssl ca -config "$T/mca/cnf" -cert "$INKAN_MFG_CA" -keyfile "$INKAN_MFG_CA_KEY" \
	    -gencrl "$@" -out "$T/crls/.$f" 2>"$T/mca/err" && mv "$T/crls/.$f" "$T/crls/$f"
}
make_maker_device c-1 "$D/c-1-maker"; make_maker_device c-2 "$D/c-2-maker"
with c-1 hard; refused "no CRL there" 503 maker.crl
has "  inkan status warns" "$(inkan status)" "WARN +demo-maker +no CRL of"
has "  to be tried again" "$(cat "$head")" "[Rr]etry-[Aa]fter: 300"
with c-1 soft; is "  where the fleet says to go on" "$code" 200
take_cert "$T/c.pem"; has "  it is noted" "$(inkan cert show "$(serial "$T/c.pem")")" "no CRL of manufacturer"
check "a CRL" crl maker.pem -crldays 1
tried() { with c-1 hard; [ "$code" = 200 ]; }
check "  is found" wait_for 10 tried
has "  inkan status has it" "$(inkan status)" "ok +demo-maker .*is current"
openssl ca -config "$T/mca/cnf" -cert "$INKAN_MFG_CA" -keyfile "$INKAN_MFG_CA_KEY" \
    -revoke "$D/c-2-maker.pem" -crl_reason keyCompromise 2>"$T/mca/err"
check "a new one" crl maker.pem -crldays 1
tried() { with c-2 hard; [ "$code" = 403 ]; }
check "  revokes" wait_for 10 tried
has "  by its rule" "$(reason)" maker.revoked
has "  and inkan lists it" "$(inkan maker crls)" "maker.pem .*Demo Maker.*current"
with c-2 soft; refused "  in every fleet that asks" 403 maker.revoked
with c-2 names; is "  and in none that does not" "$code" 200
check "a CRL that is over" crl maker.pem -crlsec 1
tried() { with c-1 hard; [ "$code" = 503 ]; }
check "  says nothing of those that were good" wait_for 12 tried
with c-2 soft; refused "  but of those that were not" 403 maker.revoked
echo nonsense >"$T/crls/other.crl"; crl maker.pem -crldays 1
tried() { with c-1 hard; [ "$code" = 200 ]; }
check "nonsense beside a good one" wait_for 10 tried
has "  is told of" "$(cat "$T/demo/log/inkan-ca.log")" "maker.crl.refused file=other.crl"
finish
