#include <string.h>
#include <time.h>
#include "ca/cli/format.h"
#include "ca/report/report.h"

const char *
format_time(int64_t when, char buf[FORMAT_TIME_MAX])
{
	time_t t = (time_t)when;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(buf, FORMAT_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(buf, FORMAT_TIME_MAX, "?");
	return buf;
}

static void
format_hex(const unsigned char *p, size_t len, char *buf, size_t size)
{
	size_t i, cut = 0;

	if (2 * len + 4 > size) {
		len = (size - 4) / 2;
		cut = 1;
	}
	buf[0] = '\0';
	for (i = 0; i < len; i++)
		snprintf(buf + 2 * i, 3, "%02x", p[i]);
	if (cut)
		strcpy(buf + 2 * len, "...");
}

const char *
format_field(const WIRE_FIELD *f, char buf[FORMAT_MAX])
{
	const unsigned char *p;
	size_t len;

	switch (f == NULL ? V_ASN1_NULL : field_type(f)) {
	case V_ASN1_UTF8STRING:
		report_escape(field_get_text(f), buf, FORMAT_MAX);
		break;
	case V_ASN1_INTEGER:
		snprintf(buf, FORMAT_MAX, "%lld", (long long)field_get_int(f));
		break;
	case V_ASN1_BOOLEAN:
		strcpy(buf, field_get_flag(f) ? "yes" : "no");
		break;
	case V_ASN1_GENERALIZEDTIME:
		format_time(field_get_time(f), buf);
		break;
	case V_ASN1_OCTET_STRING:
		p = field_get_bytes(f, &len);
		format_hex(p, len, buf, FORMAT_MAX);
		break;
	default:
		strcpy(buf, "-");
	}
	return buf;
}

static int
is_named(const char *name, const char *const *list)
{
	for (; list != NULL && *list != NULL; list++)
		if (strcmp(name, *list) == 0)
			return 1;
	return 0;
}

void
format_show(FILE *out, const WIRE_FIELDS *fields, const char *const *except)
{
	const WIRE_FIELD *f;
	char buf[FORMAT_MAX];
	int i;

	for (i = 0; i < sk_WIRE_FIELD_num(fields); i++) {
		f = sk_WIRE_FIELD_value(fields, i);
		if (is_named(field_name(f), except))
			continue;
		format_field(f, buf);
		fprintf(out, "%s:%s%s\n", field_name(f),
		    buf[0] == '\0' ? "" : " ", buf);
	}
}

void
format_lines(FILE *out, const char *text)
{
	char piece[256], buf[4 * sizeof(piece) + 20];
	size_t n;

	while (*text != '\0') {
		n = strcspn(text, "\n\t");
		if (n == 0) {
			fputc(*text++, out);
			continue;
		}
		n = n < sizeof(piece) - 1 ? n : sizeof(piece) - 1;
		/* Not in the middle of a character, if there is another. */
		while (n > 1 && (text[n] & 0xc0) == 0x80)
			n--;
		memcpy(piece, text, n);
		piece[n] = '\0';
		report_escape(piece, buf, sizeof(buf));
		fputs(buf, out);
		text += n;
	}
}

size_t
format_width(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		if ((*text & 0xc0) != 0x80)
			n++;
	return n;
}
