#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/shape/shape.h"
#include "ca/engine/clients.h"

#define HELD_MAX 512	/* clients between two writes */
#define REFUSED "refused:"
#define REFUSED_OTHERS REFUSED "others"

struct fact {
	char what[CLIENT_WHAT_MAX + 1];
	int64_t n;
};

struct held {
	struct client_row row;
	struct fact fact[CLIENTS_FACTS];
	size_t n_facts;
};

struct batch {
	struct held *held[HELD_MAX];
	size_t n;
};

struct clients {
	pthread_mutex_t writing;	/* one at a time; guards what follows */
	struct batch *unwritten;	/* could not be written; NULL none */
	time_t pruned;
	pthread_mutex_t lock;
	struct batch *now;	/* being counted */
};

static void
batch_free(struct batch *b)
{
	size_t i;

	if (b == NULL)
		return;
	for (i = 0; i < b->n; i++)
		OPENSSL_free(b->held[i]);
	OPENSSL_free(b);
}

struct clients *
clients_new(void)
{
	struct clients *c = OPENSSL_zalloc(sizeof(*c));

	if (c != NULL)
		c->now = OPENSSL_zalloc(sizeof(*c->now));
	if (c == NULL || c->now == NULL) {
		OPENSSL_free(c);
		ca_raise(CA_E_INTERNAL, "out of memory");
		return NULL;
	}
	pthread_mutex_init(&c->lock, NULL);
	pthread_mutex_init(&c->writing, NULL);
	return c;
}

void
clients_free(struct clients *c)
{
	if (c == NULL)
		return;
	batch_free(c->now);
	batch_free(c->unwritten);
	pthread_mutex_destroy(&c->lock);
	pthread_mutex_destroy(&c->writing);
	OPENSSL_free(c);
}

int
clients_is_fact(const char *what)
{
	static const char *const names[] = {"request", "answer", "parked",
	    "body-one-line", "body-wrapped"};
	const size_t head = strlen(REFUSED);
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(what, names[i]) == 0)
			return 1;
	if (strncmp(what, REFUSED, head) == 0)
		return what[head] != '\0' && strlen(what) <= CLIENT_WHAT_MAX &&
		    strspn(what + head, "abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		    strlen(what + head);
	return shape_parse(what) != 0 && strchr(what, ',') == NULL;
}

/* ---- counting: the lock is held ---- */

static struct held *
find(const struct batch *b, const char *fleet, const char *agent)
{
	size_t i;

	for (i = b->n; i > 0; i--)
		if (strcmp(b->held[i - 1]->row.agent, agent) == 0 &&
		    strcmp(b->held[i - 1]->row.fleet, fleet) == 0)
			return b->held[i - 1];
	return NULL;
}

static struct held *
add(struct batch *b, const char *fleet, const char *agent)
{
	struct held *h;

	if (b->n == HELD_MAX || (h = OPENSSL_zalloc(sizeof(*h))) == NULL)
		return NULL;
	snprintf(h->row.fleet, sizeof(h->row.fleet), "%s", fleet);
	snprintf(h->row.agent, sizeof(h->row.agent), "%s", agent);
	b->held[b->n++] = h;
	return h;
}

static void
count(struct held *h, const char *what, int64_t n)
{
	struct fact *f;
	size_t i;

	for (i = 0; i < h->n_facts; i++)
		if (strcmp(h->fact[i].what, what) == 0)
			break;
	/* The last place is for what has no other. */
	if (i >= CLIENTS_FACTS - 1 && strcmp(what, REFUSED_OTHERS) != 0 &&
	    i == h->n_facts) {
		count(h, REFUSED_OTHERS, n);
		return;
	}
	f = &h->fact[i];
	if (i == h->n_facts) {
		snprintf(f->what, sizeof(f->what), "%s", what);
		h->n_facts++;
	}
	f->n = n > CLIENT_COUNT_MAX - f->n ? CLIENT_COUNT_MAX : f->n + n;
}

