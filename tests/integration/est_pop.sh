#!/usr/bin/env bash
# The link between a CSR and its TLS connection: tls-unique (TLS 1.2 with EMS)
# and the exporter of RFC 9266 (TLS 1.3), by openssl s_client and by Python. A
# CSR that was made for another connection - a relayed one - is refused.
tid="EST: POP link"
. "$(dirname "$0")/lib.sh"
need python3
before_ceremony() {
	local mode
	for mode in off verify-if-present required; do
		printf 'name = "l-%s"; label = "l-%s"; profile = "device-ldevid";\nauthenticate: { basic = true; own_certificate = true; };\nregistration = "just-in-time"; names = [ "*" ]; re_enrol = "allow";\npop_link = "%s";\n' \
		    $mode $mode $mode >"$T/demo/config/fleets/l-$mode.conf"
	done
}
demo_up
inkan --json secret new --reusable --fleet l-off --fleet l-verify-if-present \
    --fleet l-required >"$T/secret"
USERPWD=$(json "$T/secret" 'd["user"]+":"+d["secret"]'); export USERPWD

cat >"$T/pop.py" <<'P'
# Lines LABEL VERSION WHAT [no-ems]: status and rule of a simpleenroll whose
# challengePassword is WHAT: own (of this connection), other (of another one),
# wrong (one bit off), junk, none.
import base64, os, re, socket, ssl, subprocess, sys
e, t = os.environ, os.path.dirname(sys.argv[0])
port = e['INKAN_EST_URL'].rsplit(':', 1)[1]

class SClient:      # TLS 1.3: Python has no exporter
    def __init__(self, more):
        args = ['openssl', 's_client', '-connect', 'localhost:' + port,
                '-servername', 'localhost', '-CAfile', e['INKAN_ROOT'],
                '-verify_return_error', '-ign_eof', '-tls1_3',
                '-keymatexport', 'EXPORTER-Channel-Binding', '-keymatexportlen', '32']
        self.p = subprocess.Popen(args, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for line in self.p.stdout:
            m = re.search(rb'Keying material: ([0-9A-F]+)', line)
            if m: break
        self.binding = bytes.fromhex(m.group(1).decode())
    def ask(self, data):
        self.p.stdin.write(data); self.p.stdin.flush()
        got = b''
        for line in self.p.stdout:
            got += line
            if re.search(rb'HTTP/1.1 \d+.*\r\n\r\n.*\n', got, re.S): break
        return got[got.index(b'HTTP/1.1'):]
    def close(self):
        self.p.kill(); self.p.wait()

class Python12:
    def __init__(self, more):
        c = ssl.create_default_context(cafile=e['INKAN_ROOT'])
        c.maximum_version = ssl.TLSVersion.TLSv1_2
        if more == ['no-ems']:
            c.options |= 1  # SSL_OP_NO_EXTENDED_MASTER_SECRET
        self.s = c.wrap_socket(socket.create_connection(('localhost', int(port)), 20),
                               server_hostname='localhost')
        self.binding = self.s.get_channel_binding('tls-unique')
    def ask(self, data):
        self.s.sendall(data)
        got, more = b'', b'x'
        while more:
            more = self.s.recv(8192)
            got += more
        return got
    def close(self):
        self.s.close()

def enrol(label, name, version, what, more):
    kind = SClient if version == '1.3' else Python12
    c = kind(more)
    if what == 'other':
        o = kind(more); binding = o.binding; o.close()
    else:
        binding = {'own': c.binding, 'none': None, 'junk': b'not a binding',
            'wrong': c.binding[:-1] + bytes([c.binding[-1] ^ 1])}[what]
    conf = '[req]\ndistinguished_name=dn\nprompt=no\n'
    conf += '[dn]\nCN=%s\n' % name if binding is None else \
        'attributes=at\n[dn]\nCN=%s\n[at]\nchallengePassword=%s\n' % (
            name, base64.b64encode(binding).decode())
    open(t + '/pop.cnf', 'w').write(conf)
    der = subprocess.run(['openssl', 'req', '-new', '-newkey', 'ec', '-pkeyopt',
        'ec_paramgen_curve:P-256', '-nodes', '-keyout', t + '/pop.key', '-config',
        t + '/pop.cnf', '-outform', 'DER'], capture_output=True, check=True).stdout
    body = base64.b64encode(der) + b'\n'
    user = base64.b64encode(e['USERPWD'].encode()).decode()
    r = c.ask(('POST /.well-known/est/%s/simpleenroll HTTP/1.1\r\nHost: localhost\r\n'
        'Connection: close\r\nContent-Type: application/pkcs10\r\nAuthorization: Basic %s\r\n'
        'Content-Length: %d\r\n\r\n' % (label, user, len(body))).encode() + body)
    c.close()
    status = re.match(rb'HTTP/1.1 (\d+)', r).group(1).decode()
    rule = re.search(rb'possess: ([a-z.]+):', r)
    return status + (' ' + rule.group(1).decode() if rule else '')

for i, line in enumerate(sys.stdin):
    label, version, what, *more = line.split()
    print(enrol(label, 'pop-%d' % i, version, what, more), flush=True)
P
{
	for v in 1.2 1.3; do cat <<C
200|TLS $v, required: of this connection|l-required $v own
403 pop.link|TLS $v, required: relayed (of another connection)|l-required $v other
403 pop.link|TLS $v, required: one bit off|l-required $v wrong
403 pop.link|TLS $v, required: none|l-required $v none
200|TLS $v, if present: of this connection|l-verify-if-present $v own
403 pop.link|TLS $v, if present: relayed|l-verify-if-present $v other
200|TLS $v, if present: none|l-verify-if-present $v none
200|TLS $v, off: of another connection|l-off $v other
C
	done
	# Without EMS nothing binds a connection: whoever relays could choose that.
	cat <<'C'
403 pop.link|TLS 1.2 without EMS, required: its own|l-required 1.2 own no-ems
403 pop.link|TLS 1.2 without EMS, required: none|l-required 1.2 none no-ems
403 pop.link|TLS 1.2 without EMS, if present: junk|l-verify-if-present 1.2 junk no-ems
200|TLS 1.2 without EMS, if present: none|l-verify-if-present 1.2 none no-ems
C
} >"$T/cases"
cut -d'|' -f3 "$T/cases" | timeout 120 python3 "$T/pop.py" >"$T/got"
while IFS='|' read -r want what _ <&3 && read -r got <&4; do
	is "$what" "$got" "$want"
done 3<"$T/cases" 4<"$T/got"
is "all were tried" "$(wc -l <"$T/got")" "$(wc -l <"$T/cases")"
# Who has to link learns it from csrattrs.
get l-required/csrattrs
has "csrattrs asks for the link" "$(base64 -d <"$body" | openssl asn1parse -inform DER)" "challengePassword"
get l-off/csrattrs
check_not "  where it is off it does not" grep -q challengePassword \
    <<<"$(base64 -d <"$body" | openssl asn1parse -inform DER)"
finish
