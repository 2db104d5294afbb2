#include <openssl/x509v3.h>
#include "ca/engine/crl_shard.h"
#include "ca/engine/mirror.h"
#include "profiles/csr.h"
#include "tests/unit/ca/engine/world.h"

/* The core invariant: what is reserved, signed, compared and recorded. */

struct
try { /* one job with its own key */
	struct policy *policy;
	struct csr *csr;
	struct issue_job job;
	struct issued out;
	struct outcome o;
	struct build_field fields[2];
};

static void
try_make(struct world *w, struct try *t)
{
	EVP_PKEY *key = world_key();
	unsigned char *der;
	int len = world_csr(key, "thing", &der);

	memset(t, 0, sizeof(*t));
	t->policy = ca_policy(w->ca);
	t->csr = csr_parse(der, (size_t)len);
	assert_non_null(t->csr);
	t->fields[0] = (struct build_field){"identity.cn", "thing"};
	t->fields[1] = (struct build_field){"identity.device", "thing"};
	t->job.profile = policy_profile(t->policy, "device-ldevid");
	t->job.policy_version = t->policy->row.version;
	t->job.issuer = issuer_set_find(&w->ca->issuers, "devices");
	t->job.csr = t->csr;
	t->job.fields = t->fields;
	t->job.n_fields = 2;
	t->job.requester = "test";
	t->job.auth = "operator";
	outcome_init(&t->o);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

static void
try_free(struct try *t)
{
	issued_clear(&t->out);
	csr_free(t->csr);
	policy_put(t->policy);
	ERR_clear_error();
}

static int
try_issue(struct world *w, struct try *t)
{
	return issue_cert(w->ca->store, &t->job, w->now, &t->out, &t->o);
}

static size_t
count(struct world *w, enum cert_state state)
{
	WIRE_ANSWER *a = world_admin(w, "cert.list", "ti", "state",
	    certs_state_name(state), "limit", 1000);
	size_t n = message_n_rows(a);

	world_is(a, WIRE_OK);
	assert_null(message_next(a));
	WIRE_ANSWER_free(a);
	return n;
}

static int
by_id_tx(struct store_tx *tx, void *arg)
{
	struct cert_row *row = arg;

	return certs_by_id(tx, row->id, row) == 1;
}

static void
row_of(struct world *w, int64_t id, struct cert_row *row)
{
	row->id = id;
	assert_true(store_read(w->ca->store, by_id_tx, row));
}

static void
hex_of(const struct cert_row *row, char out[64])
{
	ops_hex(row->serial, row->serial_len, out);
}

static void
issued_and_on_record(void **state)
{
	struct world *w = *state;
	struct try t;
	struct cert_row row;
	unsigned char md[32];
	char serial[64];
	X509 *x;
	const unsigned char *p;

	try_make(w, &t);
	assert_true(try_issue(w, &t));
	assert_int_equal(t.o.status, WIRE_OK);
	row_of(w, t.out.row.id, &row);
	assert_int_equal(row.state, CERT_VALID);
	assert_int_equal(row.recorded_at, w->now);
	assert_string_equal(row.profile, "device-ldevid");
	assert_string_equal(row.subject, "CN=thing");
	assert_string_equal(row.requester, "test");
	assert_int_equal(row.policy_version, 1);
	assert_memory_equal(row.spki_sha256, csr_spki_sha256(t.csr), 32);
	EVP_Digest(t.out.der, t.out.der_len, md, NULL, EVP_sha256(), NULL);
	assert_memory_equal(row.cert_sha256, md, 32);
	p = t.out.der;
	x = d2i_X509(NULL, &p, (long)t.out.der_len);
	assert_int_equal(X509_verify(x, t.job.issuer->verify), 1);
	X509_free(x);
	hex_of(&row, serial);
	assert_int_equal(world_log(w, "issue.reserved", serial), 1);
	assert_int_equal(world_log(w, "issue.recorded", serial), 1);
	assert_int_equal(world_log(w, "issue.aborted", serial), 0);
	try_free(&t);
}

static void
serials(void **state)
{
	struct world *w = *state;
	unsigned char seen[12][20];
	struct try t;
	size_t i, k;

	for (i = 0; i < 12; i++) {
		try_make(w, &t);
		assert_true(try_issue(w, &t));
		assert_int_equal(t.out.row.serial_len, 20);
		assert_in_range(t.out.row.serial[0], 0x40, 0x7f);
		memcpy(seen[i], t.out.row.serial, 20);
		for (k = 0; k < i; k++)
			assert_memory_not_equal(seen[i], seen[k], 20);
		try_free(&t);
	}
}

/* What cannot be built or does not conform leaves no trace in the store. */
static void
nonconforming_reserves_nothing(void **state)
{
	struct world *w = *state;
	X509_NAME *name = X509_NAME_new();
	unsigned char *subject = NULL;
	size_t open = count(w, CERT_RESERVED), dead = count(w, CERT_ABORTED);
	size_t entries = world_log(w, "issue.reserved", "");
	struct try t;

	try_make(w, &t);
	assert_true(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
	    (const unsigned char *)"not in the profile", -1, -1, 0));
	t.job.subject_len = (size_t)i2d_X509_NAME(name, &subject);
	t.job.subject = subject;
	assert_false(try_issue(w, &t));
	assert_string_equal(t.o.stage, "conform");
	assert_int_equal(t.o.status, WIRE_INTERNAL);
	assert_null(t.out.der);
	try_free(&t);
	try_make(w, &t);
	t.job.profile = policy_profile(t.policy, "est-server");
	assert_false(try_issue(w, &t)); /* it needs a DNS name */
	assert_string_equal(t.o.stage, "build");
	assert_int_equal(t.o.status, WIRE_DENIED);
	try_free(&t);
	assert_int_equal(count(w, CERT_RESERVED), open);
	assert_int_equal(count(w, CERT_ABORTED), dead);
	assert_int_equal(world_log(w, "issue.reserved", ""), entries);
	X509_NAME_free(name);
	OPENSSL_free(subject);
}

