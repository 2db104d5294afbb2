#ifndef INKAN_OCSP_COUNTERS_H
#define INKAN_OCSP_COUNTERS_H

#include <stdatomic.h>
#include <stddef.h>
#include "ca/report/prom.h"

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
	COUNT_BY_SHA1,	    /* requests by the hash of their first CertID; not
			       those whose octets were found in memory */
	COUNT_BY_SHA256,
	COUNT_BY_OTHER,
	COUNT_N
};

/* Signed answers by issuer, status and source. An issuer is known by the place
   of its delegate in the settings. */
enum counters_status { COUNTERS_GOOD, COUNTERS_REVOKED, COUNTERS_UNKNOWN };
enum counters_source { COUNTERS_CACHED, COUNTERS_PREPARED, COUNTERS_SIGNED };
#define COUNTERS_STATUSES 3
#define COUNTERS_SOURCES 3
#define COUNTERS_OTHER 64 /* an issuer without a place */

struct counters {
	atomic_ulong n[COUNT_N];
	unsigned long told[COUNT_N]; /* by counters_report() */
	atomic_ulong answers[COUNTERS_OTHER + 1][COUNTERS_STATUSES]
			    [COUNTERS_SOURCES];
	struct prom_histogram sign; /* answers signed on demand */
};

/* Of zeroed memory. */
void counters_init(struct counters *c);

void counters_add(struct counters *c, enum counter which);
/* Since the start. */
unsigned long counters_get(struct counters *c, enum counter which);
void counters_answer(struct counters *c, size_t issuer,
    enum counters_status status, enum counters_source source);
unsigned long counters_answers(
    struct counters *c, size_t issuer, size_t status, size_t source);
/* Microseconds of CLOCK_MONOTONIC, for what is observed. */
uint64_t counters_clock(void);

/* Report event=ocsp.summary about what came since the last time; silent when
   nothing did. One thread. */
void counters_report(struct counters *c);

#endif
