#ifndef INKAN_RA_LISTENER_H
#define INKAN_RA_LISTENER_H

#include "ra/settings.h"

/*
 * Listening sockets. Each address is bound once, without SO_REUSEPORT: a
 * second inkan-ra on the same port is an error at start instead of a program
 * that silently takes half of the connections. Workers share the sockets.
 */

#define LISTENER_BACKLOG 512

/* Non-blocking, IPv6 sockets take IPv6 only. fd, or -1 raised. */
int listener_open(const struct settings_address *a);

#endif
