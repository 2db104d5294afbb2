#include "tests/unit/ca/engine/admit_change.h"
#include <pthread.h>
#include <stdatomic.h>

static void
random_secret(void **state)
{
	struct world *w = *state;
	char secret[64];
	int64_t id = add_secret(w, "u1", "f", "", 0, secret);

	assert_int_equal(strlen(secret), 32);
	assert_int_equal(
	    strspn(secret, "0123456789abcdefghjkmnpqrstvwxyz"), 32);
	use_csr(w, w->key[0], "O=x/CN=dev-1", NULL, NULL);
	use_basic(w, "u1", secret);
	expect_ok(w);
	assert_string_equal(w->a->device, "dev-1");
	assert_string_equal(w->a->auth, "secret:u1");
	assert_string_equal(w->a->serial, "");
	assert_int_equal(w->a->secret_id, id);
	assert_string_equal(field_of(w->a, "identity.cn"), "dev-1");
	assert_string_equal(field_of(w->a, "identity.device"), "dev-1");
	assert_string_equal(field_of(w->a, "identity.serial"), "(absent)");
	assert_true(w->o.authenticated);
	assert_string_equal(w->o.who, "f/dev-1");
}

static void
secrets_differ(void **state)
{
	struct secret_row a, b;
	char x[64], y[64];

	(void)state;
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	assert_int_equal(auth_secret_make(&a, NULL, x, sizeof(x)), 1);
	assert_int_equal(auth_secret_make(&b, NULL, y, sizeof(y)), 1);
	assert_string_not_equal(x, y);
	assert_memory_not_equal(a.salt, b.salt, 16);
	assert_int_equal(a.kind, SECRET_RANDOM);
	assert_int_equal(auth_secret_make(&a, "seven77", x, sizeof(x)), 0);
	assert_int_equal(
	    ERR_GET_REASON(ERR_peek_last_error()), CA_E_BADREQUEST);
	ERR_clear_error();
	assert_int_equal(auth_secret_make(&a, NULL, x, 32), 0);
	ERR_clear_error();
}

static int
add_tx(struct store_tx *tx, void *arg)
{
	return secrets_add(tx, arg);
}

static void
chosen_secret(void **state)
{
	struct world *w = *state;
	struct secret_row row;
	char none[64] = "x";

	memset(&row, 0, sizeof(row));
	strcpy(row.user, "chosen");
	strcpy(row.fleets, "e,f,g");
	row.reusable = 1;
	row.created = NOW;
	assert_int_equal(
	    auth_secret_make(&row, "correct horse", none, sizeof(none)), 1);
	assert_int_equal(row.kind, SECRET_SCRYPT);
	assert_string_equal(none, "");
	assert_int_equal(store_write(w->store, add_tx, &row, 0), 1);
	use_csr(w, w->key[0], "CN=dev-1", NULL, NULL);
	use_basic(w, "chosen", "correct horse");
	expect_ok(w);
	assert_int_equal(w->a->secret_id, 0);
	use_basic(w, "chosen", "correct hors");
	expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate", "secret.wrong");
}

