#include <sys/stat.h>
#include <openssl/x509v3.h>
#include "tests/unit/ca/engine/crl_make.h"

static X509_REVOKED *
entry(X509_CRL *crl, const char *serial)
{
	ASN1_INTEGER *i;
	X509_REVOKED *rev = NULL;
	BIGNUM *bn = NULL;

	assert_true(BN_hex2bn(&bn, serial) > 0);
	i = BN_to_ASN1_INTEGER(bn, NULL);
	if (X509_CRL_get0_by_serial(crl, &rev, i) != 1)
		rev = NULL;
	ASN1_INTEGER_free(i);
	BN_free(bn);
	return rev;
}

static void
do_revoke(struct world *w, const char *serial, const char *reason)
{
	world_done(
	    world_admin(w, "revoke", "tt", "serial", serial, "reason", reason));
}

static time_t
seconds(const ASN1_TIME *t)
{
	struct tm tm;

	assert_int_equal(ASN1_TIME_to_tm(t, &tm), 1);
	return timegm(&tm);
}

static void
an_empty_one(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_of(w, "attestation");
	struct crl_row row;
	X509_CRL *crl = make(w, "attestation", w->now, &row);
	const X509_ALGOR *alg;
	AUTHORITY_KEYID *aki;
	ASN1_INTEGER *number;
	int64_t n;
	int critical;

	assert_int_equal(X509_CRL_get_version(crl), X509_CRL_VERSION_2);
	/* revokedCertificates is absent, not empty (RFC 5280 5.1.2.6). */
	assert_null(X509_CRL_get_REVOKED(crl));
	assert_int_equal(X509_CRL_verify(crl, is->verify), 1);
	assert_int_equal(X509_NAME_cmp(X509_CRL_get_issuer(crl),
			     X509_get_subject_name(is->cert)),
	    0);
	assert_int_equal(seconds(X509_CRL_get0_lastUpdate(crl)), w->now);
	assert_int_equal(seconds(X509_CRL_get0_nextUpdate(crl)),
	    w->now + is->row.crl_lifetime);
	aki = X509_CRL_get_ext_d2i(
	    crl, NID_authority_key_identifier, &critical, NULL);
	assert_non_null(aki);
	assert_int_equal(critical, 0);
	assert_int_equal(ASN1_STRING_length(aki->keyid), is->build.key_id_len);
	assert_memory_equal(ASN1_STRING_get0_data(aki->keyid), is->build.key_id,
	    is->build.key_id_len);
	number = X509_CRL_get_ext_d2i(crl, NID_crl_number, &critical, NULL);
	assert_int_equal(critical, 0);
	assert_int_equal(ASN1_INTEGER_get_int64(&n, number), 1);
	assert_int_equal(n, row.number);
	assert_int_equal(X509_CRL_get_ext_count(crl), 2);
	X509_CRL_get0_signature(crl, NULL, &alg);
	assert_non_null(alg);
	assert_int_equal(row.n_entries, 0);
	ASN1_INTEGER_free(number);
	AUTHORITY_KEYID_free(aki);
	X509_CRL_free(crl);
}

static int
reason_of(const X509_REVOKED *rev)
{
	ASN1_ENUMERATED *e;
	int critical, reason;

	e = X509_REVOKED_get_ext_d2i(rev, NID_crl_reason, &critical, NULL);
	if (e == NULL) {
		assert_int_equal(critical, -1); /* absent, not broken */
		return -1;
	}
	assert_int_equal(critical, 0);
	reason = (int)ASN1_ENUMERATED_get(e);
	ASN1_ENUMERATED_free(e);
	return reason;
}

static void
entries(void **state)
{
	struct world *w = *state;
	char plain[64], lost[64], held[64], good[64];
	STACK_OF(X509_REVOKED) * all;
	X509_CRL *crl;
	const ASN1_INTEGER *last = NULL, *s;
	int i;

	world_issue(w, "plain", plain);
	world_issue(w, "lost", lost);
	world_issue(w, "held", held);
	world_issue(w, "good", good);
	do_revoke(w, plain, "unspecified");
	do_revoke(w, lost, "keyCompromise");
	do_revoke(w, held, "certificateHold");
	crl = make(w, "devices", w->now + 1, NULL);
	assert_null(entry(crl, good));
	assert_non_null(entry(crl, plain));
	assert_int_equal(reason_of(entry(crl, plain)), -1);
	assert_int_equal(reason_of(entry(crl, lost)), 1);
	assert_int_equal(reason_of(entry(crl, held)), 6);
	assert_int_equal(
	    seconds(X509_REVOKED_get0_revocationDate(entry(crl, lost))),
	    w->now);
	all = X509_CRL_get_REVOKED(crl);
	assert_int_equal(sk_X509_REVOKED_num(all), 3);
	for (i = 0; i < 3; i++) {
		s = X509_REVOKED_get0_serialNumber(
		    sk_X509_REVOKED_value(all, i));
		assert_true(last == NULL || ASN1_INTEGER_cmp(last, s) < 0);
		last = s;
	}
	X509_CRL_free(crl);
	world_done(world_admin(w, "release", "t", "serial", held));
	crl = make(w, "devices", w->now + 2, NULL);
	assert_null(entry(crl, held));
	assert_non_null(entry(crl, plain));
	X509_CRL_free(crl);
	/* Another CA's list does not know them. */
	crl = make(w, "code", w->now + 2, NULL);
	assert_null(entry(crl, plain));
	X509_CRL_free(crl);
}

