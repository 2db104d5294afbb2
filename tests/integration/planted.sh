#!/usr/bin/env bash
# Secrets that are known here pass through the programs in every way that they
# can, also where something goes wrong; then everything is searched that the
# programs write, show or keep.
tid="planted secrets"
. "$(dirname "$0")/lib.sh"
before_ceremony() {	# a fleet whose keys are made for its devices
	cat >"$T/demo/config/fleets/keys.conf" <<-F
	name = "keys"; label = "keys"; profile = "device-ldevid";
	authenticate: { basic = true; };
	registration = "just-in-time"; names = [ "*" ]; re_enrol = "allow";
	serverkeygen: { plain = true; };
	F
}
demo_up
d=$INKAN_DIR
pid_of() { cat "$d/run/inkan-$1.pid"; }
printf '%s\n' "$(cat "$d/pins/ca.pin")" "$(cat "$d/pins/ocsp.pin")" \
    "$(cat "$d/pins/root.pin")" "$(cat "$d/pins/ca.so-pin")" >"$T/secrets"
plant() { printf '%s\n' "$1" >>"$T/secrets"; }
basic_of() { printf 'Authorization: Basic %s' "$(printf %s "$1" | base64 -w0)"; }

# --- used well: a secret of the demo, one that can be used once -----------------
plant "$INKAN_SECRET"
enrol_basic well; is "a secret that is right" "$code" 200
inkan --json secret new --fleet devices >"$T/once"
once=$(json "$T/once" 'd["secret"]') once_user=$(json "$T/once" 'd["user"]')
rm "$T/once"
plant "$once"
new_key "$T/k"; csr "$T/k" "/CN=planted" | base64 >"$T/b"
post simpleenroll "$T/b" -u "$once_user:$once"; is "a new one" "$code" 200

# --- used badly: wrong, too long, no Basic, in a path, in a request ----------------
wrong=planted-wrong-$RANDOM$RANDOM; plant "$wrong"
post simpleenroll "$T/b" -u "$INKAN_USER:$wrong"; is "a wrong one" "$code" 401
post simpleenroll "$T/b" -u "planted-user-$RANDOM:$wrong"; is "of a user that is none" "$code" 401
long=planted-long-$(head -c 3000 /dev/zero | tr '\0' x)-end; plant "planted-long-xxxx"
post simpleenroll "$T/b" -H "$(basic_of "$INKAN_USER:$long")"; has "too long" "$code" "4.."
odd=planted-odd-$RANDOM$RANDOM; plant "$odd"
post simpleenroll "$T/b" -H "Authorization: Bearer $odd"; has "no Basic" "$code" "4.."
post simpleenroll "$T/b" -H "Authorization: Basic $odd%%%"; has "no base64" "$code" "4.."
post simpleenroll "$T/b" -H "$(basic_of "$odd")"; has "no colon" "$code" "4.."
post "simpleenroll?secret=$odd" "$T/b" -H "$(basic_of "x:$odd")"; has "in the query" "$code" "4.."
pass=planted-challenge-$RANDOM$RANDOM; plant "$pass"
cat >"$T/cnf" <<X
[req]
distinguished_name=dn
attributes=at
prompt=no
[dn]
CN=planted
[at]
challengePassword=$pass
X
openssl req -new -key "$T/k" -config "$T/cnf" -outform DER | base64 >"$T/bc"
post strict/simpleenroll "$T/bc" -u "$(basic)"; has "a password in a request" "$code" "4.."

# --- a key made for a device: not its private octets, in no form ---------------------
inkan --json secret new --fleet keys >"$T/once"
both=$(json "$T/once" 'd["user"] + ":" + d["secret"]')
rm "$T/once"
plant "${both#*:}"
post keys/serverkeygen "$T/b" -u "$both"; is "a key made for a device" "$code" 200
python3 - "$body" "$T/secrets" <<-'P'
	import base64, re, sys
	body = open(sys.argv[1], 'rb').read()
	for part in re.split(rb'\r?\n--', body):
	    if b'application/pkcs8' in part:
	        der = base64.b64decode(re.split(rb'\r?\n\r?\n', part, maxsplit=1)[1])
	        at = der.index(b'\x02\x01\x01\x04\x20') + 5
	        key = der[at:at + 32]
	        open(sys.argv[2], 'a').write(key.hex() + '\n')
	        open(sys.argv[2] + '.raw', 'wb').write(key)
	P
