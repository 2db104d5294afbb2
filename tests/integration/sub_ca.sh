#!/usr/bin/env bash
# A CA below a root that is not ours: request out, certificate in, issuing.
tid="sub-CA under a foreign root"
. "$(dirname "$0")/lib.sh"
need openssl
F=$T/foreign
mkdir -p "$F/new"
# The foreign side: a root, an intermediate, and what one makes wrong.
cat >"$F/ca.cnf" <<-'CNF'
	[req]
	distinguished_name = dn
	prompt = no
	[dn]
	CN = unused
	[root]
	basicConstraints = critical,CA:TRUE
	keyUsage = critical,keyCertSign,cRLSign
	subjectKeyIdentifier = hash
	[mid]
	basicConstraints = critical,CA:TRUE,pathlen:1
	nameConstraints = critical,excluded;DNS:forbidden.example
	keyUsage = critical,keyCertSign,cRLSign
	subjectKeyIdentifier = hash
	authorityKeyIdentifier = keyid
	[narrow]
	basicConstraints = critical,CA:TRUE,pathlen:0
	keyUsage = critical,keyCertSign,cRLSign
	subjectKeyIdentifier = hash
	authorityKeyIdentifier = keyid
	[sub]
	basicConstraints = critical,CA:TRUE,pathlen:0
	keyUsage = critical,keyCertSign,cRLSign
	subjectKeyIdentifier = hash
	authorityKeyIdentifier = keyid
	[leaf]
	basicConstraints = critical,CA:FALSE
	keyUsage = critical,digitalSignature
	subjectKeyIdentifier = hash
	authorityKeyIdentifier = keyid
	[nocrl]
	basicConstraints = critical,CA:TRUE,pathlen:0
	keyUsage = critical,keyCertSign
	subjectKeyIdentifier = hash
	authorityKeyIdentifier = keyid
	[noski]
	basicConstraints = critical,CA:TRUE,pathlen:0
	keyUsage = critical,keyCertSign,cRLSign
	subjectKeyIdentifier = none
	authorityKeyIdentifier = keyid
CNF
root() {	# NAME SUBJECT
	new_key "$F/$1.key"
	openssl req -x509 -new -key "$F/$1.key" -subj "$2" -days 3650 \
	    -config "$F/ca.cnf" -extensions root -out "$F/$1.pem"
}
serial=1
# sign BY EXTENSIONS CSR OUT [openssl x509 options]
sign() {
	local by=$1 ext=$2 in=$3 out=$4; shift 4
	serial=$((serial + 1))
	openssl x509 -req -in "$in" -CA "$F/$by.pem" -CAkey "$F/$by.key" \
	    -set_serial $serial -days 730 -extfile "$F/ca.cnf" \
	    -extensions "$ext" -out "$out" "$@" 2>/dev/null
}
mid() {	# NAME EXTENSIONS BY
	new_key "$F/$1.key"
	openssl req -new -key "$F/$1.key" -subj "/O=Group/CN=Group $1" -out "$F/$1.csr"
	sign "$3" "$2" "$F/$1.csr" "$F/$1.pem"
}
root group "/O=Group/CN=Group Root"
root other "/O=Other/CN=Other Root"
mid mid mid group
mid narrow narrow group
mid sub-of-narrow sub narrow
cat "$F/mid.pem" "$F/group.pem" >"$F/chain.pem"

demo_up
refused() {	# WHAT RULE command...
	local what=$1 rule=$2; shift 2
	if "$@" >"$T/r" 2>&1; then fail "$what: it succeeded"; else has "$what: $rule" "$(cat "$T/r")" "$rule"; fi
}

# --- request ---
request() { inkan ca request "$@"; }
refused "no name" request.subject request sub --key-type ec-p384
refused "bad name" request.name request 'S b' --key-type ec-p384 --set cn=X
refused "like a generation" request.name request sub-g1 --key-type ec-p384 --set cn=X
refused "bad attribute" request.subject request sub --key-type ec-p384 --set zz=X
refused "bad key type" request.key_type request sub --key-type dsa --set cn=X
refused "no key type" request.key_type request sub --set cn=X
refused "no such token" token.unknown request sub --key-type ec-p384 --set cn=X --token hsm9
refused "a CA of ours" issuer.duplicate request devices --generation 1 --key-type ec-p384 --set cn=X
refused "CRLs too rare" request.crl_interval request sub --key-type ec-p384 --set cn=X --crl-lifetime 1h --crl-interval 50m
refused "bad URL" request.http_url request sub --key-type ec-p384 --set cn=X --http-url https://a
is "nothing was made" "$(inkan --json key list | json - 'len([k for k in d if k["label"] != "inkan-log"])')" 3
check "request" request sub --key-type ec-p384 --set c=DE --set "o=Inkan Test" --set "cn=Sub CA" \
    --crl-lifetime 1h --crl-interval 10m --out "$T/sub.csr"
