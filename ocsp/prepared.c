#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "ca/report/report.h"
#include "ocsp/prepared.h"

#define SEEN 8192 /* a power of two */

struct prepared {
	const struct settings *set;
	uint64_t key[2];
	atomic_uint epoch; /* of what is to be read */
	unsigned taken;	   /* the epoch that prepare.h has begun */
	/* Grows only, and is read without a lock. */
	struct prepared_issuer *issuers[PREPARED_ISSUERS_MAX];
	atomic_size_t n;
	atomic_int full;
	/* Requests that came lately, by their hash. */
	atomic_uint seen[SEEN];
};

struct prepared *
prepared_new(const struct settings *set)
{
	struct prepared *p = OPENSSL_zalloc(sizeof(*p));

	if (p == NULL)
		return NULL;
	p->set = set;
	if (RAND_bytes((unsigned char *)p->key, sizeof(p->key)) != 1) {
		OPENSSL_free(p);
		return NULL;
	}
	return p;
}

void
prepared_free(struct prepared *p)
{
	size_t i, j;

	if (p == NULL)
		return;
	for (i = 0; i < prepared_n_issuers(p); i++) {
		for (j = 0; j < PREPARED_SHARDS; j++)
			shard_destroy(&p->issuers[i]->shards[j].shard);
		OPENSSL_free(p->issuers[i]);
	}
	OPENSSL_free(p);
}

size_t
prepared_n_issuers(const struct prepared *p)
{
	return p == NULL ? 0 : atomic_load_explicit(&p->n,
			       memory_order_acquire);
}

struct prepared_issuer *
prepared_issuer(struct prepared *p, size_t i)
{
	return p->issuers[i];
}

static struct prepared_issuer *
issuer_of(struct prepared *p, int64_t id)
{
	size_t i, n = prepared_n_issuers(p);

	for (i = 0; i < n; i++)
		if (atomic_load(&p->issuers[i]->id) == id)
			return p->issuers[i];
	return NULL;
}

/* Other bits than a shard's index looks at. */
static struct prepared_shard *
shard_at(struct prepared_issuer *issuer, uint64_t hash)
{
	return &issuer->shards[hash % PREPARED_SHARDS];
}

struct prepared_shard *
prepared_shard_of(struct prepared *p, struct prepared_issuer *issuer,
    const struct status_cert *cert, uint64_t *hash)
{
	*hash = shard_hash(p->key, cert->serial, cert->serial_len);
	return shard_at(issuer, *hash);
}

/* ---- the follower ---- */

/* NULL: it is not to be prepared. */
static const struct settings_delegate *
wanted(const struct prepared *p, const struct view_issuer *issuer)
{
	size_t i = settings_delegate_of(p->set, issuer->ident);

	return i < p->set->n_delegates && p->set->delegates[i].prepare
	    ? &p->set->delegates[i]
	    : NULL;
}

static int
add_issuer(struct prepared *p, const struct view_issuer *from,
    const struct policy *policy)
{
	size_t i, n = prepared_n_issuers(p);
	struct prepared_issuer *to;

	if (n == PREPARED_ISSUERS_MAX ||
	    (to = OPENSSL_zalloc(sizeof(*to))) == NULL)
		return 0;
	atomic_init(&to->id, from->id);
	to->policy = policy;
	memcpy(to->ident, from->ident, sizeof(to->ident));
	frame_issuer(&to->frame, from);
	for (i = 0; i < PREPARED_SHARDS; i++) {
		shard_init(&to->shards[i].shard, p->key);
		shard_clear(&to->shards[i].shard, atomic_load(&p->epoch));
	}
	p->issuers[n] = to;
	atomic_store_explicit(&p->n, n + 1, memory_order_release);
	return 1;
}

/* An id of status.db may come to mean another issuer when the file is made
   anew: what was prepared under it must not answer any more. */
static void
forget_changed(struct prepared *p, const struct view_issuer *now)
{
	struct prepared_issuer *known = issuer_of(p, now->id);
	struct frame_issuer frame;

	if (known == NULL)
		return;
	frame_issuer(&frame, now);
	if (memcmp(&frame, &known->frame, sizeof(frame)) != 0)
		atomic_store(&known->id, -1);
}

/* The epoch is published last: a shard takes no row of an epoch that it does
   not have yet, and a reading that began in between would lose it. */
static void
read_again(struct prepared *p, int clear)
{
	unsigned epoch = atomic_load(&p->epoch) + 1;
	struct prepared_shard *shard;
	size_t i, j;

	for (i = 0; i < prepared_n_issuers(p); i++)
		for (j = 0; j < PREPARED_SHARDS; j++) {
			shard = &p->issuers[i]->shards[j];
			if (clear)
				shard_clear(&shard->shard, epoch);
			else
				shard_set_epoch(&shard->shard, epoch);
			atomic_fetch_or(&shard->cleared, clear);
		}
	atomic_store(&p->epoch, epoch);
}

void
prepared_view(struct prepared *p, const struct view *view)
{
	const struct settings_delegate *delegate;
	const struct view_issuer *issuer;
	size_t i;
	int added = 0;

	if (p == NULL)
		return;
	for (i = 0; i < view_n_issuers(view); i++) {
		issuer = view_issuer(view, i);
		forget_changed(p, issuer);
		delegate = wanted(p, issuer);
		if (delegate != NULL && issuer_of(p, issuer->id) == NULL)
			added |= add_issuer(p, issuer, &delegate->policy);
	}
	if (added)
		read_again(p, 0);
}

