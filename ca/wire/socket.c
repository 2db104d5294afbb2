#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <openssl/crypto.h>
#include "ca/error.h"
#include "ca/wire/socket.h"

static int
sys_raise(const char *what, const char *path)
{
	ERR_raise_data(ERR_LIB_SYS, errno, "%s %s", what, path);
	return 0;
}

static int
address(struct sockaddr_un *sa, const char *path)
{
	memset(sa, 0, sizeof(*sa));
	sa->sun_family = AF_UNIX;
	if (path[0] == '\0' || strlen(path) >= sizeof(sa->sun_path)) {
		ca_raise(CA_E_CONFIG,
		    "socket: path must have 1 to %zu octets: %s",
		    sizeof(sa->sun_path) - 1, path);
		return 0;
	}
	strcpy(sa->sun_path, path);
	return 1;
}

/* Make room at ${path}: nothing there, or a socket that nobody serves. */
static int
clear_stale(const char *path, const struct sockaddr_un *sa)
{
	struct stat st;
	int fd, r;

	if (lstat(path, &st) != 0)
		return errno == ENOENT ? 1 : sys_raise("lstat", path);
	if (!S_ISSOCK(st.st_mode)) {
		ca_raise(CA_E_CONFIG, "socket: %s is not a socket", path);
		return 0;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return sys_raise("socket for", path);
	/* EAGAIN: somebody listens, the backlog is full. */
	r = connect(fd, (const struct sockaddr *)sa, sizeof(*sa));
	r = r == 0 ? 0 : errno;
	close(fd);
	if (r != ECONNREFUSED && r != ENOENT) {
		ca_raise(
		    CA_E_CONFIG, "socket: %s: somebody listens already", path);
		return 0;
	}
	if (unlink(path) != 0 && errno != ENOENT)
		return sys_raise("unlink", path);
	return 1;
}

int
socket_listen(const char *path, mode_t mode)
{
	struct sockaddr_un sa;
	int fd;

	if (!address(&sa, path) || !clear_stale(path, &sa))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1) {
		sys_raise("socket for", path);
		return -1;
	}
	/* Linux gives the file the mode of the descriptor, less the umask: so
	   it is never wider than wanted, and chmod makes it exact. */
	if (fchmod(fd, mode) != 0 ||
	    bind(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0) {
		sys_raise("bind", path);
		close(fd);
		return -1;
	}
	if (chmod(path, mode) != 0 || listen(fd, WIRE_BACKLOG) != 0) {
		sys_raise("listen on", path);
		unlink(path);
		close(fd);
		return -1;
	}
	return fd;
}

/* Whose listener's queue is full waits as long as one that is not read from: for
   ever, unless it is told otherwise. */
static int
connect_in_time(int fd, const struct sockaddr_un *sa)
{
	struct timeval limit = {WIRE_CONNECT_S, 0}, none = {0, 0};
	int r;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0)
		return -1;
	do
		r = connect(fd, (const struct sockaddr *)sa, sizeof(*sa));
	while (r == -1 && errno == EINTR);
	return r != 0 ? -1
		      : setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none,
			    sizeof(none));
}

int
socket_connect(const char *path)
{
	struct sockaddr_un sa;
	int fd;

	if (!address(&sa, path))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1) {
		sys_raise("socket for", path);
		return -1;
	}
	if (connect_in_time(fd, &sa) != 0) {
		sys_raise("connect to", path);
		ca_raise(CA_E_BUSY, "socket: %s: nobody answers", path);
		close(fd);
		return -1;
	}
	return fd;
}

int
socket_peer_of(int fd, struct socket_peer *out)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	memset(out, 0, sizeof(*out));
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
		return sys_raise("SO_PEERCRED", "");
	out->uid = cred.uid;
	out->gid = cred.gid;
	out->pid = cred.pid;
	len = sizeof(out->groups);
	/* More groups than we hold: none counts, which can only deny. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, out->groups, &len) == 0)
		out->n_groups = len / sizeof(out->groups[0]);
	else if (errno != ERANGE)
		return sys_raise("SO_PEERGROUPS", "");
	return 1;
}

/* All ${len} octets: 1; 0 raised; -1 when the peer has closed before the
   first. */
static int
read_all(int fd, unsigned char *p, size_t len)
{
	size_t have = 0;
	ssize_t n;

	while (have < len) {
		n = read(fd, p + have, len - have);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			ca_raise(CA_E_BUSY, "socket: too late");
			return 0;
		}
		if (n == -1)
			return sys_raise("read from", "socket");
		if (n == 0 && have == 0)
			return -1;
		if (n == 0) {
			ca_raise(CA_E_BADREQUEST, "socket: half a message");
			return 0;
		}
		have += (size_t)n;
	}
	return 1;
}

