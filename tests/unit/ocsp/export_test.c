#include "tests/unit/ocsp/asking.h"

#include <fcntl.h>
#include <limits.h>
#include "ocsp/export.h"
#include "ocsp/tree.h"

/* ---- paths ---- */

static void
path_is(const void *der, size_t len, const char *want)
{
	char path[TREE_PATH_MAX];

	assert_true(export_path(der, len, path));
	assert_string_equal(path, want);
}

static void
paths(void **state)
{
	static const unsigned char slashes[] = {0x30, 0x0f, 0xff, 0xff, 0xff,
	    0xff};
	unsigned char big[600];
	char path[TREE_PATH_MAX];

	(void)state;
	path_is("\x30\x03\x01", 3, "ocsp/MAMB");
	path_is("\x30\x03", 2, "ocsp/MAM=");
	/* "MA//" "////": doubled, and at the end */
	path_is(slashes, 6, "ocsp/MA//////index");
	path_is("\x30\x0f\xfb\x30", 4, "ocsp/MA/7MA==");
	path_is("\x30\x0f\xbe\x30\x0f\xff", 6, "ocsp/MA++MA//index");
	assert_false(export_path(slashes, 0, path));
	/* A part longer than a file's name may be; slashes make it fit. */
	memset(big, 0, sizeof(big));
	assert_false(export_path(big, sizeof(big), path));
	assert_true(export_path(big, NAME_MAX / 4 * 3, path));
	assert_false(export_path(big, NAME_MAX / 4 * 3 + 3, path));
	memset(big, 0xff, sizeof(big));
	assert_true(export_path(big, sizeof(big), path));
	assert_false(export_path(big, 100000, path));
}

/* ---- runs ---- */

static struct export_sum
run(struct rig *r, const char *dir, time_t now)
{
	struct export *e = export_new(&r->set, &r->responder, r->follow, dir);
	struct export_sum sum;
	int more;

	assert_non_null(e);
	assert_true(export_clean(e, now));
	while ((more = export_step(e, now)) == 1)
		;
	assert_int_equal(more, 0);
	assert_true(export_finish(e, now));
	sum = *export_sum(e);
	export_free(e);
	return sum;
}

/* The status in the file for ${serial}, -1: there is none. */
static int
file_says(struct rig *r, const char *dir, const unsigned char *serial,
    const EVP_MD *md)
{
	char path[TREE_PATH_MAX], full[TREE_PATH_MAX + 256];
	unsigned char *der, buf[4096];
	OCSP_BASICRESP *basic;
	int fd, status;
	ssize_t n;

	n = pki_request(r->pki.ca, serial, 2, md, 0, &der);
	assert_true(export_path(der, (size_t)n, path));
	OPENSSL_free(der);
	snprintf(full, sizeof(full), "%s/%s", dir, path);
	if ((fd = open(full, O_RDONLY)) < 0)
		return -1;
	n = read(fd, buf, sizeof(buf));
	close(fd);
	basic = pki_verify(buf, (size_t)n, r->pki.ca, r->pki.root);
	status = pki_status(basic, 0, NULL);
	OCSP_BASICRESP_free(basic);
	return status;
}

