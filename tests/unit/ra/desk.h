#ifndef INKAN_TESTS_RA_DESK_H
#define INKAN_TESTS_RA_DESK_H

#include "house.h"
#include "log.h"

#include <sys/eventfd.h>

#include <event2/listener.h>

#include "ra/private.h"

/*
 * A worker whose requests the test answers itself, in the loop's thread: TLS,
 * evhttp, connections and exchanges are the real ones, est.c and inkan-ca are
 * not there. On the socket of a house, so that its clients can be used.
 */

struct desk {
	struct house *house;
	struct worker worker;
	pthread_t thread;
	int log;
	/* Called with each request, in the loop's thread: no assert in it. */
	void (*answer)(struct desk *d, struct exchange *x);
	void *arg;
	atomic_int wrong; /* what ${answer} found not to be so */
	atomic_int seen;  /* requests */
	atomic_int up;	  /* the link stood at least once */
};

static inline void
desk_request(struct evhttp_request *req, void *arg)
{
	struct desk *d = arg;
	struct connection *c = connection_of(req);
	struct exchange *x;

	if (c == NULL) {
		d->wrong++;
		return;
	}
	connection_adopt(c, req);
	x = exchange_new(c, req);
	d->answer(d, x);
	d->wrong += ERR_peek_error() != 0; /* left over for the next */
	ERR_clear_error();
	d->seen++;
}

static inline void
desk_wake(evutil_socket_t fd, short what, void *arg)
{
	struct desk *d = arg;

	(void)fd, (void)what;
	event_base_loopbreak(d->worker.base);
}

static inline void
desk_resume(evutil_socket_t fd, short what, void *arg)
{
	struct desk *d = arg;

	(void)fd, (void)what;
	d->worker.paused = 0;
	evconnlistener_enable(
	    evhttp_bound_socket_get_listener(d->worker.bound[0]));
}

static inline void
desk_link_up(void *arg)
{
	struct desk *d = arg;

	d->up = 1;
}

static inline void *
desk_run(void *arg)
{
	struct desk *d = arg;

	event_base_dispatch(d->worker.base);
	ERR_clear_error();
	return NULL;
}

static inline void
desk_http(struct desk *d)
{
	struct worker *w = &d->worker;
	struct evconnlistener *l;

	w->http = evhttp_new(w->base);
	evhttp_set_flags(w->http, EVHTTP_SERVER_LINGERING_CLOSE);
	evhttp_set_default_content_type(w->http, NULL);
	evhttp_set_gencb(w->http, desk_request, d);
	evhttp_set_bevcb(w->http, connection_new, w);
	l = evconnlistener_new(
	    w->base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE, 0, dup(d->house->fd));
	assert_non_null(l);
	w->bound[0] = evhttp_bind_listener(w->http, l);
	assert_non_null(w->bound[0]);
}

/* Nobody listens where its link goes, unless the test plays inkan-ca there. */
static inline struct desk *
desk_open(void (*answer)(struct desk *d, struct exchange *x))
{
	struct desk *d = calloc(1, sizeof(*d));
	struct worker *w = &d->worker;

	d->house = house_open(1);
	house_stop_worker(d->house);
	d->log = log_open();
	d->answer = answer;
	d->house->limits = limits_new(50, 50);
	w->shared.settings = &d->house->settings;
	w->shared.tls = d->house->tls;
	w->shared.limits = d->house->limits;
	w->shared.fds = &d->house->fd;
	w->shared.n_fds = 1;
	TAILQ_INIT(&w->all);
	TAILQ_INIT(&w->idle);
	w->base = event_base_new();
	linger_init(&w->lingering, w->base);
	w->wake = eventfd(0, EFD_CLOEXEC);
	w->wake_event = event_new(w->base, w->wake, EV_READ, desk_wake, d);
	w->resume = evtimer_new(w->base, desk_resume, d);
	event_add(w->wake_event, NULL);
	w->link = ca_link_new(w->base, d->house->ca.path, 5, desk_link_up, d);
	assert_non_null(w->link);
	desk_http(d);
	assert_int_equal(pthread_create(&d->thread, NULL, desk_run, d), 0);
	return d;
}

/* With exchanges in hand, if there are any. The log can still be read. */
static inline void
desk_stop(struct desk *d)
{
	const uint64_t one = 1;
	struct worker *w = &d->worker;

	assert_int_equal(write(w->wake, &one, sizeof(one)), sizeof(one));
	pthread_join(d->thread, NULL);
	evhttp_free(w->http);
	ca_link_free(w->link);
	event_free(w->wake_event);
	event_free(w->resume);
	event_base_loop(w->base, EVLOOP_NONBLOCK);
	linger_clear(&w->lingering);
	event_base_free(w->base);
	close(w->wake);
	w->http = NULL;
	assert_int_equal(limits_count(d->house->limits), 0);
}

static inline void
desk_close(struct desk *d)
{
	if (d->worker.http != NULL)
		desk_stop(d);
	assert_int_equal(d->wrong, 0);
	limits_free(d->house->limits);
	house_close(d->house, 1);
	log_close(d->log);
	free(d);
}

#endif
