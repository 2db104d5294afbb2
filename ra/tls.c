#include <pthread.h>
#include <string.h>

#include "ra/error.h"
#include "ra/keyfile.h"
#include "ra/tls.h"

#define SUITES_TLS12                                                           \
	"ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE-ECDSA-AES256-CCM:"                  \
	"ECDHE-ECDSA-AES128-CCM"
#define EXPORTER_LABEL "EXPORTER-Channel-Binding"

struct tls {
	pthread_mutex_t lock; /* guards ctx */
	SSL_CTX *ctx;
};

/* What a context presents, leaf first: made when it is loaded, so that a
   request costs no hash. */
struct presented {
	size_t n;
	unsigned char sha256[TLS_SERVER_MAX][32];
};

static pthread_once_t presented_once = PTHREAD_ONCE_INIT;
static int presented_index = -1;

static void
presented_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index,
    long argl, void *argp)
{
	(void)parent, (void)ad, (void)index, (void)argl, (void)argp;
	OPENSSL_free(ptr);
}

static void
presented_init(void)
{
	presented_index =
	    SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, presented_free);
}

static int
presented_add(struct presented *p, const X509 *cert)
{
	if (p->n >= TLS_SERVER_MAX) {
		ra_raise(RA_E_CONFIG,
		    "certificate: more than %d certificates in the chain",
		    TLS_SERVER_MAX);
		return 0;
	}
	return X509_digest(cert, EVP_sha256(), p->sha256[p->n++], NULL) == 1;
}

static int
presented_make(SSL_CTX *ctx)
{
	struct presented *p = OPENSSL_zalloc(sizeof(*p));
	STACK_OF(X509) *rest = NULL;
	int i, ok;

	pthread_once(&presented_once, presented_init);
	ok = p != NULL && presented_index >= 0 &&
	    SSL_CTX_get0_chain_certs(ctx, &rest) == 1 &&
	    presented_add(p, SSL_CTX_get0_certificate(ctx));
	for (i = 0; ok && i < sk_X509_num(rest); i++)
		ok = presented_add(p, sk_X509_value(rest, i));
	if (ok && SSL_CTX_set_ex_data(ctx, presented_index, p) == 1)
		return 1;
	OPENSSL_free(p);
	return 0;
}

/* In place of building a chain: inkan-ca judges, see tls.h. */
static int
any_chain(X509_STORE_CTX *ctx, void *arg)
{
	(void)arg;
	X509_STORE_CTX_set_error(ctx, X509_V_OK);
	return 1;
}

static int
configure(SSL_CTX *ctx)
{
	static const unsigned char sid[] = "inkan-ra";

	SSL_CTX_set_options(ctx,
	    SSL_OP_CLEANSE_PLAINTEXT | SSL_OP_NO_TICKET |
		SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
		SSL_OP_CIPHER_SERVER_PREFERENCE |
		SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	/* The chain of the file and no other: what is presented is on record. */
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
	SSL_CTX_set_max_cert_list(ctx, TLS_CHAIN_OCTETS_MAX);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, any_chain, NULL);
	/* No CA names: a device shall not choose its certificate by them. */
	SSL_CTX_set_client_CA_list(ctx, sk_X509_NAME_new_null());
	return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
	    SSL_CTX_set_num_tickets(ctx, 0) == 1 &&
	    SSL_CTX_set_max_early_data(ctx, 0) == 1 &&
	    SSL_CTX_set_session_id_context(ctx, sid, sizeof(sid) - 1) == 1 &&
	    SSL_CTX_set_cipher_list(ctx, SUITES_TLS12) == 1;
}

static SSL_CTX *
load(const char *certificate, const char *key_path)
{
	SSL_CTX *ctx = NULL;
	EVP_PKEY *key = keyfile_read(key_path);
	int ok = 0;

	if (key == NULL)
		return NULL;
	ctx = SSL_CTX_new(TLS_server_method());
	if (ctx == NULL || !configure(ctx)) {
		ra_raise(RA_E_INTERNAL, "TLS could not be set up");
		goto out;
	}
	if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1) {
		ra_raise(RA_E_CONFIG, "%s: no certificate in PEM", certificate);
		goto out;
	}
	if (SSL_CTX_use_PrivateKey(ctx, key) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1) {
		ra_raise(RA_E_CONFIG, "%s is not the key of %s", key_path,
		    certificate);
		goto out;
	}
	ok = presented_make(ctx);
	if (!ok)
		ra_raise(RA_E_CONFIG, "%s: its chain cannot be used",
		    certificate);
