#include <stdio.h>
#include <string.h>
#include <openssl/asn1t.h>
#include <openssl/crypto.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "profiles/der.h"
#include "ra/attest/private.h"
#include "ra/attest/bundle.h"

/* clang-format off */
typedef struct {
	ASN1_OBJECT *type;
	ASN1_TYPE *stmt;
	ASN1_TYPE *hint; /* of older drafts; only with ATTEST_QUIRK_STMT_HINT */
} BUNDLE_STMT;

typedef struct {
	STACK_OF(BUNDLE_STMT) *statements;
	STACK_OF(ASN1_TYPE) *certs;
} BUNDLE_INFO;

typedef struct {
	ASN1_OBJECT *type;
	STACK_OF(BUNDLE_INFO) *values;
} BUNDLE_ATTR;

DEFINE_STACK_OF(BUNDLE_STMT)
DEFINE_STACK_OF(BUNDLE_INFO)

ASN1_SEQUENCE(BUNDLE_STMT) = {
	ASN1_SIMPLE(BUNDLE_STMT, type, ASN1_OBJECT),
	ASN1_SIMPLE(BUNDLE_STMT, stmt, ASN1_ANY),
	ASN1_OPT(BUNDLE_STMT, hint, ASN1_ANY)
} static_ASN1_SEQUENCE_END(BUNDLE_STMT)

ASN1_SEQUENCE(BUNDLE_INFO) = {
	ASN1_SEQUENCE_OF(BUNDLE_INFO, statements, BUNDLE_STMT),
	ASN1_SEQUENCE_OF_OPT(BUNDLE_INFO, certs, ASN1_ANY)
} static_ASN1_SEQUENCE_END(BUNDLE_INFO)

ASN1_SEQUENCE(BUNDLE_ATTR) = {
	ASN1_SIMPLE(BUNDLE_ATTR, type, ASN1_OBJECT),
	ASN1_SET_OF(BUNDLE_ATTR, values, BUNDLE_INFO)
} static_ASN1_SEQUENCE_END(BUNDLE_ATTR)
/* clang-format on */

struct bundle {
	struct {
		char type[80];
		unsigned char *stmt;
		size_t len;
	} statement[BUNDLE_STATEMENTS_MAX];
	size_t n;
	STACK_OF(X509) *certs;
};

/* ---- From a request ---- */

static int
is_ours(struct der attribute)
{
	struct der body, oid;

	return der_only(attribute, DER_SEQUENCE, &body) &&
	    der_take(&body, DER_OID, &oid) && der_oid_is(&oid, BUNDLE_OID);
}

/* The row of attributes of a CertificationRequestInfo. */
static int
attributes(struct der csr, struct der *out)
{
	struct der body, info, skip;

	return der_only(csr, DER_SEQUENCE, &body) &&
	    der_take(&body, DER_SEQUENCE, &info) &&
	    der_take(&info, DER_INTEGER, &skip) &&
	    der_take(&info, DER_SEQUENCE, &skip) &&
	    der_take(&info, DER_SEQUENCE, &skip) &&
	    der_take(&info, DER_CONTEXT_CONS(0), out);
}

int
bundle_find(const unsigned char *csr, size_t len, struct attest_octets *out)
{
	struct der all = { csr, len }, row, one;
	int found = 0;

	if (!attributes(all, &row)) {
		attest_malformed("bundle.request", "csr", "not a PKCS #10 request");
		return -1;
	}
	while (row.len > 0) {
		if (!der_take_whole(&row, DER_SEQUENCE, &one)) {
			attest_malformed("bundle.request", "csr.attributes",
			    "not a row of attributes");
			return -1;
		}
		if (!is_ours(one))
			continue;
		if (found) {
			attest_malformed("bundle.once", "csr.attributes",
			    "more than one attestation attribute");
			return -1;
		}
		*out = octets_of(one.p, one.len);
		found = 1;
	}
	return found;
}

/* ---- Certificates ---- */

static int
push_cert(struct bundle *b, const ASN1_STRING *der)
{
	const unsigned char *p = ASN1_STRING_get0_data(der), *end;
	X509 *cert;

	end = p + ASN1_STRING_length(der);
	cert = d2i_X509(NULL, &p, end - p);
	if (cert == NULL || p != end) {
		X509_free(cert);
		return attest_malformed("bundle.certs", "certs",
		    "certificate %d cannot be read",
		    sk_X509_num(b->certs));
	}
	if (sk_X509_push(b->certs, cert) <= 0) {
		X509_free(cert);
		return attest_internal("bundle.certs", "certs", "out of memory");
	}
	return 1;
}