static void
numbers_rise(void **state)
{
	struct world *w = *state;
	struct crl_row a, b, c;

	X509_CRL_free(make(w, "code", w->now + 5000, &a));
	assert_int_equal(a.number, w->now + 5000);
	X509_CRL_free(make(w, "code", w->now + 5000, &b));
	assert_int_equal(b.number, a.number + 1);
	/* Also when the clock goes back. */
	X509_CRL_free(make(w, "code", w->now, &c));
	assert_int_equal(c.number, b.number + 1);
	assert_int_equal(c.this_update, w->now);
	X509_CRL_free(make(w, "code", w->now + 9000, &a));
	assert_int_equal(a.number, w->now + 9000);
}

static int
end_of(struct world *w, const char *serial, int64_t *end)
{
	WIRE_ANSWER *a = world_admin(w, "cert.show", "t", "serial", serial);

	world_is(a, WIRE_OK);
	*end = field_time(a->values, "not_after", 0);
	WIRE_ANSWER_free(a);
	return *end > w->now;
}

static void
once_more_after_expiry(void **state)
{
	struct world *w = *state;
	char s[64];
	int64_t end;
	X509_CRL *crl;

	world_issue(w, "old", s);
	do_revoke(w, s, "superseded");
	assert_true(end_of(w, s, &end));
	crl = make(w, "devices", end - 10, NULL);
	assert_non_null(entry(crl, s));
	X509_CRL_free(crl);
	crl = make(w, "devices", end + 100, NULL);
	assert_non_null(entry(crl, s)); /* RFC 5280 3.3 */
	X509_CRL_free(crl);
	/* The clock goes back to when it had not expired. */
	crl = make(w, "devices", end - 5, NULL);
	assert_non_null(entry(crl, s));
	X509_CRL_free(crl);
	crl = make(w, "devices", end + 100, NULL);
	X509_CRL_free(crl);
	crl = make(w, "devices", end + 200, NULL);
	assert_null(entry(crl, s));
	X509_CRL_free(crl);
}

static size_t
slurp(const char *path, unsigned char *out, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n;

	if (f == NULL)
		return 0;
	n = fread(out, 1, size, f);
	fclose(f);
	return n;
}

static void
published_again(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_of(w, "attestation");
	unsigned char was[8192], now[8192];
	char path[PATH_MAX + 64];
	struct crl_row row;
	size_t len;

	snprintf(path, sizeof(path), "%s/crl/attestation-g1.crl",
	    w->settings->publish_dir);
	assert_true(crl_issue(
	    w->ca->store, is, w->settings->publish_dir, w->now + 20000, &row));
	len = slurp(path, was, sizeof(was));
	assert_int_equal(len, row.der_len);
	assert_memory_equal(was, row.der, len);
	OPENSSL_free(row.der);
	assert_int_equal(unlink(path), 0);
	assert_true(crl_republish(w->ca->store, is, w->settings->publish_dir));
	assert_int_equal(slurp(path, now, sizeof(now)), len);
	assert_memory_equal(was, now, len);
	/* Another file in its place is replaced. */
	world_sh("echo other >%s", path);
	assert_true(crl_republish(w->ca->store, is, w->settings->publish_dir));
	assert_int_equal(slurp(path, now, sizeof(now)), len);
	/* Without a folder: in the store only. */
	assert_true(crl_issue(w->ca->store, is, NULL, w->now + 20001, NULL));
	assert_int_equal(slurp(path, now, sizeof(now)), len);
	assert_memory_equal(was, now, len);
	assert_false(crl_republish(w->ca->store, is, "/nonexistent"));
	world_raised(CA_E_STORE, "publish");
	assert_false(
	    crl_issue(w->ca->store, is, "/nonexistent", w->now + 20002, &row));
	world_raised(CA_E_STORE, "publish");
}

