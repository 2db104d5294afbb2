#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/store/blocked_keys.h"
#include "ca/store/certs.h"
#include "ca/store/reasons.h"
#include "ca/store/records.h"
#include "ca/engine/ops.h"
#include "ca/engine/revoke.h"

/*
 * Keys that are known to be bad, by the page: they are blocked for every later
 * request. What stands on them already is told and not touched; that is for
 * `inkan revoke --spki`.
 */

#define MD 32
#define IN_USE_MAX 100 /* rows of an answer */

struct blocking {
	struct ops_call *c;
	const unsigned char *md;	/* ${n} hashes, one after the other */
	size_t n;
	const char *note;
	int64_t added, in_use;
};

/* Live certificates on a key that has just been blocked. */
static int
tell_use(struct store_tx *tx, struct blocking *b, const unsigned char *md)
{
	struct cert_row row = {.id = 0};
	int found;

	while ((found = certs_next_on_key(tx, md, row.id, &row)) == 1) {
		if ((row.state != CERT_VALID && row.state != CERT_HELD) ||
		    row.not_after < b->c->now)
			continue;
		b->in_use++;
		if (b->c->page_full || message_n_rows(b->c->answer) >= IN_USE_MAX)
			continue;
		if (!ops_add_cert(message_add_row(b->c->answer), &row))
			return 0;
		(void)ops_room(b->c);
	}
	return found == 0;
}

static int
block_entry(struct store_tx *tx, const struct blocking *b)
{
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = l != NULL &&
	    field_add_bytes(l, "spki_sha256", b->md, b->n * MD) &&
	    field_add_int(l, "added", b->added) &&
	    field_add_text(l, "note", b->note) &&
	    field_add_text(l, "who", b->c->who) &&
	    entries_append(tx, "key.blocklist", b->c->now, l, NULL);
	field_list_free(l);
	return ok;
}

static int
block_tx(struct store_tx *tx, void *arg)
{
	struct blocking *b = arg;
	struct blocked_key key;
	size_t i;
	int added;

	memset(&key, 0, sizeof(key));
	key.at = b->c->now;
	snprintf(key.why, sizeof(key.why), "%s", b->note);
	for (i = 0; i < b->n; i++) {
		memcpy(key.md, b->md + i * MD, MD);
		added = blocked_keys_add(tx, &key);
		if (added < 0 || (added && !tell_use(tx, b, key.md)))
			return 0;
		b->added += added;
	}
	return b->added == 0 || block_entry(tx, b);
}

int
ops_key_block(struct ops_call *c)
{
	struct blocking b = {.c = c, .note = field_text(c->args, "note", "")};
	WIRE_FIELDS *v = c->answer->values;
	char added[32];
	size_t len;

	c->o.authenticated = 1;
	b.md = field_bytes(c->args, "hashes", &len);
	if (len == 0 || len % MD != 0)
		return ops_bad(c, "hashes", "a SHA-256 has 32 octets");
	b.n = len / MD;
	if (!store_write(c->ca->store, block_tx, &b, 0))
		return 0;
	snprintf(added, sizeof(added), "%lld", (long long)b.added);
	if (b.added > 0)
		report_event(REPORT_INFO, "key.blocklist", "req", c->req, "who",
		    c->who, "added", added, NULL);
	return field_add_int(v, "added", b.added) &&
	    field_add_int(v, "known", (int64_t)b.n - b.added) &&
	    field_add_int(v, "in_use", b.in_use);
}

struct listing {
	struct ops_call *c;
	unsigned char after[MD];
	int has_after;
	size_t limit;
	char last[2 * MD + 1];
	size_t n;
};

static int
list_one(const struct blocked_key *key, void *arg)
{
	struct listing *l = arg;
	WIRE_FIELDS *row = message_add_row(l->c->answer);

	ops_hex(key->md, MD, l->last);
	l->n++;
	return row != NULL && field_add_text(row, "spki_sha256", l->last) &&
	    field_add_time(row, "at", key->at) &&
	    field_add_text(row, "why", key->why) && ops_room(l->c);
}

static int
list_tx(struct store_tx *tx, void *arg)
{
	struct listing *l = arg;

	return blocked_keys_list(
	    tx, l->has_after ? l->after : NULL, l->limit, list_one, l);
}

static int
take_hash(struct ops_call *c, const char *field, unsigned char md[MD])
{
	size_t len;

	return (ops_unhex(ops_text(c, field), md, MD, &len) && len == MD) ||
	    ops_bad(c, field, "a SHA-256 is 64 hexadecimal digits");
}

int
ops_key_blocked(struct ops_call *c)
{
	struct listing l = {.c = c, .limit = ops_limit(c)};

	l.has_after = ops_text(c, "cursor") != NULL;
	if (l.has_after && !take_hash(c, "cursor", l.after))
		return 0;
	if (!ops_read(c, list_tx, &l))
		return 0;
	return (l.n < l.limit && !c->page_full) ||
	    message_set_next(c->answer, l.last);
}

struct unblocking {
	struct ops_call *c;
	unsigned char md[MD];
};

/* A certificate of ours says that the key is lost? Then it stays blocked. */
static int
refuse_lost(struct store_tx *tx, const struct unblocking *u)
{
	struct cert_row row = {.id = 0};
	int found;

	while ((found = certs_next_on_key(tx, u->md, row.id, &row)) == 1)
		if (row.state == CERT_REVOKED &&
		    revoke_is_key_lost(row.reason)) {
			ca_raise(CA_E_DENIED,
			    "key.compromised: a certificate on it was revoked "
			    "for %s",
			    reasons_name(row.reason));
			return 1;
		}
	return found != 0;
}

static int
unblock_tx(struct store_tx *tx, void *arg)
{
	const struct unblocking *u = arg;
	WIRE_FIELDS *l;
	int ok, found;

	if (refuse_lost(tx, u))
		return 0;
	found = blocked_keys_remove(tx, u->md);
	if (found == 0)
		ca_raise(CA_E_NOTFOUND, "key.unknown: that key is not blocked");
	if (found != 1)
		return 0;
	l = field_list_new();
	ok = l != NULL && field_add_bytes(l, "spki_sha256", u->md, MD) &&
	    field_add_text(l, "reason", ops_text(u->c, "reason")) &&
	    field_add_text(l, "who", u->c->who) &&
	    entries_append(tx, "key.unblock", u->c->now, l, NULL);
	field_list_free(l);
	return ok;
}

int
ops_key_unblock(struct ops_call *c)
{
	struct unblocking u = {.c = c};
	char hex[2 * MD + 1];

	c->o.authenticated = 1;
	if (!take_hash(c, "hash", u.md) ||
	    !store_write(c->ca->store, unblock_tx, &u, STORE_URGENT))
		return 0;
	ops_hex(u.md, MD, hex);
	report_event(REPORT_WARN, "key.unblocked", "req", c->req, "who", c->who,
	    "spki", hex, NULL);
	return field_add_text(c->answer->values, "spki_sha256", hex);
}