/* LimitedCertChoices: a certificate, or `other` [3], which nobody here reads. */
static int
take_certs(struct bundle *b, STACK_OF(ASN1_TYPE) *certs)
{
	int i, n = sk_ASN1_TYPE_num(certs);

	if (certs && (n == 0 || n > ATTEST_CERTS_MAX))
		return attest_malformed("bundle.certs", "certs",
		    "%d of them; 1 to %d, or the field is absent", n,
		    ATTEST_CERTS_MAX);
	for (i = 0; i < n; i++) {
		const ASN1_TYPE *any = sk_ASN1_TYPE_value(certs, i);
		int type = ASN1_TYPE_get(any);

		if (type == V_ASN1_SEQUENCE) {
			if (!push_cert(b, any->value.sequence))
				return 0;
		} else if (type != V_ASN1_OTHER ||
		    ASN1_STRING_get0_data(any->value.asn1_string)[0] != 0xa3)
			return attest_malformed("bundle.certs", "certs",
			    "element %d is neither certificate nor other", i);
	}
	return 1;
}

/* ---- Statements ---- */

static int
take_statement(struct bundle *b, const BUNDLE_STMT *s, unsigned quirks)
{
	unsigned char *der = NULL;
	int len;

	if (s->hint && !(quirks & ATTEST_QUIRK_STMT_HINT))
		return attest_malformed("bundle.statement", "statement",
		    "a third element, as in old drafts");
	if (OBJ_obj2txt(b->statement[b->n].type,
		sizeof(b->statement[b->n].type), s->type,
		1) >= (int)sizeof(b->statement[b->n].type))
		return attest_malformed("bundle.statement", "statement.type",
		    "too long an OID");
	len = i2d_ASN1_TYPE(s->stmt, &der);
	if (len <= 0 || len > ATTEST_STMT_MAX) {
		OPENSSL_free(der);
		return attest_malformed("bundle.statement", "statement.stmt",
		    "more than %d octets", ATTEST_STMT_MAX);
	}
	b->statement[b->n].stmt = der;
	b->statement[b->n].len = (size_t)len;
	b->n++;
	return 1;
}

static int
take_info(struct bundle *b, const BUNDLE_INFO *info, unsigned quirks)
{
	int i, n = sk_BUNDLE_STMT_num(info->statements);

	if (n < 1 || n > BUNDLE_STATEMENTS_MAX)
		return attest_malformed("bundle.statements", "attestations",
		    "%d statements; 1 to %d may be there", n,
		    BUNDLE_STATEMENTS_MAX);
	for (i = 0; i < n; i++)
		if (!take_statement(
			b, sk_BUNDLE_STMT_value(info->statements, i), quirks))
			return 0;
	return take_certs(b, info->certs);
}

/* DER has one way to write a value: what is written again must be the same. */
static int
same_again(const void *value, const ASN1_ITEM *item, const unsigned char *der,
    size_t len)
{
	unsigned char *again = NULL;
	int n = ASN1_item_i2d(value, &again, item), same;

	same = n > 0 && (size_t)n == len && memcmp(again, der, len) == 0;
	OPENSSL_free(again);
	return same ||
	    attest_malformed("bundle.der", "attribute", "not DER");
}

static int
read_attribute(struct bundle *b, const unsigned char *der, size_t len,
    unsigned quirks)
{
	const unsigned char *p = der;
	BUNDLE_ATTR *attr = (BUNDLE_ATTR *)ASN1_item_d2i(
	    NULL, &p, (long)len, ASN1_ITEM_rptr(BUNDLE_ATTR));
	char oid[80];
	int ok = 0;

	if (attr == NULL || p != der + len) {
		attest_malformed("bundle.der", "attribute",
		    "not an attribute with an attestation bundle");
		goto out;
	}
	OBJ_obj2txt(oid, sizeof(oid), attr->type, 1);
	if (strcmp(oid, BUNDLE_OID) != 0)
		attest_malformed("bundle.der", "attribute.type",
		    "not id-aa-attestation");
	else if (sk_BUNDLE_INFO_num(attr->values) != 1)
		attest_malformed("bundle.once", "attribute.values",
		    "%d bundles; exactly one may be there",
		    sk_BUNDLE_INFO_num(attr->values));
	else
		ok = same_again(attr, ASN1_ITEM_rptr(BUNDLE_ATTR), der, len) &&
		    take_info(b, sk_BUNDLE_INFO_value(attr->values, 0), quirks);
out:
	ASN1_item_free((ASN1_VALUE *)attr, ASN1_ITEM_rptr(BUNDLE_ATTR));
	return ok;
}

