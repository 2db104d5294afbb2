#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <openssl/ocsp.h>

#include "ca/error.h"
#include "ca/engine/publish.h"
#include "ca/engine/presign.h"

static int
write_response(OCSP_RESPONSE *resp, const struct issuer *is, const char *stem,
    const char *hash, const char *dir)
{
	unsigned char *der = NULL;
	char name[256];
	int len = i2d_OCSP_RESPONSE(resp, &der), ok = 0;

	if (len > 0) {
		snprintf(name, sizeof(name), "ocsp/%s/%s-%s.der",
		    is->row.ident, stem, hash);
		ok = publish_file(dir, name, der, (size_t)len);
	}
	OPENSSL_free(der);
	return ok;
}

static int
add_single(OCSP_BASICRESP *bs, OCSP_CERTID *id, time_t now, int64_t lifetime)
{
	ASN1_TIME *this = ASN1_TIME_set(NULL, now);
	ASN1_TIME *next = ASN1_TIME_set(NULL, now + (time_t)lifetime);
	ASN1_GENERALIZEDTIME *g_this, *g_next;
	int ok;

	g_this = ASN1_TIME_to_generalizedtime(this, NULL);
	g_next = ASN1_TIME_to_generalizedtime(next, NULL);
	ok = g_this != NULL && g_next != NULL && OCSP_basic_add1_status(bs, id,
	    V_OCSP_CERTSTATUS_GOOD, 0, NULL, g_this, g_next) != NULL;
	ASN1_GENERALIZEDTIME_free(g_this);
	ASN1_GENERALIZEDTIME_free(g_next);
	ASN1_TIME_free(this);
	ASN1_TIME_free(next);
	return ok;
}

static int
add_all(OCSP_BASICRESP *bs, const struct issuer *is,
    const STACK_OF(X509) *subjects, const EVP_MD *md, time_t now,
    int64_t lifetime)
{
	OCSP_CERTID *id;
	int i, ok = 1;

	for (i = 0; ok && i < sk_X509_num(subjects); i++) {
		id = OCSP_cert_to_id(md, sk_X509_value(subjects, i), is->cert);
		ok = id != NULL && add_single(bs, id, now, lifetime);
		OCSP_CERTID_free(id);
	}
	return ok;
}

struct answer {			/* what the file is about, and where it goes */
	const STACK_OF(X509) *subjects;
	const char *stem, *dir;
	time_t now;
	int64_t lifetime;
};

static int
presign(struct issuer *is, const struct answer *a, const EVP_MD *md,
    const char *hash)
{
	OCSP_BASICRESP *bs = OCSP_BASICRESP_new();
	OCSP_RESPONSE *resp = NULL;
	int ok;

	ok = bs != NULL &&
	    add_all(bs, is, a->subjects, md, a->now, a->lifetime) &&
	    OCSP_basic_sign(bs, is->cert, is->key,
	    issuer_digest(is->verify), NULL, OCSP_RESPID_KEY) == 1;
	resp = ok ? OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, bs) :
	    NULL;
	ok = resp != NULL && write_response(resp, is, a->stem, hash, a->dir);
	if (!ok)
		ca_raise(CA_E_SIGN, "issuer %s: an OCSP answer cannot be "
		    "signed in advance", is->row.ident);
	OCSP_BASICRESP_free(bs);
	OCSP_RESPONSE_free(resp);
	return ok;
}

int
presign_together(struct issuer *is, const STACK_OF(X509) *subjects,
    const char *publish_dir, time_t now, int64_t lifetime)
{
	struct answer a = {subjects, "all", publish_dir, now, lifetime};

	return presign(is, &a, EVP_sha1(), "sha1") &&
	    presign(is, &a, EVP_sha256(), "sha256");
}

int
presign_good(struct issuer *is, const X509 *subject, const char *publish_dir,
    time_t now, int64_t lifetime)
{
	BIGNUM *bn = ASN1_INTEGER_to_BN(X509_get0_serialNumber(subject), NULL);
	char *serial = bn == NULL ? NULL : BN_bn2hex(bn);
	STACK_OF(X509) *one = sk_X509_new_null();
	struct answer a = {one, serial, publish_dir, now, lifetime};
	int ok;

	ok = serial != NULL && one != NULL &&
	    sk_X509_push(one, (X509 *)subject) > 0 &&
	    presign(is, &a, EVP_sha1(), "sha1") &&
	    presign(is, &a, EVP_sha256(), "sha256");
	sk_X509_free(one);
	OPENSSL_free(serial);
	BN_free(bn);
	return ok;
}

static int64_t
seconds(const ASN1_GENERALIZEDTIME *t)
{
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	return t != NULL && ASN1_TIME_to_tm(t, &tm) == 1 ?
	    (int64_t)timegm(&tm) : 0;
}

/* Times of the first single answer. */
static int
read_times(const char *path, int64_t *from, int64_t *until)
{
	BIO *bio = BIO_new_file(path, "rb");
	OCSP_RESPONSE *resp = bio == NULL ? NULL :
	    d2i_OCSP_RESPONSE_bio(bio, NULL);
	OCSP_BASICRESP *bs = resp == NULL ? NULL :
	    OCSP_response_get1_basic(resp);
	OCSP_SINGLERESP *single = bs == NULL ? NULL : OCSP_resp_get0(bs, 0);
	ASN1_GENERALIZEDTIME *this = NULL, *next = NULL;

	if (single != NULL)
		(void)OCSP_single_get0_status(single, NULL, NULL, &this,
		    &next);
	*from = seconds(this);
	*until = seconds(next);
	if (*until == 0)
		ca_raise(CA_E_STORE, "%s: not an OCSP answer with nextUpdate",
		    path);
	OCSP_BASICRESP_free(bs);
	OCSP_RESPONSE_free(resp);
	BIO_free(bio);
	return *until != 0;
}

int
presign_ends(const char *publish_dir, const char *ident, size_t *n,
    int64_t *from, int64_t *until)
{
	char dir[PATH_MAX], path[PATH_MAX + 300];
	struct dirent *e;
	int64_t begin, end;
	int ok = 1;
	DIR *d;

	*n = 0;
	*from = *until = 0;
	snprintf(dir, sizeof(dir), "%.3900s/ocsp/%s", publish_dir, ident);
	d = opendir(dir);
	if (d == NULL && errno != ENOENT) {
		ca_raise(CA_E_STORE, "%s cannot be read", dir);
		return 0;
	}
	while (ok && d != NULL && (e = readdir(d)) != NULL) {
		if (strstr(e->d_name, ".der") == NULL)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		ok = read_times(path, &begin, &end);
		if (ok && (++*n == 1 || end < *until)) {
			*from = begin;
			*until = end;
		}
	}
	if (d != NULL)
		closedir(d);
	return ok;
}
