#include "house.h"

#include <string.h>

#include "ra/error.h"
#include "ra/tls.h"

/*
 * Our side of TLS against a client in the same thread, over a pair of memory
 * BIOs: what inkan-ca is told of a handshake.
 */

struct pair {
	SSL_CTX *ctx;
	SSL *client, *server;
};

static struct house *h;

static int
open_house(void **state)
{
	(void)state;
	h = house_open(1);
	return h == NULL;
}

static int
close_house(void **state)
{
	(void)state;
	house_close(h, 1);
	return 0;
}

/* Chain of the client: the device's certificate ${n} times over. */
static void
offer(SSL_CTX *ctx, size_t n)
{
	size_t i;

	if (n == 0)
		return;
	assert_int_equal(SSL_CTX_use_certificate(ctx, h->device), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, h->device_key), 1);
	for (i = 1; i < n; i++)
		assert_int_equal(
		    SSL_CTX_add1_chain_cert(ctx, h->device_issuer), 1);
}

static void
start(struct pair *p, int version, size_t n_chain, uint64_t options)
{
	BIO *a = NULL, *b = NULL;

	p->ctx = SSL_CTX_new(TLS_client_method());
	assert_int_equal(SSL_CTX_set_max_proto_version(p->ctx, version), 1);
	SSL_CTX_set_min_proto_version(p->ctx, TLS1_VERSION);
	SSL_CTX_set_options(p->ctx, options);
	offer(p->ctx, n_chain);
	p->client = SSL_new(p->ctx);
	p->server = tls_accept(h->tls);
	assert_non_null(p->server);
	assert_int_equal(BIO_new_bio_pair(&a, 65536, &b, 65536), 1);
	SSL_set_bio(p->client, a, a);
	SSL_set_bio(p->server, b, b);
	SSL_set_connect_state(p->client);
}

static int
shake(struct pair *p)
{
	int i, c = 0, s = 0;

	for (i = 0; i < 10 && (c != 1 || s != 1); i++) {
		if (c != 1)
			c = SSL_do_handshake(p->client);
		if (s != 1)
			s = SSL_do_handshake(p->server);
	}
	ERR_clear_error();
	return c == 1 && s == 1;
}

static void
end(struct pair *p)
{
	SSL_free(p->client);
	SSL_free(p->server);
	SSL_CTX_free(p->ctx);
}

static void
same_octets(const WIRE_FIELDS *args, const char *name, const void *wanted,
    size_t wanted_len)
{
	size_t len = 0;
	const unsigned char *have = field_bytes(args, name, &len);

	assert_int_equal(len, wanted_len);
	assert_memory_equal(have, wanted, len);
}

static void
exports_the_same(const struct pair *p, const WIRE_FIELDS *args)
{
	unsigned char ekm[TLS_EXPORTER_LEN];

	assert_int_equal(
	    SSL_export_keying_material(p->client, ekm, sizeof(ekm),
		"EXPORTER-Channel-Binding", 24, (unsigned char *)"", 0, 1),
	    1);
	same_octets(args, "tls_exporter", ekm, sizeof(ekm));
}

static void
tells_of_tls_1_3(void **state)
{
	WIRE_FIELDS *args = field_list_new();
	struct pair p;

	(void)state;
	start(&p, TLS1_3_VERSION, 2, 0);
	assert_true(shake(&p));
	assert_true(tls_has_client(p.server));
	assert_true(tls_add_evidence(p.server, args));
	assert_int_equal(field_count(args, "chain"), 2);
	assert_string_equal(field_text(args, "tls_version", NULL), "TLSv1.3");
	exports_the_same(&p, args);
	assert_int_equal(field_count(args, "tls_unique"), 0);
	end(&p);
	field_list_free(args);
}

/* The first Finished of a full handshake is the client's. */
static void
tells_of_tls_1_2(void **state)
{
	WIRE_FIELDS *args = field_list_new();
	unsigned char finished[EVP_MAX_MD_SIZE];
	struct pair p;
	size_t n;

	(void)state;
	start(&p, TLS1_2_VERSION, 1, 0);
	assert_true(shake(&p));
	assert_true(tls_add_evidence(p.server, args));
	assert_int_equal(field_count(args, "chain"), 1);
	assert_string_equal(field_text(args, "tls_version", NULL), "TLSv1.2");
	exports_the_same(&p, args);
	n = SSL_get_finished(p.client, finished, sizeof(finished));
	same_octets(args, "tls_unique", finished, n);
	end(&p);
	field_list_free(args);
}

