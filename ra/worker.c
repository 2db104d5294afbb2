#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/listener.h>

#include "ca/report/report.h"
#include "ra/error.h"
#include "ra/private.h"

/* evhttp answers for itself beyond these, in HTML; within them we do. */
#define EVHTTP_HEAD_MAX (64 * 1024)
#define EVHTTP_BODY_MAX (1024 * 1024)
#define PAUSE_MS 50
#define OPEN_MS 900 /* for inkan-ca to be reached, and */
#define OPEN_TURNS 10 /* times that for it to tell of the fleets */
#define LEAVE_MS 1
#define LEAVE_TURNS 1000 /* then what waits still is left behind */

/* ---- limits: accept no more while there are too many ---- */

static void
set_accepting(struct worker *w, int on)
{
	struct evconnlistener *l;
	size_t i;

	for (i = 0; i < w->shared.n_fds; i++) {
		if (w->bound[i] == NULL)
			continue;
		l = evhttp_bound_socket_get_listener(w->bound[i]);
		if (on)
			evconnlistener_enable(l);
		else
			evconnlistener_disable(l);
	}
}

void
worker_pause(struct worker *w)
{
	struct timeval tv = {0, PAUSE_MS * 1000};

	if (atomic_load(&w->stopping)) /* it takes what there is, and ends */
		return;
	if (!w->paused)
		set_accepting(w, 0);
	w->paused = 1;
	evtimer_add(w->resume, &tv);
}

/* By its own descriptors: whoever stops it closes those that it was given. */
static int
somebody_waits(const struct worker *w)
{
	struct pollfd fds[SETTINGS_LISTEN_MAX];
	size_t i;

	for (i = 0; i < w->shared.n_fds; i++) {
		fds[i].fd = w->bound[i] == NULL
		    ? -1
		    : evhttp_bound_socket_get_fd(w->bound[i]);
		fds[i].events = POLLIN;
	}
	return poll(fds, (nfds_t)w->shared.n_fds, 0) > 0;
}

/* Idle connections give way to new ones, the oldest first. */
static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd, (void)what;
	if (atomic_load(&w->stopping))
		return;
	if (limits_full(w->shared.limits)) {
		if (!TAILQ_EMPTY(&w->idle) && somebody_waits(w)) {
			metrics_count(w->shared.metrics, METRICS_SHED_IDLE);
			connection_close(TAILQ_FIRST(&w->idle));
		}
		worker_pause(w);
		return;
	}
	w->paused = 0;
	set_accepting(w, 1);
}

/* The worker of this thread: a listener's argument belongs to evhttp. */
static _Thread_local struct worker *this_worker;

/* Most likely too many descriptors: wait a little instead of spinning. */
static void
on_accept_error(struct evconnlistener *l, void *evhttp)
{
	int err = EVUTIL_SOCKET_ERROR();

	(void)l, (void)evhttp;
	if (this_worker != NULL)
		metrics_count(
		    this_worker->shared.metrics, METRICS_ACCEPT_FAILED);
	report_event(REPORT_ERROR, "ra.accept", "why",
	    evutil_socket_error_to_string(err), NULL);
	if (this_worker != NULL)
		worker_pause(this_worker);
}

static long long
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* ---- fleets ---- */

/* Until it knows the fleets a worker takes nobody: another one, or another
   process on the port, can serve him. Not for ever: then 503 is said. */
static void
open_up(struct worker *w)
{
	if (w->opened)
		return;
	w->opened = 1;
	w->turns = 0;
	evtimer_del(w->open);
	if (!w->paused)
		set_accepting(w, 1);
}

static void
on_open(evutil_socket_t fd, short what, void *arg)
{
	struct timeval again = {0, OPEN_MS * 1000};
	struct worker *w = arg;

	(void)fd, (void)what;
	/* It is there, and slow. */
	if (ca_link_is_up(w->link) && w->turns++ < OPEN_TURNS)
		evtimer_add(w->open, &again);
	else
		open_up(w);
}

static void
on_fleets(const WIRE_ANSWER *answer, void *arg)
{
	struct worker *w = arg;
	struct fleets *fleets;

	w->fleets_call = 0;
	if (answer == NULL)
		return;
	ERR_clear_error();
	fleets = fleets_read(answer);
	if (fleets == NULL) {
		report_errors(REPORT_ERROR, "ra.fleets", NULL);
		return;
	}
	fleets_count(fleets, w->shared.metrics);
	fleets_free(w->fleets);
	w->fleets = fleets;
	if (!atomic_exchange(&w->ready, 1))
		report_event(REPORT_INFO, "ra.fleets.known", NULL);
	open_up(w);
}