/* Nobody learns from the answer which users there are. */
static void
wrong_or_unknown(void **state)
{
	struct world *w = *state;
	char secret[64], text[400], longer[400];

	add_secret(w, "u2", "f", "", 1, secret);
	use_csr(w, w->key[0], "CN=dev-1", NULL, NULL);
	use_basic(w, "u2", "wrong");
	expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate", "secret.wrong");
	assert_false(w->o.authenticated);
	strcpy(text, w->o.text);
	use_basic(w, "nobody", secret);
	expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate", "secret.wrong");
	assert_string_equal(w->o.text, text);
	memset(longer, 'u', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	use_basic(w, longer, secret);
	expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate", "secret.wrong");
	use_basic(w, "u2", longer);
	expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate", "secret.wrong");
	use_basic(w, "u2", "");
	expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate", "secret.wrong");
	use_basic(w, "u2", secret);
	expect_ok(w);
}

static int
revoke_tx(struct store_tx *tx, void *arg)
{
	return secrets_revoke(tx, *(int64_t *)arg);
}

static void
expired_revoked_used(void **state)
{
	struct world *w = *state;
	struct cert_row row;
	char secret[64];
	int64_t id = add_secret(w, "u3", "f", "", 1, secret);

	use_csr(w, w->key[0], "CN=dev-1", NULL, NULL);
	use_basic(w, "u3", secret);
	w->env.now = NOW + DAY;
	expect_refused(
	    w, WIRE_UNAUTHENTICATED, "authenticate", "secret.expired");
	w->env.now = NOW + DAY - 1;
	expect_ok(w);
	assert_int_equal(store_write(w->store, revoke_tx, &id, 0), 1);
	expect_refused(
	    w, WIRE_UNAUTHENTICATED, "authenticate", "secret.revoked");
	w->env.now = NOW;
	add_secret(w, "u4", "f", "", 0, secret);
	use_basic(w, "u4", secret);
	expect_ok(w);
	assert_int_equal(reserve(w, w->a, &row), 1);
	use_csr(w, w->key[1], "CN=dev-1", NULL, NULL);
	expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate", "secret.used");
}

/* What used it up asks again, because the answer was lost. */
static void
used_by_the_same(void **state)
{
	struct world *w = *state;
	struct cert_row row;
	char secret[64];
	size_t len;

	world_rules(w, "retry_window = \"10m\"; re_enrol = \"refuse\";");
	add_secret(w, "u9", "f,g", "", 0, secret);
	use_csr(w, w->key[0], "CN=dev-9", NULL, NULL);
	use_basic(w, "u9", secret);
	expect_ok(w);
	assert_int_equal(reserve(w, w->a, &row), 1);
	expect_refused(w, WIRE_UNAVAILABLE, "authorize", "enrol.busy");
	OPENSSL_free(record(w, &row, w->key[0], "CN=dev-9", NULL, &len));
	expect_ok(w);
	assert_int_equal(w->a->existing, row.id);
	/* Not another device, key, fleet, nor a key that is made. */
	use_csr(w, w->key[0], "CN=dev-8", NULL, NULL);
	expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate", "secret.used");
	use_csr(w, w->key[1], "CN=dev-9", NULL, NULL);
	expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate", "secret.used");
	use_csr(w, w->key[0], "CN=dev-9", NULL, NULL);
	w->req.label = "g";
	expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate", "secret.used");
	w->req.label = "f";
	w->req.keygen = 1;
	expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate", "secret.used");
	w->req.keygen = 0;
	/* Not for ever, and not a certificate that is revoked. */
	w->env.now += 599;
	expect_ok(w);
	assert_int_equal(w->a->existing, row.id);
	w->env.now++;
	expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate", "secret.used");
	w->env.now--;
	set_cert(w, row.id, CERT_REVOKED);
	expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate", "secret.used");
	/* A CSR that cannot be read is no repetition. */
	w->req.csr_len--;
	expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate", "secret.used");
}

static void
bound_to_fleet_and_device(void **state)
{
	struct world *w = *state;
	char secret[64];

	add_secret(w, "u5", "ff,g", "dev-1", 1, secret);
	use_csr(w, w->key[0], "CN=dev-1", NULL, NULL);
	use_basic(w, "u5", secret);
	expect_refused(w, WIRE_DENIED, "authenticate", "secret.fleet");
	assert_true(w->o.authenticated);
	w->req.label = "g";
	expect_ok(w);
	use_csr(w, w->key[0], "CN=dev-2", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "authorize", "secret.device");
	w->req.label = "f";
	world_rules(w, "authenticate: { own_certificate = true; };");
	expect_refused(w, WIRE_DENIED, "authenticate", "secret.basic");
}

static void
name_of_the_csr(void **state)
{
	static const char *const bad[] = {
	    "O=x", "CN= a", "CN=a ", "CN=a\tb", "CN=a\xc2\x85", "CN=a/CN=b"};
	struct world *w = *state;
	char secret[64];
	size_t i;

	add_secret(w, "u6", "f", "", 1, secret);
	use_basic(w, "u6", secret);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		use_csr(w, w->key[0], bad[i], NULL, NULL);
		expect_refused(
		    w, WIRE_BADREQUEST, "authorize", "csr.subject.cn");
	}
	use_csr(w, w->key[0], "CN=gr\xc3\xbc\xc3\x9f", NULL, NULL);
	expect_ok(w);
	assert_string_equal(w->a->device, "gr\xc3\xbc\xc3\x9f");
	use_csr(w, w->key[0],
	    "CN=0123456789012345678901234567890123456789"
	    "012345678901234567890123",
	    NULL, NULL);
	expect_ok(w);
}

static void
limit_before_hashing(void **state)
{
	struct world *w = *state;
	struct secret_row row;
	char secret[64], none[8];
	int i;

	add_secret(w, "u7", "f", "", 1, secret);
	memset(&row, 0, sizeof(row));
	strcpy(row.user, "slow");
	strcpy(row.fleets, "f");
	row.reusable = 1;
	row.created = NOW;
	assert_int_equal(
	    auth_secret_make(&row, "right secret", none, sizeof(none)), 1);
	assert_int_equal(store_write(w->store, add_tx, &row, 0), 1);
	use_csr(w, w->key[0], "CN=dev-1", NULL, NULL);
	for (i = 0; i < LIMITS_PER_MINUTE; i++) {
		use_basic(w, i % 2 ? "nobody" : "no one", "x");
		expect_refused(
		    w, WIRE_UNAUTHENTICATED, "authenticate", "secret.wrong");
	}
	expect_refused(w, WIRE_LIMITED, "authenticate", "secret.limit");
	assert_string_equal(w->o.field, "address");
	assert_true(w->o.retry_after > 0 && w->o.retry_after <= 60);
	use_basic(w, "slow", "right secret");
	expect_refused(w, WIRE_LIMITED, "authenticate", "secret.limit");
	/* 160 random bits cannot be guessed: those go on. */
	use_basic(w, "u7", secret);
	expect_ok(w);
	use_basic(w, "slow", "right secret");
	w->req.address = "192.0.2.99";
	expect_ok(w);
	w->req.address = "192.0.2.1";
	w->env.now = NOW + 60;
	expect_ok(w);
}

