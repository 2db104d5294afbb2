#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "ca/error.h"
#include "ca/store/records.h"
#include "ca/engine/campaign.h"
#include "ca/engine/scope.h"

/*
 * Choosing, while the call that starts the campaign waits: what is chosen is
 * what there is at that moment, and the approvals of that call are still at hand
 * to hold it against. Later, when a field of a device may have become another,
 * nobody would know of them.
 */

struct choosing {
	struct store *store;
	struct store_tx *tx; /* of the page */
	const struct policy *policy;
	struct campaign_row row;
	int approvals;
	time_t now;
	struct where where;
	int64_t id[WHERE_PAGE_ROWS], next;
	size_t n;
	int need, failed;
	unsigned char md[32];
};

static int
take_row(const struct where_row *row, void *arg)
{
	struct choosing *c = arg;

	if (campaign_judge(c->policy, &c->where, c->row.reason,
		c->row.invalidity, row) != CAMPAIGN_CHOSEN)
		return 1;
	c->id[c->n++] = row->id;
	c->failed = !scope_cert(
	    c->tx, c->policy, row->id, row->profile, &c->need);
	return !c->failed;
}

static int
page_tx(struct store_tx *tx, void *arg)
{
	struct choosing *c = arg;

	c->tx = tx;
	c->n = 0;
	return where_page(tx, &c->where, c->row.created, c->row.position,
		   c->row.upto, &c->next, take_row, c) &&
	    !c->failed;
}

static int
refuse_kinds(const struct choosing *c)
{
	if (c->need <= c->approvals)
		return 1;
	ca_raise(CA_E_DENIED,
	    "campaign.approvals: what it finds needs %d "
	    "approvals and has %d, for it has changed since it was looked "
	    "at: start it anew",
	    c->need, c->approvals);
	return 0;
}

#define HASH_PAGE 5000

struct hashing {
	const struct choosing *c;
	struct store_tx *tx;
	EVP_MD_CTX *ctx;
	int64_t position;
	size_t n;
	int failed;
};

static int
hash_one(int64_t cert, void *arg)
{
	struct hashing *h = arg;
	unsigned char len[1];
	struct cert_row row;

	h->position = cert;
	h->n++;
	h->failed = certs_by_id(h->tx, cert, &row) != 1;
	if (h->failed)
		return 0;
	len[0] = (unsigned char)row.serial_len;
	h->failed = EVP_DigestUpdate(h->ctx, row.issuer_ident,
			strlen(row.issuer_ident) + 1) != 1 ||
	    EVP_DigestUpdate(h->ctx, len, 1) != 1 ||
	    EVP_DigestUpdate(h->ctx, row.serial, row.serial_len) != 1;
	return !h->failed;
}

static int
hash_tx(struct store_tx *tx, void *arg)
{
	struct hashing *h = arg;

	h->tx = tx;
	h->n = 0;
	return campaigns_chosen(
		   tx, h->c->row.id, h->position, HASH_PAGE, hash_one, h) &&
	    !h->failed;
}

/* The log commits to the choice: SHA-256 over issuer, NUL, length and octets of
   the serial of each, in order of row. */
static int
hash_choice(const struct choosing *c, unsigned char md[32])
{
	struct hashing h = {.c = c, .ctx = EVP_MD_CTX_new(), .n = HASH_PAGE};
	int ok;

	ok = h.ctx != NULL && EVP_DigestInit_ex(h.ctx, EVP_sha256(), NULL) == 1;
	while (ok && h.n == HASH_PAGE)
		ok = store_read(c->store, hash_tx, &h);
	ok = ok && EVP_DigestFinal_ex(h.ctx, md, NULL) == 1;
	EVP_MD_CTX_free(h.ctx);
	return ok;
}

static int
log_chosen(struct store_tx *tx, const struct choosing *c)
{
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = l != NULL && field_add_int(l, "campaign", c->row.id) &&
	    field_add_int(l, "total", c->row.total) &&
	    field_add_bytes(l, "sha256", c->md, sizeof(c->md)) &&
	    entries_append(tx, "campaign.chosen", c->now, l, NULL);
	field_list_free(l);
	return ok;
}

/* Is it still where this step began? It may have been stopped. */
static int
is_current(struct store_tx *tx, const struct choosing *c)
{
	struct campaign_row is;

	if (campaigns_get(tx, c->row.id, &is) != 1)
		return 0;
	if (is.state == CAMPAIGN_CHOOSING && is.position == c->row.position)
		return 1;
	ca_raise(CA_E_DENIED, "campaign.state: it was stopped");
	return 0;
}

static int
choose_tx(struct store_tx *tx, void *arg)
{
	struct choosing *c = arg;
	size_t i;

	if (!is_current(tx, c))
		return 0;
	for (i = 0; i < c->n; i++)
		if (!campaigns_choose(tx, c->row.id, c->id[i]))
			return 0;
	c->row.total += (int64_t)c->n;
	c->row.position = c->next;
	return campaigns_update(tx, &c->row);
}

/* All is chosen. */
static int
begin_tx(struct store_tx *tx, void *arg)
{
	struct choosing *c = arg;

	if (!is_current(tx, c))
		return 0;
	c->row.upto = c->row.position = 0;
	c->row.state = CAMPAIGN_RUNNING;
	return campaigns_update(tx, &c->row) && log_chosen(tx, c);
}

/* Rows are found outside the writer's transaction, which only notes them. */
static int
choose(struct choosing *c)
{
	if (!where_parse(c->row.query, &c->where))
		return 0;
	while (c->row.position < c->row.upto)
		if (!store_read(c->store, page_tx, c) || !refuse_kinds(c) ||
		    !store_write(c->store, choose_tx, c, STORE_URGENT))
			return 0;
	return hash_choice(c, c->md) &&
	    store_write(c->store, begin_tx, c, STORE_URGENT);
}

int
campaign_choose(struct store *store, const struct policy *policy,
    const struct campaign_request *r, struct campaign_row *row)
{
	struct choosing *c = OPENSSL_zalloc(sizeof(*c));
	int ok;

	if (c == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return 0;
	}
	c->store = store;
	c->policy = policy;
	c->approvals = r->approvals;
	c->now = r->now;
	c->row = *row;
	ok = choose(c);
	if (ok)
		*row = c->row;
	OPENSSL_free(c);
	return ok;
}
