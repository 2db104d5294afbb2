#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "ca/wire/socket.h"
#include "ra/error.h"
#include "ra/keyfile.h"
#include "ra/own_cert.h"
#include "ra/request.h"

/* One renewal of our own certificate, and its files. */

#define CHAIN_MAX 10
#define LINKS_MAX 4 /* with leaf and chain below TLS_SERVER_MAX */

static int
new_name(const char *path, char out[PATH_MAX])
{
	int n = snprintf(out, PATH_MAX, "%s.new", path);

	return n > 0 && n < PATH_MAX;
}

static X509 *
first_certificate(const char *path)
{
	FILE *f = fopen(path, "r");
	X509 *cert;

	if (f == NULL) {
		ERR_raise_data(ERR_LIB_SYS, errno, "open %s", path);
		return NULL;
	}
	cert = PEM_read_X509(f, NULL, NULL, NULL);
	fclose(f);
	return cert;
}

/* Why it is no pair: a file that is there could not be opened now. */
static int
may_be_one(void)
{
	unsigned long e = ERR_peek_last_error();

	return ERR_GET_LIB(e) == ERR_LIB_SYS && ERR_GET_REASON(e) != ENOENT;
}

/* 1 or 0; -1 raised: nobody can say now. */
static int
is_pair(const char *certificate, const char *key_path)
{
	X509 *cert = first_certificate(certificate);
	EVP_PKEY *key = cert == NULL ? NULL : keyfile_read(key_path);
	int ok = key != NULL && X509_check_private_key(cert, key) == 1;

	if (!ok && may_be_one())
		ok = -1;
	else
		ERR_clear_error();
	X509_free(cert);
	EVP_PKEY_free(key);
	return ok;
}

static int
put(const char *from, const char *to)
{
	if (rename(from, to) == 0)
		return 1;
	ERR_raise_data(ERR_LIB_SYS, errno, "rename %s to %s", from, to);
	return 0;
}

/* own_cert_settle() for who holds the lock: nobody is just writing these. */
static int
settle(const char *certificate, const char *key, const char *new_cert,
    const char *new_key)
{
	int pair;

	if (access(new_cert, F_OK) == 0) {
		pair = is_pair(new_cert, new_key);
		if (pair == 1)
			return put(new_key, key) && put(new_cert, certificate);
		/* A new key beside it is of a later try. */
		if (pair == 0)
			pair = is_pair(new_cert, key);
		if (pair < 0 || (pair == 1 && !put(new_cert, certificate)))
			return 0;
	}
	unlink(new_cert);
	unlink(new_key);
	return 1;
}

int
own_cert_settle(const char *certificate, const char *key)
{
	char new_cert[PATH_MAX], new_key[PATH_MAX];
	int lock, ok;

	if (!new_name(certificate, new_cert) || !new_name(key, new_key))
		return 1; /* such names cannot have been written */
	if ((lock = keyfile_lock(key)) < 0)
		return 0;
	ok = settle(certificate, key, new_cert, new_key);
	close(lock);
	return ok;
}

