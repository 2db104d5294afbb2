#!/usr/bin/env bash
# Partitioned CRLs: the shard is written into the certificate, its CRL says so,
# and no other one is taken for it. Expired ones stay where the policy keeps them.
tid="partitioned CRLs"
. "$(dirname "$0")/lib.sh"
need faketime
N=4
before_ceremony() {
	sed -i "s|certificate = \"../certs/attestation.pem\"; }|certificate = \"../certs/attestation.pem\"; crl_shards = $N; crl_lifetime = \"2h\"; crl_interval = \"30m\"; },\n\t{ name = \"spare\"; set = [ \"cn=Inkan Demo Spare CA\", \"o=Inkan Demo\" ]; }|" \
	    "$INKAN_CONFIG_DIR/ceremony.conf"
	sed 's/^name *=.*/name = "sharded";/; s/^issuer *=.*/issuer = "attestation";/' \
	    "$here/profiles/shipped/device-ldevid.conf" >"$INKAN_CONFIG_DIR/profiles/sharded.conf"
}
demo_up
crls=$INKAN_DIR/pub/crl
issue() {	# name [profile]: $D/NAME.pem
	new_key "$D/$1.key"
	csr "$D/$1.key" "/CN=$1" >"$D/$1.csr"
	inkan issue --profile "${2:-sharded}" --csr "$D/$1.csr" --out "$D/$1.pem" >/dev/null
}
url_of() { openssl x509 -in "$1" -noout -ext crlDistributionPoints | sed -n 's/.*URI:\(http:.*\)/\1/p'; }
shard_of() { url_of "$1" | sed -n 's/.*-s\([0-9]*\)\.crl$/\1/p'; }
text_of() { openssl crl -inform DER -in "$1" -noout -text; }
number_of() { openssl crl -inform DER -in "$1" -noout -crlnumber | sed 's/.*0x//'; }
fetch() { curl -sSf --max-time 10 -o "$2" "$1"; }
pem() { openssl crl -inform DER -in "$1" -out "$2"; }
A=$INKAN_ATTEST_ISSUER

# --- every shard is there, also with nothing in it ---
for i in $(seq 0 $((N - 1))); do
	f=$crls/attestation-g1-s$i.crl
	check "shard $i is published" test -s "$f"
	check "  and served" fetch "$INKAN_HTTP_URL/crl/attestation-g1-s$i.crl" "$T/s$i.crl"
	check "  signed by the CA" openssl crl -inform DER -in "$f" -noout -CAfile "$A"
	text=$(text_of "$f")
	has "  empty: no revokedCertificates" "$text" "No Revoked Certificates"
	has "  IDP, critical" "$text" "Issuing Distribution Point: critical"
	has "  with its own address" "$text" "URI:$INKAN_HTTP_URL/crl/attestation-g1-s$i.crl"
	check_not "  the entry list is absent, not empty" sh -c \
	    "openssl asn1parse -inform DER -in '$f' | grep -E 'd=2 .*l= *0 cons: SEQUENCE'"
done
check_not "no full CRL beside them" test -e "$crls/attestation-g1.crl"
text=$(text_of "$crls/devices-g1.crl")
check_not "a full CRL has no IDP" grep -q "Issuing Distribution" <<<"$text"

# --- the address in the certificate, by the rule that is documented ---
for n in a b c d e f g h i j k l; do issue $n || fail "issue $n"; done
for n in a b c; do
	s=$(openssl x509 -in "$D/$n.pem" -noout -serial | cut -d= -f2)
	want=$(python3 -c 'import hashlib,sys; s=bytes.fromhex(sys.argv[1]); print(int.from_bytes(hashlib.sha256(s).digest()[:4],"big") % int(sys.argv[2]))' "$s" $N)
	is "shard of $n, by its serial" "$(shard_of "$D/$n.pem")" "$want"
done
check "more than one shard is in use" test "$(for n in a b c d e f g h i j k l; do shard_of "$D/$n.pem"; done | sort -u | wc -l)" -gt 1

