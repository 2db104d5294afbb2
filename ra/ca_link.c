#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <openssl/crypto.h>

#include "ca/report/report.h"
#include "ra/ca_link.h"
#include "ra/error.h"

struct call {
	int64_t id;	    /* 0: free */
	ca_link_done *done; /* NULL: forgotten */
	void *arg;
	uint64_t began; /* microseconds */
};

struct ca_link {
	struct event_base *base;
	struct sockaddr_un address;
	void (*up)(void *);
	void *up_arg;

	struct bufferevent *bev; /* NULL between two attempts */
	struct event *retry;
	atomic_int connected;
	int complained; /* the operator knows that it is down */
	int delay_ms;

	/* A call's id is serial * max + its place, so that an answer finds
	   its call at once, and never that of an earlier one. */
	struct call *calls;
	size_t *free_places;
	size_t n_free, max;
	int64_t serial;
	atomic_size_t waiting;
	struct prom_histogram *observe;
};

static void connect_now(evutil_socket_t fd, short what, void *arg);

static void
retry_later(struct ca_link *l)
{
	struct timeval tv;

	tv.tv_sec = l->delay_ms / 1000;
	tv.tv_usec = l->delay_ms % 1000 * 1000;
	l->delay_ms *= 2;
	if (l->delay_ms > CA_LINK_RETRY_MAX_MS)
		l->delay_ms = CA_LINK_RETRY_MAX_MS;
	event_add(l->retry, &tv);
}

static uint64_t
microseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void
end_call(struct ca_link *l, size_t place, const WIRE_ANSWER *answer)
{
	struct call call = l->calls[place];

	if (l->observe != NULL && answer != NULL)
		prom_observe(l->observe, microseconds() - call.began);
	atomic_fetch_sub(&l->waiting, 1);
	memset(&l->calls[place], 0, sizeof(l->calls[place]));
	l->free_places[l->n_free++] = place;
	if (call.done != NULL)
		call.done(answer, call.arg);
}

/* The connection is gone: so are the answers to what was asked on it. */
static void
drop(struct ca_link *l, const char *why)
{
	size_t i;

	if (!l->complained)
		report_event(REPORT_WARN, "ra.ca.down", "socket",
		    l->address.sun_path, "why", why, NULL);
	l->complained = 1;
	l->connected = 0;
	if (l->bev != NULL)
		bufferevent_free(l->bev);
	l->bev = NULL;
	for (i = 0; i < l->max; i++)
		if (l->calls[i].id != 0)
			end_call(l, i, NULL);
	retry_later(l);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct ca_link *l = arg;
	int err = EVUTIL_SOCKET_ERROR();

	(void)bev;
	if ((what & BEV_EVENT_CONNECTED) != 0) {
		if (l->complained)
			report_event(REPORT_INFO, "ra.ca.up", "socket",
			    l->address.sun_path, NULL);
		l->complained = 0;
		l->connected = 1;
		l->delay_ms = CA_LINK_RETRY_FIRST_MS;
		l->up(l->up_arg);
		return;
	}
	drop(l,
	    (what & BEV_EVENT_EOF) != 0 ? "closed by inkan-ca"
					: evutil_socket_error_to_string(err));
}

static int
dispatch(struct ca_link *l, const unsigned char *der, size_t len)
{
	WIRE_ANSWER *answer = message_decode_answer(der, len);
	int64_t id;
	size_t place;

	if (answer == NULL)
		return 0;
	id = message_answer_id(answer);
	place = (size_t)(id % (int64_t)l->max);
	if (id > 0 && l->calls[place].id == id)
		end_call(l, place, answer);
	field_wipe(answer->values, "private_key");
	WIRE_ANSWER_free(answer);
	return 1;
}

/* A copy of the next ${len} octets, to be freed with OPENSSL_clear_free(); what
   they leave behind in the buffer is wiped: it may be a key. NULL: out of
   memory. */
static unsigned char *
take_frame(struct evbuffer *in, size_t len)
{
	unsigned char *der = OPENSSL_malloc(len);
	struct evbuffer_iovec v[8];
	size_t left = len, n;
	int i, count;

	if (der == NULL ||
	    evbuffer_copyout(in, der, len) != (ev_ssize_t)len) {
		OPENSSL_free(der);
		return NULL;
	}
	while (left > 0 &&
	    (count = evbuffer_peek(in, (ev_ssize_t)left, NULL, v, 8)) > 0) {
		n = left;
		for (i = 0; i < count && i < 8 && left > 0; i++) {
			if (v[i].iov_len > left)
				v[i].iov_len = left;
			OPENSSL_cleanse(v[i].iov_base, v[i].iov_len);
			left -= v[i].iov_len;
		}
		evbuffer_drain(in, n - left);
	}
	return der;
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct ca_link *l = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	unsigned char head[4], *der;
	size_t len;
	int ok;

	while (evbuffer_copyout(in, head, sizeof(head)) ==
	    (ev_ssize_t)sizeof(head)) {
		len = message_frame_len(head);
		if (len == 0) {
			drop(l, "answer of wrong length");
			return;
		}
		if (evbuffer_get_length(in) < sizeof(head) + len)
			return;
		evbuffer_drain(in, sizeof(head));
		ERR_clear_error();
		/* Callbacks answer clients; none of them ends this link. */
		der = take_frame(in, len);
		ok = der != NULL && dispatch(l, der, len);
		OPENSSL_clear_free(der, len);
		if (!ok) {
			report_errors(REPORT_ERROR, "ra.ca.answer", NULL);
			drop(l, "answer cannot be read");
			return;
		}
	}
}

