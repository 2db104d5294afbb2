#!/usr/bin/env bash
# How a device ends, and what comes after it: retire, replace, transfer.
tid="device verbs"
. "$(dirname "$0")/lib.sh"
demo_up
state() { inkan --json cert show "$(serial "$D/$1.pem")" | json - 'd["state"] + " " + str(d["reason"])'; }
dev() {	# NAME FLEET expression on d
	inkan --json device show "$1" --fleet "$2" >"$T/dev" && json "$T/dev" "$3"
}
refused() {	# WHAT RULE command...
	local what=$1 rule=$2; shift 2
	out=$("$@" 2>&1); is "$what" $? 1; has "  by its rule" "$out" "$rule"
}
enrol_as() {	# NAME FLEET: with the key that it has; sets $code
	csr "$D/$1.key" "/CN=$1" | base64 >"$T/$1.b64"
	post "$2/simpleenroll" "$T/$1.b64" -u "$(basic)"
}

# retire
inkan device add --fleet devices --name old-1 --serial SN-1 --set model=X1 >/dev/null
check "old-1 enrols" enrol_basic old-1
inkan --json secret new --fleet devices --device old-1 >"$T/s"
user=$(json "$T/s" 'd["user"]')
inkan --json secret new --fleet strict --device old-1 >"$T/s2"
inkan --json device retire old-1 --note "scrapped" >"$T/j"; is "retire" $? 0
is "  one revoked, one secret" "$(json "$T/j" '(d["revoked"], d["secrets_revoked"])')" "(1, 1)"
is "  and named" "$(json "$T/j" 'd["certificates"][0]["serial"]')" "$(serial "$D/old-1.pem")"
is "  its certificate" "$(state old-1)" "revoked cessationOfOperation"
is "  the device" "$(dev old-1 devices '(d["state"], d["retired_at"] is not None, d["note"])')" "('disabled', True, 'retired: scrapped')"
is "  its secret" "$(inkan --json secret list | json - "[s['revoked'] for s in d if s['user'] == '$user']")" "[True]"
is "  that of another fleet stays" "$(inkan --json secret list | json - "[s['revoked'] for s in d if s['user'] == '$(json "$T/s2" 'd["user"]')']")" "[False]"
refused "never enabled again" device.retired inkan device enable old-1
refused "nor retired again" device.retired inkan device retire old-1
refused "nor transferred" device.retired inkan device transfer old-1 --to windowed
enrol_as old-1 devices; is "  it cannot enrol" "$code" 403
inkan device retire nobody >"$T/o" 2>&1; is "nobody to retire" $? 1
inkan device retire old-1 --reason certificateHold >"$T/o" 2>&1; is "a hold retires nobody" $? 1

# replace
new_key "$T/pin"; openssl pkey -in "$T/pin" -pubout -out "$T/pin.pub"
inkan device add --fleet devices --name r-1 --serial SN-2 --set model=X1 --set firmware=1.2.0 >/dev/null
check "r-1 enrols" enrol_basic r-1
refused "the new name is taken" device.duplicate inkan device replace r-1 --by old-1
is "  and nothing was done" "$(state r-1)" "valid None"
inkan --json device replace r-1 --by r-2 --serial SN-3 --key "$T/pin.pub" >"$T/j"; is "replace" $? 0
is "  the new one" "$(json "$T/j" '(d["name"], d["serial"], d["state"], d["fields"], d["note"])')" "('r-2', 'SN-3', 'enabled', 'firmware=1.2.0; model=X1', 'replaces r-1')"
is "  the old one's certificate" "$(state r-1)" "revoked superseded"
is "  the old one" "$(dev r-1 devices '(d["state"], d["successor"], d["retired_at"] is not None)')" "('disabled', 'devices/r-2', True)"
cp "$T/pin" "$D/r-2.key"; enrol_as r-2 devices; is "  the new one enrols" "$code" 200
refused "only once" device.replaced inkan device replace r-1 --by r-3
check "a scrapped one can still be replaced" inkan device replace old-1 --by old-2

# transfer: the device keeps its name, serial, key, fields and IDevID
new_key "$D/t-1.key"; openssl pkey -in "$D/t-1.key" -pubout -out "$T/t-1.pub"
inkan device add --fleet devices --name t-1 --serial SN-9 --key "$T/t-1.pub" --set model=X2 >/dev/null
csr "$D/t-1.key" "/CN=t-1" >"$T/t-1.csr"
check "an IDevID for t-1" inkan issue --profile device-idevid --csr "$T/t-1.csr" --fleet devices --device t-1 --out "$D/t-1-idevid.pem"
enrol_as t-1 devices; is "an LDevID for t-1" "$code" 200; take_cert "$D/t-1.pem"
refused "to a fleet that is none" fleet.unknown inkan device transfer t-1 --to nowhere
refused "to its own fleet" fleet.same inkan device transfer t-1 --to devices
is "  nothing was done" "$(state t-1)" "valid None"
inkan device add --fleet strict --name t-1 >/dev/null
refused "to a fleet that has one of that name" device.duplicate inkan device transfer t-1 --fleet devices --to strict
is "  nothing was done" "$(state t-1) $(dev t-1 devices 'd["key_sha256"] is not None')" "valid None True"
inkan --json device transfer t-1 --fleet devices --to windowed >"$T/j"; is "transfer" $? 0
is "  one revoked, one kept" "$(json "$T/j" '(d["fleet"], d["revoked"], d["kept"])')" "('windowed', 1, 1)"
is "  LDevID" "$(state t-1)" "revoked affiliationChanged"
is "  IDevID" "$(state t-1-idevid)" "valid None"
is "  the device goes on" "$(dev t-1 windowed '(d["state"], d["serial"], d["fields"], d["key_sha256"] is not None)')" "('enabled', 'SN-9', 'model=X2', True)"
is "  with its IDevID" "$(dev t-1 windowed '[c["profile"] for c in d["certificates"]]')" "['device-idevid']"
is "  and is history in the old fleet" "$(dev t-1 devices '(d["state"], d["successor"], d["key_sha256"])')" "('disabled', 'windowed/t-1', None)"
enrol_as t-1 devices; is "  the old owner's fleet refuses it" "$code" 403
enrol_as t-1 windowed; is "  the new owner's takes it, with the same key" "$code" 200
take_cert "$D/t-1w.pem"
out=$(inkan device transfer t-1 --fleet windowed --to devices 2>&1); is "and back" $? 0
is "  what windowed gave is revoked" "$(state t-1w)" "revoked affiliationChanged"
is "  it is the one that it was" "$(dev t-1 devices '(d["state"], d["successor"], d["retired_at"])')" "('enabled', None, None)"
enrol_as t-1 devices; is "  and enrols" "$code" 200
# Another device with that key is a duplicate still.
cp "$D/t-1.key" "$D/t-9.key"; enrol_as t-9 devices; is "its key is nobody else's" "$code" 403
log=$(inkan log list --limit 1000)
for k in device.retire device.replace device.transfer; do has "the log tells of $k" "$log" "$k"; done
finish
