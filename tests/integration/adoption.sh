#!/usr/bin/env bash
# A root gets its next generation while devices are out there: what cacerts
# says, which server whom can verify, and how many devices are known to have
# used the new root.
tid="adoption of a new root"
. "$(dirname "$0")/lib.sh"
need curl; need openssl; need python3
[ -f "$here/tests/integration/hierarchy/lib.bash" ] || skip "there is no ceremony of kind root-rekey"
. "$(dirname "$0")/hierarchy/lib.bash"
demo_up
more_cleanup() { [ -z "${probe:-}" ] || kill "$probe" 2>/dev/null; }
more_cleanup=more_cleanup
G1=$INKAN_ROOT G2=$INKAN_DIR/certs/root-g2.pem
main_url=$INKAN_EST_URL

# as ROOT URL command...: a device that trusts ROOT alone, speaking with URL
as() {
	local root=$1 url=$2; shift 2
	INKAN_ROOT=$root INKAN_EST_URL=$url "$@"
}
renew() {	# NAME [SUBJECT]: with its certificate, a new key
	local subj=${2:-/CN=$1}
	new_key "$T/$1.new"
	csr "$T/$1.new" "$subj" | base64 >"$T/b"
	post simplereenroll "$T/b" --cert "$D/$1.pem" --key "$D/$1.key"
	[ "$code" = 200 ] || return 0
	take_cert "$D/$1.pem" && mv "$T/$1.new" "$D/$1.key"
}
# adoption EXPRESSION on d; anchor NAME
adoption() { inkan --json ca adoption >"$T/a.json" && json "$T/a.json" "$1"; }
row() { adoption "[(r['used'],r['missing']) for r in d['fleets'] if r['fleet']=='devices' and r['anchor']=='$1']"; }
anchor() { inkan --json device show "$1" >"$T/d.json" && json "$T/d.json" "d['anchor']"; }
listed() { inkan --json ca adoption --list "$1" --all >"$T/l.json" && json "$T/l.json" "' '.join(sorted(r['name'] for r in d))"; }

# --- before: one root, and it is in use
for i in dev-a dev-b dev-c dev-d; do check "$i enrols" enrol_basic $i; done
is "the one root is used by all four" "$(row root-g1)" "[(4, 0)]"
is "  and is the newest" "$(adoption "(d['root'],d['newest'],d['not_known'])")" "('root', 'root-g1', 0)"
is "device show says so" "$(anchor dev-a)" root-g1
ca_list() { get cacerts && base64 -d <"$body" | openssl pkcs7 -inform DER -print_certs >"$1"; }
ca_list "$T/cacerts-1"
is "cacerts: the issuing CA and the root" "$(grep -c BEGIN "$T/cacerts-1")" 2

# --- the ceremonies; inkan-ra goes on meanwhile
ra_pid=$(cat "$INKAN_DIR/run/inkan-ra.pid")
# A second server, without links: whoever speaks with it knows the new root.
pport=$(free_port)
probe_url=https://localhost:$pport
sed -e '/^metrics_listen/d' -e "s|^listen = .*|listen = [ \"127.0.0.1:$pport\" ]; link_certificates = false;|" \
    -e 's|/est\.|/probe.|g' "$INKAN_CONFIG_DIR/ra.conf" >"$INKAN_CONFIG_DIR/probe.conf"
check "the second server's key" "$INKAN_BIN/inkan-ra" --init-keys -c "$INKAN_CONFIG_DIR/probe.conf"
sed -i 's|^delegates = (|&\n\t{ issuer = "devices-g2"; key = "pkcs11:object=ocsp-devices-g2";\n\t  certificate = "../certs/ocsp-devices-g2.pem"; csr = "../certs/ocsp-devices-g2.csr"; },|' \
    "$INKAN_CONFIG_DIR/ocsp.conf"
for p in ca ocsp; do
	kill "$(cat "$INKAN_DIR/run/inkan-$p.pid")"
	wait_for 20 gone "$(cat "$INKAN_DIR/run/inkan-$p.pid")"
