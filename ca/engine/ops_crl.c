#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/crl_run.h"
#include "ca/engine/crl_shard.h"
#include "ca/engine/ops.h"
#include "ca/engine/retire.h"

/* CRLs: made now, shown, and into how many parts they are cut. */

static int
add_crl(WIRE_FIELDS *l, const struct issuer *is, const struct crl_row *row,
    const char *url)
{
	char number[24];

	snprintf(number, sizeof(number), "%lld", (long long)row->number);
	return l != NULL && field_add_text(l, "issuer", is->row.ident) &&
	    field_add_text(l, "number", number) &&
	    field_add_time(l, "this_update", row->this_update) &&
	    field_add_time(l, "next_update", row->next_update) &&
	    field_add_int(l, "entries", row->n_entries) &&
	    field_add_int(l, "octets", row->octets) &&
	    field_add_text(l, "url", url);
}

/* One shard's; the full CRL has no shard. */
static int
add_shard(WIRE_FIELDS *l, const struct issuer *is, const struct crl_row *row)
{
	char url[CRL_URL_MAX];

	crl_shard_url(&is->row, row->shard, url);
	return add_crl(l, is, row, url) && (is->row.crl_shards == 0 ||
	    field_add_int(l, "shard", row->shard));
}

struct sum {			/* all CRLs of a CA as one row */
	const struct issuer *is;
	struct crl_row row;	/* highest number, first times, all entries */
	int n;
};

static void
add_to_sum(struct sum *s, const struct crl_row *row)
{
	if (row->number == 0)
		return;
	if (s->n++ == 0) {
		s->row = *row;
		return;
	}
	if (row->number > s->row.number)
		s->row.number = row->number;
	if (row->this_update < s->row.this_update)
		s->row.this_update = row->this_update;
	if (row->next_update < s->row.next_update)
		s->row.next_update = row->next_update;
	s->row.n_entries += row->n_entries;
	s->row.octets += row->octets;
}

static int
add_sum(struct ops_call *c, const struct sum *s)
{
	WIRE_FIELDS *l = message_add_row(c->answer);

	return add_crl(l, s->is, &s->row, s->is->row.crl_url) &&
	    (s->is->row.crl_shards == 0 ||
	    field_add_int(l, "shards", s->is->row.crl_shards));
}

static int
issue_crls(struct ops_call *c, struct issuer *is)
{
	struct sum s = {.is = is};
	struct crl_row row;
	int i;

	for (i = 0; i < crl_shard_count(&is->row); i++) {
		if (!crl_run_issue(c->ca, is->row.ident, i, c->req, c->now,
		    &row))
			return 0;
		OPENSSL_free(row.der);
		row.der = NULL;
		add_to_sum(&s, &row);
	}
	return add_sum(c, &s);
}

static struct issuer *
find_issuer(struct ops_call *c, const char *name)
{
	struct issuer *is = issuer_set_find(&c->ca->issuers, name);

	if (is == NULL)
		(void)ops_not_found(c, "issuer", "no CA \"%s\"", name);
	return is;
}

int
ops_issue_crl(struct ops_call *c, const char *name)
{
	struct issuer *is = find_issuer(c, name);

	return is != NULL && issue_crls(c, is);
}

int
ops_crl_issue(struct ops_call *c)
{
	const char *name = ops_text(c, "issuer");
	size_t i;
	int ok = 1;

	if (!ca_may_vouch(c->ca))
		return 0;
	if (name != NULL)
		return ops_issue_crl(c, name);
	for (i = 0; i < c->ca->issuers.n; i++)
		/* A token that is away keeps no other CA from its CRL. */
		if (retire_needs_crls(c->ca, c->ca->issuers.item[i], c->now))
			ok &= issue_crls(c, c->ca->issuers.item[i]);
	return ok;
}

static int
last_tx(struct store_tx *tx, void *arg)
{
	struct crl_row *row = arg;

	return crls_last(tx, row->issuer, row->shard, 0, row) >= 0;
}

