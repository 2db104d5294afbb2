#include "profiles/lint/lint_part.h"

static int
two(const unsigned char *p)
{
	return (p[0] - '0') * 10 + (p[1] - '0');
}

/* Days since 1970-01-01, proleptic Gregorian calendar. */
static int64_t
days_from(int64_t y, int m, int d)
{
	int64_t era, yoe, doy;

	y -= m <= 2;
	era = y / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static int
days_in(int year, int month)
{
	static const int days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

void
lint_time_read(struct lint_time *t)
{
	const unsigned char *p = t->body.p;
	size_t i, digits = t->tag == DER_UTCTIME ? 12 : 14;
	int year, month, day, h, m, s;

	t->ok = 0;
	if ((t->tag != DER_UTCTIME && t->tag != DER_GENERALIZEDTIME) ||
	    t->body.len != digits + 1 || p[digits] != 'Z')
		return;
	for (i = 0; i < digits; i++)
		if (p[i] < '0' || p[i] > '9')
			return;
	if (t->tag == DER_UTCTIME) {
		year = two(p) + (two(p) < 50 ? 2000 : 1900); /* 4.1.2.5.1 */
		p += 2;
	} else {
		year = two(p) * 100 + two(p + 2);
		p += 4;
	}
	month = two(p), day = two(p + 2);
	h = two(p + 4), m = two(p + 6), s = two(p + 8);
	if (month < 1 || month > 12 || day < 1 || day > days_in(year, month) ||
	    h > 23 || m > 59 || s > 59)
		return;
	t->seconds = days_from(year, month, day) * 86400 + h * 3600 + m * 60 + s;
	t->ok = 1;
}

int
lint_time_take(struct der *in, struct lint_time *t)
{
	if ((!der_next_is(in, DER_UTCTIME) &&
		!der_next_is(in, DER_GENERALIZEDTIME)) ||
	    !lint_take_any(in, &t->tag, &t->body, NULL))
		return 0;
	lint_time_read(t);
	return 1;
}
