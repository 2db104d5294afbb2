#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include <openssl/err.h>

#include "ca/report/report.h"
#include "ocsp/logfiles.h"

static char dir[64];

static void
sh(const char *fmt)
{
	char cmd[256];

	snprintf(cmd, sizeof(cmd), "cd %s && %s", dir, fmt);
	assert_int_equal(system(cmd), 0);
}

static int
setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/inkan-logfiles-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	report_init("test", REPORT_ERROR, 2);
	sh("mkdir -p log/tile/0 && printf text >log/checkpoint && "
	    "head -c 8192 /dev/zero >log/tile/0/000");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	sh("rm -r log");
	return rmdir(dir);
}

static void
serves_texts(void **state)
{
	struct reply *r = logfiles_get(dir, "checkpoint"), *again;

	(void)state;
	assert_non_null(r);
	assert_int_equal(r->len, 4);
	assert_memory_equal(r->data, "text", 4);
	assert_string_equal(r->type, "text/plain; charset=utf-8");
	assert_true(r->store && r->once && !r->immutable);
	assert_int_equal(reply_max_age(r, 1795000000), LOGFILES_AGE);
	/* The next one is read anew. */
	sh("printf next >log/checkpoint");
	again = logfiles_get(dir, "checkpoint");
	assert_non_null(again);
	assert_memory_equal(again->data, "next", 4);
	assert_false(reply_not_modified(again, r->etag, NULL));
	assert_true(reply_not_modified(again, again->etag, NULL));
	reply_free(again);
	reply_free(r);
}

static void
serves_tiles(void **state)
{
	struct reply *r = logfiles_get(dir, "tile/0/000");

	(void)state;
	assert_non_null(r);
	assert_int_equal(r->len, 8192);
	assert_string_equal(r->type, "application/octet-stream");
	assert_true(r->immutable && r->once);
	assert_int_equal(reply_max_age(r, 1795000000), LOGFILES_TILE_AGE);
	reply_free(r);
}

static void
refuses(void **state)
{
	char *deep = calloc(1, 5000);

	(void)state;
	assert_null(logfiles_get(dir, "tile/0/001"));
	assert_null(logfiles_get(dir, "tile/0"));
	sh("ln -s checkpoint log/log.vkey");
	assert_null(logfiles_get(dir, "log.vkey"));
	sh("mkfifo log/checkpoint.witnessed");
	assert_null(logfiles_get(dir, "checkpoint.witnessed"));
	sh("head -c 1048577 /dev/zero >log/tile/0/002");
	assert_null(logfiles_get(dir, "tile/0/002"));
	memset(deep, 'd', 4999);
	assert_null(logfiles_get(deep, "checkpoint"));
	assert_int_equal(ERR_peek_error(), 0);
	free(deep);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(serves_texts),
	    cmocka_unit_test(serves_tiles),
	    cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
