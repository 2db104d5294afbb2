#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "tests/unit/ca/engine/admit_change.h"

static const unsigned char UNIQUE[12] = "tls-unique..";
static const unsigned char EXPORTER[32] = "the exporter of this connection";

static void
signed_by_its_key(void **state)
{
	struct world *w = *state;

	use_maker(w, "d");
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	expect_ok(w);
	w->csr[w->req.csr_len - 5] ^= 1;
	expect_refused(w, WIRE_BADREQUEST, "possess", "csr.signature");
	assert_true(w->o.authenticated);
}

static void
not_a_csr(void **state)
{
	struct world *w = *state;

	use_maker(w, "d");
	w->req.csr = (const unsigned char *)"\x30\x03\x02\x01\x00";
	w->req.csr_len = 5;
	enrol(w);
	assert_int_equal(w->o.status, WIRE_BADREQUEST);
	assert_string_equal(w->o.stage, "possess");
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	w->req.csr_len--;
	assert_int_equal(enrol(w), 0);
	assert_int_equal(w->o.status, WIRE_BADREQUEST);
	w->req.csr_len++;
	w->csr = OPENSSL_realloc(w->csr, w->req.csr_len + 1);
	w->csr[w->req.csr_len++] = 0;
	w->req.csr = w->csr;
	assert_int_equal(enrol(w), 0);
	assert_int_equal(w->o.status, WIRE_BADREQUEST);
}

static void
key_types(void **state)
{
	struct world *w = *state;
	EVP_PKEY *p384 = EVP_EC_gen("P-384"), *rsa = EVP_RSA_gen(2048);

	use_maker(w, "d");
	use_csr(w, p384, "CN=d", NULL, NULL);
	expect_ok(w);
	use_csr(w, rsa, "CN=d", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "possess", "key.type");
	assert_non_null(strstr(w->o.text, "ec-p256, ec-p384"));
	assert_non_null(strstr(w->o.text, "rsa-2048"));
	EVP_PKEY_free(p384);
	EVP_PKEY_free(rsa);
}

static const char *
base64(const unsigned char *p, size_t n)
{
	static char out[128];

	EVP_EncodeBlock((unsigned char *)out, p, (int)n);
	return out;
}

static void
link_in(struct world *w, const char *challenge)
{
	use_csr(w, w->key[0], "CN=d", NULL, challenge);
}

static void
use_bindings(struct world *w, int on)
{
	w->req.tls_unique = on ? UNIQUE : NULL;
	w->req.tls_unique_len = on ? sizeof(UNIQUE) : 0;
	w->req.tls_exporter = on ? EXPORTER : NULL;
	w->req.tls_exporter_len = on ? sizeof(EXPORTER) : 0;
}

static void
pop_link_required(void **state)
{
	struct world *w = *state;
	char broken[160];

	world_rules(w, "pop_link = \"required\";");
	use_maker(w, "d");
	use_bindings(w, 1);
	link_in(w, base64(UNIQUE, sizeof(UNIQUE)));
	expect_ok(w);
	link_in(w, base64(EXPORTER, sizeof(EXPORTER)));
	expect_ok(w);
	snprintf(broken, sizeof(broken), "%.20s\n%s",
	    base64(EXPORTER, sizeof(EXPORTER)),
	    base64(EXPORTER, sizeof(EXPORTER)) + 20);
	link_in(w, broken);
	expect_ok(w);
	link_in(w, base64(EXPORTER, 31));
	expect_refused(w, WIRE_DENIED, "possess", "pop.link");
	link_in(w, base64((const unsigned char *)"other", 5));
	expect_refused(w, WIRE_DENIED, "possess", "pop.link");
	link_in(w, "!!!");
	expect_refused(w, WIRE_DENIED, "possess", "pop.link");
	link_in(w, NULL);
	expect_refused(w, WIRE_DENIED, "possess", "pop.link");
	use_bindings(w, 0);
	link_in(w, base64(UNIQUE, sizeof(UNIQUE)));
	expect_refused(w, WIRE_DENIED, "possess", "pop.link");
}

static void
pop_link_if_present(void **state)
{
	struct world *w = *state;

	world_rules(w, "pop_link = \"verify-if-present\";");
	use_maker(w, "d");
	use_bindings(w, 1);
	link_in(w, NULL);
	expect_ok(w);
	assert_string_equal(w->a->deviations, "");
	link_in(w, base64(UNIQUE, sizeof(UNIQUE)));
	expect_ok(w);
	link_in(w, base64((const unsigned char *)"other", 5));
	expect_refused(w, WIRE_DENIED, "possess", "pop.link");
	use_bindings(w, 0); /* no way around the check */
	expect_refused(w, WIRE_DENIED, "possess", "pop.link");
	link_in(w, base64(UNIQUE, sizeof(UNIQUE)));
	expect_refused(w, WIRE_DENIED, "possess", "pop.link");
	link_in(w, NULL);
	expect_ok(w);
}

static void
pop_link_off(void **state)
{
	struct world *w = *state;

	use_maker(w, "d");
	use_bindings(w, 1);
	link_in(w, "anything");
	expect_ok(w);
	assert_string_equal(w->a->deviations, "challengePassword ignored");
	link_in(w, NULL);
	expect_ok(w);
	assert_string_equal(w->a->deviations, "");
}

/* explain has no TLS connection; but a CSR that names none is refused in any. */
static void
pop_link_explained(void **state)
{
	struct world *w = *state;

	world_rules(w, "pop_link = \"required\";");
	use_maker(w, "d");
	w->env.explain = 1;
	link_in(w, NULL);
	expect_refused(w, WIRE_DENIED, "possess", "pop.link");
	link_in(w, "d3JvbmcgdmFsdWU=");
	expect_ok(w);
	assert_non_null(strstr(w->trace, "possess/pass/pop.link/"));
	w->env.explain = 0;
	expect_refused(w, WIRE_DENIED, "possess", "pop.link");
}

