#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>

#include "ca/report/report.h"
#include "ra/error.h"
#include "ra/private.h"

/*
 * libevent times out inactivity only, so that one octet a second lives for
 * ever. Each connection has a clock of its own, set once per phase.
 */

static pthread_once_t index_once = PTHREAD_ONCE_INIT;
static int ex_index = -1;

static void
set_clock(struct connection *c, int seconds)
{
	struct timeval tv = {seconds, 0};

	if (atomic_load(&c->worker->stopping) && c->phase == CONNECTION_IDLE)
		tv.tv_sec = CONNECTION_STOP_S;
	if (atomic_load(&c->worker->stopping) &&
	    c->phase == CONNECTION_HANDSHAKE)
		tv.tv_sec = CONNECTION_STOP_TLS_S;
	evtimer_add(c->clock, &tv);
}

/* No more of them than can linger at a time: each is one descriptor more. */
static void
get_spare(struct connection *c)
{
	struct worker *w = c->worker;

	if (c->spare >= 0 || w->n_spares + w->lingering.n >= LINGER_MAX)
		return;
	c->spare = fcntl(bufferevent_getfd(c->bev), F_DUPFD_CLOEXEC, 0);
	w->n_spares += c->spare >= 0;
}

/* To who closes it, or -1. */
static int
give_spare(struct connection *c)
{
	int fd = c->spare;

	c->worker->n_spares -= fd >= 0;
	c->spare = -1;
	return fd;
}

static void
set_small(struct connection *c)
{
	int fd = give_spare(c);

	if (c->large)
		c->worker->n_large--;
	c->large = 0;
	c->received = 0;
	if (fd >= 0)
		close(fd);
}

static void
set_phase(struct connection *c, enum connection_phase phase)
{
	const struct settings *s = c->worker->shared.settings;

	if (c->phase == CONNECTION_IDLE)
		TAILQ_REMOVE(&c->worker->idle, c, idle);
	if (phase != CONNECTION_ANSWER)
		set_small(c);
	metrics_phase(c->worker->shared.metrics, (int)c->phase, (int)phase);
	c->phase = phase;
	switch (phase) {
	case CONNECTION_IDLE:
		TAILQ_INSERT_TAIL(&c->worker->idle, c, idle);
		set_clock(c, s->idle_timeout);
		break;
	case CONNECTION_ANSWER:
		set_clock(c, CONNECTION_WRITE_S);
		break;
	case CONNECTION_REQUEST:
		clock_gettime(CLOCK_MONOTONIC, &c->began);
		set_clock(c, s->request_timeout);
		break;
	case CONNECTION_HANDSHAKE:
		set_clock(c, s->request_timeout);
		break;
	}
}

/* Called when the SSL object dies, and with it the connection. */
static void
gone(void *ssl, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	struct connection *c = ptr;
	struct worker *w;

	(void)ssl, (void)ad, (void)idx, (void)argl, (void)argp;
	if (c == NULL)
		return;
	w = c->worker;
	if (c->phase == CONNECTION_HANDSHAKE && c->counted)
		metrics_count(w->shared.metrics, c->alert);
	metrics_phase(w->shared.metrics, (int)c->phase, -1);
	if (c->phase == CONNECTION_IDLE)
		TAILQ_REMOVE(&w->idle, c, idle);
	TAILQ_REMOVE(&w->all, c, all);
	/* A head too long, as a rule: evhttp has refused it and reads no more
	   of it. */
	if (c->spare >= 0 && c->phase == CONNECTION_REQUEST &&
	    !atomic_load(&w->stopping))
		linger_take(&w->lingering, give_spare(c));
	set_small(c);
	if (c->counted)
		limits_give_address(
		    w->shared.limits, (const struct sockaddr *)&c->peer);
	if (!c->refused)
		limits_give(w->shared.limits);
	event_free(c->clock);
	OPENSSL_free(c);
	worker_gone(w);
}

static void
make_index(void)
{
	ex_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, gone);
}

void
connection_close(struct connection *c)
{
	evutil_socket_t fd;

	if (c->evcon != NULL) {
		evhttp_connection_free(c->evcon);
		return;
	}
	/* evhttp has not shown its object yet, but it is reading: it sees the
	   end and cleans up. */
	fd = bufferevent_getfd(c->bev);
	if (fd >= 0)
		shutdown(fd, SHUT_RDWR);
}