static void
ask_fleets(struct worker *w)
{
	WIRE_FIELDS *none;

	if (w->fleets_call != 0 || !ca_link_is_up(w->link))
		return;
	ERR_clear_error();
	none = field_list_new();
	if (none != NULL)
		w->fleets_call =
		    ca_link_call(w->link, "fleets", none, on_fleets, w);
	field_list_free(none);
	if (w->fleets_call == 0)
		report_errors(REPORT_WARN, "ra.fleets", NULL);
}

static void
on_link_up(void *arg)
{
	ask_fleets(arg);
}

static void
on_refresh(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd, (void)what;
	atomic_store(&w->beat, seconds());
	ask_fleets(w);
	client_tell(w, time(NULL), 0);
}

/* ---- stop ---- */

void
worker_gone(struct worker *w)
{
	if (w->left && TAILQ_EMPTY(&w->all) && w->base != NULL)
		event_base_loopexit(w->base, NULL);
}

/*
 * What the kernel has accepted for a socket is reset when the last descriptor
 * of it is closed, so that first all of it is taken. Between the last look and
 * the close there is no turn of the loop.
 */
static void
on_leave(evutil_socket_t fd, short what, void *arg)
{
	struct timeval soon = {0, LEAVE_MS * 1000};
	struct worker *w = arg;
	size_t i;

	(void)fd, (void)what;
	if (w->turns++ < LEAVE_TURNS && somebody_waits(w)) {
		evtimer_add(w->leave, &soon);
		return;
	}
	for (i = 0; i < w->shared.n_fds; i++)
		evhttp_del_accept_socket(w->http, w->bound[i]);
	memset(w->bound, 0, sizeof(w->bound));
	w->left = 1;
	worker_gone(w);
}

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	struct timeval tv = {WORKER_STOP_S, 0};
	struct connection *c, *next;
	uint64_t n;

	(void)what;
	if (read(fd, &n, sizeof(n)) != (ssize_t)sizeof(n))
		return;
	evtimer_del(w->resume);
	w->paused = 0;
	open_up(w);
	set_accepting(w, 1);
	evtimer_add(w->end, &tv);
	for (c = TAILQ_FIRST(&w->all); c != NULL; c = next) {
		next = TAILQ_NEXT(c, all);
		connection_stop(c);
	}
	on_leave(-1, 0, w);
}

static void
on_end(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd, (void)what;
	report_event(REPORT_WARN, "ra.stop.late", NULL);
	event_base_loopbreak(w->base);
}

/* ---- life ---- */

