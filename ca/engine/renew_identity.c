#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/engine/renew_names.h"
#include "ca/engine/stage.h"
#include "profiles/name.h"
#include "profiles/san.h"

/*
 * Who the device is today, by the registry and the active profile, from the
 * facts that were kept when it enrolled (facts.h). A renewal that would give it
 * another name is refused, unless its fleet says identity_update.
 */

#define VALUE_SHOWN 100

struct made {
	unsigned char *subject, *san;
	size_t subject_len, san_len;
	X509_NAME *name;
	GENERAL_NAMES *names;	/* NULL: none */
};

struct difference {
	char field[64];		/* "" none */
	char was[VALUE_SHOWN], now[VALUE_SHOWN];
};

static void
made_clear(struct made *m)
{
	OPENSSL_free(m->subject);
	OPENSSL_free(m->san);
	X509_NAME_free(m->name);
	GENERAL_NAMES_free(m->names);
}

/* Where the attest stage comes later, what it will show is known. */
static int
pin_is_met(const struct admitting *t)
{
	return t->has_device && t->device.has_key &&
	    memcmp(t->device.key_sha256, csr_spki_sha256(t->a->csr), 32) == 0;
}

static int
make(struct admitting *t, const X509_NAME *subject, const GENERAL_NAMES *wish,
    struct made *m)
{
	struct build_field fields[ADMIT_FIELDS_MAX + 1];
	struct build_request req = {.profile = t->a->profile,
	    .csr = t->a->csr,
	    .fields = fields,
	    .n_fields = t->a->n_fields,
	    .wish_subject = subject,
	    .wish_san = wish};
	const unsigned char *p;

	memcpy(fields, t->a->fields, t->a->n_fields * sizeof(fields[0]));
	if (pin_is_met(t) && !t->a->attested) {
		fields[req.n_fields].name = "attested.method";
		fields[req.n_fields++].value = "pinned-key";
	}
	if (!build_identity(
		&req, &m->subject, &m->subject_len, &m->san, &m->san_len))
		return 0;
	p = m->subject;
	m->name = d2i_X509_NAME(NULL, &p, (long)m->subject_len);
	p = m->san;
	if (m->san != NULL)
		m->names = d2i_GENERAL_NAMES(NULL, &p, (long)m->san_len);
	if (m->name != NULL && (m->san == NULL || m->names != NULL))
		return 1;
	ca_raise(CA_E_INTERNAL, "out of memory");
	return 0;
}

/* ---- what differs ------------------------------------------------------ */

static void
value_of(const X509_NAME *name, const ASN1_OBJECT *type, char out[VALUE_SHOWN])
{
	int i = X509_NAME_get_index_by_OBJ(name, type, -1), n;
	unsigned char *text = NULL;

	snprintf(out, VALUE_SHOWN, "%s", "absent");
	if (i < 0)
		return;
	n = ASN1_STRING_to_UTF8(&text,
	    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i)));
	if (n >= 0)
		snprintf(out, VALUE_SHOWN, "%.*s", n, (const char *)text);
	OPENSSL_free(text);
}

static void
compare_subject(
    const X509_NAME *was, const X509_NAME *now, struct difference *d)
{
	const X509_NAME_ENTRY *e = names_missing(was, now);
	int i, n = X509_NAME_entry_count(was);
	char name[48];

	if (e == NULL)
		e = names_missing(now, was);
	if (e != NULL) {
		names_attribute(e, name, sizeof(name));
		snprintf(d->field, sizeof(d->field), "subject.%s", name);
		value_of(was, X509_NAME_ENTRY_get_object(e), d->was);
		value_of(now, X509_NAME_ENTRY_get_object(e), d->now);
		return;
	}
	for (i = 0; i < n && n == X509_NAME_entry_count(now); i++)
		if (!names_same_entry(X509_NAME_get_entry(was, i),
			X509_NAME_get_entry(now, i)))
			break;
	if (i == n && n == X509_NAME_entry_count(now))
		return;
	snprintf(d->field, sizeof(d->field), "subject");
	snprintf(d->was, VALUE_SHOWN, "%d attributes", n);
	snprintf(d->now, VALUE_SHOWN, "%d in another order",
	    X509_NAME_entry_count(now));
}