check "  is known here" [ -s "$T/secrets.raw" ]

# --- PINs that are wrong in every way ----------------------------------------------------
demo_stop
pin=$d/pins/ca.pin
cp -p "$pin" "$T/right"
try_pin() {	# text
	cat >"$pin" <<<"$1"
	timeout 20 "$INKAN_BIN/inkan-ca" -c "$INKAN_CONFIG_DIR/ca.conf" \
	    >>"$d/log/inkan-ca.log" 2>&1
}
for bad in "planted-pin-$RANDOM" $'planted-pin-two\nlines' \
    "planted-pin-$(head -c 300 /dev/zero | tr '\0' 9)"; do
	try_pin "$bad"; is "a wrong PIN" $? 75
done
plant planted-pin-
sleep 1.1; cat "$T/right" >"$pin"
demo_start ca ra ocsp
enrol_basic again; is "and the right one" "$code" 200

# --- searched -----------------------------------------------------------------------------
# Every secret, also as hexadecimal and base64 of itself and behind "user:".
python3 - "$T/secrets" "$INKAN_USER" "$once_user" >"$T/patterns" <<'P'
import base64, sys
users = [b''] + [u.encode() + b':' for u in sys.argv[2:]]
seen = set()
for line in open(sys.argv[1], 'rb'):
    s = line.strip()
    seen |= {s, s.hex().encode(), s.hex().upper().encode()}
    for u in users:
        # Whole groups of three octets: what follows does not change them.
        whole = (u + s)[:len(u + s) // 3 * 3]
        seen.add(base64.b64encode(whole))
for s in seen:
    if len(s) >= 12:
        sys.stdout.buffer.write(s + b'\n')
P
n=$(wc -l <"$T/patterns")
check "as many patterns as there must be ($n)" [ "$n" -gt 30 ]
# is_clean WHAT FILES...: none of them holds one.
is_clean() {
	local what=$1 hit; shift
	checks=$((checks + 1))
	hit=$(cat "$@" 2>/dev/null | LC_ALL=C grep -aoF -f "$T/patterns" | sort | uniq -c)
	if [ -z "$hit" ]; then trace "ok: $what"; else fail "$what: $hit"; fi
}
cp "$pin" "$T/control"
hit=$(LC_ALL=C grep -acF -f "$T/patterns" "$T/control")
is "the search finds what is there" "$hit" 1
is_clean "logs of the programs" "$d"/log/*.log
check_not "  which were written" [ ! -s "$d/log/inkan-ra.log" ]
is_clean "the log in the store" <(inkan --json log list --limit 1000)
is_clean "what people are shown" <(inkan --json status; inkan --json secret list; \
    inkan --json request list; inkan --json cert list)
is_clean "the store" "$d"/state/*.db*
is_clean "what is published" $(find "$d/pub" -type f)
is_clean "states of PINs" $(find "$d/state" -name '*pin-state*')
for p in ca ra ocsp; do
	is_clean "arguments of inkan-$p" "/proc/$(pid_of $p)/cmdline"
	is_clean "  its environment" "/proc/$(pid_of $p)/environ"
done
check_not "the device's key is in no file" python3 - "$T/secrets.raw" \
    $(find "$d/state" "$d/pub" "$d/log" -type f) <<-'P'
	import sys
	key = open(sys.argv[1], 'rb').read()
	sys.exit(0 if any(key in open(f, 'rb').read() for f in sys.argv[2:]) else 1)
	P

# --- a program that dies leaves no core file ------------------------------------------
sed 's/^listen.*/listen = [ "127.0.0.1:0" ];/; /^metrics_listen/d; /^svc_socket/d' \
    "$INKAN_CONFIG_DIR/ra.conf" >"$INKAN_CONFIG_DIR/dying.conf"
ulimit -c unlimited 2>/dev/null
(cd "$T" && exec "$INKAN_BIN/inkan-ra" -c "$INKAN_CONFIG_DIR/dying.conf" \
    >"$T/dying" 2>&1) & dying=$!
wait_for 20 grep -q "event=ra.start" "$T/dying"
kill -SEGV $dying; wait $dying 2>/dev/null
# A sanitizer has a signal handler of its own, which ends with 1.
is "a program that dies" $? "$([ -n "${SAN:-}" ] && echo 1 || echo 139)"
is "  leaves no core file" "$(find "$T" -name 'core*' -type f | head -1)" ""
finish
