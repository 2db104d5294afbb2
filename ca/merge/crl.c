#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include "ca/merge/private.h"
#include "ca/store/reasons.h"

/* A published CRL: what it revokes is revoked, and its number is used up. */

#define CRL_OCTETS ((size_t)1 << 30)
#define SHARDS_MAX 256

struct taking {
	struct merge *m;
	const char *path;
	const struct merge_issuer *is;
	struct crl_row row;
	int newer;		/* than the newest of the store */
};

static int
check_crl(void *crl, EVP_PKEY *key)
{
	return X509_CRL_verify(crl, key);
}

static int
take_time(const ASN1_TIME *t, int64_t *out)
{
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	*out = (int64_t)timegm(&tm);
	return 1;
}

static int
refuse(const struct taking *t, const char *why)
{
	return MERGE_REFUSE("merge.crl: %s: %s", t->path, why);
}

/* "...-s<k>.crl", as all addresses of shards end. -1 none. */
static int
shard_in(const char *uri, int len)
{
	int i = len - (int)strlen(".crl"), k = 0, digits = 0, power = 1;

	if (i < 0 || memcmp(uri + i, ".crl", 4) != 0)
		return -1;
	while (i > 0 && digits < 3 && uri[i - 1] >= '0' && uri[i - 1] <= '9') {
		k += power * (uri[--i] - '0');
		power *= 10;
		digits++;
	}
	return digits > 0 && i >= 2 && memcmp(uri + i - 2, "-s", 2) == 0 ? k
									 : -1;
}

/* Where the CA has shards, the CRL's own address says which one it is. */
static int
take_shard(struct taking *t, const ISSUING_DIST_POINT *idp)
{
	const GENERAL_NAMES *names = NULL;
	const ASN1_IA5STRING *uri = NULL;
	int type = 0, shard = -1;

	if (t->is->shards == 0)
		return 1;
	if (idp != NULL && idp->distpoint != NULL && idp->distpoint->type == 0)
		names = idp->distpoint->name.fullname;
	if (sk_GENERAL_NAME_num(names) == 1)
		uri = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, 0),
		    &type);
	if (uri != NULL && type == GEN_URI)
		shard = shard_in((const char *)ASN1_STRING_get0_data(uri),
		    ASN1_STRING_length(uri));
	if (shard < 0 || shard >= t->is->shards || shard >= SHARDS_MAX)
		return refuse(t, "it does not say which shard it is of");
	t->row.shard = shard;
	return 1;
}

static int
take_scope(struct taking *t, X509_CRL *crl)
{
	int crit = -1, ok;
	ISSUING_DIST_POINT *idp;

	idp = X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, &crit,
	    NULL);
	if (idp == NULL && crit != -1)
		return refuse(t, "its issuing distribution point cannot be "
		    "read");
	ok = idp == NULL || idp->indirectCRL <= 0 ||
	    refuse(t, "it speaks of other CAs' certificates, too");
	ok = ok && take_shard(t, idp);
	ISSUING_DIST_POINT_free(idp);
	if (ok && X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0)
		ok = refuse(t, "it is a delta CRL: give the complete one");
	return ok;
}

static int
take_number(struct taking *t, X509_CRL *crl)
{
	ASN1_INTEGER *n = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL,
	    NULL);
	struct crl_row last;
	int ok, found;

	ok = n != NULL && ASN1_INTEGER_get_int64(&t->row.number, n) == 1 &&
	    t->row.number >= 0 &&
	    take_time(X509_CRL_get0_lastUpdate(crl), &t->row.this_update) &&
	    take_time(X509_CRL_get0_nextUpdate(crl), &t->row.next_update);
	ASN1_INTEGER_free(n);
	if (!ok)
		return refuse(t, "its number or its times cannot be read");
	found = crls_last(t->m->tx, t->is->id, t->row.shard, 0, &last);
	t->newer = found == 0 || (found == 1 && last.number < t->row.number);
	return found >= 0;
}

/* 1; 0 raised. */
static int
take_reason(const struct taking *t, X509_REVOKED *r,
    struct merge_revocation *v)
{
	ASN1_ENUMERATED *e;
	ASN1_GENERALIZEDTIME *g;
	int crit = -1, ok = 1;
	int64_t code = CRL_REASON_UNSPECIFIED;