void
prepared_reset(struct prepared *p)
{
	if (p != NULL)
		read_again(p, 1);
}

/* One line, not one per certificate, when there is no more room. */
static void
complain(struct prepared *p)
{
	if (!atomic_exchange(&p->full, 1))
		report_event(REPORT_WARN, "ocsp.prepare.full", NULL);
}

void
prepared_change(struct prepared *p, const struct status_cert *cert)
{
	struct prepared_issuer *issuer;
	struct prepared_shard *shard;
	uint64_t hash;

	if (p == NULL || (issuer = issuer_of(p, cert->issuer)) == NULL)
		return;
	shard = prepared_shard_of(p, issuer, cert, &hash);
	if (!shard_set(&shard->shard, hash, cert))
		complain(p);
	atomic_store(&shard->dirty, 1);
}

/* ---- prepare.h ---- */

unsigned
prepared_wants(struct prepared *p)
{
	unsigned epoch = atomic_load(&p->epoch);

	if (epoch == p->taken)
		return 0;
	p->taken = epoch;
	return epoch;
}

int
prepared_load(
    struct prepared *p, unsigned epoch, const struct status_cert *cert)
{
	struct prepared_issuer *issuer = issuer_of(p, cert->issuer);
	struct prepared_shard *shard;
	uint64_t hash;

	if (atomic_load(&p->epoch) != epoch)
		return 0;
	if (issuer == NULL)
		return 1;
	shard = prepared_shard_of(p, issuer, cert, &hash);
	if (shard_add(&shard->shard, epoch, hash, cert) < 0)
		complain(p);
	return 1;
}

void
prepared_count(struct prepared *p, struct shard_stats *out)
{
	size_t i, j;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < prepared_n_issuers(p); i++)
		for (j = 0; j < PREPARED_SHARDS; j++)
			shard_count(&p->issuers[i]->shards[j].shard, out);
}

/* ---- workers ---- */

struct match {
	struct prepared_issuer *issuer;
	size_t which; /* hash of the CertID */
	const unsigned char *serial;
	size_t serial_len;
	uint64_t hash;
};

static int
match(struct prepared *p, const unsigned char *der, size_t len,
    struct match *out)
{
	size_t i, n = prepared_n_issuers(p);

	for (i = 0; i < n; i++) {
		out->issuer = p->issuers[i];
		if (atomic_load(&out->issuer->id) < 0 ||
		    !frame_match(&out->issuer->frame, der, len, &out->which,
			&out->serial, &out->serial_len))
			continue;
		out->hash = shard_hash(p->key, out->serial, out->serial_len);
		return 1;
	}
	return 0;
}

static struct reply *
assemble(const struct match *m, time_t now, int *late)
{
	struct frame_cert cert;
	struct shard_found found;
	struct reply *reply = NULL;

	if (!shard_find(&shard_at(m->issuer, m->hash)->shard, m->hash,
		m->serial, m->serial_len, &found))
		return NULL;
	if (now < found.batch->next_update &&
	    m->which < found.batch->frame.n_hashes) {
		*late = now >= found.batch->serve_until;
		cert = shard_frame_cert(&found.cert);
		reply = batch_reply(found.batch, &cert, found.signature);
	}
	batch_free(found.batch);
	return reply;
}

/* Was this the last of its like that came, too? */
static int
seen_before(struct prepared *p, uint64_t hash)
{
	atomic_uint *seen = &p->seen[hash >> 16 & (SEEN - 1)];
	unsigned tag = (unsigned)(hash >> 32) | 1;

	if (atomic_load_explicit(seen, memory_order_relaxed) == tag)
		return 1;
	atomic_store_explicit(seen, tag, memory_order_relaxed);
	return 0;
}

static void
keep(struct cache *cache, uint64_t epoch, const struct match *m,
    const struct cache_key *request, struct reply *reply)
{
	struct cache_key key = *request;

	key.issuer = atomic_load(&m->issuer->id);
	key.serial = m->serial;
	key.serial_len = m->serial_len;
	cache_put(cache, epoch, &key, reply);
}

struct reply *
prepared_request(struct prepared *p, struct cache *cache,
    const unsigned char *der, size_t len, time_t now, int *late)
{
	struct cache_key key = {.request = der, .request_len = len};
	struct reply *reply;
	struct match m;
	uint64_t epoch;

	if (p == NULL ||
	    (key.certid = frame_request_certid(der, len, &key.certid_len)) ==
		NULL ||
	    !match(p, key.certid, key.certid_len, &m))
		return NULL;
	/* Before it is looked for: a change in between makes it void. */
	epoch = cache_epoch(cache);
	if ((reply = assemble(&m, now, late)) == NULL)
		return NULL;
	if (*late || !seen_before(p, m.hash))
		reply->once = 1;
	else
		keep(cache, epoch, &m, &key, reply);
	return reply;
}

struct reply *
prepared_certid(struct prepared *p, const unsigned char *der, size_t len,
    time_t now, int *late)
{
	struct reply *reply;
	struct match m;

	if (p == NULL || !match(p, der, len, &m) ||
	    (reply = assemble(&m, now, late)) == NULL)
		return NULL;
	reply->once = 1;
	return reply;
}
