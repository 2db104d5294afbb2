#ifndef INKAN_RA_ATTEST_VERIFIER_SERVE_H
#define INKAN_RA_ATTEST_VERIFIER_SERVE_H

#include "ra/attest/verifier_conf.h"

/*
 * Processes that share one listening socket. Each answers one question at a time,
 * one on each connection, within its time and its memory: what takes longer is
 * ended by the kernel, and what crashes takes one question with it. The parent
 * reads nothing from outside; it makes a new one in its place.
 */

/* Until a signal on ${signal_fd} ends it; ${listen_fd} is borrowed. 1, or 0
   raised. */
int verifier_serve(
    const struct verifier_conf *conf, int listen_fd, int signal_fd);

/* One connection, in the calling process; ${fd} is closed. For tests, too. */
void verifier_connection(const struct verifier_conf *conf, int fd);

#endif
