#include "tests/unit/ca/engine/world.h"

/* What the RA may ask, on a real instance. */

static char user[128], secret[128];

static int
setup(void **state)
{
	WIRE_ANSWER *a;
	int r = world_setup(state);

	a = world_admin((struct world *)*state, "secret.new", "tf", "fleet",
	    "devices", "reusable", 1);
	world_is(a, WIRE_OK);
	snprintf(user, sizeof(user), "%s", field_text(a->values, "user", ""));
	snprintf(
	    secret, sizeof(secret), "%s", field_text(a->values, "secret", ""));
	WIRE_ANSWER_free(a);
	return r;
}

struct device {
	EVP_PKEY *key;
	unsigned char *csr, *cert;
	int csr_len, cert_len;
	char serial[64];
};

static void
device_make(struct device *d, const char *name)
{
	memset(d, 0, sizeof(*d));
	d->key = world_key();
	d->csr_len = world_csr(d->key, name, &d->csr);
}

static void
device_free(struct device *d)
{
	EVP_PKEY_free(d->key);
	OPENSSL_free(d->csr);
	OPENSSL_free(d->cert);
}

static WIRE_ANSWER *
enroll(struct world *w, const struct device *d)
{
	return world_ask(w, OPS_RA, "enroll", "tbttt", "label", "", "csr",
	    d->csr, d->csr_len, "user", user, "secret", secret, "address",
	    "127.0.0.1");
}

static WIRE_ANSWER *
renew(struct world *w, const struct device *old, const struct device *d)
{
	return world_ask(w, OPS_RA, "enroll", "tfbbt", "label", "devices",
	    "renew", 1, "csr", d->csr, d->csr_len, "chain", old->cert,
	    old->cert_len, "address", "127.0.0.1");
}

/* Takes the certificate out of the answer, and frees that. */
static void
take(struct device *d, WIRE_ANSWER *a)
{
	const unsigned char *p;
	size_t len;
	X509 *x;

	world_is(a, WIRE_OK);
	p = field_bytes(a->values, "cert", &len);
	assert_non_null(p);
	OPENSSL_free(d->cert);
	d->cert = OPENSSL_memdup(p, len);
	d->cert_len = (int)len;
	x = d2i_X509(NULL, &p, (long)len);
	assert_non_null(x);
	assert_int_equal(X509_check_private_key(x, d->key), 1);
	X509_free(x);
	snprintf(d->serial, sizeof(d->serial), "%s",
	    field_text(a->values, "serial", ""));
	assert_string_equal(field_text(a->values, "issuer", ""), "devices-g1");
	WIRE_ANSWER_free(a);
}

static void
with_a_secret(void **state)
{
	struct world *w = *state;
	struct device d;
	struct cert_row row;

	device_make(&d, "basic-1");
	take(&d, enroll(w, &d));
	world_row(w, d.serial, &row);
	assert_int_equal(row.state, CERT_VALID);
	assert_string_equal(row.fleet, "devices");
	assert_string_equal(row.device, "basic-1");
	assert_non_null(strstr(row.auth, user));
	assert_non_null(strstr(row.requester, "ra:uid:"));
	world_done(world_admin(w, "device.show", "t", "name", "basic-1"));
	device_free(&d);
}

static void
without_credentials(void **state)
{
	struct world *w = *state;
	struct device d;

	device_make(&d, "nobody");
	world_refused(world_ask(w, OPS_RA, "enroll", "tb", "label", "", "csr",
			  d.csr, d.csr_len),
	    WIRE_UNAUTHENTICATED, "");
	world_refused(world_ask(w, OPS_RA, "enroll", "tbttt", "label", "",
			  "csr", d.csr, d.csr_len, "user", user, "secret",
			  "wrong", "address", "10.0.0.1"),
	    WIRE_UNAUTHENTICATED, "");
	world_refused(world_ask(w, OPS_RA, "enroll", "tbttt", "label", "",
			  "csr", d.csr, d.csr_len, "user", "nobody", "secret",
			  secret, "address", "10.0.0.1"),
	    WIRE_UNAUTHENTICATED, "");
	world_refused(world_admin(w, "device.show", "t", "name", "nobody"),
	    WIRE_NOTFOUND, "no device");
	device_free(&d);
}

