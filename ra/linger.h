#ifndef INKAN_RA_LINGER_H
#define INKAN_RA_LINGER_H

#include <sys/queue.h>

#include <event2/event.h>

/*
 * A TCP socket that is closed while octets wait unread is reset, and with the
 * reset the peer loses what it had not read yet: the answer that says why. A
 * socket that lingers is read, and what comes is thrown away, until the peer
 * ends, LINGER_OCTETS came or LINGER_S passed. Of one worker's thread.
 */

#define LINGER_S 2
#define LINGER_OCTETS ((size_t)2 * 1024 * 1024)
#define LINGER_MAX 32 /* at a time in one worker, others are reset */

struct linger_socket;

TAILQ_HEAD(linger_head, linger_socket);

struct linger_list {
	struct event_base *base; /* borrowed */
	struct linger_head all;
	size_t n;
};

void linger_init(struct linger_list *list, struct event_base *base);
/* Ours is said, the peer may go on. Takes ${fd} in any case. */
void linger_take(struct linger_list *list, evutil_socket_t fd);
/* Close them all. A list of zeros is fine. */
void linger_clear(struct linger_list *list);

#endif
