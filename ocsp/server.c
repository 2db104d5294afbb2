#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "ocsp/error.h"
#include "ocsp/exchange.h"
#include "ocsp/listen.h"
#include "ocsp/server.h"
#include "ocsp/worker.h"

#define SWEEP_MS 200
#define HEAD_MEMORY 16384 /* octets per connection: bounds the head */

/* What libmicrohttpd may have beyond max_connections, in each thread: the limit
   that counts is ours, which looks for one that may go. */
#define SPARE_CONNECTIONS 64

struct listener {
	struct server *server;
	struct worker *workers[SETTINGS_THREADS_MAX];
	size_t n;	/* of them; 0: not started */
	int fd;
	unsigned port;
	atomic_size_t open;
};

struct server {
	struct exchange_ctx ctx;
	struct listener listeners[SETTINGS_LISTEN_MAX];
	size_t n;
	pthread_t sweeper;
	int has_sweeper;
	atomic_int stop;
};

/* ---- libmicrohttpd ---- */

/* MHD_AcceptPolicyCallback: when there are too many, one that does nothing goes,
   or one of who has most of them, else the newest. */
static enum MHD_Result
may_open(void *cls, const struct sockaddr *addr, socklen_t len)
{
	struct listener *l = cls;
	const struct exchange_ctx *ctx = &l->server->ctx;
	size_t max = ctx->set->max_connections;

	(void)len;
	if (atomic_load(&l->open) < max)
		return MHD_YES;
	counters_add(ctx->counters, COUNT_SHED);
	/* Those that were shut down count until libmicrohttpd has noticed. */
	return atomic_load(&l->open) < max + SPARE_CONNECTIONS &&
		conns_yield(ctx->conns, l, addr, max, conns_now())
	    ? MHD_YES
	    : MHD_NO;
}

static void
notify_connection(void *cls, struct MHD_Connection *con, void **socket_context,
    enum MHD_ConnectionNotificationCode code)
{
	struct listener *l = cls;
	struct conns *conns = l->server->ctx.conns;
	const union MHD_ConnectionInfo *info;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		atomic_fetch_add(&l->open, 1);
		info = MHD_get_connection_info(
		    con, MHD_CONNECTION_INFO_CONNECTION_FD);
		*socket_context = info == NULL
		    ? NULL
		    : conns_open(conns, info->connect_fd, conns_now());
		info = MHD_get_connection_info(
		    con, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
		if (*socket_context != NULL && info != NULL)
			conns_from(
			    conns, *socket_context, l, info->client_addr);
		return;
	}
	atomic_fetch_sub(&l->open, 1);
	if (*socket_context != NULL)
		conns_close(conns, *socket_context);
	*socket_context = NULL;
}

/* The path as it was sent: nothing is unescaped. */
static size_t
leave_escaped(void *cls, struct MHD_Connection *con, char *text)
{
	(void)cls;
	(void)con;
	return strlen(text);
}

static struct MHD_Daemon *
start_daemon(struct listener *l)
{
	struct exchange_ctx *ctx = &l->server->ctx;
	const struct settings *set = ctx->set;
	unsigned limit = (unsigned)(set->max_connections + SPARE_CONNECTIONS);

	return MHD_start_daemon(WORKER_FLAGS | MHD_USE_TURBO, 0, may_open, l,
	    exchange_handle, ctx, WORKER_OPTION,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_MEMORY,
	    MHD_OPTION_CONNECTION_LIMIT, limit,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)set->idle_timeout,
	    MHD_OPTION_NOTIFY_CONNECTION, notify_connection, l,
	    MHD_OPTION_NOTIFY_COMPLETED, exchange_end, ctx,
	    MHD_OPTION_URI_LOG_CALLBACK, exchange_begin, ctx,
	    MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_END);
}

static int
start_workers(struct listener *l)
{
	struct MHD_Daemon *daemon;
	struct worker *w;

	while (l->n < l->server->ctx.set->threads) {
		if ((daemon = start_daemon(l)) == NULL ||
		    (w = worker_start(l->fd, daemon)) == NULL) {
			ocsp_raise(
			    OCSP_E_LISTEN, "the HTTP server does not start");
			return 0;
		}
		l->workers[l->n++] = w;
	}
	return 1;
}