static int
read_bare(struct bundle *b, const unsigned char *der, size_t len,
    unsigned quirks)
{
	const unsigned char *p = der;
	BUNDLE_INFO *info = (BUNDLE_INFO *)ASN1_item_d2i(
	    NULL, &p, (long)len, ASN1_ITEM_rptr(BUNDLE_INFO));
	int ok;

	if (info == NULL || p != der + len)
		ok = attest_malformed("bundle.der", "bundle",
		    "not an attestation bundle");
	else
		ok = same_again(info, ASN1_ITEM_rptr(BUNDLE_INFO), der, len) &&
		    take_info(b, info, quirks);
	ASN1_item_free((ASN1_VALUE *)info, ASN1_ITEM_rptr(BUNDLE_INFO));
	return ok;
}

struct bundle *
bundle_parse(const unsigned char *der, size_t len, unsigned quirks)
{
	struct der all = { der, len }, body;
	struct bundle *b;
	int ok;

	if (len == 0 || len > BUNDLE_MAX ||
	    !der_only(all, DER_SEQUENCE, &body)) {
		attest_malformed("bundle.der", "attribute",
		    "%zu octets that are not one SEQUENCE of up to %d", len,
		    BUNDLE_MAX);
		return NULL;
	}
	b = OPENSSL_zalloc(sizeof(*b));
	if (b == NULL || (b->certs = sk_X509_new_null()) == NULL)
		ok = attest_internal("bundle.der", "bundle", "out of memory");
	else if (der_next_is(&body, DER_OID))
		ok = read_attribute(b, der, len, quirks);
	else
		ok = read_bare(b, der, len, quirks);
	if (!ok) {
		bundle_free(b);
		b = NULL;
	}
	return b;
}

void
bundle_free(struct bundle *b)
{
	size_t i;

	if (b == NULL)
		return;
	for (i = 0; i < b->n; i++)
		OPENSSL_free(b->statement[i].stmt);
	sk_X509_pop_free(b->certs, X509_free);
	OPENSSL_free(b);
}

size_t
bundle_count(const struct bundle *b)
{
	return b->n;
}

void
bundle_statement(const struct bundle *b, size_t i, const char *arc,
    struct attest_statement *out)
{
	out->kind = attest_kind_of(b->statement[i].type, arc);
	out->stmt = octets_of(b->statement[i].stmt, b->statement[i].len);
}

const char *
bundle_type(const struct bundle *b, size_t i)
{
	return b->statement[i].type;
}

STACK_OF(X509) *
bundle_certs(const struct bundle *b)
{
	return b->certs;
}

/* What is known of a TPM, its state by a quote or its make by an activation, is
   about the request's key only where that TPM speaks of the key as well: all its
   statements are by one AK, and nothing ties it to a key of another format. */
static int
tpm_belongs(const struct attest_input *in, const struct attest_facts *facts)
{
	const char *what = NULL;

	if (attest_facts_get(facts, "tpm.pcrs") != NULL)
		what = "a quote";
	else if (in->ak_name.len > 0)
		what = "an activation";
	return what == NULL || attest_facts_get(facts, "tpm.key.name") != NULL ||
	    attest_refuse("facts.ak-name", "attestations",
		"%s, and no statement of that attestation key about the "
		"request's key", what);
}

int
bundle_appraise(const struct bundle *b, const struct attest_input *in,
    struct attest_facts *facts)
{
	struct attest_input each = *in;
	struct attest_statement s;
	size_t i;

	each.certs = b->certs;
	for (i = 0; i < b->n; i++) {
		bundle_statement(b, i, in->policy->arc, &s);
		if (!attest_appraise(&s, &each, facts))
			return 0;
	}
	if (attest_facts_key(facts).len == 0)
		return attest_refuse("bundle.key", "attestations",
		    "no statement is about the request's key");
	return tpm_belongs(in, facts);
}
