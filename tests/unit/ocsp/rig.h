#ifndef INKAN_TEST_OCSP_RIG_H
#define INKAN_TEST_OCSP_RIG_H

/* A responder with a real status.db and software keys, in a folder of its
   own; and on demand the HTTP server over it. Included after cmocka.h. */

#include <sys/resource.h>
#include <time.h>
#include "ocsp/error.h"
#include "ocsp/follow.h"
#include "ocsp/responder.h"
#include "ocsp/server.h"
#include "tests/unit/ocsp/pki.h"

#define RIG_CA 7 /* ids in status.db */
#define RIG_ROOT 3

struct rig {
	char dir[128], db[256];
	struct pki pki;
	struct settings set;
	struct status_writer *writer;
	int64_t change;
	struct counters counters;
	struct cache *cache;
	struct readers *readers;
	struct state *state;
	struct delegates *delegates;
	struct presigned *presigned;
	struct files *files;
	struct follow *follow;
	struct responder responder;
	struct server *server;
	time_t now;
};

static const unsigned char rig_good[] = {0x4a, 1}, rig_revoked[] = {0x4a, 2},
			   rig_held[] = {0x4a, 3}, rig_never[] = {0x4a, 9},
			   rig_plain[] = {0x4a, 4};

static inline void
rig_put(struct rig *r, int64_t issuer, const unsigned char *serial, size_t len,
    enum status_state state, int reason)
{
	struct status_cert c = {.issuer = issuer,
	    .serial_len = len,
	    .state = state,
	    .reason = reason,
	    .revoked_at = state == STATUS_GOOD ? 0 : r->now - 500,
	    .not_after = r->now + 864000,
	    .change = ++r->change};

	memcpy(c.serial, serial, len);
	assert_true(status_begin(r->writer));
	assert_true(status_put_cert(r->writer, &c));
	assert_true(status_commit(r->writer, r->change, r->now - 5));
}

static inline void
rig_put_issuer(
    struct rig *r, int64_t id, const char *ident, int is_root, X509 *cert)
{
	struct status_issuer i = {.id = id, .is_root = is_root};
	int len;

	snprintf(i.ident, sizeof(i.ident), "%s", ident);
	len = i2d_X509(cert, &i.cert);
	i.cert_len = (size_t)len;
	assert_true(status_begin(r->writer));
	assert_true(status_put_issuer(r->writer, &i));
	assert_true(status_commit(r->writer, ++r->change, r->now - 5));
	OPENSSL_free(i.cert);
}

static inline void
rig_fill(struct rig *r)
{
	rig_put_issuer(r, RIG_ROOT, "root-g1", 1, r->pki.root);
	rig_put_issuer(r, RIG_CA, "devices-g1", 0, r->pki.ca);
	rig_put(
	    r, RIG_ROOT, pki_ca_serial, sizeof(pki_ca_serial), STATUS_GOOD, -1);
	rig_put(r, RIG_CA, rig_good, 2, STATUS_GOOD, -1);
	rig_put(r, RIG_CA, rig_revoked, 2, STATUS_REVOKED, 1);
	rig_put(r, RIG_CA, rig_held, 2, STATUS_HELD, 6);
	rig_put(r, RIG_CA, rig_plain, 2, STATUS_REVOKED, 0);
}

static inline void
rig_settings(struct rig *r)
{
	struct settings *s = &r->set;

	s->status_db = r->db;
	s->publish_dir = r->dir;
	s->n_listen = 1;
	strcpy(s->listen[0].host, "127.0.0.1");
	strcpy(s->listen[0].port, "0");
	s->n_delegates = 1;
	s->delegates[0].issuer = "devices-g1";
	s->delegates[0].certificate = "/nonexistent";
	s->validity = 3600;
	s->unknown_validity = 300;
	s->refresh = 900;
	s->max_stale = 86400;
	s->request_timeout = 10;
	s->idle_timeout = 60;
	s->crl_max_age = 3600;
	s->threads = 2;
	s->max_request = 65536;
	s->max_certids = 100;
	s->max_connections = 64;
	s->max_cache = 1000;
	s->policy.nonce = s->delegates[0].policy.nonce = POLICY_NONCE_ACCEPT;
}

/* The delegate, as if it had been loaded from token and file. */
static inline void
rig_delegate(struct rig *r)
{
	struct view *view = state_view(r->state);
	struct signer *signer;

	EVP_PKEY_up_ref(r->pki.ocsp_key);
	signer = signer_new(r->pki.ocsp_key, r->pki.ocsp, r->pki.ca);
	assert_non_null(signer);
	delegates_set(
	    r->delegates, view_find_ident(view, "devices-g1"), signer);
	view_free(view);
}

