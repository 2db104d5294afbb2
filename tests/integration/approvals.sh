#!/usr/bin/env bash
# Approvals: what needs others waits for them, is what they signed, and is done
# once.
tid="approvals"
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/people.sh"
before_ceremony() { people_conf; }
demo_up
people_ready
new_csr() { new_key "$T/$1.key"; csr "$T/$1.key" "/CN=$1" >"$T/$1.csr"; chmod 644 "$T/$1.csr"; }
certs() { as $ANN --json cert list --profile code-signing | json - 'len(d)'; }
no_approval() { no "$1" "$2" "$3" request approve "$4" "${@:5}"; }
has "status" "$(as $ANN status)" "operators +6 operators, 3 rules of approval"

# Two approvals for code signing.
new_csr one
park $BOB issue --profile code-signing --csr "$T/one.csr"
has "who asks is told" "$(cat "$T/park")" "request $id, which needs 2 approvals by others"
is "nothing is issued" "$(certs)" 0
out=$(as $CAROL request show "$id")
has "shown: what is asked" "$out" "op: issue"; has "  by whom" "$out" "asker: admin:uid:$BOB"
has "  the arguments" "$out" "profile: code-signing"; has "  the identity" "$out" "identity.cn: one"
has "  what it rests on" "$out" "profile_sha256: [0-9a-f]{64}"; has "  policy" "$out" "policy: 1"
has "listed" "$(as $ANN request list)" "^$id +waiting +issue +admin:uid:$BOB +0/2"
text=$(as $CAROL request show "$id" --text)
has "what is signed has the operation" "$text" "^operation: issue"; has "  the id" "$text" "^request: $id"
has "  the content's hash" "$text" "^content: sha256:[0-9a-f]{64}$"; has "  the end" "$text" "^expires: 20"
is "the hash is that of the content" "$(as $ANN --json request show "$id" |
    python3 -c 'import json,sys,hashlib; d=json.load(sys.stdin); print(hashlib.sha256(bytes.fromhex(d["content"])).hexdigest() == d["content_sha256"])')" True

no_approval "nobody approves their own" approval.self $BOB "$id" --key "$T/keys/bob.pem"
no_approval "an admin approves no issuance" approval.role $ALICE "$id" --key "$T/keys/alice.pem"
no_approval "an auditor approves nothing" role.operation $ANN "$id"
no_approval "nor does who has no role" role.none $NOBODY "$id"
no_approval "a uid alone does not count" approval.signature $CAROL "$id"
cp "$T/keys/olga.pem" "$T/stolen.pem"; chown $CAROL "$T/stolen.pem"
no_approval "another's key: the tool says so" approval.key $CAROL "$id" --key "$T/stolen.pem"
sign_as() {	# name, text on stdin: a signed note, made without our tool
	python3 - "$T/keys/$1.pem" "$1" "$("$BUILD/inkan" operator key --name "$1" --key "$T/keys/$1.pem")" <<-'P' "$2"
	import sys, base64, subprocess, tempfile
	key, name, vkey, text = sys.argv[1], sys.argv[2], sys.argv[3], open(sys.argv[4]).read()
	kid = bytes.fromhex(vkey.split('+')[1])
	with tempfile.NamedTemporaryFile() as f:
	    f.write(text.encode()); f.flush()
	    sig = subprocess.run(['openssl', 'dgst', '-sha256', '-sign', key, f.name], stdout=subprocess.PIPE, check=True).stdout
	print(text + '\n\u2014 ' + name + ' ' + base64.b64encode(kid + sig).decode())
	P
}
as $CAROL request show "$id" --text >"$T/text"
sed 's/^request: .*/request: 99/' "$T/text" >"$T/text99"
sign_as carol "$T/text99" >"$T/note"; chmod 644 "$T/note"
no_approval "a note for other content" approval.content $CAROL "$id" --note "$T/note"
sign_as olga "$T/text" >"$T/note"
no_approval "a note by another key" approval.key $CAROL "$id" --note "$T/note"
sign_as carol "$T/text" | sed 's/^\(— carol .\{30\}\)./\1A/' >"$T/note"
no_approval "a broken signature" approval.signature $CAROL "$id" --note "$T/note"
echo nonsense >"$T/note"
no_approval "no note at all" approval.signature $CAROL "$id" --note "$T/note"
is "all that came to nothing" "$(state_of "$id")" waiting

