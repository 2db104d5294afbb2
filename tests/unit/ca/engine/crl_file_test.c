#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "ca/engine/crl_build.h"
#include "ca/engine/crl_file.h"
#include "ca/engine/crl_shard.h"
#include "ca/engine/publish.h"
#include "tests/unit/ca/engine/soft_ca.h"

/* An older CRL never takes the place of a newer one. */

static char dir[64];
static struct issuer *ca;

static int
set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/inkan-crlfile-XXXXXX");
	if (mkdtemp(dir) == NULL || !publish_prepare(dir))
		return -1;
	ca = soft_ca("P-256");
	return 0;
}

static int
tear_down(void **state)
{
	char cmd[128];

	(void)state;
	issuer_free(ca);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

struct octets {
	unsigned char p[4096];
	size_t len;
	unsigned char md[32];
};

static struct octets
make(const struct issuer *is, int64_t number, const char *url)
{
	struct crl_spec spec = {.number = number, .this_update = SOFT_NOW,
	    .next_update = SOFT_NOW + 60, .idp_url = url};
	struct crl_build *b = crl_build_new(is, &spec);
	const unsigned char *der;
	struct octets o;

	assert_non_null(b);
	assert_true(crl_build_sign(b));
	der = crl_build_der(b, &o.len);
	assert_true(o.len <= sizeof(o.p));
	memcpy(o.p, der, o.len);
	SHA256(o.p, o.len, o.md);
	crl_build_free(b);
	return o;
}

static const char *
name(void)
{
	static char text[CRL_NAME_MAX];

	crl_shard_name(&ca->row, 0, text);
	return text;
}

static void
lay(const void *p, size_t len)
{
	assert_true(publish_file(dir, name(), p, len));
}

/* Offer a CRL of that number where ${was} is published. */
static int
offer(const struct octets *o, int64_t number)
{
	assert_true(publish_stage(dir, name(), o->p, o->len));
	assert_true(crl_file_is(dir, name(), 1, o->md));
	return crl_file_release(ca, 0, dir, number);
}

static void
rises(void **state)
{
	struct octets five = make(ca, 5, NULL), six = make(ca, 6, NULL);

	(void)state;
	assert_true(offer(&five, 5));
	assert_true(crl_file_is(dir, name(), 0, five.md));
	assert_false(crl_file_is(dir, name(), 1, five.md));
	assert_true(offer(&six, 6));
	assert_true(crl_file_is(dir, name(), 0, six.md));
	/* Back: refused, and nothing is left lying about. */
	assert_false(offer(&five, 5));
	soft_raised(CA_E_DENIED, "crl.older: number 5 cannot replace 6");
	assert_true(crl_file_is(dir, name(), 0, six.md));
	assert_false(crl_file_is(dir, name(), 1, five.md));
	/* The same once more. */
	assert_true(offer(&six, 6));
}

static void
replaces_what_is_none(void **state)
{
	struct octets five = make(ca, 5, NULL), nine = make(ca, 9, NULL);
	struct octets bad = nine;
	struct issuer *other = soft_ca("P-256");
	struct octets foreign = make(other, 999, NULL);

	(void)state;
	lay("garbage", 7);
	assert_true(offer(&five, 5));
	lay("", 0);
	assert_true(offer(&five, 5));
	lay(nine.p, nine.len - 1);
	assert_true(offer(&five, 5));
	/* A number that nobody signed. */
	bad.p[bad.len - 1] ^= 1;
	lay(bad.p, bad.len);
	assert_true(offer(&five, 5));
	assert_true(crl_file_is(dir, name(), 0, five.md));
	/* Of the same name, but another key. */
	lay(foreign.p, foreign.len);
	assert_true(offer(&five, 5));
	lay(nine.p, nine.len);
	assert_false(offer(&five, 5));
	soft_raised(CA_E_DENIED, "crl.older");
	issuer_free(other);
}

/* What is there may be newer: who cannot read it does not replace it. */
static void
unreadable(void **state)
{
	struct octets six = make(ca, 6, NULL), five = make(ca, 5, NULL);
	struct rlimit was, few;

	(void)state;
	assert_true(offer(&six, 6));
	assert_true(publish_stage(dir, name(), five.p, five.len));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	few = was;
	few.rlim_cur = (rlim_t)dup(0) + 1; /* one more: the lock's */
	close((int)few.rlim_cur - 1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_false(crl_file_release(ca, 0, dir, 5));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	soft_raised(CA_E_STORE, "publish: read ");
	assert_true(crl_file_is(dir, name(), 0, six.md));
	assert_false(crl_file_release(ca, 0, dir, 5));
	soft_raised(CA_E_DENIED, "crl.older");
}

/* Each shard has its own numbers: another one's CRL in its place is none. */
static void
scopes(void **state)
{
	char url[CRL_URL_MAX], other[CRL_URL_MAX];
	struct octets own, stray, full = make(ca, 50, NULL);

	(void)state;
	ca->row.crl_shards = 2;
	crl_file_scope(ca, 0, url);
	crl_file_scope(ca, 1, other);
	assert_string_equal(url, "http://ca.example/crl/soft-g1-s0.crl");
	own = make(ca, 20, url);
	stray = make(ca, 40, other);
	lay(stray.p, stray.len);
	assert_true(offer(&own, 20));
	lay(full.p, full.len);
	assert_true(offer(&own, 20));
	own = make(ca, 19, url);
	assert_false(offer(&own, 19));
	soft_raised(CA_E_DENIED, "crl.older");
	ca->row.crl_shards = 0;
	crl_file_scope(ca, 0, url);
	assert_string_equal(url, "");
}

static void
views(void **state)
{
	struct octets o = make(ca, 77, "http://ca.example/x");
	struct crl_view v;
	size_t i;

	(void)state;
	assert_true(crl_view_read(o.p, o.len, &v));
	assert_int_equal(v.number, 77);
	assert_string_equal(v.uri, "http://ca.example/x");
	assert_int_equal(v.issuer_len, ca->build.name_len);
	assert_memory_equal(v.issuer, ca->build.name, v.issuer_len);
	/* No prefix of it is one. */
	for (i = 0; i < o.len; i++)
		assert_false(crl_view_read(o.p, i, &v));
	ERR_clear_error();
}

static void
no_folder(void **state)
{
	struct octets o = make(ca, 1, NULL);

	(void)state;
	assert_false(crl_file_is("/nonexistent", name(), 0, o.md));
	assert_false(crl_file_release(ca, 0, "/nonexistent", 1));
	soft_raised(CA_E_STORE, "publish: lock");
	/* Nothing is staged. */
	publish_unstage(dir, name());
	lay("old", 3);
	assert_false(crl_file_release(ca, 0, dir, 1));
	soft_raised(CA_E_STORE, "publish: rename");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(rises, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(replaces_what_is_none, set_up,
		tear_down),
	    cmocka_unit_test_setup_teardown(unreadable, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(scopes, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(views, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(no_folder, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