/* Our signature with the current key over the DER of the new CSR. */
static int
sign_proof(EVP_PKEY *key, const unsigned char *der, size_t len,
    unsigned char **sig, size_t *sig_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const char *digest =
	    EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448")
	    ? NULL
	    : "SHA256";
	int ok;

	ok = ctx != NULL &&
	    EVP_DigestSignInit_ex(ctx, NULL, digest, NULL, NULL, key, NULL) ==
		1 &&
	    EVP_DigestSign(ctx, NULL, sig_len, der, len) == 1 &&
	    (*sig = OPENSSL_malloc(*sig_len)) != NULL &&
	    EVP_DigestSign(ctx, *sig, sig_len, der, len) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

static WIRE_REQUEST *
make_request(EVP_PKEY *current_key, X509 *current, EVP_PKEY *new_key)
{
	WIRE_REQUEST *req = message_request("renew-own", 1);
	X509_REQ *csr = request_renewal(new_key, current);
	unsigned char *der = NULL, *cert = NULL, *sig = NULL;
	int der_len, cert_len, ok = 0;
	size_t sig_len = 0;

	if (req == NULL || csr == NULL)
		goto out;
	der_len = i2d_X509_REQ(csr, &der);
	cert_len = i2d_X509(current, &cert);
	ok = der_len > 0 && cert_len > 0 &&
	    sign_proof(current_key, der, (size_t)der_len, &sig, &sig_len) &&
	    field_add_bytes(req->args, "csr", der, (size_t)der_len) &&
	    field_add_bytes(req->args, "current", cert, (size_t)cert_len) &&
	    field_add_bytes(req->args, "proof", sig, sig_len);
out:
	if (!ok) {
		ra_raise(RA_E_INTERNAL, "renewal could not be asked for");
		WIRE_REQUEST_free(req);
		req = NULL;
	}
	X509_REQ_free(csr);
	OPENSSL_free(der);
	OPENSSL_free(cert);
	OPENSSL_free(sig);
	return req;
}

static WIRE_ANSWER *
ask(const char *path, const WIRE_REQUEST *req)
{
	WIRE_ANSWER *answer = NULL;
	int fd = socket_connect(path);

	if (fd < 0)
		return NULL;
	answer = socket_call(fd, req, OWN_CERT_CALL_S);
	close(fd);
	if (answer != NULL && message_answer_status(answer) != WIRE_OK) {
		ra_raise(RA_E_AWAY, "renew-own: %s: %s: %s: %s",
		    message_status_name(message_answer_status(answer)),
		    message_refusal(answer, "stage"),
		    message_refusal(answer, "rule"),
		    message_refusal(answer, "text"));
		WIRE_ANSWER_free(answer);
		answer = NULL;
	}
	return answer;
}

/* Append as PEM. With ${key} the certificate must be for it. */
static int
add_pem(BIO *bio, const unsigned char *der, size_t len, EVP_PKEY *key)
{
	const unsigned char *p = der;
	X509 *cert = der == NULL ? NULL : d2i_X509(NULL, &p, (long)len);
	int ok;

	ok = cert != NULL && p == der + len &&
	    (key == NULL || X509_check_private_key(cert, key) == 1) &&
	    PEM_write_bio_X509(bio, cert) == 1;
	X509_free(cert);
	return ok;
}

static int
is_self_signed(const unsigned char *der, size_t len)
{
	X509 *cert = d2i_X509(NULL, &der, (long)len);
	int is = cert != NULL &&
	    (X509_get_extension_flags(cert) & EXFLAG_SS) != 0;

	X509_free(cert);
	return is;
}

/* The values ${name} of the answer, ${max} at most; ${roots} 0: but for
   roots. */
static int
add_all(BIO *bio, const WIRE_ANSWER *answer, const char *name, size_t max,
    int roots)
{
	size_t i, len, n = field_count(answer->values, name);
	const unsigned char *der;

	for (i = 0; n <= max && i < n; i++) {
		der = field_get_bytes(
		    field_find(answer->values, name, i), &len);
		if (der == NULL ||
		    ((roots || !is_self_signed(der, len)) &&
			!add_pem(bio, der, len, NULL)))
			return 0;
	}
	return n <= max;
}

/*
 * Leaf and issuing CAs. With a link certificate, which leads to an older root,
 * the newer root's own must stay away: a client that knows the older one alone
 * could take it for the end of the chain.
 */
static int
write_certificate(const char *path, const WIRE_ANSWER *answer, EVP_PKEY *key,
    int with_links)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int links = with_links && field_count(answer->values, "link") > 0;
	const unsigned char *der;
	size_t len = 0;
	char *text = NULL;
	long text_len;
	int ok;

	der = field_bytes(answer->values, "cert", &len);
	ok = bio != NULL && add_pem(bio, der, len, key) &&
	    add_all(bio, answer, "chain", CHAIN_MAX, !links) &&
	    (!links || add_all(bio, answer, "link", LINKS_MAX, 1));
	if (ok) {
		text_len = BIO_get_mem_data(bio, &text);
		ok = keyfile_write_text(path, text, (size_t)text_len);
	}
	if (!ok)
		ra_raise(RA_E_INTERNAL, "renew-own: answer cannot be used");
	BIO_free(bio);
	return ok;
}

