#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "profiles/error.h"
#include "profiles/name.h"
#include "profiles/build_part.h"

#define VALUE_MAX 1024

static int
refuse(const struct name_attr *a, const char *what, const char *more)
{
	profile_raise(
	    PROFILE_E_REFUSED, "subject.%s: %.100s %s", a->name, what, more);
	return 0;
}

/* 1 with the rule's value, 0 when its source is empty, -1 raised. */
static int
rule_value(const struct build_request *req,
    const struct profile_subject_rule *r, char out[VALUE_MAX])
{
	const struct name_attr *a;
	const char *value = r->source;

	if (r->kind == PROFILE_FROM_CSR) {
		if ((a = name_find(r->source)) == NULL)
			return 0;
		if (req->wish_subject != NULL)
			return csr_name_text(
			    req->wish_subject, a->nid, out, VALUE_MAX);
		if (req->csr == NULL)
			return 0;
		return csr_subject_text(req->csr, a->nid, out, VALUE_MAX);
	}
	if (r->kind == PROFILE_FROM_FIELD)
		value = build_value(req, r->source);
	if (value == NULL)
		return 0;
	if (strlen(value) >= VALUE_MAX)
		return refuse(name_of(r->nid), r->source, "is too long") - 1;
	snprintf(out, VALUE_MAX, "%s", value);
	return 1;
}

static int
add_rule(const struct build_request *req, const struct profile_subject_rule *r,
    X509_NAME *name)
{
	const struct name_attr *a = name_of(r->nid);
	char value[VALUE_MAX];
	const char *what;
	int rc = rule_value(req, r, value);

	if (rc < 0)
		return 0;
	if (rc == 0 || value[0] == '\0')
		return r->optional ? 1
				   : refuse(a, r->source,
					 r->kind == PROFILE_FROM_CSR
					     ? "is not in the request's subject"
					     : "is not known");
	if ((what = name_breach(a, value)) != NULL)
		return refuse(a, r->source, what);
	/* Typed, and one RDN for each rule; nothing is guessed or escaped. */
	if (!X509_NAME_add_entry_by_NID(name, a->nid, a->type,
		(const unsigned char *)value, -1, -1, 0)) {
		profile_raise(
		    PROFILE_E_INTERNAL, "subject.%s: cannot be added", a->name);
		return 0;
	}
	return 1;
}

static X509_NAME *
name_from_rules(const struct build_request *req)
{
	const struct profile *p = req->profile;
	X509_NAME *name = X509_NAME_new();
	size_t i;

	for (i = 0; name != NULL && i < p->n_subject; i++)
		if (!add_rule(req, &p->subject[i], name)) {
			X509_NAME_free(name);
			return NULL;
		}
	if (name == NULL)
		profile_raise(PROFILE_E_INTERNAL, "out of memory");
	return name;
}

int
build_subject(
    const struct build_request *req, unsigned char **out, size_t *out_len)
{
	X509_NAME *name = name_from_rules(req);
	int n;

	*out = NULL;
	if (name == NULL)
		return 0;
	n = i2d_X509_NAME(name, out);
	X509_NAME_free(name);
	if (n < 0) {
		profile_raise(PROFILE_E_INTERNAL, "subject: cannot be encoded");
		return 0;
	}
	*out_len = (size_t)n;
	return 1;
}

static X509_NAME *
name_from_der(const unsigned char *der, size_t len)
{
	const unsigned char *p = der;
	X509_NAME *name = d2i_X509_NAME(NULL, &p, (long)len);

	if (name != NULL && p == der + len)
		return name;
	profile_raise(PROFILE_E_BADREQUEST, "subject: not a Name");
	X509_NAME_free(name);
	return NULL;
}

static int
set_subject(struct build *b, const unsigned char *der, size_t len)
{
	ASN1_STRING *s = ASN1_STRING_type_new(V_ASN1_SEQUENCE);

	if (s == NULL || !ASN1_STRING_set(s, der, (int)len)) {
		ASN1_STRING_free(s);
		profile_raise(PROFILE_E_INTERNAL, "out of memory");
		return 0;
	}
	ASN1_TYPE_set(b->tbs->subject, V_ASN1_SEQUENCE, s);
	return 1;
}

/* A Name that exists already is taken over byte by byte. */
static int
take_subject(struct build *b, const unsigned char *der, size_t len)
{
	b->subject = name_from_der(der, len);
	return b->subject != NULL && set_subject(b, der, len);
}

/* Is there an entry of this type with this text? */
static int
has_entry(const X509_NAME *name, int nid, const unsigned char *text, int len)
{
	unsigned char *utf8 = NULL;
	int at = -1, n, same = 0;

	while (!same &&
	    (at = X509_NAME_get_index_by_NID((X509_NAME *)name, nid, at)) >=
		0) {
		n = ASN1_STRING_to_UTF8(&utf8,
		    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
		same = n >= 0 && n == len && memcmp(utf8, text, n) == 0;
		OPENSSL_free(utf8);
		utf8 = NULL;
	}
	return same;
}

static void
note_wishes(struct build *b)
{
	const X509_NAME *wish = csr_subject(b->req->csr);
	const X509_NAME_ENTRY *e;
	const ASN1_OBJECT *type;
	unsigned char *utf8 = NULL;
	char what[80];
	int i, n;

	for (i = 0; i < X509_NAME_entry_count(wish); i++) {
		e = X509_NAME_get_entry(wish, i);
		type = X509_NAME_ENTRY_get_object(e);
		n = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(e));
		if (n < 0 ||
		    !has_entry(b->subject, OBJ_obj2nid(type), utf8, n)) {
			if (OBJ_obj2nid(type) != NID_undef)
				snprintf(what, sizeof(what), "%s",
				    OBJ_nid2sn(OBJ_obj2nid(type)));
			else
				OBJ_obj2txt(what, sizeof(what), type, 1);
			build_note(b, "subject %.60s ignored", what);
		}
		OPENSSL_free(utf8);
		utf8 = NULL;
	}
}

static int
rules_subject(struct build *b)
{
	unsigned char *der = NULL;
	size_t len = 0;
	int ok;

	ok = build_subject(b->req, &der, &len) && take_subject(b, der, len);
	OPENSSL_free(der);
	return ok;
}

int
build_make_subject(struct build *b)
{
	const struct build_request *req = b->req;
	int ok;

	if (b->p->self_issued && b->issuer->name == NULL) {
		profile_raise(PROFILE_E_REFUSED,
		    "subject: a self-issued certificate needs an issuer's "
		    "name");
		return 0;
	}
	/* The issuer's own name, whatever else was given. */
	if ((profile_is_self_signed(b->p) || b->p->self_issued) &&
	    b->issuer->name != NULL)
		ok = take_subject(b, b->issuer->name, b->issuer->name_len);
	else if (req->subject != NULL)
		ok = take_subject(b, req->subject, req->subject_len);
	else
		ok = rules_subject(b);
	if (ok && req->csr != NULL)
		note_wishes(b);
	return ok;
}