static int
last_der_tx(struct store_tx *tx, void *arg)
{
	struct crl_row *row = arg;

	return crls_last(tx, row->issuer, row->shard, 1, row) >= 0;
}

static int
sum_up(struct ops_call *c, const struct issuer *is, struct sum *s)
{
	struct crl_row row;
	int i;

	*s = (struct sum){.is = is};
	for (i = 0; i < crl_shard_count(&is->row); i++) {
		row = (struct crl_row){.issuer = is->row.id, .shard = i};
		if (!ops_read(c, last_tx, &row))
			return 0;
		add_to_sum(s, &row);
	}
	return 1;
}

/* The newest CRLs of each CA that has any, as one row. */
static int
list_crls(struct ops_call *c)
{
	struct sum s;
	size_t i;

	for (i = 0; i < c->ca->issuers.n; i++)
		if (!sum_up(c, c->ca->issuers.item[i], &s) ||
		    (s.n > 0 && !add_sum(c, &s)))
			return 0;
	return 1;
}

static int
list_shards(struct ops_call *c, const struct issuer *is)
{
	struct crl_row row;
	int i;

	for (i = 0; i < is->row.crl_shards; i++) {
		row = (struct crl_row){.issuer = is->row.id, .shard = i};
		if (!ops_read(c, last_tx, &row) || (row.number != 0 &&
		    !add_shard(message_add_row(c->answer), is, &row)))
			return 0;
	}
	return 1;
}

/* The CRL itself comes along where it fits into an answer; the file that is
   published says the same. */
static int
show_one(struct ops_call *c, const struct issuer *is, int shard)
{
	struct crl_row row = {.issuer = is->row.id, .shard = shard};
	char name[CRL_NAME_MAX], path[PATH_MAX + CRL_NAME_MAX];
	WIRE_FIELDS *l = c->answer->values;
	char hex[65];
	int ok;

	if (!ops_read(c, last_der_tx, &row))
		return 0;
	if (row.number == 0)
		return ops_not_found(c, "issuer", "%s has issued no CRL yet",
		    is->row.ident);
	crl_shard_name(&is->row, shard, name);
	snprintf(path, sizeof(path), "%s/%s", c->ca->settings->publish_dir,
	    name);
	ops_hex(row.sha256, 32, hex);
	ok = add_shard(l, is, &row) && field_add_text(l, "file", path) &&
	    field_add_text(l, "sha256", hex) && (row.der == NULL ||
	    field_add_bytes(l, "der", row.der, row.der_len));
	OPENSSL_free(row.der);
	return ok;
}

int
ops_crl_show(struct ops_call *c)
{
	const char *name = ops_text(c, "issuer");
	int64_t shard = field_int(c->args, "shard", -1);
	int given = field_find(c->args, "shard", 0) != NULL;
	struct issuer *is;

	if (name == NULL)
		return given ? ops_bad(c, "shard", "of which CA?") :
		    list_crls(c);
	if ((is = find_issuer(c, name)) == NULL)
		return 0;
	if (given && (shard < 0 || shard >= is->row.crl_shards))
		return ops_not_found(c, "shard", "%s has %d shards",
		    is->row.ident, is->row.crl_shards);
	if (!given && is->row.crl_shards != 0)
		return list_shards(c, is);
	return show_one(c, is, given ? (int)shard : 0);
}

int
ops_crl_shards(struct ops_call *c)
{
	int64_t n = field_int(c->args, "shards", -1);
	struct issuer *is = find_issuer(c, ops_text(c, "issuer"));

	c->o.authenticated = 1;
	if (is == NULL)
		return 0;
	if (n < 0 || n > CRL_SHARDS_MAX || !crl_shard_ok(n))
		return ops_bad(c, "shards", "0 (one full CRL) or 2 to %d",
		    CRL_SHARDS_MAX);
	return ca_may_vouch(c->ca) &&
	    crl_run_set_shards(c->ca, is->row.ident, (int)n, c->who, c->now) &&
	    ops_issue_crl(c, is->row.ident);
}
