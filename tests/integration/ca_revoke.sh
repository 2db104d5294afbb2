#!/usr/bin/env bash
# A CA is revoked by its issuer's ceremony, and by nothing else.
tid="ceremony: revoking a CA"
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hierarchy/lib.bash"
demo_up
published root-g1; published devices-g1; published code-g1
check "a device" enrol_basic dev-1
leaf=$(serial "$D/dev-1.pem") gone=$(serial "$T/code-g1.pem") root=$(serial "$T/root-g1.pem")
out=$("$INKAN_BIN/inkan" revoke --serial "$gone" --reason cACompromise 2>&1); is "inkan revoke with a CA's serial: refused" $? 1
has "  revoke.class" "$out" "revoke\.class|ceremony"
demo_stop
revoke_file() { ceremony_file "$1" revoke "$2" ${4:+root} <<<"serial = \"$3\"; reason = \"${5:-cACompromise}\";"; }
before=$(outside)
refused() {	# what file rule
	ceremony "$2"; is "$1: refused" $? 1
	has "  $3" "$said" "$3"
	check "  nothing has changed" test "$(outside)" = "$before"
}
revoke_file unknown root 4000000000000000000000000000000000000001 root
refused "a serial that nobody has" unknown "serial: CA root-g1 issued no such"
revoke_file other devices "$gone"
refused "by a CA that did not issue it" other "serial: CA devices-g1 issued no such"
revoke_file leaf devices "$leaf"
refused "a device's certificate" leaf "revoke\.class"
revoke_file own root "$root" root
refused "the root itself" own "revoke\.root"
revoke_file hold root "$gone" root certificateHold
refused "on hold" hold "revoke\.hold"
revoke_file bad root "$gone" root because
refused "for no reason of RFC 5280" bad "reason"

revoke_file code root "$gone" root
mv "$INKAN_DIR/tokens/root" "$T/away"
refused "without the root's token" code "token"
mv "$T/away" "$INKAN_DIR/tokens/root"
check "inkan ca revoke" "$INKAN_BIN/inkan" ca revoke --config "$INKAN_CONFIG_DIR/code.conf"
check "it is on the root's CRL" crl_lists root-g1 "$gone"
check "  with its reason" bash -c "openssl crl -inform DER -in '$INKAN_DIR/pub/crl/root-g1.crl' -noout -text | grep -q 'CA Compromise'"
ceremony code; is "a second time: refused" $? 1
has "  revoke.reason" "$said" "revoke\.reason"
demo_start ca ra ocsp
is "OCSP about another CA" "$(ocsp_of "$T/devices-g1.pem" "$T/root-g1.pem")" good
said=$(openssl ocsp -issuer "$T/root-g1.pem" -cert "$T/code-g1.pem" -url "$INKAN_OCSP_URL" -CAfile "$T/root-g1.pem" 2>&1)
has "OCSP says revoked" "$said" ": revoked"
has "  the reason" "$said" "cACompromise"
has "  and when" "$said" "Revocation Time"
"$INKAN_BIN/inkan" ca list >"$T/list"
has "the CA is out of use" "$(cat "$T/list")" "code-g1 +disabled"
new_key "$T/k"; csr "$T/k" "/CN=build" >"$T/build.csr"
check_not "it issues no more" "$INKAN_BIN/inkan" issue --profile code-signing --csr "$T/build.csr"
check "the others do" enrol_basic dev-2
"$INKAN_BIN/inkan" log list --all >"$T/log"
has "it is in the log" "$(cat "$T/log")" "revoke.*$gone"
demo_stop
ceremony_file under-it intermediate code <<<"$(ceremony_url) issuers = ( { name = \"below\"; set = [ \"cn=Below\" ]; } );"
ceremony under-it; is "it certifies nobody any more" $? 1
has "  signer.*" "$said" "signer\.(disabled|revoked)"
finish
