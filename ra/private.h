#ifndef INKAN_RA_PRIVATE_H
#define INKAN_RA_PRIVATE_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <sys/queue.h>
#include <event2/http.h>

#include "ca/shape/route.h"
#include "ca/shape/shape.h"
#include "ra/ca_link.h"
#include "ra/fleets.h"
#include "ra/linger.h"
#include "ra/seen.h"
#include "ra/worker.h"

/*
 * What worker.c, connection.c, exchange.c, head.c, est.c, enroll.c and nonce.c share:
 * one worker, its connections, and the one request that a connection may have
 * in hand. All of it belongs to the worker's thread.
 *
 * Lifetimes. A connection lives as long as its SSL object, which the
 * bufferevent owns, which the evhttp_connection owns. An exchange begins when
 * evhttp hands over a whole request and ends when the answer is given to
 * evhttp (exchange_answer) or the connection dies before (exchange_drop).
 */

#define EST_MEDIA_CERTS "application/pkcs7-mime; smime-type=certs-only"
#define EST_MEDIA_KEY "application/pkcs8"
#define EST_MEDIA_KEY_CMS                                                      \
	"application/pkcs7-mime; smime-type=server-generated-key"
#define EST_MEDIA_ATTRS "application/csrattrs"

enum connection_phase {
	CONNECTION_HANDSHAKE, /* until TLS stands: request_timeout */
	CONNECTION_IDLE,      /* between requests: idle_timeout */
	CONNECTION_REQUEST,   /* first octet to answer: request_timeout */
	CONNECTION_ANSWER     /* being written: CONNECTION_WRITE_S */
};

#define CONNECTION_WRITE_S 10
#define CONNECTION_STOP_S 1 /* for a first request, when stopping */
#define CONNECTION_STOP_TLS_S 3 /* for a handshake, when stopping */
/* evhttp takes a body of up to 1 MiB, so that 413 can be said in our words; to
   so many at a time in one worker, others are just closed. */
#define CONNECTION_LARGE_MAX 32

struct exchange;

struct connection {
	TAILQ_ENTRY(connection) all;
	TAILQ_ENTRY(connection) idle; /* in phase IDLE, oldest first */
	struct worker *worker;
	SSL *ssl;			 /* borrowed, NULL only while dying */
	struct bufferevent *bev;	 /* borrowed */
	struct evhttp_connection *evcon; /* NULL before the first request */
	struct event *clock;
	enum connection_phase phase;
	int refused; /* the first clock tick shall close */
	int counted; /* its address is in limits */
	struct sockaddr_storage peer;
	char address[INET6_ADDRSTRLEN];
	size_t received; /* octets of the request in hand */
	int large;	 /* more than head and body may have */
	int rationed;	 /* one large too many: the next tick shall close */
	int spare;	 /* of the socket, while the request is long; or -1 */
	struct timespec born;	   /* monotonic */
	enum metrics_event alert;  /* how a handshake ended; METRICS_CLOSED */
	struct timespec began;	   /* of the request, monotonic */
	struct exchange *exchange; /* NULL: none in hand */
	int challenged; /* has been told to show credentials */
};

TAILQ_HEAD(connection_list, connection);

struct worker {
	struct worker_shared shared;
	pthread_t thread;
	int wake; /* eventfd: stop */
	atomic_int stopping, ready;
	atomic_llong beat; /* monotonic seconds: the loop turned then */

	struct event_base *base;
	struct evhttp *http;
	struct evhttp_bound_socket *bound[SETTINGS_LISTEN_MAX];
	struct event *wake_event, *resume, *refresh, *end, *leave, *open;
	int paused;
	int opened; /* it may accept */
	int left; /* stopping: nothing is accepted any more */
	int turns; /* of waiting to open or to leave */
	struct connection_list all, idle;
	size_t n_large; /* connections that are large */
	size_t n_spares; /* connections that have one */
	struct linger_list lingering;
	struct ca_link *link;
	struct fleets *fleets; /* NULL until inkan-ca told */
	int64_t fleets_call;   /* 0: none in flight */
	struct seen *seen;     /* NULL in some tests */
	time_t seen_told;
	size_t telling;	       /* of it, without an answer yet */
	int ended;	       /* waits for those answers only */
};

