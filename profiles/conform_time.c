#include "profiles/conform_rule.h"

#define YEAR_2050 ((int64_t)2524608000) /* 20500101000000Z */

static int
digits(const unsigned char *p, int n)
{
	int v = 0;

	while (n-- > 0)
		v = v * 10 + (*p++ - '0');
	return v;
}

static int
is_leap(int y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static int64_t
days_before_year(int64_t y)
{
	y--;
	return y * 365 + y / 4 - y / 100 + y / 400;
}

/* A calendar date and time of day to seconds since 1970; 0 when there is no
   such date. Written out here so that no library's mistake is shared. */
static int
to_seconds(int y, const unsigned char *p, int64_t *out)
{
	static const int month_days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int mon = digits(p, 2), day = digits(p + 2, 2), h = digits(p + 4, 2);
	int min = digits(p + 6, 2), sec = digits(p + 8, 2), m;
	int64_t days;

	if (y < 1 || mon < 1 || mon > 12 || day < 1 || h > 23 || min > 59 ||
	    sec > 59 || day > month_days[mon - 1] + (mon == 2 && is_leap(y)))
		return 0;
	days = days_before_year(y) - days_before_year(1970) + day - 1;
	for (m = 0; m < mon - 1; m++)
		days += month_days[m] + (m == 1 && is_leap(y));
	*out = days * 86400 + h * 3600 + min * 60 + sec;
	return 1;
}

/* der_strict() has made sure of digits, length and Z. */
static int
read_time(struct conform_view *v, struct der in, int64_t *out)
{
	struct der t;
	int y;

	if (der_only(in, DER_UTCTIME, &t)) {
		y = digits(t.p, 2);
		y += y < 50 ? 2000 : 1900;
		return to_seconds(y, t.p + 2, out)
		    ? 1
		    : conform_breach(v, "no such date");
	}
	if (!der_only(in, DER_GENERALIZEDTIME, &t))
		return conform_breach(v, "not a time");
	if (!to_seconds(digits(t.p, 4), t.p + 4, out))
		return conform_breach(v, "no such date");
	if (*out < YEAR_2050)
		return conform_breach(
		    v, "GeneralizedTime for a date before 2050");
	return 1;
}

static int
check_form(struct conform_view *v)
{
	return read_time(v, v->not_before, &v->from) &&
	    read_time(v, v->not_after, &v->to);
}

static int
check_order(struct conform_view *v)
{
	return v->from <= v->to
	    ? 1
	    : conform_breach(v, "notAfter is before notBefore");
}

static int
check_not_before(struct conform_view *v)
{
	int64_t want = (int64_t)v->ctx->now - v->ctx->profile->backdate;

	return v->from == want
	    ? 1
	    : conform_breach(v, "notBefore is %+lld s off now - backdate",
		  (long long)(v->from - want));
}

/* Nothing ends after its issuer, but where the profile allows it; and nobody
   signs after the end, whatever the profile allows. */
static int
check_issuer_end(struct conform_view *v)
{
	int64_t left = v->ctx->issuer->not_after - (int64_t)v->ctx->now;

	if (v->self_signed)
		return 1;
	if (left <= 0)
		return conform_breach(
		    v, "the issuer ended %lld s ago", (long long)-left);
	if (v->ctx->profile->may_outlive_issuer ||
	    v->to <= v->ctx->issuer->not_after)
		return 1;
	return conform_breach(v, "notAfter is %lld s after the issuer's end",
	    (long long)(v->to - v->ctx->issuer->not_after));
}

/* RFC 5280 4.1.2.5 counts notAfter in: notBefore + duration - 1. */
static int
check_not_after(struct conform_view *v)
{
	const struct profile *p = v->ctx->profile;
	int64_t want = v->from + p->duration - 1;

	if (p->no_end)
		return v->to == BUILD_NO_END
		    ? 1
		    : conform_breach(v, "notAfter is not 99991231235959Z");
	if (v->to == want)
		return 1;
	if (!v->self_signed && want > v->ctx->issuer->not_after &&
	    v->to == v->ctx->issuer->not_after)
		return 1;
	return conform_breach(v,
	    "notAfter is %+lld s off the profile's duration",
	    (long long)(v->to - want));
}

const struct conform_rule conform_time_rules[] = {
    {"time.form", "RFC 5280 4.1.2.5", check_form},
    {"time.order", "RFC 5280 4.1.2.5", check_order},
    {"time.not_before", "profile", check_not_before},
    {"time.issuer", "RFC 5280 4.1.2.5, 6.1.3", check_issuer_end},
    {"time.not_after", "profile, RFC 5280 4.1.2.5", check_not_after},
    {NULL, NULL, NULL}};
