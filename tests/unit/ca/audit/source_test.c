#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include "rig.h"

/* A server of one answer for each connection, by the path that is asked. */
static struct web {
	int fd;
	unsigned port;
	pthread_t thread;
} web;

static const char *
answer_of(const char *path)
{
	if (strcmp(path, "/log/checkpoint") == 0)
		return "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello";
	if (strcmp(path, "/log/open") == 0)
		return "HTTP/1.0 200 OK\r\n\r\nhello until the end";
	if (strcmp(path, "/log/log.vkey") == 0)
		return "HTTP/1.0 500 Oh\r\n\r\n";
	if (strcmp(path, "/log/garbage") == 0)
		return "what?\r\n\r\n";
	return "HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n";
}

static void *
serve(void *arg)
{
	char req[2048], path[256];
	const char *a;
	ssize_t n;
	int fd;

	(void)arg;
	while ((fd = accept(web.fd, NULL, NULL)) != -1) {
		n = read(fd, req, sizeof(req) - 1);
		req[n > 0 ? n : 0] = '\0';
		if (sscanf(req, "GET %255s", path) == 1) {
			a = answer_of(path);
			if (write(fd, a, strlen(a)) < 0)
				break;
		}
		close(fd);
	}
	return NULL;
}

static int
web_start(void **state)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	socklen_t len = sizeof(sin);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	web.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(web.fd, (struct sockaddr *)&sin, sizeof(sin)) != 0 ||
	    listen(web.fd, 8) != 0 ||
	    getsockname(web.fd, (struct sockaddr *)&sin, &len) != 0 ||
	    pthread_create(&web.thread, NULL, serve, NULL) != 0)
		return -1;
	web.port = ntohs(sin.sin_port);
	return rig_make(state);
}

static int
web_stop(void **state)
{
	shutdown(web.fd, SHUT_RDWR);
	pthread_join(web.thread, NULL);
	close(web.fd);
	return rig_remove(state);
}

static int
get(struct source *s, const char *name, size_t max, const char *want)
{
	unsigned char *out;
	size_t len;
	int found = source_get(s, name, max, &out, &len);

	if (found == 1) {
		assert_int_equal(len, strlen(want));
		assert_string_equal((char *)out, want);
	} else {
		assert_null(out);
	}
	OPENSSL_free(out);
	return found;
}

static void
reads_over_http(void **state)
{
	struct source *s;
	char url[64];

	(void)state;
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/log/", web.port);
	assert_non_null(s = source_open(url));
	url[strlen(url) - 1] = '\0';
	assert_string_equal(source_where(s), url);
	assert_int_equal(get(s, "checkpoint", 100, "hello"), 1);
	assert_int_equal(get(s, "checkpoint", 5, "hello"), 1);
	assert_int_equal(get(s, "open", 100, "hello until the end"), 1);
	assert_int_equal(get(s, "tile/0/000", 100, ""), 0);
	assert_int_equal(ERR_peek_error(), 0);
	assert_int_equal(get(s, "checkpoint", 4, ""), -1);
	assert_refused("log.source: ");
	assert_int_equal(get(s, "open", 10, ""), -1);
	assert_refused("log.source: ");
	assert_int_equal(get(s, "log.vkey", 100, ""), -1);
	assert_refused("cannot be had: ");
	assert_int_equal(get(s, "garbage", 100, ""), -1);
	assert_refused("cannot be had: ");
	source_free(s);
	assert_non_null(s = source_open("http://127.0.0.1:9/log"));
	assert_int_equal(get(s, "checkpoint", 100, ""), -1);
	assert_refused("log.source: http://127.0.0.1:9/log/checkpoint cannot");
	source_free(s);
}

static void
reads_a_folder(void **state)
{
	struct rig *r = *state;
	struct source *s = source_open(r->pub);
	struct log_tile t = {0, 0, 3};
	struct log_checkpoint c;
	struct note_key k;
	unsigned char *out;
	size_t len;
	char *note;

	assert_int_equal(get(s, "checkpoint", 9, ""), 0);
	assert_int_equal(source_key(s, &k), 0);
	rig_add(r, 0, 140);
	rig_publish(r);
	assert_int_equal(source_key(s, &k), 1);
	assert_int_equal(k.id, r->key.id);
	assert_int_equal(source_checkpoint(s, &k, &c, &note), 1);
	assert_int_equal(c.size, 280);
	OPENSSL_free(note);
	/* The full tile has taken the place of the partial one. */
	assert_int_equal(source_tile(s, &t, &out, &len), 1);
	assert_int_equal(len, 96);
	assert_memory_equal(out, r->hash, 96);
	OPENSSL_free(out);
	assert_int_equal(get(s, "tile", 9, ""), -1);
	assert_refused("read ");
	note_key_clear(&k);
	rig_write(r, "log.vkey", "no key\n");
	assert_int_equal(source_key(s, &k), -1);
	assert_refused("note.key: ");
	source_free(s);
}

static void
says_what_is_no_place(void **state)
{
	unsigned char buf[LOG_TILE_OCTETS];
	struct log_tile t = {0, 0, 3};
	struct source *s;
	size_t len;

	(void)state;
	assert_null(source_open("https://log.example/"));
	assert_refused("log.source: ");
	assert_null(source_open(""));
	assert_refused("log.source: ");
	assert_non_null(s = source_open("/nonexistent"));
	assert_int_equal(source_fetch(&t, buf, &len, s), 0);
	assert_refused("log.tile: tile/0/000.p/3 is missing");
	source_free(s);
	source_free(NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, web_start, web_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(reads_over_http),
	    TEST(reads_a_folder),
	    TEST(says_what_is_no_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