static void
incremental(void **state)
{
	struct rig *r = *state;
	struct export_sum sum;
	char dir[256];

	snprintf(dir, sizeof(dir), "%s/static", r->dir);
	sum = run(r, dir, r->now);
	/* Four of the CA by two hashes; the root's has no answer here. */
	assert_int_equal(sum.written, 8);
	assert_int_equal(sum.refused, 0);
	assert_int_equal(file_says(r, dir, rig_good, EVP_sha1()),
	    V_OCSP_CERTSTATUS_GOOD);
	assert_int_equal(file_says(r, dir, rig_revoked, EVP_sha256()),
	    V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(file_says(r, dir, rig_never, EVP_sha1()), -1);
	sum = run(r, dir, r->now);
	assert_int_equal(sum.written, 0);
	assert_int_equal(sum.fresh, 8);
	/* A change is written at once, and alone. */
	rig_put(r, RIG_CA, rig_good, 2, STATUS_REVOKED, 1);
	assert_true(follow_step(r->follow));
	sum = run(r, dir, r->now);
	assert_int_equal(sum.written, 2);
	assert_int_equal(file_says(r, dir, rig_good, EVP_sha1()),
	    V_OCSP_CERTSTATUS_REVOKED);
	/* Near the end all of them. */
	r->now += 2700;
	assert_true(status_heartbeat(r->writer, r->now));
	sum = run(r, dir, r->now);
	assert_int_equal(sum.written, 8);
}

/* Nothing new may be said: nothing is written; what ended goes. */
static void
stale(void **state)
{
	struct rig *r = *state;
	struct export_sum sum;
	char dir[256];

	snprintf(dir, sizeof(dir), "%s/static", r->dir);
	run(r, dir, r->now);
	r->set.max_stale = 60;
	cache_flush(r->cache);
	sum = run(r, dir, r->now + 3599);
	assert_int_equal(sum.written, 0);
	assert_int_equal(sum.refused, 8);
	assert_int_equal(sum.removed, 0);
	sum = run(r, dir, r->now + 3600);
	assert_int_equal(sum.removed, 8);
	assert_int_equal(file_says(r, dir, rig_good, EVP_sha1()), -1);
}

static void
expired_certificates_end(void **state)
{
	struct rig *r = *state;
	struct export_sum sum;
	char dir[256];

	snprintf(dir, sizeof(dir), "%s/static", r->dir);
	r->set.max_stale = 100 * 86400;
	r->set.refresh = 0;
	sum = run(r, dir, r->now + 864000 + 1);
	assert_int_equal(sum.written, 0);
	assert_int_equal(sum.refused, 0);
	r->set.delegates[0].policy.archive = 86400;
	sum = run(r, dir, r->now + 864000 + 1);
	/* The delegate has ended, so there is nothing that signs. */
	assert_int_equal(sum.refused, 8);
}

/* What the former validity meant by a time of change, the new one does not. */
static void
validity_raised(void **state)
{
	struct rig *r = *state;
	struct export_sum sum;
	char dir[256];

	snprintf(dir, sizeof(dir), "%s/static", r->dir);
	assert_int_equal(run(r, dir, r->now).written, 8);
	r->set.validity = 43200;
	r->set.refresh = 10800;
	/* Ended by now; with nothing to take their place, they go. */
	cache_flush(r->cache);
	r->set.max_stale = 60;
	sum = run(r, dir, r->now + 3700);
	assert_int_equal(sum.removed, 8);
	assert_int_equal(sum.refused, 8);
	r->set.max_stale = 86400;
	assert_int_equal(run(r, dir, r->now + 3700).written, 8);
	sum = run(r, dir, r->now + 3700);
	assert_int_equal(sum.written, 0);
	assert_int_equal(sum.fresh, 8);
}

/* What the first half of a run has made under a new validity is not taken for
   something else when the former one comes back. */
static void
validity_and_back(void **state)
{
	struct rig *r = *state;
	struct export *e;
	char dir[256];

	snprintf(dir, sizeof(dir), "%s/static", r->dir);
	r->set.validity = 43200;
	r->set.refresh = 10800;
	assert_int_equal(run(r, dir, r->now).written, 8);
	r->set.validity = 3600;
	r->set.refresh = 900;
	r->now += 42500;
	assert_true(status_heartbeat(r->writer, r->now));
	cache_flush(r->cache);
	e = export_new(&r->set, &r->responder, r->follow, dir);
	assert_non_null(e);
	assert_true(export_clean(e, r->now));
	assert_int_equal(export_step(e, r->now), 1);
	assert_int_equal(export_step(e, r->now), 0);
	assert_int_equal(export_sum(e)->written, 8);
	export_free(e);
	r->set.validity = 43200;
	r->set.refresh = 10800;
	cache_flush(r->cache);
	assert_int_equal(run(r, dir, r->now + 3700).written, 8);
}

/* A state of before the validity was in it still says how far it came. */
static void
state_without_validity(void **state)
{
	struct status_head head;
	struct rig *r = *state;
	struct export_sum sum;
	char dir[256], path[300], text[64];
	int n;

	snprintf(dir, sizeof(dir), "%s/static", r->dir);
	run(r, dir, r->now);
	assert_true(state_head(r->state, &head));
	snprintf(path, sizeof(path), "%s/.export", dir);
	n = snprintf(text, sizeof(text), "%lld %lld\n",
	    (long long)head.generation, (long long)head.change);
	pki_write(path, text, (size_t)n);
	sum = run(r, dir, r->now);
	assert_int_equal(sum.written, 0);
	assert_int_equal(sum.fresh, 8);
	pki_write(path, text, (size_t)n);
	r->set.validity = 43200;
	r->set.refresh = 10800;
	cache_flush(r->cache);
	assert_int_equal(run(r, dir, r->now + 3700).written, 8);
}

/* Who serves it is another user. */
static void
readable(void **state)
{
	struct rig *r = *state;
	mode_t before = umask(027);
	struct stat st;
	char dir[256];

	snprintf(dir, sizeof(dir), "%s/static", r->dir);
	run(r, dir, r->now);
	umask(before);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
}

static void
exclusive(void **state)
{
	struct rig *r = *state;
	struct export *e;
	char dir[256];

	snprintf(dir, sizeof(dir), "%s/static", r->dir);
	e = export_new(&r->set, &r->responder, r->follow, dir);
	assert_non_null(e);
	assert_null(export_new(&r->set, &r->responder, r->follow, dir));
	assert_int_equal(pki_reason(), OCSP_E_FILE);
	export_free(e);
	assert_null(export_new(
	    &r->set, &r->responder, r->follow, "/nonexistent/x"));
	ERR_clear_error();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(paths),
	    cmocka_unit_test_setup_teardown(incremental, setup, teardown),
	    cmocka_unit_test_setup_teardown(stale, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		expired_certificates_end, setup, teardown),
	    cmocka_unit_test_setup_teardown(validity_raised, setup, teardown),
	    cmocka_unit_test_setup_teardown(validity_and_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		state_without_validity, setup, teardown),
	    cmocka_unit_test_setup_teardown(readable, setup, teardown),
	    cmocka_unit_test_setup_teardown(exclusive, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