check "  it proves its key" openssl req -in "$T/sub.csr" -noout -verify
text=$(openssl req -in "$T/sub.csr" -noout -text)
has "  subject in the order asked" "$text" 'Subject: C ?= ?DE, O ?= ?Inkan Test, CN ?= ?Sub CA'
has "  key" "$text" 'secp384r1'
has "  cA, critical, path length" "$(echo "$text" | tr '\n' ' ')" 'Basic Constraints: critical +CA:TRUE, pathlen:0'
has "  keyCertSign, cRLSign, critical" "$(echo "$text" | tr '\n' ' ')" 'Key Usage: critical +Certificate Sign, CRL Sign'
check "asked again" request sub --out "$T/again.csr"
check "  the same request" cmp "$T/sub.csr" "$T/again.csr"
refused "another subject" request.pending request sub --set cn=Other
refused "another key" request.pending request sub --key-type rsa-3072
has "ca list" "$(inkan ca list)" 'sub-g1 +pending'
has "ca show" "$(inkan ca show sub)" 'Sub CA'
inkan --json key list >"$T/keys.json"
is "the key is in the token" "$(json "$T/keys.json" '[(k["sensitive"],k["extractable"],k["local"]) for k in d if k["label"]=="inkan-sub-g1"]')" "[(True, False, True)]"

# --- import: what is wrong is refused, and nothing changes ---
import() { inkan ca import sub --cert "$@"; }
before=$(inkan --json ca list)
published=$(ls "$T/demo/pub/ca" "$T/demo/pub/crl")
new_key "$T/k"; openssl req -new -key "$T/k" -subj "/C=DE/O=Inkan Test/CN=Sub CA" -out "$T/wrong.csr"
sign mid sub "$T/wrong.csr" "$T/wrongkey.pem"
refused "another key" import.key import "$T/wrongkey.pem" --chain "$F/chain.pem"
openssl req -in "$T/sub.csr" -noout -pubkey >"$T/sub.pub"
openssl req -new -key "$T/k" -subj /CN=Somebody -out "$T/somebody.csr"
sign mid sub "$T/somebody.csr" "$T/wrongname.pem" -force_pubkey "$T/sub.pub"
refused "another name" import.name import "$T/wrongname.pem" --chain "$F/chain.pem"
sign mid leaf "$T/sub.csr" "$T/leaf.pem"
refused "no CA" import.usage import "$T/leaf.pem" --chain "$F/chain.pem"
sign mid nocrl "$T/sub.csr" "$T/nocrl.pem"
refused "may not sign CRLs" import.usage import "$T/nocrl.pem" --chain "$F/chain.pem"
sign mid noski "$T/sub.csr" "$T/noski.pem"
refused "no key identifier" import.ski import "$T/noski.pem" --chain "$F/chain.pem"
serial=$((serial + 1))
# Of 2021, by a clock of then: OpenSSL 3.5 takes no negative -days.
faketime '2021-01-01 00:00:00' openssl x509 -req -in "$T/sub.csr" -CA "$F/mid.pem" \
    -CAkey "$F/mid.key" -set_serial $serial -days 30 -extfile "$F/ca.cnf" \
    -extensions sub -out "$T/expired.pem" 2>/dev/null
refused "expired" import.validity import "$T/expired.pem" --chain "$F/chain.pem"
sign narrow sub "$T/sub.csr" "$T/toolong.pem"
cat "$F/narrow.pem" "$F/group.pem" >"$F/narrow-chain.pem"
refused "a path length that cannot be met" path.length import "$T/toolong.pem" --chain "$F/narrow-chain.pem"
sign mid sub "$T/sub.csr" "$T/sub.pem"
refused "no chain" import.chain import "$T/sub.pem"
refused "a chain with a gap" import.chain import "$T/sub.pem" --chain "$F/group.pem"
refused "another root's chain" import.chain import "$T/sub.pem" --chain "$F/other.pem"
refused "no certificate" "exactly 1 wanted" import "$T/sub.csr" --chain "$F/chain.pem"
refused "no such CA" import.absent inkan ca import nobody --cert "$T/sub.pem" --chain "$F/chain.pem"
refused "a CA under our own root" import.parent inkan ca import devices --cert "$T/sub.pem" --chain "$F/chain.pem"
is "nothing changed" "$(inkan --json ca list)" "$before"
is "nothing published" "$(ls "$T/demo/pub/ca" "$T/demo/pub/crl")" "$published"