static void
show_name(const GENERAL_NAME *gn, char out[VALUE_SHOWN])
{
	char value[SAN_VALUE_MAX];
	enum profile_san_type type;

	if (san_read(gn, &type, value, sizeof(value)))
		snprintf(out, VALUE_SHOWN, "%s:%.80s", san_type_name(type),
		    value);
	else
		snprintf(out, VALUE_SHOWN, "%s", "a name of another type");
}

/* The first name of ${a} that ${b} has not, into ${out}. */
static int
lacks(const GENERAL_NAMES *a, const GENERAL_NAMES *b, char out[VALUE_SHOWN])
{
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(a); i++)
		if (!names_have(b, sk_GENERAL_NAME_value(a, i))) {
			show_name(sk_GENERAL_NAME_value(a, i), out);
			return 1;
		}
	return 0;
}

/* ${kept}: those of the old names that the CSR wants to keep. */
static void
compare_san(const GENERAL_NAMES *was, const GENERAL_NAMES *kept,
    const GENERAL_NAMES *now, struct difference *d)
{
	int gone = lacks(kept, now, d->was), more = lacks(now, was, d->now);

	if (!gone && !more)
		return;
	snprintf(d->field, sizeof(d->field), "san");
	if (!gone)
		snprintf(d->was, VALUE_SHOWN, "%s", "absent");
	if (!more)
		snprintf(d->now, VALUE_SHOWN, "%s", "absent");
}

static int
find_difference(const struct admission *a, const X509_NAME *subject,
    const GENERAL_NAMES *san, const struct made *m, struct difference *d)
{
	const unsigned char *p = a->san;
	GENERAL_NAMES *kept = NULL;

	if (p != NULL &&
	    (kept = d2i_GENERAL_NAMES(NULL, &p, (long)a->san_len)) == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return 0;
	}
	memset(d, 0, sizeof(*d));
	compare_subject(subject, m->name, d);
	if (d->field[0] == '\0')
		compare_san(san, kept, m->names, d);
	GENERAL_NAMES_free(kept);
	return 1;
}

/* ---- what becomes of it ------------------------------------------------ */

/* What is made today replaces the old octets, and is judged as anything new. */
static void
take_over(struct admission *a, struct made *m)
{
	OPENSSL_free(a->subject);
	OPENSSL_free(a->san);
	a->subject = m->subject;
	a->subject_len = m->subject_len;
	a->san = m->san;
	a->san_len = m->san_len;
	a->by_rules = 1;
	m->subject = m->san = NULL;
}

static int
decide(struct admitting *t, const struct difference *d, struct made *m)
{
	if (d->field[0] == '\0')
		return 1;
	if (!t->fleet->identity_update)
		return stage_refuse(t, WIRE_DENIED, "renew.identity", d->field,
		    "registry and profile make another identity today: \"%s\" "
		    "was \"%s\"; the fleet has no identity_update",
		    d->now, d->was);
	stage_note(t, "identity updated: %s was \"%s\", is \"%s\"", d->field,
	    d->was, d->now);
	take_over(t->a, m);
	return 1;
}

int
renew_identity(struct admitting *t, const X509_NAME *subject,
    const GENERAL_NAMES *san)
{
	const GENERAL_NAMES *asked = csr_san(t->a->csr);
	struct made m = {.subject = NULL};
	struct difference d;
	int ok;

	if (t->a->facts == NULL) /* of before they were kept */
		return 1;
	ok = make(t, subject, asked != NULL ? asked : san, &m) &&
	    find_difference(t->a, subject, san, &m, &d) && decide(t, &d, &m);
	made_clear(&m);
	return ok;
}
