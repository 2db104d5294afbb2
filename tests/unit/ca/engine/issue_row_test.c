#include "ca/engine/issue_row.h"
#include "tests/unit/ca/engine/world.h"

/* What the row and the log tell of a TBS. */

struct made {			/* a TBS, and what is needed to describe it */
	struct issue_tbs tbs;
	struct profile profile;
	struct issuer issuer;
	struct issue_job job;
	unsigned char *spki;
	struct cert_row row;
};

static void
set_times(X509 *x, const char *from, const char *to)
{
	ASN1_TIME *t = ASN1_TIME_new();

	assert_int_equal(ASN1_TIME_set_string_X509(t, from), 1);
	assert_int_equal(X509_set1_notBefore(x, t), 1);
	assert_int_equal(ASN1_TIME_set_string_X509(t, to), 1);
	assert_int_equal(X509_set1_notAfter(x, t), 1);
	ASN1_TIME_free(t);
}

static void
make(struct made *m, X509_NAME *subject, const char *from, const char *to)
{
	EVP_PKEY *key = world_key();
	X509 *x = X509_new();
	int len;

	memset(m, 0, sizeof(*m));
	X509_set_version(x, X509_VERSION_3);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(x), 77), 1);
	assert_int_equal(X509_set_subject_name(x, subject), 1);
	assert_int_equal(X509_set_pubkey(x, key), 1);
	set_times(x, from, to);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	len = i2d_re_X509_tbs(x, &m->tbs.der);
	assert_true(len > 0);
	m->tbs.len = (size_t)len;
	memset(m->tbs.serial, 0x4d, sizeof(m->tbs.serial));
	m->tbs.shard = 3;
	len = i2d_PUBKEY(key, &m->spki);
	assert_true(len > 0);
	strcpy(m->profile.name, "device-ldevid");
	m->issuer.row.id = 42;
	strcpy(m->issuer.row.ident, "devices-g9");
	m->job = (struct issue_job){.profile = &m->profile,
	    .policy_version = 6, .issuer = &m->issuer, .spki = m->spki,
	    .spki_len = (size_t)len, .fleet = "f", .requester = "r",
	    .auth = "a", .predecessor = 5};
	X509_free(x);
	EVP_PKEY_free(key);
}

static void
unmake(struct made *m)
{
	OPENSSL_free(m->tbs.der);
	OPENSSL_free(m->spki);
	ERR_clear_error();
}

static X509_NAME *
name_of(const char *type, const char *text)
{
	X509_NAME *name = X509_NAME_new();

	assert_int_equal(X509_NAME_add_entry_by_txt(name, type, MBSTRING_UTF8,
	    (const unsigned char *)text, -1, -1, 0), 1);
	return name;
}

/* Both forms of time, and every text that the job has. */
static void
a_row(void **state)
{
	X509_NAME *name = name_of("CN", "thing");
	unsigned char md[32];
	struct made m;

	(void)state;
	make(&m, name, "20260101000000Z", "20500101000001Z");
	assert_true(issue_row_fill(&m.row, &m.job, &m.tbs, 1234));
	assert_int_equal(m.row.id, 0);
	assert_int_equal(m.row.issuer, 42);
	assert_string_equal(m.row.issuer_ident, "devices-g9");
	assert_int_equal(m.row.serial_len, BUILD_SERIAL_LEN);
	assert_memory_equal(m.row.serial, m.tbs.serial, BUILD_SERIAL_LEN);
	assert_int_equal(m.row.shard, 3);
	assert_int_equal(m.row.state, CERT_RESERVED);
	assert_int_equal(m.row.reason, CERT_REASON_NONE);
	assert_string_equal(m.row.profile, "device-ldevid");
	assert_int_equal(m.row.policy_version, 6);
	assert_string_equal(m.row.subject, "CN=thing");
	assert_int_equal(m.row.not_before, 1767225600);
	assert_int_equal(m.row.not_after, 2524608001);
	assert_string_equal(m.row.fleet, "f");
	assert_string_equal(m.row.device, "");
	assert_string_equal(m.row.requester, "r");
	assert_string_equal(m.row.auth, "a");
	assert_string_equal(m.row.deviations, "");
	assert_int_equal(m.row.predecessor, 5);
	assert_int_equal(m.row.reserved_at, 1234);
	assert_int_equal(m.row.recorded_at, 0);
	EVP_Digest(m.tbs.der, m.tbs.len, md, NULL, EVP_sha256(), NULL);
	assert_memory_equal(m.row.tbs_sha256, md, 32);
	assert_true(spki_sha256(m.spki, m.job.spki_len, md));
	assert_memory_equal(m.row.spki_sha256, md, 32);
	unmake(&m);
	X509_NAME_free(name);
}

/* The key of a CSR goes before that of the job. */
static void
key_of_a_csr(void **state)
{
	X509_NAME *name = name_of("CN", "thing");
	EVP_PKEY *key = world_key();
	unsigned char *der;
	struct csr *csr;
	struct made m;
	int len = world_csr(key, "thing", &der);

	(void)state;
	csr = csr_parse(der, (size_t)len);
	assert_non_null(csr);
	make(&m, name, "20260101000000Z", "20270101000000Z");
	m.job.csr = csr;
	assert_true(issue_row_fill(&m.row, &m.job, &m.tbs, 1));
	assert_memory_equal(m.row.spki_sha256, csr_spki_sha256(csr), 32);
	unmake(&m);
	csr_free(csr);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	X509_NAME_free(name);
}

