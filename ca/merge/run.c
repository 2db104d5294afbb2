#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>
#include "ca/log/base64.h"
#include "ca/merge/private.h"

/* All parts in their order, in one transaction, and the entry that sums up. */

int
merge_changes(const struct merge_result *r)
{
	return r->adopted + r->opened + r->certs + r->completed + r->revoked +
	    r->unknown + r->crls > 0;
}

static int
add_numbers(WIRE_FIELDS *l, const struct merge_result *r)
{
	return field_add_int(l, "opened", r->opened) &&
	    field_add_int(l, "certificates", r->certs) &&
	    field_add_int(l, "completed", r->completed) &&
	    field_add_int(l, "unseen", r->unseen) &&
	    field_add_int(l, "revoked", r->revoked) &&
	    field_add_int(l, "unknown", r->unknown) &&
	    field_add_int(l, "crls", r->crls) &&
	    field_add_int(l, "devices", r->devices) &&
	    field_add_int(l, "unexplained", r->unexplained);
}

/* from and size: the entries that were adopted. */
static int
log_merge(struct merge *m)
{
	const struct merge_result *r = m->r;
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = l != NULL && field_add_text(l, "who", m->q->who) &&
	    field_add_text(l, "text", m->q->text);
	if (ok && r->adopted > 0)
		ok = field_add_text(l, "origin", m->head.origin) &&
		    field_add_int(l, "from", r->had) &&
		    field_add_int(l, "size", r->published) &&
		    field_add_bytes(l, "root", m->head.root.b, LOG_HASH);
	ok = ok && add_numbers(l, r) &&
	    entries_append(m->tx, "restore.merged", m->q->now, l, NULL);
	field_list_free(l);
	return ok;
}

static int
take_kind(const char *kind, int64_t n, void *arg)
{
	struct merge *m = arg;
	struct merge_result *r = m->r;

	r->lost += n;
	if (strcmp(kind, "issue.recorded") == 0)
		r->unexplained = n > m->explained ? n - m->explained : 0;
	if (r->n_kinds == MERGE_KINDS_MAX)
		return 1;
	snprintf(r->kind[r->n_kinds].kind, sizeof(r->kind[0].kind), "%s",
	    kind);
	r->kind[r->n_kinds++].n = n;
	return 1;
}

static int
begin(struct merge *m, struct store_tx *tx)
{
	m->tx = tx;
	return merge_explain_begin(m) && merge_issuers_load(m);
}

/* The log first: what follows has its entries behind it. Opened entries say more
   of a certificate than itself, and a CRL more of it than those. */
static int
merge_tx(struct store_tx *tx, void *arg)
{
	struct merge *m = arg;
	size_t i;

	if (!begin(m, tx) || !merge_log_adopt(m) || !merge_explain_from(m) ||
	    !merge_opened_file(m) || !merge_folder(m))
		return 0;
	for (i = 0; i < m->q->n_crls; i++)
		if (!merge_crl(m, m->q->crls[i]))
			return 0;
	if (!entries_lost_kinds(tx, take_kind, m) ||
	    (merge_changes(m->r) && !log_merge(m)))
		return 0;
	m->done = 1;
	return !m->q->dry_run;
}

/* In a dry run what was done to its end is taken back, which is no failure. */
static int
write_all(struct merge *m)
{
	int ok;

	ERR_set_mark();
	ok = store_write(m->q->store, merge_tx, m, STORE_URGENT);
	if (ok || !m->done || !m->q->dry_run) {
		ERR_clear_last_mark();
		return ok;
	}
	ERR_pop_to_mark();
	return 1;
}

int
merge_run(const struct merge_request *q, struct merge_result *out)
{
	struct merge m = {.q = q, .r = out};
	int ok;

	memset(out, 0, sizeof(*out));
	ok = merge_log_open(&m) && write_all(&m);
	merge_issuers_clear(&m);
	note_key_clear(&m.key);
	OPENSSL_free(m.note);
	return ok;
}
