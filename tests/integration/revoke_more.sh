#!/usr/bin/env bash
# Revocation by device, by key, of a serial that the store lost, and since when.
tid="revocation, more"
. "$(dirname "$0")/lib.sh"
demo_up
ask() {	# issuer serial
	timeout 20 openssl ocsp -issuer "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" -url "$INKAN_OCSP_URL" -no_nonce -serial "0x$1" 2>&1
}
show() { inkan --json cert show "$1" >"$T/c" && json "$T/c" "$2"; }
state() { show "$(serial "$D/$1.pem")" 'd["state"] + " " + str(d["reason"])'; }
spki() { openssl x509 -in "$D/$1.pem" -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1; }
refused() {	# WHAT STATUS PATTERN command...
	local what=$1 rc=$2 rule=$3; shift 3
	out=$("$@" 2>&1); is "$what" $? "$rc"; has "  and why" "$out" "$rule"
}
enrol_key() {	# NAME: with $D/NAME.key; sets $code
	csr "$D/$1.key" "/CN=$1" | base64 >"$T/$1.b64"
	post simpleenroll "$T/$1.b64" -u "$(basic)"
}
for n in a b c d e; do enrol_basic $n; done

# exactly one of them
refused "nothing said: usage" 2 "what\\?" inkan revoke
refused "two ways: usage" 2 "exclude each other" inkan revoke --serial 01 --device a
refused "a stray option: usage" 2 "does not go with" inkan revoke --device a --unknown
refused "--execute without --where: usage" 2 "does not go with" inkan revoke --serial 01 --execute

# a device's certificates; the device stays
cp "$D/a.pem" "$D/a1.pem"; new_key "$D/a.key"; enrol_key a; take_cert "$D/a2.pem"
inkan --json revoke --device a --reason superseded >"$T/j"; is "--device" $? 0
is "  both are revoked" "$(json "$T/j" 'len(d["certificates"])') $(state a1) $(state a2)" "2 revoked superseded revoked superseded"
is "  the device is not disabled" "$(json "$T/j" 'd["device_state"]')" enabled
enrol_key a; is "  it can enrol again" "$code" 200
refused "--device of nobody" 1 "no device" inkan revoke --device nobody
refused "a hold of a device" 1 "certificateHold" inkan revoke --device b --reason certificateHold

# a key: its certificates, and no more after them
inkan --json revoke --spki "$(spki b | tr a-f A-F)" >"$T/j"; is "--spki" $? 0
is "  what it says" "$(json "$T/j" '(d["blocked"], d["revoked"])')" "(True, 1)"
is "  keyCompromise, as nothing else was said" "$(state b)" "revoked keyCompromise"
has "  OCSP knows" "$(ask "$(serial "$D/b.pem")")" "revoked"
enrol_key b; is "  no certificate on it any more" "$code" 403; has "  by its rule" "$(reason)" "key.blocked"
is "again: nothing left to do" "$(inkan --json revoke --spki "$(spki b)" | json - 'd["revoked"]')" 0
check "a revoked one" inkan revoke --serial "$(serial "$D/c.pem")" --reason superseded
check "  is raised by its key's loss" inkan revoke --key "$D/c.pem"
is "  to keyCompromise" "$(state c)" "revoked keyCompromise"
new_key "$D/new.key"; openssl pkey -in "$D/new.key" -pubout -out "$T/new.pub"
check "a key that nobody has a certificate on" inkan revoke --key "$T/new.pub" --reason keyCompromise
enrol_key new; is "  is blocked" "$code" 403
refused "no key: usage or refusal" 1 "SHA-256" inkan revoke --spki 00ff
out=$(inkan revoke --key "$INKAN_ISSUER" --reason superseded); is "a CA's key" $? 0
has "  its certificate is the ceremony's business" "$out" "ca_certificates: 1"
ca=$(openssl x509 -in "$INKAN_ISSUER" -noout -serial | cut -d= -f2)
is "  and not touched" "$(show "$ca" 'd["state"]')" valid
refused "a CA by its serial" 1 "revoke.class.*ceremony" inkan revoke --serial "$ca" --issuer root

# since when
past=$(date -u -d '-2 days' +%Y-%m-%dT%H:%M:%SZ) older=$(date -u -d '-5 days' +%Y-%m-%dT%H:%M:%SZ)
s=$(serial "$D/d.pem")
refused "not later than the revocation" 1 "revoke.invalidity" inkan revoke --serial "$s" --invalidity-date +1d
refused "not for a hold" 1 "revoke.invalidity" inkan revoke --serial "$s" --reason certificateHold --invalidity-date "$past"
is "  nothing was done" "$(state d)" "valid None"
check "--invalidity-date" inkan revoke --serial "$s" --reason keyCompromise --invalidity-date "$past"
is "  stands there" "$(show "$s" 'd["invalidity_date"]')" "$past"
is "  also without the server" "$(inkan --json --store "$INKAN_STORE" cert show "$s" | json - 'd["invalidity_date"]')" "$past"
check "it was earlier" inkan revoke --serial "$s" --reason keyCompromise --invalidity-date "$older"
refused "but not later" 1 "revoke.reason" inkan revoke --serial "$s" --reason keyCompromise --invalidity-date "$past"
is "  stands there" "$(show "$s" 'd["invalidity_date"]')" "$older"
has "in the log" "$(inkan log list --limit 1000)" "invalidity_date=$(date -d "$older" +%s)"

# a serial that the store does not know, as after a restore
lost=4fee00000000000000000000000000000000a1b2
refused "an unknown serial: a hint" 1 "with --unknown" inkan revoke --serial $lost
refused "of which CA?" 1 "issuer" inkan revoke --serial $lost --unknown
refused "not of a root" 1 "revoke.class" inkan revoke --serial $lost --unknown --issuer root
refused "not one that cannot be" 1 "revoke.serial" inkan revoke --serial ffee00000000000000000000000000000000a1b2 --unknown --issuer devices
has "OCSP: unknown before" "$(ask $lost)" "unknown"
out=$(inkan revoke --serial $lost --unknown --issuer devices --reason keyCompromise); is "--unknown" $? 0
has "  a warning" "$out" "warning: the store does not know"
has "  and an event" "$(cat "$T/demo/log/inkan-ca.log")" "level=warn.*event=cert.unknown.*serial=$lost"
is "  its row" "$(show $lost '(d["state"], d["reason"], d["not_after"])')" "('revoked', 'keyCompromise', '9999-12-31T23:59:59Z')"
has "  OCSP: revoked" "$(ask $lost)" "revoked"
inkan crl issue --issuer devices >/dev/null
text=$(curl -sS "$INKAN_HTTP_URL/crl/devices-g1.crl" | openssl crl -inform DER -noout -text)
has "  and on the CRL" "$text" "$(echo $lost | tr a-f A-F)"
refused "twice" 1 "revoke.reason" inkan revoke --serial $lost --unknown --issuer devices
check "--unknown, but it is known" inkan revoke --serial "$(serial "$D/e.pem")" --unknown --issuer devices
is "  is an ordinary revocation" "$(show "$(serial "$D/e.pem")" '(d["state"], d["device"])')" "('revoked', 'e')"
finish