	e = X509_REVOKED_get_ext_d2i(r, NID_crl_reason, &crit, NULL);
	if (e != NULL)
		ok = ASN1_ENUMERATED_get_int64(&code, e) == 1;
	else if (crit != -1)
		ok = 0;
	ASN1_ENUMERATED_free(e);
	crit = -1;
	g = X509_REVOKED_get_ext_d2i(r, NID_invalidity_date, &crit, NULL);
	if (g != NULL)
		ok = ok && take_time(g, &v->invalidity);
	else if (crit != -1)
		ok = 0;
	ASN1_GENERALIZEDTIME_free(g);
	v->reason = (int)code;
	if (ok && code >= 0 && code <= 10 && reasons_name((int)code) != NULL &&
	    take_time(X509_REVOKED_get0_revocationDate(r), &v->when))
		return 1;
	return refuse(t, "an entry of it cannot be read");
}

/* Is the last that the log tells of it a release of this very hold? 1, 0, -1
   raised. */
static int
was_released(const struct taking *t, const struct merge_serial *s,
    const struct merge_revocation *v)
{
	char serial[2 * CERT_SERIAL_MAX + 1];
	struct entry_row e;
	struct cert_row row;
	int64_t from = 0;
	int found;

	found = certs_by_serial(t->m->tx, s->issuer->id, s->serial, s->len,
	    &row);
	if (found < 0 || (found == 1 && row.state != CERT_VALID))
		return found < 0 ? -1 : 0;
	merge_serial_text(s->serial, s->len, serial);
	if (!entries_at(t->m->tx, v->when + 1, &from))
		return -1;
	found = entries_last_state(t->m->tx, from, s->issuer->ident, serial,
	    &e);
	entries_row_clear(&e);
	return found == 1 ? strcmp(e.kind, "release") == 0 : found;
}

static int
take_entry(struct taking *t, X509_REVOKED *r)
{
	char note[64];
	struct merge_revocation v = {.weak = !t->newer, .note = note};
	struct merge_serial s;

	snprintf(note, sizeof(note), "CRL %" PRId64, t->row.number);
	if (!take_reason(t, r, &v))
		return 0;
	if (!merge_serial_number(t->is, X509_REVOKED_get0_serialNumber(r), &s))
		return refuse(t, "it has a serial number that is none of ours");
	if (v.reason == CRL_REASON_CERTIFICATE_HOLD && !v.weak &&
	    (v.weak = was_released(t, &s, &v)) < 0)
		return 0;
	return merge_revoke(t->m, &s, &v);
}

static int
take_entries(struct taking *t, X509_CRL *crl)
{
	const STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(crl);
	int i, n = sk_X509_REVOKED_num(list);

	for (i = 0; i < n; i++)
		if (!take_entry(t, sk_X509_REVOKED_value(list, i)))
			return 0;
	t->row.n_entries = n > 0 ? n : 0;
	return 1;
}

static int
take(struct taking *t, X509_CRL *crl)
{
	unsigned char *der = NULL;
	int n, ok;

	t->is = merge_issuers_of(t->m, X509_CRL_get_issuer(crl), check_crl,
	    crl, "CRL", t->path);
	if (t->is == NULL)
		return 0;
	t->row.issuer = t->is->id;
	if (!take_scope(t, crl) || !take_number(t, crl) ||
	    !take_entries(t, crl))
		return 0;
	if (!t->newer)
		return 1;
	if ((n = i2d_X509_CRL(crl, &der)) <= 0) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return 0;
	}
	t->row.der = der;
	t->row.der_len = (size_t)n;
	t->row.octets = n;
	SHA256(der, (size_t)n, t->row.sha256);
	ok = crls_add(t->m->tx, &t->row);
	t->m->r->crls += ok;
	OPENSSL_free(der);
	return ok;
}

static X509_CRL *
read_crl(const unsigned char *buf, size_t len)
{
	const unsigned char *p = buf;
	X509_CRL *crl;
	BIO *bio;

	if (len > 0 && buf[0] == 0x30) {
		crl = d2i_X509_CRL(NULL, &p, (long)len);
		if (crl != NULL && p == buf + len)
			return crl;
		X509_CRL_free(crl);
		return NULL;
	}
	bio = BIO_new_mem_buf(buf, (int)len);
	crl = bio == NULL ? NULL : PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
	BIO_free(bio);
	return crl;
}

int
merge_crl(struct merge *m, const char *path)
{
	struct taking t = {.m = m, .path = path};
	unsigned char *buf;
	X509_CRL *crl;
	size_t len = 0;
	int ok;

	if ((buf = merge_file(path, CRL_OCTETS, &len)) == NULL)
		return 0;
	ERR_set_mark();
	crl = read_crl(buf, len);
	ERR_pop_to_mark();
	OPENSSL_free(buf);
	ok = crl != NULL ? take(&t, crl) : refuse(&t, "it is no CRL");
	X509_CRL_free(crl);
	return ok;
}
