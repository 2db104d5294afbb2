#include <pthread.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "ca/store/certs.h"
#include "ca/engine/anchor.h"

#define ANSWERS 8		/* chains that are remembered, one per RA */

struct answer {
	unsigned char chain[32];	/* SHA-256 over the presented ones */
	int64_t root;
};

struct anchors {
	pthread_mutex_t lock;
	struct anchor_graph g;
	int loaded;
	time_t at;
	struct answer answer[ANSWERS];
	size_t n_answers;	/* ever remembered: a ring */
};

struct anchors *
anchors_new(void)
{
	struct anchors *a = OPENSSL_zalloc(sizeof(*a));

	if (a != NULL && pthread_mutex_init(&a->lock, NULL) != 0) {
		OPENSSL_free(a);
		return NULL;
	}
	return a;
}

void
anchors_free(struct anchors *a)
{
	if (a == NULL)
		return;
	anchor_graph_clear(&a->g);
	pthread_mutex_destroy(&a->lock);
	OPENSSL_free(a);
}

static int
read_tx(struct store_tx *tx, void *arg)
{
	return anchor_graph_read(arg, tx);
}

/* Lock held. 1, or 0 raised. */
static int
refresh(struct anchors *a, struct store *store, time_t now)
{
	struct anchor_graph fresh;

	if (a->loaded && now >= a->at && now - a->at < ANCHORS_AGE)
		return 1;
	if (!store_read(store, read_tx, &fresh))
		return 0;
	anchor_graph_clear(&a->g);
	a->g = fresh;
	a->loaded = 1;
	a->at = now;
	a->n_answers = 0;
	memset(a->answer, 0, sizeof(a->answer));
	return 1;
}

static int
knows_newer(const struct anchors *a, int64_t known)
{
	size_t i;

	for (i = 0; i < a->g.n_cas; i++)
		if (a->g.cas[i].is_root &&
		    anchor_graph_newer(&a->g, a->g.cas[i].id, known))
			return 1;
	return 0;
}

static int
hash_chain(const unsigned char *const *sha256, size_t n, unsigned char md[32])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t i;
	int ok;

	ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1;
	for (i = 0; ok && i < n; i++)
		ok = EVP_DigestUpdate(ctx, sha256[i], 32) == 1;
	ok = ok && EVP_DigestFinal_ex(ctx, md, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

struct leaf {
	const unsigned char *sha256;
	int64_t issuer;		/* 0: none of ours, or not valid */
};

static int
leaf_tx(struct store_tx *tx, void *arg)
{
	struct leaf *l = arg;
	struct cert_row row;
	int found = certs_by_sha256(tx, l->sha256, &row);

	if (found == 1 && row.state == CERT_VALID)
		l->issuer = row.issuer;
	return found >= 0;
}

/* Lock held. */
static int64_t
root_of(struct anchors *a, struct store *store,
    const unsigned char *const *sha256, size_t n, time_t now)
{
	struct leaf leaf = {sha256[0], 0};
	struct answer *slot;
	unsigned char md[32];
	size_t i;

	if (!hash_chain(sha256, n, md))
		return 0;
	for (i = 0; i < ANSWERS && i < a->n_answers; i++)
		if (memcmp(a->answer[i].chain, md, 32) == 0)
			return a->answer[i].root;
	if (!store_read(store, leaf_tx, &leaf))
		return 0;
	slot = &a->answer[a->n_answers++ % ANSWERS];
	memcpy(slot->chain, md, 32);
	slot->root = leaf.issuer == 0 ? 0 :
	    anchor_graph_root(&a->g, leaf.issuer, sha256 + 1, n - 1, now);
	return slot->root;
}

int64_t
anchors_used(struct anchors *a, struct store *store,
    const unsigned char *const *sha256, size_t n, int64_t known, time_t now)
{
	int64_t root = 0;

	if (n == 0)
		return 0;
	ERR_set_mark();
	pthread_mutex_lock(&a->lock);
	if (refresh(a, store, now) && knows_newer(a, known))
		root = root_of(a, store, sha256, n, now);
	if (root != 0 && !anchor_graph_newer(&a->g, root, known))
		root = 0;
	pthread_mutex_unlock(&a->lock);
	ERR_pop_to_mark();
	return root;
}
