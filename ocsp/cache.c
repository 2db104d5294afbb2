#include <pthread.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "ocsp/cache.h"
#include "ocsp/error.h"
#include "ocsp/siphash.h"

/*
 * One chained table holds three kinds of keys; every key is a node that leads
 * to its slot. A slot owns its nodes and one answer.
 */

enum kind { KEY_REQUEST, KEY_CERTID, KEY_CERT };

#define CERT_KEY_MAX (8 + 20) /* issuer and serial */
#define N_NODES (2 + CACHE_ALIASES)

struct node {
	struct node *next; /* in its bucket */
	struct slot *slot;
	uint64_t hash;
	enum kind kind;
	size_t len;
	unsigned char key[];
};

struct slot {
	struct node *nodes[N_NODES]; /* certid, cert, then the aliases */
	struct reply *reply;
	size_t at; /* index in slots */
	unsigned next_alias;
	int used; /* asked for since the hand came by */
};

struct cache {
	pthread_mutex_t lock;
	uint64_t key[2];
	uint64_t epoch;
	struct node **buckets;
	size_t mask;
	struct slot **slots;
	size_t n, max, hand;
};

struct cache *
cache_new(size_t max)
{
	struct cache *c = OPENSSL_zalloc(sizeof(*c));
	size_t n_buckets = 64;

	if (c == NULL)
		return NULL;
	while (n_buckets < 2 * max)
		n_buckets *= 2;
	c->max = max;
	c->mask = n_buckets - 1;
	c->buckets = OPENSSL_zalloc(n_buckets * sizeof(*c->buckets));
	c->slots = OPENSSL_zalloc((max + 1) * sizeof(*c->slots));
	if (c->buckets == NULL || c->slots == NULL ||
	    RAND_bytes((unsigned char *)c->key, sizeof(c->key)) != 1 ||
	    pthread_mutex_init(&c->lock, NULL) != 0) {
		OPENSSL_free(c->buckets);
		OPENSSL_free(c->slots);
		OPENSSL_free(c);
		return NULL;
	}
	return c;
}

/* ---- nodes; the lock is held ---- */

static struct node **
bucket_of(struct cache *c, uint64_t hash)
{
	return &c->buckets[hash & c->mask];
}

static struct node *
node_find(struct cache *c, enum kind kind, uint64_t hash,
    const unsigned char *key, size_t len)
{
	struct node *n;

	for (n = *bucket_of(c, hash); n != NULL; n = n->next)
		if (n->hash == hash && n->kind == kind && n->len == len &&
		    memcmp(n->key, key, len) == 0)
			return n;
	return NULL;
}

static void
node_unlink(struct cache *c, struct node *node)
{
	struct node **p;

	if (node == NULL)
		return;
	for (p = bucket_of(c, node->hash); *p != node; p = &(*p)->next)
		;
	*p = node->next;
	OPENSSL_free(node);
}

static struct node *
node_link(struct cache *c, struct slot *slot, enum kind kind, uint64_t hash,
    const unsigned char *key, size_t len)
{
	struct node *node = OPENSSL_malloc(sizeof(*node) + len);

	if (node == NULL)
		return NULL;
	node->slot = slot;
	node->hash = hash;
	node->kind = kind;
	node->len = len;
	memcpy(node->key, key, len);
	node->next = *bucket_of(c, hash);
	*bucket_of(c, hash) = node;
	return node;
}

/* ---- slots; the lock is held ---- */

static void
slot_free(struct cache *c, struct slot *slot)
{
	size_t i;

	for (i = 0; i < N_NODES; i++)
		node_unlink(c, slot->nodes[i]);
	c->n--;
	c->slots[slot->at] = c->slots[c->n];
	c->slots[slot->at]->at = slot->at;
	c->slots[c->n] = NULL;
	reply_free(slot->reply);
	OPENSSL_free(slot);
}

/* The clock: the hand passes over what was used and clears the mark. */
static void
evict_one(struct cache *c)
{
	for (;; c->hand++) {
		if (c->hand >= c->n)
			c->hand = 0;
		if (!c->slots[c->hand]->used)
			break;
		c->slots[c->hand]->used = 0;
	}
	slot_free(c, c->slots[c->hand]);
}

/* The place where the hand stands is the new slot's, and the hand moves on:
   it comes back to it last. */
static void
swap_to_hand(struct cache *c, struct slot *slot)
{
	struct slot *other = c->slots[c->hand];

	c->slots[slot->at] = other;
	other->at = slot->at;
	c->slots[c->hand] = slot;
	slot->at = c->hand++;
}

static struct slot *
slot_new(struct cache *c)
{
	struct slot *slot = OPENSSL_zalloc(sizeof(*slot));
	int full = c->n == c->max;

	if (slot == NULL)
		return NULL;
	if (full)
		evict_one(c);
	slot->at = c->n;
	c->slots[c->n++] = slot;
	if (full)
		swap_to_hand(c, slot);
	return slot;
}

