#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "ra/error.h"
#include "ra/limits.h"

#define KEY_LEN 9 /* family, then IPv4 or an IPv6 /64 */

struct node {
	struct node *next;
	size_t count;
	unsigned char key[KEY_LEN];
};

struct limits {
	pthread_mutex_t lock; /* guards all below */
	size_t max, max_per_address;
	size_t count;
	uint32_t seed; /* addresses cannot choose a bucket */
	size_t n_buckets;
	struct node **buckets;
};

struct limits *
limits_new(size_t max, size_t max_per_address)
{
	struct limits *l = OPENSSL_zalloc(sizeof(*l));

	if (l == NULL)
		goto fail;
	l->max = max;
	l->max_per_address = max_per_address;
	l->n_buckets = max;
	l->buckets = OPENSSL_zalloc(max * sizeof(*l->buckets));
	if (l->buckets == NULL ||
	    RAND_bytes((unsigned char *)&l->seed, sizeof(l->seed)) != 1 ||
	    pthread_mutex_init(&l->lock, NULL) != 0) {
		OPENSSL_free(l->buckets);
		OPENSSL_free(l);
		goto fail;
	}
	return l;
fail:
	ra_raise(RA_E_INTERNAL, "out of memory");
	return NULL;
}

void
limits_free(struct limits *l)
{
	struct node *n;
	size_t i;

	if (l == NULL)
		return;
	for (i = 0; i < l->n_buckets; i++) {
		while ((n = l->buckets[i]) != NULL) {
			l->buckets[i] = n->next;
			OPENSSL_free(n);
		}
	}
	pthread_mutex_destroy(&l->lock);
	OPENSSL_free(l->buckets);
	OPENSSL_free(l);
}

int
limits_take(struct limits *l)
{
	int ok;

	pthread_mutex_lock(&l->lock);
	ok = l->count < l->max;
	l->count += ok ? 1 : 0;
	pthread_mutex_unlock(&l->lock);
	return ok;
}

void
limits_give(struct limits *l)
{
	pthread_mutex_lock(&l->lock);
	l->count--;
	pthread_mutex_unlock(&l->lock);
}

size_t
limits_count(struct limits *l)
{
	size_t n;

	pthread_mutex_lock(&l->lock);
	n = l->count;
	pthread_mutex_unlock(&l->lock);
	return n;
}

int
limits_full(struct limits *l)
{
	return limits_count(l) >= l->max;
}

static void
make_key(const struct sockaddr *sa, unsigned char key[KEY_LEN])
{
	memset(key, 0, KEY_LEN);
	key[0] = (unsigned char)sa->sa_family;
	if (sa->sa_family == AF_INET)
		memcpy(key + 1, &((const struct sockaddr_in *)sa)->sin_addr, 4);
	else if (sa->sa_family == AF_INET6)
		memcpy(
		    key + 1, &((const struct sockaddr_in6 *)sa)->sin6_addr, 8);
}

/* The place that points to the node of ${key}, or to NULL at the end. */
static struct node **
find(struct limits *l, const unsigned char key[KEY_LEN])
{
	uint32_t hash = l->seed;
	struct node **at;
	size_t i;

	for (i = 0; i < KEY_LEN; i++)
		hash = (hash ^ key[i]) * 16777619u; /* FNV-1a, seeded */
	at = &l->buckets[hash % l->n_buckets];
	while (*at != NULL && memcmp((*at)->key, key, KEY_LEN) != 0)
		at = &(*at)->next;
	return at;
}

int
limits_take_address(struct limits *l, const struct sockaddr *sa)
{
	unsigned char key[KEY_LEN];
	struct node **at;
	int ok;

	make_key(sa, key);
	pthread_mutex_lock(&l->lock);
	at = find(l, key);
	if (*at == NULL && (*at = OPENSSL_zalloc(sizeof(**at))) != NULL)
		memcpy((*at)->key, key, KEY_LEN);
	ok = *at != NULL && (*at)->count < l->max_per_address;
	if (ok)
		(*at)->count++;
	pthread_mutex_unlock(&l->lock);
	return ok;
}

void
limits_give_address(struct limits *l, const struct sockaddr *sa)
{
	unsigned char key[KEY_LEN];
	struct node **at, *gone;

	make_key(sa, key);
	pthread_mutex_lock(&l->lock);
	at = find(l, key);
	if (*at != NULL && --(*at)->count == 0) {
		gone = *at;
		*at = gone->next;
		OPENSSL_free(gone);
	}
	pthread_mutex_unlock(&l->lock);
}
