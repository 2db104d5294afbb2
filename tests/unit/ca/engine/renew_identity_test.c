#include "tests/unit/ca/engine/admit_change.h"

/* Renewals of devices whose facts were kept, by a profile that changes. */

#define SUBJECT_A                                                              \
	"subject = ( { attribute = \"serialNumber\"; from ="                  \
	" \"identity.serial\"; optional = true; }, { attribute = \"CN\"; from" \
	" = \"identity.cn\"; optional = true; }, { attribute = \"OU\"; from ="  \
	" \"registry.model\"; optional = true; } );\n"

static const char PROFILE[] =
    "name = \"device-ldevid\"; class = \"ldevid\";\n"
    "issued_by = [ \"est\", \"operator\" ]; issuer = \"devices\";\n"
    "key_types = [ \"ec-p256\", \"ec-p384\" ];\n"
    "validity: { duration = \"90d\"; backdate = \"5m\"; };\n"
    "key_usage: { critical = true; bits = [ \"digitalSignature\" ]; };\n"
    "extended_key_usage: { purposes = [ \"clientAuth\" ]; };\n";

#define SAN_CSR                                                                \
	"san = ( { type = \"dns\"; from = \"csr.san\"; match ="              \
	" \"{identity.device}.*\"; otherwise = \"ignore\"; optional = true;"  \
	" max = 4; } );\n"
#define SAN_FIELD                                                              \
	"san = ( { type = \"dns\"; from = \"registry.host\"; optional ="      \
	" true; }, { type = \"dns\"; from = \"csr.san\"; match ="            \
	" \"{identity.device}.*\"; otherwise = \"ignore\"; optional = true;"  \
	" max = 4; } );\n"

/* Judge by a fleet "f" of these rules with that profile from here on. */
static void
use_profile(struct world *w, const char *names, const char *rules)
{
	char *pem = make_pem(w->maker), *f = fleet_text("f", rules);
	char profile[4096];
	struct policy_file files[3];

	snprintf(profile, sizeof(profile), "%s%s", PROFILE, names);
	put_file(&files[0], "fleets/f.conf", f);
	put_file(&files[1], "fleets/maker.pem", pem);
	put_file(&files[2], "profiles/device-ldevid.conf", profile);
	policy_put(w->policy);
	w->policy = policy_compile(files, 3);
	if (w->policy == NULL)
		ERR_print_errors_fp(stderr);
	assert_non_null(w->policy);
	w->policy->row.version = 1;
	w->env.policy = w->policy;
	OPENSSL_free(pem);
	free(f);
}

static void
subject_is(const struct admission *a, const char *want)
{
	X509_NAME *n = make_name(want);
	const unsigned char *p = a->subject;
	X509_NAME *is = d2i_X509_NAME(NULL, &p, (long)a->subject_len);

	assert_non_null(is);
	assert_int_equal(X509_NAME_cmp(n, is), 0);
	X509_NAME_free(n);
	X509_NAME_free(is);
}

struct field {
	const char *device, *name, *value;
};

static int
set_field_tx(struct store_tx *tx, void *arg)
{
	struct field *f = arg;
	struct device_row d;

	return devices_get(tx, "f", f->device, &d) == 1 &&
	    devices_set_field(tx, d.id, f->name, f->value);
}

static void
set_field(struct world *w, const char *name, const char *value)
{
	struct field f = {"d", name, value};

	assert_int_equal(store_write(w->store, set_field_tx, &f, 0), 1);
}

/* Its maker's serial number stands in no renewal request: it was kept. */
static void
the_same_again(void **state)
{
	struct world *w = *state;
	struct cert_row row;
	unsigned char *der;
	size_t len;

	w->keeps_facts = 1;
	use_profile(w, SUBJECT_A SAN_CSR, "");
	enrolled(w, "d", w->key[0], "DNS:d.example");
	use_csr(w, w->key[1], "serialNumber=d", "DNS:D.example", NULL);
	expect_ok(w);
	assert_false(w->a->by_rules);
	subject_is(w->a, "serialNumber=d");
	assert_string_equal(field_of(w->a, "identity.serial"), "d");
	assert_string_equal(field_of(w->a, "identity.credential"), "(absent)");
	assert_string_equal(w->a->deviations, "");
	/* And the successor's renewal knows it, too. */
	assert_int_equal(reserve(w, w->a, &row), 1);
	der = record(w, &row, w->key[1], "serialNumber=d", "DNS:d.example",
	    &len);
	use_own(w, der, len);
	use_csr(w, w->key[2], "serialNumber=d", "DNS:d.example", NULL);
	expect_ok(w);
	assert_string_equal(field_of(w->a, "identity.serial"), "d");
}