static int
bind_all(struct server *s)
{
	const struct settings *set = s->ctx.set;
	struct listener *l;

	for (; s->n < set->n_listen; s->n++) {
		l = &s->listeners[s->n];
		l->server = s;
		l->fd = listen_open(&set->listen[s->n], &l->port);
		if (l->fd < 0)
			return 0;
	}
	return 1;
}

static void *
sweep(void *arg)
{
	const struct timespec period = {0, SWEEP_MS * 1000000L};
	struct server *s = arg;

	while (!atomic_load(&s->stop)) {
		nanosleep(&period, NULL);
		conns_sweep(s->ctx.conns, conns_now());
	}
	return NULL;
}

/* As many descriptors as there may be connections, where that is allowed. */
static void
raise_limit(const struct settings *set)
{
	rlim_t want = 256 + set->n_listen * set->threads *
		(set->max_connections + SPARE_CONNECTIONS);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= want)
		return;
	limit.rlim_cur = limit.rlim_max < want ? limit.rlim_max : want;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int
server_start(struct server *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (!start_workers(&s->listeners[i]))
			return 0;
	if (pthread_create(&s->sweeper, NULL, sweep, s) != 0) {
		ocsp_raise(OCSP_E_INTERNAL, "no thread for deadlines");
		return 0;
	}
	s->has_sweeper = 1;
	return 1;
}

struct server *
server_new(const struct settings *set, struct responder *responder,
    struct files *files, struct counters *counters)
{
	struct server *s = OPENSSL_zalloc(sizeof(*s));

	if (s == NULL)
		return NULL;
	atomic_init(&s->stop, 0);
	s->ctx.set = set;
	s->ctx.responder = responder;
	s->ctx.files = files;
	s->ctx.counters = counters;
	s->ctx.send = send_new(counters);
	s->ctx.conns = conns_new((int64_t)set->request_timeout * 1000,
	    (int64_t)set->idle_timeout * 1000, counters);
	raise_limit(set);
	if (s->ctx.send == NULL || s->ctx.conns == NULL || !bind_all(s)) {
		server_stop(s, 0);
		return NULL;
	}
	return s;
}

unsigned
server_port(const struct server *s, size_t i)
{
	return i < s->n ? s->listeners[i].port : 0;
}

size_t
server_open(const struct server *s)
{
	size_t i, n = 0;

	for (i = 0; i < s->n; i++)
		n += atomic_load(&s->listeners[i].open);
	return n;
}

/* ---- stopping ---- */

/* Who has connected by now is served, too: what waits in the queue would be
   reset when the socket closes. */
static void
stop_listening(struct listener *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		worker_close(l->workers[i]);
	for (i = 0; i < l->n; i++)
		worker_closed(l->workers[i]);
	close(l->fd);
}

/* Each answer says that it is the last one on its connection; one that waits
   for no answer, and has not for a moment, is nobody's loss. */
static void
wait_quiet(struct server *s, unsigned grace)
{
	const struct timespec nap = {0, 20000000L};
	int64_t until = conns_now() + (int64_t)grace * 1000;

	send_last(s->ctx.send);
	while (conns_lively(s->ctx.conns, conns_now()) > 0 &&
	    conns_now() < until)
		nanosleep(&nap, NULL);
}

void
server_stop(struct server *s, unsigned grace)
{
	size_t i, j;

	if (s == NULL)
		return;
	for (i = 0; i < s->n; i++)
		stop_listening(&s->listeners[i]);
	if (s->n > 0)
		wait_quiet(s, grace);
	for (i = 0; i < s->n; i++)
		for (j = 0; j < s->listeners[i].n; j++)
			worker_stop(s->listeners[i].workers[j]);
	atomic_store(&s->stop, 1);
	if (s->has_sweeper)
		pthread_join(s->sweeper, NULL);
	conns_free(s->ctx.conns);
	send_free(s->ctx.send);
	OPENSSL_free(s);
}
