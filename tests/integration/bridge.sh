#!/usr/bin/env bash
# Two houses with policies of their own (RFC 5217): mappings, constraints on
# policies and names, in both directions.
tid="ceremony: a bridge between two policy domains"
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hierarchy/lib.bash"
bridge_profile() {	# NAME
	sed -e "s/^name = .*/name = \"$1\";/" "$hier/cross.conf"
	cat
}
more_profiles() {
	our_policies
	bridge_profile bridge >"$INKAN_CONFIG_DIR/profiles/bridge.conf" <<-X
	policies = ( { oid = "$OURS"; } );
	policy_mappings = ( { issuer = "$OURS"; subject = "$THEIRS"; } );
	policy_constraints: { require_explicit = 0; inhibit_mapping = 0; };
	inhibit_any_policy = 0;
	name_constraints: {
		permitted = ( { type = "dns"; base = "partner.example"; },
		    { type = "directory"; name = ( { attribute = "C"; value = "SE"; }, { attribute = "O"; value = "Partner"; } ); } );
		excluded = ( { type = "dns"; base = "secret.partner.example"; },
		    { type = "ip"; base = "0.0.0.0/0"; } );
	};
	X
}
printf 'policy_mappings = ( { issuer = "1.2.3.4"; subject = "1.2.3.5"; } );\npolicies = ( { oid = "1.2.3.4"; } );\n' |
    bridge_profile probe >"$T/probe.conf"
"$BUILD/inkan" profile check "$T/probe.conf" >"$T/probe" 2>&1 ||
    { grep -q "unknown key" "$T/probe" && skip "profiles have no policy_mappings"; }
demo_up
published root-g1; published devices-g1
check "a device of ours" enrol_basic dev-1
demo_stop
mkdir -p "$F"
ANY=2.5.29.32.0
foreign_root root
foreign_ca issuing root "$THEIRS,1.2.3.4"
foreign_ca careless root "$ANY"
foreign_leaf good issuing "$THEIRS" DNS:a.partner.example
foreign_leaf other-policy issuing 1.2.3.4 DNS:a.partner.example
foreign_leaf any careless "$THEIRS" DNS:a.partner.example
foreign_leaf elsewhere issuing "$THEIRS" DNS:www.inkan.example
foreign_leaf secret issuing "$THEIRS" DNS:x.secret.partner.example
foreign_leaf address issuing "$THEIRS" IP:192.0.2.1
foreign_cert stranger issuing "/C=SE/O=Somebody/CN=x" <<X
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
certificatePolicies=$THEIRS
X
ceremony_file bridge cross root root <<<"name = \"partner\"; profile = \"bridge\"; needs_path_len = 1; foreign = \"$F/root.pem\"; certificate = \"../certs/cross.pem\";"
ceremony bridge; is "our root certifies theirs" $? 0
X=$INKAN_DIR/certs/cross.pem
[ -f "$X" ] || printf '%s\n' "$said"
text=$(openssl x509 -in "$X" -noout -text)
has "policyMappings, critical" "$text" "Policy Mappings: critical"
has "policyConstraints, critical" "$text" "Policy Constraints: critical"
has "inhibitAnyPolicy, critical" "$text" "Inhibit Any Policy: critical"
has "nameConstraints, critical" "$text" "Name Constraints: critical"

there() { with_policy "$1" "$INKAN_ROOT" "$F/$2.pem" "$F/${3:-issuing}.pem" "$X"; }
check "their policy counts as ours" there $OURS good
check_not "  not as itself: it is mapped away" there $THEIRS good
check_not "  another of theirs does not count" there $OURS other-policy
check_not "  anyPolicy does not count" there $OURS any careless
check_not "a name that is not permitted" chain "$INKAN_ROOT" "$F/elsewhere.pem" "$F/issuing.pem" "$X"
has "  says why" "$(cat "$T/out")" "permitted subtree"
check_not "a name that is excluded" chain "$INKAN_ROOT" "$F/secret.pem" "$F/issuing.pem" "$X"
has "  says why" "$(cat "$T/out")" "excluded subtree"
check_not "an address, all of them excluded" chain "$INKAN_ROOT" "$F/address.pem" "$F/issuing.pem" "$X"
check_not "a subject of another house" chain "$INKAN_ROOT" "$F/stranger.pem" "$F/issuing.pem" "$X"
for l in elsewhere secret address stranger; do
	check "  at home it is in order: $l" chain "$F/root.pem" "$F/$l.pem" "$F/issuing.pem"
done

# The other direction, by their means.
ski() { openssl x509 -in "$1" -noout -ext subjectKeyIdentifier | tail -1 | tr -d ' :'; }
cat >"$F/back.ext" <<X
basicConstraints=critical,CA:TRUE,pathlen:1
keyUsage=critical,keyCertSign,cRLSign
authorityKeyIdentifier=keyid
subjectKeyIdentifier=$(ski "$INKAN_ROOT")
certificatePolicies=$THEIRS
policyMappings=critical,$THEIRS:$OURS
policyConstraints=critical,requireExplicitPolicy:0,inhibitPolicyMapping:0
inhibitAnyPolicy=critical,0
nameConstraints=critical,excluded;DNS:partner.example
X
check "their root certifies ours" openssl x509 -new \
    -force_pubkey <(openssl x509 -in "$INKAN_ROOT" -noout -pubkey) \
    -subj "/O=Inkan Demo/CN=Inkan Demo Root CA G1" -CA "$F/root.pem" -CAkey "$F/root.key" \
    -set_serial 0x4055 -days 700 -sha256 -extfile "$F/back.ext" -out "$F/back.pem"
check "our policy counts as theirs" with_policy $THEIRS "$F/root.pem" "$D/dev-1.pem" "$T/devices-g1.pem" "$F/back.pem"
check_not "  not as itself" with_policy $OURS "$F/root.pem" "$D/dev-1.pem" "$T/devices-g1.pem" "$F/back.pem"
check "our devices at home" with_policy $OURS "$INKAN_ROOT" "$D/dev-1.pem" "$T/devices-g1.pem"
finish
