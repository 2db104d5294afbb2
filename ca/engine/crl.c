#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "ca/error.h"
#include "ca/engine/crl_build.h"
#include "ca/engine/crl_file.h"
#include "ca/engine/crl_shard.h"
#include "ca/engine/fault.h"
#include "ca/engine/publish.h"
#include "ca/report/report.h"
#include "ca/store/certs.h"
#include "ca/engine/crl.h"

struct making {
	struct issuer *is;
	const char *dir;		/* NULL: in the store only */
	char name[CRL_NAME_MAX];
	char scope[CRL_URL_MAX];
	time_t now;
	struct crl_row row;
	struct crl_spec spec;
	struct crl_build *build;
	int64_t change;			/* newest change that it shows */
	int failed;
};

static int
add_revoked(const struct cert_revoked *r, void *arg)
{
	struct making *m = arg;

	m->failed = !crl_build_add(m->build, r);
	return !m->failed;
}

/* Who expired since the last CRL stands on this one still; a last one that is
   later than now (the clock went back) takes nobody off. */
static int64_t
keep_after(const struct making *m, const struct crl_row *last)
{
	int64_t t = last->this_update < m->now ? last->this_update : m->now;

	if (m->spec.expired_from != 0 && m->spec.expired_from < t)
		t = m->spec.expired_from;
	return t;
}

static void
fill(struct making *m, const struct crl_row *last)
{
	struct crl_row *row = &m->row;

	row->issuer = m->is->row.id;
	row->number = last->number + 1 > m->now ? last->number + 1 : m->now;
	row->this_update = m->now;
	row->next_update = m->now + m->is->row.crl_lifetime;
	m->spec.number = row->number;
	m->spec.this_update = row->this_update;
	m->spec.next_update = row->next_update;
	m->spec.expired_from = m->is->row.expired_from;
	crl_file_scope(m->is, row->shard, m->scope);
	m->spec.idp_url = m->scope[0] != '\0' ? m->scope : NULL;
}

/* Last number, entries and the newest change: one view of the store. */
static int
collect_tx(struct store_tx *tx, void *arg)
{
	struct making *m = arg;
	struct crl_row last = {0};

	if (crls_last(tx, m->is->row.id, m->row.shard, 0, &last) < 0 ||
	    !certs_last_change(tx, &m->change))
		return 0;
	fill(m, &last);
	m->build = crl_build_new(m->is, &m->spec);
	return m->build != NULL &&
	    certs_revoked(tx, m->is->row.id, m->row.shard,
	    keep_after(m, &last), add_revoked, m) && !m->failed;
}

/* Read back before anybody else does: it is of this CA and says this number. */
static int
compare(const struct making *m, const unsigned char *der, size_t len)
{
	struct crl_view v;

	if (crl_view_read(der, len, &v) && v.number == m->row.number &&
	    v.issuer_len == m->is->build.name_len &&
	    memcmp(v.issuer, m->is->build.name, v.issuer_len) == 0 &&
	    strcmp(v.uri, m->scope) == 0)
		return 1;
	ca_raise(CA_E_INTERNAL, "crl: what was built is not what was meant");
	return 0;
}

static int
take(struct making *m)
{
	struct crl_row *row = &m->row;
	const unsigned char *der;
	size_t len;

	der = crl_build_der(m->build, &len);
	if (!compare(m, der, len))
		return 0;
	row->n_entries = crl_build_entries(m->build);
	row->octets = (int64_t)len;
	SHA256(der, len, row->sha256);
	if (len <= CRL_ROW_MAX) {
		row->der = OPENSSL_memdup(der, len);
		row->der_len = len;
		if (row->der == NULL)
			return 0;
	}
	if (m->dir != NULL)
		return publish_stage(m->dir, m->name, der, len);
	if (row->der != NULL)
		return 1;
	ca_raise(CA_E_CONFIG, "crl.folder: a CRL of %zu octets needs a folder "
	    "to be published in", len);
	return 0;
}

static int
make(struct store *store, struct making *m)
{
	int reason;

	if (store_read(store, collect_tx, m) && crl_build_sign(m->build) &&
	    take(m))
		return 1;
	/* Asked before: ca_raise() opens its entry first. */
	reason = report_last_reason() == CA_E_SIGN ? CA_E_SIGN : CA_E_STORE;
	ca_raise(reason, "issuer %s: no CRL was made", m->is->row.ident);
	return 0;
}

static int
save_tx(struct store_tx *tx, void *arg)
{
	struct making *m = arg;
	const struct crl_row *row = &m->row;
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = l != NULL && field_add_text(l, "issuer", m->is->row.ident) &&
	    (m->is->row.crl_shards == 0 ||
	    field_add_int(l, "shard", row->shard)) &&
	    field_add_int(l, "number", row->number) &&
	    field_add_time(l, "this_update", row->this_update) &&
	    field_add_time(l, "next_update", row->next_update) &&
	    field_add_int(l, "entries", row->n_entries) &&
	    field_add_bytes(l, "sha256", row->sha256, 32) &&
	    crls_add(tx, row) &&
	    crls_paid(tx, row->issuer, row->shard, m->change) &&
	    entries_append(tx, "crl", m->now, l, NULL);
	field_list_free(l);
	return ok;
}

