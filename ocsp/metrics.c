#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>
#include <openssl/crypto.h>

#include "ocsp/error.h"
#include "ocsp/listen.h"
#include "ocsp/metrics.h"

struct metrics {
	struct metrics_ctx ctx;
	struct MHD_Daemon *daemon;	/* NULL: not started */
	int fd;		/* the daemon's, once that is there */
	unsigned port;
};

static enum MHD_Result
queue(struct MHD_Connection *con, unsigned status, const char *type,
    const char *text, size_t len)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
	    len, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (response == NULL)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type", type);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	result = MHD_queue_response(con, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
say(struct MHD_Connection *con, unsigned status, const char *line)
{
	return queue(con, status, "text/plain", line, strlen(line));
}

static enum MHD_Result
show(struct metrics *m, struct MHD_Connection *con)
{
	struct prom *p = prom_new();
	enum MHD_Result result;
	const char *text = NULL;
	size_t len = 0;

	if (p != NULL) {
		metrics_write(&m->ctx, p, time(NULL));
		text = prom_text(p, &len);
	}
	result = text == NULL ? say(con, 500, "out of memory\n")
			      : queue(con, 200, PROM_MEDIA, text, len);
	prom_free(p);
	return result;
}

static enum MHD_Result
health(struct metrics *m, struct MHD_Connection *con)
{
	char why[256], line[260];
	int ok = metrics_healthy(&m->ctx, time(NULL), why, sizeof(why));

	snprintf(line, sizeof(line), "%s\n", why);
	return say(con, ok ? 200 : 503, line);
}

static enum MHD_Result
handle(void *cls, struct MHD_Connection *con, const char *url,
    const char *method, const char *version, const char *upload_data,
    size_t *upload_size, void **started)
{
	static int mark;

	(void)version;
	(void)upload_data;
	if (*started == NULL) {
		*started = &mark;
		return MHD_YES;
	}
	if (*upload_size > 0) {
		*upload_size = 0;
		return MHD_YES;
	}
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return say(con, 405, "method not allowed\n");
	if (strcmp(url, "/metrics") == 0)
		return show(cls, con);
	if (strcmp(url, "/healthz") == 0)
		return health(cls, con);
	return say(con, 404, "not found\n");
}

struct metrics *
metrics_new(const struct metrics_ctx *ctx)
{
	struct metrics *m = OPENSSL_zalloc(sizeof(*m));

	if (m == NULL)
		return NULL;
	m->ctx = *ctx;
	if ((m->fd = listen_open(&ctx->set->metrics, &m->port)) < 0) {
		OPENSSL_free(m);
		return NULL;
	}
	return m;
}

int
metrics_start(struct metrics *m)
{
	m->daemon = MHD_start_daemon(
	    MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, handle,
	    m, MHD_OPTION_LISTEN_SOCKET, m->fd, MHD_OPTION_CONNECTION_LIMIT,
	    METRICS_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
	    METRICS_IDLE_S, MHD_OPTION_END);
	if (m->daemon == NULL)
		ocsp_raise(OCSP_E_LISTEN, "metrics_listen: no HTTP server");
	return m->daemon != NULL;
}

void
metrics_stop(struct metrics *m)
{
	if (m == NULL)
		return;
	if (m->daemon != NULL)
		MHD_stop_daemon(m->daemon);
	else
		close(m->fd);
	OPENSSL_free(m);
}

unsigned
metrics_port(const struct metrics *m)
{
	return m->port;
}
