#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "ca/audit/private.h"

#define TEXT_MAX 1024

static void
say(struct audit *a, struct audit_finding *f, const char *fmt, va_list ap)
{
	char text[TEXT_MAX];

	vsnprintf(text, sizeof(text), fmt, ap);
	f->text = text;
	a->r->findings++;
	a->c->found(a->c->arg, f);
}

void
audit_say(struct audit *a, const char *what, int64_t index,
    const WIRE_FIELDS *detail, const char *fmt, ...)
{
	struct audit_finding f = {.what = what, .index = index};
	va_list ap;

	if (detail != NULL) {
		snprintf(f.issuer, sizeof(f.issuer), "%s",
		    field_text(detail, "issuer", ""));
		snprintf(f.serial, sizeof(f.serial), "%s",
		    field_text(detail, "serial", ""));
	}
	va_start(ap, fmt);
	say(a, &f, fmt, ap);
	va_end(ap);
}

void
audit_say_cert(struct audit *a, const char *what, int64_t index,
    const struct cert_row *row, const char *fmt, ...)
{
	struct audit_finding f = {.what = what, .index = index};
	va_list ap;
	size_t i;

	snprintf(f.issuer, sizeof(f.issuer), "%s", row->issuer_ident);
	for (i = 0; i < row->serial_len; i++)
		snprintf(f.serial + 2 * i, 3, "%02x", row->serial[i]);
	va_start(ap, fmt);
	say(a, &f, fmt, ap);
	va_end(ap);
}

const char *
audit_time(int64_t when, char out[AUDIT_TIME_MAX])
{
	time_t t = (time_t)when;
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	gmtime_r(&t, &tm);
	strftime(out, AUDIT_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return out;
}