static void
bad_requests(void **state)
{
	struct world *w = *state;
	struct device d;
	WIRE_REQUEST *req;
	WIRE_ANSWER *a;
	int i;

	device_make(&d, "bad");
	world_refused(
	    world_ask(w, OPS_RA, "enroll", "tbtt", "label", "nowhere", "csr",
		d.csr, d.csr_len, "user", user, "secret", secret),
	    WIRE_NOTFOUND, "label");
	world_refused(world_ask(w, OPS_RA, "enroll", "tbtt", "label", "", "csr",
			  "rubbish", 7, "user", user, "secret", secret),
	    WIRE_BADREQUEST, "csr");
	req = message_request("enroll", 7);
	field_add_text(req->args, "label", "");
	field_add_bytes(req->args, "csr", d.csr, (size_t)d.csr_len);
	for (i = 0; i < ADMIT_CHAIN_MAX + 1; i++)
		field_add_bytes(req->args, "chain", "x", 1);
	a = ops_answer(w->ca, OPS_RA, &w->peer, req, w->now);
	world_refused(a, WIRE_BADREQUEST, "more than 10");
	WIRE_REQUEST_free(req);
	device_free(&d);
}

static void
renewal(void **state)
{
	struct world *w = *state;
	struct device d, next;
	struct cert_row row, old;
	char serial[64];

	device_make(&d, "renews");
	take(&d, enroll(w, &d));
	device_make(&next, "renews");
	take(&next, renew(w, &d, &next));
	world_row(w, next.serial, &row);
	world_row(w, d.serial, &old);
	assert_int_equal(row.predecessor, old.id);
	assert_int_equal(old.successor, row.id);
	assert_non_null(strstr(row.auth, d.serial));
	/* The answer got lost: the same request gets the same certificate. */
	strcpy(serial, next.serial);
	take(&next, renew(w, &d, &next));
	assert_string_equal(next.serial, serial);
	device_free(&next);
	device_free(&d);
}

/* A second successor: refused, the device parked, an alarm on record. */
static void
a_clone(void **state)
{
	struct world *w = *state;
	struct device d, next, clone;
	WIRE_ANSWER *a;

	device_make(&d, "cloned");
	take(&d, enroll(w, &d));
	device_make(&next, "cloned");
	take(&next, renew(w, &d, &next));
	device_make(&clone, "cloned");
	world_refused(renew(w, &d, &clone), WIRE_DENIED, "renew.successor");
	a = world_admin(w, "device.show", "t", "name", "cloned");
	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "state", ""), "parked");
	WIRE_ANSWER_free(a);
	assert_int_equal(world_log(w, "alarm.clone", "cloned"), 1);
	/* Neither of them goes on. */
	world_refused(renew(w, &next, &clone), WIRE_DENIED, "device.parked");
	assert_true(world_log(w, "refusal", "devices/cloned") >= 2);
	device_free(&clone);
	device_free(&next);
	device_free(&d);
}

static void
while_stopped(void **state)
{
	struct world *w = *state;
	struct device d;
	WIRE_ANSWER *a;

	device_make(&d, "stopped");
	world_done(world_admin(w, "ca.stop", "t", "reason", "test"));
	a = enroll(w, &d);
	assert_true(message_retry(a) > 0);
	world_refused(a, WIRE_UNAVAILABLE, "stopped");
	a = world_ask(w, OPS_RA, "ping", "");
	world_is(a, WIRE_OK);
	assert_string_not_equal(field_text(a->values, "status", ""), "ok");
	WIRE_ANSWER_free(a);
	world_done(world_admin(w, "ca.resume", ""));
	a = world_ask(w, OPS_RA, "ping", "");
	assert_string_equal(field_text(a->values, "status", ""), "ok");
	WIRE_ANSWER_free(a);
	take(&d, enroll(w, &d));
	device_free(&d);
}

/* The token is away: nothing is used up. */
static void
without_a_key(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_set_find(&w->ca->issuers, "devices");
	EVP_PKEY *key = is->key;
	struct hsm *hsm = w->ca->tokens[0].hsm;
	struct device d;
	WIRE_ANSWER *a;

	device_make(&d, "no-key");
	report_init("test", REPORT_ERROR + 1, 2);
	is->key = NULL;
	w->ca->tokens[0].hsm = NULL;
	w->ca->tokens[0].tried = w->now + 1; /* not tried again now */
	w->now++;
	a = enroll(w, &d);
	is->key = key;
	w->ca->tokens[0].hsm = hsm;
	report_init("test", REPORT_ERROR, 2);
	assert_true(message_retry(a) > 0);
	world_refused(a, WIRE_UNAVAILABLE, "signed");
	take(&d, enroll(w, &d));
	device_free(&d);
}