static void
aborted(struct world *w, struct try *t)
{
	struct cert_row row;
	char serial[64];

	assert_null(t->out.der);
	row_of(w, t->out.row.id, &row);
	assert_int_equal(row.state, CERT_ABORTED);
	assert_int_equal(row.recorded_at, 0);
	hex_of(&row, serial);
	assert_int_equal(world_log(w, "issue.reserved", serial), 1);
	assert_int_equal(world_log(w, "issue.aborted", serial), 1);
	assert_int_equal(world_log(w, "issue.recorded", serial), 0);
}

static void
without_a_key(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_set_find(&w->ca->issuers, "devices");
	EVP_PKEY *key = is->key;
	struct try t;

	try_make(w, &t);
	is->key = NULL;
	assert_false(try_issue(w, &t));
	is->key = key;
	assert_string_equal(t.o.stage, "sign");
	assert_int_equal(t.o.status, WIRE_UNAVAILABLE);
	assert_true(t.o.retry_after > 0);
	assert_null(strstr(t.o.text, "key")); /* no internals */
	aborted(w, &t);
	try_free(&t);
}

/* A token that signs with another key: the compare step notices. */
static void
with_a_foreign_key(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_set_find(&w->ca->issuers, "devices");
	EVP_PKEY *key = is->key, *foreign = world_key();
	struct try t;
	char serial[64];

	try_make(w, &t);
	is->key = foreign;
	assert_false(try_issue(w, &t));
	is->key = key;
	assert_int_equal(t.o.status, WIRE_UNAVAILABLE);
	assert_int_equal(report_last_reason(), CA_E_SIGN);
	ERR_clear_error();
	aborted(w, &t);
	/* What may have left the token can be revoked. */
	hex_of(&t.out.row, serial);
	world_done(world_admin(
	    w, "revoke", "tt", "serial", serial, "reason", "keyCompromise"));
	try_free(&t);
	EVP_PKEY_free(foreign);
}

