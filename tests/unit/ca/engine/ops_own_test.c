#include "tests/unit/ca/engine/world.h"

/* renew-own: a service of ours, its key, its proof. */

struct service {
	X509 *cert;
	unsigned char *der;
	int len;
};

static void
service_load(struct world *w, const char *name, struct service *s)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	f = fopen(path, "r");
	assert_non_null(f);
	s->cert = PEM_read_X509(f, NULL, NULL, NULL);
	fclose(f);
	assert_non_null(s->cert);
	s->der = NULL;
	s->len = i2d_X509(s->cert, &s->der);
}

static void
service_free(struct service *s)
{
	X509_free(s->cert);
	OPENSSL_free(s->der);
}

static void
prove(EVP_PKEY *key, const unsigned char *csr, int len, unsigned char *proof,
    int *proof_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = 512;

	assert_int_equal(
	    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
	assert_int_equal(EVP_DigestSign(ctx, proof, &n, csr, (size_t)len), 1);
	*proof_len = (int)n;
	EVP_MD_CTX_free(ctx);
}

/* ${by} proves a CSR of ${key}. */
static WIRE_ANSWER *
renew(struct world *w, const struct service *s, EVP_PKEY *by, EVP_PKEY *key)
{
	unsigned char *csr, proof[512];
	int len = world_csr(key, "whatever", &csr), n;
	WIRE_ANSWER *a;

	prove(by, csr, len, proof, &n);
	a = world_ask(w, OPS_SVC, "renew-own", "bbb", "csr", csr, len,
	    "current", s->der, s->len, "proof", proof, n);
	OPENSSL_free(csr);
	return a;
}

static void
a_new_key(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	struct service s;
	WIRE_ANSWER *a;
	const unsigned char *p;
	size_t len;
	X509 *x, *ca;

	service_load(w, "service.pem", &s);
	a = renew(w, &s, w->service_key, key);
	world_is(a, WIRE_OK);
	p = field_bytes(a->values, "cert", &len);
	x = d2i_X509(NULL, &p, (long)len);
	assert_non_null(x);
	/* Subject and SAN are the current ones, the key is the new one. */
	assert_int_equal(X509_check_private_key(x, key), 1);
	assert_int_equal(X509_NAME_cmp(X509_get_subject_name(x),
			     X509_get_subject_name(s.cert)),
	    0);
	assert_int_equal(X509_check_host(x, "localhost", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(x, "whatever", 0, 0, NULL), 0);
	assert_int_equal(field_count(a->values, "chain"), 2);
	p = field_get_bytes(field_find(a->values, "chain", 0), &len);
	ca = d2i_X509(NULL, &p, (long)len);
	assert_int_equal(X509_verify(x, X509_get0_pubkey(ca)), 1);
	X509_free(ca);
	X509_free(x);
	WIRE_ANSWER_free(a);
	service_free(&s);
	EVP_PKEY_free(key);
}

static void
wrong_proofs(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	unsigned char *csr, *other, proof[512];
	int len = world_csr(key, "x", &csr), other_len, n;
	struct service s;

	service_load(w, "service.pem", &s);
	world_refused(renew(w, &s, key, key), WIRE_DENIED, "own.proof");
	/* A proof of another request. */
	other_len = world_csr(key, "y", &other);
	prove(w->service_key, other, other_len, proof, &n);
	world_refused(world_ask(w, OPS_SVC, "renew-own", "bbb", "csr", csr, len,
			  "current", s.der, s.len, "proof", proof, n),
	    WIRE_DENIED, "own.proof");
	world_refused(world_ask(w, OPS_SVC, "renew-own", "bbb", "csr", csr, len,
			  "current", s.der, s.len, "proof", "", 0),
	    WIRE_DENIED, "own.proof");
	world_refused(world_ask(w, OPS_SVC, "renew-own", "bb", "csr", csr, len,
			  "current", s.der, s.len),
	    WIRE_BADREQUEST, "missing");
	/* Proven, but no request. */
	csr[len - 1] ^= 1;
	prove(w->service_key, csr, len, proof, &n);
	world_refused(world_ask(w, OPS_SVC, "renew-own", "bbb", "csr", csr, len,
			  "current", s.der, s.len, "proof", proof, n),
	    WIRE_BADREQUEST, "csr.signature");
	OPENSSL_free(other);
	OPENSSL_free(csr);
	service_free(&s);
	EVP_PKEY_free(key);
}

static void
foreign_certificates(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	struct service s, root;

	service_load(w, "service.pem", &s);
	s.len--;
	world_refused(
	    renew(w, &s, w->service_key, key), WIRE_BADREQUEST, "own.current");
	s.len++;
	/* One octet of the signature: well-formed, and none of ours. */
	s.der[s.len - 1] ^= 1;
	world_refused(
	    renew(w, &s, w->service_key, key), WIRE_DENIED, "own.certificate");
	service_free(&s);
	/* The root is ours, and no service. */
	service_load(w, "root.pem", &root);
	world_refused(
	    renew(w, &root, w->service_key, key), WIRE_DENIED, "own.profile");
	service_free(&root);
	EVP_PKEY_free(key);
}

/* A device's certificate is ours too, but no service's. */
static void
foreign_profiles(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key(), *next = world_key();
	struct settings_peer *p = &w->settings->svc.peer[0];
	struct service s = {NULL, NULL, 0};
	unsigned char *csr;
	int len = world_csr(key, "device", &csr);
	WIRE_ANSWER *a = world_admin(
	    w, "issue", "tb", "profile", "device-ldevid", "csr", csr, len);
	const unsigned char *der;
	size_t n;

	world_is(a, WIRE_OK);
	der = field_bytes(a->values, "cert", &n);
	s.der = OPENSSL_memdup(der, n);
	s.len = (int)n;
	WIRE_ANSWER_free(a);
	world_refused(renew(w, &s, key, next), WIRE_DENIED, "own.profile");
	/* Not even where the settings name it: the profile says who. */
	strcpy(p->profiles[p->n_profiles++], "device-ldevid");
	world_refused(renew(w, &s, key, next), WIRE_DENIED, "issued_by");
	p->n_profiles--;
	service_free(&s);
	OPENSSL_free(csr);
	EVP_PKEY_free(next);
	EVP_PKEY_free(key);
}

static void
another_uid(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	struct service s;

	service_load(w, "service.pem", &s);
	w->peer.uid = geteuid() + 1;
	world_refused(
	    renew(w, &s, w->service_key, key), WIRE_DENIED, "own.profile");
	w->peer.uid = geteuid();
	/* The right uid, for another profile. */
	strcpy(w->settings->svc.peer[0].profiles[1], "other");
	world_refused(
	    renew(w, &s, w->service_key, key), WIRE_DENIED, "own.profile");
	strcpy(w->settings->svc.peer[0].profiles[1], "est-server");
	world_done(renew(w, &s, w->service_key, key));
	service_free(&s);
	EVP_PKEY_free(key);
}

static void
expired(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	time_t now = w->now;
	struct service s;

	service_load(w, "service.pem", &s);
	w->now += 91 * 86400;
	world_refused(
	    renew(w, &s, w->service_key, key), WIRE_DENIED, "own.expired");
	w->now = now;
	service_free(&s);
	EVP_PKEY_free(key);
}

/* A key that was lost does not come back as a service's. */
static void
a_blocked_key(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	struct service s;
	unsigned char *csr;
	int len = world_csr(key, "lost", &csr);
	WIRE_ANSWER *a = world_admin(
	    w, "issue", "tb", "profile", "device-ldevid", "csr", csr, len);

	world_is(a, WIRE_OK);
	world_done(world_admin(w, "revoke", "tt", "serial",
	    field_text(a->values, "serial", ""), "reason", "keyCompromise"));
	WIRE_ANSWER_free(a);
	service_load(w, "service.pem", &s);
	world_refused(
	    renew(w, &s, w->service_key, key), WIRE_DENIED, "key.blocked");
	service_free(&s);
	OPENSSL_free(csr);
	EVP_PKEY_free(key);
}

static void
while_stopped(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	struct service s;

	service_load(w, "service.pem", &s);
	world_done(world_admin(w, "ca.stop", ""));
	world_refused(
	    renew(w, &s, w->service_key, key), WIRE_UNAVAILABLE, "stopped");
	world_done(world_admin(w, "ca.resume", ""));
	service_free(&s);
	EVP_PKEY_free(key);
}

static void
serial_of(const struct service *s, char out[64])
{
	BIGNUM *bn = ASN1_INTEGER_to_BN(X509_get0_serialNumber(s->cert), NULL);
	char *hex = BN_bn2hex(bn);

	snprintf(out, 64, "%s", hex);
	OPENSSL_free(hex);
	BN_free(bn);
}

static void
held_and_revoked(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	struct service s;
	char serial[64];

	service_load(w, "service.pem", &s);
	serial_of(&s, serial);
	world_done(world_admin(
	    w, "revoke", "tt", "serial", serial, "reason", "certificateHold"));
	world_refused(
	    renew(w, &s, w->service_key, key), WIRE_DENIED, "own.state");
	world_done(world_admin(w, "release", "t", "serial", serial));
	world_done(renew(w, &s, w->service_key, key));
	world_done(world_admin(
	    w, "revoke", "tt", "serial", serial, "reason", "superseded"));
	world_refused(
	    renew(w, &s, w->service_key, key), WIRE_DENIED, "own.state");
	assert_true(world_log(w, "refusal", "rule=own.state") >= 2);
	service_free(&s);
	EVP_PKEY_free(key);
}

/* A disabled CA renews who answers for it, and nobody else. */
static void
by_a_disabled_ca(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	struct service s;

	service_load(w, "service.pem", &s);
	world_done(world_admin(w, "ca.disable", "t", "name", "devices"));
	world_refused(renew(w, &s, w->service_key, key), WIRE_DENIED,
	    "issuer.disabled");
	world_done(world_admin(w, "ca.enable", "t", "name", "devices"));
	world_done(renew(w, &s, w->service_key, key));
	service_free(&s);
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(by_a_disabled_ca),
	    cmocka_unit_test(a_new_key),
	    cmocka_unit_test(wrong_proofs),
	    cmocka_unit_test(foreign_certificates),
	    cmocka_unit_test(foreign_profiles),
	    cmocka_unit_test(another_uid),
	    cmocka_unit_test(expired),
	    cmocka_unit_test(a_blocked_key),
	    cmocka_unit_test(while_stopped),
	    cmocka_unit_test(held_and_revoked),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
