#include <pthread.h>

#include "tests/unit/ca/engine/admit_change.h"

/* Refused by the guard, with this reason and rule. */
static void
guarded(struct world *w, int reason, const char *rule)
{
	struct cert_row row;
	struct outcome o;

	ERR_clear_error();
	if (reserve(w, w->a, &row))
		fail_msg("reserved, wanted %s", rule);
	outcome_from_errors(&o, "reserve");
	if (ERR_GET_REASON(ERR_peek_last_error()) != reason ||
	    strcmp(o.rule, rule) != 0)
		fail_msg("got %s: %s, wanted %s", o.rule, o.text, rule);
	ERR_clear_error();
}

static void
first(struct world *w, const char *name, size_t key)
{
	char subject[64];

	snprintf(subject, sizeof(subject), "CN=%s", name);
	use_maker(w, name);
	use_csr(w, w->key[key], subject, NULL, NULL);
	expect_ok(w);
}

static void
registers_the_device(void **state)
{
	struct world *w = *state;
	struct device_row d;
	struct cert_row row;

	first(w, "d", 0);
	assert_int_equal(get_device(w, "f", "d", &d), 0);
	assert_int_equal(reserve(w, w->a, &row), 1);
	assert_int_equal(get_device(w, "f", "d", &d), 1);
	assert_int_equal(d.state, DEVICE_ENABLED);
	assert_string_equal(d.serial, "d");
	assert_string_equal(d.origin, "manufacturer:maker");
	assert_int_equal(w->a->device_id, d.id);
	assert_int_equal(d.created, NOW);
}

/* Between admission and reservation an operator acted. */
static void
device_changed(void **state)
{
	struct world *w = *state;
	int64_t id;

	first(w, "d", 0);
	id = add_device(w, "f", "d", w->key[1]);
	guarded(w, CA_E_DENIED, "attest.pinned-key");
	set_device(w, id, DEVICE_PARKED);
	guarded(w, CA_E_DENIED, "device.parked");
	set_device(w, id, DEVICE_DISABLED);
	guarded(w, CA_E_DENIED, "device.disabled");
	w->a->device_id = 77;
	strcpy(w->a->device, "gone");
	guarded(w, CA_E_DENIED, "device.unregistered");
}

static void
key_changed(void **state)
{
	struct world *w = *state;
	struct admission *mine;
	struct cert_row row;
	struct device_row d;

	first(w, "d", 0);
	mine = w->a;
	w->a = NULL;
	first(w, "e", 0); /* both admitted with one key */
	assert_int_equal(reserve(w, w->a, &row), 1);
	admit_free(w->a);
	w->a = mine;
	guarded(w, CA_E_DENIED, "key.duplicate");
	assert_int_equal(get_device(w, "f", "d", &d), 0); /* undone */
	first(w, "h", 1);
	block_key(w, w->key[1]);
	guarded(w, CA_E_DENIED, "key.blocked");
}

static void
live_certificate(void **state)
{
	struct world *w = *state;
	struct admission *mine;
	struct cert_row row;

	world_rules(w, "re_enrol = \"refuse\";");
	first(w, "d", 0);
	mine = w->a;
	w->a = NULL;
	first(w, "d", 1);
	assert_int_equal(reserve(w, w->a, &row), 1);
	admit_free(w->a);
	w->a = mine;
	guarded(w, CA_E_DENIED, "re_enrol");
}

static void
renewal_changed(void **state)
{
	struct world *w = *state;
	struct admission *mine;
	struct cert_row row;
	int64_t id = enrolled(w, "d", w->key[0], NULL);

	use_csr(w, w->key[1], "serialNumber=d", NULL, NULL);
	expect_ok(w);
	mine = w->a;
	w->a = NULL;
	use_csr(w, w->key[2], "serialNumber=d", NULL, NULL);
	expect_ok(w);
	assert_int_equal(reserve(w, mine, &row), 1);
	guarded(w, CA_E_DENIED, "renew.successor");
	admit_free(w->a);
	w->a = mine;
	guarded(w, CA_E_BUSY, "renew.busy");
	set_cert(w, row.id, CERT_ABORTED);
	set_cert(w, id, CERT_REVOKED);
	guarded(w, CA_E_DENIED, "certificate.revoked");
}