static int
no(struct store_tx *tx, void *arg, struct cert_row *row, time_t now)
{
	struct world *w = arg;

	assert_non_null(tx);
	assert_int_equal(now, w->now);
	assert_int_equal(row->serial_len, 20);
	ca_raise(CA_E_DENIED, "test.guard: not this one");
	return 0;
}

static void
a_guard_refuses(void **state)
{
	struct world *w = *state;
	size_t dead = count(w, CERT_ABORTED);
	size_t entries = world_log(w, "issue.reserved", "");
	struct try t;

	try_make(w, &t);
	t.job.guard = no;
	t.job.guard_arg = w;
	assert_false(try_issue(w, &t));
	assert_string_equal(t.o.stage, "reserve");
	assert_string_equal(t.o.rule, "test.guard");
	assert_int_equal(t.o.status, WIRE_DENIED);
	ERR_clear_error();
	assert_int_equal(count(w, CERT_ABORTED), dead);
	assert_int_equal(world_log(w, "issue.reserved", ""), entries);
	try_free(&t);
}

static void
one_successor(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_set_find(&w->ca->issuers, "devices");
	EVP_PKEY *key = is->key;
	struct try first, next;
	struct cert_row row;
	int64_t id;

	try_make(w, &first);
	assert_true(try_issue(w, &first));
	id = first.out.row.id;
	/* A renewal that was aborted does not use up the one successor. */
	try_make(w, &next);
	next.job.predecessor = id;
	is->key = NULL;
	assert_false(try_issue(w, &next));
	is->key = key;
	aborted(w, &next);
	try_free(&next);
	try_make(w, &next);
	next.job.predecessor = id;
	assert_true(try_issue(w, &next));
	row_of(w, id, &row);
	assert_int_equal(row.successor, next.out.row.id);
	try_free(&next);
	/* With another key there is no second one. */
	try_make(w, &next);
	next.job.predecessor = id;
	assert_false(try_issue(w, &next));
	assert_string_equal(next.o.stage, "reserve");
	assert_string_equal(next.o.rule, "renew.successor");
	try_free(&next);
	try_free(&first);
}

static int
hook_fails(struct store_tx *tx, void *arg)
{
	(void)tx;
	(void)arg;
	ca_raise(CA_E_STORE, "status.db: not now");
	return 0;
}

/* Recorded, but status.db does not know yet: it is issued, and said in the log,
   because to keep it back would lock its device out. */
static void
status_db_is_away(void **state)
{
	struct world *w = *state;
	struct cert_row row;
	struct try t;

	try_make(w, &t);
	report_init("test", REPORT_ERROR + 1, 2);
	store_set_hook(w->ca->store, hook_fails, NULL);
	assert_true(try_issue(w, &t));
	assert_true(mirror_start(w->ca->store, w->ca->status));
	report_init("test", REPORT_ERROR, 2);
	assert_non_null(t.out.der);
	assert_int_equal(t.o.status, WIRE_OK);
	assert_int_equal(ERR_peek_error(), 0);
	row_of(w, t.out.row.id, &row);
	assert_int_equal(row.state, CERT_VALID);
	try_free(&t);
}

static int
reserve_tx(struct store_tx *tx, void *arg)
{
	return certs_reserve(tx, arg);
}