static int
bind_one(struct worker *w, size_t i)
{
	struct evconnlistener *l;
	int fd = fcntl(w->shared.fds[i], F_DUPFD_CLOEXEC, 0);

	l = fd < 0 ? NULL
		   : evconnlistener_new(w->base, NULL, NULL,
			 LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (l == NULL) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	w->bound[i] = evhttp_bind_listener(w->http, l);
	if (w->bound[i] == NULL) {
		evconnlistener_free(l);
		return 0;
	}
	evconnlistener_set_error_cb(l, on_accept_error);
	return 1;
}

static int
make_events(struct worker *w)
{
	struct timeval refresh = {WORKER_FLEETS_S, 0};
	struct timeval open = {0, OPEN_MS * 1000};

	w->resume = evtimer_new(w->base, on_resume, w);
	w->end = evtimer_new(w->base, on_end, w);
	w->leave = evtimer_new(w->base, on_leave, w);
	w->open = evtimer_new(w->base, on_open, w);
	w->refresh = event_new(w->base, -1, EV_PERSIST, on_refresh, w);
	w->wake_event = event_new(w->base, w->wake, EV_READ, on_wake, w);
	return w->resume != NULL && w->end != NULL && w->leave != NULL &&
	    w->open != NULL && evtimer_add(w->open, &open) == 0 &&
	    w->refresh != NULL &&
	    w->wake_event != NULL && event_add(w->refresh, &refresh) == 0 &&
	    event_add(w->wake_event, NULL) == 0;
}

static int
make_http(struct worker *w)
{
	const struct settings *s = w->shared.settings;
	size_t i;

	w->http = evhttp_new(w->base);
	if (w->http == NULL)
		return 0;
	evhttp_set_max_headers_size(w->http, EVHTTP_HEAD_MAX);
	evhttp_set_max_body_size(w->http, EVHTTP_BODY_MAX);
	evhttp_set_flags(w->http, EVHTTP_SERVER_LINGERING_CLOSE);
	evhttp_set_default_content_type(w->http, NULL);
	/* Last resort only; connection.c keeps the deadlines. */
	evhttp_set_timeout(
	    w->http, s->idle_timeout + s->request_timeout + CONNECTION_WRITE_S);
	evhttp_set_allowed_methods(w->http,
	    EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD |
		EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS |
		EVHTTP_REQ_TRACE | EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH);
	evhttp_set_gencb(w->http, est_request, w);
	evhttp_set_bevcb(w->http, connection_new, w);
	for (i = 0; i < w->shared.n_fds; i++)
		if (!bind_one(w, i))
			return 0;
	set_accepting(w, 0); /* see open_up() */
	return 1;
}

static void
free_event(struct event *e)
{
	if (e != NULL)
		event_free(e);
}

static void
destroy(struct worker *w)
{
	if (w == NULL)
		return;
	if (w->http != NULL)
		evhttp_free(w->http);
	ca_link_free(w->link);
	free_event(w->resume);
	free_event(w->end);
	free_event(w->leave);
	free_event(w->open);
	free_event(w->refresh);
	free_event(w->wake_event);
	/* What was freed is finalized by a last turn of the loop. */
	if (w->base != NULL)
		event_base_loop(w->base, EVLOOP_NONBLOCK);
	linger_clear(&w->lingering);
	if (w->base != NULL)
		event_base_free(w->base);
	fleets_free(w->fleets);
	seen_free(w->seen);
	if (w->wake >= 0)
		close(w->wake);
	OPENSSL_free(w);
}

static void *
run(void *arg)
{
	struct worker *w = arg;

	this_worker = w;
	if (event_base_dispatch(w->base) < 0)
		report_event(
		    REPORT_ERROR, "ra.worker", "why", strerror(errno), NULL);
	client_tell_last(w, time(NULL));
	ERR_clear_error();
	return NULL;
}

static size_t
max_calls(const struct worker *w)
{
	return w->shared.settings->max_connections + 1; /* and fleets */
}

struct worker *
worker_start(const struct worker_shared *shared)
{
	struct worker *w = OPENSSL_zalloc(sizeof(*w));
	int err;

	if (w == NULL)
		goto fail;
	w->shared = *shared;
	TAILQ_INIT(&w->all);
	TAILQ_INIT(&w->idle);
	w->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	w->base = w->wake < 0 ? NULL : event_base_new();
	linger_init(&w->lingering, w->base);
	w->seen = seen_new();
	w->seen_told = time(NULL);
	if (w->seen == NULL || w->base == NULL || !make_events(w) ||
	    !make_http(w))
		goto fail;
	w->link = ca_link_new(
	    w->base, shared->settings->ca_socket, max_calls(w), on_link_up, w);
	if (w->link == NULL)
		goto fail;
	ca_link_observe(w->link, metrics_ca_calls(shared->metrics));
	atomic_store(&w->beat, seconds());
	err = pthread_create(&w->thread, NULL, run, w);
	if (err == 0)
		return w;
	ERR_raise_data(ERR_LIB_SYS, err, "thread");
fail:
	ra_raise(RA_E_INTERNAL, "worker could not be started");
	destroy(w);
	return NULL;
}

void
worker_stop(struct worker *w)
{
	const uint64_t one = 1;

	atomic_store(&w->stopping, 1);
	if (write(w->wake, &one, sizeof(one)) != (ssize_t)sizeof(one))
		report_event(
		    REPORT_ERROR, "ra.stop", "why", strerror(errno), NULL);
}

void
worker_join(struct worker *w)
{
	if (w == NULL)
		return;
	pthread_join(w->thread, NULL);
	destroy(w);
}

int
worker_is_ready(struct worker *w)
{
	return atomic_load(&w->ready);
}

void
worker_look(struct worker *w, struct worker_view *out)
{
	out->ready = worker_is_ready(w);
	out->linked = ca_link_is_up(w->link);
	out->waiting = ca_link_waiting(w->link);
	out->idle_s = seconds() - atomic_load(&w->beat);
}
