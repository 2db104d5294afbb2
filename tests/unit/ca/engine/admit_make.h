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
#include "ca/engine/facts.h"
#include "ca/engine/stage.h"
#include "ca/store/facts.h"
#include "ca/store/records.h"
#include "tests/unit/ca/engine/admit_cert.h"

/*
 * A small world for admission: a real store in a folder of its own, a maker
 * with a root and an intermediate CA, our issuing CA, and a policy with the
 * fleets that a test names. Certificates of our own are signed here by OpenSSL
 * and stored as issuing does it (guard, reserve, record).
 */

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

/* Of keys that attest. */
static const char AK_CONF[] =
    "name = \"ak\"; class = \"attestation\";\n"
    "issued_by = [ \"est\" ]; issuer = \"devices\";\n"
    "key_types = [ \"ec-p256\" ]; validity: { duration = \"90d\"; };\n"
    "subject = ( { attribute = \"CN\"; from = \"identity.cn\"; } );\n"
    "key_usage: { critical = true; bits = [ \"digitalSignature\" ]; };\n";

struct world {
	char dir[64];
	struct store *store;
	struct policy *policy;
	struct admit_env env;
	EVP_PKEY *key[4]; /* of devices */
	EVP_PKEY *maker_key, *sub_key, *our_key;
	X509 *maker, *sub, *ours;
	unsigned char own[1][32];
	int64_t issuer; /* row of our CA */
	unsigned serial;
	struct outcome o;
	struct admission *a;
	struct enrol_request req;
	unsigned char *csr, *leaf, *mid; /* what req borrows */
	char trace[4096];
	int keeps_facts; /* with each certificate, as issuing does it */
};

/* --- the policy --- */

/* Compile with one fleet "f" of these rules, and a plain fleet "g". */
static inline struct policy *
world_compile(struct world *w, const char *rules)
{
	char *pem = make_pem(w->maker), *f = fleet_text("f", rules);
	char *g = fleet_text("g", "default = true;\n");
	struct policy_file files[6];
	struct policy *p;

	put_file(&files[0], "fleets/f.conf", f);
	put_file(&files[1], "fleets/g.conf", g);
	put_file(&files[2], "fleets/maker.pem", pem);
	put_file(&files[3], "profiles/device-ldevid.conf", LDEVID_CONF);
	put_file(&files[4], "profiles/server.conf", SERVER_CONF);
	put_file(&files[5], "profiles/ak.conf", AK_CONF);
	p = policy_compile(files, 6);
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
	struct make_spec root = {.subject = "CN=Maker Root",
	    .key = w->maker_key,
	    .issuer_key = w->maker_key,
	    .bc = "critical,CA:TRUE",
	    .to = NOW + 3650LL * DAY};
	struct make_spec sub = {.subject = "CN=Maker Sub",
	    .key = w->sub_key,
	    .bc = "critical,CA:TRUE",
	    .to = NOW + 3650LL * DAY};
	struct make_spec ours = {.subject = "CN=Our CA",
	    .key = w->our_key,
	    .issuer_key = w->our_key,
	    .bc = "critical,CA:TRUE",
	    .to = NOW + 3650LL * DAY};

	w->maker = make_cert(&root, 1);
	sub.issuer = w->maker;
	sub.issuer_key = w->maker_key;
	w->sub = make_cert(&sub, 2);
	w->ours = make_cert(&ours, 3);
	assert_int_equal(
	    X509_digest(w->ours, EVP_sha256(), w->own[0], NULL), 1);
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
	w->env.own_roots = (const unsigned char(*)[32])w->own;
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
use_leaf(struct world *w, X509 *cert) /* taken over */
{
	OPENSSL_free(w->leaf);
	w->leaf = make_der(cert, &w->req.chain_len[0]);
	w->req.chain[0] = w->leaf;
	if (w->req.n_chain == 0)
		w->req.n_chain = 1;
	X509_free(cert);
}

static inline void
use_mid(struct world *w, X509 *cert) /* borrowed */
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
	struct make_spec s = {
	    .issuer = w->maker, .issuer_key = w->maker_key, .key = w->key[3]};
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
	    certs_reserve(tx, &i->row) &&
	    (!i->w->keeps_facts || (facts_make(i->a) &&
		facts_add(tx, i->row.id, i->a->facts, i->a->facts_len)));
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
	struct make_spec s = {.subject = subject,
	    .issuer = w->ours,
	    .issuer_key = w->our_key,
	    .key = key,
	    .san = san,
	    .from = row->not_before,
	    .to = row->not_after};
	X509 *cert = make_cert(&s, ++w->serial);
	struct issuing i = {.w = w, .row = *row};

	i.der = make_der(cert, &i.len);
	X509_free(cert);
	assert_int_equal(store_write(w->store, record_tx, &i, 0), 1);
	*len = i.len;
	return i.der;
}

static inline void
use_own(struct world *w, unsigned char *der, size_t len) /* taken over */
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

#endif
