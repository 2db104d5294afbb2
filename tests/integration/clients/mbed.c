/*
 * One HTTP request over Mbed TLS, a stack of small devices:
 *
 *   mbed PORT ROOT.pem REQUEST [CERT.pem KEY.pem] >ANSWER
 *
 * REQUEST is a file with the whole request. The version of TLS goes to stderr.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#if MBEDTLS_VERSION_MAJOR >= 3
#include <psa/crypto.h>
#define RNG , mbedtls_ctr_drbg_random, &drbg
#else
#define RNG
#endif

static mbedtls_ctr_drbg_context drbg;

static void
must(int rc, const char *what)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "%s: -0x%04x\n", what, (unsigned)-rc);
	exit(1);
}

static void
exchange(mbedtls_ssl_context *ssl, const char *path)
{
	static unsigned char buf[65536];
	FILE *f = fopen(path, "rb");
	size_t n = f == NULL ? 0 : fread(buf, 1, sizeof(buf), f), at = 0;
	int rc;

	if (f != NULL)
		fclose(f);
	for (; at < n; at += (size_t)rc)
		must(rc = mbedtls_ssl_write(ssl, buf + at, n - at), "write");
	do {
		rc = mbedtls_ssl_read(ssl, buf, sizeof(buf));
		if (rc > 0)
			fwrite(buf, 1, (size_t)rc, stdout);
#ifdef MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET
		if (rc == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
			rc = 1; /* TLS 1.3: nothing has gone wrong */
#endif
	} while (rc > 0);
}

int
main(int argc, char **argv)
{
	mbedtls_entropy_context entropy;
	mbedtls_net_context net;
	mbedtls_ssl_config conf;
	mbedtls_ssl_context ssl;
	mbedtls_x509_crt root, cert;
	mbedtls_pk_context key;

	if (argc != 4 && argc != 6)
		return 2;
#if MBEDTLS_VERSION_MAJOR >= 3
	must(psa_crypto_init() == PSA_SUCCESS ? 0 : -1, "psa");
#endif
	mbedtls_entropy_init(&entropy);
	mbedtls_ctr_drbg_init(&drbg);
	mbedtls_net_init(&net);
	mbedtls_ssl_config_init(&conf);
	mbedtls_ssl_init(&ssl);
	mbedtls_x509_crt_init(&root);
	mbedtls_x509_crt_init(&cert);
	mbedtls_pk_init(&key);
	must(mbedtls_ctr_drbg_seed(&drbg, mbedtls_entropy_func, &entropy, NULL,
		 0),
	    "seed");
	must(mbedtls_x509_crt_parse_file(&root, argv[2]), "root");
	must(mbedtls_ssl_config_defaults(&conf, MBEDTLS_SSL_IS_CLIENT,
		 MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT),
	    "defaults");
	mbedtls_ssl_conf_authmode(&conf, MBEDTLS_SSL_VERIFY_REQUIRED);
	mbedtls_ssl_conf_ca_chain(&conf, &root, NULL);
	mbedtls_ssl_conf_rng(&conf, mbedtls_ctr_drbg_random, &drbg);
	if (argc == 6) {
		must(mbedtls_x509_crt_parse_file(&cert, argv[4]), "cert");
		must(mbedtls_pk_parse_keyfile(&key, argv[5], NULL RNG), "key");
		must(mbedtls_ssl_conf_own_cert(&conf, &cert, &key), "own");
	}
	must(mbedtls_ssl_setup(&ssl, &conf), "setup");
	must(mbedtls_ssl_set_hostname(&ssl, "localhost"), "name");
	must(mbedtls_net_connect(&net, "localhost", argv[1],
		 MBEDTLS_NET_PROTO_TCP),
	    "connect");
	mbedtls_ssl_set_bio(
	    &ssl, &net, mbedtls_net_send, mbedtls_net_recv, NULL);
	must(mbedtls_ssl_handshake(&ssl), "handshake");
	fprintf(stderr, "%s\n", mbedtls_ssl_get_version(&ssl));
	exchange(&ssl, argv[3]);
	return 0;
}