/* The CSR is a template: what is judged is one of our own. */
static void
key_is_made(void **state)
{
	struct world *w = *state;
	const unsigned char *ours;
	size_t len, n;

	world_rules(w, "serverkeygen: { plain = true; key_types = "
		       "[ \"ec-p384\" ]; };");
	use_maker(w, "d");
	w->req.keygen = 1;
	use_csr(w, w->key[0], "CN=d", NULL, "not a binding");
	w->csr[w->req.csr_len - 5] ^= 1;
	expect_ok(w);
	assert_non_null(w->a->keygen);
	assert_int_equal(csr_key_type(w->a->csr), SPKI_EC_P384);
	ours = keygen_csr(w->a->keygen, &len);
	assert_memory_equal(csr_der(w->a->csr, &n), ours, len);
	assert_int_equal(n, len);
	assert_non_null(strstr(w->a->deviations, "key made by the CA"));
	assert_non_null(strstr(w->a->deviations, "ec-p256"));
	/* The key that it came with would have been refused. */
	use_csr(w, w->key[3], "CN=d", NULL, NULL);
	expect_ok(w);
	w->req.keygen = 0;
	expect_refused(w, WIRE_DENIED, "authorize", "key.idevid-reuse");
}

static void
key_is_not_made(void **state)
{
	struct world *w = *state;

	use_maker(w, "d");
	w->req.keygen = 1;
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	expect_refused(w, WIRE_DENIED, "possess", "keygen.off");
	world_rules(w, "serverkeygen: { };");
	expect_refused(w, WIRE_DENIED, "possess", "keygen.plain");
	world_rules(w, "serverkeygen: { plain = true; };");
	expect_ok(w);
	w->req.csr_len--;
	expect_refused(w, WIRE_BADREQUEST, "possess", "csr.der");
	/* The link to the connection is looked at as ever. */
	world_rules(w, "serverkeygen: { plain = true; };"
		       "pop_link = \"required\";");
	w->req.csr_len++;
	expect_refused(w, WIRE_DENIED, "possess", "pop.link");
	/* Nobody is served before it is known who asks. */
	w->req.n_chain = 0;
	expect_refused(w, WIRE_UNAUTHENTICATED, "authenticate", "credentials");
	assert_null(w->a);
}

/* A device that gets nothing has no key made for it; and keys are made so many at
   a time. */
static void
key_is_for_who_may_have_it(void **state)
{
	struct world *w = *state;
	struct device_row row;
	int i;

	world_rules(w, "serverkeygen: { plain = true; };");
	add_device(w, "f", "d", NULL);
	assert_int_equal(get_device(w, "f", "d", &row), 1);
	use_maker(w, "d");
	w->req.keygen = 1;
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	expect_ok(w);
	for (i = 0; i < LIMITS_GATE_RUN; i++)
		assert_int_equal(
		    auth_limits_enter(w->env.limits, LIMITS_KEYGEN), 1);
	set_device(w, row.id, DEVICE_PARKED);
	/* It does not wait there. */
	expect_refused(w, WIRE_DENIED, "possess", "device.parked");
	for (i = 0; i < LIMITS_GATE_RUN; i++)
		auth_limits_leave(w->env.limits, LIMITS_KEYGEN);
	set_device(w, row.id, DEVICE_ENABLED);
	expect_ok(w);
}

static atomic_int waiting;

static void *
wait_for_key(void *arg)
{
	atomic_fetch_add(&waiting, 1);
	if (auth_limits_enter(arg, LIMITS_KEYGEN))
		auth_limits_leave(arg, LIMITS_KEYGEN);
	return NULL;
}

/* Those who wait are as many as may: the next is sent away. */
static void
so_many_wait_for_keys(void **state)
{
	struct world *w = *state;
	struct auth_limits *l = w->env.limits;
	pthread_t t[LIMITS_KEYGEN_WAIT];
	int i;

	world_rules(w, "serverkeygen: { plain = true; };");
	use_maker(w, "d");
	w->req.keygen = 1;
	use_csr(w, w->key[0], "CN=d", NULL, NULL);
	for (i = 0; i < LIMITS_GATE_RUN; i++)
		assert_int_equal(auth_limits_enter(l, LIMITS_KEYGEN), 1);
	atomic_store(&waiting, 0);
	for (i = 0; i < LIMITS_KEYGEN_WAIT; i++)
		assert_int_equal(
		    pthread_create(&t[i], NULL, wait_for_key, l), 0);
	while (atomic_load(&waiting) < LIMITS_KEYGEN_WAIT)
		usleep(1000);
	usleep(100000); /* from there into the gate */
	expect_refused(w, WIRE_UNAVAILABLE, "possess", "keygen.busy");
	assert_int_equal(w->o.retry_after, 5);
	for (i = 0; i < LIMITS_GATE_RUN; i++)
		auth_limits_leave(l, LIMITS_KEYGEN);
	for (i = 0; i < LIMITS_KEYGEN_WAIT; i++)
		pthread_join(t[i], NULL);
	expect_ok(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(signed_by_its_key),
	    world_test(not_a_csr), world_test(key_types),
	    world_test(pop_link_required), world_test(pop_link_if_present),
	    world_test(pop_link_off), world_test(pop_link_explained),
	    world_test(key_is_made), world_test(key_is_not_made),
	    world_test(key_is_for_who_may_have_it),
	    world_test(so_many_wait_for_keys)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
