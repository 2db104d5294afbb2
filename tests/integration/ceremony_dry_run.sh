#!/usr/bin/env bash
# --dry-run does everything on throw-away tokens; the real run's transcript is the
# same but for its first line, keys, serials, signatures and times.
tid="ceremony: rehearsal"
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hierarchy/lib.bash"
# Rehearsals of others, at the same time, are not ours.
inkan() { TMPDIR=$T "$INKAN_BIN/inkan" "$@"; }

# What must be the same: all but hexadecimal numbers and base64 of keys and
# signatures, times, CRL numbers, the serial of a token, and the first line.
masked() {
	sed -E -e 1d -e '/^$/,$d' -e 's/ prev=[0-9a-f]{64}$//' \
	    -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z/TIME/g' \
	    -e 's/(sha256|serial)="[0-9a-f]+"/\1="HEX"/g' \
	    -e 's/number="[0-9]+"/number="N"/' \
	    -e 's#\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+#+VKEY#g' \
	    -e 's#(ocsp/[^/"]+/)[0-9A-F]+-#\1SERIAL-#' "$1" |
	    awk '/ publish name="ocsp/ { sub(/^[0-9]+/, "N") } { print }' |
	    awk '/^N .*ocsp/ { b[++n] = $0; next } { flush() ; print } END { flush() }
	        function flush(  i, j, t) { for (i = 1; i <= n; i++) for (j = i + 1; j <= n; j++)
		    if (b[j] < b[i]) { t = b[i]; b[i] = b[j]; b[j] = t }
		    for (i = 1; i <= n; i++) print b[i]; n = 0 }'
}
# Everything that a rehearsal must not touch.
state() { (cd "$INKAN_DIR" && find tokens state pub certs pins -type f ! -name '*.lock' ! -name '*-shm' -exec sha256sum {} + | sort); }
left() { find "$T" -maxdepth 1 -name 'inkan-rehearsal-*' 2>/dev/null; }
# same NAME TRANSCRIPT REHEARSAL
same() {
	masked "$2" >"$T/real"; masked "$3" >"$T/dry"
	check "$1: the same transcript ($(wc -l <"$T/real") records)" diff "$T/real" "$T/dry"
	check "  that is not empty" test "$(wc -l <"$T/real")" -gt 5
	is "  the rehearsal calls itself one" "$(head -1 "$3")" "inkan rehearsal v1"
	check_not "  their keys and signatures differ" cmp "$2" "$3"
}
# Neither the tokens nor the PINs are there while it runs.
locked() {
	mv "$INKAN_DIR/tokens" "$T/tokens"; mv "$INKAN_DIR/pins" "$T/pins"
	"$@"; local rc=$?
	mv "$T/tokens" "$INKAN_DIR/tokens"; mv "$T/pins" "$INKAN_DIR/pins"
	return $rc
}

# The first ceremony.
before_init() {
	before=$(state)
	locked inkan ca init --config "$INKAN_CONFIG_DIR/ceremony.conf" --dry-run >"$T/said" 2>&1
	is "the first ceremony, rehearsed without tokens and PINs" $? 0
	[ -s "$INKAN_DIR/log/transcript.dry-run" ] || cat "$T/said"
	has "  it says that nothing has changed" "$(cat "$T/said")" "it would succeed; nothing has been changed"
	check "  nothing has" test "$(state)" = "$before"
}
# The services' requests have to be there, as for the real one.
eval "real_$(declare -f demo_ceremony)"
demo_ceremony() {
	"$INKAN_BIN/inkan-ocsp" --init-keys -c "$dir/config/ocsp.conf" >>"$dir/log/init.log" 2>&1
	"$INKAN_BIN/inkan-ra" --init-keys -c "$dir/config/ra.conf" >>"$dir/log/init.log" 2>&1
	before_init
	"$INKAN_BIN/inkan" ca init --config "$dir/config/ceremony.conf" >"$dir/log/ceremony.log" 2>&1 ||
	    { cat "$dir/log/ceremony.log"; die "the ceremony failed"; }
	cat "$INKAN_ISSUER" "$INKAN_ROOT" >"$INKAN_CHAIN"
}
demo_up
same "the first ceremony" "$INKAN_DIR/log/transcript" "$INKAN_DIR/log/transcript.dry-run"
said=$(inkan ca init --config "$INKAN_CONFIG_DIR/ceremony.conf" --dry-run 2>&1)
is "over an instance that is there: refused, as it would be" $? 1
has "  by the same words" "$said" "exists already"
inkan ceremony verify "$INKAN_DIR/log/transcript.dry-run" --unsigned >"$T/o" 2>&1
is "a rehearsal's transcript is no evidence" $? 1
has "  transcript.rehearsal" "$(cat "$T/o")" "transcript\.rehearsal"

