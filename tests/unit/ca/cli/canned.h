#ifndef INKAN_TESTS_CANNED_H
#define INKAN_TESTS_CANNED_H

/*
 * A server for the tool's tests: a thread on a UNIX socket that gives every
 * request to a function of the test; and the tool run in this process, with its
 * two outputs caught. A header, because a test links the project's archives and
 * nothing else of the tests.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <unistd.h>
#include <cmocka.h>
#include <sys/socket.h>
#include <openssl/crypto.h>
#include "ca/cli/command.h"
#include "ca/error.h"
#include "ca/wire/socket.h"

#define CANNED_NOW ((time_t)1795244400) /* 2026-11-21T07:00:00Z */

typedef void canned_fn(const WIRE_REQUEST *req, WIRE_ANSWER *answer);

static struct canned {
	char dir[64], path[96];
	int fd;
	pthread_t thread;
	canned_fn *answer;
	WIRE_FIELDS *args; /* of the last request */
	char op[WIRE_OP_MAX + 1];
	size_t calls;
	char *out, *err; /* of the last run of the tool */
} canned;

static inline void
canned_answer(int fd, const unsigned char *buf, size_t len)
{
	WIRE_REQUEST *req = message_decode_request(buf, len);
	WIRE_ANSWER *a = NULL;
	unsigned char *frame = NULL;

	if (req == NULL)
		return;
	canned.calls++;
	snprintf(canned.op, sizeof(canned.op), "%s", message_request_op(req));
	a = message_answer(message_request_id(req), WIRE_OK);
	if (a != NULL)
		canned.answer(req, a);
	field_list_free(canned.args);
	canned.args = req->args;
	req->args = NULL;
	/* Last: from here on the test may look at what was asked. */
	if (a != NULL && message_encode_answer(a, &frame, &len))
		socket_write(fd, frame, len);
	OPENSSL_free(frame);
	WIRE_ANSWER_free(a);
	WIRE_REQUEST_free(req);
}

static inline void *
canned_serve(void *arg)
{
	unsigned char *buf;
	size_t len;
	int fd;

	(void)arg;
	while ((fd = accept(canned.fd, NULL, NULL)) != -1) {
		while (socket_read(fd, &buf, &len) == 1) {
			canned_answer(fd, buf, len);
			OPENSSL_free(buf);
		}
		close(fd);
	}
	ERR_clear_error();
	return NULL;
}

static inline int
canned_start(void **state)
{
	(void)state;
	memset(&canned, 0, sizeof(canned));
	strcpy(canned.dir, "/tmp/inkan-cli-XXXXXX");
	if (mkdtemp(canned.dir) == NULL)
		return -1;
	snprintf(canned.path, sizeof(canned.path), "%s/s", canned.dir);
	canned.fd = socket_listen(canned.path, 0600);
	if (canned.fd == -1)
		return -1;
	return pthread_create(&canned.thread, NULL, canned_serve, NULL);
}

static inline int
canned_stop(void **state)
{
	char cmd[128];

	(void)state;
	shutdown(canned.fd, SHUT_RDWR);
	pthread_join(canned.thread, NULL);
	close(canned.fd);
	field_list_free(canned.args);
	free(canned.out);
	free(canned.err);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", canned.dir);
	ERR_clear_error();
	return system(cmd) == 0 ? 0 : -1;
}

/* Path of a file in the test's folder; the buffer is used again. */
static inline const char *
canned_file(const char *name)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/%s", canned.dir, name);
	return path;
}

static inline void
canned_write(const char *name, const void *data, size_t len)
{
	FILE *f = fopen(canned_file(name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* Run the tool with these words (NULL ends them): its exit status. Outputs are
   in canned.out and canned.err. */
static inline int
tool(const char *word, ...)
{
	struct cli cli = {.socket = canned.path, .now = CANNED_NOW, .fd = -1};
	char *argv[32] = {(char *)(uintptr_t) "inkan"};
	size_t out_len, err_len;
	int argc = 1, status;
	va_list ap;

	va_start(ap, word);
	for (; word != NULL && argc < 31; word = va_arg(ap, const char *))
		argv[argc++] = (char *)(uintptr_t)word;
	va_end(ap);
	free(canned.out);
	free(canned.err);
	cli.out = open_memstream(&canned.out, &out_len);
	cli.err = open_memstream(&canned.err, &err_len);
	status = command_main(&cli, argc, argv);
	fclose(cli.out);
	fclose(cli.err);
	assert_int_equal(ERR_peek_error(), 0);
	return status;
}

#define assert_in(text, part)                                                  \
	do {                                                                   \
		if (strstr((text), (part)) == NULL)                            \
			fail_msg("no \"%s\" in \"%s\"", (part), (text));       \
	} while (0)

#endif
