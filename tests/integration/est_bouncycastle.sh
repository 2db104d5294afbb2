#!/usr/bin/env bash
# Bouncy Castle's EST client over Bouncy Castle's TLS, which nobody here wrote:
# all operations that it knows, with the POP link by tls-unique.
tid="EST: Bouncy Castle"
. "$(dirname "$0")/lib.sh"
need java; need javac
jars=''
for j in bcpkix bctls bcutil bcprov; do
	f=/usr/share/java/$j.jar
	[ -e "$f" ] || skip "needs $f (libbcpkix-java, libbctls-java)"
	jars=$jars:$f
done
before_ceremony() {
	printf 'name = "bc"; label = "bc"; profile = "device-ldevid";\nauthenticate: { basic = true; own_certificate = true; };\nregistration = "just-in-time"; names = [ "*" ]; re_enrol = "allow";\npop_link = "required";\n' \
	    >"$T/demo/config/fleets/bc.conf"
	sed 's/"bc"/"bckey"/g; s/pop_link.*/serverkeygen: { plain = true; };/' \
	    "$T/demo/config/fleets/bc.conf" >"$T/demo/config/fleets/bckey.conf"
}
javac -nowarn -cp "$jars" -d "$T" "$here/tests/integration/clients/BcEst.java" >"$T/javac" 2>&1 ||
    { cat "$T/javac"; exit 1; }
demo_up
inkan --json secret new --reusable --fleet devices --fleet bc --fleet bckey >"$T/secret"
timeout 100 java -Xshare:auto -XX:TieredStopAtLevel=1 -cp "$T$jars" BcEst "${INKAN_EST_URL##*:}" "$INKAN_ROOT" \
    "$(json "$T/secret" 'd["user"]')" "$(json "$T/secret" 'd["secret"]')" bc bckey "$T" >"$T/said" 2>"$T/err"
is "it ran to its end" $? 0
said() { sed -n "s/^$1: //p" "$T/said"; }
is "cacerts" "$(said cacerts)" "ok 2 certificates"
has "csrattrs" "$(said csrattrs)" "^ok [2-9] requirements"
has "simpleenroll, credentials after the 401" "$(said simpleenroll)" "^ok"
is "a wrong secret" "$(said 'a wrong secret')" "refused 401"
has "with the link" "$(said 'simpleenroll with the link')" "^ok"
is "without it" "$(said 'simpleenroll without the link')" "refused 403"
is "with a wrong one" "$(said 'simpleenroll with a wrong link')" "refused 403"
has "renewed, with the link" "$(said 'simplereenroll with the link')" "^ok"
has "serverkeygen" "$(said serverkeygen)" "^ok"
for c in bc-0 bc-1 bc-2 bc-3; do check "  $c verifies" verifies "$T/$c.pem"; done
is "  the key is that of the certificate" "$(openssl pkey -inform DER -in "$T/bc-3.key" -pubout)" \
    "$(openssl x509 -in "$T/bc-3.pem" -noout -pubkey)"
inkan --json client report --fleet bc >"$T/j"
trace "how it behaves: $(json "$T/j" "[(c['agent'], sorted(c['facts'])) for c in d]")"
[ $failures = 0 ] || grep -E '^(org|Caused)' "$T/err"
finish