sign_as carol "$T/text" >"$T/note"
check "one, signed by openssl alone" as $CAROL request approve "$id" --note "$T/note"
no_approval "one person counts once" approval.twice $CAROL "$id" --key "$T/keys/carol.pem"
is "not yet" "$(state_of "$id") $(certs)" "waiting 0"
out=$(approve olga "$id" 2>&1); is "the second" $? 0
has "  is shown what it signs" "$out" "identity.cn: one"
has "  and runs it" "$out" "state: done"
is "one certificate" "$(certs)" 1
check "who asked fetches it" as $BOB request show "$id" --out "$T/got/one.pem"
check "  it verifies" verifies "$T/got/one.pem" "$INKAN_CODE_ISSUER"
is "  with its key" "$(openssl x509 -in "$T/got/one.pem" -noout -pubkey)" "$(openssl pkey -in "$T/one.key" -pubout)"
no_approval "a third is not asked" approval.state $CAROL "$id" --key "$T/keys/carol.pem"
no "and it runs once" approval.state $BOB request run "$id"
is "  still one certificate" "$(certs)" 1
log=$(as $ANN log list --limit 3000)
for k in parked approved run done; do has "the log: request.$k" "$log" "request.$k.*request=$id"; done
has "  with who approved" "$log" "request.approved.*operator=carol"
has "  the certificate is the asker's" "$log" "issue.reserved.*requester=admin:uid:$BOB"

# What is refused anyway does not wait.
no "what cannot be issued is refused at once" "uses no field" $BOB issue --profile code-signing --csr "$T/one.csr" --set nonsense=1

# Denied, withdrawn.
new_csr two
park $BOB issue --profile code-signing --csr "$T/two.csr"
no "who could not approve cannot deny" approval.role $ALICE request deny "$id"
check "denied" as $CAROL request deny "$id" --reason "not this week"
has "  with its reason" "$(as $BOB request show "$id")" "not this week"
no_approval "a denied one is over" approval.state $OLGA "$id" --key "$T/keys/olga.pem"
park $BOB issue --profile code-signing --csr "$T/two.csr"
check "withdrawn by who asked" as $BOB request deny "$id"

# Void: the policy changes under it.
park $BOB issue --profile code-signing --csr "$T/two.csr"; two=$id
check "  approved once" approve carol "$two"
sed -i 's/description = "/description = "Changed. /' "$INKAN_CONFIG_DIR/profiles/code-signing.conf"
park $ALICE policy activate --note "a profile"; pol=$id
has "a policy's request names the files" "$(as $CAROL request show "$pol")" "change profiles/code-signing.conf sha256:"
no_approval "an officer approves no policy" approval.role $BOB "$pol" --key "$T/keys/bob.pem"
sed -i 's/Changed\. /Changed again. /' "$INKAN_CONFIG_DIR/profiles/code-signing.conf"
no_approval "the files have changed meanwhile" approval.void $CAROL "$pol" --key "$T/keys/carol.pem"
is "  it is void for good" "$(state_of "$pol")" void
park $ALICE policy activate --note "a profile"
check "approved by another admin" approve carol "$id"
has "  it is active" "$(as $ANN policy show)" "version: 2"
no_approval "what rested on version 1 is void" approval.void $OLGA "$two" --key "$T/keys/olga.pem"
has "  and the log says so" "$(as $ANN log list --limit 3000)" "request.void.*request=$two"
is "  nothing was issued" "$(certs)" 1

# The rules themselves: the highest number.
RULES='{ operation = "issue:code-signing"; number = 0; }' people_conf
park $ALICE policy activate --note "no approvals any more"
has "a change of the rules needs 2" "$(cat "$T/park")" "needs 2 approvals"
check "  one is not enough" approve carol "$id"; is "  still waiting" "$(state_of "$id")" waiting
check "withdrawn" as $ALICE request deny "$id"
RULES='{ operation = "issue:code-signing"; number = 2; },
	  { operation = "revoke:code-signing"; number = 1; },
	  { operation = "secret.new"; number = 1; }' people_conf