static void
add_alias(struct cache *c, struct slot *slot, uint64_t hash,
    const unsigned char *request, size_t len)
{
	struct node **place;

	if (len > CACHE_REQUEST_MAX ||
	    node_find(c, KEY_REQUEST, hash, request, len) != NULL)
		return;
	place = &slot->nodes[2 + slot->next_alias];
	slot->next_alias = (slot->next_alias + 1) % CACHE_ALIASES;
	node_unlink(c, *place);
	*place = node_link(c, slot, KEY_REQUEST, hash, request, len);
}

static size_t
cert_key(
    unsigned char *out, int64_t issuer, const unsigned char *serial, size_t len)
{
	memcpy(out, &issuer, 8);
	memcpy(out + 8, serial, len);
	return 8 + len;
}

/* ---- */

struct reply *
cache_find_request(struct cache *c, const unsigned char *request, size_t len)
{
	struct reply *reply = NULL;
	struct node *node;
	uint64_t hash;

	if (len > CACHE_REQUEST_MAX)
		return NULL;
	hash = siphash(c->key, request, len);
	pthread_mutex_lock(&c->lock);
	node = node_find(c, KEY_REQUEST, hash, request, len);
	if (node != NULL) {
		node->slot->used = 1;
		reply = reply_up_ref(node->slot->reply);
	}
	pthread_mutex_unlock(&c->lock);
	return reply;
}

struct reply *
cache_find_certid(struct cache *c, const unsigned char *certid,
    size_t certid_len, const unsigned char *request, size_t len)
{
	struct reply *reply = NULL;
	struct node *node;
	uint64_t hash = siphash(c->key, certid, certid_len);
	uint64_t raw = siphash(c->key, request, len);

	pthread_mutex_lock(&c->lock);
	node = node_find(c, KEY_CERTID, hash, certid, certid_len);
	if (node != NULL) {
		node->slot->used = 1;
		reply = reply_up_ref(node->slot->reply);
		add_alias(c, node->slot, raw, request, len);
	}
	pthread_mutex_unlock(&c->lock);
	return reply;
}

uint64_t
cache_epoch(struct cache *c)
{
	uint64_t epoch;

	pthread_mutex_lock(&c->lock);
	epoch = c->epoch;
	pthread_mutex_unlock(&c->lock);
	return epoch;
}

/* A slot for the CertID: the one that is there, or a new one with its two
   keys. The lock is held. */
static struct slot *
slot_for(struct cache *c, const struct cache_key *key)
{
	uint64_t hash = siphash(c->key, key->certid, key->certid_len);
	unsigned char cert[CERT_KEY_MAX];
	struct slot *slot;
	struct node *node;
	size_t len;

	node = node_find(c, KEY_CERTID, hash, key->certid, key->certid_len);
	if (node != NULL)
		return node->slot;
	if ((slot = slot_new(c)) == NULL)
		return NULL;
	len = cert_key(cert, key->issuer, key->serial, key->serial_len);
	slot->nodes[0] =
	    node_link(c, slot, KEY_CERTID, hash, key->certid, key->certid_len);
	slot->nodes[1] =
	    node_link(c, slot, KEY_CERT, siphash(c->key, cert, len), cert, len);
	if (slot->nodes[0] == NULL || slot->nodes[1] == NULL) {
		slot_free(c, slot);
		return NULL;
	}
	return slot;
}

int
cache_put(struct cache *c, uint64_t epoch, const struct cache_key *key,
    struct reply *reply)
{
	uint64_t raw = siphash(c->key, key->request, key->request_len);
	struct slot *slot = NULL;

	if (key->serial_len > CERT_KEY_MAX - 8 ||
	    key->certid_len > CACHE_CERTID_MAX || c->max == 0)
		return 0;
	pthread_mutex_lock(&c->lock);
	if (epoch == c->epoch && (slot = slot_for(c, key)) != NULL) {
		reply_free(slot->reply);
		slot->reply = reply_up_ref(reply);
		add_alias(c, slot, raw, key->request, key->request_len);
	}
	pthread_mutex_unlock(&c->lock);
	return slot != NULL;
}

void
cache_drop(
    struct cache *c, int64_t issuer, const unsigned char *serial, size_t len)
{
	unsigned char cert[CERT_KEY_MAX];
	struct node *node;
	uint64_t hash;
	size_t n;

	if (len > CERT_KEY_MAX - 8)
		return;
	n = cert_key(cert, issuer, serial, len);
	hash = siphash(c->key, cert, n);
	pthread_mutex_lock(&c->lock);
	c->epoch++;
	while ((node = node_find(c, KEY_CERT, hash, cert, n)) != NULL)
		slot_free(c, node->slot);
	pthread_mutex_unlock(&c->lock);
}

void
cache_flush(struct cache *c)
{
	pthread_mutex_lock(&c->lock);
	c->epoch++;
	while (c->n > 0)
		slot_free(c, c->slots[c->n - 1]);
	pthread_mutex_unlock(&c->lock);
}

size_t
cache_count(struct cache *c)
{
	size_t n;

	pthread_mutex_lock(&c->lock);
	n = c->n;
	pthread_mutex_unlock(&c->lock);
	return n;
}

void
cache_free(struct cache *c)
{
	if (c == NULL)
		return;
	cache_flush(c);
	pthread_mutex_destroy(&c->lock);
	OPENSSL_free(c->buckets);
	OPENSSL_free(c->slots);
	OPENSSL_free(c);
}
