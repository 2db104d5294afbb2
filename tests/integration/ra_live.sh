#!/usr/bin/env bash
# The server's certificate and the fleets' trust anchors change under an open
# connection: it lives on, and the next request on it is judged by what holds now.
tid="ra: changes under an open connection"
. "$(dirname "$0")/lib.sh"
need python3
demo_up

# A maker whom no fleet knows yet, and a device of his.
new_key "$T/new.key"
openssl req -x509 -new -key "$T/new.key" -sha256 -days 30 -subj "/O=New Maker/CN=New Maker CA" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -out "$T/new.pem"
new_key "$T/dev.key"
openssl req -new -key "$T/dev.key" -subj /serialNumber=live-1 -out "$T/dev.csr"
printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n' >"$T/ext"
openssl x509 -req -in "$T/dev.csr" -CA "$T/new.pem" -CAkey "$T/new.key" -set_serial 7 \
    -days 30 -extfile "$T/ext" -out "$T/dev.pem" 2>/dev/null
new_key "$T/k"; csr "$T/k" /CN=live-1 | base64 -w0 >"$T/body"

cat >"$T/live.py" <<'P'
# One connection; each line of standard input is a request on it: the status.
import http.client, os, ssl, sys
t, e = sys.argv[1], os.environ
c = ssl.create_default_context(cafile=e['INKAN_ROOT'])
c.load_cert_chain(t + '/dev.pem', t + '/dev.key')
h = http.client.HTTPSConnection('localhost', int(e['INKAN_EST_URL'].rsplit(':', 1)[1]), timeout=20, context=c)
h.connect()
h.auto_open = 0         # never another connection
for line in sys.stdin:
    op = line.strip()
    try:
        if op == 'cacerts':
            h.request('GET', '/.well-known/est/cacerts')
        else:
            h.request('POST', '/.well-known/est/' + op, open(t + '/body').read(), {'Content-Type': 'application/pkcs10'})
        r = h.getresponse(); r.read()
        print(r.status, flush=True)
    except Exception as x:
        print(type(x).__name__, flush=True)
P
mkfifo "$T/to" "$T/from"
env python3 "$T/live.py" "$T" <"$T/to" >"$T/from" 2>"$T/live.err" &
exec 7>"$T/to" 8<"$T/from"
ask() { echo "$1" >&7; read -r -t 30 got <&8; echo "$got"; }
presented() { openssl s_client -connect "localhost:${INKAN_EST_URL##*:}" </dev/null 2>/dev/null | openssl x509 -noout -serial; }

is "an open connection" "$(ask cacerts)" 200
check "  of a device that no fleet knows" test "$(ask simpleenroll)" != 200
before=$(presented)
check "the server's certificate is renewed" inkan-ra --renew -c "$INKAN_CONFIG_DIR/ra.conf"
kill -HUP "$(cat "$INKAN_DIR/run/inkan-ra.pid")"
another() { local now; now=$(presented); [ -n "$now" ] && [ "$now" != "$before" ]; }
check "  new connections see it" wait_for 10 another
is "  the open one goes on" "$(ask cacerts)" 200
cat "$T/new.pem" >>"$INKAN_CONFIG_DIR/fleets/maker.pem"
check "the maker becomes an anchor" inkan policy activate --note "another maker"
is "  and his device is known on the open one" "$(ask simpleenroll)" 200
exec 7>&- 8<&-
finish