static inline void
rig_wire(struct rig *r)
{
	counters_init(&r->counters);
	r->cache = cache_new(r->set.max_cache);
	r->readers = readers_new(r->db);
	r->state = state_new();
	r->delegates = delegates_new(&r->set, NULL);
	r->presigned = presigned_new(r->dir);
	r->files = files_new(r->dir, r->set.crl_max_age);
	r->follow = follow_new(r->db, r->readers, r->state, r->cache);
	r->responder = (struct responder){.set = &r->set,
	    .state = r->state,
	    .readers = r->readers,
	    .cache = r->cache,
	    .delegates = r->delegates,
	    .presigned = r->presigned,
	    .counters = &r->counters};
}

static inline struct rig *
rig_make(void)
{
	struct rig *r = calloc(1, sizeof(*r));

	r->now = time(NULL);
	pki_folder(r->dir, sizeof(r->dir));
	pki_mkdir(r->dir, "crl");
	pki_mkdir(r->dir, "ca");
	pki_mkdir(r->dir, "ocsp");
	pki_mkdir(r->dir, "ocsp/root-g1");
	snprintf(r->db, sizeof(r->db), "%s/status.db", r->dir);
	pki_make(&r->pki);
	rig_settings(r);
	assert_non_null(r->writer = status_writer_open(r->db));
	rig_fill(r);
	rig_wire(r);
	assert_true(follow_step(r->follow));
	rig_delegate(r);
	return r;
}

static inline void
rig_free(struct rig *r)
{
	server_stop(r->server, 2);
	follow_free(r->follow);
	files_free(r->files);
	presigned_free(r->presigned);
	delegates_free(r->delegates);
	state_free(r->state);
	readers_free(r->readers);
	cache_free(r->cache);
	status_writer_close(r->writer);
	pki_clear(&r->pki);
	pki_remove(r->dir);
	free(r);
}

/* The root's answer about ${serial}, as a ceremony would write it: signed by
   the root itself, by SHA-1 and SHA-256. */
static inline void
rig_presign(struct rig *r, const char *name, const unsigned char *serial,
    size_t len, EVP_PKEY *key, long from, long to)
{
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	OCSP_RESPONSE *response;
	ASN1_TIME *a = X509_gmtime_adj(NULL, from),
		  *b = X509_gmtime_adj(NULL, to);
	OCSP_CERTID *id[2] = {pki_certid(r->pki.root, serial, len, EVP_sha1()),
	    pki_certid(r->pki.root, serial, len, EVP_sha256())};
	unsigned char *der = NULL;
	char path[512];
	int i, n;

	for (i = 0; i < 2; i++) {
		assert_non_null(OCSP_basic_add1_status(
		    basic, id[i], V_OCSP_CERTSTATUS_GOOD, 0, NULL, a, b));
		OCSP_CERTID_free(id[i]);
	}
	assert_int_equal(OCSP_basic_sign(basic, r->pki.root, key, EVP_sha256(),
			     NULL, OCSP_RESPID_KEY | OCSP_NOCERTS),
	    1);
	response = OCSP_response_create(0, basic);
	n = i2d_OCSP_RESPONSE(response, &der);
	snprintf(path, sizeof(path), "%s/ocsp/root-g1/%s", r->dir, name);
	pki_write(path, der, (size_t)n);
	OPENSSL_free(der);
	ASN1_TIME_free(a);
	ASN1_TIME_free(b);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
}

static inline void
rig_poll_presigned(struct rig *r)
{
	struct view *view = state_view(r->state);

	presigned_poll(r->presigned, view, 0);
	view_free(view);
}

/* A CRL of the CA with this much time left, into crl/${name}. */
static inline void
rig_crl(struct rig *r, const char *name, long from, long to)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *a = X509_gmtime_adj(NULL, from),
		  *b = X509_gmtime_adj(NULL, to);
	unsigned char *der = NULL;
	char path[512];
	int n;

	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(r->pki.ca));
	X509_CRL_set1_lastUpdate(crl, a);
	X509_CRL_set1_nextUpdate(crl, b);
	assert_true(X509_CRL_sign(crl, r->pki.ca_key, EVP_sha256()) > 0);
	n = i2d_X509_CRL(crl, &der);
	snprintf(path, sizeof(path), "%s/crl/%s", r->dir, name);
	pki_write(path, der, (size_t)n);
	OPENSSL_free(der);
	ASN1_TIME_free(a);
	ASN1_TIME_free(b);
	X509_CRL_free(crl);
}

/* As if all descriptors but ${n} were taken. */
static inline void
rig_descriptors(int n, struct rlimit *was)
{
	struct rlimit few;
	int fd = dup(0);

	assert_int_equal(getrlimit(RLIMIT_NOFILE, was), 0);
	few = *was;
	few.rlim_cur = (rlim_t)(fd + n);
	close(fd);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
}

static inline void
rig_serve(struct rig *r)
{
	r->server =
	    server_new(&r->set, &r->responder, r->files, &r->counters);
	assert_non_null(r->server);
	assert_int_equal(server_start(r->server), 1);
}

#endif
