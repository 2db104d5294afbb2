#!/usr/bin/env bash
# Factory stations: a TLS client with id-kp-cmcRA asks for certificates of
# devices that stand in the registry and have none yet.
tid="factory stations"
. "$(dirname "$0")/lib.sh"
before_ceremony() {
	local c=$T/demo/config d
	openssl ecparam -name prime256v1 -genkey -noout -out "$T/line-ca.key"
	openssl req -x509 -new -key "$T/line-ca.key" -sha256 -days 365 \
	    -subj "/CN=Line CA" -out "$c/fleets/line-ca.pem" \
	    -addext basicConstraints=critical,CA:TRUE \
	    -addext keyUsage=critical,keyCertSign
	sed 's/^name = .*/name = "factory-ldevid";/; s/^subject = (/&\n\t{ attribute = "OU"; from = "registry.model"; optional = true; },/' \
	    "$c/profiles/device-ldevid.conf" >"$c/profiles/factory-ldevid.conf"
	for d in factory factory2; do
		cat >"$c/fleets/$d.conf" <<-X
		name = "$d";
		label = "$d";
		profile = "factory-ldevid";
		authenticate: {
			stations = (
				{ name = "$d-line-1"; per_shift = 3; shift = "24h"; },
				{ name = "$d-line-2"; per_shift = 100; shift = "8h";
				  device_from = "CN"; },
				{ name = "$d-foreign"; per_shift = 100;
				  anchors = "line-ca.pem"; depth = 2; }
			);
			own_certificate = true;
		};
		registration = "just-in-time";
		names = [ "*" ];
		pop_link = "required";
		X
	done
}
demo_up
station() {	# NAME: a certificate of ours, $D/NAME.{key,pem}
	new_key "$D/$1.key"
	csr "$D/$1.key" "/O=Demo/CN=$1" >"$T/c"
	inkan issue --profile est-station --csr "$T/c" --out "$D/$1.pem" >/dev/null
}
foreign() {	# NAME EKU [openssl x509 options]: by the line's own CA
	local name=$1 eku=$2; shift 2
	new_key "$D/$name.key"
	csr "$D/$name.key" "/CN=$name" | openssl x509 -req -inform DER -CA "$T/demo/config/fleets/line-ca.pem" \
	    -CAkey "$T/line-ca.key" -days 30 -out "$D/$name.pem" -extfile <(printf 'basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=%s\n' "$eku") "$@" 2>/dev/null
}
# ask STATION LABEL KEY SUBJECT [op]
ask() {
	csr "$3" "$4" | base64 >"$T/b"
	post "$2/${5:-simpleenroll}" "$T/b" --cert "$D/$1.pem" --key "$D/$1.key"
}
refused() { is "$1" "$code" "${3:-403}"; has "  by its rule" "$(reason)" "$2"; }
certs() { inkan --json cert list --fleet factory | json - 'len(d)'; }

for f in factory factory2; do
	for i in 1 2 3 4 5 6; do echo "{\"fleet\": \"$f\", \"name\": \"$f-$i\", \"serial\": \"SN-$i\", \"model\": \"X1\"}"; done
done >"$T/list.jsonl"
check "the devices come in" inkan device import "$T/list.jsonl"
check "a station's certificate" station factory-line-1
has "  with cmcRA" "$(openssl x509 -in "$D/factory-line-1.pem" -noout -ext extendedKeyUsage)" "CMC Registration Authority|1.3.6.1.5.5.7.3.28"
check "another station's" station factory-line-2
check "one of the other fleet" station factory2-line-1

# --- a device by its serial number; names and fields from the registry
new_key "$D/d1.key"
ask factory-line-1 factory "$D/d1.key" "/CN=whatever/serialNumber=SN-1"; is "a device" "$code" 200
take_cert "$D/d1.pem"; check "  it verifies" verifies "$D/d1.pem"
has "  named by the registry" "$(subject_of "$D/d1.pem")" "OU=X1.*CN=factory-1"
has "  with its serial number" "$(subject_of "$D/d1.pem")" "serialNumber=SN-1"
inkan --json cert show "$(serial "$D/d1.pem")" >"$T/j"
is "  the station stands in the row" "$(json "$T/j" '(d["auth"], d["device"], d["fleet"])')" "('station:factory-line-1', 'factory-1', 'factory')"
has "  with its certificate" "$(json "$T/j" 'd["requester"]')" "station:$(serial "$D/factory-line-1.pem")"
has "  and in the log" "$(inkan log list --all | grep issue.reserved | tail -1)" "auth=station:factory-line-1"
inkan --json device show factory-1 --fleet factory >"$T/dev"
is "  which root the station used is not the device's" "$(json "$T/dev" 'd.get("anchor")')" None
# An answer was lost: the same again, which costs no quota.
ask factory-line-1 factory "$D/d1.key" "/serialNumber=SN-1"; is "the same again" "$code" 200
take_cert "$T/again.pem"; is "  is the same certificate" "$(serial "$T/again.pem")" "$(serial "$D/d1.pem")"

