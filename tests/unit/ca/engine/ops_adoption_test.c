#include "tests/unit/ca/engine/generations.h"

/* What a device's contact tells about the root that it holds, and how that is
   counted. Two servers: one under each generation, and one that presents the
   link as well. */

static struct world w;
static struct generations g;
static char user[128], secret[128];

struct server {
	unsigned char sha256[3][32];
	int n;
};
static struct server by_old, by_new, by_both;

struct device {
	EVP_PKEY *key;
	unsigned char *cert;
	int cert_len;
};

static X509 *
read_service(void)
{
	char path[512];
	X509 *x;
	FILE *f;

	snprintf(path, sizeof(path), "%s/service.pem", w.dir);
	f = fopen(path, "r");
	assert_non_null(f);
	x = PEM_read_X509(f, NULL, NULL, NULL);
	fclose(f);
	return x;
}

/* The server's own renewal: its new certificate is by devices-g2. */
static X509 *
renewed_service(X509 *current)
{
	EVP_PKEY *key = world_key();
	unsigned char *csr, *der = NULL, proof[512];
	int len = world_csr(key, "x", &csr), n = i2d_X509(current, &der);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t proof_len = sizeof(proof), cert_len;
	const unsigned char *p;
	WIRE_ANSWER *a;
	X509 *x;

	EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, w.service_key);
	EVP_DigestSign(ctx, proof, &proof_len, csr, (size_t)len);
	a = world_ask(&w, OPS_SVC, "renew-own", "bbb", "csr", csr, len,
	    "current", der, n, "proof", proof, (int)proof_len);
	world_is(a, WIRE_OK);
	p = field_bytes(a->values, "cert", &cert_len);
	x = d2i_X509(NULL, &p, (long)cert_len);
	WIRE_ANSWER_free(a);
	EVP_MD_CTX_free(ctx);
	OPENSSL_free(csr);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	return x;
}

static void
server_is(struct server *s, X509 *leaf, X509 *ca, X509 *link)
{
	gen_sha256(leaf, s->sha256[0]);
	gen_sha256(ca, s->sha256[1]);
	s->n = 2;
	if (link != NULL)
		gen_sha256(link, s->sha256[s->n++]);
}

static int
setup(void **state)
{
	WIRE_ANSWER *a;
	X509 *old, *fresh;

	(void)state;
	gen_up(&w, &g);
	old = read_service();
	fresh = renewed_service(old);
	server_is(&by_old, old,
	    issuer_set_find(&w.ca->issuers, "devices-g1")->cert, NULL);
	server_is(&by_new, fresh, g.devices2, NULL);
	server_is(&by_both, fresh, g.devices2, g.new_with_old);
	X509_free(old);
	X509_free(fresh);
	a = world_admin(
	    &w, "secret.new", "tf", "fleet", "devices", "reusable", 1);
	snprintf(user, sizeof(user), "%s", field_text(a->values, "user", ""));
	snprintf(
	    secret, sizeof(secret), "%s", field_text(a->values, "secret", ""));
	WIRE_ANSWER_free(a);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	gen_down(&w, &g);
	return 0;
}

static void
add_server(WIRE_REQUEST *req, const struct server *s)
{
	int i;

	for (i = 0; s != NULL && i < s->n; i++)
		assert_true(field_add_bytes(
		    req->args, "server_sha256", s->sha256[i], 32));
}

static WIRE_ANSWER *
send(WIRE_REQUEST *req)
{
	WIRE_ANSWER *a = ops_answer(w.ca, OPS_RA, &w.peer, req, w.now);

	assert_non_null(a);
	assert_int_equal(ERR_peek_error(), 0);
	WIRE_REQUEST_free(req);
	return a;
}

/* First enrolment with a secret (${with} or a wrong one), on that server. */
static WIRE_ANSWER *
enroll(struct device *d, const char *name, const char *with,
    const struct server *s)
{
	WIRE_REQUEST *req = message_request("enroll", 7);
	unsigned char *csr;
	int len;

	d->key = world_key();
	d->cert = NULL;
	len = world_csr(d->key, name, &csr);
	field_add_text(req->args, "label", "devices");
	field_add_bytes(req->args, "csr", csr, (size_t)len);
	field_add_text(req->args, "user", user);
	field_add_text(req->args, "secret", with);
	field_add_text(req->args, "address", "127.0.0.1");
	add_server(req, s);
	OPENSSL_free(csr);
	return send(req);
}

static void
take(struct device *d, WIRE_ANSWER *a)
{
	const unsigned char *p;
	size_t len;

	world_is(a, WIRE_OK);
	p = field_bytes(a->values, "cert", &len);
	d->cert = OPENSSL_memdup(p, len);
	d->cert_len = (int)len;
	WIRE_ANSWER_free(a);
}

