#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ocsp/send.h"

#define READY 512 /* responses kept ready; a power of two */

struct ready {
	pthread_mutex_t lock;
	struct reply *reply; /* a reference of its own */
	struct MHD_Response *response;
	time_t made;
};

struct send {
	struct counters *counters;
	struct ready ready[READY];
};

struct send *
send_new(struct counters *counters)
{
	struct send *s = OPENSSL_zalloc(sizeof(*s));
	size_t i;

	if (s == NULL)
		return NULL;
	s->counters = counters;
	for (i = 0; i < READY; i++)
		pthread_mutex_init(&s->ready[i].lock, NULL);
	return s;
}

static void
ready_clear(struct ready *ready)
{
	if (ready->response != NULL)
		MHD_destroy_response(ready->response);
	reply_free(ready->reply);
	ready->response = NULL;
	ready->reply = NULL;
}

void
send_free(struct send *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < READY; i++) {
		ready_clear(&s->ready[i]);
		pthread_mutex_destroy(&s->ready[i].lock);
	}
	OPENSSL_free(s);
}

static int
add(struct MHD_Response *response, const char *name, const char *value)
{
	return MHD_add_response_header(response, name, value) == MHD_YES;
}

static int
add_headers(
    struct MHD_Response *response, const struct reply *reply, time_t now)
{
	char control[80];

	if (!reply->store)
		return add(response, "Cache-Control", "no-store");
	snprintf(control, sizeof(control),
	    "max-age=%ld,public,no-transform,%s", reply_max_age(reply, now),
	    reply->immutable ? "immutable" : "must-revalidate");
	return add(response, "Last-Modified", reply->last_modified) &&
	    add(response, "ETag", reply->etag) &&
	    (reply->expires_date[0] == '\0' ||
		add(response, "Expires", reply->expires_date)) &&
	    add(response, "Cache-Control", control);
}

static void
release(void *reply)
{
	reply_free(reply);
}

static struct MHD_Response *
full_response(struct reply *reply, time_t now)
{
	struct MHD_Response *response;

	response = MHD_create_response_from_buffer_with_free_callback_cls(
	    reply->len, reply->data, release, reply_up_ref(reply));
	if (response == NULL) {
		reply_free(reply);
		return NULL;
	}
	if (!add(response, "Content-Type", reply->type) ||
	    !add_headers(response, reply, now)) {
		MHD_destroy_response(response);
		return NULL;
	}
	return response;
}

/* The same reply within the same second has the same headers. The response is
   queued under the lock: only then has libmicrohttpd a reference of its own. */
static enum MHD_Result
queue_ready(
    struct send *s, struct MHD_Connection *con, struct reply *reply, time_t now)
{
	uintptr_t h = (uintptr_t)reply;
	struct ready *ready = &s->ready[(h >> 4 ^ h >> 13) & (READY - 1)];
	enum MHD_Result result = MHD_NO;

	pthread_mutex_lock(&ready->lock);
	if (ready->reply != reply || ready->made != now) {
		ready_clear(ready);
		ready->response = full_response(reply, now);
		if (ready->response != NULL)
			ready->reply = reply_up_ref(reply);
		ready->made = now;
	}
	if (ready->response != NULL)
		result = MHD_queue_response(con, MHD_HTTP_OK, ready->response);
	pthread_mutex_unlock(&ready->lock);
	return result;
}

static int
is_unchanged(struct MHD_Connection *con, const struct reply *reply)
{
	const char *tag, *since;

	tag =
	    MHD_lookup_connection_value(con, MHD_HEADER_KIND, "If-None-Match");
	since = MHD_lookup_connection_value(
	    con, MHD_HEADER_KIND, "If-Modified-Since");
	return reply_not_modified(reply, tag, since);
}

static enum MHD_Result
queue_and_forget(
    struct MHD_Connection *con, unsigned status, struct MHD_Response *response)
{
	enum MHD_Result result = MHD_queue_response(con, status, response);

	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
queue_unchanged(struct send *s, struct MHD_Connection *con,
    const struct reply *reply, time_t now)
{
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);

	if (response == NULL)
		return MHD_NO;
	counters_add(s->counters, COUNT_NOT_MODIFIED);
	add_headers(response, reply, now);
	return queue_and_forget(con, MHD_HTTP_NOT_MODIFIED, response);
}

enum MHD_Result
send_reply(struct send *s, struct MHD_Connection *con, struct reply *reply,
    int conditional, time_t now)
{
	struct MHD_Response *response;

	if (conditional && reply->store && is_unchanged(con, reply))
		return queue_unchanged(s, con, reply, now);
	if (reply->store && !reply->once)
		return queue_ready(s, con, reply, now);
	if ((response = full_response(reply, now)) == NULL)
		return MHD_NO;
	return queue_and_forget(con, MHD_HTTP_OK, response);
}

enum MHD_Result
send_text(struct send *s, struct MHD_Connection *con, unsigned status,
    const char *text, const char *allow)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
	    strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);

	if (response == NULL)
		return MHD_NO;
	if (status >= 400)
		counters_add(s->counters, COUNT_REFUSED);
	add(response, "Content-Type", "text/plain");
	add(response, "Cache-Control", "no-store");
	if (allow != NULL)
		add(response, "Allow", allow);
	return queue_and_forget(con, status, response);
}
