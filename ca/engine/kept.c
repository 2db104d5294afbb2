#include <string.h>
#include <openssl/crypto.h>
#include "ca/error.h"
#include "ca/engine/kept.h"

/* A build field is two: its name may be longer than that of a wire field. */
#define NAME "name"
#define VALUE "value"
#define ATTESTED "attested"
#define SUBJECT "subject"
#define SAN "san"

int
kept_encode(const struct issue_job *job, unsigned char **out, size_t *len)
{
	WIRE_FIELDS *l = field_list_new();
	size_t i;
	int ok;

	ok = l != NULL && field_add_flag(l, ATTESTED, job->attested);
	for (i = 0; ok && i < job->n_fields; i++)
		ok = field_add_text(l, NAME, job->fields[i].name) &&
		    field_add_text(l, VALUE, job->fields[i].value);
	if (ok && job->subject != NULL)
		ok = field_add_bytes(l, SUBJECT, job->subject, job->subject_len);
	if (ok && job->san != NULL)
		ok = field_add_bytes(l, SAN, job->san, job->san_len);
	ok = ok && field_list_encode(l, out, len);
	field_list_free(l);
	return ok;
}

static int
take_fields(struct kept *k)
{
	const WIRE_FIELD *name, *value;
	size_t i, n = field_count(k->list, NAME);

	if (n > ADMIT_FIELDS_MAX || field_count(k->list, VALUE) != n) {
		ca_raise(CA_E_STORE, "store: a kept request is broken");
		return 0;
	}
	for (i = 0; i < n; i++) {
		name = field_find(k->list, NAME, i);
		value = field_find(k->list, VALUE, i);
		k->fields[i].name = field_get_text(name);
		k->fields[i].value = field_type(value) == V_ASN1_NULL
		    ? NULL
		    : field_get_text(value);
	}
	k->n_fields = n;
	return 1;
}

int
kept_decode(const struct request_row *row, struct kept *k)
{
	memset(k, 0, sizeof(*k));
	if ((k->csr = csr_parse(row->csr, row->csr_len)) == NULL ||
	    (k->list = field_list_decode(row->fields, row->fields_len)) ==
		NULL ||
	    !take_fields(k)) {
		kept_clear(k);
		return 0;
	}
	k->attested = field_flag(k->list, ATTESTED, 0);
	k->subject = field_bytes(k->list, SUBJECT, &k->subject_len);
	k->san = field_bytes(k->list, SAN, &k->san_len);
	return 1;
}

void
kept_clear(struct kept *k)
{
	csr_free(k->csr);
	field_list_free(k->list);
	memset(k, 0, sizeof(*k));
}
