#include <string.h>

#include "ra/monitor_ca.h"

#define PREFIX "inkan_ca_"
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyz0123456789_"

static int
is_name(const char *s)
{
	return s[0] != '\0' && strspn(s, NAME_CHARS) == strlen(s) &&
	    (s[0] < '0' || s[0] > '9');
}

static int
kind_of(const WIRE_FIELDS *row)
{
	static const char *const kinds[] = {"counter", "gauge", "histogram"};
	const char *kind = field_text(row, "kind", "");
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kind, kinds[i]) == 0)
			return (int)i;
	return -1;
}

static int
may_show(const WIRE_FIELDS *row)
{
	const char *metric = field_text(row, "metric", "");

	return strncmp(metric, PREFIX, strlen(PREFIX)) == 0 &&
	    is_name(metric) && kind_of(row) >= 0 &&
	    is_name(field_text(row, "label", "none"));
}

static void
write_value(const WIRE_FIELDS *row, struct prom *p)
{
	int64_t value = field_int(row, "value", 0);
	int64_t divisor = field_int(row, "divisor", 1);

	prom_real(p, (double)value / (double)(divisor > 0 ? divisor : 1),
	    field_text(row, "label", NULL), field_text(row, "label_value", ""),
	    NULL);
}

/* 0: not a histogram that we can hold. */
static int
read_histogram(const WIRE_FIELDS *row, uint32_t bounds[PROM_BUCKETS_MAX],
    struct prom_histogram *h)
{
	size_t i, n = field_count(row, "bound");

	memset(h, 0, sizeof(*h));
	if (n > PROM_BUCKETS_MAX || field_count(row, "count") != n + 1)
		return 0;
	for (i = 0; i < n; i++)
		bounds[i] = (uint32_t)field_get_int(field_find(row, "bound", i));
	prom_histogram_init(h, bounds, n);
	for (i = 0; i <= n; i++)
		atomic_store(&h->bucket[i],
		    (unsigned long long)field_get_int(
			field_find(row, "count", i)));
	atomic_store(
	    &h->sum, (unsigned long long)field_int(row, "sum", 0));
	return 1;
}

static void
write_row(const WIRE_FIELDS *row, struct prom *p)
{
	uint32_t bounds[PROM_BUCKETS_MAX];
	struct prom_histogram h;

	if (kind_of(row) != PROM_HISTOGRAM)
		write_value(row, p);
	else if (read_histogram(row, bounds, &h))
		prom_histogram(p, &h, field_text(row, "label", NULL),
		    field_text(row, "label_value", ""), NULL);
}

void
monitor_ca_write(const WIRE_ANSWER *answer, struct prom *p)
{
	size_t i, n = message_n_rows(answer);
	const char *last = "", *metric;
	const WIRE_FIELDS *row;

	for (i = 0; i < n; i++) {
		row = message_row(answer, i);
		if (!may_show(row))
			continue;
		metric = field_text(row, "metric", "");
		if (strcmp(metric, last) != 0)
			prom_family(p, metric, (enum prom_kind)kind_of(row),
			    field_text(row, "help", ""));
		last = metric;
		write_row(row, p);
	}
}