# --- what is refused
new_key "$T/n"
ask factory-line-1 factory "$T/n" "/serialNumber=SN-1"; refused "a row that is used" station.used
ask factory-line-2 factory "$D/d1.key" "/CN=factory-1"; refused "  by another station as well" station.used
ask factory-line-1 factory "$T/n" "/serialNumber=SN-99"; refused "a row that is not there" station.unregistered
ask factory-line-1 factory "$T/n" "/CN=factory-2"; refused "no serial number" station.subject 400
ask factory-line-1 factory2 "$T/n" "/serialNumber=SN-2"; refused "in another fleet" station.fleet
ask factory-line-1 devices "$T/n" "/CN=x"; refused "  whatever that one takes" station.fleet
check "a station that no fleet knows" station nobody
ask nobody factory "$T/n" "/serialNumber=SN-2"; refused "  is refused" station.unknown
ask nobody devices "$T/n" "/CN=nobody"; refused "  and is no device" station.unknown
ask factory-line-1 factory "$T/n" "/O=Demo/CN=factory-line-1" simplereenroll; refused "its own renewal" station.renew
ask factory-line-1 factory "$D/factory-line-1.key" "/O=Demo/CN=factory-line-1" simplereenroll; refused "  with its own key" station.renew
inkan device disable factory-2 >/dev/null
ask factory-line-1 factory "$T/n" "/serialNumber=SN-2"; refused "a disabled device" device.disabled
inkan device enable factory-2 >/dev/null
inkan device add --fleet factory --name twin-a --serial SN-T >/dev/null
inkan device add --fleet factory --name twin-b --serial SN-T >/dev/null
ask factory-line-1 factory "$T/n" "/serialNumber=SN-T"; refused "a serial number of two rows" device.serial
is "nothing was issued" "$(certs)" 1

# --- quota: two of three are left
ask factory-line-1 factory "$T/n" "/serialNumber=SN-2"; is "the second" "$code" 200
new_key "$T/n3"; ask factory-line-1 factory "$T/n3" "/serialNumber=SN-3"; is "the third" "$code" 200
new_key "$T/n4"; ask factory-line-1 factory "$T/n4" "/serialNumber=SN-4"; refused "the fourth of a shift" station.quota 429
retry=$(tr -d '\r' <"$head" | sed -n 's/^[Rr]etry-[Aa]fter: //p')
check "  Retry-After is the end of the shift" [ "${retry:-0}" -gt 0 -a "${retry:-0}" -le 86400 -a $(( ($(date +%s) + ${retry:-0}) % 86400 )) -lt 5 ]
ask factory-line-2 factory "$T/n4" "/CN=factory-4"; is "another station has its own" "$code" 200
# Two at once for one row: one gets it.
new_key "$T/a5"; new_key "$T/b5"
for k in a5 b5; do
	csr "$T/$k" "/CN=factory-5" | base64 >"$T/$k.b64"
	curl -sS --max-time 20 --cacert "$INKAN_ROOT" -o /dev/null -w '%{http_code}\n' -H 'Content-Type: application/pkcs10' \
	    --data-binary "@$T/$k.b64" --cert "$D/factory-line-2.pem" --key "$D/factory-line-2.key" \
	    "$INKAN_EST_URL/.well-known/est/factory/simpleenroll" >"$T/$k.code" &
	jobs="${jobs:-} $!"
done
# shellcheck disable=SC2086
wait $jobs
is "two at once for one row" "$(sort "$T/a5.code" "$T/b5.code" | tr '\n' ' ')" "200 403 "

# --- stations of another CA
foreign factory-foreign clientAuth,1.3.6.1.5.5.7.3.28
new_key "$T/n6"; ask factory-foreign factory "$T/n6" "/serialNumber=SN-6"; is "a station by its anchors" "$code" 200
foreign factory-foreign clientAuth
new_key "$T/n7"; ask factory-foreign factory "$T/n7" "/serialNumber=SN-T"; refused "without cmcRA" "certificate.unknown-maker"
foreign factory-foreign 1.3.6.1.5.5.7.3.28,serverAuth
ask factory-foreign factory "$T/n7" "/serialNumber=SN-T"; is "without clientAuth" "$code" 403
foreign factory-line-2x clientAuth,1.3.6.1.5.5.7.3.28
mv "$D/factory-line-2.pem" "$T/l2.pem"; mv "$D/factory-line-2.key" "$T/l2.key"
foreign factory-line-2 clientAuth,1.3.6.1.5.5.7.3.28
ask factory-line-2 factory "$T/n7" "/CN=twin-a"; refused "the name of one of ours" station.issuer
mv "$T/l2.pem" "$D/factory-line-2.pem"; mv "$T/l2.key" "$D/factory-line-2.key"
check "ours with the name of another's" station factory-foreign
ask factory-foreign factory "$T/n7" "/serialNumber=SN-T"; refused "  is refused" station.issuer
make_maker_device dev-x "$D/dev-x"
ask dev-x factory "$T/n7" "/CN=twin-a"; is "a maker's device is no station" "$code" 403

# --- the end of a station
inkan revoke --serial "$(serial "$D/factory-line-2.pem")" >/dev/null
ask factory-line-2 factory "$T/n7" "/CN=twin-a"; refused "a revoked one" certificate.revoked
inkan explain --fleet factory --csr <(csr "$T/n7" "/CN=twin-a") --cert "$D/factory-line-2.pem" >"$T/x" 2>&1
has "explain tells it, too" "$(cat "$T/x")" "certificate.revoked"
has "the fleet names its stations" "$(inkan fleet show factory)" "authenticate.station.factory-line-2.shift = 28800s"
sed -i 's/factory2-line-1/factory-line-1/' "$T/demo/config/fleets/factory2.conf"
out=$(inkan policy activate 2>&1); is "a station in two fleets" $? 1
has "  is refused" "$out" "has the station"
finish