static void
registry_changed(void **state)
{
	struct world *w = *state;

	w->keeps_facts = 1;
	use_profile(w, SUBJECT_A SAN_CSR, "");
	enrolled(w, "d", w->key[0], NULL);
	set_field(w, "model", "X2");
	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "renew.identity");
	assert_string_equal(w->o.field, "subject.OU");
	assert_non_null(strstr(w->o.text, "\"X2\" was \"absent\""));
	use_profile(w, SUBJECT_A SAN_CSR, "renewal: { identity_update = true; };");
	expect_ok(w);
	assert_true(w->a->by_rules);
	subject_is(w->a, "serialNumber=d/OU=X2");
	assert_string_equal(w->a->deviations,
	    "identity updated: subject.OU was \"absent\", is \"X2\"");
	/* RFC 7030 4.2.2: the CSR still names what the certificate has. */
	use_csr(w, w->key[1], "serialNumber=d/OU=X2", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "renew.subject");
}

static void
profile_changed(void **state)
{
	struct world *w = *state;

	w->keeps_facts = 1;
	use_profile(w, SUBJECT_A SAN_CSR, "");
	enrolled(w, "d", w->key[0], NULL);
	use_profile(w,
	    "subject = ( { attribute = \"O\"; value = \"New\"; }, { attribute ="
	    " \"serialNumber\"; from = \"identity.serial\"; } );\n",
	    "");
	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "renew.identity");
	assert_string_equal(w->o.field, "subject.O");
	/* One that needs what nobody knows is refused as a first enrolment is. */
	use_profile(w,
	    "subject = ( { attribute = \"OU\"; from = \"registry.model\"; } );",
	    "renewal: { identity_update = true; };");
	expect_refused(w, WIRE_DENIED, "authorize", "subject.OU");
}

static void
names_changed(void **state)
{
	struct world *w = *state;

	w->keeps_facts = 1;
	use_profile(w, SUBJECT_A SAN_CSR, "");
	enrolled(w, "d", w->key[0], "DNS:d.example");
	set_field(w, "host", "gw.example");
	use_profile(w, SUBJECT_A SAN_FIELD, "");
	use_csr(w, w->key[1], "serialNumber=d", "DNS:d.example", NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "renew.identity");
	assert_string_equal(w->o.field, "san");
	assert_non_null(strstr(w->o.text, "\"dns:gw.example\" was \"absent\""));
	use_profile(
	    w, SUBJECT_A SAN_FIELD, "renewal: { identity_update = true; };");
	expect_ok(w);
	assert_true(w->a->by_rules);
	/* A name that no rule makes any more. */
	use_profile(w, SUBJECT_A, "");
	expect_refused(w, WIRE_DENIED, "authorize", "renew.identity");
	assert_non_null(strstr(w->o.text, "\"absent\" was \"dns:d.example\""));
	use_profile(w, SUBJECT_A, "renewal: { identity_update = true; };");
	expect_ok(w);
	assert_null(w->a->san);
	/* The CSR may leave out what the fleet lets it leave out, and no more. */
	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	use_profile(w, SUBJECT_A SAN_CSR, "renewal: { san_optional = true; };");
	expect_ok(w);
	assert_false(w->a->by_rules);
	assert_non_null(w->a->san);
}

/* What the registry learns at the first enrolment is no news at the second. */
static void
registered_just_in_time(void **state)
{
	struct world *w = *state;

	w->keeps_facts = 1;
	use_profile(w,
	    "subject = ( { attribute = \"serialNumber\"; from ="
	    " \"registry.serial\"; optional = true; } );\n", "");
	enrolled(w, "d", w->key[0], NULL);
	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	expect_ok(w);
	assert_string_equal(field_of(w->a, "registry.serial"), "d");
	assert_false(w->a->by_rules);
}

/* Certificates of before facts were kept go on as they are. */
static void
without_facts(void **state)
{
	struct world *w = *state;

	use_profile(w, SUBJECT_A SAN_CSR, "");
	enrolled(w, "d", w->key[0], NULL);
	set_field(w, "model", "X2");
	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	expect_ok(w);
	assert_null(w->a->facts);
	subject_is(w->a, "serialNumber=d");
}

/* A retry gets what it has got, whatever has changed since. */
static void
a_retry_is_no_update(void **state)
{
	struct world *w = *state;
	struct cert_row row;
	size_t len;

	w->keeps_facts = 1;
	use_profile(w, SUBJECT_A SAN_CSR, "");
	enrolled(w, "d", w->key[0], NULL);
	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	expect_ok(w);
	assert_int_equal(reserve(w, w->a, &row), 1);
	OPENSSL_free(record(w, &row, w->key[1], "serialNumber=d", NULL, &len));
	set_field(w, "model", "X2");
	expect_ok(w);
	assert_int_equal(w->a->existing, row.id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(the_same_again),
	    world_test(registry_changed), world_test(profile_changed),
	    world_test(names_changed), world_test(registered_just_in_time), world_test(without_facts),
	    world_test(a_retry_is_no_update)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
