#include "tests/unit/ca/engine/admit_change.h"

#define SANS "DNS:a.example,DNS:b.example,IP:192.0.2.1"

/* What the certificate of the client has as SAN, as GeneralNames. */
static void
san_is(const struct admission *a, const char *want)
{
	X509_EXTENSION *e =
	    X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, want);
	ASN1_OCTET_STRING *v = X509_EXTENSION_get_data(e);

	assert_int_equal(a->san_len, ASN1_STRING_length(v));
	assert_memory_equal(a->san, ASN1_STRING_get0_data(v), a->san_len);
	X509_EXTENSION_free(e);
}

static void
repeats_the_old_octets(void **state)
{
	struct world *w = *state;
	X509_NAME *n;
	unsigned char *der = NULL;
	int len;

	enrolled(w, "d", w->key[0], SANS);
	use_csr(w, w->key[1], "serialNumber=d", SANS, NULL);
	w->req.renew = 1;
	expect_ok(w);
	n = make_name("serialNumber=d");
	len = i2d_X509_NAME(n, &der);
	assert_int_equal(w->a->subject_len, len);
	assert_memory_equal(w->a->subject, der, (size_t)len);
	san_is(w->a, SANS);
	assert_string_equal(w->a->deviations, "");
	assert_int_equal(w->a->existing, 0);
	X509_NAME_free(n);
	OPENSSL_free(der);
	/* The same key is fine too (RFC 7030 4.2.2). */
	use_csr(w, w->key[0], "serialNumber=d", SANS, NULL);
	expect_ok(w);
}

static void
subject_must_be_equal(void **state)
{
	static const char *const t[][2] = {
	    {"serialNumber=e", "csr.subject.serialNumber"},
	    {"serialNumber=d/O=x", "csr.subject.O"},
	    {"CN=d", "csr.subject.serialNumber"},
	    {"", "csr.subject.serialNumber"}};
	struct world *w = *state;
	size_t i;

	enrolled(w, "d", w->key[0], NULL);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		use_csr(w, w->key[1], t[i][0], NULL, NULL);
		expect_refused(w, WIRE_DENIED, "authorize", "renew.subject");
		assert_string_equal(w->o.field, t[i][1]);
	}
	assert_true(w->o.authenticated);
}

/* Another device's CSR with the certificate of this one. */
static void
certificate_of_another(void **state)
{
	struct world *w = *state;

	enrolled(w, "other", w->key[0], NULL);
	enrolled(w, "d", w->key[1], NULL);
	use_csr(w, w->key[2], "serialNumber=other", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "renew.subject");
	use_csr(w, w->key[0], "serialNumber=d", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "key.duplicate");
}

static void
san_must_be_equal(void **state)
{
	struct world *w = *state;

	enrolled(w, "d", w->key[0], SANS);
	use_csr(w, w->key[1], "serialNumber=d",
	    "IP:192.0.2.1,DNS:B.example,DNS:a.example", NULL);
	expect_ok(w); /* any order, names without case */
	san_is(w->a, SANS);
	use_csr(w, w->key[1], "serialNumber=d", SANS ",DNS:c.example", NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "renew.san");
	assert_string_equal(w->o.field, "csr.san");
	use_csr(w, w->key[1], "serialNumber=d", "DNS:a.example", NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "renew.san");
	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "renew.san");
	use_csr(w, w->key[1], "serialNumber=d",
	    "email:a.example,DNS:b.example,IP:192.0.2.1", NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "renew.san");
}

static void
san_where_there_was_none(void **state)
{
	struct world *w = *state;

	world_rules(w, "renewal: { san_optional = true; san_subset = true; };");
	enrolled(w, "d", w->key[0], NULL);
	use_csr(w, w->key[1], "serialNumber=d", "DNS:a.example", NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "renew.san");
	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	expect_ok(w);
	assert_string_equal(w->a->deviations, "");
	assert_null(w->a->san);
}

static void
san_optional(void **state)
{
	struct world *w = *state;

	world_rules(w, "renewal: { san_optional = true; };");
	enrolled(w, "d", w->key[0], SANS);
	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	expect_ok(w);
	assert_string_equal(w->a->deviations, "renewal CSR without SAN");
	san_is(w->a, SANS);
	use_csr(w, w->key[1], "serialNumber=d", "DNS:a.example", NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "renew.san");
}

