#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/ocsp/rig.h"

static struct rig *rig;

static int
setup(void **state)
{
	(void)state;
	rig = rig_make();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rig_free(rig);
	return 0;
}

static void
test_crl(void **state)
{
	struct reply *first, *second;

	(void)state;
	assert_null(files_get(rig->files, FILES_CRL, "a.crl"));
	rig_crl(rig, "a.crl", -6000, 36000);
	first = files_get(rig->files, FILES_CRL, "a.crl");
	assert_non_null(first);
	assert_int_equal(first->store, 1);
	assert_int_equal(first->age_max, 3600);
	assert_true(labs((long)(first->modified - (rig->now - 6000))) < 600);
	assert_true(labs((long)(first->expires - (rig->now + 36000))) < 600);
	second = files_get(rig->files, FILES_CRL, "a.crl");
	assert_ptr_equal(first, second);
	reply_free(second);
	/* A newer one is served from the rename on. */
	rig_crl(rig, "a.crl", -10, 3600);
	second = files_get(rig->files, FILES_CRL, "a.crl");
	assert_ptr_not_equal(first, second);
	assert_true(second->modified > first->modified);
	reply_free(second);
	reply_free(first);
	files_forget(rig->files);
	second = files_get(rig->files, FILES_CRL, "a.crl");
	assert_non_null(second);
	reply_free(second);
}

static void
test_unfit(void **state)
{
	char path[512], target[512];

	(void)state;
	snprintf(path, sizeof(path), "%s/crl/b.crl", rig->dir);
	pki_write(path, "no CRL", 6);
	assert_null(files_get(rig->files, FILES_CRL, "b.crl"));
	assert_null(files_get(rig->files, FILES_CRL, "b.crl"));
	rig_crl(rig, "b.crl", -60, 3600);
	reply_free(files_get(rig->files, FILES_CRL, "b.crl"));
	/* Gone is gone. */
	assert_int_equal(unlink(path), 0);
	assert_null(files_get(rig->files, FILES_CRL, "b.crl"));
	/* A link out of the folder is not followed. */
	snprintf(target, sizeof(target), "%s/status.db", rig->dir);
	snprintf(path, sizeof(path), "%s/ca/x.cer", rig->dir);
	assert_int_equal(symlink(target, path), 0);
	assert_null(files_get(rig->files, FILES_CERT, "x.cer"));
}

/* What could not be read is no unfit file: it is read when that has passed,
   though it is the same still. */
static void
test_unread(void **state)
{
	struct reply *reply;
	struct rlimit was;

	(void)state;
	rig_crl(rig, "u.crl", -60, 3600);
	rig_descriptors(0, &was);
	reply = files_get(rig->files, FILES_CRL, "u.crl");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_null(reply);
	reply = files_get(rig->files, FILES_CRL, "u.crl");
	assert_non_null(reply);
	reply_free(reply);
}

static void
test_cert(void **state)
{
	struct reply *reply;
	char path[512];

	(void)state;
	snprintf(path, sizeof(path), "%s/ca/c.cer", rig->dir);
	pki_write(path, "\x30\x00", 2);
	reply = files_get(rig->files, FILES_CERT, "c.cer");
	assert_non_null(reply);
	assert_int_equal(reply->expires, 0);
	assert_int_equal(reply_max_age(reply, rig->now), FILES_CERT_AGE);
	assert_string_equal(reply->type, "application/pkix-cert");
	reply_free(reply);
	assert_null(files_get(rig->files, FILES_CRL, "c.cer"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_crl),
	    cmocka_unit_test(test_unfit),
	    cmocka_unit_test(test_unread),
	    cmocka_unit_test(test_cert),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
