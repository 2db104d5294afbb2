#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <sys/socket.h>
#include "ca/wire/socket.h"
#include "ocsp/svc.h"
#include "tests/unit/ocsp/pki.h"
#include "ocsp/error.h"

static int listener;

/* Answers one call with "denied", the next with "ok". */
static void *
play(void *arg)
{
	unsigned char *buf, *frame;
	WIRE_ANSWER *a;
	size_t len;
	int i, fd;

	(void)arg;
	for (i = 0; i < 2; i++) {
		fd = accept(listener, NULL, NULL);
		if (socket_read(fd, &buf, &len) != 1)
			abort();
		a = message_answer(5, i == 0 ? WIRE_DENIED : WIRE_OK);
		message_set_refusal(a, "authorize", "own.profile", "", "not you");
		message_encode_answer(a, &frame, &len);
		socket_write(fd, frame, len);
		close(fd);
		WIRE_ANSWER_free(a);
		OPENSSL_free(buf);
		OPENSSL_free(frame);
	}
	return NULL;
}

static void
called(void **state)
{
	WIRE_REQUEST *req = message_request("ping", 5);
	char dir[64], path[128];
	pthread_t thread;
	WIRE_ANSWER *a;
	const char *text = NULL;
	int flags;

	(void)state;
	pki_folder(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	assert_null(svc_call(path, req)); /* nobody there */
	ERR_clear_error();
	assert_true((listener = socket_listen(path, 0600)) >= 0);
	assert_int_equal(pthread_create(&thread, NULL, play, NULL), 0);
	assert_null(svc_call(path, req));
	ERR_peek_last_error_data(&text, &flags);
	assert_non_null(strstr(text, "not you"));
	assert_int_equal(pki_reason(), OCSP_E_RENEW);
	assert_non_null(a = svc_call(path, req));
	WIRE_ANSWER_free(a);
	WIRE_REQUEST_free(req);
	pthread_join(thread, NULL);
	close(listener);
	pki_remove(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(called)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
