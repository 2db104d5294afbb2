# Sourced after ../lib.sh by the scripts that hold ceremonies on a demo.
# shellcheck shell=bash
hier=$here/tests/integration/hierarchy

# Profiles of the instance that the demo does not need. What is shipped by that
# name goes first.
before_ceremony() {
	local f
	for f in "$hier"/*.conf; do
		[ -e "$INKAN_CONFIG_DIR/profiles/${f##*/}" ] ||
		    cp "$f" "$INKAN_CONFIG_DIR/profiles/"
	done
	if declare -F more_profiles >/dev/null; then more_profiles; fi
}

# The root's token as a ceremony file has it.
root_token() {
	cat <<-X
	token: { uri = "pkcs11:token=inkan-root"; module = "$INKAN_PKCS11_MODULE";
	  softhsm_conf = "../tokens/root.conf"; pin_file = "../pins/root.pin";
	  pin_state = "../state/root.pin-state"; };
	X
}
# ceremony_file NAME KIND SIGNER [root]: the rest on stdin
ceremony_file() {
	{
		echo "kind = \"$2\"; config = \"ca.conf\"; transcript = \"../log/transcript\";"
		echo "signer: { ca = \"$3\"; $([ "${4:-}" = root ] && root_token) };"
		cat
	} >"$INKAN_CONFIG_DIR/$1.conf"
}
# ceremony NAME [options...]: runs it, inkan-ca being stopped; text in $said
ceremony() {
	local name=$1; shift
	said=$("$INKAN_BIN/inkan" ceremony run "$INKAN_CONFIG_DIR/$name.conf" "$@" 2>&1)
}
ceremony_url() { echo "http_url = \"$INKAN_HTTP_URL\";"; }

# der2pem FILE.cer OUT
der2pem() { openssl x509 -inform DER -in "$1" -out "$2"; }
published() { der2pem "$INKAN_DIR/pub/ca/$1.cer" "$T/$1.pem"; }
# The CRL's number and how many entries it has
crl_number() {
	openssl crl -inform DER -in "$INKAN_DIR/pub/crl/$1.crl" -noout -crlnumber |
	    sed 's/.*=\(0x\)\?//'
}
crl_lists() {
	openssl crl -inform DER -in "$INKAN_DIR/pub/crl/$1.crl" -noout -text |
	    grep -qi "serial number: *0*$2"
}
# chain CA.pem LEAF [UNTRUSTED...]: strict, without looking for status
chain() {
	local ca=$1 leaf=$2 u args=()
	shift 2
	for u in "$@"; do args+=(-untrusted "$u"); done
	openssl verify -x509_strict -CAfile "$ca" "${args[@]}" "$leaf"
}
# ocsp_of CERT ISSUER: what the responder says of a certificate; all that openssl says
# when that is no status. It hears of a new CA from status.db, and looks for its
# delegate and its answers up to half a second later: until then it is asked again.
ocsp_of() {
	local said i
	for i in {1..20}; do
		said=$(openssl ocsp -issuer "$2" -cert "$1" -url "$INKAN_OCSP_URL" \
		    -CAfile "$2" -partial_chain 2>&1)
		if [[ $said =~ \.(pem|cer):\ *(good|revoked|unknown)($'\n'|$) ]]; then
			echo "${BASH_REMATCH[2]}"
			return
		fi
		sleep 0.5
	done
	echo "$said"
}
keys_of() {	# token: labels of its private keys
	SOFTHSM2_CONF=$INKAN_DIR/tokens/$1.conf pkcs11-tool \
	    --module "$INKAN_PKCS11_MODULE" --token-label "inkan-$1" --login \
	    --pin "$(cat "$INKAN_DIR/pins/$1.pin")" -O --type privkey 2>/dev/null |
	    sed -n 's/^ *label: *//p' | sort
}
sha() { sha256sum <"$1" | cut -d' ' -f1; }
# Everything that anybody outside can see
outside() { (cd "$INKAN_DIR" && find pub certs -type f -exec sha256sum {} + | sort); }

# --- a foreign hierarchy, made by others' means ------------------------------

OURS=1.3.6.1.4.1.32473.1.10 THEIRS=1.3.6.1.4.1.32473.2.10
F=$T/foreign
ext_file() { mkdir -p "$F"; cat >"$F/$1.ext"; }
foreign_root() {	# NAME [more extension lines]
	new_key "$F/$1.key"
	openssl req -x509 -new -key "$F/$1.key" -sha256 -days 3650 \
	    -subj "/C=SE/O=Partner/CN=Partner $1" -out "$F/$1.pem" \
	    -addext basicConstraints=critical,CA:TRUE"${2:-}" \
	    -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
}
# foreign_cert NAME ISSUER SUBJECT: extensions on stdin
foreign_cert() {
	mkdir -p "$F"
	[ -f "$F/$1.key" ] || new_key "$F/$1.key"
	{ printf 'subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n'; cat; } >"$F/$1.ext"
	openssl req -new -key "$F/$1.key" -subj "$3" -out "$F/$1.csr"
	openssl x509 -req -in "$F/$1.csr" -CA "$F/$2.pem" -CAkey "$F/$2.key" \
	    -set_serial "0x40$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')" \
	    -days 1000 -sha256 -extfile "$F/$1.ext" -out "$F/$1.pem" 2>/dev/null
}
foreign_ca() {	# NAME ISSUER POLICIES
	foreign_cert "$1" "$2" "/C=SE/O=Partner/CN=Partner $1" <<-X
	basicConstraints=critical,CA:TRUE,pathlen:0
	keyUsage=critical,keyCertSign,cRLSign
	certificatePolicies=$3
	X
}
foreign_leaf() {	# NAME ISSUER POLICIES SAN
	foreign_cert "$1" "$2" "/C=SE/O=Partner/CN=$1" <<-X
	basicConstraints=critical,CA:FALSE
	keyUsage=critical,digitalSignature
	certificatePolicies=$3
	subjectAltName=$4
	X
}
# with_policy OID CA LEAF UNTRUSTED...: a path that is valid for this policy
with_policy() {
	local oid=$1 ca=$2 leaf=$3 u args=()
	shift 3
	for u in "$@"; do args+=(-untrusted "$u"); done
	openssl verify -x509_strict -policy_check -explicit_policy \
	    -policy "$oid" -CAfile "$ca" "${args[@]}" "$leaf"
}
# Our issuing CAs and devices say which policy they are under.
our_policies() {
	local p
	for p in issuing-ca device-ldevid; do
		echo "policies = ( { oid = \"$OURS\"; } );" >>"$INKAN_CONFIG_DIR/profiles/$p.conf"
	done
}
