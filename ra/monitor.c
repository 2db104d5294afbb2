#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <event2/buffer.h>

#include "ca/report/report.h"
#include "ra/error.h"
#include "ra/monitor_private.h"

#define LINE_MAX_LEN 400
#define PLAIN "text/plain; charset=utf-8"

static time_t
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* ---- connections ---- */

static void
conn_free(struct monitor_conn *c)
{
	struct monitor *m = c->monitor;

	TAILQ_REMOVE(&m->conns, c, all);
	if (m->n_conns-- == MONITOR_CONNECTIONS_MAX && m->listener != NULL)
		evconnlistener_enable(m->listener);
	if (c->bev != NULL)
		bufferevent_free(c->bev);
	if (c->deadline != NULL)
		event_free(c->deadline);
	OPENSSL_free(c);
}

static void
send_page(struct monitor_conn *c, int http, const char *media, const char *body,
    size_t len)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);
	char head[512];
	size_t n = monitor_head(head, sizeof(head), http, media, len);

	c->waits = 0;
	c->answered = 1;
	bufferevent_disable(c->bev, EV_READ);
	if (evbuffer_add(out, head, n) != 0 ||
	    (!c->req.head_only && evbuffer_add(out, body, len) != 0))
		conn_free(c);
}

static void
send_line(struct monitor_conn *c, int http, const char *text)
{
	char line[LINE_MAX_LEN];

	/* One line, whatever inkan-ca's words were. */
	report_escape(text, line, sizeof(line) - 1);
	strcat(line, "\n");
	send_page(c, http, PLAIN, line, strlen(line));
}

static void
send_figures(struct monitor_conn *c)
{
	struct prom *p = monitor_figures(c->monitor, time(NULL));
	const char *text;
	size_t len;

	text = p == NULL ? NULL : prom_text(p, &len);
	if (text != NULL)
		send_page(c, 200, PROM_MEDIA, text, len);
	else
		send_line(c, 500, "out of memory");
	prom_free(p);
}

static void
send_health(struct monitor_conn *c)
{
	char why[LINE_MAX_LEN];
	int ok = c->req.page == MONITOR_LIVE
	    ? monitor_live(c->monitor, why, sizeof(why))
	    : monitor_ready(c->monitor, time(NULL), why, sizeof(why));

	send_line(c, ok ? 200 : 503, ok ? "ok" : why);
}

static void
answer(struct monitor_conn *c)
{
	switch (c->req.page) {
	case MONITOR_METRICS:
		send_figures(c);
		break;
	case MONITOR_READY:
	case MONITOR_LIVE:
		send_health(c);
		break;
	case MONITOR_METHOD:
		send_line(c, 405, "GET or HEAD");
		break;
	case MONITOR_LARGE:
		send_line(c, 431, "head is too long");
		break;
	case MONITOR_UNKNOWN:
		send_line(c, 404, "/metrics, /healthz, /healthz?live");
		break;
	default:
		send_line(c, 400, "not HTTP/1");
		break;
	}
}

/* ---- news of inkan-ca ---- */

/* ${news} is what there is to know for now: who waited for it is answered. */
static void
told(struct monitor *m, const WIRE_ANSWER *from)
{
	struct monitor_conn *c, *next;

	m->call = 0;
	m->asked = seconds();
	evtimer_del(m->late);
	WIRE_ANSWER_free(m->news);
	m->news = NULL;
	if (from != NULL && message_answer_status(from) == WIRE_OK)
		m->news = ASN1_item_dup(ASN1_ITEM_rptr(WIRE_ANSWER), from);
	for (c = TAILQ_FIRST(&m->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, all);
		if (c->waits)
			answer(c);
	}
}

static void
on_news(const WIRE_ANSWER *from, void *arg)
{
	told(arg, from);
}

static void
on_late(evutil_socket_t fd, short what, void *arg)
{
	struct monitor *m = arg;

	(void)fd, (void)what;
	ca_link_forget(m->link, m->call);
	told(m, NULL);
}

/* 0: there is nothing to wait for. */
static int
ask_ca(struct monitor *m)
{
	struct timeval tv = {MONITOR_CA_S, 0};
	WIRE_FIELDS *none;

	if (m->call != 0)
		return 1;
	if (m->news != NULL && seconds() - m->asked < MONITOR_CACHE_S)
		return 0;
	ERR_clear_error();
	none = field_list_new();
	if (none != NULL)
		m->call = ca_link_call(m->link, "metrics", none, on_news, m);
	field_list_free(none);
	ERR_clear_error();
	if (m->call != 0) {
		evtimer_add(m->late, &tv);
		return 1;
	}
	told(m, NULL);
	return 0;
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct monitor_conn *c = arg;
	struct evbuffer *in = bufferevent_get_input(bev);

	if (c->answered || c->waits)
		return;
	monitor_parse((const char *)evbuffer_pullup(in, -1),
	    evbuffer_get_length(in), &c->req);
	if (c->req.page == MONITOR_UNFINISHED)
		return;
	c->waits = (c->req.page == MONITOR_METRICS ||
		       c->req.page == MONITOR_READY) &&
	    ask_ca(c->monitor);
	if (!c->waits)
		answer(c);
}

