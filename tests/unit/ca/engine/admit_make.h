#ifndef TESTS_UNIT_CA_ENGINE_ADMIT_MAKE_H
#define TESTS_UNIT_CA_ENGINE_ADMIT_MAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "profiles/error.h"
#include "ca/engine/stage.h"
#include "ca/store/records.h"

/*
 * A small world for admission: a real store in a folder of its own, a maker
 * with a root and an intermediate CA, our issuing CA, and a policy with the
 * fleets that a test names. Certificates of our own are signed here by OpenSSL
 * and stored as issuing does it (guard, reserve, record).
 */

#define NOW ((time_t)1800000000)
#define DAY 86400

static const char LDEVID_CONF[] =
    "name = \"device-ldevid\"; class = \"ldevid\";\n"
    "issued_by = [ \"est\", \"operator\" ]; issuer = \"devices\";\n"
    "key_types = [ \"ec-p256\", \"ec-p384\" ];\n"
    "validity: { duration = \"90d\"; backdate = \"5m\"; };\n"
    "subject = ( { attribute = \"serialNumber\"; from = \"identity.serial\";\n"
    "  optional = true; }, { attribute = \"CN\"; from = \"identity.cn\";\n"
    "  optional = true; } );\n"
    "san = ( { type = \"dns\"; from = \"csr.san\"; match =\n"
    "  \"{identity.device}.*\"; otherwise = \"ignore\"; optional = true;\n"
    "  max = 4; } );\n"
    "key_usage: { critical = true; bits = [ \"digitalSignature\" ]; };\n"
    "extended_key_usage: { purposes = [ \"clientAuth\" ]; };\n";

/* For operators only, with fields of the request. */
static const char SERVER_CONF[] =
    "name = \"server\"; class = \"code-signing\";\n"
    "issued_by = [ \"operator\" ]; issuer = \"devices\";\n"
    "key_types = [ \"ec-p256\" ];\n"
    "validity: { duration = \"90d\"; };\n"
    "subject = ( { attribute = \"CN\"; from = \"identity.cn\"; },\n"
    "  { attribute = \"O\"; from = \"request.org\"; optional = true; } );\n"
    "key_usage: { critical = true; bits = [ \"digitalSignature\" ]; };\n"
    "extended_key_usage: { purposes = [ \"codeSigning\" ]; };\n";

struct make_spec {		/* a certificate to be made */
	const char *subject;	/* "serialNumber=x/CN=y" */
	X509 *issuer;		/* NULL: self-signed */
	EVP_PKEY *issuer_key, *key;
	int64_t from, to;	/* 0: NOW - 1 day, NOW + 90 days */
	const char *bc, *ku, *eku, *san;	/* NULL: absent */
};

struct world {
	char dir[64];
	struct store *store;
	struct policy *policy;
	struct admit_env env;
	EVP_PKEY *key[4];	/* of devices */
	EVP_PKEY *maker_key, *sub_key, *our_key;
	X509 *maker, *sub, *ours;
	unsigned char own[1][32];
	int64_t issuer;		/* row of our CA */
	unsigned serial;
	struct outcome o;
	struct admission *a;
	struct enrol_request req;
	unsigned char *csr, *leaf, *mid;	/* what req borrows */
	char trace[4096];
};

static inline X509_NAME *
make_name(const char *text)
{
	X509_NAME *n = X509_NAME_new();
	char copy[256], *p = copy, *part, *eq;

	snprintf(copy, sizeof(copy), "%s", text);
	while ((part = strsep(&p, "/")) != NULL) {
		if ((eq = strchr(part, '=')) == NULL)
			continue;
		*eq = '\0';
		assert_int_equal(X509_NAME_add_entry_by_txt(n, part,
		    MBSTRING_UTF8, (unsigned char *)eq + 1, -1, -1, 0), 1);
	}
	return n;
}

static inline void
add_ext(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *e;
	X509V3_CTX ctx;

	if (value == NULL)
		return;
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(cert, e, -1), 1);
	X509_EXTENSION_free(e);
}