/* Ask, and put the answer at the new names: the key that it is for, to be
   freed. The key first: a certificate without its key is of no use, and none
   shall be issued that cannot be kept. */
static EVP_PKEY *
fetch(const struct settings *s, EVP_PKEY *current_key, X509 *current,
    const char *new_cert, const char *new_key)
{
	EVP_PKEY *key = keyfile_new();
	WIRE_REQUEST *req = NULL;
	WIRE_ANSWER *answer = NULL;

	if (key == NULL)
		return NULL;
	req = make_request(current_key, current, key);
	if (req != NULL && keyfile_write(new_key, key))
		answer = ask(s->svc_socket, req);
	if (answer == NULL ||
	    !write_certificate(new_cert, answer, key, s->link_certificates)) {
		unlink(new_cert);
		unlink(new_key);
		EVP_PKEY_free(key);
		key = NULL;
	}
	WIRE_REQUEST_free(req);
	WIRE_ANSWER_free(answer);
	return key;
}

/* Is the certificate in place the one that was received for ${key}? */
static int
is_in_place(const char *certificate, EVP_PKEY *key)
{
	X509 *cert = first_certificate(certificate);
	int ok = cert != NULL && X509_check_private_key(cert, key) == 1;

	X509_free(cert);
	if (!ok)
		ra_raise(RA_E_INTERNAL,
		    "renew-own: %s is not what was received", certificate);
	return ok;
}

static int
replace(const struct settings *s, EVP_PKEY *key, X509 *current,
    const char *new_cert, const char *new_key)
{
	EVP_PKEY *fresh = fetch(s, key, current, new_cert, new_key);
	int ok = fresh != NULL &&
	    settle(s->certificate, s->key, new_cert, new_key) &&
	    is_in_place(s->certificate, fresh);

	EVP_PKEY_free(fresh);
	return ok;
}

/* For who holds the lock. */
static int
renew(const struct settings *s, struct tls *tls, const char *new_cert,
    const char *new_key)
{
	EVP_PKEY *key = NULL;
	X509 *current = NULL;
	int ok = 0;

	if (!settle(s->certificate, s->key, new_cert, new_key))
		return 0;
	key = keyfile_read(s->key);
	current = tls_certificate(tls);
	if (key == NULL || current == NULL)
		goto out;
	/* The pair on disk may be a newer one: of a renewal that could not be
	   finished until now, of another process, or the operator's. Only its
	   key proves. */
	if (X509_check_private_key(current, key) == 1)
		ok = replace(s, key, current, new_cert, new_key);
	else {
		ERR_clear_error();
		ok = 1;
	}
	ok = ok && tls_reload(tls, s->certificate, s->key);
out:
	EVP_PKEY_free(key);
	X509_free(current);
	return ok;
}

int
own_cert_renew(const struct settings *s, struct tls *tls)
{
	char new_cert[PATH_MAX], new_key[PATH_MAX];
	int lock, ok;

	if (!new_name(s->certificate, new_cert) || !new_name(s->key, new_key)) {
		ra_raise(RA_E_CONFIG, "renew.name: %s or %s is too long",
		    s->certificate, s->key);
		return 0;
	}
	if ((lock = keyfile_lock(s->key)) < 0)
		return 0;
	ok = renew(s, tls, new_cert, new_key);
	close(lock);
	return ok;
}
