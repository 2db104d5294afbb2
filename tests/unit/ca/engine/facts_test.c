#include "tests/unit/ca/engine/admit_change.h"

static const char *
value_in(const struct admission *a, const char *name)
{
	static char out[128];
	WIRE_FIELDS *l = field_list_decode(a->facts, a->facts_len);
	const WIRE_FIELD *f;
	size_t i;

	assert_non_null(l);
	snprintf(out, sizeof(out), "(absent)");
	for (i = 0; (f = field_find(l, "name", i)) != NULL; i++)
		if (strcmp(field_get_text(f), name) == 0) {
			f = field_find(l, "value", i);
			snprintf(out, sizeof(out), "%s",
			    field_type(f) == V_ASN1_NULL ? "(registry)"
							 : field_get_text(f));
		}
	field_list_free(l);
	return out;
}

static void
of_a_first_enrolment(void **state)
{
	struct world *w = *state;
	char secret[64];

	add_device(w, "f", "d", NULL);
	use_maker(w, "d");
	use_csr(w, w->key[0], "CN=x", NULL, NULL);
	expect_ok(w);
	assert_int_equal(facts_make(w->a), 1);
	assert_string_equal(value_in(w->a, "identity.serial"), "d");
	assert_string_equal(value_in(w->a, "identity.device"), "(absent)");
	assert_string_equal(value_in(w->a, "identity.credential"), "(absent)");
	assert_string_equal(value_in(w->a, "registry.model"), "(absent)");
	add_secret(w, "u", "f", "", 0, secret);
	use_csr(w, w->key[0], "CN=b", NULL, NULL);
	use_basic(w, "u", secret);
	expect_ok(w);
	assert_int_equal(facts_make(w->a), 1);
	assert_string_equal(value_in(w->a, "identity.cn"), "b");
	assert_string_equal(value_in(w->a, "identity.serial"), "(absent)");
}

/* What an operator set is kept; what the registry said then is not. */
static void
of_an_operator(void **state)
{
	static const char *const set[] = {"org=Acme"};
	struct world *w = *state;
	struct operator_request r = {.profile = "server", .fleet = "f",
	    .device = "d", .set = set, .n_set = 1, .requester = "admin:uid:0",
	    .by = PROFILE_BY_OPERATOR};

	add_device(w, "f", "d", NULL);
	use_csr(w, w->key[0], "CN=x", NULL, NULL);
	r.csr = w->csr;
	r.csr_len = w->req.csr_len;
	assert_int_equal(admit_operator(&w->env, &r, &w->a, &w->o), 1);
	assert_int_equal(facts_make(w->a), 1);
	assert_string_equal(value_in(w->a, "request.org"), "Acme");
	assert_string_equal(value_in(w->a, "identity.serial"), "(registry)");
	assert_string_equal(value_in(w->a, "identity.cn"), "d");
	admit_free(w->a);
	/* Without a device there is nobody to renew. */
	r.fleet = r.device = NULL;
	assert_int_equal(admit_operator(&w->env, &r, &w->a, &w->o), 1);
	assert_int_equal(facts_make(w->a), 1);
	assert_null(w->a->facts);
}

static int
break_tx(struct store_tx *tx, void *arg)
{
	return facts_add(tx, *(int64_t *)arg, (const unsigned char *)"no", 2);
}

static void
broken(void **state)
{
	struct world *w = *state;
	int64_t id = enrolled(w, "d", w->key[0], NULL);

	assert_int_equal(store_write(w->store, break_tx, &id, 0), 1);
	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	expect_refused(w, WIRE_UNAVAILABLE, "authorize", "store");
	ERR_clear_error();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(of_a_first_enrolment),
	    world_test(of_an_operator), world_test(broken)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
