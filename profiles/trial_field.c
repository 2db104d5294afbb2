#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/objects.h>

#include "profiles/san.h"
#include "profiles/trial_part.h"

/* Values for the fields of a profile, such that its rules take them. */

static const char *const values[] = {[ANY_TEXT] = "SN0001",
    [DNS] = "device.example",
    [URI] = "urn:example:device",
    [LABEL] = "device",
    [COUNTRY] = "JP",
    [EMAIL] = "device@example.com",
    [IP] = "192.0.2.1"};

static struct trial_field *
find(const struct trial *t, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (strlen(t->field[i].name) == len &&
		    strncmp(t->field[i].name, name, len) == 0)
			return &t->field[i];
	return NULL;
}

/* One that is not there yet is added. Of no use after the next one is. */
static struct trial_field *
field_of(struct trial *t, const char *name)
{
	struct trial_field *f = find(t, name, strlen(name));
	size_t room;

	if (f != NULL)
		return f;
	if (t->n == t->room) {
		room = t->room * 2 + 16;
		if ((f = realloc(t->field, room * sizeof(*f))) == NULL)
			return NULL;
		t->field = f;
		t->room = room;
	}
	f = &t->field[t->n++];
	memset(f, 0, sizeof(*f));
	snprintf(f->name, sizeof(f->name), "%s", name);
	return f;
}

static struct trial_field *
use(struct trial *t, const char *name, enum demand demand, int optional)
{
	struct trial_field *f = field_of(t, name);

	if (f == NULL)
		return NULL;
	if (demand > f->demand)
		f->demand = demand;
	f->needed |= !optional;
	snprintf(f->value, sizeof(f->value), "%s", values[f->demand]);
	return f;
}

/* ---- of the subject and its other names -------------------------------- */

static enum demand
demand_of_attribute(int nid)
{
	switch (nid) {
	case NID_countryName:
		return COUNTRY;
	case NID_pkcs9_emailAddress:
		return EMAIL;
	case NID_domainComponent:
		return LABEL;
	default:
		return ANY_TEXT;
	}
}

static enum demand
demand_of_san(enum profile_san_type type)
{
	switch (type) {
	case PROFILE_SAN_DNS:
		return DNS;
	case PROFILE_SAN_IP:
		return IP;
	case PROFILE_SAN_EMAIL:
		return EMAIL;
	case PROFILE_SAN_URI:
		return URI;
	default:
		return ANY_TEXT;
	}
}

static int
subject_fields(struct trial *t)
{
	struct profile_subject_rule *r;
	size_t i;

	for (i = 0; i < t->p.n_subject; i++) {
		r = &t->p.subject[i];
		if (r->kind == PROFILE_FROM_FIXED)
			continue;
		if (r->kind == PROFILE_FROM_CSR) {
			r->kind = PROFILE_FROM_FIELD;
			snprintf(r->source, sizeof(r->source),
			    "request.subject-%zu", i);
		}
		if (!use(
			t, r->source, demand_of_attribute(r->nid), r->optional))
			return 0;
	}
	return 1;
}

/* A value that the first pattern matches: "{field}" by the field's value, or
   a label; '*' by a letter. */
static void
from_pattern(
    const struct trial *t, const char *match, char out[PROFILE_TEXT_MAX])
{
	const char *p, *end = match + strcspn(match, ",");
	const struct trial_field *f;
	size_t n = 0, len;

	for (p = match; p < end && n + 1 < PROFILE_TEXT_MAX; p++) {
		if (*p != '{') {
			out[n++] = *p == '*' ? 'a' : *p;
			continue;
		}
		len = strcspn(p + 1, "}");
		f = find(t, p + 1, len);
		n += (size_t)snprintf(out + n, PROFILE_TEXT_MAX - n, "%s",
		    f != NULL ? f->value : values[LABEL]);
		p += len + 1;
	}
	out[n < PROFILE_TEXT_MAX ? n : PROFILE_TEXT_MAX - 1] = '\0';
}

static int
san_from_request(struct trial *t, struct profile_san_rule *r, size_t i)
{
	char value[PROFILE_TEXT_MAX];
	struct trial_field *f;

	from_pattern(t, r->match, value);
	r->kind = PROFILE_FROM_FIELD;
	r->match[0] = '\0';
	snprintf(r->source, sizeof(r->source), "request.san-%zu", i);
	if ((f = use(t, r->source, demand_of_san(r->type), r->optional)) ==
	    NULL)
		return 0;
	if (value[0] != '\0' && san_breach(r->type, value) == NULL)
		snprintf(f->value, sizeof(f->value), "%s", value);
	return 1;
}

static int
san_fields(struct trial *t)
{
	struct profile_san_rule *r;
	size_t i;

	for (i = 0; i < t->p.n_san; i++) {
		r = &t->p.san[i];
		if (r->kind == PROFILE_FROM_FIELD &&
		    !use(t, r->source, demand_of_san(r->type), r->optional))
			return 0;
	}
	for (i = 0; i < t->p.n_san; i++)
		if (t->p.san[i].kind == PROFILE_FROM_CSR &&
		    !san_from_request(t, &t->p.san[i], i))
			return 0;
	return 1;
}

/* ---- of declared extensions --------------------------------------------- */

/* What has no size is such as the extensions that the linter knows take: 16
   octets are an AAGUID and a UEID, a URI is an IA5String like any other. */
static void
leaf_value(const struct tree *leaf, char out[TREE_TEXT_MAX + 1])
{
	static const char *const typical[] = {[TREE_BOOLEAN] = "true",
	    [TREE_INTEGER] = "1",
	    [TREE_BIT_STRING] = "1",
	    [TREE_OCTET_STRING] = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
	    [TREE_NULL] = "",
	    [TREE_OID] = "2.999.1",
	    [TREE_ENUMERATED] = "1",
	    [TREE_UTF8] = "device",
	    [TREE_PRINTABLE] = "device",
	    [TREE_IA5] = "https://device.example/",
	    [TREE_TIME] = "20260101000000Z",
	    [TREE_SEQUENCE] = "",
	    [TREE_SET] = ""};
	size_t i, len = leaf->size;

	if (len == 0) {
		strcpy(out, typical[leaf->type]);
		return;
	}
	if (leaf->type == TREE_OCTET_STRING)
		len *= 2;
	for (i = 0; i < len; i++)
		out[i] = 'a'; /* a letter, and a hexadecimal digit */
	out[len] = '\0';
}

/* A leaf below a node that may be left out is not needed. */
static int
tree_fields(struct trial *t, const struct tree *node, int optional)
{
	struct trial_field *f;
	size_t i;

	optional |= node->optional;
	for (i = 0; i < node->n_from; i++) {
		if ((f = field_of(t, node->from[i])) == NULL)
			return 0;
		f->needed |= !optional && i == 0;
		if (f->demand == ANY_TEXT)
			leaf_value(node, f->value);
	}
	for (i = 0; i < node->n_items; i++)
		if (!tree_fields(t, &node->item[i], optional))
			return 0;
	return 1;
}

int
trial_fields(struct trial *t)
{
	size_t i;

	if (!subject_fields(t) || !san_fields(t))
		return 0;
	for (i = 0; i < t->p.n_extensions; i++)
		if (!tree_fields(t, t->p.extensions[i].tree, 0))
			return 0;
	return 1;
}