static void
rates(void **state)
{
	struct world *w = *state;
	struct cert_row row;

	world_rules(w, "limits: { per_device_hour = 2; per_day = 3; };");
	w->env.now = NOW - NOW % DAY;
	/* Aborted, but counted: nothing to be answered with again. */
	first(w, "d", 0);
	assert_int_equal(reserve(w, w->a, &row), 1);
	set_cert(w, row.id, CERT_ABORTED);
	first(w, "d", 0);
	assert_int_equal(reserve(w, w->a, &row), 1);
	set_cert(w, row.id, CERT_ABORTED);
	first(w, "d", 0);
	guarded(w, CA_E_LIMITED, "limits.per_device_hour");
	first(w, "e", 1);
	assert_int_equal(reserve(w, w->a, &row), 1);
	first(w, "h", 2);
	guarded(w, CA_E_LIMITED, "limits.per_day");
	w->env.now += 3600;
	first(w, "d", 0);
	guarded(w, CA_E_LIMITED, "limits.per_day");
	w->env.now += DAY;
	first(w, "d", 0);
	assert_int_equal(reserve(w, w->a, &row), 1);
}

/* --- sixteen at once --- */

#define THREADS 16

struct racer {
	struct world *w;
	pthread_barrier_t *start;
	struct enrol_request req;
	unsigned char *csr;
	int ok;
	struct outcome o;
};

static void *
race(void *arg)
{
	struct racer *r = arg;
	struct admit_env env = r->w->env;
	struct admission *a = NULL;
	struct cert_row row;

	env.trace = NULL;
	pthread_barrier_wait(r->start);
	if (admit_enrol(&env, &r->req, &a, &r->o)) {
		r->ok = reserve(r->w, a, &row);
		if (!r->ok)
			outcome_from_errors(&r->o, "reserve");
	}
	admit_free(a);
	ERR_clear_error();
	return NULL;
}

/* Each with a key of its own; how many got through. Losers say ${rule}. */
static int
race_all(struct world *w, const char *subject, int status, const char *rule)
{
	struct racer r[THREADS];
	pthread_barrier_t start;
	pthread_t t[THREADS];
	EVP_PKEY *key;
	int i, won = 0;

	pthread_barrier_init(&start, NULL, THREADS);
	memset(r, 0, sizeof(r));
	for (i = 0; i < THREADS; i++) {
		r[i].w = w;
		r[i].start = &start;
		r[i].req = w->req;
		key = EVP_EC_gen("P-256");
		r[i].csr =
		    make_csr(key, subject, NULL, NULL, &r[i].req.csr_len);
		r[i].req.csr = r[i].csr;
		EVP_PKEY_free(key);
		assert_int_equal(pthread_create(&t[i], NULL, race, &r[i]), 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(t[i], NULL);
		OPENSSL_free(r[i].csr);
		won += r[i].ok;
		if (r[i].ok)
			continue;
		assert_int_equal(r[i].o.status, status);
		assert_string_equal(r[i].o.rule, rule);
	}
	pthread_barrier_destroy(&start);
	return won;
}

static void
one_time_secret_once(void **state)
{
	struct world *w = *state;
	char secret[64];

	add_secret(w, "once", "f", "", 0, secret);
	use_basic(w, "once", secret);
	assert_int_equal(
	    race_all(w, "CN=d", WIRE_UNAUTHENTICATED, "secret.used"), 1);
}

static void
one_successor(void **state)
{
	struct world *w = *state;

	enrolled(w, "d", w->key[0], NULL);
	assert_int_equal(
	    race_all(w, "serialNumber=d", WIRE_DENIED, "renew.successor"), 1);
}

static void
one_live_certificate(void **state)
{
	struct world *w = *state;

	world_rules(w, "re_enrol = \"refuse\";");
	use_maker(w, "d");
	assert_int_equal(race_all(w, "CN=d", WIRE_DENIED, "re_enrol"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(registers_the_device),
	    world_test(device_changed), world_test(key_changed),
	    world_test(live_certificate), world_test(renewal_changed),
	    world_test(rates), world_test(one_time_secret_once),
	    world_test(one_successor), world_test(one_live_certificate)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
