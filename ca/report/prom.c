#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/report/private.h"
#include "ca/report/prom.h"

#define FIRST_SIZE 16384

struct prom {
	char *text;
	size_t len, size;
	int failed;
	const char *family;
};

const uint32_t PROM_BOUNDS_SLOW[] = {1000, 2500, 5000, 10000, 25000, 50000,
    100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000};
const size_t PROM_BOUNDS_SLOW_N =
    sizeof(PROM_BOUNDS_SLOW) / sizeof(PROM_BOUNDS_SLOW[0]);
const uint32_t PROM_BOUNDS_FAST[] = {10, 25, 50, 100, 250, 500, 1000, 2500,
    5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000};
const size_t PROM_BOUNDS_FAST_N =
    sizeof(PROM_BOUNDS_FAST) / sizeof(PROM_BOUNDS_FAST[0]);

struct prom *
prom_new(void)
{
	struct prom *p = OPENSSL_zalloc(sizeof(*p));

	if (p == NULL)
		return NULL;
	p->size = FIRST_SIZE;
	p->text = OPENSSL_malloc(p->size);
	if (p->text == NULL) {
		OPENSSL_free(p);
		return NULL;
	}
	p->text[0] = '\0';
	return p;
}

void
prom_free(struct prom *p)
{
	if (p == NULL)
		return;
	OPENSSL_free(p->text);
	OPENSSL_free(p);
}

/* ---- text ---- */

static int
make_room(struct prom *p, size_t n)
{
	size_t size = p->size;
	char *text;

	if (p->failed || n > PROM_TEXT_MAX - p->len) {
		p->failed = 1;
		return 0;
	}
	while (size - p->len <= n) /* and a NUL */
		size *= 2;
	if (size == p->size)
		return 1;
	text = OPENSSL_realloc(p->text, size);
	if (text == NULL) {
		p->failed = 1;
		return 0;
	}
	p->text = text;
	p->size = size;
	return 1;
}

static void
put(struct prom *p, const char *s, size_t n)
{
	if (!make_room(p, n))
		return;
	memcpy(p->text + p->len, s, n);
	p->len += n;
	p->text[p->len] = '\0';
}

static void
put_text(struct prom *p, const char *s)
{
	put(p, s, strlen(s));
}

/* The format knows three escapes only: \\, \" (in labels) and \n. What else
   cannot be shown, or is not UTF-8 (which spoils a whole scrape), becomes our
   \xNN, whose backslash is then escaped like any other. */
static void
put_escaped(struct prom *p, const char *s, int quoted)
{
	char plain[64];
	const char *c;

	while (*s != '\0') {
		if (*s == '\n') {
			put_text(p, "\\n");
			s++;
			continue;
		}
		s += escape_some(s, strcspn(s, "\n"), 0, plain, sizeof(plain));
		for (c = plain; *c != '\0'; c++) {
			if (*c == '\\' || (quoted && *c == '"'))
				put_text(p, "\\");
			put(p, c, 1);
		}
	}
}

/* ---- series ---- */

void
prom_family(
    struct prom *p, const char *name, enum prom_kind kind, const char *help)
{
	static const char *const kinds[] = {"counter", "gauge", "histogram"};

	p->family = name;
	put_text(p, "# HELP ");
	put_text(p, name);
	put_text(p, " ");
	put_escaped(p, help, 0);
	put_text(p, "\n# TYPE ");
	put_text(p, name);
	put_text(p, " ");
	put_text(p, kinds[kind]);
	put_text(p, "\n");
}

static void
put_label(struct prom *p, const char *name, const char *value, int is_first)
{
	put_text(p, is_first ? "{" : ",");
	put_text(p, name);
	put_text(p, "=\"");
	put_escaped(p, value == NULL ? "-" : value, 1);
	put_text(p, "\"");
}

/* "name{labels} "; ${le} is one more label, NULL: none. */
static void
put_name(struct prom *p, const char *suffix, va_list labels, const char *le)
{
	const char *name, *value;
	int n = 0;

	put_text(p, p->family);
	put_text(p, suffix);
	while ((name = va_arg(labels, const char *)) != NULL) {
		value = va_arg(labels, const char *);
		put_label(p, name, value, n++ == 0);
	}
	if (le != NULL)
		put_label(p, "le", le, n++ == 0);
	put_text(p, n > 0 ? "} " : " ");
}

static void
put_number(struct prom *p, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu\n", (unsigned long long)value);
	put_text(p, text);
}

static void
put_real(struct prom *p, double value)
{
	char text[40];

	if (isnan(value))
		snprintf(text, sizeof(text), "NaN\n");
	else if (isinf(value))
		snprintf(text, sizeof(text), "%sInf\n", value > 0 ? "+" : "-");
	else
		snprintf(text, sizeof(text), "%.15g\n", value);
	put_text(p, text);
}

void
prom_number(struct prom *p, uint64_t value, ...)
{
	va_list labels;

	va_start(labels, value);
	put_name(p, "", labels, NULL);
	va_end(labels);
	put_number(p, value);
}

void
prom_real(struct prom *p, double value, ...)
{
	va_list labels;

	va_start(labels, value);
	put_name(p, "", labels, NULL);
	va_end(labels);
	put_real(p, value);
}

/* ---- histograms ---- */

void
prom_histogram_init(
    struct prom_histogram *h, const uint32_t *bounds, size_t n)
{
	h->bounds = bounds;
	h->n = n < PROM_BUCKETS_MAX ? n : PROM_BUCKETS_MAX;
}

void
prom_observe(struct prom_histogram *h, uint64_t microseconds)
{
	size_t i = 0;

	while (i < h->n && microseconds > h->bounds[i])
		i++;
	atomic_fetch_add_explicit(&h->bucket[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->sum, microseconds, memory_order_relaxed);
}

void
prom_histogram_add(
    struct prom_histogram *to, const struct prom_histogram *from)
{
	size_t i;

	for (i = 0; i <= from->n; i++)
		atomic_fetch_add_explicit(&to->bucket[i],
		    atomic_load_explicit(
			&from->bucket[i], memory_order_relaxed),
		    memory_order_relaxed);
	atomic_fetch_add_explicit(&to->sum,
	    atomic_load_explicit(&from->sum, memory_order_relaxed),
	    memory_order_relaxed);
}

/* Buckets are told cumulated; the last is the count, so that the two agree
   whatever is counted meanwhile. */
void
prom_histogram(struct prom *p, const struct prom_histogram *h, ...)
{
	unsigned long long total = 0;
	char le[32];
	va_list labels;
	size_t i;

	for (i = 0; i <= h->n; i++) {
		total += atomic_load_explicit(
		    &h->bucket[i], memory_order_relaxed);
		snprintf(le, sizeof(le), "%.15g",
		    i < h->n ? h->bounds[i] / 1e6 : 0);
		va_start(labels, h);
		put_name(p, "_bucket", labels, i < h->n ? le : "+Inf");
		va_end(labels);
		put_number(p, total);
	}
	va_start(labels, h);
	put_name(p, "_sum", labels, NULL);
	va_end(labels);
	put_real(p,
	    (double)atomic_load_explicit(&h->sum, memory_order_relaxed) / 1e6);
	va_start(labels, h);
	put_name(p, "_count", labels, NULL);
	va_end(labels);
	put_number(p, total);
}

const char *
prom_text(const struct prom *p, size_t *len)
{
	if (p->failed)
		return NULL;
	*len = p->len;
	return p->text;
}
