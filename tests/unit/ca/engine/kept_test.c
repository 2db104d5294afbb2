#include "tests/unit/ca/engine/world.h"
#include "ca/engine/kept.h"

/* What is kept of a request, written and read again. */

static void
there_and_back(void **state)
{
	EVP_PKEY *key = world_key();
	char name[80];
	const struct build_field fields[] = {{"identity.cn", "a"},
	    {name, "\xc3\xa4"}, {"request.none", NULL}};
	struct issue_job job = {.fields = fields,
	    .n_fields = 3,
	    .attested = 1,
	    .subject = (const unsigned char *)"0\0",
	    .subject_len = 2};
	struct request_row row = {.csr = NULL};
	struct kept k;

	(void)state;
	snprintf(name, sizeof(name), "registry.%064d", 1); /* the longest */
	row.csr_len = (size_t)world_csr(key, "a", &row.csr);
	assert_true(kept_encode(&job, &row.fields, &row.fields_len));
	assert_true(kept_decode(&row, &k));
	assert_int_equal(k.n_fields, 3);
	assert_string_equal(k.fields[0].name, "identity.cn");
	assert_string_equal(k.fields[0].value, "a");
	assert_string_equal(k.fields[1].name, name);
	assert_string_equal(k.fields[1].value, "\xc3\xa4");
	assert_null(k.fields[2].value);
	assert_true(k.attested);
	assert_int_equal(k.subject_len, 2);
	assert_memory_equal(k.subject, "0\0", 2);
	assert_null(k.san);
	kept_clear(&k);
	row.fields_len--;
	assert_false(kept_decode(&row, &k));
	row.fields_len++;
	row.csr_len--;
	assert_false(kept_decode(&row, &k));
	ERR_clear_error();
	requests_row_clear(&row);
	EVP_PKEY_free(key);
}

/* A name without a value, or more fields than a build takes. */
static void
broken(void **state)
{
	EVP_PKEY *key = world_key();
	struct request_row row = {.csr = NULL};
	WIRE_FIELDS *l = field_list_new();
	struct kept k;
	int i;

	(void)state;
	row.csr_len = (size_t)world_csr(key, "a", &row.csr);
	assert_true(field_add_text(l, "name", "identity.cn"));
	assert_true(field_list_encode(l, &row.fields, &row.fields_len));
	assert_false(kept_decode(&row, &k));
	world_raised(CA_E_STORE, "kept request");
	OPENSSL_free(row.fields);
	assert_true(field_add_text(l, "value", "x"));
	for (i = 0; i < ADMIT_FIELDS_MAX; i++)
		assert_true(field_add_text(l, "name", "identity.cn") &&
		    field_add_text(l, "value", "x"));
	assert_true(field_list_encode(l, &row.fields, &row.fields_len));
	assert_false(kept_decode(&row, &k));
	world_raised(CA_E_STORE, "kept request");
	field_list_free(l);
	requests_row_clear(&row);
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(there_and_back),
	    cmocka_unit_test(broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