# On an instance, and beside inkan-ca, which may run.
both() {	# NAME KIND
	local before
	before=$(state)
	rm -f "$INKAN_DIR"/log/transcript*
	# inkan-ca writes its heartbeat: what must stay is looked at when it is down.
	locked inkan ceremony run "$INKAN_CONFIG_DIR/$1.conf" --dry-run >"$T/said" 2>&1
	is "$2: rehearsed" $? 0
	grep -q "it would succeed" "$T/said" || cat "$T/said"
	check "  nothing has changed" diff <(state) <(echo "$before")
	is "  no temporary folder is left" "$(left)" ""
	ceremony "$1"; is "  and run" $? 0
	same "  $2" "$INKAN_DIR/log/transcript" "$INKAN_DIR/log/transcript.dry-run"
}
ceremony_file crl crl root root </dev/null
inkan ceremony run "$INKAN_CONFIG_DIR/crl.conf" --dry-run --transcript "$T/beside" >"$T/said" 2>&1
is "beside a running inkan-ca" $? 0
check "  where one wants it" test -s "$T/beside"
check "  inkan-ca goes on" enrol_basic dev-1
demo_stop
both crl crl
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -keyout "$T/x.key" -out "$INKAN_DIR/certs/x.csr" 2>/dev/null
{ ceremony_url; echo 'issuers = ( { name = "devices"; certificate = "../certs/devices-2.pem"; }, { name = "sensors"; set = [ "cn=Sensors CA G1" ]; } );
    services = ( { profile = "ocsp-responder"; issuer = "devices-g2"; csr = "../certs/x.csr"; certificate = "../certs/x.pem"; set = [ "cn=OCSP devices" ]; },
      { profile = "ocsp-responder"; issuer = "code-g1"; csr = "../certs/x.csr"; certificate = "../certs/y.pem"; set = [ "cn=OCSP code" ]; } );
    disable = [ "devices-g1" ];'; } | ceremony_file add intermediate root root
both add intermediate
ceremony_file renew renew root root <<<'ca = "attestation"; certificate = "../certs/attestation-2.pem";'
both renew "renewal of a CA"
ceremony_file renew-root renew root root <<<'ca = "root"; certificate = "../certs/root-2.pem";'
both renew-root "renewal of the root"
echo "$(ceremony_url) root: { $(root_token) key_type = \"ec-p384\"; certificate = \"../certs/root-g2.pem\"; }; links: { old_with_new = \"../certs/own.pem\"; };" |
    ceremony_file rekey root-rekey root root
both rekey "rekey of the root"
published code-g1
ceremony_file revoke revoke root-g1 root <<<"serial = \"$(serial "$T/code-g1.pem")\"; reason = \"superseded\";"
both revoke revocation

# One that would fail fails, and leaves nothing either.
ceremony_file bad renew root-g2 root <<<'ca = "nobody";'
before=$(state)
said=$(inkan ceremony run "$INKAN_CONFIG_DIR/bad.conf" --dry-run 2>&1); is "one that would be refused is refused" $? 1
has "  in the same words" "$said" 'ca: there is no CA "nobody"'
check "  nothing has changed" test "$(state)" = "$before"
is "  no temporary folder is left" "$(left)" ""
finish
