#include <string.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "ra/private.h"
#include "ra/tls.h"

/* The proof that the client's own certificate is in the log: who holds the key of
   a certificate is its holder, so TLS has asked all that is to be asked. */

#define MEDIA "text/plain; charset=utf-8"
#define RETRY 2 /* seconds: a checkpoint will be out then */

static void
on_answer(const WIRE_ANSWER *answer, void *arg)
{
	struct exchange *x = arg;
	const char *proof;

	if (!exchange_came_back(x, answer))
		return;
	proof = field_text(answer->values, "proof", NULL);
	if (proof != NULL)
		exchange_answer(
		    x, 200, MEDIA, proof, strlen(proof), NULL, NULL);
	else
		exchange_refuse(x, 503, "log", "log.checkpoint",
		    "no checkpoint covers the certificate yet", RETRY);
}

/* The certificate by which the client speaks, as an argument. NULL raised. */
static WIRE_FIELDS *
arguments(const struct exchange *x)
{
	WIRE_FIELDS *args = field_list_new();
	X509 *cert = SSL_get1_peer_certificate(x->conn->ssl);
	unsigned char *der = NULL;
	int len = cert == NULL ? -1 : i2d_X509(cert, &der);

	if (args != NULL &&
	    (len <= 0 || !field_add_bytes(args, "cert", der, (size_t)len))) {
		field_list_free(args);
		args = NULL;
	}
	OPENSSL_free(der);
	X509_free(cert);
	return args;
}

void
log_proof_start(struct exchange *x)
{
	WIRE_FIELDS *args;

	if (!tls_has_client(x->conn->ssl)) {
		exchange_refuse(x, 401, "authenticate", "certificate.missing",
		    "the proof is for who speaks by the certificate", 0);
		return;
	}
	args = arguments(x);
	if (args != NULL)
		x->call = ca_link_call(
		    x->conn->worker->link, "log.proof", args, on_answer, x);
	field_list_free(args);
	if (x->call == 0)
		exchange_refuse_unsent(x);
}
