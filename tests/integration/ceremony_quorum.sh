#!/usr/bin/env bash
# k of n named participants sign a ceremony's file before a key is used.
tid="ceremony: quorum"
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hierarchy/lib.bash"
inkan() { "$INKAN_BIN/inkan" "$@"; }
demo_up
demo_stop
P=$T/people
mkdir -p "$P"
person() {	# NAME ALGORITHM...
	local name=$1; shift
	openssl genpkey "$@" -out "$P/$name.key" 2>/dev/null
	inkan ceremony key --name "$name" --key "$P/$name.key" >"$P/$name.vkey"
}
person alice -algorithm ed25519
person bob -algorithm EC -pkeyopt ec_paramgen_curve:P-256
person carol -algorithm ed25519
person mallory -algorithm ed25519
# Carol's key is given as a public key in PEM.
openssl pkey -in "$P/carol.key" -pubout -out "$INKAN_CONFIG_DIR/carol.pub"
people() {
	cat <<-X
	participants = ( { name = "alice"; key = "$(cat "$P/alice.vkey")"; },
	  { name = "bob"; key = "$(cat "$P/bob.vkey")"; }, { name = "carol"; key = "carol.pub"; } );
	quorum = $1;
	X
}
people 2 | ceremony_file crl crl root root
C=$INKAN_CONFIG_DIR/crl.conf
before=$(outside)
# No token is opened before: the root's is not even there.
mv "$INKAN_DIR/tokens/root" "$T/root-away"
refused() {	# what rule options...
	local what=$1 rule=$2; shift 2
	ceremony crl "$@"; is "$what: refused" $? 1
	has "  $rule" "$said" "$rule"
	check "  nothing has changed" test "$(outside)" = "$before"
}
by() { inkan ceremony sign "$C" --key "$P/$1.key" --name "$1" "${@:2}"; }
ceremony crl; is "nobody has signed: refused" $? 1
has "  quorum.short" "$said" "quorum\.short.*signed by 0 participants, 2 must"
check "alice signs" by alice --out "$P/alice.note"
has "  she sees what" "$(cat "$T/out")" "^sha256 $(sha "$C")$"
refused "alice alone" "quorum\.short" --signatures "$P/alice.note"
check "alice signs once more, elsewhere" by alice --out "$P/alice-2.note"
refused "alice twice" "quorum\.twice.*alice signed twice and counts once: 1 of 2" \
    --signatures "$P/alice.note" --signatures "$P/alice-2.note"
check "mallory signs" by mallory --out "$P/mallory.note"
refused "somebody else" "quorum\.unknown.*mallory" --signatures "$P/alice.note" --signatures "$P/mallory.note"
inkan ceremony sign "$C" --key "$P/mallory.key" --name bob --out "$P/false-bob.note" >/dev/null
refused "somebody else under bob's name" "quorum\.unknown.*bob" --signatures "$P/alice.note" --signatures "$P/false-bob.note"
check "bob signs" by bob --out "$P/bob.note"
# One octet of bob's signature: the key's id before it stays.
python3 - "$P/bob.note" "$P/bad-bob.note" <<'X'
import base64, sys
head, line = open(sys.argv[1]).read().rstrip("\n").rsplit(" ", 1)
raw = bytearray(base64.b64decode(line)); raw[-1] ^= 1
open(sys.argv[2], "w").write(head + " " + base64.b64encode(raw).decode() + "\n")
X
refused "a signature that does not hold" "quorum\.signature.*bob" --signatures "$P/alice.note" --signatures "$P/bad-bob.note"
cp "$C" "$P/signed.conf"
sed -i 's/^kind/crl_lifetime = "40d"; &/' "$C"
refused "the file was changed afterwards" "quorum\.hash" --signatures "$P/alice.note" --signatures "$P/bob.note"
cp "$P/signed.conf" "$C"
mv "$T/root-away" "$INKAN_DIR/tokens/root"
ceremony crl --signatures "$P/alice.note" --signatures "$P/bob.note"
is "two of three" $? 0
has "  it says who" "$said" "signed by alice, bob"
# Beside the file, one after the other.
check "carol, beside the file" by carol
check "bob, beside it" by bob
is "  one note with two signatures" "$(grep -c '^—' "$C.sigs")" 2
ceremony crl
is "signatures beside the file" $? 0
has "  it says who" "$said" "signed by bob, carol"

bad_file() {	# what rule
	ceremony bad; is "$1: refused" $? 1
	has "  by name" "$said" "$2"
}
people 4 | ceremony_file bad crl root root; bad_file "4 of 3" "quorum: 4 of 3"
{ people 2; echo 'quorums = 3;'; } | ceremony_file bad crl root root; bad_file "an unknown key" "unknown key .quorums"
echo "participants = ( { name = \"alice\"; key = \"$(cat "$P/alice.vkey")\"; }, { name = \"alice\"; key = \"$(cat "$P/alice.vkey")\"; } ); quorum = 2;" |
    ceremony_file bad crl root root; bad_file "one person as two" "participants\.twice"
inkan ceremony key --name anna --key "$P/alice.key" >"$P/anna.vkey"
echo "participants = ( { name = \"alice\"; key = \"$(cat "$P/alice.vkey")\"; }, { name = \"anna\"; key = \"$(cat "$P/anna.vkey")\"; } ); quorum = 2;" |
    ceremony_file bad crl root root; bad_file "one key as two" "participants\.twice"
echo "participants = ( { name = \"alice\"; key = \"$(cat "$P/alice.vkey")\"; } );" |
    ceremony_file bad crl root root; bad_file "participants without a quorum" "quorum: missing"

# A key in a token of the person's own.
dave() {
	mkdir -p "$P/token"
	printf 'directories.tokendir = %s\nobjectstore.backend = file\n' "$P/token" >"$P/softhsm.conf"
	export SOFTHSM2_CONF=$P/softhsm.conf
	(umask 077; echo 4711 >"$P/dave.pin")
	softhsm2-util --module "$INKAN_PKCS11_MODULE" --init-token --free --label dave --so-pin 12345678 --pin 4711 &&
	    pkcs11-tool --module "$INKAN_PKCS11_MODULE" --token-label dave --login --pin 4711 \
	    --keypairgen --key-type EC:prime256v1 --label dave --id 01 --sensitive
}
check "dave makes a key in his own token" dave
export SOFTHSM2_CONF=$P/softhsm.conf
uri="pkcs11:token=dave;object=dave?pin-source=file:$P/dave.pin"
inkan ceremony key --name dave --key "$uri" --module "$INKAN_PKCS11_MODULE" >"$P/dave.vkey"
echo "participants = ( { name = \"dave\"; key = \"$(cat "$P/dave.vkey")\"; } ); quorum = 1;" |
    ceremony_file token crl root root
check "he signs with it" inkan ceremony sign "$INKAN_CONFIG_DIR/token.conf" --name dave --key "$uri" --module "$INKAN_PKCS11_MODULE"
unset SOFTHSM2_CONF
ceremony token; is "it counts" $? 0
demo_start ca
check "all is well" wait_for 20 inkan status --check
finish
