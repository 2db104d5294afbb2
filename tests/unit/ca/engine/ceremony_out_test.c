#include <sys/stat.h>
#include "ca/engine/publish.h"
#include "tests/unit/ca/engine/live.h"

/* Files that wait until the last transaction is written. */

struct out {
	struct world w;
	struct ceremony r;
};

static const struct ceremony_how plainly;

static int
prepare(void **state)
{
	struct out *o = calloc(1, sizeof(*o));

	assert_non_null(o);
	world_prepare(&o->w);
	o->r.s = o->w.settings;
	o->r.act = world_quiet;
	o->r.how = &plainly;
	snprintf(o->r.stage, sizeof(o->r.stage), "%s/wait.d", o->w.dir);
	assert_true(publish_prepare(o->w.settings->publish_dir));
	*state = o;
	return 0;
}

static int
tear_down(void **state)
{
	struct out *o = *state;

	world_down(&o->w);
	free(o);
	return 0;
}

static void
fill(struct out *o, const char *pem)
{
	char dir[PATH_MAX];

	assert_true(ceremony_stage_make(&o->r));
	snprintf(dir, sizeof(dir), "%.3900s/ocsp/r", o->r.stage);
	assert_true(publish_mkdir(dir, 0755));
	assert_true(publish_file(o->r.stage, "ocsp/r/new.der", "n", 1));
	assert_true(ceremony_publish_cert(&o->r, "r",
	    (const unsigned char *)"x", 1));
	assert_true(ceremony_write_pem(&o->r, pem,
	    (const unsigned char *)"x", 1, NULL));
	assert_true(ceremony_write_pem(&o->r, "", NULL, 0, NULL));
}

/* Nothing is at its place before; all is after, as often as one likes; answers
   that are not among the new ones go. */
static void
waits(void **state)
{
	struct out *o = *state;
	char pem[PATH_MAX];
	struct stat st;
	int i;

	snprintf(pem, sizeof(pem), "%s/a b/c.pem", o->w.dir);
	world_sh("mkdir -p %s/pub/ocsp/r && touch %s/pub/ocsp/r/old.der",
	    o->w.dir, o->w.dir);
	fill(o, pem);
	assert_false(live_exists(&o->w, "pub/ca/r.cer"));
	assert_false(live_exists(&o->w, "a b/c.pem"));
	for (i = 0; i < 2; i++) {
		assert_true(ceremony_stage_publish(&o->r));
		assert_true(live_exists(&o->w, "pub/ca/r.cer"));
		assert_true(live_exists(&o->w, "pub/ocsp/r/new.der"));
		assert_false(live_exists(&o->w, "pub/ocsp/r/old.der"));
		assert_true(live_exists(&o->w, "a b/c.pem"));
	}
	assert_int_equal(stat(pem, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	ceremony_stage_remove(&o->r);
	assert_int_not_equal(stat(o->r.stage, &st), 0);
}

/* What an earlier run left is not published by this one. */
static void
begins_empty(void **state)
{
	struct out *o = *state;

	fill(o, "");
	assert_true(ceremony_stage_make(&o->r));
	assert_true(ceremony_stage_publish(&o->r));
	assert_false(live_exists(&o->w, "pub/ca/r.cer"));
}

static void
fails(void **state)
{
	struct out *o = *state;

	fill(o, "/proc/no/such/folder/c.pem");
	assert_false(ceremony_stage_publish(&o->r));
	ERR_clear_error();
	fill(o, "");
	assert_true(publish_file(o->r.stage, "crl/r.crl", "c", 1));
	assert_false(ceremony_stage_publish(&o->r));
	world_raised(CA_E_STORE, "crl/r.crl is no CRL of a CA");
	assert_false(live_exists(&o->w, "pub/crl/r.crl"));
	/* Nothing to be read there is not nothing to do. */
	fill(o, "");
	world_sh("rm -r %s/ca && ln -s ca %s/ca", o->r.stage, o->r.stage);
	assert_false(ceremony_stage_publish(&o->r));
	world_raised(CA_E_STORE, "cannot be read: Too many levels");
}

/* A first ceremony has nothing to wait for. */
static void
at_once(void **state)
{
	struct out *o = *state;

	o->r.stage[0] = '\0';
	assert_string_equal(ceremony_publish_dir(&o->r),
	    o->w.settings->publish_dir);
	assert_true(ceremony_publish_cert(&o->r, "r",
	    (const unsigned char *)"x", 1));
	assert_true(live_exists(&o->w, "pub/ca/r.cer"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, prepare, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(waits),
	    T(begins_empty),
	    T(fails),
	    T(at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