static inline X509 *
make_cert(const struct make_spec *s, unsigned serial)
{
	X509_NAME *n = make_name(s->subject);
	X509 *cert = X509_new();

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), (long)serial);
	X509_set_subject_name(cert, n);
	X509_set_issuer_name(cert, s->issuer == NULL ? n :
	    X509_get_subject_name(s->issuer));
	ASN1_TIME_set(X509_getm_notBefore(cert),
	    s->from != 0 ? s->from : NOW - DAY);
	ASN1_TIME_set(X509_getm_notAfter(cert),
	    s->to != 0 ? s->to : NOW + 90 * DAY);
	X509_set_pubkey(cert, s->key);
	add_ext(cert, s->issuer, NID_basic_constraints, s->bc);
	add_ext(cert, s->issuer, NID_key_usage, s->ku);
	add_ext(cert, s->issuer, NID_ext_key_usage, s->eku);
	add_ext(cert, s->issuer, NID_subject_alt_name, s->san);
	assert_true(X509_sign(cert, s->issuer_key, EVP_sha256()) > 0);
	X509_NAME_free(n);
	return cert;
}

static inline unsigned char *
make_der(X509 *cert, size_t *len)
{
	unsigned char *der = NULL;
	int n = i2d_X509(cert, &der);

	assert_true(n > 0);
	*len = (size_t)n;
	return der;
}

static inline unsigned char *
make_csr(EVP_PKEY *key, const char *subject, const char *san,
    const char *challenge, size_t *len)
{
	STACK_OF(X509_EXTENSION) *exts = sk_X509_EXTENSION_new_null();
	X509_REQ *req = X509_REQ_new();
	X509_NAME *n = make_name(subject);
	unsigned char *der = NULL;
	int k;

	X509_REQ_set_version(req, 0);
	X509_REQ_set_subject_name(req, n);
	X509_REQ_set_pubkey(req, key);
	if (san != NULL) {
		sk_X509_EXTENSION_push(exts, X509V3_EXT_conf_nid(NULL, NULL,
		    NID_subject_alt_name, san));
		X509_REQ_add_extensions(req, exts);
	}
	if (challenge != NULL)
		X509_REQ_add1_attr_by_NID(req, NID_pkcs9_challengePassword,
		    MBSTRING_ASC, (const unsigned char *)challenge, -1);
	assert_true(X509_REQ_sign(req, key, EVP_sha256()) > 0);
	k = i2d_X509_REQ(req, &der);
	assert_true(k > 0);
	*len = (size_t)k;
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	X509_REQ_free(req);
	X509_NAME_free(n);
	return der;
}

static inline char *
make_pem(X509 *cert)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *p, *out;
	long n;

	PEM_write_bio_X509(b, cert);
	n = BIO_get_mem_data(b, &p);
	out = OPENSSL_strndup(p, (size_t)n);
	BIO_free(b);
	return out;
}

/* --- the policy --- */

static inline void
put_file(struct policy_file *f, const char *path, const char *text)
{
	snprintf(f->path, sizeof(f->path), "%s", path);
	f->text = (char *)text;
	f->len = strlen(text);
}

/*
 * A fleet named ${name} with that label; ${rules} are further lines, and
 * replace the defaults below where they begin with the same word.
 */
static inline char *
fleet_text(const char *name, const char *rules)
{
	static const char *const dflt[] = {
	    "profile = \"device-ldevid\";\n",
	    "authenticate: { manufacturers = ( { name = \"maker\"; anchors ="
	    " \"maker.pem\"; depth = 3; device_from = \"serialNumber\"; } );"
	    " basic = true; own_certificate = true; };\n",
	    "registration = \"just-in-time\";\n",
	    "names = [ \"*\" ];\n",
	    "re_enrol = \"allow\";\n"};
	char *out = calloc(1, 4096), word[32];
	size_t i;

	snprintf(out, 4096, "name = \"%s\"; label = \"%s\";\n", name, name);
	for (i = 0; i < sizeof(dflt) / sizeof(dflt[0]); i++) {
		snprintf(word, sizeof(word), "%.*s",
		    (int)strcspn(dflt[i], " :"), dflt[i]);
		if (strstr(rules, word) == NULL)
			strcat(out, dflt[i]);
	}
	strcat(out, rules);
	return out;
}

