#include "tests/unit/ocsp/asking.h"

#include "ocsp/stamp.h"

static void
stamps(void **state)
{
	struct stat st = {.st_mtim = {1000, 0}};

	(void)state;
	assert_int_equal(stamp_of(5000, 3600, 2000).tv_sec, 1400);
	/* Beyond the validity: as if it ended with it. */
	assert_int_equal(stamp_of(9000, 3600, 2000).tv_sec, 2000);
	assert_int_equal(stamp_end(&st, 3600), 4600);
}

static time_t
end_of(struct rig *r, const char *name, time_t validity)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/ocsp/root-g1/%s", r->dir, name);
	assert_int_equal(stat(path, &st), 0);
	return stamp_end(&st, validity);
}

/* Whatever stood there before. */
static void
again(void **state)
{
	struct rig *r = *state;
	char path[256];
	time_t end;

	rig_presign(r, "x.der", pki_ca_serial, sizeof(pki_ca_serial),
	    r->pki.root_key, -60, 1800);
	snprintf(path, sizeof(path), "%s/ocsp/root-g1/y", r->dir);
	pki_write(path, "garbage", 7);
	assert_true(stamp_again(r->dir, 43200, r->now));
	end = end_of(r, "x.der", 43200);
	assert_in_range(end, r->now + 1800, r->now + 1830);
	assert_int_equal(end_of(r, "y", 43200), 43200); /* in 1970 */
	assert_true(stamp_again(r->dir, 600, r->now));
	assert_int_equal(end_of(r, "x.der", 600), r->now + 600);
	assert_true(stamp_again(r->dir, 3600, r->now));
	assert_int_equal(end_of(r, "x.der", 3600), end);
	/* Nothing there is nothing wrong. */
	assert_true(stamp_again("/nonexistent", 600, r->now));
	assert_int_equal(ERR_peek_error(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(stamps),
	    cmocka_unit_test_setup_teardown(again, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
