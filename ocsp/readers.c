#include <pthread.h>

#include <openssl/crypto.h>

#include "ocsp/error.h"
#include "ocsp/readers.h"

/* Idle readers that are kept; more threads than that open and close. */
#define IDLE_MAX 64

struct idle {
	struct status_reader *reader;
	unsigned stamp;
};

struct readers {
	const char *path;
	pthread_mutex_t lock;
	struct idle idle[IDLE_MAX];
	size_t n_idle;
	unsigned stamp; /* readers with another one are outdated */
};

struct readers *
readers_new(const char *path)
{
	struct readers *r = OPENSSL_zalloc(sizeof(*r));

	if (r == NULL)
		return NULL;
	if (pthread_mutex_init(&r->lock, NULL) != 0) {
		OPENSSL_free(r);
		return NULL;
	}
	r->path = path;
	return r;
}

void
readers_free(struct readers *r)
{
	if (r == NULL)
		return;
	readers_renew(r);
	pthread_mutex_destroy(&r->lock);
	OPENSSL_free(r);
}

void
readers_renew(struct readers *r)
{
	pthread_mutex_lock(&r->lock);
	r->stamp++;
	while (r->n_idle > 0)
		status_reader_close(r->idle[--r->n_idle].reader);
	pthread_mutex_unlock(&r->lock);
}

static struct idle
take(struct readers *r)
{
	struct idle got = {NULL, 0};

	pthread_mutex_lock(&r->lock);
	if (r->n_idle > 0)
		got = r->idle[--r->n_idle];
	else
		got.stamp = r->stamp;
	pthread_mutex_unlock(&r->lock);
	if (got.reader == NULL)
		got.reader = status_reader_open(r->path);
	return got;
}

/* A reader that failed is closed: the next one opens the file anew. */
static void
give(struct readers *r, struct idle used, int ok)
{
	pthread_mutex_lock(&r->lock);
	if (ok && used.stamp == r->stamp && r->n_idle < IDLE_MAX) {
		r->idle[r->n_idle++] = used;
		used.reader = NULL;
	}
	pthread_mutex_unlock(&r->lock);
	status_reader_close(used.reader);
}

int
readers_find(struct readers *r, int64_t issuer, const unsigned char *serial,
    size_t len, struct status_cert *out)
{
	struct idle got = take(r);
	int found;

	if (got.reader == NULL)
		return -1;
	found = status_reader_find(got.reader, issuer, serial, len, out);
	give(r, got, found >= 0);
	return found;
}

int
readers_head(struct readers *r, struct status_head *out)
{
	struct idle got = take(r);
	int ok;

	if (got.reader == NULL)
		return 0;
	ok = status_reader_head(got.reader, out);
	give(r, got, ok);
	return ok;
}