static void
connect_now(evutil_socket_t fd, short what, void *arg)
{
	struct ca_link *l = arg;
	int err;

	(void)fd, (void)what;
	l->bev = bufferevent_socket_new(l->base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (l->bev == NULL) {
		drop(l, "out of memory");
		return;
	}
	bufferevent_setcb(l->bev, on_read, NULL, on_event, l);
	if (bufferevent_enable(l->bev, EV_READ | EV_WRITE) != 0 ||
	    bufferevent_socket_connect(l->bev, (struct sockaddr *)&l->address,
		(int)sizeof(l->address)) != 0) {
		err = EVUTIL_SOCKET_ERROR();
		/* When connect(2) fails at once, on_event() has been here. */
		if (l->bev != NULL)
			drop(l, evutil_socket_error_to_string(err));
	}
}

struct ca_link *
ca_link_new(struct event_base *base, const char *path, size_t max_calls,
    void (*up)(void *), void *arg)
{
	struct ca_link *l = OPENSSL_zalloc(sizeof(*l));
	size_t i;

	if (l == NULL || strlen(path) >= sizeof(l->address.sun_path))
		goto fail;
	l->base = base;
	l->address.sun_family = AF_UNIX;
	strcpy(l->address.sun_path, path); /* length checked above */
	l->up = up;
	l->up_arg = arg;
	l->max = max_calls;
	l->delay_ms = CA_LINK_RETRY_FIRST_MS;
	l->calls = OPENSSL_zalloc(max_calls * sizeof(*l->calls));
	l->free_places = OPENSSL_zalloc(max_calls * sizeof(*l->free_places));
	l->retry = evtimer_new(base, connect_now, l);
	if (l->calls == NULL || l->free_places == NULL || l->retry == NULL)
		goto fail;
	for (i = 0; i < max_calls; i++)
		l->free_places[l->n_free++] = i;
	event_active(l->retry, EV_TIMEOUT, 0);
	return l;
fail:
	ra_raise(RA_E_INTERNAL, "connection to inkan-ca: out of memory");
	ca_link_free(l);
	return NULL;
}

void
ca_link_free(struct ca_link *l)
{
	size_t i;

	if (l == NULL)
		return;
	if (l->bev != NULL)
		bufferevent_free(l->bev);
	if (l->retry != NULL)
		event_free(l->retry);
	l->connected = 0;
	for (i = 0; l->calls != NULL && i < l->max; i++)
		if (l->calls[i].id != 0)
			end_call(l, i, NULL);
	OPENSSL_free(l->calls);
	OPENSSL_free(l->free_places);
	OPENSSL_free(l);
}

int
ca_link_is_up(const struct ca_link *l)
{
	return l->connected;
}

size_t
ca_link_waiting(const struct ca_link *l)
{
	return atomic_load(&l->waiting);
}

void
ca_link_observe(struct ca_link *l, struct prom_histogram *h)
{
	l->observe = h;
}

static void
frame_sent(const void *p, size_t len, void *arg)
{
	(void)arg;
	OPENSSL_clear_free((void *)p, len);
}

static int
send_frame(struct ca_link *l, const char *op, int64_t id, WIRE_FIELDS *args)
{
	WIRE_REQUEST *req = message_request(op, id);
	unsigned char *frame = NULL;
	size_t len = 0;
	WIRE_FIELDS *empty;
	int ok = 0;

	if (req != NULL) {
		empty = req->args;
		req->args = args; /* lent for the encoding only */
		ok = message_encode_request(req, &frame, &len);
		req->args = empty;
	}
	field_wipe(args, "secret");
	WIRE_REQUEST_free(req);
	if (!ok)
		return 0;
	if (evbuffer_add_reference(bufferevent_get_output(l->bev), frame, len,
		frame_sent, NULL) != 0) {
		OPENSSL_clear_free(frame, len);
		return 0;
	}
	return 1;
}

int64_t
ca_link_call(struct ca_link *l, const char *op, WIRE_FIELDS *args,
    ca_link_done *done, void *arg)
{
	struct call *call;
	size_t place;
	int64_t id;

	if (!l->connected || l->n_free == 0) {
		field_wipe(args, "secret");
		ra_raise(RA_E_AWAY, "%s",
		    l->connected ? "ca.busy: too many requests in flight"
				 : "ca.away: inkan-ca cannot be reached");
		return 0;
	}
	place = l->free_places[l->n_free - 1];
	id = ++l->serial * (int64_t)l->max + (int64_t)place;
	if (!send_frame(l, op, id, args)) {
		ra_raise(RA_E_INTERNAL, "request could not be sent");
		return 0;
	}
	l->n_free--;
	call = &l->calls[place];
	call->id = id;
	call->done = done;
	call->arg = arg;
	call->began = microseconds();
	atomic_fetch_add(&l->waiting, 1);
	return id;
}

void
ca_link_forget(struct ca_link *l, int64_t id)
{
	size_t place = (size_t)(id % (int64_t)l->max);

	/* The place stays taken until the answer or the end of the link, so
	   that a slow inkan-ca is not sent ever more. */
	if (id > 0 && l->calls[place].id == id)
		l->calls[place].done = NULL;
}