static void
on_written(struct bufferevent *bev, void *arg)
{
	struct monitor_conn *c = arg;

	if (c->answered &&
	    evbuffer_get_length(bufferevent_get_output(bev)) == 0)
		conn_free(c);
}

static void
on_end(struct bufferevent *bev, short what, void *arg)
{
	(void)bev, (void)what;
	conn_free(arg);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	conn_free(arg);
}

static void
on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *sa,
    int len, void *arg)
{
	struct timeval tv = {MONITOR_DEADLINE_S, 0};
	struct monitor *m = arg;
	struct monitor_conn *c = OPENSSL_zalloc(sizeof(*c));

	(void)sa, (void)len;
	if (c == NULL) {
		close(fd);
		return;
	}
	c->monitor = m;
	TAILQ_INSERT_TAIL(&m->conns, c, all);
	if (++m->n_conns == MONITOR_CONNECTIONS_MAX)
		evconnlistener_disable(l);
	c->bev = bufferevent_socket_new(m->base, fd, BEV_OPT_CLOSE_ON_FREE);
	c->deadline = evtimer_new(m->base, on_deadline, c);
	if (c->bev == NULL || c->deadline == NULL ||
	    evtimer_add(c->deadline, &tv) != 0) {
		if (c->bev == NULL)
			close(fd);
		conn_free(c);
		return;
	}
	bufferevent_setcb(c->bev, on_read, on_written, on_end, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, MONITOR_HEAD_MAX);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

/* ---- life ---- */

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct monitor *m = arg;

	(void)fd, (void)what;
	event_base_loopbreak(m->base);
}

static void
on_up(void *arg)
{
	(void)arg;
}

static void
destroy(struct monitor *m)
{
	if (m == NULL)
		return;
	if (m->listener != NULL)
		evconnlistener_free(m->listener);
	m->listener = NULL;
	m->call = 0;
	while (!TAILQ_EMPTY(&m->conns))
		conn_free(TAILQ_FIRST(&m->conns));
	ca_link_free(m->link);
	if (m->late != NULL)
		event_free(m->late);
	if (m->wake_event != NULL)
		event_free(m->wake_event);
	WIRE_ANSWER_free(m->news);
	if (m->base != NULL) {
		event_base_loop(m->base, EVLOOP_NONBLOCK);
		event_base_free(m->base);
	}
	if (m->wake >= 0)
		close(m->wake);
	OPENSSL_free(m);
}

static void *
run(void *arg)
{
	struct monitor *m = arg;

	event_base_dispatch(m->base);
	ERR_clear_error();
	return NULL;
}

static int
make_events(struct monitor *m)
{
	int fd;

	m->base = event_base_new();
	m->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (m->base == NULL || m->wake < 0)
		return 0;
	m->late = evtimer_new(m->base, on_late, m);
	m->wake_event = event_new(m->base, m->wake, EV_READ, on_wake, m);
	if (m->late == NULL || m->wake_event == NULL ||
	    event_add(m->wake_event, NULL) != 0)
		return 0;
	m->link = ca_link_new(
	    m->base, m->shared.settings->ca_socket, 2, on_up, NULL);
	fd = fcntl(m->shared.fd, F_DUPFD_CLOEXEC, 0);
	if (m->link == NULL || fd < 0)
		return 0;
	m->listener = evconnlistener_new(m->base, on_accept, m,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (m->listener == NULL)
		close(fd);
	return m->listener != NULL;
}

struct monitor *
monitor_start(const struct monitor_shared *shared)
{
	struct monitor *m = OPENSSL_zalloc(sizeof(*m));
	int err;

	if (m == NULL)
		goto fail;
	m->shared = *shared;
	m->wake = -1;
	TAILQ_INIT(&m->conns);
	if (!make_events(m))
		goto fail;
	err = pthread_create(&m->thread, NULL, run, m);
	if (err == 0)
		return m;
	ERR_raise_data(ERR_LIB_SYS, err, "thread");
fail:
	ra_raise(RA_E_INTERNAL, "metrics_listen: no thread for it");
	destroy(m);
	return NULL;
}

void
monitor_stop(struct monitor *m)
{
	const uint64_t one = 1;

	if (m == NULL)
		return;
	if (write(m->wake, &one, sizeof(one)) != (ssize_t)sizeof(one))
		report_event(
		    REPORT_ERROR, "ra.stop", "why", strerror(errno), NULL);
	pthread_join(m->thread, NULL);
	destroy(m);
}