static void
san_subset(void **state)
{
	struct world *w = *state;

	world_rules(w, "renewal: { san_subset = true; };");
	enrolled(w, "d", w->key[0], SANS);
	use_csr(
	    w, w->key[1], "serialNumber=d", "IP:192.0.2.1,DNS:a.example", NULL);
	expect_ok(w);
	san_is(w->a, "DNS:a.example,IP:192.0.2.1");
	assert_string_equal(w->a->deviations, "renewal CSR with fewer SANs");
	use_csr(w, w->key[1], "serialNumber=d", "DNS:z.example", NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "renew.san");
	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "renew.san");
}

static void
window(void **state)
{
	struct world *w = *state;
	/* NOW - 300 .. NOW + 90 d */
	time_t third = NOW + 90 * DAY - (90 * DAY + 300) / 3;

	world_rules(w, "renewal: { window = \"last-third\"; };");
	enrolled(w, "d", w->key[0], NULL);
	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "renew.window");
	assert_non_null(strstr(w->o.text, "2027-03-")); /* from when on */
	w->env.now = third - 1;
	expect_refused(w, WIRE_DENIED, "authorize", "renew.window");
	w->env.now = third;
	expect_ok(w);
	world_rules(w, "renewal: { window = \"10d\"; };");
	expect_refused(w, WIRE_DENIED, "authorize", "renew.window");
	w->env.now = NOW + 80 * DAY;
	expect_ok(w);
	world_rules(w, "");
	w->env.now = NOW;
	expect_ok(w);
}

static void
same_key_gets_the_same(void **state)
{
	struct world *w = *state;
	struct cert_row next;
	size_t len;

	enrolled(w, "d", w->key[0], NULL);
	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	expect_ok(w);
	assert_int_equal(w->a->existing, 0);
	assert_int_equal(reserve(w, w->a, &next), 1);
	expect_refused(w, WIRE_UNAVAILABLE, "authorize", "renew.busy");
	assert_true(w->o.retry_after > 0);
	OPENSSL_free(record(w, &next, w->key[1], "serialNumber=d", NULL, &len));
	expect_ok(w);
	assert_int_equal(w->a->existing, next.id);
	set_cert(w, next.id, CERT_REVOKED);
	expect_refused(w, WIRE_DENIED, "authorize", "renew.superseded");
	assert_non_null(strstr(w->o.text, "revoked"));
}

static void
another_key_is_refused(void **state)
{
	struct world *w = *state;
	struct cert_row next;

	enrolled(w, "d", w->key[0], NULL);
	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	expect_ok(w);
	assert_int_equal(reserve(w, w->a, &next), 1);
	use_csr(w, w->key[2], "serialNumber=d", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "renew.successor");
	set_cert(w, next.id, CERT_ABORTED); /* never left us */
	expect_ok(w);
	assert_int_equal(w->a->existing, 0);
}

/* What a certificate is for does not change by renewal. */
static void
profile_of_another_class(void **state)
{
	struct world *w = *state;
	struct cert_row row;
	unsigned char *der;
	size_t len;

	enrolled(w, "d", w->key[0], NULL);
	use_maker(w, "d");
	use_csr(w, w->key[0], "serialNumber=d", NULL, NULL);
	expect_ok(w);
	w->a->profile = policy_profile(w->policy, "server");
	assert_int_equal(reserve(w, w->a, &row), 1);
	der = record(w, &row, w->key[0], "serialNumber=d", NULL, &len);
	use_own(w, der, len);
	expect_refused(w, WIRE_DENIED, "authorize", "renew.profile");
}

static int
consent_tx(struct store_tx *tx, void *arg)
{
	struct change *c = arg;

	return devices_set_late_renewal(tx, c->id, c->to);
}

/* Device "d" may renew after the end, or not. */
static void
consent(struct world *w, int may)
{
	struct change c = {.to = may};
	struct device_row d;

	assert_int_equal(get_device(w, "f", "d", &d), 1);
	c.id = d.id;
	assert_int_equal(store_write(w->store, consent_tx, &c, 0), 1);
}

#define END (NOW + 90 * DAY)