/* Compile with one fleet "f" of these rules, and a plain fleet "g". */
static inline struct policy *
world_compile(struct world *w, const char *rules)
{
	char *pem = make_pem(w->maker), *f = fleet_text("f", rules);
	char *g = fleet_text("g", "default = true;\n");
	struct policy_file files[5];
	struct policy *p;

	put_file(&files[0], "fleets/f.conf", f);
	put_file(&files[1], "fleets/g.conf", g);
	put_file(&files[2], "fleets/maker.pem", pem);
	put_file(&files[3], "profiles/device-ldevid.conf", LDEVID_CONF);
	put_file(&files[4], "profiles/server.conf", SERVER_CONF);
	p = policy_compile(files, 5);
	if (p != NULL)
		p->row.version = 1;
	OPENSSL_free(pem);
	free(f);
	free(g);
	return p;
}

/* Judge by a fleet "f" of these rules from here on. */
static inline void
world_rules(struct world *w, const char *rules)
{
	policy_put(w->policy);
	w->policy = world_compile(w, rules);
	if (w->policy == NULL)
		ERR_print_errors_fp(stderr);
	assert_non_null(w->policy);
	w->env.policy = w->policy;
}

/* --- the store --- */

static inline int
add_issuer_tx(struct store_tx *tx, void *arg)
{
	struct world *w = arg;
	struct issuer_row r;
	size_t len;
	int ok;

	memset(&r, 0, sizeof(r));
	strcpy(r.name, "devices");
	strcpy(r.ident, "devices-g1");
	r.generation = 1;
	r.state = ISSUER_ACTIVE;
	r.crl_lifetime = r.crl_interval = DAY;
	r.not_before = NOW - DAY;
	r.not_after = NOW + 3650LL * DAY;
	r.cert = make_der(w->ours, &len);
	r.cert_len = len;
	ok = issuers_add(tx, &r);
	w->issuer = r.id;
	OPENSSL_free(r.cert);
	return ok;
}

static inline void
collect(void *arg, const char *stage, const char *verdict, const char *rule,
    const char *field, const char *text)
{
	struct world *w = arg;
	size_t n = strlen(w->trace);

	assert_non_null(text);
	snprintf(w->trace + n, sizeof(w->trace) - n, "%s/%s/%s/%s\n", stage,
	    verdict, rule, field);
}

static inline void
make_makers(struct world *w)
{
	struct make_spec root = {.subject = "CN=Maker Root", .key =
	    w->maker_key, .issuer_key = w->maker_key, .bc = "critical,CA:TRUE",
	    .to = NOW + 3650LL * DAY};
	struct make_spec sub = {.subject = "CN=Maker Sub", .key = w->sub_key,
	    .bc = "critical,CA:TRUE", .to = NOW + 3650LL * DAY};
	struct make_spec ours = {.subject = "CN=Our CA", .key = w->our_key,
	    .issuer_key = w->our_key, .bc = "critical,CA:TRUE", .to = NOW +
	    3650LL * DAY};

	w->maker = make_cert(&root, 1);
	sub.issuer = w->maker;
	sub.issuer_key = w->maker_key;
	w->sub = make_cert(&sub, 2);
	w->ours = make_cert(&ours, 3);
	assert_int_equal(X509_digest(w->ours, EVP_sha256(), w->own[0], NULL),
	    1);
}

static inline int
world_setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct store_config cfg = {.mode = STORE_CREATE, .now = NOW};
	char path[128];
	size_t i;

	strcpy(w->dir, "/tmp/inkan-admit-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(path, sizeof(path), "%s/store.db", w->dir);
	cfg.path = path;
	w->store = store_open(&cfg);
	if (w->store == NULL)
		ERR_print_errors_fp(stderr);
	assert_non_null(w->store);
	for (i = 0; i < 4; i++)
		w->key[i] = EVP_EC_gen("P-256");
	w->maker_key = EVP_EC_gen("P-256");
	w->sub_key = EVP_EC_gen("P-256");
	w->our_key = EVP_EC_gen("P-256");
	make_makers(w);
	w->serial = 100;
	assert_int_equal(store_write(w->store, add_issuer_tx, w, 0), 1);
	w->env.store = w->store;
	w->env.limits = auth_limits_new();
	w->env.own_roots = (const unsigned char (*)[32])w->own;
	w->env.n_own_roots = 1;
	w->env.now = NOW;
	w->env.trace = collect;
	w->env.trace_arg = w;
	world_rules(w, "");
	w->req.label = "f";
	w->req.address = "192.0.2.1";
	w->req.requester = "ra:uid:1";
	*state = w;
	return 0;
}

