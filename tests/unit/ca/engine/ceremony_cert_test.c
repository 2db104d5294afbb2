#include "ca/engine/ceremony_run.h"
#include "tests/unit/ca/engine/world.h"

/* Whether an issuer may, before a key is made. */

#define YEAR ((int64_t)365 * 86400)

struct may {
	struct ceremony r;
	struct issuer is;
	struct profile p;
};

static int
prepare(void **state)
{
	struct may *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->r.now = 1000000000;
	snprintf(m->is.row.name, sizeof(m->is.row.name), "root");
	snprintf(m->is.row.ident, sizeof(m->is.row.ident), "root-g1");
	m->is.build.not_after = m->r.now + 10 * YEAR;
	m->is.build.path_len = -1;
	snprintf(m->p.name, sizeof(m->p.name), "p");
	m->p.duration = 5 * YEAR;
	m->p.backdate = 300;
	m->p.path_len = 0;
	*state = m;
	return 0;
}

static int
tear_down(void **state)
{
	free(*state);
	return 0;
}

static void
refused(struct may *m, const char *word)
{
	assert_false(ceremony_may_certify(&m->r, &m->is, &m->p));
	world_raised(CA_E_DENIED, word);
}

static void
path_length(void **state)
{
	struct may *m = *state;

	assert_true(ceremony_may_certify(&m->r, &m->is, &m->p));
	m->is.build.path_len = 1;
	assert_true(ceremony_may_certify(&m->r, &m->is, &m->p));
	m->p.path_len = 1;
	refused(m, "path.length: CA root-g1 has path length 1");
	m->p.path_len = -1;
	refused(m, "path.length");
	m->is.build.path_len = 0;
	m->p.path_len = 0;
	refused(m, "no CA may be below it");
}

/* To the second. */
static void
validity(void **state)
{
	struct may *m = *state;

	m->p.duration = 10 * YEAR + 300 + 1;
	assert_true(ceremony_may_certify(&m->r, &m->is, &m->p));
	m->p.duration++;
	refused(m, "validity.issuer: a certificate of profile p would last");
	m->p.may_outlive_issuer = 1;
	assert_true(ceremony_may_certify(&m->r, &m->is, &m->p));
}

static void
named_issuer(void **state)
{
	struct may *m = *state;

	snprintf(m->p.issuer, sizeof(m->p.issuer), "root");
	assert_true(ceremony_may_certify(&m->r, &m->is, &m->p));
	snprintf(m->p.issuer, sizeof(m->p.issuer), "policy");
	refused(m, "profile.issuer");
}

static void
fields(void **state)
{
	struct ceremony_set set = {.n = 2};
	struct ceremony_ca ca = {.name = "devices", .generation = 3};
	struct ceremony_fields f;

	(void)state;
	strcpy(set.text[0], "cn=A=B");
	strcpy(set.text[1], "o=O");
	ceremony_fields(&set, &ca, &f);
	assert_int_equal(f.n, 4);
	assert_string_equal(f.field[0].name, "request.cn");
	assert_string_equal(f.field[0].value, "A=B");
	assert_string_equal(f.field[3].name, "ca.generation");
	assert_string_equal(f.field[3].value, "3");
}

#define T(f) cmocka_unit_test_setup_teardown(f, prepare, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(path_length),
	    T(validity),
	    T(named_issuer),
	    T(fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
