#ifndef INKAN_CA_ENGINE_OPS_STATUS_H
#define INKAN_CA_ENGINE_OPS_STATUS_H

#include "ca/engine/ops.h"

/* The checks of "status"; private to ops_status*.c. */

enum ops_level { OK, WARN, FAIL };

struct checking {
	struct ops_call *c;
	enum ops_level worst;
	int failed;		/* out of memory */
};

/* One row. ${expires} 0: nothing does. */
void ops_say(struct checking *k, const char *check,
    enum ops_level level, int64_t expires, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* ops_status_ca.c: every CA with its CRLs, OCSP answers and what is above it;
   then the newest certificate of each service. */
void ops_status_ca(struct checking *k);
/* ops_status_log.c: how far the log is published, and who remembers it. */
void ops_status_log(struct checking *k);
/* ops_status_people.c: who may do what, and what waits for people. */
void ops_status_people(struct checking *k);
/* ops_status_makers.c: CRLs of manufacturers that fleets ask. */
void ops_status_makers(struct checking *k);
/* ops_status_evidence.c: whether fleets' evidence can be judged. */
void ops_status_evidence(struct checking *k);
/* ops_told.c: what the responders said of themselves. */
void ops_status_told(struct checking *k);
/* ops_status_work.c: what operators have under way. */
void ops_status_work(struct checking *k);

#endif