done
check "the new delegate's key" "$INKAN_BIN/inkan-ocsp" --init-keys -c "$INKAN_CONFIG_DIR/ocsp.conf"
ceremony_file rekey root-rekey root root <<X
$(ceremony_url) root: { $(root_token) key_type = "ec-p384"; certificate = "../certs/root-g2.pem"; };
X
ceremony rekey; is "the root's next generation" $? 0
ceremony_file ca-g2 intermediate root-g2 root <<X
$(ceremony_url) issuers = ( { name = "devices"; certificate = "../certs/devices-g2.pem"; } );
services = ( { profile = "est-server"; issuer = "devices-g2"; csr = "../certs/probe.csr";
    certificate = "../certs/probe.pem"; chain = true; set = [ "cn=localhost", "dns=localhost", "ip=127.0.0.1" ]; },
  { profile = "ocsp-responder"; issuer = "devices-g2"; csr = "../certs/ocsp-devices-g2.csr";
    certificate = "../certs/ocsp-devices-g2.pem"; set = [ "cn=Inkan Demo OCSP devices-g2" ]; } );
X
ceremony ca-g2; is "an issuing CA under it" $? 0
[ -f "$INKAN_DIR/certs/probe.pem" ] || printf '%s\n' "$said"
demo_start ca ocsp
"$INKAN_BIN/inkan-ra" -c "$INKAN_CONFIG_DIR/probe.conf" 2>"$T/demo/log/inkan-probe.log" &
probe=$!
probe_up() { curl -fs -o /dev/null --cacert "$G2" "$probe_url/.well-known/est/cacerts"; }
check "the second server is there" wait_for 20 probe_up

# --- cacerts, from the inkan-ra that has never stopped
all_there() { ca_list "$T/cacerts-2" && [ "$(grep -c BEGIN "$T/cacerts-2")" = 6 ]; }
check "cacerts has all generations and the links, soon" wait_for 20 all_there
is "  without a restart" "$(cat "$INKAN_DIR/run/inkan-ra.pid")" "$ra_pid"
fingerprints() {
	python3 - "$1" <<-'X'
	import re, sys, subprocess
	for pem in re.findall(r"-----BEGIN.*?END CERTIFICATE-----", open(sys.argv[1]).read(), re.S):
	    print(subprocess.run(["openssl", "x509", "-noout", "-fingerprint", "-sha256"], input=pem, text=True, capture_output=True).stdout.strip())
	X
}
fingerprints "$T/cacerts-2" >"$T/fp"
in_cacerts() { grep -qF "$(openssl x509 -in "$1" -noout -fingerprint -sha256)" "$T/fp"; }
published root-g1-with-root-g2; published root-g2-with-root-g1; published devices-g1
for f in "$G1" "$G2" "$T/root-g1-with-root-g2.pem" "$T/root-g2-with-root-g1.pem" \
    "$INKAN_DIR/certs/devices-g2.pem" "$T/devices-g1.pem"; do
	check "  with $(basename "$f" .pem)" in_cacerts "$f"
done
is "  and none twice" "$(sort -u "$T/fp" | wc -l)" 6