static void
clean(const char *agent, char out[CLIENT_AGENT_MAX + 1])
{
	size_t i;

	for (i = 0; agent[i] != '\0' && i < CLIENT_AGENT_MAX; i++)
		out[i] = agent[i] >= 0x20 && agent[i] < 0x7f ? agent[i] : '?';
	out[i] = '\0';
}

void
clients_note(struct clients *c, const struct clients_note *n)
{
	char agent[CLIENT_AGENT_MAX + 1];
	struct held *h;
	unsigned i;

	clean(n->agent == NULL ? "" : n->agent, agent);
	pthread_mutex_lock(&c->lock);
	h = find(c->now, n->fleet, agent);
	if (h == NULL)
		h = add(c->now, n->fleet, agent);
	if (h != NULL) {
		h->row.known |= n->known;
		for (i = 0; i < 2; i++)
			if (n->what[i] != NULL)
				count(h, n->what[i], n->n);
		for (i = 0; i < SHAPE_N; i++)
			if (n->shape & 1u << i)
				count(h, shape_name(i), n->n);
	}
	pthread_mutex_unlock(&c->lock);
}

/* ---- writing ---- */

struct writing {
	const struct batch *batch;
	time_t now;
	int prune;
};

/* The row that counts for ${h}: its own, or that of the others. */
static int
row_of(struct store_tx *tx, const struct held *h, time_t now,
    struct client_row *row)
{
	int found = clients_get(tx, h->row.fleet, h->row.agent, row);
	int known = h->row.known;
	int64_t n = 0;

	if (found == 0) {
		if (!clients_count(tx, h->row.fleet, known, &n))
			return 0;
		*row = h->row;
		if (n >= (known ? CLIENTS_KNOWN : CLIENTS_STRANGERS)) {
			strcpy(row->agent, CLIENTS_OTHERS);
			found = clients_get(tx, h->row.fleet, row->agent, row);
		}
	}
	if (found < 0)
		return 0;
	row->last = (int64_t)now;
	if (found == 1) {
		row->known |= known;
		return clients_touch(tx, row);
	}
	row->first = (int64_t)now;
	return clients_add(tx, row);
}

static int
write_tx(struct store_tx *tx, void *arg)
{
	const struct writing *w = arg;
	const struct held *h;
	struct client_row row;
	size_t i, k;

	for (i = 0; i < w->batch->n; i++) {
		h = w->batch->held[i];
		if (!row_of(tx, h, w->now, &row))
			return 0;
		for (k = 0; k < h->n_facts; k++)
			if (!clients_fact(tx, row.id, h->fact[k].what,
			    h->fact[k].n, (int64_t)w->now, CLIENTS_FACTS,
			    REFUSED_OTHERS))
				return 0;
	}
	return !w->prune ||
	    clients_prune(tx, (int64_t)w->now - CLIENTS_KEEP);
}

/* What is to be written, out of the way of who counts. NULL: nothing. */
static struct batch *
take(struct clients *c)
{
	struct batch *b = c->unwritten, *fresh;

	if (b != NULL)
		return b;
	pthread_mutex_lock(&c->lock);
	fresh = c->now->n == 0 ? NULL : OPENSSL_zalloc(sizeof(*fresh));
	if (fresh != NULL) {
		b = c->now;
		c->now = fresh;
	}
	pthread_mutex_unlock(&c->lock);
	c->unwritten = b;
	return b;
}

int
clients_flush(struct clients *c, struct store *store, time_t now)
{
	struct writing w = {.now = now};

	int ok = 1;

	pthread_mutex_lock(&c->writing);
	while ((w.batch = take(c)) != NULL) {
		w.prune = now - c->pruned >= 86400;
		ok = store_write(store, write_tx, &w, 0);
		if (!ok)
			break;
		if (w.prune)
			c->pruned = now;
		batch_free(c->unwritten);
		c->unwritten = NULL;
	}
	pthread_mutex_unlock(&c->writing);
	return ok;
}
