#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/ops.h"
#include "ca/report/daemon.h"
#include "ca/report/report.h"
#include "ca/engine/stage.h"
#include "ca/engine/server.h"
#include "ca/engine/server_queue.h"

#define ACCEPT_PAUSE_US 50000

struct connection {		/* freed when the last reference goes */
	struct server *server;
	int fd;
	enum ops_role role;
	struct socket_peer peer;
	pthread_mutex_t lock;	/* in_flight, refs, dead */
	pthread_cond_t room;
	pthread_mutex_t write_lock;
	size_t in_flight, refs;
	int dead;
	struct connection *next;
};

struct server {
	struct ca *ca;
	struct pollfd listen[SERVER_SOCKETS];
	pthread_t *workers;	/* more than configured: start_workers() */
	size_t n_workers;
	struct server_queue queue;
	pthread_mutex_t lock;	/* connections */
	pthread_cond_t idle;
	struct connection *connections;
	size_t n_connections[SERVER_SOCKETS];
};

/* By server_socket(). */
static const enum ops_role ROLES[SERVER_SOCKETS] = {OPS_RA, OPS_SVC, OPS_ADMIN};

static void
connection_put(struct connection *c)
{
	size_t left;

	pthread_mutex_lock(&c->lock);
	left = --c->refs;
	pthread_mutex_unlock(&c->lock);
	if (left > 0)
		return;
	close(c->fd);
	pthread_mutex_destroy(&c->lock);
	pthread_mutex_destroy(&c->write_lock);
	pthread_cond_destroy(&c->room);
	OPENSSL_free(c);
}