/* From however many addresses: a name gets slower, whether there is such a user
   or not, and a right secret of ours goes on. */
static void
slower_by_name(void **state)
{
	static const char *const users[] = {"u9", "chosen-9", "nobody-9"};
	struct world *w = *state;
	struct secret_row row;
	char secret[64], none[8], address[32];
	int64_t waits[3];
	size_t u;
	int i;

	add_secret(w, "u9", "f", "", 1, secret);
	memset(&row, 0, sizeof(row));
	strcpy(row.user, "chosen-9");
	strcpy(row.fleets, "f");
	row.reusable = 1;
	row.created = NOW;
	assert_int_equal(
	    auth_secret_make(&row, "right secret", none, sizeof(none)), 1);
	assert_int_equal(store_write(w->store, add_tx, &row, 0), 1);
	use_csr(w, w->key[0], "CN=dev-1", NULL, NULL);
	w->req.address = address;
	for (u = 0; u < 3; u++) {
		use_basic(w, users[u], "wrong");
		for (i = 0; i <= LIMITS_USER_FREE; i++) {
			snprintf(address, sizeof(address), "192.0.2.%d", i + 1);
			w->env.now = NOW + i / LIMITS_USER_FREE;
			expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate",
			    "secret.wrong");
			if (i == LIMITS_USER_FREE - 1)
				expect_refused(w, WIRE_LIMITED, "authenticate",
				    "secret.limit");
		}
		expect_refused(
		    w, WIRE_LIMITED, "authenticate", "secret.limit");
		assert_string_equal(w->o.field, "user");
		waits[u] = w->o.retry_after;
	}
	assert_int_equal(waits[0], 4);
	assert_int_equal(waits[1], 4);
	assert_int_equal(waits[2], 4);
	use_basic(w, "u9", secret);
	expect_ok(w);
	use_basic(w, "chosen-9", "right secret");
	strcpy(address, "192.0.2.77"); /* half as long as for who guessed */
	expect_refused(w, WIRE_LIMITED, "authenticate", "secret.limit");
	assert_int_equal(w->o.retry_after, 2);
	w->env.now += 2;
	expect_ok(w);
	w->req.address = "192.0.2.1";
}

struct crowd {
	struct auth_limits *l;
	atomic_int in, waiting;
};

static void *
wait_inside(void *arg)
{
	struct crowd *c = arg;

	atomic_fetch_add(&c->waiting, 1);
	if (auth_limits_enter(c->l, LIMITS_SCRYPT))
		auth_limits_leave(c->l, LIMITS_SCRYPT);
	return NULL;
}

/* Those who wait are as many as may: the next is sent away, not made to wait. */
static void
too_many_at_once(void **state)
{
	struct world *w = *state;
	struct crowd c = {.l = w->env.limits};
	pthread_t t[LIMITS_GATE_WAIT];
	int i;

	for (i = 0; i < LIMITS_GATE_RUN; i++)
		assert_int_equal(auth_limits_enter(c.l, LIMITS_SCRYPT), 1);
	for (i = 0; i < LIMITS_GATE_WAIT; i++)
		assert_int_equal(
		    pthread_create(&t[i], NULL, wait_inside, &c), 0);
	while (atomic_load(&c.waiting) < LIMITS_GATE_WAIT)
		usleep(1000);
	usleep(100000); /* from there into the gate */
	use_csr(w, w->key[0], "CN=dev-1", NULL, NULL);
	use_basic(w, "nobody", "wrong secret");
	expect_refused(w, WIRE_UNAVAILABLE, "authenticate", "secret.busy");
	assert_int_equal(w->o.retry_after, 2);
	for (i = 0; i < LIMITS_GATE_RUN; i++)
		auth_limits_leave(c.l, LIMITS_SCRYPT);
	for (i = 0; i < LIMITS_GATE_WAIT; i++)
		pthread_join(t[i], NULL);
	expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate", "secret.wrong");
}

/* explain is told a user, never a secret. */
static void
explain_takes_it_as_given(void **state)
{
	struct world *w = *state;
	char secret[64];

	add_secret(w, "u8", "f", "", 0, secret);
	use_csr(w, w->key[0], "CN=dev-1", NULL, NULL);
	use_basic(w, "u8", NULL);
	w->env.explain = 1;
	expect_ok(w);
	assert_string_equal(w->a->auth, "secret:u8");
	w->req.user = "nobody";
	expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate", "secret.wrong");
	w->env.explain = 0;
	w->req.user = "u8";
	expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate", "credentials");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(random_secret),
	    cmocka_unit_test(secrets_differ), world_test(chosen_secret),
	    world_test(wrong_or_unknown), world_test(expired_revoked_used),
	    world_test(used_by_the_same),
	    world_test(bound_to_fleet_and_device), world_test(name_of_the_csr),
	    world_test(limit_before_hashing), world_test(slower_by_name),
	    world_test(too_many_at_once),
	    world_test(explain_takes_it_as_given)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
