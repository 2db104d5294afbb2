#!/usr/bin/env bash
# A fleet incident: plan, execute, a kill -9 in the middle, and the end.
tid="fleet incident"
. "$(dirname "$0")/lib.sh"
demo_up
value() { json "$T/j" "$1"; }
plan() { inkan --json revoke --where "$1" "${@:2}" >"$T/j"; }
refused() {	# WHAT STATUS PATTERN command...
	local what=$1 rc=$2 rule=$3; shift 3
	out=$("$@" 2>&1); is "$what" $? "$rc"; has "  and why" "$out" "$rule"
}

# 44 devices: every second one an X1; firmware 1.0.0 to 1.11.0; five of X1 do
# not tell theirs, two tell one that is no number.
for i in $(seq 0 43); do
	n=dev-$i model=X$((i % 2 + 1))
	set -- --set model=$model
	case $i in
	0|2|4|6|8) ;;
	10|12)	set -- "$@" --set firmware=beta ;;
	*)	set -- "$@" --set firmware=1.$((i % 12)).0 ;;
	esac
	inkan device add --fleet devices --name $n --serial SN-$i "$@" >/dev/null
	device_csr $n
	inkan issue --profile device-ldevid --fleet devices --device $n --csr "$T/$n.csr" --out "$D/$n.pem" >/dev/null || fail "issue $n"
done
# Below 1.9.0 by number, not by letter: 1.10 is not. X1 has even numbers.
chosen() {
	local i
	for i in $(seq 14 2 42); do
		[ $((i % 12)) -lt 9 ] && echo dev-$i
	done
}
want=$(chosen | wc -l)
expr='model=X1 firmware<1.9.0'
check "an own revocation before" inkan revoke --serial "$(serial "$D/dev-43.pem")"

# words that cannot be
refused "no such operator" 1 "where.op: at 15: " inkan revoke --where 'model=X1 state<valid'
refused "a misspelt name" 1 "where.name.*did you mean" inkan revoke --where 'issued-aftr=2026-01-01'
refused "a field that no device has" 1 "where.field" inkan revoke --where 'modell=X1'
refused "a version that is none" 1 "where.value" inkan revoke --where 'firmware<beta'
refused "nothing" 2 "empty" inkan revoke --where ''
refused "a hold" 1 "campaign.reason" inkan revoke --where "$expr" --reason certificateHold

# the plan
plan "$expr" --reason keyCompromise; is "a plan" $? 0
is "  how many" "$(value 'd["certificates"]')" "$want"
is "  devices" "$(value 'd["devices"]')" "$want"
is "  what it cannot tell" "$(value 'd["undecided"]')" 7
is "  a sample" "$(value 'len(d["sample"])')" 10
is "  by profile" "$(value '[(g["issuer"], g["profile"], g["certificates"]) for g in d["groups"]]')" "[('devices-g1', 'device-ldevid', $want)]"
is "  growth of the CRL: 53 octets each" "$(value 'd["crl_octets"]')" $((want * 53))
is "  signatures" "$(value 'd["crls"]')" 1
has "  for people" "$(inkan revoke --where "$expr")" "Nothing was changed"
is "nothing was changed" "$(inkan --json cert list --state revoked | json - 'len(d)')" 1
is "  and nothing started" "$(inkan --json campaign list)" "[]"
plan 'device~dev-1* expires-after=2020-01-01'; is "a pattern" "$(value 'd["certificates"]')" 11
plan 'device=dev-7'; is "a device" "$(value 'd["certificates"]')" 1
plan 'issuer=devices'; is "an issuer: OCSP delegates are left out" "$(value 'd["excluded"] > 0')" True
plan 'profile=issuing-ca'; is "CAs are never chosen" "$(value '(d["certificates"], d["excluded"])')" "(0, 3)"
plan 'state=revoked'; is "revoked ones: nothing to do" "$(value '(d["certificates"], d["skipped"])')" "(0, 1)"
plan 'state=revoked' --reason keyCompromise; is "  but a better reason" "$(value '(d["certificates"], d["crl_octets"])')" "(1, 0)"
plan 'issued-after=2099-01-01'; is "of another time" "$(value 'd["certificates"]')" 0

