#include <stdio.h>

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
counters_report(struct counters *c)
{
	char text[COUNT_N][24];
	unsigned long n, sum = 0;
	int i;

	for (i = 0; i < COUNT_N; i++) {
		n = atomic_exchange(&c->n[i], 0);
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
	    text[COUNT_FILES], "refused", text[COUNT_REFUSED], "timeouts",
	    text[COUNT_TIMEOUTS], "over_budget", text[COUNT_OVER_BUDGET], NULL);
}
