#include <limits.h>
#include "tests/faults/clients/clients.h"

/* ---- OCSP ---- */

enum said { NOTHING, LATER, GOOD, REVOKED, UNKNOWN };

static enum said
read_answer(const char *der, size_t len, OCSP_CERTID *id)
{
	const unsigned char *p = (const unsigned char *)der;
	OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &p, (long)len);
	OCSP_BASICRESP *bs = NULL;
	enum said said = NOTHING;
	int status = -1;

	if (r != NULL && OCSP_response_status(r) ==
	    OCSP_RESPONSE_STATUS_TRYLATER)
		said = LATER;
	else if (r != NULL && (bs = OCSP_response_get1_basic(r)) != NULL &&
	    OCSP_resp_find_status(bs, id, &status, NULL, NULL, NULL, NULL))
		said = status == V_OCSP_CERTSTATUS_GOOD ? GOOD :
		    status == V_OCSP_CERTSTATUS_REVOKED ? REVOKED : UNKNOWN;
	OCSP_BASICRESP_free(bs);
	OCSP_RESPONSE_free(r);
	ERR_clear_error();
	return said;
}

static enum said
ask(struct clients *c, OCSP_CERTID *id)
{
	OCSP_REQUEST *req = OCSP_REQUEST_new();
	unsigned char *der = NULL;
	char out[BODY_MAX];
	size_t n = 0;
	int len, status;

	must(req != NULL && OCSP_request_add0_id(req, OCSP_CERTID_dup(id)) !=
	    NULL && (len = i2d_OCSP_REQUEST(req, &der)) > 0, "question");
	status = http_post(http_open(c, c->ocsp, NULL, NULL), "/ocsp",
	    "application/ocsp-request", der, (size_t)len, out, &n);
	OCSP_REQUEST_free(req);
	OPENSSL_free(der);
	return status == 200 ? read_answer(out, n, id) : NOTHING;
}

/* A confirmed revocation is visible within a second (docs/ocsp.md); from then on
   nobody hears good again, whoever is killed. */
static enum said
ask_until_seen(struct clients *c, struct cert *k, int revoked)
{
	enum said said = ask(c, k->id);
	int tries;

	for (tries = 0; said == GOOD && revoked && tries < 100; tries++) {
		if (k->seen)
			bad("OCSP says good for %s again", k->serial);
		nap(100);
		said = ask(c, k->id);
	}
	k->seen |= said == REVOKED;
	return said;
}

/* What was so before the question was sent must be in its answer. */
static enum said
look_at(struct clients *c, size_t i)
{
	struct cert *k = &c->cert[i];
	enum said said;
	int revoked;

	pthread_mutex_lock(&c->lock);
	revoked = k->revoked;
	pthread_mutex_unlock(&c->lock);
	said = ask_until_seen(c, k, revoked);
	if (said == UNKNOWN)
		bad("OCSP does not know %s (%s)", k->serial, k->name);
	if (said == GOOD && revoked)
		bad("OCSP says good for %s, which is revoked", k->serial);
	pthread_mutex_lock(&c->lock);
	if (said == REVOKED && !k->doomed)
		bad("OCSP says revoked for %s", k->serial);
	c->asked++;
	c->good += said == GOOD;
	c->revoked += said == REVOKED;
	c->later += said == LATER || said == NOTHING;
	pthread_mutex_unlock(&c->lock);
	return said;
}

void *
ocsp_run(void *arg)
{
	struct clients *c = arg;
	unsigned seed = 1;
	size_t n;

	while (!c->over) {
		pthread_mutex_lock(&c->lock);
		n = c->n;
		pthread_mutex_unlock(&c->lock);
		if (n > 0) /* the newest as often as all others */
			(void)look_at(c, rand_r(&seed) % 2 ? n - 1 :
			    (size_t)rand_r(&seed) % n);
		nap(c->pause_ms);
	}
	return NULL;
}

int
ocsp_all(struct clients *c)
{
	enum said said;
	int ok = 1, tries;
	size_t i;

	for (i = 0; i < c->n; i++) {
		for (tries = 0; tries < 100; tries++, nap(100))
			if ((said = look_at(c, i)) != NOTHING && said != LATER)
				break;
		if (said == (c->cert[i].revoked ? REVOKED : GOOD))
			continue;
		bad("OCSP at the end: %s is %s", c->cert[i].serial,
		    said == GOOD ? "good" : said == REVOKED ? "revoked" :
		    "not answered for");
		ok = 0;
	}
	return ok;
}

/* ---- published files ---- */

static X509_CRL *
read_crl(const struct clients *c)
{
	char path[PATH_MAX];
	X509_CRL *crl;
	BIO *b;

	snprintf(path, sizeof(path), "%s/crl/devices-g1.crl", c->pub);
	b = BIO_new_file(path, "rb");
	if (b == NULL) {
		bad("%s is not there", path);
		return NULL;
	}
	crl = d2i_X509_CRL_bio(b, NULL);
	BIO_free(b);
	if (crl == NULL)
		bad("%s is not whole", path);
	return crl;
}

/* Its number and how many it lists only grow: nothing expires meanwhile. */
static void
look_at_crl(struct clients *c, int64_t *last, int *listed)
{
	X509_CRL *crl = read_crl(c);
	ASN1_INTEGER *number = NULL;
	int64_t n = -1;
	int count;

	if (crl == NULL)
		return;
	number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	count = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl));
	if (count < 0) /* none at all */
		count = 0;
	if (number == NULL || !ASN1_INTEGER_get_int64(&n, number) || n < *last)
		bad("CRL number %lld after %lld", (long long)n,
		    (long long)*last);
	if (n != *last) {
		if (count < *listed)
			bad("CRL %lld lists %d, the one before %d",
			    (long long)n, count, *listed);
		if (X509_CRL_verify(crl, X509_get0_pubkey(c->issuer)) != 1)
			bad("CRL %lld is not signed", (long long)n);
		pthread_mutex_lock(&c->lock);
		c->crls++;
		pthread_mutex_unlock(&c->lock);
	}
	*last = n;
	*listed = count;
	ASN1_INTEGER_free(number);
	X509_CRL_free(crl);
}

/* Told as a line: it must be in the store afterwards, with that root. */
static void
look_at_checkpoint(struct clients *c, unsigned long *last)
{
	char path[PATH_MAX], text[3][TEXT_MAX] = {"", "", ""};
	unsigned long size;
	FILE *f;
	int i;

	snprintf(path, sizeof(path), "%s/log/checkpoint", c->pub);
	if ((f = fopen(path, "r")) == NULL) {
		bad("%s is not there", path);
		return;
	}
	for (i = 0; i < 3; i++)
		if (fgets(text[i], TEXT_MAX, f) == NULL)
			bad("%s is not whole", path);
	fclose(f);
	text[2][strcspn(text[2], "\n")] = '\0';
	size = strtoul(text[1], NULL, 10);
	if (size < *last)
		bad("checkpoint of %lu after %lu", size, *last);
	if (size == *last)
		return;
	*last = size;
	printf("checkpoint %lu %s\n", size, text[2]);
	pthread_mutex_lock(&c->lock);
	c->checkpoints++;
	pthread_mutex_unlock(&c->lock);
}

void *
files_run(void *arg)
{
	struct clients *c = arg;
	unsigned long size = 0;
	int64_t number = 0;
	int listed = 0;

	while (!c->over) {
		look_at_crl(c, &number, &listed);
		look_at_checkpoint(c, &size);
		nap(20);
	}
	return NULL;
}
