#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ocsp/range.h"
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
	atomic_int last;
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

void
send_last(struct send *s)
{
	atomic_store(&s->last, 1);
}

static int
add(struct MHD_Response *response, const char *name, const char *value)
{
	return MHD_add_response_header(response, name, value) == MHD_YES;
}

/* Everything but an OCSP answer. */
static int
is_file(const struct reply *reply)
{
	return strcmp(reply->type, REPLY_TYPE_OCSP) != 0;
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
	if (is_file(reply) && !add(response, "Accept-Ranges", "bytes"))
		return 0;
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

/* ${len} octets of it from ${from}. */
static struct MHD_Response *
part_response(struct reply *reply, size_t from, size_t len, time_t now)
{
	struct MHD_Response *response;

	response = MHD_create_response_from_buffer_with_free_callback_cls(
	    len, reply->data + from, release, reply_up_ref(reply));
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

static struct MHD_Response *
full_response(struct reply *reply, time_t now)
{
	return part_response(reply, 0, reply->len, now);
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

static enum MHD_Result
queue_unsatisfiable(
    struct send *s, struct MHD_Connection *con, const struct reply *reply)
{
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	char range[64];

	if (response == NULL)
		return MHD_NO;
	counters_add(s->counters, COUNT_REFUSED);
	snprintf(range, sizeof(range), "bytes */%zu", reply->len);
	add(response, "Content-Range", range);
	add(response, "Cache-Control", "no-store");
	return queue_and_forget(
	    con, MHD_HTTP_RANGE_NOT_SATISFIABLE, response);
}

static enum MHD_Result
queue_part(struct MHD_Connection *con, struct reply *reply, size_t first,
    size_t last, time_t now)
{
	struct MHD_Response *response =
	    part_response(reply, first, last - first + 1, now);
	char range[96];

	if (response == NULL)
		return MHD_NO;
	snprintf(range, sizeof(range), "bytes %zu-%zu/%zu", first, last,
	    reply->len);
	add(response, "Content-Range", range);
	return queue_and_forget(con, MHD_HTTP_PARTIAL_CONTENT, response);
}

/* What Range and If-Range ask for. */
static enum range_result
wanted(struct MHD_Connection *con, const struct reply *reply, size_t *first,
    size_t *last)
{
	const char *range, *same;

	range = MHD_lookup_connection_value(con, MHD_HEADER_KIND, "Range");
	same = MHD_lookup_connection_value(con, MHD_HEADER_KIND, "If-Range");
	if (range == NULL ||
	    !range_still_same(same, reply->etag, reply->last_modified))
		return RANGE_NONE;
	return range_read(range, reply->len, first, last);
}

enum MHD_Result
send_reply(struct send *s, struct MHD_Connection *con, struct reply *reply,
    enum send_how how, time_t now)
{
	enum range_result part = RANGE_NONE;
	struct MHD_Response *response;
	size_t first, last;

	if (how != SEND_WHOLE && reply->store && is_unchanged(con, reply))
		return queue_unchanged(s, con, reply, now);
	if (how == SEND_RANGES && reply->store)
		part = wanted(con, reply, &first, &last);
	if (part == RANGE_UNSATISFIABLE)
		return queue_unsatisfiable(s, con, reply);
	if (part == RANGE_PART)
		return queue_part(con, reply, first, last, now);
	if (reply->store && !reply->once && !atomic_load(&s->last))
		return queue_ready(s, con, reply, now);
	if ((response = full_response(reply, now)) == NULL)
		return MHD_NO;
	if (atomic_load(&s->last))
		add(response, "Connection", "close");
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
	if (atomic_load(&s->last))
		add(response, "Connection", "close");
	return queue_and_forget(con, status, response);
}
