#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "ocsp/conns.h"

/* Addresses are counted by hash: two that meet share their number, and who does
   not know the key cannot choose whom he meets. */
#define SHARES_BITS 12

struct conn {
	struct conn *prev, *next;
	const void *listener; /* NULL: not counted */
	size_t share;	      /* place in conns.shares */
	int fd;
	int busy; /* between begin and end */
	int cut;  /* shut down already */
	int seen; /* since its last event: not at its end, or woken */
	int64_t deadline, since; /* the last event */
};

struct conns {
	pthread_mutex_t lock;
	struct conn *first;
	struct conn *hand; /* where conns_yield() looks next */
	uint64_t key;	   /* odd */
	unsigned shares[1 << SHARES_BITS];
	size_t busy;
	int64_t request_ms, idle_ms;
	struct counters *counters;
};

int64_t
conns_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

struct conns *
conns_new(int64_t request_ms, int64_t idle_ms, struct counters *counters)
{
	struct conns *cs = OPENSSL_zalloc(sizeof(*cs));

	if (cs == NULL)
		return NULL;
	if (RAND_bytes((unsigned char *)&cs->key, sizeof(cs->key)) != 1 ||
	    pthread_mutex_init(&cs->lock, NULL) != 0) {
		OPENSSL_free(cs);
		return NULL;
	}
	cs->key |= 1;
	cs->request_ms = request_ms;
	cs->idle_ms = idle_ms;
	cs->counters = counters;
	return cs;
}

void
conns_free(struct conns *cs)
{
	if (cs == NULL)
		return;
	while (cs->first != NULL)
		conns_close(cs, cs->first);
	pthread_mutex_destroy(&cs->lock);
	OPENSSL_free(cs);
}

struct conn *
conns_open(struct conns *cs, int fd, int64_t now)
{
	struct conn *c = OPENSSL_zalloc(sizeof(*c));

	if (c == NULL)
		return NULL;
	c->fd = fd;
	c->deadline = now + cs->request_ms;
	c->since = now;
	pthread_mutex_lock(&cs->lock);
	c->next = cs->first;
	if (c->next != NULL)
		c->next->prev = c;
	cs->first = c;
	pthread_mutex_unlock(&cs->lock);
	return c;
}

void
conns_close(struct conns *cs, struct conn *c)
{
	pthread_mutex_lock(&cs->lock);
	if (c->busy)
		cs->busy--;
	if (c->listener != NULL)
		cs->shares[c->share]--;
	if (cs->hand == c)
		cs->hand = c->next;
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		cs->first = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	pthread_mutex_unlock(&cs->lock);
	OPENSSL_free(c);
}

static void
set(struct conns *cs, struct conn *c, int busy, int64_t now, int64_t deadline)
{
	pthread_mutex_lock(&cs->lock);
	cs->busy += (size_t)busy - (size_t)c->busy;
	c->busy = busy;
	c->seen = 0;
	c->deadline = deadline;
	c->since = now;
	pthread_mutex_unlock(&cs->lock);
}

void
conns_begin(struct conns *cs, struct conn *c, int64_t now)
{
	set(cs, c, 1, now, now + cs->request_ms);
}

void
conns_send(struct conns *cs, struct conn *c, size_t len, int64_t now)
{
	/* Short answers are under the request's own deadline. */
	if (len >= CONNS_RATE)
		set(cs, c, 1, now,
		    now + cs->request_ms + (int64_t)(len / CONNS_RATE) * 1000);
}

void
conns_end(struct conns *cs, struct conn *c, int64_t now)
{
	set(cs, c, 0, now, now + cs->idle_ms + cs->request_ms);
}

/* A peer may have said that it sends no more together with its request.
   libmicrohttpd, which takes a short read for all there is, does not see it,
   nor does epoll(7) tell it again, unless something happens: this does. An end
   that comes later is news by itself. What was read before is answered all the
   same. */
