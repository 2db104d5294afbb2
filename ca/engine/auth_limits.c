#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "ca/error.h"
#include "ca/engine/stage.h"

/*
 * Failures of HTTP Basic per address and minute, in a table of fixed size: a
 * flood of addresses pushes out the oldest entries of a row, never more
 * memory. An IPv6 host has a /64 to choose from, so that counts as one. In
 * further tables of this kind, requests per fleet and address, and failures per
 * user name, of names that there are and of others alike. And the gates before
 * scrypt, which is slow and large on purpose, and before keys are made.
 */

#define ROWS 1024
#define WAYS 4
#define MINUTE 60

struct entry {
	uint64_t key;
	int64_t minute; /* when its count began; of names: the last failure */
	unsigned failures;
	uint64_t from; /* of names: whence the last one came */
};

struct auth_limits {
	pthread_mutex_t lock;
	unsigned char salt[16]; /* nobody can aim at a row */
	struct entry table[ROWS][WAYS];
	struct entry rates[ROWS][WAYS];
	struct entry names[ROWS][WAYS];
	struct gate {
		pthread_cond_t room;
		unsigned running, waiting;
	} gate[LIMITS_GATES];
};

struct auth_limits *
auth_limits_new(void)
{
	struct auth_limits *l = OPENSSL_zalloc(sizeof(*l));
	size_t i;

	if (l == NULL || RAND_bytes(l->salt, sizeof(l->salt)) != 1) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		OPENSSL_free(l);
		return NULL;
	}
	pthread_mutex_init(&l->lock, NULL);
	for (i = 0; i < LIMITS_GATES; i++)
		pthread_cond_init(&l->gate[i].room, NULL);
	return l;
}

void
auth_limits_free(struct auth_limits *l)
{
	size_t i;

	if (l == NULL)
		return;
	for (i = 0; i < LIMITS_GATES; i++)
		pthread_cond_destroy(&l->gate[i].room);
	pthread_mutex_destroy(&l->lock);
	OPENSSL_free(l);
}

static uint64_t
key_of(const struct auth_limits *l, const char *fleet, const char *address)
{
	unsigned char buf[16 + 64 + 64], md[32];
	struct in6_addr v6;
	uint64_t key;

	memset(buf, 0, sizeof(buf));
	memcpy(buf, l->salt, 16);
	if (inet_pton(AF_INET6, address, &v6) == 1 &&
	    !IN6_IS_ADDR_V4MAPPED(&v6)) {
		memcpy(buf + 16, &v6, 8);
	} else {
		memcpy(buf + 16, address, strnlen(address, 64));
	}
	memcpy(buf + 16 + 64, fleet, strnlen(fleet, 64));
	SHA256(buf, sizeof(buf), md);
	memcpy(&key, md, sizeof(key));
	return key;
}

static struct entry *
find(struct entry table[ROWS][WAYS], uint64_t key)
{
	struct entry *row = table[key % ROWS];
	size_t i;

	for (i = 0; i < WAYS; i++)
		if (row[i].key == key && row[i].failures > 0)
			return &row[i];
	return NULL;
}

int
auth_limits_allow(
    struct auth_limits *l, const char *address, time_t now, int64_t *retry)
{
	const struct entry *e;
	int ok = 1;

	*retry = 0;
	if (l == NULL || address == NULL)
		return 1;
	pthread_mutex_lock(&l->lock);
	e = find(l->table, key_of(l, "", address));
	if (e != NULL && now - e->minute < MINUTE && now >= e->minute &&
	    e->failures >= LIMITS_PER_MINUTE) {
		*retry = MINUTE - (now - e->minute);
		ok = 0;
	}
	pthread_mutex_unlock(&l->lock);
	return ok;
}

/* The entry of ${key}, or the oldest of its row made empty. */
static struct entry *
take(struct entry table[ROWS][WAYS], uint64_t key)
{
	struct entry *row = table[key % ROWS], *e = find(table, key);
	size_t i;

	if (e != NULL)
		return e;
	e = &row[0];
	for (i = 1; i < WAYS; i++)
		if (row[i].minute < e->minute)
			e = &row[i];
	memset(e, 0, sizeof(*e));
	e->key = key;
	return e;
}

