#!/usr/bin/env bash
# A CA with name constraints refuses what no chain through it would hold, before
# anything is reserved or signed; what it does issue holds under OpenSSL.
tid="name constraints of an issuing CA"
. "$(dirname "$0")/lib.sh"
before_ceremony() {
	cat >>"$T/demo/config/profiles/issuing-ca.conf" <<'C'
name_constraints: {
	permitted = ( { type = "dns"; base = "localhost"; },
	    { type = "dns"; base = "lan"; } );
	excluded = ( { type = "dns"; base = "evil.lan"; } );
};
C
}
demo_up
C=$T/demo/certs
has "the CA's certificate has them" "$(openssl x509 -in "$C/devices.pem" -noout -text)" \
    "X509v3 Name Constraints: critical"
new_key "$T/k"
ask() {	# SAN [subject]
	csr "$T/k" "${2:-/CN=server}" -addext "subjectAltName=$1" >"$T/csr"
}
issue() { inkan issue --profile tls-server --csr "$T/csr" --out "$T/c.pem"; }
refused() {	# WHAT
	local before after
	before=$(inkan --json cert list --all | grep -c '"serial"')
	out=$(issue 2>&1); is "$1" $? 1
	has "  the rule" "$out" "name\.constraints"
	after=$(inkan --json cert list --all | grep -c '"serial"')
	is "  nothing is reserved" "$after" "$before"
}
ask DNS:www.lan; check "a permitted name" issue
check "  holds" verifies "$T/c.pem" "$C/devices.pem"
ask DNS:www.lan,DNS:www.example; refused "one of two names outside"
has "  names it" "$out" 'www\.example.*is not permitted'
ask DNS:a.evil.lan; refused "an excluded name"
ask DNS:www.lan /CN=www.example; check "a CN beside a SAN" issue
check "  holds" verifies "$T/c.pem" "$C/devices.pem"
ask DNS:www.example; inkan --json explain --profile tls-server --csr "$T/csr" >"$T/j"
is "explain: stage, rule, field" \
    "$(json "$T/j" '[(s["stage"],s["rule"],s["field"]) for s in d["stages"] if s["verdict"]=="refuse"]')" \
    "[('build', 'name.constraints', 'csr.san')]"
# The same for a device over EST.
new_key "$D/a.key"
csr "$D/a.key" /CN=a.example -addext subjectAltName=DNS:a.example | base64 >"$T/a.b64"
post simpleenroll "$T/a.b64" -u "$(basic)"; is "a device outside, over EST" "$code" 403
has "  is told why" "$(reason)" "name\.constraints"
csr "$D/a.key" /CN=a.lan -addext subjectAltName=DNS:a.lan | base64 >"$T/a.b64"
post simpleenroll "$T/a.b64" -u "$(basic)"; is "a device within" "$code" 200
check "  its certificate" take_cert "$D/a.pem"
check "  holds" verifies "$D/a.pem"
finish
