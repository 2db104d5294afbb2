#!/usr/bin/env bash
# What whoever has taken over an RA, or stolen what lies on disks, gets: he says
# what he likes on ra.sock (tests/powers/ask.c), and starts programs on copies.
tid="a taken-over RA, and stolen files"
. "$(dirname "$0")/lib.sh"
ask=$BUILD/tests/ask
[ -x "$ask" ] || skip "needs $ask (make probe)"
demo_up
ra=$INKAN_SOCKET_DIR/ra.sock
certs() { inkan --json cert list --limit 1000 | json - 'len(d)'; }
new_key "$T/k"; csr "$T/k" "/CN=victim" >"$T/csr"
openssl x509 -in "$INKAN_MFG_CERT" -outform DER -out "$T/maker.der"
before=$(certs)
# refused WHAT PATTERN OP [ARGUMENTS]: at ra.sock
refused() {
	local what=$1 pattern=$2; shift 2
	said=$("$ask" "$ra" "$@"); is "$what" $? 1
	has "  by its rule" "$said" "$pattern"
}

# --- he says who he would like to be, and what he would like to have -----------
refused "naming a profile" "no argument" enroll label=devices csr@"$T/csr" \
    chain@"$T/maker.der" profile=code-signing
refused "naming an identity" "no argument" enroll label=devices csr@"$T/csr" \
    chain@"$T/maker.der" device=victim
refused "naming names" "no argument" enroll label=devices csr@"$T/csr" \
    chain@"$T/maker.der" set="cn=victim"
refused "naming the issuer" "no argument" enroll label=devices csr@"$T/csr" \
    chain@"$T/maker.der" issuer=code
refused "naming a way to be let in" "no argument" enroll label=devices \
    csr@"$T/csr" auth=approved
refused "no evidence at all" "authenticate" enroll label=devices csr@"$T/csr"
refused "a secret that he guesses" "authenticate" enroll label=devices \
    csr@"$T/csr" user="$INKAN_USER" secret=guess
refused "a fleet that is none" "label" enroll label=none csr@"$T/csr" chain@"$T/maker.der"

# --- evidence of another fleet ------------------------------------------------------
enrol_maker own-1; is "a device of the fleet devices" "$code" 200
openssl x509 -in "$D/own-1.pem" -outform DER -out "$T/own.der"
before=$(certs)
refused "its certificate shown at another fleet" "certificate.fleet" \
    enroll label=strict csr@"$T/csr" chain@"$T/own.der"
refused "  as a renewal there" "certificate.fleet" enroll label=strict renew! \
    csr@"$T/csr" chain@"$T/own.der"
refused "one by our root, but of no device" "authenticate" enroll label=devices \
    csr@"$T/csr" chain@<(openssl x509 -in "$INKAN_DIR/certs/est.pem" -outform DER)
refused "the root's own certificate" "authenticate" enroll label=devices \
    csr@"$T/csr" chain@<(openssl x509 -in "$INKAN_ROOT" -outform DER)
# A CSR by a key that he has not got, a signature that is none.
openssl req -in "$T/csr" -inform DER -outform DER >"$T/spoilt"
printf '\0\0\0\0' | dd of="$T/spoilt" bs=1 seek=$(($(stat -c %s "$T/spoilt") - 4)) conv=notrunc 2>/dev/null
refused "a request without proof of its key" "own key" enroll label=devices \
    csr@"$T/spoilt" chain@"$T/maker.der"

# --- what officers ask --------------------------------------------------------------------
for op in issue revoke secret.new device.add policy.activate backup ca.stop \
    crl.issue key.block request.approve status; do
	refused "asking as an officer: $op" "ops.table" "$op"
done
refused "renewing a service's certificate" "ops.table" renew-own
is "nothing of all this was issued" "$(certs)" "$before"
has "it is on record" "$(inkan log list --limit 1000)" "refusal"

# --- a channel binding that was used on another connection ------------------------------
printf 'the binding of this connection.' >"$T/here"
printf 'the binding of another one, ...' >"$T/there"
cat >"$T/cnf" <<X
[req]
distinguished_name=dn
attributes=at
prompt=no
[dn]
CN=bound
[at]
challengePassword=$(base64 -w0 <"$T/there")
X
openssl req -new -key "$T/k" -config "$T/cnf" -outform DER >"$T/bound"
refused "a replayed channel binding" "pop.link" enroll label=strict \
    csr@"$T/bound" chain@"$T/maker.der" tls_exporter@"$T/here" tls_version=TLSv1.3

# --- stolen: store, configurations, the RA's host ------------------------------------------
# Everything but the token's objects and its PIN, in a place of its own.
demo_stop
cp -r "$T/demo" "$T/stolen"
rm -rf "$T"/stolen/tokens/*/ "$T"/stolen/pins
mkdir "$T"/stolen/{tokens/ca,pins}
find "$T/stolen" -name '*.conf' -exec sed -i "s|$T/demo|$T/stolen|g" {} +
mkdir -p "$T/stolen/run"
sed -i "s|$INKAN_SOCKET_DIR|$T/stolen/run|g" "$T"/stolen/config/*.conf
start_stolen() { timeout 20 "$INKAN_BIN/inkan-ca" -c "$T/stolen/config/ca.conf" >"$T/err" 2>&1; }
start_stolen; check "the engine does not start on it" [ $? -ne 0 ]
has "  for want of the token" "$(cat "$T/err")" "token"
# A token of the thief's own with the same name, and a PIN that he knows.
(umask 077; echo 12345678 >"$T/stolen/pins/ca.pin")
SOFTHSM2_CONF=$T/stolen/tokens/ca.conf softhsm2-util --init-token --free \
    --label inkan-ca --so-pin 12345678 --pin 12345678 >/dev/null
"$INKAN_BIN/inkan-ca" -c "$T/stolen/config/ca.conf" >"$T/err" 2>&1 & thief=$!
thief_settled() { [ -S "$T/stolen/run/admin.sock" ] || gone $thief; }
wait_for 20 thief_settled
csr "$T/k" "/O=Example/CN=stolen" >"$T/csr2"
check_not "with a token of his own it issues nothing" "$INKAN_BIN/inkan" \
    --socket "$T/stolen/run/admin.sock" issue --profile code-signing \
    --csr "$T/csr2" --out "$T/stolen.pem"
check_not "  no certificate" [ -s "$T/stolen.pem" ]
has "  the CA's key is not there" "$(cat "$T/err")" "event=(token.absent|start.failed)"
kill $thief 2>/dev/null; wait $thief 2>/dev/null
finish
