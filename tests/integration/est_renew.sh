#!/usr/bin/env bash
# Renewal: the TLS certificate is the one renewed.
tid="EST: renewal"
. "$(dirname "$0")/lib.sh"
demo_up
# renew OP NAME KEY SUBJECT [openssl req options]: with NAME's certificate
try() {
	local op=$1 name=$2 key=$3 subj=$4; shift 4
	csr "$key" "$subj" "$@" | base64 >"$T/b"
	post "$op" "$T/b" --cert "$D/$name.pem" --key "$D/$name.key"
}
new_key "$T/n1"; new_key "$T/n2"

check "r1" enrol_basic r1
try simplereenroll r1 "$T/n1" /CN=r1; is "new key" "$code" 200
take_cert "$T/r1b.pem"; check "it verifies" verifies "$T/r1b.pem"
is "same subject" "$(subject_of "$T/r1b.pem")" "CN=r1"
first=$(serial "$T/r1b.pem")
try simplereenroll r1 "$T/n1" /CN=r1; is "the same again: the same certificate" "$code" 200
take_cert "$T/r1c.pem"; is "  its serial" "$(serial "$T/r1c.pem")" "$first"
try simplereenroll r1 "$T/n2" /CN=r1; is "a second successor" "$code" 403
has "  names the rule" "$(reason)" "renew.successor"
is "  the device is parked" "$(inkan --json device show r1 | json - 'd["state"]')" parked
has "  the alarm is in the log" "$(inkan log list --all 2>/dev/null || inkan log list)" "alarm.clone"

check "r2" enrol_basic r2
try simplereenroll r2 "$D/r2.key" /CN=r2; is "same key" "$code" 200
check "r3" enrol_basic r3
try simpleenroll r3 "$T/n2" /CN=r3; is "simpleenroll with our own leaf" "$code" 200

check "r4" enrol_basic r4; new_key "$T/n4"
try simplereenroll r4 "$T/n4" /CN=other; is "changed subject" "$code" 403
has "  names the field" "$(reason)" "subject"
try simplereenroll r4 "$T/n4" /CN=r4/O=more; is "one attribute more" "$code" 403
try simplereenroll r4 "$T/n4" /CN=r4 -addext subjectAltName=DNS:other.test
is "a SAN that it has not" "$code" 403
has "  names the field" "$(reason)" "san"
try simplereenroll r4 "$D/r3.key" /CN=r4; has "another device's key" "$code" '^(400|403)$'

new_key "$D/r5.key"
csr "$D/r5.key" /CN=r5 -addext subjectAltName=DNS:r5.test,DNS:r5 | base64 >"$T/b"
post simpleenroll "$T/b" -u "$(basic)"; is "with SAN" "$code" 200; take_cert "$D/r5.pem"
new_key "$T/n5"
try simplereenroll r5 "$T/n5" /CN=r5 -addext subjectAltName=DNS:r5
is "a SAN less" "$code" 403
try simplereenroll r5 "$T/n5" /CN=r5 -addext subjectAltName=DNS:r5,DNS:r5.test
is "SAN in another order" "$code" 200
take_cert "$T/c.pem"; mv "$T/c.pem" "$D/r6.pem"; cp "$T/n5" "$D/r6.key"; new_key "$T/n6"
try simplereenroll r6 "$T/n6" /CN=r5; is "without SAN" "$code" 200
take_cert "$T/c.pem"
has "  it keeps its SAN" "$(openssl x509 -in "$T/c.pem" -noout -text)" "DNS:r5.test"
has "  and the deviation is noted" "$(inkan cert show "$(serial "$T/c.pem")")" "SAN"

check "windowed" enrol_basic w1 windowed/
new_key "$T/nw"
try windowed/simplereenroll w1 "$T/nw" /CN=w1; is "outside the window" "$code" 403
has "  names the rule" "$(reason)" "renew.window"
try simplereenroll w1 "$T/nw" /CN=w1; is "in another fleet" "$code" 403

check "held" enrol_basic h1
s=$(serial "$D/h1.pem"); new_key "$T/nh"
inkan revoke --serial "$s" --reason certificateHold >/dev/null
try simplereenroll h1 "$T/nh" /CN=h1; is "held" "$code" 403
inkan release --serial "$s" >/dev/null
try simplereenroll h1 "$T/nh" /CN=h1; is "released" "$code" 200
check "disabled" enrol_basic d1; new_key "$T/nd"
inkan device disable d1 --fleet devices >/dev/null
try simplereenroll d1 "$T/nd" /CN=d1; is "a disabled device" "$code" 403
check "compromised" enrol_basic k1
inkan revoke --serial "$(serial "$D/k1.pem")" --reason keyCompromise >/dev/null
csr "$D/k1.key" /CN=k1 | base64 >"$T/b"
post simpleenroll "$T/b" -u "$(basic)"; has "its key is blocked" "$code" '^(400|403)$'
has "  names the rule" "$(reason)" "key.blocked"
finish
