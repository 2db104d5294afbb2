#!/usr/bin/env bash
# The examples of docs/fleets.md, as they stand there: files into the policy
# folder, commands as written, and a device for each.
tid="examples of docs/fleets.md"
. "$(dirname "$0")/lib.sh"
W=$T/work
mkdir "$W"
# Files of the page: indented blocks that begin with their path. Its commands, in
# their order, one in a line of $W/commands.
python3 - "$here/docs/fleets.md" "$W" <<'X'
import os, re, sys
page, work = sys.argv[1:]
commands, out = [], None
for line in open(page):
    code = line.startswith("    ")
    text = line[4:].replace("\t", "    ") if code else ""
    m = re.match(r"# ((?:[a-z]+/)?[a-z0-9-]+\.(?:conf|csv))$", text.strip())
    if m and code:
        path = os.path.join(work, m.group(1))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        out = open(path, "w")
    elif code and text.startswith("$ "):
        commands.append(text[2:])
    elif out and code:
        out.write(text)
    elif out and line.strip() == "":
        out.close()
        out = None
open(os.path.join(work, "commands"), "w").writelines(commands)
X
before_ceremony() {
	cp "$W"/profiles/*.conf "$T/demo/config/profiles/"
	cp "$W"/fleets/*.conf "$T/demo/config/fleets/"
}
is "files on the page" "$(find "$W" -name '*.conf' | wc -l) $(find "$W" -name '*.csv' | wc -l)" "6 2"
demo_up
for f in factory field gateways approval evidence; do
	has "fleet $f is active" "$(inkan fleet list)" "^$f "
done
cd "$W" || exit 1
run() {	# the command of the page that has this in it
	local line
	line=$(grep -F -- "$1" commands) || { fail "no command with $1"; return 1; }
	eval "$line"
}
ask() {	# LABEL KEY SUBJECT [curl options]
	local label=$1 key=$2 subj=$3; shift 3
	csr "$key" "$subj" | base64 >"$T/b"
	post "$label/simpleenroll" "$T/b" "$@"
}
maker() { make_maker_device "$1" "$D/$1-maker"; new_key "$D/$1.key"; }
by_maker() { ask "$1" "$D/$2.key" "/CN=x" --cert "$D/$2-maker.pem" --key "$D/$2-maker.key"; }

# --- 1
new_key line-1.key; csr line-1.key "/O=Example Devices/CN=line-1" >line-1.csr
new_key dev-1.key; new_key dev-2.key; csr dev-2.key "/CN=any" >dev-0002.csr
check "1: the list" run "device import"
check "1: the station" run "est-station"
ask factory dev-1.key "/serialNumber=SN-0001" --cert line-1.pem --key line-1.key; is "1: a device by the station" "$code" 200
take_cert "$T/c"
is "  an IDevID" "$(subject_of "$T/c")" "O=Example Devices, CN=X1, serialNumber=SN-0001"
has "  without end" "$(openssl x509 -in "$T/c" -noout -enddate)" "9999"
ask factory dev-1.key "/serialNumber=SN-0003" --cert line-1.pem --key line-1.key; is "  none that is not in the list" "$code" 403
check "1: the batch" run "--batch"
check "  its certificate" verifies certificates/dev-0002.pem
new_key "$T/k"; ask factory "$T/k" "/serialNumber=SN-0002" --cert line-1.pem --key line-1.key; is "  whose row is used" "$code" 403
check "  the batch again" run "--batch"

# --- 2
maker field-1
by_maker field field-1; is "2: by the maker's certificate" "$code" 200; take_cert "$D/field-1.pem"
by_maker field field-1; is "  a repetition gets it again" "$code" 200
mv "$D/field-1.key" "$T/kept.key"; new_key "$D/field-1.key"
by_maker field field-1; is "  another key does not" "$code" 403
mv "$T/kept.key" "$D/field-1.key"
csr "$D/field-1.key" "$(openssl x509 -in "$D/field-1.pem" -noout -subject -nameopt compat | sed 's/^subject=//')" | base64 >"$T/b"
post field/simplereenroll "$T/b" --cert "$D/field-1.pem" --key "$D/field-1.key"; is "  not renewed before its time" "$code" 403
has "  by its rule" "$(reason)" "renew.window"
has "  and then revoked" "$(inkan fleet show field)" "renewal.superseded_after = 604800s"

# --- 3
check "3: a secret" run "secret new" ; secret=$(sed -n 's/^secret: *//p' "$T/out")
new_key gw.key; ask gateways gw.key "/CN=gw-17" -u "gw-17:$secret"; is "3: a gateway" "$code" 200
new_key gw2.key; ask gateways gw2.key "/CN=gw-17" -u "gw-17:$secret"; is "  the secret opens once" "$code" 401
ask gateways gw2.key "/CN=pump-1" -u "$(basic)"; has "  and for gateways only" "$code" '^40[13]$'

# --- 4
maker new-1
by_maker approval new-1; is "4: a device that nobody has approved waits" "$code" 202
has "  by its rule" "$(reason)" "approve.first"
has "  five minutes at first" "$(cat "$head")" "^Retry-After: 300"
check "4: it is listed" run "request list"; has "  with the device" "$(cat "$T/out")" "^1 +waiting .*approval/new-1"
check "4: it is looked at" run "request show"; has "  who asks" "$(cat "$T/out")" "auth: manufacturer:acme"
check "4: it is approved" run "request approve"
by_maker approval new-1; is "  and enrols" "$code" 200
mv "$D/new-1.key" "$T/old.key"; new_key "$D/new-1.key"
by_maker approval new-1; is "4: another key waits again" "$code" 202

# --- 5
maker ak-1; openssl pkey -in "$D/ak-1.key" -pubout -out ak-1.pub
check "5: the key is pinned" run "--name ak-1"
cp "$D/ak-1.key" "$T/right"; new_key "$D/ak-1.key"
by_maker evidence ak-1; is "5: another key" "$code" 403
has "  by its rule" "$(reason)" "attest.pinned-key"
cp "$T/right" "$D/ak-1.key"
by_maker evidence ak-1; is "5: the pinned one" "$code" 200
take_cert "$T/ak"; check "  verifies" verifies "$T/ak" "$INKAN_ATTEST_ISSUER"
maker ak-2; by_maker evidence ak-2; is "5: a device that is not in the registry" "$code" 403
finish
