#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include "ca/cli/offline.h"
#include "ca/cli/value.h"
#include "ca/error.h"
#include "ca/store/certs.h"
#include "ca/store/reasons.h"
#include "ca/store/records.h"

/*
 * What the server answers to cert.list and cert.show, read from a store file:
 * the same fields, so that the commands do not know the difference.
 */

#define PAGE 100

struct query {
	const WIRE_FIELDS *args;
	WIRE_ANSWER *answer;
	unsigned char serial[CERT_SERIAL_MAX];
	size_t serial_len;  /* 0: not by serial */
	const char *issuer; /* ident or NULL */
	struct cert_filter filter;
	struct cert_row row; /* cert.show: the row found */
	size_t n;	     /* rows taken */
	int failed;
};

static const char *
hex(const unsigned char *p, size_t len, char *out)
{
	size_t i;

	out[0] = '\0';
	for (i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", p[i]);
	return out;
}

static const char *
or_none(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

/* The fields of a certificate, named and ordered as inkan-wire(7) has them. */
static int
add_row(WIRE_FIELDS *l, const struct cert_row *row)
{
	int dated = row->state == CERT_REVOKED || row->state == CERT_HELD;
	int reason = row->reason < 0 ? 0 : row->reason;
	char serial[2 * CERT_SERIAL_MAX + 1], md[65];

	hex(row->cert_sha256, 32, md);
	return field_add_text(
		   l, "serial", hex(row->serial, row->serial_len, serial)) &&
	    field_add_text(l, "issuer", row->issuer_ident) &&
	    field_add_text(l, "subject", row->subject) &&
	    field_add_text(l, "state", certs_state_name(row->state)) &&
	    field_add_text(
		l, "reason", dated ? reasons_name(reason) : NULL) &&
	    field_add_time(l, "revoked_at", dated ? row->revoked_at : 0) &&
	    field_add_time(l, "invalidity_date", row->invalidity) &&
	    field_add_time(l, "not_before", row->not_before) &&
	    field_add_time(l, "not_after", row->not_after) &&
	    field_add_text(l, "profile", row->profile) &&
	    field_add_int(l, "profile_version", row->policy_version) &&
	    field_add_text(l, "fleet", or_none(row->fleet)) &&
	    field_add_text(l, "device", or_none(row->device)) &&
	    field_add_text(l, "requester", row->requester) &&
	    field_add_text(l, "auth", or_none(row->auth)) &&
	    field_add_time(l, "issued_at", row->recorded_at) &&
	    field_add_text(l, "sha256", row->recorded_at != 0 ? md : NULL) &&
	    field_add_text(l, "deviations", or_none(row->deviations));
}

/* By ident ("devices-g1"), or by name ("devices": every generation). */
static int
is_issuer(const struct query *q, const struct cert_row *row)
{
	size_t n;

	if (q->issuer == NULL || strcmp(q->issuer, row->issuer_ident) == 0)
		return 1;
	n = strlen(q->issuer);
	return strncmp(row->issuer_ident, q->issuer, n) == 0 &&
	    strncmp(row->issuer_ident + n, "-g", 2) == 0;
}

static int
take_row(const struct cert_row *row, void *arg)
{
	struct query *q = arg;
	WIRE_FIELDS *l;

	if (!is_issuer(q, row))
		return 1;
	if ((l = message_add_row(q->answer)) == NULL || !add_row(l, row)) {
		q->failed = 1;
		return 0;
	}
	q->row = *row;
	q->n++;
	return 1;
}

static int
list_tx(struct store_tx *tx, void *arg)
{
	struct query *q = arg;
	char cursor[32];

	if (q->serial_len > 0)
		return certs_all_by_serial(
			   tx, q->serial, q->serial_len, take_row, q) >= 0;
	if (!certs_list(tx, &q->filter, take_row, q))
		return 0;
	if (q->n < q->filter.limit)
		return 1;
	snprintf(cursor, sizeof(cursor), "%lld", (long long)q->row.id);
	return message_set_next(q->answer, cursor);
}

static int
keep_row(const struct cert_row *row, void *arg)
{
	struct query *q = arg;

	if (is_issuer(q, row)) {
		q->row = *row;
		q->n++;
	}
	return 1;
}

/* Serial of a certificate's predecessor or successor; none when id is 0. */
static int
add_relative(struct store_tx *tx, WIRE_FIELDS *l, const char *name, int64_t id)
{
	char serial[2 * CERT_SERIAL_MAX + 1];
	struct cert_row *row;
	int found = 0, ok;

	if ((row = calloc(1, sizeof(*row))) == NULL)
		return 0;
	if (id != 0)
		found = certs_by_id(tx, id, row);
	ok = found >= 0 &&
	    field_add_text(l, name,
		found == 1 ? hex(row->serial, row->serial_len, serial) : NULL);
	free(row);
	return ok;
}

/* The log's entry that recorded it. */
static int
add_entry(struct store_tx *tx, WIRE_FIELDS *l, const struct cert_row *row)
{
	char serial[2 * CERT_SERIAL_MAX + 1];
	struct entry_row e = {.index = -1};
	int found, ok;

	if (row->recorded_at == 0)
		return 1;
	found = entries_about(tx, "issue.recorded", row->issuer_ident,
	    hex(row->serial, row->serial_len, serial), row->recorded_at, &e);
	ok = found == 0 ||
	    (found == 1 && field_add_int(l, "log_index", e.index));
	entries_row_clear(&e);
	return ok;
}

static int
show_tx(struct store_tx *tx, void *arg)
{
	struct query *q = arg;
	WIRE_FIELDS *v = q->answer->values;
	unsigned char *der = NULL;
	char md[65];
	size_t len;
	int ok;

	if (certs_all_by_serial(tx, q->serial, q->serial_len, keep_row, q) < 0)
		return 0;
	if (q->n != 1) {
		ca_raise(CA_E_NOTFOUND,
		    q->n == 0 ? "no certificate with that serial"
			      : "several CAs have a certificate with that "
				"serial: say which with --issuer");
		return 0;
	}
	ok = add_row(v, &q->row) &&
	    add_relative(tx, v, "predecessor", q->row.predecessor) &&
	    add_relative(tx, v, "successor", q->row.successor) &&
	    field_add_text(v, "spki_sha256", hex(q->row.spki_sha256, 32, md)) &&
	    add_entry(tx, v, &q->row) &&
	    certs_der(tx, q->row.id, &der, &len) >= 0 &&
	    (der == NULL || field_add_bytes(v, "der", der, len));
	OPENSSL_free(der);
	return ok;
}

static int
take_args(struct query *q)
{
	const WIRE_FIELDS *a = q->args;
	const char *serial = field_text(a, "serial", NULL);
	const char *state = field_text(a, "state", NULL);
	int64_t limit = field_int(a, "limit", PAGE);

	q->issuer = q->filter.issuer = field_text(a, "issuer", NULL);
	q->filter.profile = field_text(a, "profile", NULL);
	q->filter.fleet = field_text(a, "fleet", NULL);
	q->filter.device = field_text(a, "device", NULL);
	q->filter.subject = field_text(a, "subject", NULL);
	q->filter.expires_before = field_time(a, "expires_before", 0);
	q->filter.after_id = strtoll(field_text(a, "cursor", "0"), NULL, 10);
	q->filter.limit =
	    limit < 1 || limit > WIRE_ROWS_MAX ? PAGE : (size_t)limit;
	if (state != NULL && (q->filter.state = certs_state_of(state)) == 0) {
		ca_raise(CA_E_BADREQUEST,
		    "--state: \"%s\" is none of reserved, valid, held, "
		    "revoked, aborted",
		    state);
		return 0;
	}
	if (serial == NULL)
		return 1;
	return OPENSSL_hexstr2buf_ex(
	    q->serial, sizeof(q->serial), &q->serial_len, serial, '\0');
}

int
offline_knows(const char *op)
{
	return op != NULL &&
	    (strcmp(op, "cert.list") == 0 || strcmp(op, "cert.show") == 0);
}

WIRE_ANSWER *
offline_call(const struct cli *cli, const char *op, const WIRE_FIELDS *args)
{
	struct store_config cfg = {.path = cli->store,
	    .mode = STORE_READ,
	    .readers = 1,
	    .now = cli->now};
	struct store *store = NULL;
	struct query *q = NULL;
	WIRE_ANSWER *answer = NULL;
	int ok = 0;

	if ((q = calloc(1, sizeof(*q))) == NULL ||
	    (answer = message_answer(0, WIRE_OK)) == NULL)
		goto out;
	q->args = args;
	q->answer = answer;
	if (!take_args(q) || (store = store_open(&cfg)) == NULL)
		goto out;
	ok = store_read(
		 store, strcmp(op, "cert.show") == 0 ? show_tx : list_tx, q) &&
	    !q->failed;
out:
	store_close(store);
	free(q);
	if (!ok) {
		WIRE_ANSWER_free(answer);
		answer = NULL;
	}
	return answer;
}
