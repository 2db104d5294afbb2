#include <stdio.h>
#include <time.h>

#include "ca/report/report.h"
#include "ocsp/counters.h"

void
counters_add(struct counters *c, enum counter which)
{
	atomic_fetch_add_explicit(&c->n[which], 1, memory_order_relaxed);
}

unsigned long
counters_get(struct counters *c, enum counter which)
{
	return atomic_load_explicit(&c->n[which], memory_order_relaxed);
}

void
counters_init(struct counters *c)
{
	prom_histogram_init(&c->sign, PROM_BOUNDS_FAST, PROM_BOUNDS_FAST_N);
}

void
counters_answer(struct counters *c, size_t issuer, enum counters_status status,
    enum counters_source source)
{
	if (issuer > COUNTERS_OTHER)
		issuer = COUNTERS_OTHER;
	atomic_fetch_add_explicit(
	    &c->answers[issuer][status][source], 1, memory_order_relaxed);
}

unsigned long
counters_answers(
    struct counters *c, size_t issuer, size_t status, size_t source)
{
	return atomic_load_explicit(
	    &c->answers[issuer][status][source], memory_order_relaxed);
}

uint64_t
counters_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

void
counters_report(struct counters *c)
{
	char text[COUNT_N][24];
	unsigned long n, sum = 0;
	int i;

	for (i = 0; i < COUNT_N; i++) {
		n = counters_get(c, (enum counter)i) - c->told[i];
		c->told[i] += n;
		sum += n;
		snprintf(text[i], sizeof(text[i]), "%lu", n);
	}
	if (sum == 0)
		return;
	report_event(REPORT_INFO, "ocsp.summary", "requests",
	    text[COUNT_REQUESTS], "cached", text[COUNT_CACHED], "signed",
	    text[COUNT_SIGNED], "prepared", text[COUNT_PREPARED], "ahead",
	    text[COUNT_AHEAD], "presigned", text[COUNT_PRESIGNED], "unknown",
	    text[COUNT_UNKNOWN], "malformed", text[COUNT_MALFORMED], "trylater",
	    text[COUNT_TRYLATER], "unauthorized", text[COUNT_UNAUTHORIZED],
	    "not_modified", text[COUNT_NOT_MODIFIED], "files",
	    text[COUNT_FILES], "refused", text[COUNT_REFUSED], "shed",
	    text[COUNT_SHED], "timeouts", text[COUNT_TIMEOUTS], "over_budget",
	    text[COUNT_OVER_BUDGET],
	    "by_sha1", text[COUNT_BY_SHA1], "by_sha256", text[COUNT_BY_SHA256],
	    "by_other", text[COUNT_BY_OTHER],
	    NULL);
}