out:
	EVP_PKEY_free(key);
	if (!ok) {
		SSL_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

struct tls *
tls_new(const char *certificate, const char *key)
{
	struct tls *t = OPENSSL_zalloc(sizeof(*t));

	if (t == NULL) {
		ra_raise(RA_E_INTERNAL, "out of memory");
		return NULL;
	}
	t->ctx = load(certificate, key);
	if (t->ctx == NULL || pthread_mutex_init(&t->lock, NULL) != 0) {
		SSL_CTX_free(t->ctx);
		OPENSSL_free(t);
		return NULL;
	}
	return t;
}

int
tls_reload(struct tls *t, const char *certificate, const char *key)
{
	SSL_CTX *ctx = load(certificate, key), *old;

	if (ctx == NULL)
		return 0;
	pthread_mutex_lock(&t->lock);
	old = t->ctx;
	t->ctx = ctx;
	pthread_mutex_unlock(&t->lock);
	SSL_CTX_free(old);
	return 1;
}

void
tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	SSL_CTX_free(t->ctx);
	pthread_mutex_destroy(&t->lock);
	OPENSSL_free(t);
}

SSL *
tls_accept(struct tls *t)
{
	SSL *ssl;

	pthread_mutex_lock(&t->lock);
	ssl = SSL_new(t->ctx); /* holds the context from here on */
	pthread_mutex_unlock(&t->lock);
	if (ssl == NULL)
		ra_raise(RA_E_INTERNAL, "out of memory");
	else
		SSL_set_accept_state(ssl);
	return ssl;
}

X509 *
tls_certificate(struct tls *t)
{
	X509 *cert;

	pthread_mutex_lock(&t->lock);
	cert = SSL_CTX_get0_certificate(t->ctx);
	if (cert != NULL && X509_up_ref(cert) != 1)
		cert = NULL;
	pthread_mutex_unlock(&t->lock);
	return cert;
}

int
tls_has_client(const SSL *ssl)
{
	return SSL_get0_peer_certificate(ssl) != NULL;
}

static int
add_certificate(WIRE_FIELDS *args, X509 *cert)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der), ok;

	if (len <= 0)
		return 0;
	ok = field_add_bytes(args, "chain", der, (size_t)len);
	OPENSSL_free(der);
	return ok;
}

static int
add_chain(SSL *ssl, WIRE_FIELDS *args)
{
	X509 *leaf = SSL_get0_peer_certificate(ssl);
	STACK_OF(X509) *rest = SSL_get_peer_cert_chain(ssl);
	int i, n = rest == NULL ? 0 : sk_X509_num(rest);

	if (leaf == NULL)
		return 1;
	if (n >= TLS_CHAIN_MAX) {
		ra_raise(RA_E_BADREQUEST,
		    "chain.length: more than %d certificates", TLS_CHAIN_MAX);
		return 0;
	}
	if (!add_certificate(args, leaf))
		return 0;
	/* On a server OpenSSL's chain is without the leaf. */
	for (i = 0; i < n; i++)
		if (!add_certificate(args, sk_X509_value(rest, i)))
			return 0;
	return 1;
}

/* RFC 5929 3.1: the first Finished of a full handshake is the client's. Only
   with EMS (RFC 7627) is it bound to this connection. */
static int
add_unique(SSL *ssl, WIRE_FIELDS *args)
{
	unsigned char finished[EVP_MAX_MD_SIZE];
	size_t n;

	n = SSL_get_peer_finished(ssl, finished, sizeof(finished));
	if (n == 0 || n > sizeof(finished))
		return 1;
	return field_add_bytes(args, "tls_unique", finished, n);
}

/* RFC 9266 2: the context is a string of length zero, which is not the same as
   none in TLS 1.2. */
static int
add_exporter(SSL *ssl, WIRE_FIELDS *args)
{
	unsigned char ekm[TLS_EXPORTER_LEN];

	if (SSL_export_keying_material(ssl, ekm, sizeof(ekm), EXPORTER_LABEL,
		strlen(EXPORTER_LABEL), (const unsigned char *)"", 0, 1) != 1)
		return 0;
	return field_add_bytes(args, "tls_exporter", ekm, sizeof(ekm));
}

/* A connection keeps the context that it began with, so this is what its
   client was shown. */
static int
add_presented(SSL *ssl, WIRE_FIELDS *args)
{
	const struct presented *p =
	    SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), presented_index);
	size_t i;

	for (i = 0; p != NULL && i < p->n; i++)
		if (!field_add_bytes(
			args, "server_sha256", p->sha256[i], 32))
			return 0;
	return 1;
}

int
tls_add_chain(SSL *ssl, WIRE_FIELDS *args)
{
	return add_chain(ssl, args);
}

int
tls_add_evidence(SSL *ssl, WIRE_FIELDS *args)
{
	int version = SSL_version(ssl);
	int bound = version >= TLS1_3_VERSION ||
	    (SSL_get_extms_support(ssl) == 1 && !SSL_session_reused(ssl));

	if (!add_chain(ssl, args) || !add_presented(ssl, args) ||
	    !field_add_text(args, "tls_version", SSL_get_version(ssl)))
		return 0;
	if (bound && !add_exporter(ssl, args))
		return 0;
	return version != TLS1_2_VERSION || !bound || add_unique(ssl, args);
}
