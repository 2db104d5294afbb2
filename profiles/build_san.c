#include <stdio.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "profiles/error.h"
#include "profiles/san.h"
#include "profiles/text.h"
#include "profiles/build_part.h"

#define PATTERN_MAX 1024
#define WILD '\x01' /* '*' of the profile; no value has it */

static int
refuse(const struct profile_san_rule *r, const char *what, const char *more)
{
	profile_raise(PROFILE_E_REFUSED, "san.%s: %.100s %s",
	    san_type_name(r->type), what, more);
	return 0;
}

/* Put a name at the end unless it is there already. */
static int
push(GENERAL_NAMES *names, GENERAL_NAME *gn)
{
	int i;

	if (gn == NULL)
		return 0;
	for (i = 0; i < sk_GENERAL_NAME_num(names); i++)
		if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(names, i), gn) ==
		    0) {
			GENERAL_NAME_free(gn);
			return 1;
		}
	if (sk_GENERAL_NAME_push(names, gn) > 0)
		return 1;
	GENERAL_NAME_free(gn);
	profile_raise(PROFILE_E_INTERNAL, "out of memory");
	return 0;
}

static int
add_value(
    const struct profile_san_rule *r, GENERAL_NAMES *names, const char *value)
{
	return push(names, san_make(r->type, r->oid, value));
}

/* A field with several addresses or names, "a, b". */
static int
add_values(
    const struct profile_san_rule *r, GENERAL_NAMES *names, const char *value)
{
	char one[SAN_VALUE_MAX];
	size_t n;

	for (;;) {
		value += strspn(value, " ");
		n = strcspn(value, ",");
		if (n >= sizeof(one))
			return refuse(r, r->source, "is too long");
		snprintf(one, sizeof(one), "%.*s", (int)n, value);
		while (n > 0 && one[n - 1] == ' ')
			one[--n] = '\0';
		if (!add_value(r, names, one))
			return 0;
		value += strcspn(value, ",");
		if (*value++ == '\0')
			return 1;
	}
}

static int
from_field(
    struct build *b, const struct profile_san_rule *r, GENERAL_NAMES *names)
{
	const char *value = r->source;

	if (r->kind == PROFILE_FROM_FIELD)
		value = build_value(b->req, r->source);
	if (value == NULL)
		return r->optional ? 1 : refuse(r, r->source, "is not known");
	if (r->type == PROFILE_SAN_DNS || r->type == PROFILE_SAN_IP)
		return add_values(r, names, value);
	return add_value(r, names, value);
}

/*
 * One pattern with its fields put in, '*' replaced by WILD: a device called
 * "*" must not match every name. 0 when a field is empty or will not fit.
 */
static int
expand(const struct build_request *req, const char *pattern, size_t len,
    char out[PATTERN_MAX])
{
	const char *end = pattern + len, *close, *value;
	char field[80];
	size_t n = 0;

	for (; pattern < end; pattern++) {
		if (*pattern != '{') {
			if (n + 1 >= PATTERN_MAX)
				return 0;
			out[n++] = *pattern == '*' ? WILD : *pattern;
			continue;
		}
		close = memchr(pattern, '}', (size_t)(end - pattern));
		if (close == NULL)
			return 0;
		snprintf(field, sizeof(field), "%.*s",
		    (int)(close - pattern - 1), pattern + 1);
		value = build_value(req, field);
		if (value == NULL || strchr(value, WILD) != NULL ||
		    n + strlen(value) >= PATTERN_MAX)
			return 0;
		memcpy(out + n, value, strlen(value));
		n += strlen(value);
		pattern = close;
	}
	out[n] = '\0';
	return 1;
}

static int
matches(const struct build_request *req, const struct profile_san_rule *r,
    const char *value)
{
	const char *p = r->match;
	char pattern[PATTERN_MAX];
	size_t n;

	if (*p == '\0')
		return 1;
	for (;; p += n + 1) {
		n = strcspn(p, ",");
		if (expand(req, p, n, pattern) &&
		    text_match(
			pattern, value, WILD, r->type == PROFILE_SAN_DNS))
			return 1;
		if (p[n] == '\0')
			return 0;
	}
}

static const struct profile_san_rule *
rule_for(struct build *b, enum profile_san_type type, const char *value,
    const size_t *taken)
{
	const struct profile_san_rule *r;
	size_t i;

	for (i = 0; i < b->p->n_san; i++) {
		r = &b->p->san[i];
		if (r->kind == PROFILE_FROM_CSR && r->type == type &&
		    taken[i] < r->max && san_breach(type, value) == NULL &&
		    matches(b->req, r, value))
			return r;
	}
	return NULL;
}

/* No rule takes the name: is that a refusal, or only a note? */
static int
outside(
    struct build *b, int text, enum profile_san_type type, const char *value)
{
	const struct profile_san_rule *r;
	size_t i;

	for (i = 0; text && i < b->p->n_san; i++) {
		r = &b->p->san[i];
		if (r->kind == PROFILE_FROM_CSR && r->type == type &&
		    r->otherwise == PROFILE_REFUSE)
			return refuse(r, value, "is not allowed");
	}
	if (text)
		build_note(
		    b, "san %s:%.100s ignored", san_type_name(type), value);
	else
		build_note(b, "san of another type ignored");
	return 1;
}

