#ifndef INKAN_RA_LISTENER_H
#define INKAN_RA_LISTENER_H

#include "ra/settings.h"

/*
 * Listening sockets. Each address is bound once, without SO_REUSEPORT: a
 * second inkan-ra on the same port is an error at start instead of a program
 * that silently takes half of the connections. Where several shall share a port
 * they say so (${share}, all of them, under one uid), and the kernel deals new
 * connections out to them. Workers of one process share the sockets.
 *
 * A connection that the kernel has dealt to a socket ends with it: whoever
 * closes one first takes what waits there (worker.c). What comes between that
 * look and the close is lost, unless net.ipv4.tcp_migrate_req is set.
 *
 * Nothing is ever lost where the service manager holds the socket and gives it
 * to those who serve (sd_listen_fds(3)): then it outlives them all.
 */

#define LISTENER_BACKLOG 512

#define LISTENER_PASSED_MAX 32

/* What the service manager has passed to this process. */
struct listener_passed {
	int fd[LISTENER_PASSED_MAX]; /* -1: taken */
	size_t n;
};

/* Looks at the environment ($LISTEN_PID, $LISTEN_FDS) and takes these variables
   out of it. Before any thread. 1, also with none; 0 raised: more than
   LISTENER_PASSED_MAX, or one that is no listening stream socket. */
int listener_passed(struct listener_passed *p);
/* The one that is bound to ${a}, -1 when there is none (nothing raised); the
   caller's from then on. */
int listener_take(struct listener_passed *p, const struct settings_address *a);
/* Are all taken? 0 raised, naming one that is not: nobody would answer there. */
int listener_all_taken(const struct listener_passed *p);

/* Non-blocking, IPv6 sockets take IPv6 only. fd, or -1 raised. */
int listener_open(const struct settings_address *a, int share);

#endif
