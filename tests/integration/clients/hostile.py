# hostile.py csr FILE: a request by an RSA key of 16,384 bits, rightly signed. The
#     modulus has many small primes, for two large ones would take minutes to find.
# hostile.py ocsp REQUEST N FILE: REQUEST with its CertID N times, each for
#     another serial number, as RFC 6960 writes it.
import hashlib, subprocess, sys


def tlv(tag, body):
    n = len(body)
    size = bytes([n]) if n < 128 else bytes(
        [0x80 | (n.bit_length() + 7) // 8]) + n.to_bytes((n.bit_length() + 7) // 8, 'big')
    return bytes([tag]) + size + body


def integer(v):
    return tlv(2, v.to_bytes(v.bit_length() // 8 + 1, 'big'))


def read(der):
    """The first element: its contents, and what follows it."""
    n, head = der[1], 2
    if n & 0x80:
        head += n & 0x7f
        n = int.from_bytes(der[2:head], 'big')
    return der[head:head + n], der[head + n:]


def prime(bits):
    said = subprocess.run(['openssl', 'prime', '-generate', '-bits', str(bits)],
                          capture_output=True, text=True, check=True)
    return int(said.stdout)


def csr():
    n, primes, more = 1, [], 0
    while n.bit_length() < 16384:
        left = 16384 - n.bit_length()
        last = left < 600
        p = prime(left + more if last else 512)
        more ^= last            # which of the two sizes fits, n says
        if n % p and p % 65537 != 1 and (not last or (n * p).bit_length() == 16384):
            primes.append(p)
            n *= p
    rsa = tlv(0x30, tlv(6, bytes.fromhex('2a864886f70d010101')) + tlv(5, b''))
    key = tlv(0x30, rsa + tlv(3, b'\0' + tlv(0x30, integer(n) + integer(65537))))
    name = tlv(0x30, tlv(0x31, tlv(0x30, tlv(6, bytes.fromhex('550403')) + tlv(0x0c, b'huge'))))
    info = tlv(0x30, integer(0) + name + key + tlv(0xa0, b''))
    digest = bytes.fromhex('3031300d060960864801650304020105000420') + hashlib.sha256(info).digest()
    size = (n.bit_length() + 7) // 8
    m = int.from_bytes(b'\0\1' + b'\xff' * (size - 3 - len(digest)) + b'\0' + digest, 'big')
    s = 0
    for p in primes:
        rest = n // p
        s += pow(m, pow(65537, -1, p - 1), p) * pow(rest, -1, p) * rest
    sig = tlv(0x30, tlv(6, bytes.fromhex('2a864886f70d01010b')) + tlv(5, b''))
    return tlv(0x30, info + sig + tlv(3, b'\0' + (s % n).to_bytes(size, 'big')))


def ocsp(path, n):
    der = open(path, 'rb').read()
    for _ in range(5):      # OCSPRequest, tbsRequest, requestList, Request, CertID
        der = read(der)[0]
    _, rest = read(der)     # the hash's algorithm
    _, rest = read(rest)    # issuerNameHash
    _, rest = read(rest)    # issuerKeyHash
    same = der[:len(der) - len(rest)]
    one = [tlv(0x30, tlv(0x30, same + integer(0x7000 + i))) for i in range(n)]
    return tlv(0x30, tlv(0x30, tlv(0x30, b''.join(one))))


out = csr() if sys.argv[1] == 'csr' else ocsp(sys.argv[2], int(sys.argv[3]))
open(sys.argv[-1], 'wb').write(out)