# --- import ---
check "import" import "$T/sub.pem" --chain "$F/chain.pem"
has "ca list" "$(inkan ca list)" 'sub-g1 +active'
inkan --json ca show sub >"$T/show.json"
is "chain" "$(json "$T/show.json" '[(c["kind"], c["subject"]) for c in d["certificates"]]')" \
    "[('chain', 'CN=Group mid,O=Group'), ('chain', 'CN=Group Root,O=Group')]"
refused "the same once more" import.same import "$T/sub.pem" --chain "$F/chain.pem"
check "published certificate" curl -sSf -o "$T/pub.cer" "${INKAN_HTTP_URL:-http://127.0.0.1:$((${INKAN_EST_URL##*:} + 1))}/ca/sub-g1.cer"

# --- a profile of it, without a restart ---
pids=$(cat "$T"/demo/run/*.pid | tr '\n' ' ')
sed -e 's/^name = .*/name = "sub-device";/' -e 's/^issuer = .*/issuer = "sub";/' \
    "$T/demo/config/profiles/device-ldevid.conf" >"$T/demo/config/profiles/sub-device.conf"
check "policy" inkan policy activate --note "a profile of the sub-CA"
new_key "$T/d.key"; openssl req -new -key "$T/d.key" -subj /CN=sub-one -out "$T/d.csr"
check "issue" inkan issue --profile sub-device --csr "$T/d.csr" --out "$T/d.pem"
check "verifies up to the foreign root" openssl verify -x509_strict -CAfile "$F/group.pem" \
    -untrusted <(cat "$T/sub.pem" "$F/mid.pem") "$T/d.pem"
check_not "  and under no other" openssl verify -x509_strict -CAfile "$F/other.pem" \
    -untrusted <(cat "$T/sub.pem" "$F/mid.pem") "$T/d.pem"
# The foreign CA above has name constraints, the sub-CA itself has none.
new_key "$T/f.key"; openssl req -new -key "$T/f.key" -subj /CN=sub-one.forbidden.example -out "$T/forbidden.csr"
above() { refused "$1" name.constraints inkan issue --profile sub-device --csr "$T/forbidden.csr"; }
above "a name that a CA above excludes"
inkan crl show sub --pem >"$T/sub.crl"
check "CRL at once" openssl crl -in "$T/sub.crl" -noout -CAfile <(cat "$T/sub.pem")
for ca in group mid; do
	: >"$F/$ca.index"; echo 01 >"$F/$ca.number"
	cat >"$F/$ca-crl.cnf" <<-CNF
		[ca]
		default_ca = d
		[d]
		database = $F/$ca.index
		crlnumber = $F/$ca.number
		default_md = sha256
		default_crl_days = 30
		crl_extensions = e
		[e]
		authorityKeyIdentifier = keyid
	CNF
	openssl ca -gencrl -config "$F/$ca-crl.cnf" -cert "$F/$ca.pem" -keyfile "$F/$ca.key" -out "$F/$ca.crl" 2>/dev/null
done
all_crls() {
	openssl verify -x509_strict -crl_check_all -CAfile "$F/group.pem" \
	    -untrusted <(cat "$T/sub.pem" "$F/mid.pem") \
	    -CRLfile <(cat "$T/sub.crl" "$F/mid.crl" "$F/group.crl") "$T/d.pem"
}
check "with every CRL" all_crls
check "revoke" inkan revoke --serial "$(serial "$T/d.pem")" --reason keyCompromise
check "  a new CRL" inkan crl issue --issuer sub
inkan crl show sub --pem >"$T/sub.crl"
check_not "  it is revoked" all_crls
has "status" "$(inkan status)" 'sub-g1 .*certificate is valid'
has "  and what is above it" "$(inkan status)" 'sub-g1 .*foreign CA above it that ends first is valid'
has "on record" "$(inkan log list --all)" 'ca.import .*sub-g1'

# --- renewal by the foreign CA: same key, newer certificate ---
sleep 1
sign mid sub "$T/sub.csr" "$T/sub2.pem" -days 800
sign mid sub "$T/wrong.csr" "$T/renew-wrong.pem"
refused "renewal for another key" import.key import "$T/renew-wrong.pem"
check "renewal, chain known by now" import "$T/sub2.pem"
inkan ca show sub --pem >"$T/now.pem"
is "it is the certificate now" "$(openssl x509 -in "$T/now.pem" -noout -serial)" "$(openssl x509 -in "$T/sub2.pem" -noout -serial)"
has "the old one is kept" "$(inkan ca show sub)" 'renewed'
refused "an older one" import.validity import "$T/sub.pem"
new_key "$T/d2.key"; openssl req -new -key "$T/d2.key" -subj /CN=sub-two -out "$T/d2.csr"
check "issues on" inkan issue --profile sub-device --csr "$T/d2.csr" --out "$T/d2.pem"
above "  within the same constraints"
check "old certificates verify under the new one" openssl verify -x509_strict -CAfile "$F/group.pem" \
    -untrusted <(cat "$T/sub2.pem" "$F/mid.pem") "$T/d.pem"

# --- a second one under the same root: its chain is known ---
check "another request" request sub2 --key-type rsa-3072 --set cn=Second --out "$T/sub2.csr"
sign mid sub "$T/sub2.csr" "$T/second.pem"
check "import without a chain" inkan ca import sub2 --cert "$T/second.pem"

# --- abandoned ---
check "a third one" request sub3 --key-type ec-p256 --set cn=Third --out "$T/third.csr"
check "abandoned" request sub3 --abandon
refused "  again" request.absent request sub3 --abandon
is "  its key is gone" "$(inkan --json key list | json - 'len([k for k in d if "sub3" in k["label"]])')" 0
sign mid sub "$T/third.csr" "$T/third.pem"
refused "  its certificate is nobody's" import.absent inkan ca import sub3 --cert "$T/third.pem"
is "nobody was restarted" "$(cat "$T"/demo/run/*.pid | tr '\n' ' ')" "$pids"

# --- a fleet of it: EST under the foreign root ---
sed -e 's/^name = .*/name = "plant";/' -e 's/^label = .*/label = "plant";/' -e '/^default = /d' \
    -e 's/^profile = .*/profile = "sub-device";/' "$INKAN_CONFIG_DIR/fleets/devices.conf" >"$INKAN_CONFIG_DIR/fleets/plant.conf"
check "a fleet" inkan policy activate
inkan --json secret new --fleet plant --reusable >"$T/secret.json"
INKAN_USER=$(json "$T/secret.json" 'd["user"]') INKAN_SECRET=$(json "$T/secret.json" 'd["secret"]')
plant() { get plant/cacerts; [ "$code" = 200 ]; }
check "the RA knows it" wait_for 40 plant
base64 -d <"$body" | openssl pkcs7 -inform DER -print_certs >"$T/cacerts"
for who in 'Sub CA' 'Group mid' 'Group Root' 'Demo Root'; do
	has "cacerts: $who" "$(grep '^subject' "$T/cacerts")" "$who"
done
# One of its workers does: the others may yet have to ask.
check "a device enrols" wait_for 20 enrol_basic plant-1 plant/
check "  below the foreign root" openssl verify -x509_strict -CAfile "$F/group.pem" \
    -untrusted <(cat "$T/sub2.pem" "$F/mid.pem") "$D/plant-1.pem"

# --- who answers OCSP for it ---
sed -i 's|^delegates = (|&\n\t{ issuer = "sub-g1"; key = "pkcs11:object=ocsp-sub-g1";\n\t  certificate = "../certs/ocsp-sub-g1.pem";\n\t  csr = "../certs/ocsp-sub-g1.csr"; },|' "$INKAN_CONFIG_DIR/ocsp.conf"
check "the delegate's key" "$INKAN_BIN/inkan-ocsp" --init-keys -c "$INKAN_CONFIG_DIR/ocsp.conf"
refused "a device's profile is none for a delegate" delegate.class inkan ca delegate sub --profile sub-device --csr "$T/demo/certs/ocsp-sub-g1.csr"
check "  its certificate" inkan ca delegate sub --csr "$T/demo/certs/ocsp-sub-g1.csr" --set "cn=OCSP of Sub CA" --out "$T/demo/certs/ocsp-sub-g1.pem"

# --- after a restart ---
demo_stop
demo_start ca ra ocsp
has "still there" "$(inkan ca list)" 'sub-g1 +active'
above "the constraints above are known again"
new_key "$T/e.key"; openssl req -new -key "$T/e.key" -subj /CN=sub-three -out "$T/e.csr"
check "and issues" inkan issue --profile sub-device --csr "$T/e.csr" --out "$T/e.pem"
cat "$T/sub2.pem" "$F/mid.pem" "$F/group.pem" >"$T/all.pem"
ocsp() { openssl ocsp -issuer "$T/sub2.pem" -cert "$1" -url "$INKAN_OCSP_URL" -CAfile "$T/all.pem" 2>&1; }
good() { ocsp "$T/e.pem" | grep -q 'e.pem: good'; }
check "OCSP: good" wait_for 20 good
has "  verified" "$(ocsp "$T/e.pem")" 'Response verify OK'
has "OCSP: revoked" "$(ocsp "$T/d.pem")" 'd.pem: revoked'
finish