static void
late_within(void **state)
{
	struct world *w = *state;

	enrolled(w, "d", w->key[0], NULL);
	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	consent(w, 1);
	w->env.now = END + 1;
	expect_refused(w, WIRE_DENIED, "authenticate", "certificate.expired");
	world_rules(w, "renewal: { after_expiry = \"10d\"; };");
	expect_ok(w);
	assert_true(w->a->late);
	assert_string_equal(w->a->deviations, "renewed 1 s after the end");
	w->env.now = END + 10 * DAY;
	expect_ok(w);
	w->env.now = END + 10 * DAY + 1;
	expect_refused(w, WIRE_DENIED, "authenticate", "certificate.expired");
	assert_non_null(strstr(w->o.text, "could be renewed until 2027-04-"));
	/* notBefore is not forgiven, and in time nothing is late. */
	w->env.now = NOW - 301;
	expect_refused(w, WIRE_DENIED, "authenticate", "certificate.expired");
	assert_string_equal(w->o.field, "tls.certificate.notBefore");
	w->env.now = END;
	expect_ok(w);
	assert_false(w->a->late);
	assert_string_equal(w->a->deviations, "");
}

static void
late_consent(void **state)
{
	struct world *w = *state;
	struct cert_row row;

	world_rules(w, "renewal: { after_expiry = \"10d\"; };");
	enrolled(w, "d", w->key[0], NULL);
	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	w->env.now = END + DAY;
	expect_refused(w, WIRE_DENIED, "authorize", "renew.late-consent");
	assert_string_equal(w->o.field, "device");
	consent(w, 1);
	expect_ok(w);
	/* Taken back between admission and reservation. */
	consent(w, 0);
	assert_int_equal(reserve(w, w->a, &row), 0);
	ERR_clear_error();
	world_rules(w, "renewal: { after_expiry = \"10d\";"
	    " after_expiry_consent = \"fleet\"; };");
	expect_ok(w);
	assert_int_equal(reserve(w, w->a, &row), 1);
}

static void
late_key(void **state)
{
	struct world *w = *state;

	enrolled(w, "d", w->key[0], NULL);
	consent(w, 1);
	w->env.now = END + DAY;
	world_rules(w, "renewal: { after_expiry = \"10d\";"
	    " after_expiry_key = \"same\"; };");
	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "renew.late-key");
	use_csr(w, w->key[0], "serialNumber=d", NULL, NULL);
	expect_ok(w);
	world_rules(w, "renewal: { after_expiry = \"10d\";"
	    " after_expiry_key = \"new\"; };");
	expect_refused(w, WIRE_DENIED, "authorize", "renew.late-key");
	assert_string_equal(w->o.field, "csr.key");
	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	expect_ok(w);
}

/* Revoked, held, of another fleet, of a device that is out: nothing is
   forgiven. */
static void
late_never(void **state)
{
	struct world *w = *state;
	struct device_row d;
	int64_t id;

	world_rules(w, "renewal: { after_expiry = \"10d\";"
	    " after_expiry_consent = \"fleet\"; };");
	id = enrolled(w, "d", w->key[0], NULL);
	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	w->env.now = END + DAY;
	expect_ok(w);
	w->req.label = "g";
	expect_refused(w, WIRE_DENIED, "authenticate", "certificate.expired");
	w->req.label = "f";
	assert_int_equal(get_device(w, "f", "d", &d), 1);
	set_device(w, d.id, DEVICE_PARKED);
	expect_refused(w, WIRE_DENIED, "authorize", "device.parked");
	set_device(w, d.id, DEVICE_ENABLED);
	set_cert(w, id, CERT_HELD);
	expect_refused(w, WIRE_DENIED, "authenticate", "certificate.held");
	set_cert(w, id, CERT_REVOKED);
	expect_refused(w, WIRE_DENIED, "authenticate", "certificate.revoked");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(repeats_the_old_octets),
	    world_test(subject_must_be_equal),
	    world_test(certificate_of_another), world_test(san_must_be_equal),
	    world_test(san_where_there_was_none), world_test(san_optional),
	    world_test(san_subset), world_test(late_within),
	    world_test(late_consent),
	    world_test(late_key),
	    world_test(late_never),
	    world_test(window),
	    world_test(same_key_gets_the_same),
	    world_test(another_key_is_refused),
	    world_test(profile_of_another_class)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
