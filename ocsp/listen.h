#ifndef INKAN_OCSP_LISTEN_H
#define INKAN_OCSP_LISTEN_H

#include "ocsp/settings.h"

/* A socket that listens at that address, non-blocking, closed on exec; *port:
   what "0" became. -1 raised. */
#define LISTEN_BACKLOG 1024 /* wait for accept() at most */
int listen_open(const struct settings_listen *at, unsigned *port);

#endif
