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
 * closes one first takes what waits there (worker.c). Connections whose
 * handshake of TCP is under way in that moment are lost unless
 * net.ipv4.tcp_migrate_req is set.
 */

#define LISTENER_BACKLOG 512

/* Non-blocking, IPv6 sockets take IPv6 only. fd, or -1 raised. */
int listener_open(const struct settings_address *a, int share);

#endif
