#!/usr/bin/env bash
# Requests that wait for people: 202 with Retry-After until somebody has decided,
# through any inkan-ra, and after restarts of all programs.
tid="EST: parked requests"
. "$(dirname "$0")/lib.sh"
need pki
fleet() {	# name, further lines: a fleet whose requests are parked
	cat >"$T/demo/config/fleets/$1.conf" <<-X
	name = "$1"; label = "$1"; profile = "device-ldevid";
	authenticate: {
	  manufacturers = ( { name = "demo-maker"; anchors = "maker.pem";
	    depth = 3; device_from = "serialNumber"; } );
	  basic = true; own_certificate = true;
	};
	registration = "just-in-time"; names = [ "*" ];
	$2
	X
}
before_ceremony() {
	# strongSwan knows no labels.
	sed -i '/^default/d' "$T/demo/config/fleets/devices.conf"
	fleet parked 'default = true; re_enrol = "refuse"; approve = "first"; approval: { retry_after = "1s"; };'
	fleet short 're_enrol = "refuse"; approve = "all"; approval: { retry_after = "30s"; lifetime = "10s"; max_waiting = 1; };'
	fleet again 're_enrol = "approve"; retry_window = "0s"; approval: { retry_after = "7s"; };'
}
demo_up
# ask LABEL DEVICE [BODY]: by its maker's certificate
ask() { post "$1/simpleenroll" "${3:-$T/$2.b64}" --cert "$D/$2-maker.pem" --key "$D/$2-maker.key"; }
device() { make_maker_device "$1" "$D/$1-maker"; new_key "$D/$1.key"; csr "$D/$1.key" "/CN=x" | base64 >"$T/$1.b64"; }
id_of() { inkan --json request list --kind enrol --open >"$T/l"; json "$T/l" "[r['id'] for r in d if r['device'] == '$1'][0]"; }
retry_after() { tr -d '\r' <"$head" | sed -n 's/^Retry-After: //p'; }
count() { inkan --json cert list --fleet "$1" --device "$2" | grep -c '"serial"'; }

