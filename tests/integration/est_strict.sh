#!/usr/bin/env bash
# Labels strict and attestation: one live certificate, POP link, pinned keys.
tid="EST: strict fleets"
. "$(dirname "$0")/lib.sh"
demo_up
# 2.23.133.8.3 in the octets: each OpenSSL prints it in its own way.
ak_eku() { openssl x509 -in "$1" -outform DER | od -An -v -tx1 | tr -d ' \n' | grep -q 06056781050803; }

check "strict, first" enrol_basic s1 strict/
check_not "strict, second" enrol_basic s1 strict/
is "  status" "$code" 403; has "  names the rule" "$(reason)" "re_enrol"
inkan revoke --serial "$(serial_of "$D/s1.pem")" --reason superseded >/dev/null 2>&1

# POP link: the channel binding of this very connection, by a client of our own.
need python3
cat >"$T/pop.py" <<'P'
# pop.py NAME right|wrong|other|none [no-ems]: the status of a simpleenroll over
# TLS 1.2 with tls-unique (RFC 5929) as challengePassword.
import base64, os, re, socket, ssl, subprocess, sys
name, how, ems = sys.argv[1], sys.argv[2], sys.argv[3:] != ['no-ems']
e, t = os.environ, os.path.dirname(sys.argv[0])
def connect():
    c = ssl.create_default_context(cafile=e['INKAN_ROOT'])
    c.maximum_version = ssl.TLSVersion.TLSv1_2
    if not ems:
        c.options |= 1  # SSL_OP_NO_EXTENDED_MASTER_SECRET
    port = int(e['INKAN_EST_URL'].rsplit(':', 1)[1])
    return c.wrap_socket(socket.create_connection(('localhost', port), 20),
                         server_hostname='localhost')
s = connect()
binding = (connect() if how == 'other' else s).get_channel_binding('tls-unique')
if how == 'wrong':
    binding = binding[:-1] + bytes([binding[-1] ^ 1])
conf = '[req]\ndistinguished_name=dn\nprompt=no\n'
conf += '[dn]\nCN=%s\n' % name if how == 'none' else \
    'attributes=at\n[dn]\nCN=%s\n[at]\nchallengePassword=%s\n' % (
        name, base64.b64encode(binding).decode())
open(t + '/pop.cnf', 'w').write(conf)
der = subprocess.run(['openssl', 'req', '-new', '-newkey', 'ec', '-pkeyopt',
    'ec_paramgen_curve:P-256', '-nodes', '-keyout', t + '/pop.key', '-config',
    t + '/pop.cnf', '-outform', 'DER'], capture_output=True, check=True).stdout
body = base64.encodebytes(der)
user = base64.b64encode((e['INKAN_USER'] + ':' + e['INKAN_SECRET']).encode()).decode()
s.sendall(('POST /.well-known/est/strict/simpleenroll HTTP/1.1\r\nHost: localhost\r\n'
    'Connection: close\r\nContent-Type: application/pkcs10\r\nAuthorization: Basic %s\r\n'
    'Content-Length: %d\r\n\r\n' % (user, len(body))).encode() + body)
print(re.match(rb'HTTP/1.1 (\d+)', s.recv(4096)).group(1).decode())
P
pop() { python3 "$T/pop.py" "$@"; }
is "tls-unique of this connection" "$(pop p1 right)" 200
is "tls-unique with a bit changed" "$(pop p2 wrong)" 403
is "tls-unique of another connection" "$(pop p3 other)" 403
is "no challengePassword" "$(pop p4 none)" 200
# Whoever relays chooses his own connection: without a binding is no way around.
is "a wrong one without extended master secret" "$(pop p5 wrong no-ems)" 403
is "the right one without extended master secret" "$(pop p6 right no-ems)" 403
is "none without extended master secret" "$(pop p7 none no-ems)" 200
new_key "$T/k"
printf '[req]\ndistinguished_name=dn\nattributes=at\nprompt=no\n[dn]\nCN=s2\n[at]\nchallengePassword=d3JvbmcgdmFsdWUgb2YgYSBjaGFubmVs\n' >"$T/pop.cnf"
openssl req -new -key "$T/k" -config "$T/pop.cnf" -outform DER | base64 >"$T/b"
post strict/simpleenroll "$T/b" -u "$(basic)"
is "a wrong channel binding (a relayed CSR)" "$code" 403
has "  names the rule" "$(reason)" "pop"
post simpleenroll "$T/b" -u "$(basic)"; is "where the fleet does not care" "$code" 200

# attestation: only keys pinned in the registry
new_key "$D/ak1.key"; openssl pkey -in "$D/ak1.key" -pubout -out "$T/ak1.pub"
csr "$D/ak1.key" /CN=ak1 | base64 >"$T/b"
post attestation/simpleenroll "$T/b" -u "$(basic)"; is "no pin, no certificate" "$code" 403
check "pin it" inkan device add --fleet attestation --name ak1 --key "$T/ak1.pub"
post attestation/simpleenroll "$T/b" -u "$(basic)"; is "the pinned key" "$code" 200
take_cert "$D/ak1.pem"
check "it verifies" verifies "$D/ak1.pem" "$INKAN_ATTEST_ISSUER"
check "with the AK's EKU" ak_eku "$D/ak1.pem"
new_key "$T/k2"; csr "$T/k2" /CN=ak1 | base64 >"$T/b"
post attestation/simpleenroll "$T/b" -u "$(basic)"; is "another key" "$code" 403
has "  names the rule" "$(reason)" "pinned"
csr "$T/k2" /CN=unpinned >"$T/der"
inkan issue --profile attestation-key --csr "$T/der" --out "$T/un.pem"; is "operator, without a pin" $? 0
check_not "no AK EKU" ak_eku "$T/un.pem"
has "but an «unverified» policy" "$(openssl x509 -in "$T/un.pem" -noout -text)" "Policy: "

# code signing: only by the operator
new_key "$T/k3"; csr "$T/k3" "/CN=Build 1/O=Acme" >"$T/der"
check "code-signing by the operator" inkan issue --profile code-signing --csr "$T/der" --out "$T/cs.pem"
check "it verifies" verifies "$T/cs.pem" "$INKAN_CODE_ISSUER"
text=$(openssl x509 -in "$T/cs.pem" -noout -text)
has "EKU" "$text" "Code Signing"; has "CN and O from the CSR" "$text" "O ?= ?Acme.*Build 1|Build 1.*O ?= ?Acme"
check_not "cannot be held" inkan revoke --serial "$(serial "$T/cs.pem")" --reason certificateHold
finish