static int
owe_tx(struct store_tx *tx, void *arg)
{
	const struct crl_row *row = arg;

	return crls_owe_shard(tx, row->issuer, row->shard);
}

/* It stands in the store, and counts as made: whoever looks at what is due would
   not see that nobody can fetch it. */
static void
owe_again(struct store *store, struct making *m)
{
	ERR_set_mark();
	if (!store_write(store, owe_tx, &m->row, STORE_URGENT))
		report_event(REPORT_ERROR, "crl.unowed", "issuer",
		    m->is->row.ident, NULL);
	ERR_pop_to_mark();
}

static int
save(struct store *store, struct making *m)
{
	fault_point("crl-staged");
	if (!store_write(store, save_tx, m, STORE_URGENT)) {
		if (m->dir != NULL)
			publish_unstage(m->dir, m->name);
		return 0;
	}
	fault_point("crl-saved");
	if (m->dir == NULL || crl_file_release(m->is, m->row.shard, m->dir,
	    m->row.number))
		return 1;
	owe_again(store, m);
	return 0;
}

int
crl_issue_shard(struct store *store, struct issuer *is, int shard,
    const char *publish_dir, time_t now, struct crl_row *out)
{
	struct making m = {.is = is, .dir = publish_dir, .now = now,
	    .row.shard = shard};
	int ok;

	crl_shard_name(&is->row, shard, m.name);
	ok = make(store, &m) && save(store, &m);
	crl_build_free(m.build);
	if (ok && out != NULL)
		*out = m.row;
	else
		OPENSSL_free(m.row.der);
	return ok;
}

int
crl_issue(struct store *store, struct issuer *is, const char *publish_dir,
    time_t now, struct crl_row *out)
{
	int i, n = crl_shard_count(&is->row);

	for (i = 0; i < n; i++)
		if (!crl_issue_shard(store, is, i, publish_dir, now,
		    i + 1 == n ? out : NULL))
			return 0;
	return 1;
}

static int
last_der_tx(struct store_tx *tx, void *arg)
{
	struct crl_row *row = arg;

	return crls_last(tx, row->issuer, row->shard, 1, row) >= 0;
}

static int
republish_row(const struct issuer *is, const struct crl_row *row,
    const char *dir)
{
	char name[CRL_NAME_MAX];

	crl_shard_name(&is->row, row->shard, name);
	if (crl_file_is(dir, name, 0, row->sha256))
		return 1;
	if (!crl_file_is(dir, name, 1, row->sha256)) {
		if (row->der == NULL) {
			ca_raise(CA_E_STORE, "crl.file: %s/%s is lost; the CRL "
			    "must be issued anew", dir, name);
			return 0;
		}
		if (!publish_stage(dir, name, row->der, row->der_len))
			return 0;
	}
	return crl_file_release(is, row->shard, dir, row->number);
}

int
crl_republish(struct store *store, const struct issuer *is,
    const char *publish_dir)
{
	struct crl_row row;
	int i, good, ok = 1;

	for (i = 0; i < crl_shard_count(&is->row); i++) {
		row = (struct crl_row){.issuer = is->row.id, .shard = i};
		good = store_read(store, last_der_tx, &row) &&
		    (row.number == 0 || republish_row(is, &row, publish_dir));
		OPENSSL_free(row.der);
		if (!good && row.number != 0)
			(void)store_write(store, owe_tx, &row, STORE_URGENT);
		ok &= good;
	}
	return ok;
}

static int
last_tx(struct store_tx *tx, void *arg)
{
	struct crl_row *row = arg;

	return crls_last(tx, row->issuer, row->shard, 0, row) >= 0;
}

int
crl_due_shard(struct store *store, const struct issuer *is, int shard,
    int64_t *due)
{
	struct crl_row row = {.issuer = is->row.id, .shard = shard};
	int64_t half;

	if (!store_read(store, last_tx, &row))
		return 0;
	half = (row.next_update - row.this_update) / 2;
	if (row.number == 0)
		*due = 0;
	else if (is->row.crl_interval == 0)
		*due = row.next_update;
	else
		*due = row.this_update + (is->row.crl_interval < half ?
		    is->row.crl_interval : half);
	return 1;
}

int
crl_due(struct store *store, const struct issuer *is, int64_t *due)
{
	int64_t first = INT64_MAX, one = 0;
	int i;

	for (i = 0; i < crl_shard_count(&is->row); i++) {
		if (!crl_due_shard(store, is, i, &one))
			return 0;
		if (one < first)
			first = one;
	}
	*due = first;
	return 1;
}
