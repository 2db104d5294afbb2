#ifndef INKAN_RA_ATTEST_VERIFIER_CONF_H
#define INKAN_RA_ATTEST_VERIFIER_CONF_H

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

#include "ca/confine/confine.h"

/*
 * verifier.conf: where inkan-verifier listens, who may ask, and how much one
 * question may cost. What evidence is judged by is not here: it comes with each
 * question. The format is inkan-verifier.conf(5). A relative path is relative to
 * the file's folder.
 */

#define VERIFIER_PEERS_MAX 8

struct verifier_conf {
	char socket[PATH_MAX];
	uid_t peers[VERIFIER_PEERS_MAX];
	size_t n_peers;
	int workers;		/* processes: questions at a time */
	int time_limit;		/* seconds for one question */
	int64_t memory;		/* octets of address space of a worker */
	struct confine *confine;
};

/* 1, or 0 raised PROFILE_E_CONFIG; in either case to be followed by
   verifier_conf_clear(). */
int verifier_conf_read(const char *path, struct verifier_conf *out);
void verifier_conf_clear(struct verifier_conf *conf);

#endif