static void
wake_at_end(struct conn *c)
{
	char octet;
	ssize_t n = recv(c->fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT);

	if (n == 0)
		shutdown(c->fd, SHUT_RD);
	c->seen = n <= 0;
}

size_t
conns_sweep(struct conns *cs, int64_t now)
{
	struct conn *c;
	size_t n = 0;

	/* Under the lock no connection can be closed, so no descriptor can
	   have become another's. */
	pthread_mutex_lock(&cs->lock);
	for (c = cs->first; c != NULL; c = c->next) {
		if (!c->cut && !c->busy && !c->seen)
			wake_at_end(c);
		if (c->cut || now < c->deadline)
			continue;
		/* Counted first: who sees the end can rely on it. */
		counters_add(cs->counters, COUNT_TIMEOUTS);
		shutdown(c->fd, SHUT_RDWR);
		c->cut = 1;
		n++;
	}
	pthread_mutex_unlock(&cs->lock);
	return n;
}

/* The address in 64 bits: IPv6 by its /64, IPv4 also where IPv6 carries it. */
static size_t
share_of(const struct conns *cs, const struct sockaddr *sa)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;
	uint64_t number = 0;
	in_addr_t in = 0;

	if (sa != NULL && sa->sa_family == AF_INET)
		in = ((const struct sockaddr_in *)sa)->sin_addr.s_addr;
	else if (sa != NULL && sa->sa_family == AF_INET6 &&
	    IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		memcpy(&in, in6->sin6_addr.s6_addr + 12, sizeof(in));
	else if (sa != NULL && sa->sa_family == AF_INET6)
		memcpy(&number, in6->sin6_addr.s6_addr, sizeof(number));
	number += in;
	return (size_t)(((number + 1) * cs->key) >> (64 - SHARES_BITS));
}

void
conns_from(struct conns *cs, struct conn *c, const void *listener,
    const struct sockaddr *peer)
{
	pthread_mutex_lock(&cs->lock);
	c->listener = listener;
	c->share = share_of(cs, peer);
	cs->shares[c->share]++;
	pthread_mutex_unlock(&cs->lock);
}

static int
may_go(const struct conns *cs, const struct conn *c, size_t mine, size_t max,
    int64_t now)
{
	unsigned n = cs->shares[c->share];

	if (!c->busy && now - c->since >= CONNS_IDLE)
		return 1;
	if (c->share == mine)
		return 0;
	return n > max / 2 || (!c->busy && n > 2 * (cs->shares[mine] + 1));
}

int
conns_yield(struct conns *cs, const void *listener, const struct sockaddr *peer,
    size_t max, int64_t now)
{
	size_t mine = share_of(cs, peer), i;
	struct conn *c;
	int found = 0;

	pthread_mutex_lock(&cs->lock);
	for (i = 0; i < CONNS_LOOK && !found; i++) {
		c = cs->hand != NULL ? cs->hand : cs->first;
		if (c == NULL)
			break;
		cs->hand = c->next;
		if (c->cut || c->listener != listener)
			continue;
		found = may_go(cs, c, mine, max, now);
		if (found) {
			shutdown(c->fd, SHUT_RDWR);
			c->cut = 1;
		}
	}
	pthread_mutex_unlock(&cs->lock);
	return found;
}

size_t
conns_lively(struct conns *cs, int64_t now)
{
	struct conn *c;
	size_t n = 0;

	pthread_mutex_lock(&cs->lock);
	for (c = cs->first; c != NULL; c = c->next)
		if (!c->cut && (c->busy || now - c->since < CONNS_QUIET))
			n++;
	pthread_mutex_unlock(&cs->lock);
	return n;
}

size_t
conns_busy(struct conns *cs)
{
	size_t n;

	pthread_mutex_lock(&cs->lock);
	n = cs->busy;
	pthread_mutex_unlock(&cs->lock);
	return n;
}