static void
count(struct entry *e, time_t now)
{
	if (e->failures == 0 || now - e->minute >= MINUTE || now < e->minute) {
		e->minute = now;
		e->failures = 0;
	}
	e->failures++;
}

void
auth_limits_fail(struct auth_limits *l, const char *address, time_t now)
{
	if (l == NULL || address == NULL)
		return;
	pthread_mutex_lock(&l->lock);
	count(take(l->table, key_of(l, "", address)), now);
	pthread_mutex_unlock(&l->lock);
}

static uint64_t
key_of_user(const struct auth_limits *l, const char *user)
{
	unsigned char md[32];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint64_t key = 0;

	if (ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(ctx, l->salt, sizeof(l->salt)) == 1 &&
	    EVP_DigestUpdate(ctx, user, strlen(user)) == 1 &&
	    EVP_DigestFinal_ex(ctx, md, NULL) == 1)
		memcpy(&key, md, sizeof(key));
	EVP_MD_CTX_free(ctx);
	return key;
}

static int64_t
wait_after(unsigned failures)
{
	unsigned n;

	if (failures < LIMITS_USER_FREE)
		return 0;
	n = failures - LIMITS_USER_FREE;
	return n >= 8 ? LIMITS_USER_WAIT : 1 << n;
}

int
auth_limits_user_allow(struct auth_limits *l, const char *user,
    const char *address, time_t now, int64_t *retry)
{
	const struct entry *e;
	int64_t wait = 0;

	*retry = 0;
	if (l == NULL || address == NULL)
		return 1;
	pthread_mutex_lock(&l->lock);
	e = find(l->names, key_of_user(l, user));
	if (e != NULL && now >= e->minute) {
		wait = wait_after(e->failures);
		if (e->from == key_of(l, "", address))
			wait *= 2;
		wait -= now - e->minute;
	}
	pthread_mutex_unlock(&l->lock);
	if (wait > 0)
		*retry = wait;
	return wait <= 0;
}

void
auth_limits_user_fail(struct auth_limits *l, const char *user,
    const char *address, time_t now)
{
	struct entry *e;

	if (l == NULL || address == NULL)
		return;
	pthread_mutex_lock(&l->lock);
	e = take(l->names, key_of_user(l, user));
	if (now - e->minute >= LIMITS_USER_FORGET || now < e->minute)
		e->failures = 0;
	e->minute = now;
	e->from = key_of(l, "", address);
	if (e->failures < LIMITS_USER_FREE + 8)
		e->failures++;
	pthread_mutex_unlock(&l->lock);
}

int
auth_limits_rate(struct auth_limits *l, const char *fleet, const char *address,
    int64_t limit, time_t now, int64_t *retry)
{
	struct entry *e;
	int ok;

	*retry = 0;
	if (l == NULL || address == NULL || limit == 0)
		return 1;
	pthread_mutex_lock(&l->lock);
	e = take(l->rates, key_of(l, fleet, address));
	count(e, now);
	ok = e->failures <= limit;
	if (!ok) {
		e->failures--;
		*retry = MINUTE - (now - e->minute);
	}
	pthread_mutex_unlock(&l->lock);
	return ok;
}

int
auth_limits_enter(struct auth_limits *l, enum limits_gate gate)
{
	static const unsigned wait[LIMITS_GATES] = {
	    [LIMITS_SCRYPT] = LIMITS_GATE_WAIT,
	    [LIMITS_KEYGEN] = LIMITS_KEYGEN_WAIT};
	struct gate *g;
	int ok;

	if (l == NULL)
		return 1;
	g = &l->gate[gate];
	pthread_mutex_lock(&l->lock);
	ok = g->running < LIMITS_GATE_RUN || g->waiting < wait[gate];
	if (ok) {
		g->waiting++;
		while (g->running >= LIMITS_GATE_RUN)
			pthread_cond_wait(&g->room, &l->lock);
		g->waiting--;
		g->running++;
	}
	pthread_mutex_unlock(&l->lock);
	return ok;
}

void
auth_limits_leave(struct auth_limits *l, enum limits_gate gate)
{
	if (l == NULL)
		return;
	pthread_mutex_lock(&l->lock);
	l->gate[gate].running--;
	pthread_cond_signal(&l->gate[gate].room);
	pthread_mutex_unlock(&l->lock);
}