void
connection_stop(struct connection *c)
{
	if (c->phase != CONNECTION_IDLE && c->phase != CONNECTION_HANDSHAKE)
		return;
	if (c->evcon != NULL)
		connection_close(c);
	else if (c->address[0] != '\0') /* else its first tick comes now */
		set_clock(c, CONNECTION_STOP_S);
}

/* An answer is several TLS records in several writes: each would wait until the
   peer has acknowledged the one before, which it puts off (40 ms). Where it
   fails, answers are late and no worse. */
static void
send_at_once(evutil_socket_t fd)
{
	const int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* The address is known only now: evhttp asks for a bufferevent first and gives
   it the socket afterwards. */
static void
admit(struct connection *c)
{
	socklen_t len = sizeof(c->peer);
	evutil_socket_t fd = bufferevent_getfd(c->bev);
	const struct sockaddr *sa = (const struct sockaddr *)&c->peer;
	const void *ip = &((struct sockaddr_in *)&c->peer)->sin_addr;

	if (fd < 0 || getpeername(fd, (struct sockaddr *)&c->peer, &len) != 0) {
		connection_close(c);
		return;
	}
	if (sa->sa_family == AF_INET6)
		ip = &((struct sockaddr_in6 *)&c->peer)->sin6_addr;
	inet_ntop(sa->sa_family, ip, c->address, sizeof(c->address));
	c->counted =
	    !c->refused && limits_take_address(c->worker->shared.limits, sa);
	if (!c->counted) {
		metrics_count(c->worker->shared.metrics,
		    c->refused ? METRICS_SHED_ALL : METRICS_SHED_ADDRESS);
		report_event(REPORT_WARN, "ra.limit", "address", c->address,
		    "rule",
		    c->refused ? "max_connections"
			       : "max_connections_per_address",
		    NULL);
		connection_close(c);
		return;
	}
	send_at_once(fd);
	set_phase(c, CONNECTION_HANDSHAKE);
}

static void
tick(evutil_socket_t fd, short what, void *arg)
{
	static const char *const names[] = {
	    "handshake", "idle", "request", "answer"};
	struct connection *c = arg;
	struct metrics *m = c->worker->shared.metrics;

	(void)fd, (void)what;
	if (c->address[0] == '\0') {
		admit(c);
		return;
	}
	if (c->exchange != NULL) {
		metrics_count(m, METRICS_CA_LATE);
		enroll_late(c->exchange);
		return;
	}
	metrics_count(m,
	    c->rationed ? METRICS_SHED_LARGE
			: METRICS_LATE_HANDSHAKE + (enum metrics_event)c->phase);
	if (c->rationed)
		report_event(REPORT_WARN, "ra.limit", "address", c->address,
		    "rule", "large_requests", NULL);
	else if (c->phase != CONNECTION_IDLE)
		report_event(REPORT_INFO, "ra.timeout", "address", c->address,
		    "phase", names[c->phase], NULL);
	if (c->phase == CONNECTION_HANDSHAKE)
		c->alert = METRICS_EVENTS; /* it is counted as late already */
	connection_close(c);
}

static void
count_handshake(const struct connection *c)
{
	struct metrics *m = c->worker->shared.metrics;
	struct timespec now;
	long us;

	if (m == NULL)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	us = (now.tv_sec - c->born.tv_sec) * 1000000 +
	    (now.tv_nsec - c->born.tv_nsec) / 1000;
	prom_observe(metrics_handshakes(m), us > 0 ? (uint64_t)us : 0);
	metrics_count(m,
	    SSL_version(c->ssl) >= TLS1_3_VERSION ? METRICS_TLS13
						  : METRICS_TLS12);
}

static void
on_tls(const SSL *ssl, int where, int ret)
{
	struct connection *c = SSL_get_ex_data(ssl, ex_index);

	if (c == NULL || c->phase != CONNECTION_HANDSHAKE)
		return;
	if ((where & SSL_CB_ALERT) != 0 && (ret >> 8) == SSL3_AL_FATAL)
		c->alert = (where & SSL_CB_WRITE) != 0 ? METRICS_ALERT_SENT
						       : METRICS_ALERT_RECEIVED;
	if ((where & SSL_CB_HANDSHAKE_DONE) == 0)
		return;
	count_handshake(c);
	set_phase(c, CONNECTION_IDLE);
}

/* The first octet of a request sets its clock; all are counted, whatever evhttp
   does with them. */
static void
on_input(struct evbuffer *in, const struct evbuffer_cb_info *info, void *arg)
{
	struct connection *c = arg;
	struct worker *w = c->worker;
	const struct settings *s = w->shared.settings;

	(void)in;
	if (info->n_added == 0)
		return;
	if (c->phase == CONNECTION_IDLE)
		set_phase(c, CONNECTION_REQUEST);
	c->received += info->n_added;
	if (c->received > s->max_head)
		get_spare(c);
	if (c->large || c->received <= 2 * (s->max_head + s->max_body))
		return;
	c->large = 1;
	if (++w->n_large <= CONNECTION_LARGE_MAX)
		return;
	/* Not from here: evhttp is in the middle of reading. */
	c->rationed = 1;
	event_active(c->clock, EV_TIMEOUT, 0);
}

static struct connection *
make(struct event_base *base, struct worker *w)
{
	struct connection *c = OPENSSL_zalloc(sizeof(*c));

	if (c == NULL)
		return NULL;
	c->worker = w;
	c->spare = -1;
	c->clock = evtimer_new(base, tick, c);
	c->ssl = tls_accept(w->shared.tls);
	if (c->clock == NULL || c->ssl == NULL ||
	    SSL_set_ex_data(c->ssl, ex_index, c) != 1) {
		if (c->clock != NULL)
			event_free(c->clock);
		SSL_free(c->ssl);
		OPENSSL_free(c);
		return NULL;
	}
	c->alert = METRICS_CLOSED;
	clock_gettime(CLOCK_MONOTONIC, &c->born);
	metrics_count(w->shared.metrics, METRICS_ACCEPTED);
	metrics_phase(w->shared.metrics, -1, (int)c->phase);
	c->refused = !limits_take(w->shared.limits);
	TAILQ_INSERT_TAIL(&w->all, c, all);
	return c;
}

struct bufferevent *
connection_new(struct event_base *base, void *arg)
{
	struct worker *w = arg;
	struct connection *c;

	pthread_once(&index_once, make_index);
	c = make(base, w);
	/* Without a bufferevent evhttp makes a plain one; est_request() drops
	   what comes in that way. */
	if (c == NULL)
		return NULL;
	c->bev = bufferevent_openssl_socket_new(
	    base, -1, c->ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (c->bev == NULL) {
		SSL_free(c->ssl);
		return NULL;
	}
	bufferevent_openssl_set_allow_dirty_shutdown(c->bev, 1);
	SSL_set_info_callback(c->ssl, on_tls);
	evbuffer_add_cb(bufferevent_get_input(c->bev), on_input, c);
	event_active(c->clock, EV_TIMEOUT, 0);
	if (limits_full(w->shared.limits))
		worker_pause(w);
	return c->bev;
}

struct connection *
connection_of(struct evhttp_request *req)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(req);
	SSL *ssl = NULL;

	if (evcon != NULL)
		ssl = bufferevent_openssl_get_ssl(
		    evhttp_connection_get_bufferevent(evcon));
	return ssl == NULL ? NULL : SSL_get_ex_data(ssl, ex_index);
}

/* The evhttp_connection is about to be freed, whoever does it. */
static void
on_close(struct evhttp_connection *evcon, void *arg)
{
	struct connection *c = arg;
	struct exchange *x = c->exchange;

	(void)evcon;
	c->evcon = NULL;
	event_del(c->clock);
	ERR_clear_error();
	SSL_shutdown(c->ssl); /* close_notify, which libevent never sends */
	ERR_clear_error();
	c->exchange = NULL;
	if (x != NULL)
		/* After a broken read evhttp has let go of the request. */
		exchange_drop(x, evhttp_request_get_connection(x->req) == NULL);
}

void
connection_adopt(struct connection *c, struct evhttp_request *req)
{
	if (c->evcon == NULL) {
		c->evcon = evhttp_request_get_connection(req);
		evhttp_connection_set_closecb(c->evcon, on_close, c);
	}
	if (c->phase != CONNECTION_REQUEST)
		set_phase(c, CONNECTION_REQUEST);
}

/* The answer is written; a next request may already be there. */
static void
on_complete(struct evhttp_request *req, void *arg)
{
	struct connection *c = arg;

	(void)req;
	if (evbuffer_get_length(bufferevent_get_input(c->bev)) > 0)
		set_phase(c, CONNECTION_REQUEST);
	else
		set_phase(c, CONNECTION_IDLE);
}

void
connection_answering(struct connection *c, struct evhttp_request *req)
{
	c->exchange = NULL;
	set_phase(c, CONNECTION_ANSWER);
	evhttp_request_set_on_complete_cb(req, on_complete, c);
}
