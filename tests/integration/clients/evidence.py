# Devices with secure components that are made here: their makers, their evidence,
# and the dialogue of docs/attestation.md. Keys, signatures and what is not of
# Python's library are openssl's.
#
# evidence.py makers: their roots, {dice,eat,android,webauthn}.{key,pem}, and told.hex,
#     a key (SubjectPublicKeyInfo) that signs tokens without a certificate
# evidence.py nonce LABEL FILE [CERT]: takes a nonce, and leaves its session in FILE
# evidence.py enrol: the whole dialogue, for each line of standard input,
#     LABEL FORMAT NAME SPOIL [OPTION...]
#     of which it says status and reason, a line each.
#     FORMAT: dice cwt told jwt cmw android packed tpm. SPOIL: what is forged, see below.
#     session=FILE: that session's instead of one of its own
#     nonce=FILE: its own session, evidence over the nonce of that one
#     cert=FILE: of TLS (FILE.pem, FILE.key), no secret
#     renew=NAME: by the certificate and under the name of that one
#     Writes NAME.key, NAME.csr, NAME.pem into the folder.
# The environment is the demo's, with EVIDENCE: the folder; ARC: the private OIDs.
import base64, hashlib, http.client, json, os, shutil, ssl, struct, subprocess, sys, time
from urllib.parse import urlparse

HERE, ARC = os.environ['EVIDENCE'], os.environ['ARC']
PROFILE = 'tag:maker.example,2026:device'
RP, ORIGIN = 'devices.example', 'https://devices.example'
AAGUID = bytes(range(16))
UEID = b'\1' + b'device number 17'
SERIAL = 'R58N123456X'


def run(*command, data=b''):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


# --- DER ---------------------------------------------------------------------

