#include <limits.h>
#include <string.h>
#include <time.h>
#include <openssl/asn1t.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include "ca/log/leaf.h"
#include "ca/log/private.h"
#include "profiles/text.h"

#define VERSION 1

typedef struct leaf_st {
	ASN1_INTEGER *version;
	ASN1_INTEGER *index;
	ASN1_UTF8STRING *kind;
	ASN1_GENERALIZEDTIME *time;
	ASN1_OCTET_STRING *commitment;
} LEAF;

typedef struct opening_st {
	ASN1_INTEGER *version;
	ASN1_UTF8STRING *kind;
	ASN1_GENERALIZEDTIME *time;
	ASN1_OCTET_STRING *salt;
	ASN1_OCTET_STRING *detail;
} OPENING;

/* clang-format off */
ASN1_SEQUENCE(LEAF) = {
	ASN1_SIMPLE(LEAF, version, ASN1_INTEGER),
	ASN1_SIMPLE(LEAF, index, ASN1_INTEGER),
	ASN1_SIMPLE(LEAF, kind, ASN1_UTF8STRING),
	ASN1_SIMPLE(LEAF, time, ASN1_GENERALIZEDTIME),
	ASN1_SIMPLE(LEAF, commitment, ASN1_OCTET_STRING),
} static_ASN1_SEQUENCE_END(LEAF)

ASN1_SEQUENCE(OPENING) = {
	ASN1_SIMPLE(OPENING, version, ASN1_INTEGER),
	ASN1_SIMPLE(OPENING, kind, ASN1_UTF8STRING),
	ASN1_SIMPLE(OPENING, time, ASN1_GENERALIZEDTIME),
	ASN1_SIMPLE(OPENING, salt, ASN1_OCTET_STRING),
	ASN1_SIMPLE(OPENING, detail, ASN1_OCTET_STRING),
} static_ASN1_SEQUENCE_END(OPENING)
/* clang-format on */

int
log_leaf_commit(const unsigned char salt[LEAF_SALT], const void *detail,
    size_t len, unsigned char out[LEAF_COMMITMENT])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok;

	ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(ctx, salt, LEAF_SALT) == 1 &&
	    EVP_DigestUpdate(ctx, detail, len) == 1 &&
	    EVP_DigestFinal_ex(ctx, out, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	if (!ok)
		ca_raise(CA_E_INTERNAL, "log: a commitment cannot be made");
	return ok;
}

/* ${v} as DER (NULL and -1 when it could not be filled); freed here. */
static int
encode(void *v, const ASN1_ITEM *it, int filled, unsigned char **out,
    size_t *len)
{
	int n = -1;

	*out = NULL;
	if (v != NULL && filled)
		n = ASN1_item_i2d(v, out, it);
	ASN1_item_free(v, it);
	if (n > 0) {
		*len = (size_t)n;
		return 1;
	}
	ca_raise(CA_E_INTERNAL, "log: the entry cannot be encoded");
	return 0;
}

int
log_leaf_encode(const struct log_leaf *leaf, unsigned char **out, size_t *len)
{
	LEAF *v = (LEAF *)ASN1_item_new(ASN1_ITEM_rptr(LEAF));
	int ok;

	ok = v != NULL && ASN1_INTEGER_set(v->version, VERSION) &&
	    ASN1_INTEGER_set_int64(v->index, leaf->index) &&
	    ASN1_STRING_set(v->kind, leaf->kind, -1) &&
	    ASN1_GENERALIZEDTIME_set(v->time, (time_t)leaf->time) != NULL &&
	    ASN1_OCTET_STRING_set(v->commitment, leaf->commitment,
		LEAF_COMMITMENT);
	return encode(v, ASN1_ITEM_rptr(LEAF), ok, out, len);
}

/* A value of ${it} that is all of ${der} and its only DER; NULL. */
static void *
decode(const ASN1_ITEM *it, const unsigned char *der, size_t len)
{
	const unsigned char *p = der;
	unsigned char *again = NULL;
	void *v = NULL;
	int n = -1;

	if (len <= LONG_MAX)
		v = ASN1_item_d2i(NULL, &p, (long)len, it);
	if (v != NULL)
		n = ASN1_item_i2d(v, &again, it);
	if (n < 0 || (size_t)n != len || memcmp(again, der, len) != 0) {
		ASN1_item_free(v, it);
		v = NULL;
	}
	OPENSSL_free(again);
	return v;
}