static inline int
world_teardown(void **state)
{
	struct world *w = *state;
	char cmd[128];
	size_t i;

	ERR_clear_error();
	admit_free(w->a);
	policy_put(w->policy);
	auth_limits_free(w->env.limits);
	store_close(w->store);
	for (i = 0; i < 4; i++)
		EVP_PKEY_free(w->key[i]);
	EVP_PKEY_free(w->maker_key);
	EVP_PKEY_free(w->sub_key);
	EVP_PKEY_free(w->our_key);
	X509_free(w->maker);
	X509_free(w->sub);
	X509_free(w->ours);
	OPENSSL_free(w->csr);
	OPENSSL_free(w->leaf);
	OPENSSL_free(w->mid);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", w->dir);
	if (system(cmd) != 0)
		fprintf(stderr, "%s stays behind\n", w->dir);
	free(w);
	return 0;
}

/* --- requests --- */

static inline void
use_csr(struct world *w, EVP_PKEY *key, const char *subject, const char *san,
    const char *challenge)
{
	OPENSSL_free(w->csr);
	w->csr = make_csr(key, subject, san, challenge, &w->req.csr_len);
	w->req.csr = w->csr;
}

static inline void
use_leaf(struct world *w, X509 *cert)	/* taken over */
{
	OPENSSL_free(w->leaf);
	w->leaf = make_der(cert, &w->req.chain_len[0]);
	w->req.chain[0] = w->leaf;
	if (w->req.n_chain == 0)
		w->req.n_chain = 1;
	X509_free(cert);
}

static inline void
use_mid(struct world *w, X509 *cert)	/* borrowed */
{
	OPENSSL_free(w->mid);
	w->mid = make_der(cert, &w->req.chain_len[1]);
	w->req.chain[1] = w->mid;
	w->req.n_chain = 2;
}

static inline void
use_basic(struct world *w, const char *user, const char *secret)
{
	w->req.user = user;
	w->req.secret = secret;
	w->req.n_chain = 0;
}

/* A maker's certificate of that device, on key 3. */
static inline void
use_maker(struct world *w, const char *device)
{
	struct make_spec s = {.issuer = w->maker, .issuer_key = w->maker_key,
	    .key = w->key[3]};
	char subject[128];

	snprintf(subject, sizeof(subject), "O=Maker/serialNumber=%s", device);
	s.subject = subject;
	w->req.n_chain = 0;
	w->req.user = NULL;
	use_leaf(w, make_cert(&s, ++w->serial));
}

static inline int
enrol(struct world *w)
{
	ERR_clear_error();
	admit_free(w->a);
	w->a = NULL;
	w->trace[0] = '\0';
	return admit_enrol(&w->env, &w->req, &w->a, &w->o);
}

static inline void
expect_ok_at(struct world *w, const char *file, int line)
{
	if (enrol(w))
		return;
	print_error("%s:%d: refused: %s %s %s: %s\n", file, line, w->o.stage,
	    w->o.rule, w->o.field, w->o.text);
	ERR_print_errors_fp(stderr);
	fail();
}

static inline void
expect_refused_at(struct world *w, int ok, int status, const char *stage,
    const char *rule, const char *file, int line)
{
	if (ok)
		print_error("%s:%d: admitted\n", file, line);
	else if (w->o.status != (enum wire_status)status ||
	    strcmp(w->o.stage, stage) != 0 || strcmp(w->o.rule, rule) != 0)
		print_error("%s:%d: got %d %s %s (%s): %s\n", file, line,
		    w->o.status, w->o.stage, w->o.rule, w->o.field, w->o.text);
	else if (w->o.text[0] == '\0' || strchr(w->o.text, '\n') != NULL)
		print_error("%s:%d: text \"%s\"\n", file, line, w->o.text);
	else
		return;
	fail();
}

/* A test in a world of its own. */
#define world_test(f)                                                          \
	cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

#define expect_ok(w) expect_ok_at(w, __FILE__, __LINE__)
#define expect_refused(w, status, stage, rule)                                 \
	expect_refused_at(w, enrol(w), status, stage, rule, __FILE__, __LINE__)