def tlv(tag, *parts):
    body = b''.join(parts)
    n = len(body)
    size = bytes([n]) if n < 128 else bytes(
        [0x80 | (n.bit_length() + 7) // 8]) + n.to_bytes((n.bit_length() + 7) // 8, 'big')
    return (bytes([tag]) if isinstance(tag, int) else tag) + size + body


def seq(*parts): return tlv(0x30, *parts)
def octets(data): return tlv(4, data)
def integer(n, tag=2): return tlv(tag, n.to_bytes(n.bit_length() // 8 + 1, 'big'))
def text(s): return tlv(0x0c, s.encode())
def bits(data): return tlv(3, b'\0', data)


def oid(dotted):
    a, b, *rest = map(int, dotted.split('.'))
    out = b''
    for n in [a * 40 + b] + rest:
        piece = bytes([n & 127])
        while n > 127:
            n >>= 7
            piece = bytes([128 | n & 127]) + piece
        out += piece
    return tlv(6, out)


def name(*pairs):
    return seq(*(tlv(0x31, seq(oid(t), text(v))) for t, v in pairs))


def cn(s): return name(('2.5.4.3', s))


# --- CBOR --------------------------------------------------------------------

class Tag:
    def __init__(self, n, item): self.n, self.item = n, item


def head(major, n):
    for i, (limit, f) in enumerate(((24, None), (1 << 8, '>B'), (1 << 16, '>H'), (1 << 32, '>I'))):
        if n < limit:
            return bytes([major | n]) if f is None else bytes([major | 23 + i]) + struct.pack(f, n)


def cbor(x):
    if isinstance(x, int):
        return head(0, x) if x >= 0 else head(0x20, -1 - x)
    if isinstance(x, bytes):
        return head(0x40, len(x)) + x
    if isinstance(x, str):
        return head(0x60, len(x.encode())) + x.encode()
    if isinstance(x, list):
        return head(0x80, len(x)) + b''.join(map(cbor, x))
    if isinstance(x, dict):
        return head(0xa0, len(x)) + b''.join(cbor(k) + cbor(v) for k, v in x.items())
    return head(0xc0, x.n) + cbor(x.item)


def b64url(data): return base64.urlsafe_b64encode(data).rstrip(b'=').decode()
def unb64url(s): return base64.urlsafe_b64decode(s + '=' * (-len(s) % 4))


# --- keys, certificates ------------------------------------------------------

ES256 = seq(oid('1.2.840.10045.4.3.2'))
EC = seq(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7'))


class Key:
    """P-256, in a file of DER."""
    def __init__(self, file):
        self.file = os.path.join(HERE, file)
        if not os.path.exists(self.file):
            run('openssl', 'genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256',
                '-outform', 'DER', '-out', self.file)
        der = open(self.file, 'rb').read()
        assert der[-65] == 4    # the point is the last of it
        self.x, self.y = der[-64:-32], der[-32:]
        self.spki = seq(EC, bits(der[-65:]))

    def sign(self, data):
        return run('openssl', 'dgst', '-sha256', '-keyform', 'DER', '-sign', self.file, data=data)

    def sign_pair(self, data):
        """r and s, as everybody but X.509 has them"""
        sig = self.sign(data)
        n = sig[3]
        return b''.join(p[-32:].rjust(32, b'\0') for p in (sig[4:4 + n], sig[6 + n:]))

    def cose(self, **more): return {1: 2, **({3: -7} if more else {}), -1: 1, -2: self.x, -3: self.y}


def ext(dotted, value, critical=False):
    return seq(oid(dotted), tlv(1, b'\xff') if critical else b'', octets(value))


CA = [ext('2.5.29.19', seq(tlv(1, b'\xff')), True), ext('2.5.29.15', tlv(3, b'\1\6'), True)]
def eku(*purposes): return ext('2.5.29.37', seq(*map(oid, purposes)))


def utc(when): return tlv(0x17, time.strftime('%y%m%d%H%M%SZ', time.gmtime(when)).encode())
NOW = time.time()
made = {}


def cert(key, subject, issuer, issuer_key, exts=(), serial=7, clock=True):
    """The same again is not made again. clock: a device has none."""
    begin = NOW - 3600 if clock else 0
    tbs = seq(tlv(0xa0, integer(2)), integer(serial), ES256, issuer, seq(utc(begin), utc(begin + 86400)),
              subject, key.spki, tlv(0xa3, seq(*exts)) if exts else b'')
    if (tbs, issuer_key.file) not in made:
        made[tbs, issuer_key.file] = seq(tbs, ES256, bits(issuer_key.sign(tbs)))
    return made[tbs, issuer_key.file]


def pem_to_der(path):
    body = open(path).read().split('-----BEGIN CERTIFICATE-----')[1].split('-----END')[0]
    return base64.b64decode(body)


def maker(fmt): return Key(fmt + '.key'), cn('Maker of ' + fmt)


def makers():
    open(os.path.join(HERE, 'told.hex'), 'w').write(Key('told.key').spki.hex())
    for fmt in ('dice', 'eat', 'android', 'webauthn'):
        key, who = maker(fmt)
        der = cert(key, who, who, key, CA)
        open(os.path.join(HERE, fmt + '.pem'), 'wb').write(run('openssl', 'x509', '-inform', 'DER', data=der))


# --- DICE --------------------------------------------------------------------

def tcb(layer, spoil):
    """TcbInfo: vendor, model, svn, layer, fwids, flags, their mask"""
    digest = hashlib.sha256(b'firmware %d%s' % (layer, b' of others' if spoil == 'firmware' else b'')).digest()
    fwid = seq(oid('2.16.840.1.101.3.4.2.1'), octets(digest))
    flags = b'\4\x10' if spoil == 'debug' and layer == 2 else b'\4\0'
    value = seq(tlv(0x80, b'Maker'), tlv(0x81, b'M1'), integer(3, 0x83), integer(layer, 0x84),
                tlv(0xa6, fwid), tlv(0x87, flags), tlv(0x8a, b'\4\xf0'))
    return ext('2.23.133.5.4.1', value + (b'\0' if spoil == 'trailing' and layer == 2 else b''))


def dice(nonce, key, spoil):
    keys = [maker('dice')[0], Key('deviceid.key'), Key('layer1.key'), key]
    names = [maker('dice')[1], cn('DeviceID'), cn('Layer 1'), cn('Alias')]
    chain = []
    for i in (1, 2, 3):
        u = UEID if i < 3 or spoil != 'ueid' else b'\1' + b'device number 18'
        exts = [ext('2.23.133.5.4.4', seq(octets(u))),
                eku('2.23.133.5.4.100.12' if i < 3 else '2.23.133.5.4.100.9')] + (CA if i < 3 else [])
        if i > 1:
            exts.append(tcb(i - 1, spoil))
        signer = keys[1] if i == 3 and spoil == 'wrong-layer' else keys[i - 1]
        chain.insert(0, cert(keys[i], names[i], names[i - 1], signer, exts, clock=i == 1))
    return '2.23.133.5.4.11', seq(octets(nonce)), chain


# --- EAT ---------------------------------------------------------------------

def attester(spoil):
    """Who signs tokens, and how that is known."""
    if spoil == 'our-ca':               # refused for what it is, before its signature is looked at
        return Key('attester.key'), [pem_to_der(os.environ['INKAN_ISSUER'])]
    if spoil == 'our-device':           # any device with a certificate of ours
        return Key('cwt.key'), [pem_to_der(os.path.join(HERE, 'cwt.pem')),
                                  pem_to_der(os.environ['INKAN_ISSUER'])]
    key, (root, who) = Key('attester.key'), maker('eat')
    return key, [cert(key, cn('Attester'), who, root)]


def cwt(nonce, key, spoil, told_before=False):
    signer, chain = (Key('told.key'), []) if told_before else attester(spoil)
    claims = {10: nonce, 256: UEID, 265: PROFILE, 263: 0 if spoil == 'debug' else 3, 258: b'\1\2\3', 259: b'M1',
              8: {1: key.cose()}}
    if spoil == 'no-profile':
        del claims[265]
    payload = cbor(claims)
    if spoil in ('deep', 'deeper'):
        payload = bytes([payload[0] + 1]) + payload[1:] + cbor(9999) + \
            b'\x81' * (9 if spoil == 'deep' else 20000) + b'\0'
    if spoil in ('large', 'huge'):
        payload = cbor({**claims, 9999: bytes(1 << 16 if spoil == 'large' else 1 << 20)})
    protected = cbor({1: -7})
    sig = signer.sign_pair(cbor(['Signature1', protected, b'', payload]))
    known = {33: chain if len(chain) > 1 else chain[0]} if chain else {4: b'told'}
    token = cbor(Tag(61, Tag(18, [protected, known, payload, sig])))
    return ARC + '.7', octets(token + (b'\0' if spoil == 'trailing' else b'')), []


def told(nonce, key, spoil):
    """By a key that its maker has told the owner, without a chain."""
    return cwt(nonce, key, spoil, True)


def jwt(nonce, key, spoil):
    signer, chain = attester(spoil)
    claims = {'eat_nonce': b64url(nonce), 'ueid': b64url(UEID), 'eat_profile': PROFILE,
              'dbgstat': 'disabled-permanently',
              'cnf': {'jwk': {'kty': 'EC', 'crv': 'P-256', 'x': b64url(key.x), 'y': b64url(key.y)}}}
    if spoil == 'no-profile':
        del claims['eat_profile']
    if spoil == 'deep':
        claims['x'] = json.loads('[' * 8 + ']' * 8)
    top = {'alg': 'ES256', 'typ': 'eat+jwt', 'x5c': [base64.b64encode(c).decode() for c in chain]}
    signed = '.'.join(b64url(json.dumps(part).encode()) for part in (top, claims)).encode()
    token = signed + b'.' + b64url(signer.sign_pair(signed)).encode()
    return ARC + '.8', tlv(0x0c, token + (b'=' if spoil == 'trailing' else b'')), []


def cmw(nonce, key, spoil):
    token = unwrap(cwt(nonce, key, spoil if spoil != 'trailing' else '')[1])
    kind = 'application/eat+cwt; eat_profile=' + ('tag:others' if spoil == 'no-profile' else PROFILE)
    return '1.3.6.1.5.5.7.1.35', octets(cbor([kind, token, 4]) + (b'\0' if spoil == 'trailing' else b'')), []


def unwrap(der):
    """What is in an element of DER."""
    n = der[1]
    return der[2:] if n < 128 else der[2 + (n & 127):]


# --- Android -----------------------------------------------------------------

def tagged(n, body):
    """[n] EXPLICIT"""
    tag = bytes([0xa0 | n]) if n < 31 else bytes([0xbf, 0x80 | n >> 7, n & 127])
    return tlv(tag, body)


def description(nonce, spoil):
    level = integer(0 if spoil == 'software' else 1, 0x0a)
    boot = seq(octets(hashlib.sha256(b'boot key').digest()), tlv(1, b'\0' if spoil == 'unlocked' else b'\xff'),
               integer(0, 0x0a), octets(hashlib.sha256(b'boot').digest()))
    hardware = seq(tagged(1, tlv(0x31, integer(2))), tagged(2, integer(3)), tagged(702, integer(0)),
                   tagged(704, boot), tagged(705, integer(150000)), tagged(706, integer(202611)),
                   tagged(713, octets(b'R58N000000Z' if spoil == 'other-phone' else SERIAL.encode())))
    value = seq(integer(300), level, integer(300), level, octets(nonce), octets(b''), seq(), hardware)
    return ext('1.3.6.1.4.1.11129.2.1.17', value + (b'\0' if spoil == 'trailing' else b''))


def android(nonce, key, spoil):
    """nearest-leaf: a key that is attested signs for one that is not; the genuine
    certificate is no CA's. nearest-leaf-ca: were it one, the extension tells."""
    root, who = maker('android')
    batch, keystore = Key('batch.key'), Key('keystore.key')
    chain = [cert(batch, cn('Batch'), who, root, CA, 0xbad if spoil == 'listed' else 0x600d)]
    if spoil.startswith('nearest-leaf'):
        chain.insert(0, cert(keystore, cn('Keystore Key'), cn('Batch'), batch, [description(nonce, '')] +
                             (CA if spoil.endswith('-ca') else [])))
        chain.insert(0, cert(key, cn('Forged'), cn('Keystore Key'), keystore, [description(nonce, '')]))
    else:
        chain.insert(0, cert(key, cn('Keystore Key'), cn('Batch'), batch, [description(nonce, spoil)]))
    return ARC + '.5', seq(), chain


# --- WebAuthn ----------------------------------------------------------------

def client_data(nonce):
    return json.dumps({'type': 'webauthn.create', 'challenge': b64url(nonce), 'origin': ORIGIN}).encode()


def auth_data(key, spoil):
    rp = 'others.example' if spoil == 'other-rp' else RP
    return (hashlib.sha256(rp.encode()).digest() + b'\x41' + bytes(4) + AAGUID + b'\0\2id' +
            cbor(key.cose(alg=1)) + (b'\0' if spoil == 'trailing' else b''))


def webauthn(fmt, statement, auth, client):
    return ARC + '.6', seq(octets(cbor({'fmt': fmt, 'attStmt': statement, 'authData': auth})), octets(client)), []


AAGUID_EXT = ext('1.3.6.1.4.1.45724.1.1.4', octets(AAGUID))


def packed(nonce, key, spoil):
    ak, (root, who) = Key('authenticator.key'), maker('webauthn')
    auth, client = auth_data(key, spoil), client_data(nonce)
    subject = name(('2.5.4.6', 'DE'), ('2.5.4.10', 'Maker'), ('2.5.4.11', 'Authenticator Attestation'),
                   ('2.5.4.3', 'Model 1'))
    sig = ak.sign(auth + hashlib.sha256(client).digest())
    return webauthn('packed', {'alg': -7, 'sig': sig, 'x5c': [cert(ak, subject, who, root, [AAGUID_EXT])]},
                    auth, client)


def sized(data): return struct.pack('>H', len(data)) + data


def tpm(nonce, key, spoil):
    ak, (root, who) = Key('authenticator.key'), maker('webauthn')
    auth, client = auth_data(key, spoil), client_data(nonce)
    san = tlv(0xa4, name(('2.23.133.2.1', 'id:49465800'), ('2.23.133.2.2', 'SLB 9670'), ('2.23.133.2.3', 'id:0D0B')))
    exts = [AAGUID_EXT, ext('2.5.29.17', seq(san), True), eku('2.23.133.8.3')]
    attributes = 0x40072 if spoil != 'exportable' else 0x40070      # without fixedTPM
    area = struct.pack('>HHIHHHHH', 0x23, 0x0b, attributes, 0, 0x10, 0x10, 3, 0x10) + sized(key.x) + sized(key.y)
    public = b'\0\x0b' + hashlib.sha256(area).digest()
    extra = hashlib.sha256(auth + hashlib.sha256(client).digest()).digest()
    info = (struct.pack('>IH', 0xff544347, 0x8017) + sized(b'\0\x0b' + bytes(32)) + sized(extra) +
            struct.pack('>QIIBQ', 1, 2, 3, 1, 4) + sized(public) + sized(b'\0\x0b' + bytes(32)))
    pair = ak.sign_pair(info)
    sig = struct.pack('>HH', 0x18, 0x0b) + sized(pair[:32]) + sized(pair[32:])
    return webauthn('tpm', {'ver': '2.0', 'alg': -7, 'x5c': [cert(ak, seq(), who, root, exts)], 'sig': sig,
                            'certInfo': info, 'pubArea': area}, auth, client)


# --- the dialogue ------------------------------------------------------------

class Est:
    def __init__(self, label, tls, op='simpleenroll'):
        self.op = op
        url = urlparse(os.environ['INKAN_EST_URL'])
        context = ssl.create_default_context(cafile=os.environ['INKAN_ROOT'])
        self.path, self.headers = '/.well-known/est/%s/' % label, {}
        if tls:
            context.load_cert_chain(tls + '.pem', tls + '.key')
        else:
            user = '%s:%s' % (os.environ['INKAN_USER'], os.environ['INKAN_SECRET'])
            self.headers['Authorization'] = 'Basic ' + base64.b64encode(user.encode()).decode()
        self.http = http.client.HTTPSConnection(url.hostname, url.port, timeout=20, context=context)

    def nonce(self):
        self.http.request('GET', self.path + 'nonce', headers=self.headers)
        answer = self.http.getresponse()
        body = answer.read()
        if answer.status != 200:
            sys.exit('nonce: %d %s' % (answer.status, body.decode().strip()))
        return unb64url(json.loads(body)['nonce']), answer.headers['Set-Cookie'].split(';')[0]

    def enrol(self, csr, cookie):
        headers = {**self.headers, 'Content-Type': 'application/pkcs10', 'Cookie': cookie}
        try:
            self.http.request('POST', self.path + self.op, base64.b64encode(csr), headers)
            answer = self.http.getresponse()
            return answer.status, answer.read()
        except OSError:
            return 0, b'closed'     # too long: it does not read to the end


def inside(der):
    """The elements of a SEQUENCE."""
    out, at = [], 4 if der[1] == 0x82 else 3 if der[1] == 0x81 else 2
    while at < len(der):
        n, head = der[at + 1], 2
        if n & 0x80:
            head += n & 0x7f
            n = int.from_bytes(der[at + 2:at + head], 'big')
        out.append(der[at:at + head + n])
        at += head + n
    return out


def subject_of(who): return inside(inside(pem_to_der(os.path.join(HERE, who + '.pem')))[0])[5]


def tls_of(who):
    """Its certificate and key as TLS wants them."""
    path = os.path.join(HERE, who)
    shutil.copy(path + '.pem', path + '-tls.pem')
    run('openssl', 'pkey', '-inform', 'DER', '-in', path + '.key', '-out', path + '-tls.key')
    return path + '-tls'


def request(subject, key, statement, spoil):
    """A PKCS #10 request with the attribute id-aa-attestation."""
    kind, stmt, certs = statement
    bundle = seq(seq(seq(oid(kind), stmt)), seq(*certs) if certs else b'', b'\5\0' if spoil == 'bundle' else b'')
    attribute = seq(oid('1.2.840.113549.1.9.16.2.59'), tlv(0x31, bundle))
    info = seq(integer(0), subject, key.spki, tlv(0xa0, attribute))
    return seq(info, ES256, bits(key.sign(info)))


def read_session(path):
    nonce, cookie = open(path).read().split('\n')
    return bytes.fromhex(nonce), cookie


def enrol(label, fmt, who, spoil, session=None, nonce=None, cert=None, renew=None):
    est = Est(label, tls_of(renew), 'simplereenroll') if renew else Est(label, cert)
    own, cookie = read_session(session) if session else est.nonce()
    challenge = read_session(nonce)[0] if nonce else own
    key = Key(who + '.key')
    attested = Key(who + '-attested.key') if spoil == 'other-key' else key
    csr = request(subject_of(renew) if renew else cn(who), key, globals()[fmt](challenge, attested, spoil), spoil)
    open(os.path.join(HERE, who + '.csr'), 'wb').write(csr)
    status, body = est.enrol(csr, cookie)
    if status != 200:
        return '%d %s' % (status, body.decode().split('\n')[0].strip())
    p7 = run('openssl', 'pkcs7', '-inform', 'DER', '-print_certs', data=base64.b64decode(body))
    open(os.path.join(HERE, who + '.pem'), 'wb').write(run('openssl', 'x509', data=p7))
    return '200'


def main(what, *args):
    if what == 'makers':
        return makers()
    if what == 'nonce':
        nonce, cookie = Est(args[0], args[2] if len(args) > 2 else None).nonce()
        open(args[1], 'w').write('%s\n%s' % (nonce.hex(), cookie))
        return
    for line in sys.stdin:
        label, fmt, who, spoil, *options = line.split()
        print(enrol(label, fmt, who, spoil, **dict(o.split('=') for o in options)), flush=True)


main(*sys.argv[1:])
