#ifndef INKAN_CA_REPORT_PROM_H
#define INKAN_CA_REPORT_PROM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Prometheus' text exposition format, version 0.0.4: what a daemon counts, as
 * the body of its GET /metrics. The writer escapes label values and help; it
 * does not check names ([a-zA-Z_:][a-zA-Z0-9_:]*), nor that a series is written
 * once only: names are ours, and every label's values must come from a set
 * that the outside cannot let grow.
 *
 * Conventions: base units in the name (_seconds, _bytes), counters end in
 * _total, the program stands in front (inkan_ra_...).
 *
 * Failures (out of memory, PROM_TEXT_MAX) are remembered and told at the end by
 * prom_text(), so that callers write on without looking.
 */

#define PROM_MEDIA "text/plain; version=0.0.4; charset=utf-8"
#define PROM_TEXT_MAX (8 * 1024 * 1024) /* octets */
#define PROM_BUCKETS_MAX 24

enum prom_kind { PROM_COUNTER, PROM_GAUGE, PROM_HISTOGRAM };

struct prom;

struct prom *prom_new(void);	  /* NULL: out of memory (nothing raised) */
void prom_free(struct prom *p);	  /* NULL is fine */

/* HELP and TYPE of what follows, up to the next family. Both borrowed until
   then. */
void prom_family(struct prom *p, const char *name, enum prom_kind kind,
    const char *help);

/* One series of the family; labels as pairs of name and value (const char *),
   ended by NULL. A NULL value is written as "-". */
void prom_number(struct prom *p, uint64_t value, ...) __attribute__((sentinel));
/* The same for what is no whole number; NaN and infinities have their words. */
void prom_real(struct prom *p, double value, ...) __attribute__((sentinel));

/*
 * A histogram of durations. Counted from many threads without a lock; a scrape
 * in between may see an observation in the buckets and not in the sum yet.
 * Zeroed memory plus prom_histogram_init() is an empty one.
 */
struct prom_histogram {
	const uint32_t *bounds; /* upper ones, microseconds, rising; borrowed */
	size_t n;		/* at most PROM_BUCKETS_MAX */
	atomic_ullong bucket[PROM_BUCKETS_MAX + 1]; /* the last: above all */
	atomic_ullong sum; /* microseconds */
};

/* 1 ms to 10 s, for what waits for a disk, a token or a peer. */
extern const uint32_t PROM_BOUNDS_SLOW[];
extern const size_t PROM_BOUNDS_SLOW_N;
/* 10 us to 1 s, for what is answered from memory. */
extern const uint32_t PROM_BOUNDS_FAST[];
extern const size_t PROM_BOUNDS_FAST_N;

void prom_histogram_init(struct prom_histogram *h, const uint32_t *bounds,
    size_t n);
void prom_observe(struct prom_histogram *h, uint64_t microseconds);
/* Adds what ${from} has counted; both have the same bounds. */
void prom_histogram_add(struct prom_histogram *to,
    const struct prom_histogram *from);
/* _bucket, _sum and _count of the family, in seconds; labels as above. */
void prom_histogram(struct prom *p, const struct prom_histogram *h, ...)
    __attribute__((sentinel));

/* The text and its length; borrowed, until ${p} is written to or freed. NULL
   when it is not whole (nothing raised). */
const char *prom_text(const struct prom *p, size_t *len);

#endif
