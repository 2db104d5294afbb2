#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "profiles/error.h"
#include "profiles/build_part.h"

static int
internal(const char *what)
{
	profile_raise(PROFILE_E_INTERNAL, "build: %s", what);
	return 0;
}

void
build_note(struct build *b, const char *fmt, ...)
{
	char text[256], *p;
	size_t have, n;
	va_list ap;

	if (b->notes == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (p = text; *p != '\0'; p++)
		if (*p < 0x20 || *p == 0x7f || *p == ';')
			*p = '?';
	have = strlen(b->notes);
	n = strlen(text);
	if (have + n + 3 > BUILD_NOTES_MAX)
		return;
	snprintf(b->notes + have, BUILD_NOTES_MAX - have, "%s%s",
	    have > 0 ? "; " : "", text);
}

const char *
build_value(const struct build_request *req, const char *name)
{
	size_t i;

	for (i = 0; i < req->n_fields; i++)
		if (strcmp(req->fields[i].name, name) == 0)
			return req->fields[i].value != NULL &&
				req->fields[i].value[0] != '\0'
			    ? req->fields[i].value
			    : NULL;
	return NULL;
}

static int
check_key(struct build *b)
{
	enum spki_type type;

	if (b->req->csr != NULL) {
		b->spki = csr_spki(b->req->csr, &b->spki_len);
		type = csr_key_type(b->req->csr);
	} else {
		b->spki = b->req->spki;
		b->spki_len = b->req->spki_len;
		type = spki_inspect(b->spki, b->spki_len);
	}
	if (type == SPKI_UNKNOWN)
		return 0;
	if (!(b->p->key_types & type)) {
		profile_raise(PROFILE_E_REFUSED,
		    "key.types: %s is not a key of profile %s",
		    spki_type_name(type), b->p->name);
		return 0;
	}
	return spki_key_id(b->spki, b->spki_len, b->key_id);
}

/* RFC 5280 4.2.1.9: the issuer's path length counts what is under it. */
static int
check_path(const struct build *b)
{
	int above = b->issuer->path_len;

	/* What is self-issued does not count (6.1.4). */
	if (!b->p->is_ca || profile_is_self_signed(b->p) || above < 0 ||
	    b->p->self_issued)
		return 1;
	if (b->p->path_len >= 0 && b->p->path_len < above)
		return 1;
	profile_raise(PROFILE_E_REFUSED,
	    "basic_constraints.path_len: the issuer allows %d CAs below it",
	    above);
	return 0;
}

static int
set_opaque(ASN1_TYPE *any, const unsigned char *der, size_t len)
{
	ASN1_STRING *s = ASN1_STRING_type_new(V_ASN1_SEQUENCE);

	if (s == NULL || !ASN1_STRING_set(s, der, (int)len)) {
		ASN1_STRING_free(s);
		return internal("out of memory");
	}
	ASN1_TYPE_set(any, V_ASN1_SEQUENCE, s);
	return 1;
}

static int
set_head(struct build *b)
{
	const unsigned char *p = b->issuer->sigalg;
	const unsigned char *serial = b->req->serial;
	X509_ALGOR *alg;

	/* Always 20 octets: neither a leading zero nor a sign to add. */
	if (serial[0] < 0x40 || serial[0] > 0x7f)
		return internal("serial does not begin with 40..7f");
	if (b->tbs->version == NULL &&
	    (b->tbs->version = ASN1_INTEGER_new()) == NULL)
		return internal("out of memory");
	if (!ASN1_INTEGER_set(b->tbs->version, 2) ||
	    !ASN1_STRING_set(b->tbs->serial, serial, BUILD_SERIAL_LEN))
		return internal("out of memory");
	alg = d2i_X509_ALGOR(NULL, &p, (long)b->issuer->sigalg_len);
	if (alg == NULL || p != b->issuer->sigalg + b->issuer->sigalg_len) {
		X509_ALGOR_free(alg);
		return internal("issuer's algorithm is not DER");
	}
	X509_ALGOR_free(b->tbs->signature);
	b->tbs->signature = alg;
	return set_opaque(b->tbs->spki, b->spki, b->spki_len);
}

static int
set_issuer(struct build *b)
{
	const ASN1_STRING *own = b->tbs->subject->value.sequence;

	if (profile_is_self_signed(b->p))
		return set_opaque(b->tbs->issuer, ASN1_STRING_get0_data(own),
		    (size_t)ASN1_STRING_length(own));
	if (b->issuer->name == NULL || b->issuer->name_len < 3) {
		profile_raise(PROFILE_E_REFUSED,
		    "build.issuer: profile %s needs an issuer with a name",
		    b->p->name);
		return 0;
	}
	return set_opaque(b->tbs->issuer, b->issuer->name, b->issuer->name_len);
}

/* Seconds of notAfter, or 0 raised. */
static int
end_of(struct build *b, int64_t from, int64_t *to)
{
	int64_t last = b->issuer->not_after;
	int alone = profile_is_self_signed(b->p);

	*to = b->p->no_end ? BUILD_NO_END : from + b->p->duration - 1;
	if (*to > BUILD_NO_END)
		*to = BUILD_NO_END;
	/* To outlive a CA is not to be issued by one that has ended. */
	if (!alone && last <= (int64_t)b->req->now) {
		profile_raise(
		    PROFILE_E_REFUSED, "validity.issuer: the issuer has ended");
		return 0;
	}
	if (alone || b->p->may_outlive_issuer || *to <= last)
		return 1;
	if (b->p->no_end) {
		profile_raise(PROFILE_E_REFUSED,
		    "validity.not_after: no end, but the issuer ends");
		return 0;
	}
	build_note(b, "notAfter cut off at the issuer's end");
	*to = last;
	return 1;
}

static int
set_validity(struct build *b)
{
	int64_t from = (int64_t)b->req->now - b->p->backdate, to;

	if (!end_of(b, from, &to))
		return 0;
	/* UTCTime before 2050, GeneralizedTime from then (4.1.2.5). */
	if (ASN1_TIME_set(b->tbs->validity->not_before, (time_t)from) == NULL ||
	    ASN1_TIME_set(b->tbs->validity->not_after, (time_t)to) == NULL)
		return internal("time out of range");
	return 1;
}

static int
encode(struct build *b, unsigned char **out, size_t *out_len)
{
	unsigned char *der = NULL;
	int n = i2d_INKAN_TBS(b->tbs, &der);

	if (n <= 0)
		return internal("cannot be encoded");
	if (n > BUILD_TBS_MAX) {
		OPENSSL_free(der);
		profile_raise(PROFILE_E_REFUSED,
		    "build.size: %d octets, more than %d", n, BUILD_TBS_MAX);
		return 0;
	}
	if (!build_check_size(b, (size_t)n)) {
		OPENSSL_free(der);
		return 0;
	}
	*out = der;
	*out_len = (size_t)n;
	return 1;
}

int
build_tbs(const struct build_request *req, unsigned char **out, size_t *out_len,
    char *notes)
{
	struct build b = {.req = req,
	    .p = req->profile,
	    .issuer = req->issuer,
	    .notes = notes};
	int ok;

	*out = NULL;
	*out_len = 0;
	if (notes != NULL)
		notes[0] = '\0';
	if ((b.tbs = INKAN_TBS_new()) == NULL)
		return internal("out of memory");
	ok = check_key(&b) && check_path(&b) && set_head(&b) &&
	    build_make_subject(&b) && set_issuer(&b) && set_validity(&b) &&
	    build_extensions(&b) && encode(&b, out, out_len);
	X509_NAME_free(b.subject);
	INKAN_TBS_free(b.tbs);
	return ok;
}
