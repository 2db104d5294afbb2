#include <pthread.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/engine/told.h"

struct told_all {
	pthread_mutex_t lock;
	struct told one[TOLD_MAX];
	size_t n;
};

struct told_all *
told_new(void)
{
	struct told_all *t = OPENSSL_zalloc(sizeof(*t));

	if (t != NULL)
		pthread_mutex_init(&t->lock, NULL);
	return t;
}

void
told_free(struct told_all *t)
{
	if (t == NULL)
		return;
	pthread_mutex_destroy(&t->lock);
	OPENSSL_free(t);
}

/* Where it goes; the lock is held. */
static struct told *
place_for(struct told_all *t, const struct told *one)
{
	struct told *oldest = &t->one[0];
	size_t i;

	for (i = 0; i < t->n; i++) {
		if (t->one[i].uid == one->uid &&
		    strcmp(t->one[i].name, one->name) == 0)
			return &t->one[i];
		if (t->one[i].at < oldest->at)
			oldest = &t->one[i];
	}
	return t->n < TOLD_MAX ? &t->one[t->n++] : oldest;
}

void
told_put(struct told_all *t, const struct told *one)
{
	pthread_mutex_lock(&t->lock);
	*place_for(t, one) = *one;
	pthread_mutex_unlock(&t->lock);
}

int
told_get(struct told_all *t, size_t i, int64_t now, struct told *out)
{
	size_t k;
	int found = 0;

	if (t == NULL)
		return 0;
	pthread_mutex_lock(&t->lock);
	for (k = 0; k < t->n && !found; k++) {
		if (now - t->one[k].at > TOLD_FORGET || i-- > 0)
			continue;
		*out = t->one[k];
		found = 1;
	}
	pthread_mutex_unlock(&t->lock);
	return found;
}
