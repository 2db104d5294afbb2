#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include "ca/audit/prove.h"
#include "ca/error.h"
#include "ca/store/certs.h"
#include "ca/store/logs.h"
#include "ca/store/records.h"

struct query {
	const char *issuer, *serial;
	struct cert_row row;
	size_t n;
	char *proof;
};

/* By ident ("devices-g1"), or by name ("devices": every generation). */
static int
is_issuer(const char *want, const char *ident)
{
	size_t n = want == NULL ? 0 : strlen(want);

	return want == NULL || strcmp(want, ident) == 0 ||
	    (strncmp(ident, want, n) == 0 && strncmp(ident + n, "-g", 2) == 0);
}

static int
keep(const struct cert_row *row, void *arg)
{
	struct query *q = arg;

	if (is_issuer(q->issuer, row->issuer_ident)) {
		q->row = *row;
		q->n++;
	}
	return 1;
}

static int
find_cert(struct store_tx *tx, struct query *q)
{
	unsigned char serial[CERT_SERIAL_MAX];
	size_t len = 0;

	if (!OPENSSL_hexstr2buf_ex(serial, sizeof(serial), &len, q->serial,
		'\0'))
		return 0;
	if (certs_all_by_serial(tx, serial, len, keep, q) < 0)
		return 0;
	if (q->n == 1)
		return 1;
	ca_raise(CA_E_NOTFOUND, "serial: %s", q->n == 0
		? "no certificate with that serial"
		: "several CAs have a certificate with that serial: say which "
		  "with --issuer");
	return 0;
}

static int
find_checkpoint(struct store_tx *tx, int64_t index,
    struct log_checkpoint_row *out)
{
	struct log_row log;
	int found = logs_last(tx, &log);

	if (found == 1)
		found = logs_checkpoint_get(tx, log.id, -1, 0, out);
	if (found == 1 && out->size > index)
		return 1;
	if (found == 1)
		logs_checkpoint_clear(out);
	if (found >= 0)
		ca_raise(CA_E_NOTFOUND, "log.checkpoint: the store has none "
		    "over entry %lld", (long long)index);
	return 0;
}

static int
prove_tx(struct store_tx *tx, void *arg)
{
	struct query *q = arg;
	struct entry_row entry = {0};
	struct log_checkpoint_row over = {0};
	struct log_opening o = {0};
	char serial[2 * CERT_SERIAL_MAX + 1];
	size_t i;
	int found;

	if (!find_cert(tx, q))
		return 0;
	for (i = 0; i < q->row.serial_len; i++)
		snprintf(serial + 2 * i, 3, "%02x", q->row.serial[i]);
	found = entries_about(tx, "issue.recorded", q->row.issuer_ident,
	    serial, q->row.recorded_at, &entry);
	if (found == 0)
		ca_raise(CA_E_NOTFOUND, "log.entry: the log has no entry of a "
		    "certificate that was never signed here");
	if (found == 1 && find_checkpoint(tx, entry.index, &over)) {
		o.time = entry.time;
		memcpy(o.kind, entry.kind, sizeof(o.kind));
		memcpy(o.salt, entry.salt, sizeof(o.salt));
		o.detail = entry.detail;
		o.detail_len = entry.detail_len;
		q->proof = proof_make((uint64_t)entry.index, &o,
		    (uint64_t)over.size, over.note, entries_hash, tx);
	}
	logs_checkpoint_clear(&over);
	entries_row_clear(&entry);
	return q->proof != NULL;
}

char *
prove_from_store(struct store *store, const char *issuer, const char *serial)
{
	struct query *q = calloc(1, sizeof(*q));
	char *proof = NULL;

	if (q == NULL)
		return NULL;
	q->issuer = issuer;
	q->serial = serial;
	if (store_read(store, prove_tx, q))
		proof = q->proof;
	free(q);
	return proof;
}
