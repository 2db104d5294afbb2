#ifndef INKAN_OCSP_COUNTERS_H
#define INKAN_OCSP_COUNTERS_H

#include <stdatomic.h>

/*
 * What was answered, summed: no line per request, and nothing in it that
 * tells who asked about which certificate.
 */

enum counter {
	COUNT_REQUESTS,	 /* HTTP requests of any kind */
	COUNT_CACHED,	 /* OCSP answers from memory */
	COUNT_SIGNED,	 /* OCSP answers signed */
	COUNT_PREPARED,	 /* OCSP answers that were signed ahead */
	COUNT_AHEAD,	 /* signatures made ahead */
	COUNT_PRESIGNED, /* answers of the ceremony */
	COUNT_UNKNOWN,	 /* signed ones that said unknown */
	COUNT_MALFORMED,
	COUNT_TRYLATER,
	COUNT_UNAUTHORIZED,
	COUNT_NOT_MODIFIED, /* 304 */
	COUNT_FILES,	    /* CRLs and certificates */
	COUNT_REFUSED,	    /* 4xx and 5xx */
	COUNT_SHED,	    /* connections closed at once: there were
			       max_connections */
	COUNT_TIMEOUTS,	    /* connections cut at the deadline */
	COUNT_OVER_BUDGET,  /* signatures refused: sign_budget */
	COUNT_N
};

struct counters {
	atomic_ulong n[COUNT_N];
};

void counters_add(struct counters *c, enum counter which);
unsigned long counters_get(struct counters *c, enum counter which);
/* Report event=ocsp.summary and begin anew; silent when nothing happened. */
void counters_report(struct counters *c);

#endif