# --- the first server crosses over, for both kinds of devices
speaks() {	# ROOT URL: can a device that trusts ROOT alone speak with it?
	curl -s -o /dev/null --cacert "$1" "$2/.well-known/est/cacerts"
}
check_not "the new root alone does not verify the first server yet" speaks "$G2" "$main_url"
check "its certificate is renewed now" "$INKAN_BIN/inkan-ra" --renew -c "$INKAN_CONFIG_DIR/ra.conf"
has "  confined to that" "$(cat "$T/out")" "event=confine.(calls|missing)"
kill -HUP "$ra_pid"
crossed() { speaks "$G2" "$main_url"; }
check "who knows the new root alone can verify it" wait_for 20 crossed
check "who knows the old root alone, too" speaks "$G1" "$main_url"
served() {
	openssl s_client -connect "127.0.0.1:$1" -servername localhost -showcerts </dev/null 2>/dev/null |
	    grep -c 'BEGIN CERT'
}
is "by leaf, CA and link" "$(served "${main_url##*:}")" 3
has "a CA's delegate stays with its CA" "$(inkan --json cert list --profile ocsp-responder)" 'devices-g1'
check "the second server: the new root" speaks "$G2" "$probe_url"
check_not "  not the old one" speaks "$G1" "$probe_url"
ocsp_est() {
	openssl ocsp -issuer "$INKAN_DIR/certs/devices-g2.pem" -cert "$INKAN_DIR/certs/est.pem" \
	    -url "$INKAN_OCSP_URL" -CAfile "$G2" 2>&1 | grep -q ': good'
}
check "OCSP about its certificate, by the new CA's delegate" wait_for 20 ocsp_est
check "OCSP about an old one, by the old CA's" bash -c "openssl ocsp -issuer '$T/devices-g1.pem' -cert '$D/dev-a.pem' -url '$INKAN_OCSP_URL' -CAfile '$G1' 2>&1 | grep -q ': good'"

# Without a ceremony: a copy of the first one's pair is enough to begin with.
for f in pem key; do cp -p "$INKAN_DIR/certs/est.$f" "$INKAN_DIR/certs/probe2.$f"; done
sed 's|/probe\.|/probe2.|g' "$INKAN_CONFIG_DIR/probe.conf" >"$INKAN_CONFIG_DIR/probe2.conf"
check "a third server's first certificate" "$INKAN_BIN/inkan-ra" --renew -c "$INKAN_CONFIG_DIR/probe2.conf"
check "  by the new root" chain "$G2" "$INKAN_DIR/certs/probe2.pem" "$INKAN_DIR/certs/probe2.pem"
check_not "  not by the old one" chain "$G1" "$INKAN_DIR/certs/probe2.pem" "$INKAN_DIR/certs/probe2.pem"
check_not "  with a key of its own" cmp -s "$INKAN_DIR/certs/est.key" "$INKAN_DIR/certs/probe2.key"

is "status has one line about the first server" "$(inkan status | grep -c 'CN=localhost ')" 1

# --- who is known to have used the new root?
is "nobody yet" "$(row root-g2)" "[(0, 4)]"
as "$G2" "$probe_url" get cacerts; is "cacerts from the second server" "$code" 200
as "$G2" "$probe_url" get csrattrs; is "csrattrs" "$code" 200
is "what anybody may ask counts nothing" "$(row root-g2)" "[(0, 4)]"
as "$G1" "$main_url" renew dev-a; is "a renewal where both roots would do" "$code" 200
is "  counts nothing" "$(anchor dev-a)" root-g1
as "$G1" "$probe_url" renew dev-b; is "the old root alone: no way to the second server" "$code" 000
is "  counts nothing" "$(anchor dev-b)" root-g1
as "$G2" "$probe_url" renew dev-b; is "a renewal at the second server" "$code" 200
is "  counts" "$(anchor dev-b)" root-g2
as "$G2" "$probe_url" renew dev-c /CN=other; is "a device whose request is refused" "$code" 403
is "  counts as well" "$(anchor dev-c)" root-g2
new_key "$T/k"; csr "$T/k" /CN=dev-d | base64 >"$T/b"
as "$G2" "$probe_url" post simpleenroll "$T/b" -u "$INKAN_USER:wrong"; is "a wrong secret" "$code" 401
# A secret lets its bearer claim any name; a claim that is refused is none.
inkan device disable dev-d >/dev/null
as "$G2" "$probe_url" post simpleenroll "$T/b" -u "$(basic)"; is "a right one, for a name that is refused" "$code" 403
inkan device enable dev-d >/dev/null
is "  counts nothing" "$(anchor dev-d)" root-g1
as "$G2" "$probe_url" enrol_basic dev-e; is "a new device at the second server" "$code" 200
is "  counts" "$(anchor dev-e)" root-g2
as "$G1" "$main_url" renew dev-b; is "once more at the first" "$code" 200
is "  takes nothing back" "$(anchor dev-b)" root-g2

# --- what the operator sees
is "three have used the new one, two have not" "$(row root-g2)" "[(3, 2)]"
is "two the old one, and nobody none" "$(row root-g1)" "[(2, 0)]"
is "in sum" "$(adoption "(d['devices'],d['used_newest'],d['not_known'])")" "(5, 3, 2)"
is "whom to chase" "$(listed missing)" "dev-a dev-d"
is "who is on the old one" "$(listed old)" "dev-a dev-d"
is "who has the new one" "$(listed new)" "dev-b dev-c dev-e"
is "who has shown none" "$(listed none)" ""
has "as a table" "$(inkan ca adoption --fleet devices)" 'devices +root-g2 +2 +3 +2 +20'
has "pages" "$(inkan ca adoption --list missing --limit 1 2>&1)" 'more: use --all'
inkan ca adoption --root none >"$T/o" 2>&1; is "no such root" $? 1
inkan ca adoption --list who >"$T/o" 2>&1; is "no such list" $? 1
check "a device that is out of use" inkan device disable dev-a
is "  is not waited for" "$(listed missing)" "dev-d"
demo_stop; demo_start ca ra ocsp
is "after a restart it is as before" "$(listed new)" "dev-b dev-c dev-e"
finish
