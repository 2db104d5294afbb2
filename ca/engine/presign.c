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

static ASN1_GENERALIZEDTIME *
general(int64_t t)
{
	ASN1_TIME *at = ASN1_TIME_set(NULL, (time_t)t);
	ASN1_GENERALIZEDTIME *g;

	g = at == NULL ? NULL : ASN1_TIME_to_generalizedtime(at, NULL);
	ASN1_TIME_free(at);
	return g;
}

static int
add_status(OCSP_BASICRESP *bs, OCSP_CERTID *id,
    const struct presign_subject *s, ASN1_TIME *this, ASN1_TIME *next)
{
	ASN1_TIME *when = NULL;
	int reason = s->reason >= 0 ? s->reason :
	    OCSP_REVOKED_STATUS_NOSTATUS;
	int ok;

	if (!s->revoked)
		return OCSP_basic_add1_status(bs, id, V_OCSP_CERTSTATUS_GOOD,
		    0, NULL, this, next) != NULL;
	when = general(s->when);
	ok = when != NULL && OCSP_basic_add1_status(bs, id,
	    V_OCSP_CERTSTATUS_REVOKED, reason, when, this, next) != NULL;
	ASN1_GENERALIZEDTIME_free(when);
	return ok;
}

static int
add_single(OCSP_BASICRESP *bs, OCSP_CERTID *id,
    const struct presign_subject *s, time_t now, int64_t lifetime)
{
	ASN1_GENERALIZEDTIME *this = general((int64_t)now);
	ASN1_GENERALIZEDTIME *next = general((int64_t)now + lifetime);
	int ok;

	ok = this != NULL && next != NULL &&
	    add_status(bs, id, s, this, next);
	ASN1_GENERALIZEDTIME_free(this);
	ASN1_GENERALIZEDTIME_free(next);
	return ok;
}

struct answer {			/* what the file is about, and where it goes */
	const struct presign_subject *subjects;
	size_t n;
	const char *stem, *dir;
	time_t now;
	int64_t lifetime;
};

static int
add_all(OCSP_BASICRESP *bs, const struct issuer *is, const struct answer *a,
    const EVP_MD *md)
{
	OCSP_CERTID *id;
	size_t i;
	int ok = 1;

	for (i = 0; ok && i < a->n; i++) {
		id = OCSP_cert_to_id(md, a->subjects[i].cert, is->cert);
		ok = id != NULL && add_single(bs, id, &a->subjects[i], a->now,
		    a->lifetime);
		OCSP_CERTID_free(id);
	}
	return ok;
}

static int
presign(struct issuer *is, const struct answer *a, const EVP_MD *md,
    const char *hash)
{
	OCSP_BASICRESP *bs = OCSP_BASICRESP_new();
	OCSP_RESPONSE *resp = NULL;
	int ok;

	ok = bs != NULL &&
	    add_all(bs, is, a, md) &&
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
presign_together(struct issuer *is, const struct presign_subject *subjects,
    size_t n, const char *publish_dir, time_t now, int64_t lifetime)
{
	struct answer a = {subjects, n, "all", publish_dir, now, lifetime};

	return presign(is, &a, EVP_sha1(), "sha1") &&
	    presign(is, &a, EVP_sha256(), "sha256");
}

int
presign_one(struct issuer *is, const struct presign_subject *subject,
    const char *publish_dir, time_t now, int64_t lifetime)
{
	BIGNUM *bn = ASN1_INTEGER_to_BN(X509_get0_serialNumber(subject->cert),
	    NULL);
	char *serial = bn == NULL ? NULL : BN_bn2hex(bn);
	struct answer a = {subject, 1, serial, publish_dir, now, lifetime};
	int ok;

	ok = serial != NULL && presign(is, &a, EVP_sha1(), "sha1") &&
	    presign(is, &a, EVP_sha256(), "sha256");
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
