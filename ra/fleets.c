#include <string.h>

#include <openssl/crypto.h>

#include "ra/certs.h"
#include "ra/error.h"
#include "ra/fleets.h"

struct fleets {
	struct fleet *list;
	size_t n;
};

/* Copy ${p}, or an empty SEQUENCE when there is nothing. */
static int
copy_csrattrs(struct fleet *f, const unsigned char *p, size_t len)
{
	static const unsigned char empty[] = {0x30, 0x00};

	if (p == NULL || len == 0) {
		p = empty;
		len = sizeof(empty);
	}
	f->csrattrs = OPENSSL_memdup(p, len);
	f->csrattrs_len = len;
	return f->csrattrs != NULL;
}

static int
build_cacerts(struct fleet *f, const WIRE_FIELDS *row)
{
	struct certs_der certs[CERTS_MAX];
	size_t i, n = field_count(row, "cacerts");

	if (n == 0 || n > CERTS_MAX) {
		ra_raise(RA_E_INTERNAL, "fleet %s: %zu CA certificates",
		    f->label, n);
		return 0;
	}
	for (i = 0; i < n; i++) {
		certs[i].p = field_get_bytes(
		    field_find(row, "cacerts", i), &certs[i].len);
		if (certs[i].p == NULL)
			return 0;
	}
	return certs_only(certs, n, &f->cacerts, &f->cacerts_len);
}

static int
read_row(struct fleet *f, const WIRE_FIELDS *row)
{
	const unsigned char *attrs;
	size_t len = 0;

	f->label = OPENSSL_strdup(field_text(row, "label", ""));
	f->name = OPENSSL_strdup(field_text(row, "name", ""));
	f->is_default = field_flag(row, "default", 0);
	f->serverkeygen = field_flag(row, "serverkeygen", 0);
	f->wrap = answer_wrap_parse(field_text(row, "answer_wrap", NULL));
	attrs = field_bytes(row, "csrattrs", &len);
	return f->label != NULL && f->name != NULL && copy_csrattrs(f, attrs, len) &&
	    build_cacerts(f, row);
}

struct fleets *
fleets_read(const WIRE_ANSWER *answer)
{
	struct fleets *f = OPENSSL_zalloc(sizeof(*f));
	size_t i, n = message_n_rows(answer);

	if (f == NULL || message_answer_status(answer) != WIRE_OK || n == 0 ||
	    (f->list = OPENSSL_zalloc(n * sizeof(*f->list))) == NULL)
		goto fail;
	f->n = n;
	for (i = 0; i < n; i++)
		if (!read_row(&f->list[i], message_row(answer, i)))
			goto fail;
	return f;
fail:
	ra_raise(RA_E_INTERNAL, "fleets: answer of inkan-ca (%s, %zu rows)",
	    message_status_name(message_answer_status(answer)), n);
	fleets_free(f);
	return NULL;
}

void
fleets_free(struct fleets *f)
{
	size_t i;

	if (f == NULL)
		return;
	for (i = 0; i < f->n; i++) {
		OPENSSL_free(f->list[i].label);
		OPENSSL_free(f->list[i].name);
		OPENSSL_free(f->list[i].cacerts);
		OPENSSL_free(f->list[i].csrattrs);
	}
	OPENSSL_free(f->list);
	OPENSSL_free(f);
}

void
fleets_count(struct fleets *f, struct metrics *m)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		f->list[i].counts = metrics_fleet(m, f->list[i].name);
}

const struct fleet *
fleets_find(const struct fleets *f, const char *label)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (label[0] == '\0' ? f->list[i].is_default
				     : strcmp(f->list[i].label, label) == 0)
			return &f->list[i];
	return NULL;
}