# A second inkan-ra beside the first, on the same ra.sock.
port2=$(free_port)
sed -e /^metrics_listen/d -e "s/:${INKAN_EST_URL##*:}\"/:$port2\"/g" "$INKAN_CONFIG_DIR/ra.conf" >"$INKAN_CONFIG_DIR/ra2.conf"
ra2() { "$BUILD/inkan-ra" -c "$INKAN_CONFIG_DIR/ra2.conf" >>"$T/ra2.log" 2>&1 & ra2_pid=$!; }
more_cleanup=ra2_stop
ra2_stop() { [ -z "${ra2_pid:-}" ] || { kill "$ra2_pid"; wait "$ra2_pid"; } 2>/dev/null; ra2_pid=; }
ra2
elsewhere() { local was=$INKAN_EST_URL; INKAN_EST_URL=https://localhost:$port2; "$@"; INKAN_EST_URL=$was; }
there() { elsewhere get cacerts; [ "$code" = 200 ]; }
check "the second inkan-ra answers" wait_for 15 there

# --- parked, polled, approved, issued once
device p-1
ask parked p-1; is "a first enrolment waits" "$code" 202
is "  Retry-After" "$(retry_after)" 1
has "  one line says why" "$(reason)" "^approve: approve.first: request [0-9]+ waits for approval until"
id=$(id_of parked/p-1)
ask parked p-1; is "asked again" "$code" 202
csr "$D/p-1.key" "/CN=x" | base64 >"$T/anew"
ask parked p-1 "$T/anew"; has "a CSR that is signed anew is the same request" "$(reason)" "request $id "
elsewhere ask parked p-1; has "so it is at another inkan-ra" "$code $(reason)" "^202 .*request $id "
demo_stop; ra2_stop; demo_start ca ra; ra2
wait_for 15 there
ask parked p-1; has "and after restarts" "$code $(reason)" "^202 .*request $id "
has "status tells" "$(inkan status)" "enrolments .*1 wait for approval"
has "it is listed" "$(inkan request list --fleet parked)" "^$id +waiting +enroll .*parked/p-1"
has "  not among operators' requests" "$(inkan --json request list --kind operator | tr -d ' \n')" '^\[\]$'
out=$(inkan request show "$id")
has "shown: who asks" "$out" "auth: manufacturer:demo-maker"; has "  what it becomes" "$out" "identity.device: p-1"
has "  the key" "$out" "key_sha256: $(openssl pkey -in "$D/p-1.key" -pubout -outform DER | sha256sum | cut -d' ' -f1)"
check "nothing is issued yet" test "$(count parked p-1)" = 0
check "approved" inkan request approve "$id"
is "  not issued before the device asks" "$(count parked p-1)" 0
# Twenty at once, at both: one certificate.
pids=()
for i in $(seq 20); do
	p=${INKAN_EST_URL##*:}; [ $((i % 2)) = 0 ] || p=$port2
	curl -sS --max-time 60 --cacert "$INKAN_ROOT" -o "$T/r$i" -w '%{http_code}\n' --data-binary "@$T/p-1.b64" \
	    -H 'Content-Type: application/pkcs10' --cert "$D/p-1-maker.pem" --key "$D/p-1-maker.key" \
	    "https://localhost:$p/.well-known/est/parked/simpleenroll" >"$T/s$i" &
	pids+=($!)
done
wait "${pids[@]}"
check_not "only 200 and 503" grep -vqE '^(200|503)$' "$T"/s[1-9] "$T"/s1? "$T"/s20
check "one had it" grep -q 200 "$T"/s[1-9] "$T"/s1? "$T"/s20
is "one certificate" "$(count parked p-1)" 1
ask parked p-1; is "fetched again" "$code" 200; take_cert "$D/p-1.pem"
check "  it verifies" verifies "$D/p-1.pem"
is "  still one" "$(count parked p-1)" 1
out=$(inkan request show "$id"); has "the request is done" "$out" "^state: done"
has "  with its certificate" "$out" "^serial: $(serial "$D/p-1.pem")"
log=$(inkan log list --limit 3000)
for k in parked approved issued; do has "the log: enrol.$k" "$log" "enrol.$k.*request=$id"; done
csr "$D/p-1.key" "$(openssl x509 -in "$D/p-1.pem" -noout -subject -nameopt compat | sed 's/^subject=//')" | base64 >"$T/r"
post parked/simplereenroll "$T/r" --cert "$D/p-1.pem" --key "$D/p-1.key"; is "a renewal needs nobody where only first ones do" "$code" 200

# --- denied; several at once
for d in p-2 p-3 p-4; do device $d; ask parked $d; done
ids="$(id_of parked/p-3) $(id_of parked/p-4)"
check "denied" inkan request deny "$(id_of parked/p-2)" --reason "not in our plant"
ask parked p-2; is "  the device is told" "$code" 403
has "  why" "$(reason)" "^approve: approve.denied: request [0-9]+ was denied: not in our plant"
# shellcheck disable=SC2086
check "two approved in one go" inkan request approve $ids
ask parked p-3; is "  the one" "$code" 200; ask parked p-4; is "  the other" "$code" 200

# --- another key; another credential
device p-5; ask parked p-5; first=$(id_of parked/p-5)
cp "$T/p-5.b64" "$T/older"; new_key "$D/p-5.key"; csr "$D/p-5.key" "/CN=x" | base64 >"$T/p-5.b64"
ask parked p-5; has "another key takes its place" "$code $(reason)" "^202 .*request $((first + 1)) "
ask parked p-5 "$T/older"; has "  the older is told" "$code $(reason)" "^403 .*approve.replaced"
make_maker_device p-5 "$D/p-5-maker"
ask parked p-5; has "another credential does not" "$code $(reason)" "^403 .*approve.waiting"

# --- ten at once: one request
device p-6; pids=()
for i in $(seq 10); do
	curl -sS --max-time 20 --cacert "$INKAN_ROOT" -o /dev/null -w '%{http_code}\n' --data-binary "@$T/p-6.b64" \
	    -H 'Content-Type: application/pkcs10' --cert "$D/p-6-maker.pem" --key "$D/p-6-maker.key" \
	    "$INKAN_EST_URL/.well-known/est/parked/simpleenroll" >"$T/s$i" &
	pids+=($!)
done
wait "${pids[@]}"
is "ten at once all wait" "$(cat "$T"/s[1-9] "$T/s10" | sort | uniq -c | tr -s ' ')" " 10 202"
is "  as one request" "$(inkan request list --fleet parked --all | grep -c 'parked/p-6')" 1

# --- a one-time secret
s=$(inkan --json secret new --fleet parked --user once | sed -n 's/.*"secret": *"\([^"]*\)".*/\1/p')
new_key "$T/k"; csr "$T/k" /CN=s-1 | base64 >"$T/b"
csr "$T/k" /CN=s-2 | base64 >"$T/b2"
post parked/simpleenroll "$T/b" -u "once:$s"; is "by a one-time secret" "$code" 202
post parked/simpleenroll "$T/b2" -u "once:$s"; has "  it stands for one device" "$code $(reason)" "^403 .*approve.secret"
inkan request approve "$(id_of parked/s-1)" >/dev/null
post parked/simpleenroll "$T/b" -u "once:$s"; is "  issued" "$code" 200; take_cert "$T/c"
post parked/simpleenroll "$T/b" -u "once:$s"; is "  again" "$code" 200; take_cert "$T/c2"
is "  the same" "$(serial "$T/c2")" "$(serial "$T/c")"
post parked/simpleenroll "$T/b2" -u "once:$s"; is "  and then the secret is used up" "$code" 401

# --- a short life (its end is looked at below); the limit of a fleet
device e-1; device e-2
ask short e-1; is "a short life" "$code" 202; until=$((SECONDS + 11))
check "  Retry-After ends with it" test "$(retry_after)" -le 10
ask short e-2; has "the fleet has one place" "$code $(reason)" "^429 .*approve.max_waiting"
first=$(id_of short/e-1)

# --- strongSwan polls by itself
pki --gen --type ecdsa --size 256 >"$T/ss.key"
pki --req --type ecdsa --in "$T/ss.key" --dn 'CN=ss-1' --digest sha256 --outform pem >"$T/ss.csr"
s=$(inkan --json secret new --fleet parked --user ss | sed -n 's/.*"secret": *"\([^"]*\)".*/\1/p')
pki --est --url "$INKAN_EST_URL" --in "$T/ss.csr" --cacert "$INKAN_ROOT" --cacert "$INKAN_ISSUER" \
    --userpass "ss:$s" --interval 1 --maxpolltime 60 --outform pem >"$T/ss.pem" 2>"$T/ss.err" &
pid=$!
waits() { inkan request list --open --fleet parked | grep -q 'parked/ss-1'; }
check "strongSwan's request waits" wait_for 20 waits
sleep 1.5
check "approved" inkan request approve "$(id_of parked/ss-1)"
wait $pid; is "pki --est has polled" $? 0
check "its certificate verifies" verifies "$T/ss.pem"

# --- re_enrol = "approve"
device a-1
ask again a-1; is "a device without a certificate" "$code" 200
new_key "$D/a-1.key"; csr "$D/a-1.key" "/CN=x" | base64 >"$T/a-1.b64"
ask again a-1; has "with one it waits" "$code $(retry_after) $(reason)" "^202 7 .*re_enrol: "
has "explain says so" "$(csr "$D/a-1.key" /CN=x >"$T/c"; inkan explain --fleet again --csr "$T/c" --cert "$D/a-1-maker.pem")" "^approve +park"
inkan request approve "$(id_of again/a-1)" >/dev/null
ask again a-1; is "  and is issued" "$code" 200
is "  a second certificate" "$(count again a-1)" 2
inkan device disable --fleet again --name a-1 >/dev/null
device a-2; ask again a-2; new_key "$D/a-2.key"; csr "$D/a-2.key" "/CN=x" | base64 >"$T/a-2.b64"; ask again a-2
inkan request approve "$(id_of again/a-2)" >/dev/null; inkan device disable --fleet again --name a-2 >/dev/null
ask again a-2; has "approved, and disabled since" "$code $(reason)" "^403 .*device.disabled"

# --- expired
while [ $SECONDS -lt $until ]; do sleep 0.2; done
ask short e-1; has "it is told of the end, once" "$code $(reason)" "^403 .*approve.expired: .*request $first"
ask short e-1; is "and can ask anew" "$code" 202
check_not "  as another request" test "$(id_of short/e-1)" = "$first"
has "the log verifies, these entries among the others" "$(inkan log verify 2>&1)" "nothing found that is wrong"
finish