/* The names of the request, each under the first rule that takes it. */
static int
from_csr(struct build *b, GENERAL_NAMES *names, size_t *taken)
{
	const GENERAL_NAMES *wish = b->req->wish_san != NULL
	    ? b->req->wish_san
	    : csr_san(b->req->csr);
	const struct profile_san_rule *r;
	enum profile_san_type type = PROFILE_SAN_DNS;
	char value[SAN_VALUE_MAX] = "";
	int i, text;

	for (i = 0; i < sk_GENERAL_NAME_num(wish); i++) {
		text = san_read(sk_GENERAL_NAME_value(wish, i), &type, value,
		    sizeof(value));
		r = text ? rule_for(b, type, value, taken) : NULL;
		if (r == NULL) {
			if (!outside(b, text, type, value))
				return 0;
			continue;
		}
		taken[r - b->p->san]++;
		if (!add_value(r, names, value))
			return 0;
	}
	return 1;
}

static int
by_rules(struct build *b, GENERAL_NAMES *names)
{
	size_t taken[PROFILE_RULES_MAX] = {0}, i;
	const struct profile_san_rule *r;

	for (i = 0; i < b->p->n_san; i++)
		if (b->p->san[i].kind != PROFILE_FROM_CSR &&
		    !from_field(b, &b->p->san[i], names))
			return 0;
	if (b->req->csr != NULL && !from_csr(b, names, taken))
		return 0;
	for (i = 0; i < b->p->n_san; i++) {
		r = &b->p->san[i];
		if (r->kind == PROFILE_FROM_CSR && !r->optional &&
		    taken[i] == 0)
			return refuse(
			    r, "no name that is allowed", "was asked for");
	}
	return 1;
}

/* SAN of the certificate renewed, octet by octet. */
static int
renewed(struct build *b, int critical, X509_EXTENSION **out)
{
	const unsigned char *p = b->req->san;
	GENERAL_NAMES *names = NULL;
	ASN1_OCTET_STRING *s = NULL;
	int ok = 0;

	if (p == NULL)
		return 1;
	names = d2i_GENERAL_NAMES(NULL, &p, (long)b->req->san_len);
	if (names == NULL || p != b->req->san + b->req->san_len ||
	    sk_GENERAL_NAME_num(names) == 0) {
		profile_raise(PROFILE_E_BADREQUEST, "san: not GeneralNames");
		goto out;
	}
	if ((s = ASN1_OCTET_STRING_new()) != NULL &&
	    ASN1_OCTET_STRING_set(s, b->req->san, (int)b->req->san_len))
		*out = X509_EXTENSION_create_by_NID(
		    NULL, NID_subject_alt_name, critical, s);
	if (*out == NULL)
		profile_raise(PROFILE_E_INTERNAL, "out of memory");
	ok = *out != NULL;
out:
	ASN1_OCTET_STRING_free(s);
	GENERAL_NAMES_free(names);
	return ok;
}

int
build_make_san(struct build *b, X509_EXTENSION **out)
{
	int empty = X509_NAME_entry_count(b->subject) == 0;
	int critical = empty || b->p->san_critical;
	GENERAL_NAMES *names = NULL;
	int ok = 0;

	*out = NULL;
	if (b->req->subject != NULL) {
		ok = renewed(b, critical, out);
		goto out;
	}
	if ((names = sk_GENERAL_NAME_new_null()) == NULL || !by_rules(b, names))
		goto out;
	ok = 1;
	if (sk_GENERAL_NAME_num(names) > 0) {
		*out = X509V3_EXT_i2d(NID_subject_alt_name, critical, names);
		ok = *out != NULL;
	}
out:
	if (ok && *out == NULL && empty) {
		profile_raise(PROFILE_E_REFUSED,
		    "subject: neither subject nor SAN names anybody");
		ok = 0;
	}
	GENERAL_NAMES_free(names);
	return ok;
}

static int
names_der(const GENERAL_NAMES *names, unsigned char **out, size_t *out_len)
{
	int n;

	if (sk_GENERAL_NAME_num(names) == 0)
		return 1;
	if ((n = i2d_GENERAL_NAMES(names, out)) > 0) {
		*out_len = (size_t)n;
		return 1;
	}
	profile_raise(PROFILE_E_INTERNAL, "san: cannot be encoded");
	return 0;
}

int
build_identity(const struct build_request *req, unsigned char **subject,
    size_t *subject_len, unsigned char **san, size_t *san_len)
{
	struct build b = {.req = req, .p = req->profile};
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	int ok;

	*subject = *san = NULL;
	*subject_len = *san_len = 0;
	if (names == NULL)
		profile_raise(PROFILE_E_INTERNAL, "out of memory");
	ok = names != NULL && build_subject(req, subject, subject_len) &&
	    by_rules(&b, names) && names_der(names, san, san_len);
	GENERAL_NAMES_free(names);
	if (!ok) {
		OPENSSL_free(*subject);
		*subject = NULL;
	}
	return ok;
}