/* A renewal with a CSR of that name and key. */
static WIRE_ANSWER *
renew(const struct device *d, const char *name, EVP_PKEY *key,
    const struct server *s)
{
	WIRE_REQUEST *req = message_request("enroll", 7);
	unsigned char *csr;
	int len = world_csr(key, name, &csr);

	field_add_text(req->args, "label", "devices");
	field_add_flag(req->args, "renew", 1);
	field_add_bytes(req->args, "csr", csr, (size_t)len);
	field_add_bytes(req->args, "chain", d->cert, (size_t)d->cert_len);
	field_add_text(req->args, "address", "127.0.0.1");
	add_server(req, s);
	OPENSSL_free(csr);
	return send(req);
}

static void
device_free(struct device *d)
{
	EVP_PKEY_free(d->key);
	OPENSSL_free(d->cert);
}

/* "root-g1" and when, from device.show; "" none. */
static void
anchor_is(const char *name, const char *ident, time_t at)
{
	WIRE_ANSWER *a = world_admin(&w, "device.show", "t", "name", name);

	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "anchor", ""), ident);
	assert_int_equal(field_time(a->values, "anchor_at", 0), at);
	WIRE_ANSWER_free(a);
}

static void
a_contact_tells(void **state)
{
	struct device d;

	(void)state;
	take(&d, enroll(&d, "old", secret, &by_old));
	anchor_is("old", "root-g1", w.now);
	device_free(&d);
	take(&d, enroll(&d, "new", secret, &by_new));
	anchor_is("new", "root-g2", w.now);
	device_free(&d);
	take(&d, enroll(&d, "both", secret, &by_both));
	anchor_is("both", "", 0);
	device_free(&d);
	take(&d, enroll(&d, "untold", secret, NULL));
	anchor_is("untold", "", 0);
	device_free(&d);
}

static void
forward_and_never_back(void **state)
{
	struct device d, next = {0};
	time_t first = w.now;

	(void)state;
	take(&d, enroll(&d, "mover", secret, &by_old));
	w.now += 60;
	next.key = world_key();
	take(&next, renew(&d, "mover", next.key, &by_new));
	anchor_is("mover", "root-g2", w.now);
	device_free(&d);
	d.key = world_key();
	w.now += 60;
	take(&d, renew(&next, "mover", d.key, &by_old));
	anchor_is("mover", "root-g2", first + 60);
	device_free(&d);
	device_free(&next);
}

static void
who_is_not_proven_tells_nothing(void **state)
{
	struct device d, other;

	(void)state;
	world_done(world_admin(&w, "device.add", "tt", "fleet", "devices",
	    "name", "victim"));
	/* A wrong secret, and a right one for a name that is refused: whoever
	   holds it may claim any name. */
	world_refused(enroll(&other, "victim", "wrong", &by_new),
	    WIRE_UNAUTHENTICATED, "");
	device_free(&other);
	world_done(world_admin(&w, "device.disable", "t", "name", "victim"));
	world_refused(enroll(&other, "victim", secret, &by_new), WIRE_DENIED,
	    "device.disabled");
	device_free(&other);
	anchor_is("victim", "", 0);
	/* What cannot have been presented. */
	take(&d, enroll(&d, "honest", secret, NULL));
	world_refused(world_ask(&w, OPS_RA, "enroll", "tbb", "label", "devices",
			  "csr", "x", 1, "server_sha256", "short", 5),
	    WIRE_BADREQUEST, "32 octets");
	device_free(&d);
}

static void
a_refused_device_tells_as_well(void **state)
{
	struct device d;
	EVP_PKEY *key = world_key();

	(void)state;
	take(&d, enroll(&d, "wrong-name", secret, &by_old));
	/* Its certificate proves who it is; its request is refused. */
	world_refused(renew(&d, "another", key, &by_new), WIRE_DENIED, "");
	anchor_is("wrong-name", "root-g2", w.now);
	EVP_PKEY_free(key);
	device_free(&d);
}

static void
a_retry_tells_as_well(void **state)
{
	struct device d, next = {0};

	(void)state;
	take(&d, enroll(&d, "retry", secret, &by_old));
	next.key = world_key();
	take(&next, renew(&d, "retry", next.key, &by_both));
	anchor_is("retry", "root-g1", w.now);
	/* The answer was lost: the same again, elsewhere. */
	world_done(renew(&d, "retry", next.key, &by_new));
	anchor_is("retry", "root-g2", w.now);
	device_free(&d);
	device_free(&next);
}

/* ---- counting ---- */

static WIRE_ANSWER *
adoption(const char *list, int limit, const char *cursor)
{
	return world_admin(&w, "ca.adoption", "titt", "list", list, "limit",
	    limit, "cursor", cursor, "root", "root");
}

static int
is_listed(const WIRE_ANSWER *a, const char *name)
{
	size_t i, n = 0;

	for (i = 0; i < message_n_rows(a); i++)
		n += strcmp(field_text(message_row(a, i), "name", ""), name) ==
		    0;
	return n == 1;
}