/* What is no TBS, or ends early, is refused. */
static void
not_a_tbs(void **state)
{
	X509_NAME *name = name_of("CN", "thing");
	struct made m;
	size_t len;

	(void)state;
	make(&m, name, "20260101000000Z", "20270101000000Z");
	len = m.tbs.len--;
	assert_false(issue_row_fill(&m.row, &m.job, &m.tbs, 1));
	world_raised(CA_E_INTERNAL, "read back");
	m.tbs.len = len;
	assert_true(issue_row_fill(&m.row, &m.job, &m.tbs, 1));
	m.tbs.der[0] = 0x31;
	assert_false(issue_row_fill(&m.row, &m.job, &m.tbs, 1));
	world_raised(CA_E_INTERNAL, "read back");
	unmake(&m);
	X509_NAME_free(name);
}

/* Two lists of deviations, cut where the row ends. */
static void
deviations(void **state)
{
	X509_NAME *name = name_of("CN", "thing");
	struct made m;
	char text[600];
	size_t i, n;

	(void)state;
	make(&m, name, "20260101000000Z", "20270101000000Z");
	m.job.deviations = "one; two";
	assert_true(issue_row_fill(&m.row, &m.job, &m.tbs, 1));
	assert_string_equal(m.row.deviations, "one; two");
	strcpy(m.tbs.notes, "three");
	assert_true(issue_row_fill(&m.row, &m.job, &m.tbs, 1));
	assert_string_equal(m.row.deviations, "one; two; three");
	m.job.deviations = NULL;
	assert_true(issue_row_fill(&m.row, &m.job, &m.tbs, 1));
	assert_string_equal(m.row.deviations, "three");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	m.job.deviations = text;
	assert_true(issue_row_fill(&m.row, &m.job, &m.tbs, 1));
	n = strlen(m.row.deviations);
	assert_int_equal(n, sizeof(m.row.deviations) - 1);
	/* 511 octets hold 255 characters of two. */
	for (i = 0; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	text[sizeof(text) - 2] = '\0';
	assert_true(issue_row_fill(&m.row, &m.job, &m.tbs, 1));
	n = strlen(m.row.deviations);
	assert_int_equal(n, sizeof(m.row.deviations) - 2);
	assert_memory_equal(m.row.deviations + n - 2, "\xc3\xa4", 2);
	unmake(&m);
	X509_NAME_free(name);
}

/* A subject too long for the row ends with a whole character. */
static void
long_subject(void **state)
{
	X509_NAME *name = X509_NAME_new();
	unsigned char text[63];
	struct made m;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(text); i += 3)
		memcpy(text + i, "\xe2\x82\xac", 3);
	for (i = 0; i < 12; i++)
		assert_int_equal(X509_NAME_add_entry_by_txt(name, "OU",
		    MBSTRING_UTF8, text, sizeof(text), -1, 0), 1);
	make(&m, name, "20260101000000Z", "20270101000000Z");
	assert_true(issue_row_fill(&m.row, &m.job, &m.tbs, 1));
	n = strlen(m.row.subject);
	assert_in_range(n, sizeof(m.row.subject) - 4,
	    sizeof(m.row.subject) - 1);
	assert_memory_equal(m.row.subject + n - 3, "\xe2\x82\xac", 3);
	unmake(&m);
	X509_NAME_free(name);
}

struct entry {
	const char *kind;
	struct cert_row row;
};

static int
log_tx(struct store_tx *tx, void *arg)
{
	const struct entry *e = arg;

	return issue_row_log(tx, e->kind, &e->row, 99);
}

/* Who asked stands in the entry of the reservation, the certificate's hash in
   that of the record. */
static void
entries(void **state)
{
	X509_NAME *name = name_of("CN", "thing");
	struct world *w = *state;
	struct entry e;
	struct made m;

	make(&m, name, "20260101000000Z", "20270101000000Z");
	m.job.requester = "somebody-of-this-test";
	assert_true(issue_row_fill(&m.row, &m.job, &m.tbs, 1));
	e.row = m.row;
	e.kind = "test.reserved";
	assert_true(store_write(w->ca->store, log_tx, &e, 0));
	assert_int_equal(world_log(w, e.kind, "somebody-of-this-test"), 1);
	assert_int_equal(world_log(w, e.kind, "serial=4d4d4d4d"), 1);
	assert_int_equal(world_log(w, e.kind, "cert_sha256"), 0);
	e.row.state = CERT_VALID;
	memset(e.row.cert_sha256, 0xab, 32);
	e.kind = "test.recorded";
	assert_true(store_write(w->ca->store, log_tx, &e, 0));
	assert_int_equal(world_log(w, e.kind, "somebody-of-this-test"), 0);
	assert_int_equal(world_log(w, e.kind, "cert_sha256=abababab"), 1);
	unmake(&m);
	X509_NAME_free(name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_row),
	    cmocka_unit_test(key_of_a_csr),
	    cmocka_unit_test(not_a_tbs),
	    cmocka_unit_test(deviations),
	    cmocka_unit_test(long_subject),
	    cmocka_unit_test(entries),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