int
socket_read(int fd, unsigned char **buf, size_t *len)
{
	unsigned char head[4], *p;
	size_t n;
	int r;

	*buf = NULL;
	*len = 0;
	if ((r = read_all(fd, head, sizeof(head))) != 1)
		return r;
	if ((n = message_frame_len(head)) == 0) {
		ca_raise(CA_E_BADREQUEST, "socket: bad length of a message");
		return 0;
	}
	if ((p = OPENSSL_malloc(n)) == NULL)
		return 0;
	if ((r = read_all(fd, p, n)) != 1) {
		if (r == -1)
			ca_raise(CA_E_BADREQUEST, "socket: half a message");
		OPENSSL_clear_free(p, n);
		return 0;
	}
	*buf = p;
	*len = n;
	return 1;
}

int
socket_write(int fd, const unsigned char *frame, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = send(fd, frame, len, MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return sys_raise("write to", "socket");
		frame += n;
		len -= (size_t)n;
	}
	return 1;
}

/* --- a call: reading goes on while the request is being written ---------- */

struct call {
	int fd;
	int64_t id, deadline;	  /* milliseconds, CLOCK_MONOTONIC */
	const unsigned char *out; /* what remains of the request */
	size_t out_len;
	unsigned char head[4], *in; /* the answer being read */
	size_t have, in_len;	    /* octets of head and in; of in */
};

static int64_t
milliseconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int
call_wait(struct call *c, short *ready)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};
	int64_t left;
	int n;

	if (c->out_len > 0)
		p.events |= POLLOUT;
	do {
		left = c->deadline - milliseconds();
		n = left <= 0 ? 0 : poll(&p, 1, (int)left);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return sys_raise("poll", "socket");
	if (n == 0) {
		ca_raise(CA_E_BUSY, "socket: no answer in time");
		return 0;
	}
	*ready = p.revents;
	return 1;
}

static int
call_send(struct call *c)
{
	ssize_t n;

	n = send(c->fd, c->out, c->out_len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 1;
	if (n == -1) {
		sys_raise("write to", "socket");
		ca_raise(CA_E_BUSY, "socket: connection lost");
		return 0;
	}
	c->out += n;
	c->out_len -= (size_t)n;
	return 1;
}

/* The next piece of an answer, never more than one message. */
static int
call_recv(struct call *c)
{
	unsigned char *p;
	size_t want;
	ssize_t n;

	if (c->in == NULL) {
		p = c->head + c->have;
		want = sizeof(c->head) - c->have;
	} else {
		p = c->in + (c->have - sizeof(c->head));
		want = c->in_len - (c->have - sizeof(c->head));
	}
	n = recv(c->fd, p, want, MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 1;
	if (n <= 0) {
		if (n == -1)
			sys_raise("read from", "socket");
		ca_raise(CA_E_BUSY, "socket: connection lost");
		return 0;
	}
	c->have += (size_t)n;
	if (c->have != sizeof(c->head))
		return 1;
	if ((c->in_len = message_frame_len(c->head)) == 0) {
		ca_raise(CA_E_BADREQUEST, "socket: bad length of an answer");
		return 0;
	}
	return (c->in = OPENSSL_malloc(c->in_len)) != NULL;
}

/* 1 with *out when the answer is whole and ours; 1 with NULL: go on; 0. */
static int
call_take(struct call *c, WIRE_ANSWER **out)
{
	WIRE_ANSWER *a;

	*out = NULL;
	if (c->in == NULL || c->have < sizeof(c->head) + c->in_len)
		return 1;
	a = message_decode_answer(c->in, c->in_len);
	OPENSSL_clear_free(c->in, c->in_len);
	c->in = NULL;
	c->have = 0;
	if (a == NULL)
		return 0;
	if (message_answer_id(a) != c->id) {
		/* A late answer to a call that was given up. */
		WIRE_ANSWER_free(a);
		return 1;
	}
	*out = a;
	return 1;
}

static WIRE_ANSWER *
call_run(struct call *c)
{
	WIRE_ANSWER *a;
	short ready;

	for (;;) {
		if (!call_wait(c, &ready))
			return NULL;
		if ((ready & POLLOUT) && !(ready & (POLLHUP | POLLERR)) &&
		    !call_send(c))
			return NULL;
		if (!(ready & (POLLIN | POLLHUP | POLLERR)))
			continue;
		if (!call_recv(c) || !call_take(c, &a))
			return NULL;
		if (a != NULL)
			return a;
	}
}

WIRE_ANSWER *
socket_call(int fd, const WIRE_REQUEST *req, int timeout_s)
{
	struct call c = {.fd = fd};
	unsigned char *frame = NULL;
	size_t len = 0;
	WIRE_ANSWER *a = NULL;

	c.id = message_request_id(req);
	c.deadline = milliseconds() + (int64_t)timeout_s * 1000;
	if (!message_encode_request(req, &frame, &len))
		goto out;
	c.out = frame;
	c.out_len = len;
	a = call_run(&c);
out:
	OPENSSL_clear_free(frame, len); /* may hold a secret */
	OPENSSL_clear_free(c.in, c.in_len);
	return a;
}