static int
take_octets(const ASN1_OCTET_STRING *s, unsigned char *out, int len)
{
	if (ASN1_STRING_length(s) != len)
		return 0;
	memcpy(out, ASN1_STRING_get0_data(s), (size_t)len);
	return 1;
}

static int
take_kind(const ASN1_UTF8STRING *s, char out[LEAF_KIND_MAX])
{
	int len = ASN1_STRING_length(s);

	if (len < 1 || len >= LEAF_KIND_MAX)
		return 0;
	memcpy(out, ASN1_STRING_get0_data(s), (size_t)len);
	out[len] = '\0';
	return text_is_utf8(out, (size_t)len);
}

/* YYYYMMDDHHMMSSZ and nothing else. */
static int
take_time(const ASN1_GENERALIZEDTIME *t, int64_t *out)
{
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	if (ASN1_STRING_length(t) != 15 || ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	*out = (int64_t)timegm(&tm);
	return 1;
}

static int
take_version(const ASN1_INTEGER *i)
{
	int64_t v;

	return ASN1_INTEGER_get_int64(&v, i) == 1 && v == VERSION;
}

int
log_leaf_decode(struct log_leaf *out, const unsigned char *der, size_t len)
{
	LEAF *v = decode(ASN1_ITEM_rptr(LEAF), der, len);
	int ok;

	memset(out, 0, sizeof(*out));
	ok = v != NULL && take_version(v->version) &&
	    ASN1_INTEGER_get_int64(&out->index, v->index) == 1 &&
	    out->index >= 0 && take_kind(v->kind, out->kind) &&
	    take_time(v->time, &out->time) &&
	    take_octets(v->commitment, out->commitment, LEAF_COMMITMENT);
	ASN1_item_free((ASN1_VALUE *)v, ASN1_ITEM_rptr(LEAF));
	return ok || LOG_REFUSE("leaf.format: not the leaf of an entry");
}

int
log_opening_encode(const struct log_opening *o, unsigned char **out,
    size_t *len)
{
	OPENING *v = (OPENING *)ASN1_item_new(ASN1_ITEM_rptr(OPENING));
	int ok;

	ok = v != NULL && o->detail_len <= INT_MAX &&
	    ASN1_INTEGER_set(v->version, VERSION) &&
	    ASN1_STRING_set(v->kind, o->kind, -1) &&
	    ASN1_GENERALIZEDTIME_set(v->time, (time_t)o->time) != NULL &&
	    ASN1_OCTET_STRING_set(v->salt, o->salt, LEAF_SALT) &&
	    ASN1_OCTET_STRING_set(v->detail, o->detail, (int)o->detail_len);
	return encode(v, ASN1_ITEM_rptr(OPENING), ok, out, len);
}

int
log_opening_decode(struct log_opening *o, const unsigned char *der, size_t len)
{
	OPENING *v = decode(ASN1_ITEM_rptr(OPENING), der, len);
	int ok;

	memset(o, 0, sizeof(*o));
	ok = v != NULL && take_version(v->version) &&
	    take_kind(v->kind, o->kind) && take_time(v->time, &o->time) &&
	    take_octets(v->salt, o->salt, LEAF_SALT);
	if (ok) {
		o->detail_len = (size_t)ASN1_STRING_length(v->detail);
		o->detail = OPENSSL_memdup(ASN1_STRING_get0_data(v->detail),
		    o->detail_len);
		ok = o->detail != NULL;
	}
	ASN1_item_free((ASN1_VALUE *)v, ASN1_ITEM_rptr(OPENING));
	return ok || LOG_REFUSE("opening.format: not the opening of an entry");
}

void
log_opening_clear(struct log_opening *o)
{
	OPENSSL_free(o->detail);
	memset(o, 0, sizeof(*o));
}

int
log_opening_leaf(const struct log_opening *o, uint64_t index,
    unsigned char **out, size_t *len)
{
	struct log_leaf leaf = {.index = (int64_t)index, .time = o->time};

	if (index > INT64_MAX)
		return LOG_REFUSE("leaf.format: no entry has this index");
	memcpy(leaf.kind, o->kind, sizeof(leaf.kind));
	return log_leaf_commit(o->salt, o->detail, o->detail_len,
		   leaf.commitment) &&
	    log_leaf_encode(&leaf, out, len);
}
