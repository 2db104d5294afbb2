#ifndef INKAN_CA_ENGINE_OPS_STATUS_H
#define INKAN_CA_ENGINE_OPS_STATUS_H

#include "ca/engine/ops.h"

/* The inside of operation "status": only for ops_status*.c. */

enum level { OK, WARN, FAIL };

struct checking {
	struct ops_call *c;
	enum level worst;
	int failed;		/* out of memory */
};

/* A row of the answer: what ${check} found. ${expires} is a time, or 0. */
void ops_say(struct checking *k, const char *check, enum level level,
    int64_t expires, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* Every CA with its CRLs, OCSP answers and what is above it; then the newest
   certificate of each service. ops_status_ca.c. */
void ops_check_issuers(struct checking *k);

#endif