# --- a revocation re-issues its own shard, and soon ---
k=$(shard_of "$D/a.pem")
for n in b c d e f g h i j k l; do other=$(shard_of "$D/$n.pem"); o=$n; [ "$other" != "$k" ] && break; done
nk=$(number_of "$crls/attestation-g1-s$k.crl") no=$(number_of "$crls/attestation-g1-s$other.crl")
sa=$(openssl x509 -in "$D/a.pem" -noout -serial | cut -d= -f2)
check "revoke" inkan revoke --serial "$sa" --issuer attestation --reason keyCompromise
listed() { text_of "$crls/attestation-g1-s$k.crl" | grep -q "$sa"; }
check "its CRL lists it soon" wait_for 30 listed
check "  with a higher number" test "$((16#$(number_of "$crls/attestation-g1-s$k.crl")))" -gt "$((16#$nk))"
is "the other shard's is as it was" "$(number_of "$crls/attestation-g1-s$other.crl")" "$no"
fetch "$(url_of "$D/a.pem")" "$T/right.crl"; pem "$T/right.crl" "$T/right.pem"
fetch "$(url_of "$D/$o.pem")" "$T/other.crl"; pem "$T/other.crl" "$T/other.pem"
v() { openssl verify -x509_strict -crl_check -CAfile "$INKAN_ROOT" -untrusted "$A" -CRLfile "$2" "$1" 2>&1; }
has "openssl verify with the right shard: revoked" "$(v "$D/a.pem" "$T/right.pem")" "certificate revoked"
check "  a good one of the other shard" v "$D/$o.pem" "$T/other.pem"
out=$(v "$D/a.pem" "$T/other.pem"); check_not "another shard's CRL does not cover it" v "$D/a.pem" "$T/other.pem"
has "  and openssl says scope, not revoked" "$out" "[Dd]ifferent CRL scope|unable to get certificate CRL"
has "OCSP knows it too" "$(timeout 20 openssl ocsp -issuer "$A" -CAfile "$INKAN_ROOT" -url "$INKAN_OCSP_URL" -no_nonce -cert "$D/a.pem" 2>&1)" "revoked"
inkan --json crl show --issuer attestation >"$T/j"
is "crl show has all shards" "$(json "$T/j" 'len(d)')" $N
is "  with the entry" "$(json "$T/j" 'sum(c["entries"] for c in d)')" 1
check "one shard as PEM" inkan crl show --issuer attestation --shard "$k" --out "$T/show.pem"
check "  the same octets" cmp <(openssl crl -in "$T/show.pem" -outform DER) "$T/right.crl"
check_not "without --shard there is no one CRL to write" inkan crl show --issuer attestation --out "$T/x.pem"
check_not "no such shard" inkan crl show --issuer attestation --shard $N
has "status counts them" "$(inkan status)" "attestation-g1 +$N shards, 1 entries"

# --- many revocations make few CRLs ---
made() { inkan --json log list --all | json - 'sum(e["kind"] == "crl" for e in d)'; }
before=$(made) start=$SECONDS
hold() { inkan revoke --serial "$1" --issuer attestation --reason certificateHold >/dev/null; }
release() { inkan release --serial "$1" --issuer attestation >/dev/null; }
for n in d e f; do s=$(serial "$D/$n.pem"); for _ in 1 2 3 4 5; do hold "$s"; release "$s"; done; hold "$s"; done
for n in g h i j k l; do inkan revoke --serial "$(serial "$D/$n.pem")" --issuer attestation >/dev/null; done
all_listed() { [ "$(inkan --json crl show --issuer attestation | json - 'sum(c["entries"] for c in d)')" = 10 ]; }
check "all are listed after a few seconds" wait_for 30 all_listed
after=$(made) most=$(( N * ((SECONDS - start) / 5 + 1) ))
check "some" test "$after" -gt "$before"
check "39 changes: $((after - before)) CRLs, at most $most" test $((after - before)) -le $most