/* --- issuing, as the engine does it --- */

struct issuing {
	struct world *w;
	struct admission *a;
	struct cert_row row;
	unsigned char *der;
	size_t len;
};

static inline int
reserve_tx(struct store_tx *tx, void *arg)
{
	struct issuing *i = arg;

	return admit_guard(tx, i->a, &i->row, i->w->env.now) &&
	    certs_reserve(tx, &i->row);
}

static inline int
record_tx(struct store_tx *tx, void *arg)
{
	struct issuing *i = arg;

	return certs_record(tx, i->row.id, i->der, i->len, i->w->env.now);
}

static inline void
fill_row(struct world *w, const struct admission *a, struct cert_row *row)
{
	memset(row, 0, sizeof(*row));
	row->issuer = w->issuer;
	strcpy(row->issuer_ident, "devices-g1");
	row->serial_len = 20;
	row->serial[0] = 0x40;
	assert_int_equal(RAND_bytes(row->serial + 1, 19), 1);
	row->state = CERT_RESERVED;
	row->reason = CERT_REASON_NONE;
	row->not_before = w->env.now - 300;
	row->not_after = w->env.now + 90 * DAY;
	strcpy(row->profile, a->profile->name);
	row->policy_version = 1;
	snprintf(row->fleet, sizeof(row->fleet), "%s",
	    a->fleet != NULL ? a->fleet->name : "");
	snprintf(row->device, sizeof(row->device), "%s", a->device);
	snprintf(row->auth, sizeof(row->auth), "%s", a->auth);
	memcpy(row->spki_sha256, csr_spki_sha256(a->csr), 32);
	row->predecessor = a->renewal ? a->predecessor.id : 0;
	row->reserved_at = w->env.now;
}

/* Reserve what was admitted; 0 raised. */
static inline int
reserve(struct world *w, struct admission *a, struct cert_row *row)
{
	struct issuing i = {.w = w, .a = a};

	fill_row(w, a, &i.row);
	if (!store_write(w->store, reserve_tx, &i, 0))
		return 0;
	*row = i.row;
	return 1;
}

/* Finish a reservation with a certificate on ${key}. */
static inline unsigned char *
record(struct world *w, const struct cert_row *row, EVP_PKEY *key,
    const char *subject, const char *san, size_t *len)
{
	struct make_spec s = {.subject = subject, .issuer = w->ours,
	    .issuer_key = w->our_key, .key = key, .san = san, .from =
	    row->not_before, .to = row->not_after};
	X509 *cert = make_cert(&s, ++w->serial);
	struct issuing i = {.w = w, .row = *row};

	i.der = make_der(cert, &i.len);
	X509_free(cert);
	assert_int_equal(store_write(w->store, record_tx, &i, 0), 1);
	*len = i.len;
	return i.der;
}

static inline void
use_own(struct world *w, unsigned char *der, size_t len)	/* taken over */
{
	OPENSSL_free(w->leaf);
	w->leaf = der;
	w->req.chain[0] = der;
	w->req.chain_len[0] = len;
	w->req.n_chain = 1;
	w->req.user = NULL;
}

/* Enrol device ${name} on ${key} by a maker's certificate; the certificate
   issued is then the client's. Returns its row. */
static inline int64_t
enrolled(struct world *w, const char *name, EVP_PKEY *key, const char *san)
{
	char subject[128];
	struct cert_row row;
	unsigned char *der;
	size_t len;

	snprintf(subject, sizeof(subject), "serialNumber=%s", name);
	w->req.renew = 0;
	use_maker(w, name);
	use_csr(w, key, subject, san, NULL);
	expect_ok(w);
	assert_int_equal(reserve(w, w->a, &row), 1);
	der = record(w, &row, key, subject, san, &len);
	use_own(w, der, len);
	return row.id;
}

/* --- changes to the store --- */

struct change {
	struct device_row device;
	struct secret_row secret;
	struct cert_row cert;
	int64_t id;
	int to, found;
	const char *name, *value;
	unsigned char md[32];
};

static inline int
add_device_tx(struct store_tx *tx, void *arg)
{
	struct change *c = arg;

	return devices_add(tx, &c->device) && (c->name == NULL ||
	    devices_set_field(tx, c->device.id, c->name, c->value));
}

