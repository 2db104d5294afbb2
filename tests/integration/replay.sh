#!/usr/bin/env bash
# The last requests, judged again by a changed profile: what would differ.
tid="profile replay"
. "$(dirname "$0")/lib.sh"
demo_up
p=$INKAN_CONFIG_DIR/profiles/device-ldevid.conf
for n in a b c; do check "enrol $n" enrol_basic $n; done
count() { inkan --json cert list --all | json - 'len(d)'; }
before=$(count)
replay() { inkan profile replay --json "$@" >"$T/j" 2>"$T/e"; }
v() { json "$T/j" "$1"; }

replay "$p" --last 100; is "the same profile" $? 0
is "  judged" "$(v 'd["judged"]')" 3
is "  the same" "$(v 'd["same"]')" 3
is "  no differences" "$(v 'len(d["differences"])')" 0
replay "$p" --last 2; is "the last two" "$(v 'd["judged"]')" 2

# A shorter life, another purpose.
sed -e 's/duration *= *"[^"]*"/duration = "7d"/' \
    -e 's/"clientAuth"/"clientAuth", "emailProtection"/' "$p" >"$T/new.conf"
replay "$T/new.conf" --last 100; is "a changed profile" $? 0
is "  all differ" "$(v 'd["differ"]')" 3
is "  in the end and the purposes" \
    "$(v 'sorted({x["what"] for x in d["differences"]})')" "['extendedKeyUsage', 'not_after']"
has "  with what was and would be" \
    "$(v '[x for x in d["differences"] if x["what"] != "not_after"][0]["now"]')" \
    "TLS Web Client Authentication, E-mail Protection"
is "  newest first" "$(v 'd["differences"][0]["device"]')" c
out=$(inkan profile replay "$T/new.conf" --last 1); is "for people" $? 0
has "  counts" "$out" "^differ: 1$"
has "  a line" "$out" "$(serial "$D/c.pem") +c +differ +not_after"

# A subject that not every request has.
sed -e 's/^subject = (/&\n	{ attribute = "O"; from = "registry.owner"; },/' "$p" >"$T/owner.conf"
check "a device with an owner" inkan device add --fleet devices --name d --set owner=Example
check "enrol d" enrol_basic d
replay "$T/owner.conf" --last 100; is "a field that some lack" $? 0
is "  refused" "$(v 'd["refused"]')" 3
has "  by which rule" "$(v '[x for x in d["differences"] if x["verdict"] == "refuse"][0]["what"]')" "subject"
has "  the fourth has a new subject" \
    "$(v '[x for x in d["differences"] if x["device"] == "d"][0]["now"]')" "O=Example"

# Another way to ask, other keys, another CA.
sed -e 's/issued_by *= *\[[^]]*\]/issued_by = [ "operator" ]/' "$p" >"$T/by.conf"
replay "$T/by.conf" --last 1; is "who may ask" "$(v 'd["differences"][0]["what"]')" profile.issued_by
sed -e 's/key_types *= *\[[^]]*\]/key_types = [ "ed25519" ]/' "$p" >"$T/keys.conf"
replay "$T/keys.conf" --last 1; is "keys" "$(v 'd["differences"][0]["what"]')" key.types
sed -e 's/^issuer *=.*/issuer = "code";/' "$p" >"$T/ca.conf"
replay "$T/ca.conf" --last 1
has "another CA" "$(v '[x["what"] for x in d["differences"]]')" "issuer.*authorityKeyIdentifier"
sed -e 's/^name *=.*/name = "other";/' "$p" >"$T/name.conf"
replay "$T/name.conf" --last 9; is "another name has no requests" "$(v 'd["judged"]')" 0
replay "$T/name.conf" --last 9 --profile device-ldevid
is "  unless it is said whose" "$(v 'd["judged"]')" 4

# A renewal repeats its names, whatever the rules say.
new_key "$T/n"; csr "$T/n" /CN=a | base64 >"$T/b"
post simplereenroll "$T/b" --cert "$D/a.pem" --key "$D/a.key"
is "a renewal" "$code" 200
sed -e 's/"identity.cn"/"registry.owner"/' "$p" >"$T/cn.conf"
replay "$T/cn.conf" --last 1; is "the renewal" "$(v 'd["judged"]')" 1
is "  is the same" "$(v 'd["same"]')" 1

# What is refused.
echo 'policies = ( { oid = "1.2.3"; cps = "http:///cps"; } );' | cat "$p" - >"$T/bad.conf"
replay "$T/bad.conf" --last 1; is "a profile that does not load" $? 1
has "  file and rule" "$(cat "$T/e")" "bad.conf: lint.policies.cps: "
inkan profile replay "$p" --last 0 >/dev/null 2>&1; check "none" test $? -ne 0
inkan profile replay "$p" >/dev/null 2>&1; is "without --last" $? 2
inkan profile replay "$T/none.conf" --last 1 >/dev/null 2>&1; is "no file" $? 1
now=$(count); check "nothing was issued by it" test "$now" -le $((before + 2))
demo_stop; demo_start ca ra ocsp
replay "$p" --last 100; check "kept over a restart" test "$(v 'd["same"]')" -ge 4
finish
