#!/usr/bin/env bash
# The token goes away and comes back.
tid="token gone"
. "$(dirname "$0")/lib.sh"
demo_up
try() { new_key "$T/k"; csr "$T/k" "/CN=$1" | base64 >"$T/b"; post simpleenroll "$T/b" -u "$(basic)"; }
issues() { try "$1"; [ "$code" = 200 ]; }
try t1; is "before" "$code" 200
n=$(inkan --json cert list --all | json - 'len([c for c in d if c["state"]=="valid"])')
mv "$T/demo/tokens/ca" "$T/demo/tokens/ca.away"
try t2; is "gone: 503" "$code" 503
has "  with Retry-After" "$(cat "$head")" '^Retry-After: [0-9]+'
check_not "  no internals" grep -qiE "CKR_|pkcs|/tokens" "$body"
inkan status >"$T/o" 2>&1
has "the operator reads the cause" "$(grep -i token "$T/o")" "(fail|FAIL) .*cannot be initialised.*tokens/ca.conf"
inkan status --check >"$T/o" 2>&1; check "status --check fails" test $? -ne 0
is "nothing half-done" "$(inkan --json cert list --all | json - 'len([c for c in d if c["state"]=="valid"])')" "$n"
mv "$T/demo/tokens/ca.away" "$T/demo/tokens/ca"
wait_for 30 issues t3; is "back, without a restart" "$code" 200
inkan status >"$T/o" 2>&1
has "status" "$(grep -E '(^|[ :])token( |:|$)' "$T/o")" "ok|OK"
# Absent at the start: it starts, and says so.
demo_stop
mv "$T/demo/tokens/ca" "$T/demo/tokens/ca.away"; mkdir "$T/demo/tokens/ca"
demo_start ca ra ocsp
try t4; is "started without a token: 503" "$code" 503
has "the log says what was found instead" "$(cat "$T/demo/log/inkan-ca.log")" "token.absent"
sleep 2.1; try t4; is "  it is tried again" "$code" 503
is "  and told once" "$(grep -c token.absent "$T/demo/log/inkan-ca.log")" 1
# Into the folder that was there at the start: to that one it is confined.
mv "$T"/demo/tokens/ca.away/* "$T/demo/tokens/ca/"
wait_for 30 issues t5; is "back" "$code" 200
finish
