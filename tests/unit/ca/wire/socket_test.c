#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <openssl/crypto.h>
#include "ca/error.h"
#include "ca/wire/socket.h"

static char dir[64], path[96];

static int
setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/inkan-socket-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/s", dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	rmdir(dir);
	ERR_clear_error();
	return 0;
}

static int
reason(void)
{
	return ERR_GET_REASON(ERR_peek_last_error());
}

static void
test_listen(void **state)
{
	struct socket_peer peer;
	struct stat st;
	int fd, again, client, conn;

	(void)state;
	assert_true((fd = socket_listen(path, 0660)) >= 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	/* A living socket is not taken away from its owner. */
	assert_int_equal(socket_listen(path, 0660), -1);
	assert_int_equal(reason(), CA_E_CONFIG);
	assert_true((client = socket_connect(path)) >= 0);
	assert_true((conn = accept(fd, NULL, NULL)) >= 0);
	assert_int_equal(socket_peer_of(conn, &peer), 1);
	assert_int_equal(peer.uid, geteuid());
	assert_int_equal(peer.gid, getegid());
	assert_int_equal(peer.pid, getpid());
	close(client);
	close(conn);
	close(fd);
	/* A dead one is replaced. */
	assert_int_equal(socket_connect(path), -1);
	assert_int_equal(reason(), CA_E_BUSY);
	assert_true((again = socket_listen(path, 0600)) >= 0);
	close(again);
}

static void
test_listen_refuses(void **state)
{
	char longpath[200];
	FILE *f;

	(void)state;
	assert_non_null(f = fopen(path, "w"));
	fclose(f);
	assert_int_equal(socket_listen(path, 0660), -1);
	assert_int_equal(reason(), CA_E_CONFIG);
	assert_int_equal(access(path, F_OK), 0);
	memset(longpath, 'x', sizeof(longpath) - 1);
	longpath[sizeof(longpath) - 1] = '\0';
	assert_int_equal(socket_listen(longpath, 0660), -1);
	assert_int_equal(reason(), CA_E_CONFIG);
	assert_int_equal(socket_listen("", 0660), -1);
	assert_int_equal(socket_connect(""), -1);
}

static void
test_read_write(void **state)
{
	unsigned char *buf;
	size_t len;
	int sv[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	assert_int_equal(
	    socket_write(sv[0], (const unsigned char *)"\0\0\0\3abc", 7), 1);
	assert_int_equal(socket_read(sv[1], &buf, &len), 1);
	assert_int_equal(len, 3);
	assert_memory_equal(buf, "abc", 3);
	OPENSSL_free(buf);
	close(sv[0]);
	assert_int_equal(socket_read(sv[1], &buf, &len), -1);
	assert_int_equal(ERR_peek_error(), 0);
	/* Nobody reads any more: an error, not SIGPIPE. */
	assert_int_equal(
	    socket_write(sv[1], (const unsigned char *)"\0\0\0\3abc", 7), 0);
	close(sv[1]);
}

static void
refused_octets(const char *octets, size_t n, int want)
{
	unsigned char *buf;
	size_t len;
	int sv[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	assert_int_equal(write(sv[0], octets, n), (ssize_t)n);
	close(sv[0]);
	assert_int_equal(socket_read(sv[1], &buf, &len), 0);
	assert_null(buf);
	assert_int_equal(reason(), want);
	ERR_clear_error();
	close(sv[1]);
}

static void
test_half_messages(void **state)
{
	(void)state;
	refused_octets("\0\0", 2, CA_E_BADREQUEST);
	refused_octets("\0\0\0\5", 4, CA_E_BADREQUEST);
	refused_octets("\0\0\0\5abc", 7, CA_E_BADREQUEST);
	refused_octets("\0\0\0\0", 4, CA_E_BADREQUEST);
	refused_octets("\0\x10\0\1zzz", 7, CA_E_BADREQUEST);
}

static void
test_read_timeout(void **state)
{
	struct timeval tv = {0, 50000};
	unsigned char *buf;
	size_t len;
	int sv[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	assert_int_equal(
	    setsockopt(sv[1], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), 0);
	assert_int_equal(write(sv[0], "\0\0\0\5ab", 6), 6);
	assert_int_equal(socket_read(sv[1], &buf, &len), 0);
	assert_int_equal(reason(), CA_E_BUSY);
	close(sv[0]);
	close(sv[1]);
}

/* --- calls against a server in a thread ----------------------------------- */

struct server {
	int fd;
	size_t flood; /* octets written before anything is read */
	int stale;    /* an answer with another id first */
	int mute;     /* never answer */
	size_t got;   /* octets of the request's args */
};

static void
send_answer(int fd, int64_t id, size_t octets)
{
	WIRE_ANSWER *a = message_answer(id, WIRE_OK);
	unsigned char *p = NULL, *big = calloc(1, octets + 1);
	size_t len;

	assert_non_null(big);
	assert_int_equal(field_add_bytes(a->values, "b", big, octets), 1);
	assert_int_equal(message_encode_answer(a, &p, &len), 1);
	assert_int_equal(socket_write(fd, p, len), 1);
	free(big);
	OPENSSL_free(p);
	WIRE_ANSWER_free(a);
}

static void *
serve(void *arg)
{
	struct server *s = arg;
	unsigned char *buf = NULL;
	WIRE_REQUEST *r = NULL;
	size_t len;

	if (s->flood > 0)
		send_answer(s->fd, 1, s->flood);
	if (socket_read(s->fd, &buf, &len) != 1 ||
	    (r = message_decode_request(buf, len)) == NULL)
		goto out;
	field_bytes(r->args, "b", &s->got);
	if (s->stale)
		send_answer(s->fd, message_request_id(r) - 1, 3);
	if (!s->mute)
		send_answer(s->fd, message_request_id(r), 5);
	/* Wait until the caller has gone: a mute server must stay open. */
	OPENSSL_free(buf);
	buf = NULL;
	(void)!socket_read(s->fd, &buf, &len);
out:
	OPENSSL_free(buf);
	WIRE_REQUEST_free(r);
	ERR_clear_error();
	return NULL;
}

/* Octets in the answer's "b", or -1 when the call failed. */
static int
call_once(struct server *s, size_t octets, int timeout_s)
{
	unsigned char *big = calloc(1, octets + 1);
	WIRE_REQUEST *r = message_request("op", 99);
	WIRE_ANSWER *a;
	pthread_t t;
	size_t len;
	int sv[2], n = -1;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	s->fd = sv[1];
	assert_int_equal(pthread_create(&t, NULL, serve, s), 0);
	assert_int_equal(field_add_bytes(r->args, "b", big, octets), 1);
	if ((a = socket_call(sv[0], r, timeout_s)) != NULL) {
		field_bytes(a->values, "b", &len);
		n = (int)len;
	}
	close(sv[0]);
	pthread_join(t, NULL);
	close(sv[1]);
	free(big);
	WIRE_REQUEST_free(r);
	WIRE_ANSWER_free(a);
	return n;
}

static void
test_call(void **state)
{
	struct server s = {.stale = 1};

	(void)state;
	assert_int_equal(call_once(&s, 10, 10), 5);
	assert_int_equal(s.got, 10);
}

/* The server writes 900 KiB before it reads anything, while the caller has as
   much to send: both socket buffers are full, and only a caller that goes on
   reading while it writes comes out of that. */
static void
test_full_buffers(void **state)
{
	struct server s = {.flood = 900 * 1024};

	(void)state;
	assert_int_equal(call_once(&s, 900 * 1024, 20), 5);
	assert_int_equal(s.got, 900 * 1024);
}

static void
test_call_too_late(void **state)
{
	struct server s = {.mute = 1};
	time_t before = time(NULL);

	(void)state;
	assert_int_equal(call_once(&s, 1, 1), -1);
	assert_int_equal(reason(), CA_E_BUSY);
	assert_in_range(time(NULL) - before, 0, 5);
}

static void
test_call_closed(void **state)
{
	WIRE_REQUEST *r = message_request("op", 1);
	int sv[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	close(sv[1]);
	assert_null(socket_call(sv[0], r, 5));
	assert_int_equal(reason(), CA_E_BUSY);
	close(sv[0]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	assert_int_equal(write(sv[1], "\xff\xff\xff\xff", 4), 4);
	assert_null(socket_call(sv[0], r, 5));
	assert_int_equal(reason(), CA_E_BADREQUEST);
	close(sv[0]);
	close(sv[1]);
	WIRE_REQUEST_free(r);
}

/* Somebody listens and takes nobody: a client is not kept for good. */
static void
test_connect_full(void **state)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), client[3], i;
	struct timeval left;
	socklen_t len = sizeof(left);

	(void)state;
	strcpy(sa.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(fd, 1), 0);
	alarm(60);
	for (i = 0; i < 3; i++)
		client[i] = socket_connect(path);
	alarm(0);
	assert_true(client[0] >= 0 && client[1] >= 0);
	assert_int_equal(client[2], -1);
	assert_int_equal(reason(), CA_E_BUSY);
	ERR_clear_error();
	/* The limit was for that alone. */
	assert_int_equal(getsockopt(client[0], SOL_SOCKET, SO_SNDTIMEO, &left,
	    &len), 0);
	assert_int_equal(left.tv_sec, 0);
	close(client[0]);
	close(client[1]);
	close(fd);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_listen), T(test_connect_full),
	    T(test_listen_refuses),
	    T(test_read_write),
	    T(test_half_messages),
	    T(test_read_timeout),
	    T(test_call),
	    T(test_full_buffers),
	    T(test_call_too_late),
	    T(test_call_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
