#!/usr/bin/env bash
# A ceremony is killed at its acts; it is finished with --resume, or rolled back
# with --discard, and says so. LONG=1 kills at three times as many.
tid="ceremony: interrupted, resumed"
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hierarchy/lib.bash"
[ -z "${SAN:-}" ] || skip "the fault points are tested in the plain build"
faults=$BUILD/faults/inkan-ceremony
make -s --no-print-directory -C "$here" BUILD="$BUILD" FAULTS=1 "$faults" >"$T/make" 2>&1 ||
    { cat "$T/make"; exit 1; }
demo_up
demo_stop
rm -f "$INKAN_DIR"/log/transcript*
keep() { rm -rf "$T/kept"; mkdir "$T/kept"; cp -a "$INKAN_DIR"/{tokens,state,pub,certs} "$T/kept"; }
back() { rm -rf "$INKAN_DIR"/{tokens,state,pub,certs} "$INKAN_DIR"/log/transcript*; cp -a "$T/kept"/* "$INKAN_DIR"; }
certs() { sqlite3 "file:$INKAN_STORE?mode=ro" "SELECT count(*) FROM certs WHERE state = 2"; }
# killed FILE N: at act N; false when it came to its end before
killed() {
	{ INKAN_FAULT=ceremony:$2 "$faults" --config "$INKAN_CONFIG_DIR/$1.conf"; } >"$T/killed" 2>&1
	[ $? = 137 ]
}
# each_act NAME FILE FIRST STEP CERTS CHECK: kill, say what is possible, resume
each_act() {
	local name=$1 file=$2 n=$3 step=$4 want=$5 look=$6 resumed=0 done=0 bad=0
	[ -n "${LONG:-}" ] || step=$((step * 3))
	while back; killed "$file" "$n"; do
		said=$("$INKAN_BIN/inkan" ceremony run "$INKAN_CONFIG_DIR/$file.conf" 2>&1)
		if grep -q "has happened; only its files" <<<"$said"; then
			done=$((done + 1))
		elif grep -q -- "--resume to finish it.*--discard" <<<"$said"; then
			said=$("$INKAN_BIN/inkan" ceremony run "$INKAN_CONFIG_DIR/$file.conf" --resume 2>&1) ||
			    { bad=1; fail "$name, act $n: not resumed: $said"; }
			resumed=$((resumed + 1))
		elif [ ! -e "$INKAN_STORE.ceremony" ] && grep -q "^transcript .*transcript" <<<"$said"; then
			# It had changed nothing yet: this was a plain run.
			done=$((done + 1))
		else
			bad=1; fail "$name, act $n: $said"
		fi
		[ "$(certs)" = "$want" ] || { bad=1; fail "$name, act $n: $(certs) certificates are valid, not $want"; }
		$look || { bad=1; fail "$name, act $n: $look"; }
		"$INKAN_BIN/inkan" ceremony verify "$INKAN_DIR/log/transcript" --unsigned >"$T/v" 2>&1 ||
		    "$INKAN_BIN/inkan" ceremony verify "$INKAN_DIR/log/transcript.2" --unsigned >"$T/v2" 2>&1 ||
		    { bad=1; fail "$name, act $n: $(cat "$T/v")"; }
		[ $bad = 0 ] || { cat "$INKAN_DIR/log/transcript"; break; }
		n=$((n + step))
	done
	is "$name: each ended as it should ($resumed resumed, $done otherwise)" $bad 0
	check "  $name: at least half were resumed" test "$resumed" -gt 0 -a "$resumed" -ge "$done"
}

# A key of a root, two links: tokens are opened in turn.
echo "$(ceremony_url) root: { $(root_token) key_type = \"ec-p384\"; certificate = \"../certs/root-g2.pem\"; };" |
    ceremony_file rekey root-rekey root root
keep
before=$(certs)
two_roots() { [ "$(keys_of root | tr '\n' ' ')" = "inkan-root-g1 inkan-root-g2 " ] && openssl verify -x509_strict -CAfile "$INKAN_DIR/certs/root-g2.pem" "$INKAN_DIR/certs/root-g2.pem" >/dev/null; }
each_act "root-rekey" rekey 1 4 $((before + 3)) two_roots

# Another issuing CA, with a service.
{ ceremony_url; echo 'issuers = ( { name = "sensors"; set = [ "cn=Sensors CA G1" ]; certificate = "../certs/sensors.pem"; } );
    services = ( { profile = "ocsp-responder"; issuer = "sensors-g1"; csr = "../certs/x.csr"; certificate = "../certs/x.pem"; set = [ "cn=OCSP sensors" ]; } );'; } |
    ceremony_file add intermediate root root
back
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x \
    -keyout "$T/x.key" -out "$INKAN_DIR/certs/x.csr" 2>/dev/null
keep
one_more() { [ "$(keys_of ca | grep -c -- -g)" = 4 ] && chain "$INKAN_ROOT" "$INKAN_DIR/certs/x.pem" "$INKAN_DIR/certs/sensors.pem" >/dev/null; }
each_act intermediate add 1 3 $((before + 2)) one_more

# The CA's revocation stands from the moment it is written.
back
published attestation-g1
ceremony_file revoke revoke root root <<<"serial = \"$(serial "$T/attestation-g1.pem")\"; reason = \"superseded\";"
is_revoked() { crl_lists root-g1 "$(serial "$T/attestation-g1.pem")"; }
each_act revoke revoke 1 2 $((before - 1)) is_revoked

# What --resume refuses.
back
killed add 9 || fail "it was not killed"
cp "$INKAN_CONFIG_DIR/add.conf" "$T/add.conf"
sed -i 's/Sensors CA G1/Sensors CA G9/' "$INKAN_CONFIG_DIR/add.conf"
ceremony add --resume; is "another file: refused" $? 1
has "  resume.file" "$said" "resume\.file"
cp "$T/add.conf" "$INKAN_CONFIG_DIR/add.conf"
ceremony rekey; is "another ceremony: refused" $? 1
has "  it says what is open, and both ways out" "$said" "\(intermediate\) was interrupted.*--resume.*--discard"
mv "$INKAN_DIR/tokens/root" "$T/root-away"
ceremony add --resume; is "without the root's token: it fails" $? 1
has "  and is open still" "$said" "interrupted again.*--resume.*--discard"
mv "$T/root-away" "$INKAN_DIR/tokens/root"
ceremony add --discard; is "rolled back, and run from the start" $? 0
has "  it says what it found" "$said" "discarded an interrupted ceremony \(intermediate\): 1 keys destroyed"
has "  the transcript of then has its end" "$(tail -1 "$INKAN_DIR/log/transcript")" 'end result="discarded"'
ceremony add --resume; is "nothing is open: refused" $? 1
has "  resume.none" "$said" "resume\.none"

# The first ceremony.
rm -f "$INKAN_STORE"* "$INKAN_STATUS_DB"*
rm -rf "$INKAN_DIR"/pub "$INKAN_DIR"/tokens/*/*
for t in root ca; do
	SOFTHSM2_CONF=$INKAN_DIR/tokens/$t.conf softhsm2-util --module "$INKAN_PKCS11_MODULE" --init-token --free \
	    --label "inkan-$t" --so-pin "$(cat "$INKAN_DIR/pins/$t.so-pin")" --pin "$(cat "$INKAN_DIR/pins/$t.pin")" >/dev/null
done
rm -f "$INKAN_DIR"/state/*.pin-state
mkdir -p "$INKAN_DIR/pub"
keep
all_there() { [ "$(keys_of ca | grep -c -- -g)$(keys_of root | wc -l)" = 31 ] && openssl verify -x509_strict -CAfile "$INKAN_ROOT" -untrusted "$INKAN_ISSUER" "$INKAN_DIR/certs/est.pem" >/dev/null; }
each_act init ceremony 1 9 8 all_there
finish