static void
due(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_of(w, "code");
	struct issuer none = *is;
	int64_t when;

	X509_CRL_free(make(w, "code", w->now + 30000, NULL));
	assert_true(crl_due(w->ca->store, is, &when));
	assert_int_equal(when, w->now + 30000 + is->row.crl_interval);
	none.row.id = 4711;
	assert_true(crl_due(w->ca->store, &none, &when));
	assert_int_equal(when, 0);
	assert_true(crl_republish(w->ca->store, &none, "/nonexistent"));
}

/* Without a key, or with a wrong one, nothing is stored. */
static void
not_signed(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_of(w, "code");
	EVP_PKEY *key = is->key, *foreign = world_key();
	size_t before = world_log(w, "crl", "issuer=code-g1");
	struct crl_row row;

	is->key = NULL;
	assert_false(crl_issue(
	    w->ca->store, is, w->settings->publish_dir, w->now + 40000, &row));
	world_raised(CA_E_SIGN, "no CRL was made");
	is->key = foreign;
	assert_false(crl_issue(
	    w->ca->store, is, w->settings->publish_dir, w->now + 40000, &row));
	world_raised(CA_E_SIGN, "cannot be signed");
	is->key = key;
	assert_int_equal(world_log(w, "crl", "issuer=code-g1"), before);
	X509_CRL_free(make(w, "code", w->now + 40000, &row));
	assert_int_equal(row.number, w->now + 40000);
	assert_int_equal(world_log(w, "crl", "issuer=code-g1"), before + 1);
	EVP_PKEY_free(foreign);
}

/* A store that was put back from a copy is older than what is published. */
static void
an_older_store(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_of(w, "devices");
	const char *dir = w->settings->publish_dir;
	unsigned char newer[65536], there[65536];
	char path[PATH_MAX + 64], old[256];
	struct store_config cfg = {.path = old, .mode = STORE_WRITE,
	    .now = w->now};
	struct store *copy;
	time_t now = w->now + 86400 * 400LL;
	size_t len;

	snprintf(path, sizeof(path), "%s/crl/devices-g1.crl", dir);
	assert_true(crl_issue(w->ca->store, is, dir, now, NULL));
	snprintf(old, sizeof(old), "%s/old.db", w->dir);
	world_sh("sqlite3 %s \".backup '%s'\"", w->settings->store, old);
	assert_true(crl_issue(w->ca->store, is, dir, now + 100, NULL));
	len = slurp(path, newer, sizeof(newer));
	copy = store_open(&cfg);
	assert_non_null(copy);
	assert_false(crl_republish(copy, is, dir));
	world_raised(CA_E_DENIED, "crl.older: ");
	assert_false(crl_issue(copy, is, dir, now + 50, NULL));
	world_raised(CA_E_DENIED, "crl.older: ");
	assert_int_equal(slurp(path, there, sizeof(there)), len);
	assert_memory_equal(newer, there, len);
	assert_true(crl_issue(copy, is, dir, now + 101, NULL));
	store_close(copy);
	/* Now ours is the older one, until it is ahead again. */
	assert_false(crl_republish(w->ca->store, is, dir));
	world_raised(CA_E_DENIED, "crl.older: ");
	assert_true(crl_issue(w->ca->store, is, dir, now + 102, NULL));
}

/* Each shard lists its own, under its own address. */
static void
shards(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_of(w, "attestation");
	const char *dir = w->settings->publish_dir;
	time_t now = w->now + 86400 * 500LL;
	char path[PATH_MAX + 64];
	struct crl_row row;
	int64_t due;
	int i;

	is->row.crl_shards = 3;
	assert_true(crl_due(w->ca->store, is, &due));
	assert_int_equal(due, 0);
	assert_true(crl_issue(w->ca->store, is, dir, now, &row));
	assert_int_equal(row.shard, 2);
	assert_int_equal(row.n_entries, 0);
	OPENSSL_free(row.der);
	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/crl/attestation-g1-s%d.crl",
		    dir, i);
		assert_int_equal(access(path, F_OK), 0);
	}
	assert_true(crl_issue_shard(w->ca->store, is, 1, dir, now + 50,
	    NULL));
	assert_true(crl_due_shard(w->ca->store, is, 1, &due));
	assert_int_equal(due, now + 50 + is->row.crl_interval);
	assert_true(crl_due(w->ca->store, is, &due));
	assert_int_equal(due, now + is->row.crl_interval);
	assert_int_equal(unlink(path), 0);
	assert_true(crl_republish(w->ca->store, is, dir));
	assert_int_equal(access(path, F_OK), 0);
	is->row.crl_shards = 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_one),
	    cmocka_unit_test(entries),
	    cmocka_unit_test(numbers_rise),
	    cmocka_unit_test(once_more_after_expiry),
	    cmocka_unit_test(published_again),
	    cmocka_unit_test(due),
	    cmocka_unit_test(not_signed),
	    cmocka_unit_test(an_older_store),
	    cmocka_unit_test(shards),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