park $ALICE policy activate --note "more rules"; approve carol "$id" >/dev/null; approve olga "$id" >/dev/null
has "with two it is active" "$(as $ANN policy show)" "version: 3"

# A key in a token of one's own: nothing of inkan-ca's, no PIN on the command line.
mkdir -m 700 "$T/card" "$T/card/t"
printf 'directories.tokendir = %s/card/t\nlog.level = ERROR\n' "$T" >"$T/card/conf"
openssl pkcs8 -topk8 -nocrypt -in "$T/keys/carol.pem" -out "$T/card/p8"
printf '4711\n' >"$T/card/pin"; chmod 600 "$T/card/pin"
export SOFTHSM2_CONF=$T/card/conf
softhsm2-util --module "$INKAN_PKCS11_MODULE" --init-token --free --label carol --so-pin 12345678 --pin 4711 >/dev/null
softhsm2-util --module "$INKAN_PKCS11_MODULE" --import "$T/card/p8" --token carol --label me --id 01 --pin 4711 >/dev/null
chown -R $CAROL "$T/card"
new_csr four
park $BOB issue --profile code-signing --csr "$T/four.csr"
out=$(as $CAROL request approve "$id" --module "$INKAN_PKCS11_MODULE" \
    --key "pkcs11:token=carol;object=me;type=private?pin-source=file:$T/card/pin" 2>&1)
is "approved by a key in a token" $? 0
has "  it counts" "$out" "^got: 1"
has "  by its signature" "$(as $ANN request show "$id")" "^carol +$CAROL .* yes"
check "withdrawn" as $BOB request deny "$id"
unset SOFTHSM2_CONF

# Revocation of such certificates, whatever way leads there.
sn=$(serial "$T/got/one.pem")
park $BOB revoke --serial "$sn" --reason superseded; r=$id
openssl x509 -in "$T/got/one.pem" -noout -pubkey >"$T/one.pub"; chmod 644 "$T/one.pub"
park $BOB revoke --key "$T/one.pub"
park $BOB revoke --where 'profile=code-signing' --execute --no-wait
enrol_basic plain
check "others need none" as $BOB revoke --serial "$(serial "$D/plain.pem")" --reason superseded
check "approved" approve olga "$r"
is "revoked" "$(as $ANN --json cert show "$sn" | json - 'd["state"]')" revoked

# A secret is not kept: who asked runs it.
park $BOB secret new --fleet devices
has "approved, not run" "$(approve carol "$id")" "state: approved"
has "status tells" "$(as $ANN status)" "requests .*1 approved, not run"
no "another cannot run it" approval.asker $CAROL request run "$id"
secret=$(as $BOB request run "$id" | sed -n 's/^secret: //p')
check "who asked gets the secret" test ${#secret} -gt 20
check_not "it is nowhere in the store" grep -qF "$secret" "$INKAN_STORE" "$INKAN_STORE-wal"
no "a secret of one's own choice does not wait" approval.secret $BOB secret new --fleet devices --user u1 --stdin <<<"correct horse battery staple 42"

# Expiry: by the schedule, and before it by whoever looks.
echo 'lifetime = "12s";' >>"$INKAN_CONFIG_DIR/operators.conf"
park $ALICE policy activate --note "short"; approve carol "$id" >/dev/null; approve olga "$id" >/dev/null
new_csr three
park $BOB issue --profile code-signing --csr "$T/three.csr"; late=$id
check "approved in time" approve carol "$late"
is "waits" "$(state_of "$late")" waiting
sleep 13
no_approval "too late" approval.expired $OLGA "$late" --key "$T/keys/olga.pem"
is "  expired" "$(state_of "$late")" expired
has "  on record" "$(as $ANN log list --limit 3000)" "request.expired.*request=$late"
park $BOB issue --profile code-signing --csr "$T/three.csr"
ended() { as $ANN log list --limit 3000 | grep -q "request.expired.*request=$id;"; }
check "nobody looks: ended by the schedule" wait_for 40 ended
finish