/* Names that are not the secret's make its holder no other party: so many
   refusals of it are on record. */
static void
other_names_by_a_secret(void **state)
{
	struct world *w = *state;
	char old_user[128], old_secret[128], cn[32];
	WIRE_ANSWER *a;
	struct device d;
	int i;

	strcpy(old_user, user);
	strcpy(old_secret, secret);
	a = world_admin(w, "secret.new", "tt", "fleet", "devices", "device",
	    "bound");
	world_is(a, WIRE_OK);
	strcpy(user, field_text(a->values, "user", ""));
	strcpy(secret, field_text(a->values, "secret", ""));
	WIRE_ANSWER_free(a);
	for (i = 0; i < 25; i++) {
		snprintf(cn, sizeof(cn), "not-bound-%d", i);
		device_make(&d, cn);
		world_refused(enroll(w, &d), WIRE_DENIED, "secret.device");
		device_free(&d);
	}
	assert_int_equal(world_log(w, "refusal", "party=devices/not-bound-"),
	    20);
	device_make(&d, "bound");
	world_done(enroll(w, &d));
	device_free(&d);
	strcpy(user, old_user);
	strcpy(secret, old_secret);
}

/* A one-time secret is not used up by a certificate that came to nothing. */
static void
a_secret_is_given_back(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_set_find(&w->ca->issuers, "devices");
	EVP_PKEY *key = is->key, *foreign = world_key();
	char old_user[128], old_secret[128];
	struct device d, e;
	WIRE_ANSWER *a;

	strcpy(old_user, user);
	strcpy(old_secret, secret);
	a = world_admin(w, "secret.new", "t", "fleet", "devices");
	world_is(a, WIRE_OK);
	strcpy(user, field_text(a->values, "user", ""));
	strcpy(secret, field_text(a->values, "secret", ""));
	WIRE_ANSWER_free(a);
	device_make(&d, "once");
	device_make(&e, "once-more");
	report_init("test", REPORT_ERROR + 1, 2);
	is->key = foreign;
	world_refused(enroll(w, &d), WIRE_UNAVAILABLE, "signed");
	is->key = key;
	report_init("test", REPORT_ERROR, 2);
	take(&d, enroll(w, &d));
	world_refused(enroll(w, &e), WIRE_UNAUTHENTICATED, "secret");
	strcpy(user, old_user);
	strcpy(secret, old_secret);
	device_free(&e);
	device_free(&d);
	EVP_PKEY_free(foreign);
}

static void
fleets(void **state)
{
	struct world *w = *state;
	struct issuer *is = issuer_set_find(&w->ca->issuers, "devices");
	WIRE_ANSWER *a = world_ask(w, OPS_RA, "fleets", "");
	const WIRE_FIELDS *row;
	const unsigned char *p;
	size_t len;

	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 1);
	row = message_row(a, 0);
	assert_string_equal(field_text(row, "label", ""), "devices");
	assert_int_equal(field_flag(row, "default", 0), 1);
	assert_int_equal(field_flag(row, "basic", 0), 1);
	assert_int_equal(field_flag(row, "tls_client", 0), 1);
	assert_int_equal(field_count(row, "cacerts"), 2);
	p = field_get_bytes(field_find(row, "cacerts", 0), &len);
	assert_int_equal(len, is->row.cert_len);
	assert_memory_equal(p, is->row.cert, len);
	assert_non_null(field_bytes(row, "csrattrs", &len));
	assert_true(len > 2);
	WIRE_ANSWER_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(with_a_secret),
	    cmocka_unit_test(without_credentials),
	    cmocka_unit_test(bad_requests),
	    cmocka_unit_test(renewal),
	    cmocka_unit_test(a_clone),
	    cmocka_unit_test(while_stopped),
	    cmocka_unit_test(without_a_key),
	    cmocka_unit_test(other_names_by_a_secret),
	    cmocka_unit_test(a_secret_is_given_back),
	    cmocka_unit_test(fleets),
	};

	return cmocka_run_group_tests(tests, setup, world_teardown);
}