static inline int64_t
add_device(struct world *w, const char *fleet, const char *name,
    EVP_PKEY *pin)
{
	struct change c;
	unsigned char *spki = NULL;
	size_t len;

	memset(&c, 0, sizeof(c));
	snprintf(c.device.fleet, sizeof(c.device.fleet), "%s", fleet);
	snprintf(c.device.name, sizeof(c.device.name), "%s", name);
	strcpy(c.device.origin, "operator:0");
	strcpy(c.device.serial, "SN-9");
	c.name = "model";
	c.value = "X1";
	c.device.state = DEVICE_ENABLED;
	c.device.created = NOW;
	if (pin != NULL) {
		assert_int_equal(spki_from_pkey(pin, &spki, &len), 1);
		SHA256(spki, len, c.device.key_sha256);
		c.device.has_key = 1;
		OPENSSL_free(spki);
	}
	assert_int_equal(store_write(w->store, add_device_tx, &c, 0), 1);
	return c.device.id;
}

static inline int
device_state_tx(struct store_tx *tx, void *arg)
{
	struct change *c = arg;

	return devices_set_state(tx, c->id, (enum device_state)c->to, "test");
}

static inline void
set_device(struct world *w, int64_t id, enum device_state to)
{
	struct change c = {.id = id, .to = (int)to};

	assert_int_equal(store_write(w->store, device_state_tx, &c, 0), 1);
}

static inline int
get_device_tx(struct store_tx *tx, void *arg)
{
	struct change *c = arg;

	c->found = devices_get(tx, c->name, c->value, &c->device);
	return c->found >= 0;
}

/* 1 when it exists. */
static inline int
get_device(struct world *w, const char *fleet, const char *name,
    struct device_row *out)
{
	struct change c = {.name = fleet, .value = name};

	assert_int_equal(store_read(w->store, get_device_tx, &c), 1);
	*out = c.device;
	return c.found;
}

static inline int
cert_state_tx(struct store_tx *tx, void *arg)
{
	struct change *c = arg;

	return certs_set_state(tx, c->id, (enum cert_state)c->to,
	    c->to == CERT_ABORTED ? CERT_REASON_NONE : c->to == CERT_HELD ?
	    6 : 0, NOW);
}

static inline void
set_cert(struct world *w, int64_t id, enum cert_state to)
{
	struct change c = {.id = id, .to = (int)to};

	assert_int_equal(store_write(w->store, cert_state_tx, &c, 0), 1);
}

static inline int
block_tx(struct store_tx *tx, void *arg)
{
	struct change *c = arg;

	return certs_block_key(tx, c->md, NOW, "test");
}

static inline void
block_key(struct world *w, EVP_PKEY *key)
{
	struct change c;
	unsigned char *spki = NULL;
	size_t len;

	assert_int_equal(spki_from_pkey(key, &spki, &len), 1);
	SHA256(spki, len, c.md);
	OPENSSL_free(spki);
	assert_int_equal(store_write(w->store, block_tx, &c, 0), 1);
}

static inline int
add_secret_tx(struct store_tx *tx, void *arg)
{
	struct change *c = arg;

	return secrets_add(tx, &c->secret);
}

/* A secret of ours for ${user}; its text into ${out} (64 octets). */
static inline int64_t
add_secret(struct world *w, const char *user, const char *fleets,
    const char *device, int reusable, char out[64])
{
	struct change c;

	memset(&c, 0, sizeof(c));
	snprintf(c.secret.user, sizeof(c.secret.user), "%s", user);
	snprintf(c.secret.fleets, sizeof(c.secret.fleets), "%s", fleets);
	snprintf(c.secret.device, sizeof(c.secret.device), "%s", device);
	c.secret.reusable = reusable;
	c.secret.created = NOW;
	c.secret.expires = NOW + DAY;
	assert_int_equal(auth_secret_make(&c.secret, NULL, out, 64), 1);
	assert_int_equal(store_write(w->store, add_secret_tx, &c, 0), 1);
	return c.secret.id;
}

static inline const char *
field_of(const struct admission *a, const char *name)
{
	size_t i;

	for (i = 0; i < a->n_fields; i++)
		if (strcmp(a->fields[i].name, name) == 0)
			return a->fields[i].value;
	return "(absent)";
}

#endif