static void
a_crash_is_closed(void **state)
{
	struct world *w = *state;
	struct cert_row row;
	char serial[64];
	struct try t;
	size_t n = 7;

	try_make(w, &t);
	assert_true(try_issue(w, &t));
	row = t.out.row;
	row.serial[19] ^= 0xff;
	row.state = CERT_RESERVED;
	assert_true(store_write(w->ca->store, reserve_tx, &row, 0));
	assert_true(issue_close_open(w->ca->store, w->now + 5, &n));
	assert_int_equal(n, 1);
	row_of(w, row.id, &row);
	assert_int_equal(row.state, CERT_ABORTED);
	hex_of(&row, serial);
	assert_int_equal(world_log(w, "issue.aborted", serial), 1);
	row_of(w, t.out.row.id, &row);
	assert_int_equal(row.state, CERT_VALID);
	assert_true(issue_close_open(w->ca->store, w->now + 5, &n));
	assert_int_equal(n, 0);
	/* In a program that runs: those alone that are old. */
	row = t.out.row;
	row.serial[19] ^= 0x0f;
	row.state = CERT_RESERVED;
	assert_true(store_write(w->ca->store, reserve_tx, &row, 0));
	assert_true(issue_close_stale(w->ca->store, w->now + 5, w->now, &n));
	assert_int_equal(n, 0);
	assert_true(
	    issue_close_stale(w->ca->store, w->now + 5, w->now + 1, &n));
	assert_int_equal(n, 1);
	row_of(w, row.id, &row);
	assert_int_equal(row.state, CERT_ABORTED);
	world_done(world_admin(w, "revoke", "t", "serial", serial));
	try_free(&t);
}

/* The one address in the certificate's CRLDP. */
static void
crl_url_of(const struct issued *c, char *out, size_t size)
{
	const unsigned char *p = c->der;
	X509 *x = d2i_X509(NULL, &p, (long)c->der_len);
	STACK_OF(DIST_POINT) *points;
	const GENERAL_NAME *gn;
	const ASN1_STRING *uri;
	int type;

	points = X509_get_ext_d2i(x, NID_crl_distribution_points, NULL, NULL);
	assert_int_equal(sk_DIST_POINT_num(points), 1);
	gn = sk_GENERAL_NAME_value(sk_DIST_POINT_value(points, 0)->
	    distpoint->name.fullname, 0);
	uri = GENERAL_NAME_get0_value(gn, &type);
	assert_int_equal(type, GEN_URI);
	snprintf(out, size, "%.*s", ASN1_STRING_length(uri),
	    (const char *)ASN1_STRING_get0_data(uri));
	sk_DIST_POINT_pop_free(points, DIST_POINT_free);
	X509_free(x);
}

/* Serial, row and address agree on the shard. */
static void
shards(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_set_find(&w->ca->issuers, "devices");
	char url[CRL_URL_MAX], want[CRL_URL_MAX];
	int i, seen[4] = {0};
	struct cert_row row;
	struct try t;

	is->row.crl_shards = 4;
	for (i = 0; i < 24; i++) {
		try_make(w, &t);
		assert_true(try_issue(w, &t));
		row_of(w, t.out.row.id, &row);
		assert_int_equal(row.shard, crl_shard_of(&is->row, row.serial,
		    row.serial_len));
		crl_shard_url(&is->row, row.shard, want);
		crl_url_of(&t.out, url, sizeof(url));
		assert_string_equal(url, want);
		seen[row.shard]++;
		try_free(&t);
	}
	/* 24 of 4: one that stays empty has odds of 1 to 250. */
	assert_true((seen[0] > 0) + (seen[1] > 0) + (seen[2] > 0) +
	    (seen[3] > 0) >= 2);
	is->row.crl_shards = 0;
	try_make(w, &t);
	assert_true(try_issue(w, &t));
	crl_url_of(&t.out, url, sizeof(url));
	assert_string_equal(url, is->row.crl_url);
	try_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(issued_and_on_record),
	    cmocka_unit_test(serials),
	    cmocka_unit_test(nonconforming_reserves_nothing),
	    cmocka_unit_test(without_a_key),
	    cmocka_unit_test(with_a_foreign_key),
	    cmocka_unit_test(a_guard_refuses),
	    cmocka_unit_test(one_successor),
	    cmocka_unit_test(status_db_is_away),
	    cmocka_unit_test(a_crash_is_closed),
	    cmocka_unit_test(shards),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