static void
send_answer(struct connection *c, const WIRE_ANSWER *a)
{
	unsigned char *frame = NULL;
	size_t len = 0;

	if (a == NULL || !message_encode_answer(a, &frame, &len)) {
		report_errors(REPORT_ERROR, "server.encode", NULL);
		shutdown(c->fd, SHUT_RDWR);
		return;
	}
	pthread_mutex_lock(&c->write_lock);
	if (!c->dead && !socket_write(c->fd, frame, len)) {
		c->dead = 1;
		shutdown(c->fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&c->write_lock);
	ERR_clear_error();
	OPENSSL_clear_free(frame, len);	/* secret.new answers with one */
}

/* A secret does not stay behind in freed memory. */
static void
wipe(const WIRE_FIELDS *list)
{
	field_wipe(list, "secret");
	field_wipe(list, "private_key");
}

static void
request_free(WIRE_REQUEST *req)
{
	wipe(req->args);
	WIRE_REQUEST_free(req);
}

static void
done(struct connection *c)
{
	pthread_mutex_lock(&c->lock);
	c->in_flight--;
	pthread_cond_signal(&c->room);
	pthread_mutex_unlock(&c->lock);
	connection_put(c);
}

static void
work(struct server *s, unsigned roles)
{
	struct ca_load *l = &s->ca->load;
	struct server_task *t;
	WIRE_ANSWER *a;

	while ((t = server_queue_take(&s->queue, roles)) != NULL) {
		atomic_fetch_sub(&l->waiting[t->conn->role != OPS_RA], 1);
		atomic_fetch_add(&l->busy, 1);
		a = ops_answer(s->ca, t->conn->role, &t->conn->peer, t->req,
		    time(NULL));
		send_answer(t->conn, a);
		if (a != NULL)
			wipe(a->values);
		WIRE_ANSWER_free(a);
		request_free(t->req);
		atomic_fetch_sub(&l->busy, 1);
		done(t->conn);
		OPENSSL_free(t);
	}
}

static void *
worker(void *arg)
{
	work(arg, OPS_ADMIN | OPS_RA);
	return NULL;
}

/* However many devices ask, and however slowly their secrets are hashed; whatever
   a service does that somebody else runs now: the operator can revoke and stop. */
static void *
operators_worker(void *arg)
{
	work(arg, OPS_ADMIN);
	return NULL;
}

static void *
services_worker(void *arg)
{
	work(arg, OPS_SVC);
	return NULL;
}

static void
answer_busy(struct connection *c, const WIRE_REQUEST *req)
{
	WIRE_ANSWER *a = message_answer(message_request_id(req),
	    WIRE_UNAVAILABLE);

	if (a != NULL) {
		(void)message_set_refusal(a, "", "busy", "",
		    "too many requests are waiting");
		(void)message_set_retry(a, 2);
	}
	send_answer(c, a);
	WIRE_ANSWER_free(a);
}

/* Takes the request over. */
static void
enqueue(struct connection *c, WIRE_REQUEST *req)
{
	struct ca_load *l = &c->server->ca->load;
	int ours = c->role != OPS_RA;

	/* Before: a worker may have it at once. */
	atomic_fetch_add(&l->waiting[ours], 1);
	if (server_queue_put(&c->server->queue, c, req, c->role))
		return;
	atomic_fetch_sub(&l->waiting[ours], 1);
	atomic_fetch_add(&l->busy_answers, 1);
	answer_busy(c, req);
	request_free(req);
	done(c);
}

static void
wait_for_room(struct connection *c)
{
	pthread_mutex_lock(&c->lock);
	while (c->in_flight >= SERVER_IN_FLIGHT)
		pthread_cond_wait(&c->room, &c->lock);
	c->in_flight++;
	c->refs++;
	pthread_mutex_unlock(&c->lock);
}

static void
leave(struct connection *c)
{
	struct server *s = c->server;
	struct connection **p;

	pthread_mutex_lock(&s->lock);
	for (p = &s->connections; *p != c; p = &(*p)->next)
		;
	*p = c->next;
	s->n_connections[server_socket(c->role)]--;
	pthread_cond_broadcast(&s->idle);
	pthread_mutex_unlock(&s->lock);
	connection_put(c);
}

static void *
reader(void *arg)
{
	struct connection *c = arg;
	unsigned char *buf;
	size_t len;
	WIRE_REQUEST *req;

	while (socket_read(c->fd, &buf, &len) == 1) {
		req = message_decode_request(buf, len);
		OPENSSL_cleanse(buf, len);	/* it may hold a secret */
		OPENSSL_free(buf);
		if (req == NULL)
			break;
		wait_for_room(c);
		enqueue(c, req);
	}
	if (ERR_peek_error() != 0)
		report_errors(REPORT_WARN, "server.read", "role",
		    ops_role_name(c->role), NULL);
	leave(c);
	return NULL;
}

static struct connection *
connection_new(struct server *s, int fd, enum ops_role role)
{
	struct connection *c = OPENSSL_zalloc(sizeof(*c));
	struct timeval tv = {SERVER_WRITE_S, 0};

	if (c == NULL)
		return NULL;
	c->server = s;
	c->fd = fd;
	c->role = role;
	c->refs = 1;
	pthread_mutex_init(&c->lock, NULL);
	pthread_mutex_init(&c->write_lock, NULL);
	pthread_cond_init(&c->room, NULL);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	return c;
}

static int
enter(struct server *s, struct connection *c)
{
	size_t *n = &s->n_connections[server_socket(c->role)];
	int ok;

	pthread_mutex_lock(&s->lock);
	ok = *n < SERVER_CONNECTIONS_MAX;
	if (ok) {
		c->next = s->connections;
		s->connections = c;
		++*n;
	}
	pthread_mutex_unlock(&s->lock);
	return ok;
}

static void
serve_connection(struct server *s, struct connection *c)
{
	pthread_attr_t attr;
	pthread_t thread;
	int failed;

	if (!enter(s, c)) {
		report_event(REPORT_WARN, "server.full", "socket",
		    ops_role_name(c->role), NULL);
		connection_put(c);
		return;
	}
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	failed = pthread_create(&thread, &attr, reader, c);
	pthread_attr_destroy(&attr);
	if (failed)
		leave(c);
}

static void
accept_one(struct server *s, size_t i)
{
	int fd = accept4(s->listen[i].fd, NULL, NULL, SOCK_CLOEXEC);
	struct connection *c;
	char uid[24];

	if (fd < 0) {
		/* No descriptors left: not a busy loop until there are. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
		    errno == ENOBUFS)
			usleep(ACCEPT_PAUSE_US);
		return;
	}
	c = connection_new(s, fd, ROLES[i]);
	if (c == NULL) {
		close(fd);
		return;
	}
	if (socket_peer_of(fd, &c->peer) && ops_peer_ok(s->ca->settings,
	    c->role, &c->peer)) {
		serve_connection(s, c);
		return;
	}
	snprintf(uid, sizeof(uid), "%u", (unsigned)c->peer.uid);
	report_event(REPORT_WARN, "server.peer_refused", "socket",
	    ops_role_name(c->role), "uid", uid, NULL);
	ERR_clear_error();
	connection_put(c);
}

static int
start_worker(struct server *s, void *(*run)(void *))
{
	if (pthread_create(&s->workers[s->n_workers], NULL, run, s) != 0) {
		ca_raise(CA_E_INTERNAL, "worker thread %zu cannot be started",
		    s->n_workers + 1);
		return 0;
	}
	s->n_workers++;
	return 1;
}

/* Those for one socket alone, as many as may stand at the gates before scrypt and
   the making of keys, and those that the operator wants: wrong secrets, however
   many, keep no certificate waiting. */
static int
start_workers(struct server *s)
{
	size_t n = 1 + SERVER_SERVICE_WORKERS +
	    LIMITS_GATES * LIMITS_GATE_RUN + LIMITS_GATE_WAIT +
	    LIMITS_KEYGEN_WAIT + s->ca->settings->workers;
	int ok;

	s->workers = OPENSSL_zalloc(n * sizeof(*s->workers));
	ok = s->workers != NULL && start_worker(s, operators_worker);
	while (ok && s->n_workers <= SERVER_SERVICE_WORKERS)
		ok = start_worker(s, services_worker);
	while (ok && s->n_workers < n)
		ok = start_worker(s, worker);
	return ok;
}

static const char *
socket_path(const struct settings *settings, size_t i)
{
	const char *const path[SERVER_SOCKETS] = {settings->ra_sock,
	    settings->svc_sock, settings->admin_sock};

	return path[i];
}

struct server *
server_start(struct ca *ca)
{
	struct server *s = OPENSSL_zalloc(sizeof(*s));
	size_t i;

	if (s == NULL)
		return NULL;
	s->ca = ca;
	server_queue_init(&s->queue);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->idle, NULL);
	for (i = 0; i < SERVER_SOCKETS; i++)
		s->listen[i] = (struct pollfd){.fd = -1, .events = POLLIN};
	for (i = 0; i < SERVER_SOCKETS; i++) {
		s->listen[i].fd = socket_listen(socket_path(ca->settings, i),
		    0660);
		if (s->listen[i].fd < 0)
			goto err;
	}
	if (start_workers(s))
		return s;
err:
	server_stop(s);
	return NULL;
}

int
server_run(struct server *s, int signal_fd)
{
	struct pollfd p[SERVER_SOCKETS + 1];
	int n, sig = 0;
	size_t i;

	while (sig != SIGTERM && sig != SIGINT) {
		memcpy(p, s->listen, sizeof(s->listen));
		p[SERVER_SOCKETS] = (struct pollfd){.fd = signal_fd,
		    .events = POLLIN};
		n = poll(p, SERVER_SOCKETS + 1, -1);
		if (n < 0 && errno != EINTR)
			return 0;
		for (i = 0; i < SERVER_SOCKETS; i++)
			if (n > 0 && (p[i].revents & POLLIN))
				accept_one(s, i);
		if (n > 0 && (p[i].revents & POLLIN))
			sig = daemon_signal(signal_fd);
	}
	return 1;
}

/* Readers end when their peer's side is shut; wait until they have gone. Then
   nothing new comes, and workers end when the queue is empty. */
static void
close_connections(struct server *s)
{
	struct connection *c;

	pthread_mutex_lock(&s->lock);
	for (c = s->connections; c != NULL; c = c->next)
		shutdown(c->fd, SHUT_RD);
	while (s->connections != NULL)
		pthread_cond_wait(&s->idle, &s->lock);
	pthread_mutex_unlock(&s->lock);
	server_queue_stop(&s->queue);
}

void
server_stop(struct server *s)
{
	size_t i;

	if (s == NULL)
		return;
	/* The store's lock is held still: nobody else listens there yet. */
	for (i = 0; i < SERVER_SOCKETS; i++)
		if (s->listen[i].fd >= 0) {
			unlink(socket_path(s->ca->settings, i));
			close(s->listen[i].fd);
		}
	close_connections(s);
	for (i = 0; i < s->n_workers; i++)
		pthread_join(s->workers[i], NULL);
	OPENSSL_free(s->workers);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->idle);
	server_queue_clear(&s->queue);
	OPENSSL_free(s);
}
