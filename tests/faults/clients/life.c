#include <unistd.h>
#include "tests/bench/answer.h"
#include "tests/faults/clients/clients.h"

/* A device: a name for ever, and what it holds at the moment. */
struct device {
	char name[64];
	X509 *cert;
	EVP_PKEY *key;
	size_t index;	/* of cert among those that are held */
};

/* Nothing is wrong with the request: it may come again. */
static int
is_passing(int status)
{
	return status == 0 || status == 502 || status == 503 || status == 504;
}

static void
hex_of(const unsigned char *p, size_t n, char *out)
{
	while (n-- > 0)
		out += sprintf(out, "%02x", *p++);
}

static size_t
keep(struct clients *c, const char *name, X509 *x)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
	unsigned char md[32];
	struct cert *k;
	size_t i;

	must(X509_digest(x, EVP_sha256(), md, NULL) == 1, "digest");
	pthread_mutex_lock(&c->lock);
	must(c->n < c->room, "room for so many certificates");
	i = c->n;
	k = &c->cert[i];
	hex_of(ASN1_STRING_get0_data(serial),
	    (size_t)ASN1_STRING_length(serial), k->serial);
	hex_of(md, sizeof(md), k->sha256);
	snprintf(k->name, sizeof(k->name), "%s", name);
	k->x = x;
	k->id = OCSP_cert_to_id(EVP_sha1(), x, c->issuer);
	must(k->id != NULL, "CertID");
	c->n++;
	pthread_mutex_unlock(&c->lock);
	return i;
}

/* The same request until it is served. NULL: it was refused, or not served for
   so long that it never will be. */
static X509 *
ask(struct clients *c, const char *op, const char *name, X509 *cert,
    EVP_PKEY *key, const char *body)
{
	char path[64], out[BODY_MAX] = "";
	X509 *x = NULL;
	size_t n = 0;
	double end = wall() + PATIENCE_S;
	int status;

	snprintf(path, sizeof(path), "/.well-known/est/%s", op);
	while (x == NULL) {
		status = http_post(http_open(c, c->est, cert, key), path,
		    "application/pkcs10", body, strlen(body), out, &n);
		if (status == 200) {
			if ((x = answer_cert(out)) == NULL)
				bad("%s %s: 200 without a certificate", name,
				    op);
		} else if (!is_passing(status)) {
			bad("%s %s: %d %.*s", name, op, status,
			    (int)strcspn(out, "\r\n"), out);
			return NULL;
		}
		pthread_mutex_lock(&c->lock);
		c->tries++;
		pthread_mutex_unlock(&c->lock);
		if (x == NULL && wall() > end) {
			bad("%s %s: not served: %d (%zu) %.*s", name, op,
			    status, n, (int)strcspn(out, "\r\n"), out);
			return NULL;
		}
		if (x == NULL)
			nap(100);
	}
	return x;
}

static char *
base64_of(const unsigned char *der, int len)
{
	char *text = malloc((size_t)len * 4 / 3 + 8);

	must(text != NULL, "memory");
	EVP_EncodeBlock((unsigned char *)text, der, len);
	return text;
}

/* What came is for the key that was sent: the device has it from now on. */
static int
take(struct clients *c, struct device *d, X509 *x, EVP_PKEY *key)
{
	if (x != NULL && EVP_PKEY_eq(X509_get0_pubkey(x), key) != 1) {
		bad("%s: a certificate for another key", d->name);
		X509_free(x);
		x = NULL;
	}
	if (x == NULL) {
		EVP_PKEY_free(key);
		return 0;
	}
	EVP_PKEY_free(d->key);
	d->key = key;
	d->cert = x; /* the old one is kept with all others */
	d->index = keep(c, d->name, x);
	return 1;
}

static int
enrol(struct clients *c, struct device *d, long serial)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *maker, *got;
	unsigned char *csr = NULL;
	char *body;
	int len;

	must(key != NULL, "key");
	len = bench_csr(key, d->name, &csr);
	body = base64_of(csr, len);
	maker = bench_maker_cert(&c->maker, d->name, serial);
	got = ask(c, "simpleenroll", d->name, maker, c->maker.device_key, body);
	X509_free(maker);
	OPENSSL_free(csr);
	free(body);
	return take(c, d, got, key);
}

static int
renew(struct clients *c, struct device *d)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_REQ *req = X509_REQ_new();
	unsigned char *csr = NULL;
	char *body;
	X509 *got;
	int len;

	must(key != NULL && req != NULL && X509_REQ_set_subject_name(req,
	    X509_get_subject_name(d->cert)) &&
	    X509_REQ_set_pubkey(req, key) &&
	    X509_REQ_sign(req, key, EVP_sha256()) > 0, "renewal");
	len = i2d_X509_REQ(req, &csr);
	must(len > 0, "renewal in DER");
	body = base64_of(csr, len);
	got = ask(c, "simplereenroll", d->name, d->cert, d->key, body);
	X509_REQ_free(req);
	OPENSSL_free(csr);
	free(body);
	return take(c, d, got, key);
}

/* Enrolled, renewed once or twice, then most of them the operator's. */
static void
live(struct clients *c, long i)
{
	struct device d = {.cert = NULL};
	long left = i % 3;
	int ok;

	snprintf(d.name, sizeof(d.name), "killed-%ld-%ld.example",
	    (long)getpid(), i);
	ok = enrol(c, &d, i + 1);
	while (ok && left-- > 0) {
		nap(c->pause_ms);
		ok = renew(c, &d);
	}
	EVP_PKEY_free(d.key);
	if (!ok)
		return;
	pthread_mutex_lock(&c->lock);
	c->cert[d.index].doomed = i % 4 != 1;
	pthread_mutex_unlock(&c->lock);
}

void *
life_run(void *arg)
{
	struct clients *c = arg;
	long i;

	while (!c->stop) {
		pthread_mutex_lock(&c->lock);
		i = c->devices++;
		pthread_mutex_unlock(&c->lock);
		live(c, i);
		nap(c->pause_ms);
	}
	return NULL;
}