# --- an older CRL never replaces a newer one; garbage is replaced ---
demo_stop; cp "$crls/attestation-g1-s$k.crl" "$T/new.crl"
cp "$T/s$k.crl" "$crls/attestation-g1-s$k.crl"; demo_start ca ra ocsp
check "at start the newest stands there again" cmp "$T/new.crl" "$crls/attestation-g1-s$k.crl"
n1=$(number_of "$crls/attestation-g1-s$k.crl")
demo_stop; echo garbage >"$crls/attestation-g1-s$k.crl"; demo_start ca ra ocsp
is "garbage too is replaced" "$(number_of "$crls/attestation-g1-s$k.crl")" "$n1"
demo_stop; rm "$crls/attestation-g1-s$k.crl"; demo_start ca ra ocsp
is "a lost file is there again" "$(number_of "$crls/attestation-g1-s$k.crl")" "$n1"
demo_stop; cp "$INKAN_STORE" "$T/backup.db"; demo_start ca ra ocsp
inkan crl issue --issuer attestation >/dev/null; cp "$crls/attestation-g1-s$k.crl" "$T/later.crl"
check "numbers rise over a restart" test "$((16#$(number_of "$T/later.crl")))" -gt "$((16#$n1))"
demo_stop; rm -f "$INKAN_STORE"-wal "$INKAN_STORE"-shm; cp "$T/backup.db" "$INKAN_STORE"; sleep 1
demo_start ca
check "an old store does not take a CRL back" test "$((16#$(number_of "$crls/attestation-g1-s$k.crl")))" -ge "$((16#$(number_of "$T/later.crl")))"
has "  and says so" "$(cat "$INKAN_DIR/log/inkan-ca.log")" "crl.older: number"
newer() { [ "$((16#$(number_of "$crls/attestation-g1-s$k.crl")))" -gt "$((16#$(number_of "$T/later.crl")))" ]; }
check "  but makes a newer one" wait_for 20 newer
demo_start ra ocsp

# --- the count is fixed once the CA has issued ---
out=$(inkan crl shards --issuer attestation --shards 8 2>&1); check "another count is refused" test $? -eq 1
has "  by name" "$out" "crl\.shards: "
is "  and nothing changed" "$(inkan --json crl show --issuer attestation | json - 'len(d)')" $N
check_not "not a count" inkan crl shards --issuer spare --shards 1
check_not "nor this" inkan crl shards --issuer spare --shards 257
check "a CA that has issued nothing may be cut" inkan crl shards --issuer spare --shards 3
check "  its shards are there" test -s "$crls/spare-g1-s2.crl"
demo_stop; demo_start ca ra ocsp
is "  also after a restart" "$(inkan --json crl show --issuer spare | json - 'len(d)')" 3
has "  and on record" "$(inkan log list --limit 1000)" "crl.shards"

# --- what the ceremony refuses ---
for bad in "crl_shards = 1;" "crl_shards = 257;" "crl_lifetime = \"2h\"; crl_interval = \"61m\";"; do
	sed "s|crl_shards = $N;|$bad|; s|crl_lifetime = \"2h\"; crl_interval = \"30m\"; }|}|" "$INKAN_CONFIG_DIR/ceremony.conf" >"$INKAN_CONFIG_DIR/bad.conf"
	out=$("$INKAN_BIN/inkan-ceremony" --config "$INKAN_CONFIG_DIR/bad.conf" 2>&1)
	has "ceremony refuses $bad" "$out" "bad.conf:[0-9]+: crl_(shards|interval)"
done

# --- the plan ---
inkan --json crl plan --issuer devices --fleet-size 1000000 --revocation-rate 2 --validity 730d >"$T/j"
is "a plan: entries at any time" "$(json "$T/j" 'd["entries"]')" 20000
has "  shards are best" "$(json "$T/j" '[c["choice"] for c in d["choices"] if c["fits"]=="best"]')" "shards"
inkan --json crl plan --issuer code --fleet-size 100 --revocation-rate 1 >"$T/j"
has "  a small one needs one CRL" "$(json "$T/j" '[c["choice"] for c in d["choices"] if c["fits"]=="best"]')" "full CRL"
is "  kept ones grow for ten years" "$(json "$T/j" 'd["entries"]')" 10
check "from the store" inkan crl plan
check_not "no such rate" inkan crl plan --revocation-rate 101
check_not "no number" inkan crl plan --revocation-rate lots
finish
