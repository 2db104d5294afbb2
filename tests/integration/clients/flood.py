# flood.py PORT KIND N [ADDRESSES]: opens N connections, says "ready", and does
# with them what KIND says, until its standard input ends. Then how many were
# closed by the server, and how long the first N - 5 % lived.
#
#   silent    nothing           idle    TLS, then nothing
#   trickle   HTTP, a head an octet at a time; slow: the same in TLS
import select, socket, ssl, sys, time
port, kind, n = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
addresses = int(sys.argv[4]) if len(sys.argv) > 4 else 1
tls = ssl.create_default_context(); tls.check_hostname = False; tls.verify_mode = ssl.CERT_NONE
dribble = kind in ('slow', 'trickle')
open_, ended, began = [], [], {}
def connect(i):
    s = socket.socket(); s.settimeout(20)
    s.bind(('127.0.9.%d' % (1 + i % addresses), 0))
    s.connect(('127.0.0.1', port))
    if kind in ('idle', 'slow'):
        s = tls.wrap_socket(s)
    if dribble:
        s.sendall(b'POST /.well-known/est/simpleenroll HTTP/1.1\r\nX-A: ')
    s.setblocking(False)
    began[s] = time.monotonic()
    open_.append(s)
def gone(s):
    ended.append(time.monotonic() - began[s]); s.close()
def stays(s):
    try:
        if dribble:
            s.send(b'a')
        if s.recv(4096) == b'':
            gone(s)
            return False
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        pass
    except OSError:
        gone(s)
        return False
    return True
for i in range(n):
    try:
        connect(i)
    except OSError:
        ended.append(0)
print('ready', flush=True)
while not select.select([sys.stdin], [], [], 0.5)[0]:
    open_ = [s for s in open_ if stays(s)]
open_ = [s for s in open_ if stays(s)]
ended.sort()
k = min(len(ended), n - n // 20)
print(len(ended), int(ended[k - 1]) if k else 0)
