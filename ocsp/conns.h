#ifndef INKAN_OCSP_CONNS_H
#define INKAN_OCSP_CONNS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include "ocsp/counters.h"

/*
 * One deadline per request. libmicrohttpd ends connections that are idle; a
 * client that sends one octet a second is never idle. So every connection has
 * a moment at which its socket is shut down, whatever it does:
 *
 *   opened            request_timeout from now for the first request
 *   request line in   request_timeout from now for head, body and answer
 *   sending           request_timeout and one second per CONNS_RATE octets
 *   request done      idle_timeout + request_timeout from now: by then the
 *                     next request's first line must be in
 *
 * A connection whose peer has ended its side, and that has nothing under way, is
 * not kept until then.
 *
 * Times are milliseconds of CLOCK_MONOTONIC.
 */

#define CONNS_RATE 16384 /* octets per second that a slow reader takes */

struct conns;
struct conn;

struct conns *conns_new(int64_t request_ms, int64_t idle_ms,
    struct counters *counters);	      /* counters borrowed */
void conns_free(struct conns *conns); /* NULL is fine */

/* The socket stays its owner's; conns_close() comes before it is closed. */
struct conn *conns_open(struct conns *conns, int fd, int64_t now);
/* What it counts for: a listener (only compared) and the peer's address. Said
   once, right after conns_open(); without it conns_yield() passes it over. */
void conns_from(struct conns *conns, struct conn *conn, const void *listener,
    const struct sockaddr *peer);
void conns_close(struct conns *conns, struct conn *conn);

void conns_begin(struct conns *conns, struct conn *conn, int64_t now);
void conns_send(
    struct conns *conns, struct conn *conn, size_t len, int64_t now);
void conns_end(struct conns *conns, struct conn *conn, int64_t now);

/* Shut down what is past its deadline; how many. Has its owner look at a socket
   of which nothing more can come. */
size_t conns_sweep(struct conns *conns, int64_t now);
/*
 * All ${max} connections of ${listener} are taken and somebody from ${peer} wants
 * one: shut one down for him. 1, or 0 when none may go. May go:
 *
 *   - who has had nothing under way for CONNS_IDLE, whoever he is;
 *   - who has nothing under way, from an address with more than twice as many
 *     connections as ${peer} will have;
 *   - anybody from an address that holds more than half of ${max}, when it is not
 *     that address that wants another.
 *
 * So neither thousands of connections that do nothing nor one host that keeps all
 * of them busy shuts the others out; and what is at work behind one proxy stays.
 * An IPv6 address counts with its /64. Looks at CONNS_LOOK connections at most,
 * in turn, so that a flood of newcomers costs little.
 */
int conns_yield(struct conns *conns, const void *listener,
    const struct sockaddr *peer, size_t max, int64_t now);
#define CONNS_IDLE 2000 /* milliseconds */
#define CONNS_LOOK 64

/* How many connections have something under way: a request, or a moment ago
   one that ended, or that is the first and may come yet. */
size_t conns_lively(struct conns *conns, int64_t now);
#define CONNS_QUIET 300 /* milliseconds: how long that moment is */
/* How many requests are under way. */
size_t conns_busy(struct conns *conns);
int64_t conns_now(void);

#endif
