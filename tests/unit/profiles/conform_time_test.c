#include "tests/unit/profiles/conform_case.h"

#define T_2050 ((int64_t)2524608000)

static void
set_times(struct make *m, const char *from, const char *to)
{
	ASN1_TIME *t = ASN1_TIME_new();

	if (from) {
		assert_true(ASN1_TIME_set_string(t, from));
		assert_true(X509_set1_notBefore(m->x, t));
	}
	if (to) {
		assert_true(ASN1_TIME_set_string(t, to));
		assert_true(X509_set1_notAfter(m->x, t));
	}
	ASN1_TIME_free(t);
}

/* ---- what must pass --------------------------------------------------- */

static void
ends_in_2049(struct make *m)
{
	m->issuer.not_after = BUILD_NO_END;
	m->profile.duration = T_2050 - (MAKE_NOW - 300);
}

static void
ends_in_2050(struct make *m)
{
	ends_in_2049(m);
	m->profile.duration++;
}

static void
cut_off(struct make *m)
{
	m->issuer.not_after = MAKE_NOW + 86400;
}

static void
good_times(void **state)
{
	static void (*const more[])(struct make *) = {
	    ends_in_2049, ends_in_2050, cut_off};
	static const int type[] = {
	    V_ASN1_UTCTIME, V_ASN1_GENERALIZEDTIME, V_ASN1_UTCTIME};
	struct make *m;
	size_t i;

	(void)state;
	for (i = 0; i < N_CASES(more); i++) {
		m = make_new(shape_ldevid, more[i]);
		assert_int_equal(
		    ASN1_STRING_type(X509_get0_notAfter(m->x)), type[i]);
		must_pass(m, "time");
		make_free(m);
	}
}

static void
outlives_with_leave(void **state)
{
	struct make *m = make_new(shape_idevid, NULL);

	(void)state;
	m->issuer.not_after = MAKE_NOW + 1;
	must_pass(m, "may_outlive_issuer");
	make_free(m);
}

/* The calendar, held against OpenSSL's over leap years and century ends. */
static void
calendar_agrees(void **state)
{
	struct make *m = make_new(shape_ldevid, NULL);
	int64_t now;
	int i;

	(void)state;
	m->issuer.not_after = BUILD_NO_END;
	for (i = 0; i < 4000; i += 7) {
		now = (int64_t)946684800 + (int64_t)i * 86400 * 29 + i * 61;
		m->ctx.now = now;
		assert_non_null(ASN1_TIME_set(
		    (ASN1_TIME *)X509_get0_notBefore(m->x), now - 300));
		assert_non_null(
		    ASN1_TIME_set((ASN1_TIME *)X509_get0_notAfter(m->x),
			now - 300 + m->profile.duration - 1));
		make_encode(m);
		must_pass(m, "calendar");
	}
	make_free(m);
}

/* ---- what must not ---------------------------------------------------- */

static void
generalized_before_2050(struct make *m)
{
	set_times(m, "20251231235500Z", NULL);
}

static void
no_such_day(struct make *m)
{
	overwrite(m, "170d3235313233313233353530305a",
	    "170d3235303233303233353530305a");
}

static void
no_such_month(struct make *m)
{
	overwrite(m, "170d3235313233313233353530305a",
	    "170d3235313333313233353530305a");
}

static void
no_such_hour(struct make *m)
{
	overwrite(m, "170d3235313233313233353530305a",
	    "170d3235313233313234353530305a");
}

static void
not_a_time(struct make *m)
{
	overwrite(m, "170d3235313233313233353530305a",
	    "040d3235313233313233353530305a");
}

static void
ends_first(struct make *m)
{
	set_times(m, NULL, "240101000000Z");
}

static void
starts_later(struct make *m)
{
	set_times(m, "260101000001Z", NULL);
}

static void
starts_earlier(struct make *m)
{
	set_times(m, "251231235459Z", NULL);
}

static void
one_second_more(struct make *m)
{
	/* 20251231235500Z + 14 d is the first second that is too many. */
	set_times(m, NULL, "260114235500Z");
}

static void
one_second_less(struct make *m)
{
	set_times(m, NULL, "260114235458Z");
}

static void
outlives(struct make *m)
{
	m->issuer.not_after = MAKE_NOW + 86400;
}

static void
outlives_without_leave(struct make *m)
{
	m->profile.may_outlive_issuer = 0;
}

static void
outlives_what_has_ended(struct make *m)
{
	m->issuer.not_after = MAKE_NOW;
}

static void
has_an_end(struct make *m)
{
	set_times(m, NULL, "99991231235958Z");
}

static const struct conform_case cases[] = {
    {"time.form", shape_ldevid, NULL, generalized_before_2050, NULL},
    {"time.form", shape_ldevid, NULL, NULL, no_such_day},
    {"time.form", shape_ldevid, NULL, NULL, no_such_month},
    {"time.form", shape_ldevid, NULL, NULL, no_such_hour},
    {"time.form", shape_ldevid, NULL, NULL, not_a_time},
    {"time.order", shape_ldevid, NULL, ends_first, NULL},
    {"time.not_before", shape_ldevid, NULL, starts_later, NULL},
    {"time.not_before", shape_ldevid, NULL, starts_earlier, NULL},
    {"time.issuer", shape_ldevid, NULL, outlives, NULL},
    {"time.issuer", shape_idevid, outlives_without_leave, NULL, NULL},
    {"time.issuer", shape_idevid, NULL, outlives_what_has_ended, NULL},
    {"time.not_after", shape_ldevid, NULL, one_second_more, NULL},
    {"time.not_after", shape_ldevid, NULL, one_second_less, NULL},
    {"time.not_after", shape_idevid, NULL, has_an_end, NULL},
};

static void
bad_times(void **state)
{
	(void)state;
	run_cases(cases, N_CASES(cases), conform_time_rules);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_times),
	    cmocka_unit_test(outlives_with_leave),
	    cmocka_unit_test(calendar_agrees),
	    cmocka_unit_test(bad_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
