#ifndef INKAN_RA_MONITOR_PRIVATE_H
#define INKAN_RA_MONITOR_PRIVATE_H

#include <pthread.h>
#include <sys/queue.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "ra/ca_link.h"
#include "ra/monitor.h"
#include "ra/monitor_http.h"

/* monitor.c: thread, connections, asking inkan-ca. monitor_page.c: what the
   pages say. */

struct monitor_conn {
	TAILQ_ENTRY(monitor_conn) all;
	struct monitor *monitor;
	struct bufferevent *bev;
	struct event *deadline;
	struct monitor_request req;
	int waits;    /* for news of inkan-ca */
	int answered; /* closed once it is sent */
};

struct monitor {
	struct monitor_shared shared;
	pthread_t thread;
	int wake; /* eventfd: stop */
	struct event_base *base;
	struct event *wake_event, *late;
	struct evconnlistener *listener;
	TAILQ_HEAD(, monitor_conn) conns;
	size_t n_conns;
	struct ca_link *link;
	int64_t call;	   /* in flight; 0: none */
	WIRE_ANSWER *news; /* of inkan-ca; NULL: away */
	time_t asked;	   /* monotonic; when ${news} came or did not */
};

/* Why requests cannot be served now, into ${why}; 1 when they can. */
int monitor_ready(const struct monitor *m, time_t now, char *why, size_t size);
/* 1: every worker's loop turns. */
int monitor_live(const struct monitor *m, char *why, size_t size);
/* The text of /metrics, returned to be freed; NULL: out of memory. */
struct prom *monitor_figures(const struct monitor *m, time_t now);

#endif