# Execute, in small stages; what is issued from now on is not in it.
past=$(date -u -d '-1 day' +%Y-%m-%dT%H:%M:%SZ)
check "execute" inkan --json revoke --where "$expr" --reason keyCompromise --invalidity-date "$past" --note "INC-7" --execute --no-wait --stage 2 --pause 5
id=$(inkan --json campaign list | json - 'd[0]["id"]')
campaign() { inkan --json campaign show "$id" >"$T/j" && value "$1"; }
for _ in $(seq 50); do
	[ "$(campaign 'd["done"] > 0')" = True ] && break
	sleep 0.2
done
is "chosen" "$(campaign 'd["total"]')" "$want"
pid=$(cat "$INKAN_DIR/run/inkan-ca.pid"); kill -9 "$pid"
wait "$pid" 2>/dev/null
while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
demo_start ca >/dev/null
is "running again after kill -9" "$(campaign 'd["state"]')" running
done1=$(campaign 'd["done"]')
check "in the middle ($done1 of $want)" test "$done1" -gt 0 -a "$done1" -lt "$want"
begun_again() { [ "$(grep -c "event=campaign.begun campaign=$id " "$INKAN_DIR"/log/inkan-ca.log)" -ge 2 ]; }
check "  it says so" wait_for 10 begun_again

# Stopped between two stages, and resumed until it is over.
check "abort" inkan revoke --abort "$id"
is "  stopped" "$(campaign 'd["state"]')" stopped
n=$(campaign 'd["done"]'); sleep 6
is "  nothing more" "$(campaign 'd["done"]')" "$n"
refused "twice" 1 "campaign.state" inkan revoke --abort "$id"
refused "one that is not there" 1 "no campaign" inkan revoke --resume 99
new_key "$D/late.key"; csr "$D/late.key" /CN=dev-14 >"$T/csr"
inkan issue --profile device-ldevid --fleet devices --device dev-14 --csr "$T/csr" --out "$D/late.pem" >/dev/null
check "one of it is revoked by hand meanwhile" inkan revoke --serial "$(serial "$D/dev-42.pem")" --reason keyCompromise --invalidity-date "$past"
out=$(inkan revoke --resume "$id"); is "resume: until it is over" $? 0
has "  with progress" "$out" "of $want revoked"
has "  done" "$out" "state: done"
is "  counts" "$(campaign '(d["total"], d["done"] + d["skipped"], d["skipped"], d["left"])')" "($want, $want, 1, 0)"
refused "no going on after the end" 1 "campaign.state" inkan revoke --resume "$id"

# Store, OCSP and CRL agree: all of it, and none other.
{ chosen; echo dev-43; } | sort >"$T/want"
inkan --json cert list --state revoked --all >"$T/j"
is "the store" "$(value '"\n".join(sorted(c["device"] for c in d))')" "$(cat "$T/want")"
is "  reason and date" "$(value 'sorted({(c["reason"], c["invalidity_date"]) for c in d if c["device"] != "dev-43"})')" "[('keyCompromise', '$past')]"
for i in $(seq 0 43); do
	openssl ocsp -issuer "$INKAN_ISSUER" -CAfile "$INKAN_ROOT" -url "$INKAN_OCSP_URL" -no_nonce -cert "$D/dev-$i.pem" 2>/dev/null | grep -q ': revoked' && echo "dev-$i"
done | sort >"$T/ocsp"
check "OCSP agrees" diff "$T/want" "$T/ocsp"
# It comes a little later.
listed() {
	curl -sS "$INKAN_HTTP_URL/crl/devices-g1.crl" | openssl crl -inform DER -noout -text >"$T/crl"
	for i in $(seq 0 43); do
		grep -qi "Serial Number: $(serial "$D/dev-$i.pem")" "$T/crl" && echo "dev-$i"
	done | sort >"$T/listed"
	diff "$T/want" "$T/listed"
}
wait_for 20 listed
check "the CRL agrees" diff "$T/want" "$T/listed"
is "what was issued later is valid" "$(inkan --json cert show "$(serial "$D/late.pem")" | json - 'd["state"]')" valid
csr "$D/dev-14.key" /CN=dev-14 | base64 >"$T/b"; post simpleenroll "$T/b" -u "$(basic)"
is "a lost key gets nothing" "$code" 403; has "  by its rule" "$(reason)" "key.blocked"
log=$(inkan log list --limit 5000)
for k in start chosen stage stop resume end; do has "the log tells: campaign.$k" "$log" "campaign.$k +campaign=$id"; done
is "  an entry for each certificate" "$(printf '%s\n' "$log" | grep -c " revoke .*campaign=$id")" $((want - 1))
finish