struct exchange {
	struct connection *conn;
	struct evhttp_request *req; /* borrowed from evhttp */
	struct route route;
	struct metrics_fleet *counts; /* the fleet's, or NULL */
	enum answer_wrap wrap; /* the fleet's */
	int64_t call;	       /* at inkan-ca; 0: none */
	int head_only;	       /* HEAD: no body in the answer */
	int close;	       /* after this answer */
	int known;	       /* the label is that of a fleet */
	int forwarded;	       /* inkan-ca has seen the request */
	enum { ANSWERED_OTHER, ANSWERED_LINE, ANSWERED_WRAPPED } answered;
	unsigned shape;	       /* how it differs: ca/shape/shape.h */
	char client[SEEN_AGENT_MAX + 1]; /* User-Agent */
};

/* connection.c */
struct bufferevent *connection_new(struct event_base *base, void *worker);
struct connection *connection_of(struct evhttp_request *req); /* or NULL */
void connection_adopt(struct connection *c, struct evhttp_request *req);
void connection_answering(struct connection *c, struct evhttp_request *req);
void connection_close(struct connection *c);
/* The worker stops: what has had its answer is closed, the rest may finish. */
void connection_stop(struct connection *c);

/* worker.c */
void worker_pause(struct worker *w);
void worker_gone(struct worker *w); /* a connection has ended */

/* exchange.c */
struct exchange *exchange_new(struct connection *c, struct evhttp_request *r);
void exchange_drop(struct exchange *x, int request_is_ours);
/* 200 with a private key in it: ${body}, of ${len} octets, is taken over and wiped
   once it is sent. Frees ${x}. */
void exchange_answer_secret(struct exchange *x, const char *media, char *body,
    size_t len);
/* Header for the answer. */
void exchange_header(struct exchange *x, const char *name, const char *value);
/* The answer: frees ${x}. ${p} may be NULL for none; ${media} its type. What
   the log says of a refusal is in ${stage} and ${rule} (NULL: nothing). */
void exchange_answer(struct exchange *x, int http, const char *media,
    const void *p, size_t len, const char *stage, const char *rule);
/* "stage: rule: text" as text/plain, with WWW-Authenticate or Retry-After
   (${retry} seconds, 0: the default) where the status wants them. */
void exchange_refuse(struct exchange *x, int http, const char *stage,
    const char *rule, const char *text, int64_t retry);
/* The same with a ready line (ended by LF). */
void exchange_refuse_line(struct exchange *x, int http, const char *line,
    const char *stage, const char *rule, int64_t retry);
/* The last reason on the error queue, "rule: text", as a refusal. */
void exchange_refuse_queue(struct exchange *x, int http, const char *stage);
/* The same for what could not be sent to inkan-ca, with the status of the reason:
   400 (what the client has sent is not forwarded), 503 or 500. */
void exchange_refuse_unsent(struct exchange *x);
/* inkan-ca has answered (NULL: it is away). 1 when it said yes; else the client has
   been told what it said. */
int exchange_came_back(struct exchange *x, const WIRE_ANSWER *answer);
/* 200: base64 of DER under ${media}, wrapped as fleet and client want it. */
void exchange_answer_der(struct exchange *x, const char *media,
    const unsigned char *der, size_t len);
/* Value of a header of the request, NULL when absent. Borrowed. */
const char *exchange_find(const struct exchange *x, const char *name);

/* client.c: what the head tells of the client; what became of its request, by
   whom; and what was seen, told to inkan-ca once a minute, or now (${all}). */
void client_look(struct exchange *x);
void client_answered(const struct exchange *x, int http, const char *rule);
void client_tell(struct worker *w, time_t now, int all);
/* The rest of it, when the worker's loop has ended. */
void client_tell_last(struct worker *w, time_t now);

/* head.c: framing and size of the head. 0: refused (and answered). */
int head_check(struct exchange *x);

/* est.c: evhttp's callback for each request. */
void est_request(struct evhttp_request *req, void *worker);

/* enroll.c: simpleenroll, simplereenroll and serverkeygen. */
void enroll_start(struct exchange *x);
/* inkan-ca is too slow: 503. */
void enroll_late(struct exchange *x);

/* nonce.c: what evidence has to carry. */
void nonce_start(struct exchange *x);

/* log_proof.c: the proof of the certificate by which the client speaks. */
void log_proof_start(struct exchange *x);

#endif