static void
the_count(void **state)
{
	WIRE_ANSWER *a = world_admin(&w, "ca.adoption", "");
	const WIRE_FIELDS *row;

	(void)state;
	world_is(a, WIRE_OK);
	/* old; new mover wrong-name retry; both untold honest; victim is
	   disabled. */
	assert_string_equal(field_text(a->values, "root", ""), "root");
	assert_string_equal(field_text(a->values, "newest", ""), "root-g2");
	assert_int_equal(field_int(a->values, "devices", 0), 8);
	assert_int_equal(field_int(a->values, "used_newest", 0), 4);
	assert_int_equal(field_int(a->values, "not_known", 0), 4);
	assert_int_equal(message_n_rows(a), 2);
	row = message_row(a, 0);
	assert_string_equal(field_text(row, "fleet", ""), "devices");
	assert_string_equal(field_text(row, "anchor", ""), "root-g1");
	assert_int_equal(field_int(row, "used", -1), 1);
	assert_int_equal(field_int(row, "missing", -1), 3);
	row = message_row(a, 1);
	assert_string_equal(field_text(row, "anchor", ""), "root-g2");
	assert_int_equal(field_int(row, "used", -1), 4);
	assert_int_equal(field_int(row, "missing", -1), 4);
	assert_int_equal(field_time(row, "last", 0), w.now);
	WIRE_ANSWER_free(a);
}

static void
the_names(void **state)
{
	WIRE_ANSWER *a = adoption("missing", 500, "0");

	(void)state;
	world_is(a, WIRE_OK);
	assert_int_equal(message_n_rows(a), 4);
	assert_true(is_listed(a, "old") && is_listed(a, "both"));
	assert_false(is_listed(a, "victim"));
	WIRE_ANSWER_free(a);
	a = adoption("old", 500, "0");
	assert_int_equal(message_n_rows(a), 1);
	assert_true(is_listed(a, "old"));
	WIRE_ANSWER_free(a);
	a = adoption("none", 500, "0");
	assert_int_equal(message_n_rows(a), 3);
	assert_true(is_listed(a, "untold"));
	WIRE_ANSWER_free(a);
	a = adoption("new", 500, "0");
	assert_int_equal(message_n_rows(a), 4);
	assert_true(is_listed(a, "mover"));
	assert_string_equal(
	    field_text(message_row(a, 0), "anchor", ""), "root-g2");
	WIRE_ANSWER_free(a);
}

static void
by_pages(void **state)
{
	char cursor[64] = "0";
	size_t n = 0, pages = 0;
	WIRE_ANSWER *a;

	(void)state;
	do {
		a = adoption("missing", 3, cursor);
		world_is(a, WIRE_OK);
		n += message_n_rows(a);
		pages++;
		snprintf(cursor, sizeof(cursor), "%s",
		    message_next(a) == NULL ? "" : message_next(a));
		WIRE_ANSWER_free(a);
	} while (cursor[0] != '\0');
	assert_int_equal(n, 4);
	assert_int_equal(pages, 2);
}

static void
what_is_not_there(void **state)
{
	(void)state;
	world_refused(world_admin(&w, "ca.adoption", "t", "root", "devices"),
	    WIRE_NOTFOUND, "root");
	world_refused(world_admin(&w, "ca.adoption", "t", "fleet", "nobody"),
	    WIRE_NOTFOUND, "fleet");
	world_refused(world_admin(&w, "ca.adoption", "t", "list", "some"),
	    WIRE_BADREQUEST, "none of old, new");
	world_refused(
	    world_ask(&w, OPS_RA, "ca.adoption", ""), WIRE_DENIED, "");
	world_done(world_admin(&w, "ca.adoption", "t", "fleet", "devices"));
}

static int
another_root_tx(struct store_tx *tx, void *arg)
{
	int64_t id;

	return gen_issuer(tx, "second", ISSUER_ROOT, 0, arg, w.now, &id);
}

static void
of_several_roots_one_is_named(void **state)
{
	WIRE_ANSWER *a;

	(void)state;
	assert_true(
	    store_write(w.ca->store, another_root_tx, g.devices2, 0));
	world_refused(
	    world_admin(&w, "ca.adoption", ""), WIRE_BADREQUEST, "say which");
	world_done(world_admin(&w, "ca.adoption", "t", "root", "root"));
	a = world_admin(&w, "ca.adoption", "t", "root", "second");
	world_is(a, WIRE_OK);
	assert_int_equal(field_int(a->values, "not_known", 0), 8);
	WIRE_ANSWER_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_contact_tells),
	    cmocka_unit_test(forward_and_never_back),
	    cmocka_unit_test(who_is_not_proven_tells_nothing),
	    cmocka_unit_test(a_refused_device_tells_as_well),
	    cmocka_unit_test(a_retry_tells_as_well),
	    cmocka_unit_test(the_count),
	    cmocka_unit_test(the_names),
	    cmocka_unit_test(by_pages),
	    cmocka_unit_test(what_is_not_there),
	    cmocka_unit_test(of_several_roots_one_is_named),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
