#!/usr/bin/env bash
# Keys that are known to be bad, by a file of hashes.
tid="blocked keys by the file"
. "$(dirname "$0")/lib.sh"
demo_up
spki() { openssl pkey -in "$1" -pubout -outform DER | sha256sum | cut -d' ' -f1; }
enrol_as() { csr "$D/$1.key" "/CN=${2:-$1}" | base64 >"$T/b"; post simpleenroll "$T/b" -u "$(basic)"; }

new_key "$D/bad-1.key"; check "used-1 enrols" enrol_basic used-1
{
	echo "# keys of a firmware that leaked"
	echo
	echo "$(spki "$D/bad-1.key" | tr a-f A-F)   # the shared one"
	printf '  %s\r\n' "$(spki "$D/used-1.key")"
	for i in $(seq 5000); do printf '%064x\n' "$i"; done
} >"$T/list"
inkan --json key block --file "$T/list" --note "leak of 2026" >"$T/j" 2>"$T/e"; is "key block" $? 0
is "  counts" "$(json "$T/j" '(d["added"], d["known"], d["in_use"])')" "(5002, 0, 1)"
is "  tells who uses one" "$(json "$T/j" 'd["certificates"][0]["serial"]')" "$(serial "$D/used-1.pem")"
is "  and does not touch it" "$(inkan --json cert show "$(serial "$D/used-1.pem")" | json - 'd["state"]')" valid
enrol_as bad-1; is "a CSR on a blocked key" "$code" 403
has "  by its rule" "$(reason)" "key.blocked"
csr "$D/bad-1.key" /CN=x >"$T/c"
out=$(inkan issue --profile tls-client --csr "$T/c" 2>&1); is "an operator's as well" $? 1
has "  by its rule" "$out" "key.blocked"
inkan --json key block --file "$T/list" >"$T/j"; is "the same file again" $? 0
is "  is known" "$(json "$T/j" '(d["added"], d["known"])')" "(0, 5002)"
is "an entry of the log for each page" "$(inkan log list --all | grep -c key.blocklist)" 5
has "  with what was added" "$(inkan log list --all | grep key.blocklist)" "added=1024"
inkan --json key blocked >"$T/j"; is "key blocked" $? 0
is "  lists all" "$(json "$T/j" 'len(d)')" 5002
is "  with the reason" "$(json "$T/j" '{k["why"] for k in d}')" "{'leak of 2026'}"
is "  pages" "$(inkan key blocked --limit 3 2>/dev/null | wc -l)" 4

printf 'zz\n' >"$T/f"; out=$(inkan key block --file "$T/f" 2>&1); is "no hash" $? 1
has "  tells the line" "$out" "f:1:"
{ printf '%064x\n' 999999; echo 12; } >"$T/f"
check_not "one wrong line" inkan key block --file "$T/f"
is "  and nothing is blocked" "$(inkan --json key blocked | json - 'len(d)')" 5002
echo "# nothing" >"$T/f"; check_not "a file without a hash" inkan key block --file "$T/f"

h=$(spki "$D/bad-1.key")
check "unblock" inkan key unblock "$h" --reason "was not in the leak"
enrol_as bad-1; is "  it can be used" "$code" 200
check_not "  it is not blocked any more" inkan key unblock "$h" --reason again
out=$(inkan key unblock "$h" 2>&1); is "  a reason is needed" $? 2
inkan revoke --spki "$(spki "$D/used-1.key")" >/dev/null
out=$(inkan key unblock "$(spki "$D/used-1.key")" --reason x 2>&1)
is "a key of a certificate revoked for keyCompromise stays" $? 1
has "  by its rule" "$out" "key.compromised"
has "on record" "$(inkan log list --all)" "key.unblock"
finish