/* Without extended master secret nothing binds the connection (RFC 7627). */
static void
binds_nothing_without_ems(void **state)
{
	WIRE_FIELDS *args = field_list_new();
	struct pair p;

	(void)state;
	start(&p, TLS1_2_VERSION, 1, SSL_OP_NO_EXTENDED_MASTER_SECRET);
	assert_true(shake(&p));
	assert_true(tls_add_evidence(p.server, args));
	assert_int_equal(field_count(args, "tls_unique"), 0);
	assert_int_equal(field_count(args, "tls_exporter"), 0);
	end(&p);
	field_list_free(args);
}

static void
asks_and_does_not_insist(void **state)
{
	WIRE_FIELDS *args = field_list_new();
	struct pair p;

	(void)state;
	start(&p, TLS1_3_VERSION, 0, 0);
	assert_true(shake(&p));
	assert_false(tls_has_client(p.server));
	assert_true(tls_add_evidence(p.server, args));
	assert_int_equal(field_count(args, "chain"), 0);
	end(&p);
	field_list_free(args);
}

static void
refuses_long_chains(void **state)
{
	WIRE_FIELDS *args = field_list_new();
	char text[128];
	struct pair p;

	(void)state;
	start(&p, TLS1_3_VERSION, TLS_CHAIN_MAX, 0);
	assert_true(shake(&p));
	assert_true(tls_add_evidence(p.server, args));
	end(&p);
	start(&p, TLS1_3_VERSION, TLS_CHAIN_MAX + 1, 0);
	assert_true(shake(&p));
	assert_false(tls_add_evidence(p.server, args));
	assert_int_equal(report_last_reason(), RA_E_BADREQUEST);
	report_last_text(text, sizeof(text));
	assert_string_equal(text, "chain.length: more than 10 certificates");
	ERR_clear_error();
	end(&p);
	field_list_free(args);
}

static void
refuses_tls_1_1(void **state)
{
	struct pair p;

	(void)state;
	start(&p, TLS1_1_VERSION, 0, 0);
	assert_false(shake(&p));
	end(&p);
}

/* A connection keeps the context that it began with. */
static void
replaces_the_certificate(void **state)
{
	X509 *before = tls_certificate(h->tls), *after;
	EVP_PKEY *key = keyfile_new();
	struct pair p;
	char other[128];

	(void)state;
	snprintf(other, sizeof(other), "%s/other.key", h->folder);
	assert_true(keyfile_write(other, key));
	start(&p, TLS1_3_VERSION, 0, 0);
	assert_false(tls_reload(h->tls, h->certificate, other));
	assert_int_equal(report_last_reason(), RA_E_CONFIG);
	ERR_clear_error();
	assert_null(tls_new(h->certificate, other));
	ERR_clear_error();
	after = tls_certificate(h->tls);
	assert_int_equal(X509_cmp(before, after), 0);
	X509_free(after);
	EVP_PKEY_free(h->device_key);
	X509_free(h->device);
	X509_free(h->device_issuer);
	OPENSSL_free(h->csr);
	OPENSSL_free(h->csr_der);
	h->csr_der = NULL;
	house_certificates(h);
	assert_true(tls_reload(h->tls, h->certificate, h->key));
	after = tls_certificate(h->tls);
	assert_int_not_equal(X509_cmp(before, after), 0);
	assert_true(shake(&p));
	assert_int_equal(
	    X509_cmp(before, SSL_get0_peer_certificate(p.client)), 0);
	end(&p);
	X509_free(before);
	X509_free(after);
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tells_of_tls_1_3),
	    cmocka_unit_test(tells_of_tls_1_2),
	    cmocka_unit_test(binds_nothing_without_ems),
	    cmocka_unit_test(asks_and_does_not_insist),
	    cmocka_unit_test(refuses_long_chains),
	    cmocka_unit_test(refuses_tls_1_1),
	    cmocka_unit_test(replaces_the_certificate),
	};

	return cmocka_run_group_tests(tests, open_house, close_house);
}
