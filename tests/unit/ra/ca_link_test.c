#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ca/report/report.h"
#include "fake_ca.h"
#include "ra/ca_link.h"
#include "ra/error.h"

#define CALLS 4

struct scene {
	char folder[64];
	struct fake_ca ca;
	struct event_base *base;
	struct ca_link *link;
	int ups, answers, losses;
};

static void
on_up(void *arg)
{
	((struct scene *)arg)->ups++;
}

static void
on_done(const WIRE_ANSWER *answer, void *arg)
{
	struct scene *s = arg;

	if (answer == NULL)
		s->losses++;
	else
		s->answers++;
}

static int
set_up(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	signal(SIGPIPE, SIG_IGN);
	report_init("test", REPORT_ERROR, 2);
	strcpy(s->folder, "/tmp/inkan-link-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	fake_init(&s->ca, s->folder);
	fake_start(&s->ca);
	s->base = event_base_new();
	s->link = ca_link_new(s->base, s->ca.path, CALLS, on_up, s);
	assert_non_null(s->link);
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct scene *s = *state;

	ca_link_free(s->link);
	event_base_loop(s->base, EVLOOP_NONBLOCK);
	event_base_free(s->base);
	fake_stop(&s->ca);
	fake_clear(&s->ca);
	rmdir(s->folder);
	free(s);
	return 0;
}

/* Run the loop until *${what} has reached ${n}, at most 5 s. */
static void
until(struct scene *s, const int *what, int n)
{
	struct timeval tv = {0, 10000};
	int i;

	for (i = 0; i < 500 && *what < n; i++) {
		event_base_loopexit(s->base, &tv);
		event_base_dispatch(s->base);
	}
	assert_true(*what >= n);
}

static int64_t
call(struct scene *s, const char *op)
{
	WIRE_FIELDS *args = field_list_new();
	int64_t id;

	field_add_text(args, "secret", "hush");
	id = ca_link_call(s->link, op, args, on_done, s);
	/* Wiped in any case. */
	assert_true(args != NULL &&
	    strcmp(field_text(args, "secret", ""), "hush") != 0);
	field_list_free(args);
	return id;
}

static void
answers_come_back(void **state)
{
	struct scene *s = *state;
	int64_t first, second;

	assert_false(ca_link_is_up(s->link));
	assert_int_equal(call(s, "fleets"), 0); /* not yet */
	assert_int_equal(report_last_reason(), RA_E_AWAY);
	ERR_clear_error();
	until(s, &s->ups, 1);
	assert_true(ca_link_is_up(s->link));
	first = call(s, "fleets");
	second = call(s, "fleets");
	assert_true(first > 0 && second > 0 && first != second);
	until(s, &s->answers, 2);
	assert_int_equal(s->losses, 0);
}

static void
no_more_than_agreed_in_flight(void **state)
{
	struct scene *s = *state;
	int i;

	until(s, &s->ups, 1);
	for (i = 0; i < CALLS; i++)
		assert_true(call(s, "fleets") > 0);
	assert_int_equal(call(s, "fleets"), 0);
	assert_int_equal(report_last_reason(), RA_E_AWAY);
	ERR_clear_error();
	until(s, &s->answers, CALLS);
	assert_true(call(s, "fleets") > 0);
	until(s, &s->answers, CALLS + 1);
}

static void
what_is_forgotten_calls_nobody(void **state)
{
	struct scene *s = *state;
	int64_t id;

	until(s, &s->ups, 1);
	id = call(s, "fleets");
	ca_link_forget(s->link, id);
	ca_link_forget(s->link, id + 1); /* nobody's: nothing */
	ca_link_forget(s->link, 0);
	assert_true(call(s, "fleets") > 0);
	until(s, &s->answers, 1);
	assert_int_equal(s->answers, 1);
}

static void
a_lost_ca_ends_calls_and_comes_back(void **state)
{
	struct scene *s = *state;

	until(s, &s->ups, 1);
	s->ca.mood = FAKE_SILENT;
	assert_true(call(s, "enroll") > 0);
	assert_true(call(s, "enroll") > 0);
	until(s, &s->ups, 1);
	event_base_loop(s->base, EVLOOP_ONCE);
	while (s->ca.enrolled < 2)
		event_base_loop(s->base, EVLOOP_NONBLOCK);
	fake_stop(&s->ca);
	until(s, &s->losses, 2);
	assert_false(ca_link_is_up(s->link));
	assert_int_equal(s->answers, 0);
	s->ca.mood = FAKE_ISSUE;
	fake_start(&s->ca);
	until(s, &s->ups, 2);
	assert_true(call(s, "fleets") > 0);
	until(s, &s->answers, 1);
}

static void
nonsense_ends_the_connection(void **state)
{
	struct scene *s = *state;

	until(s, &s->ups, 1);
	s->ca.mood = FAKE_GARBAGE;
	assert_true(call(s, "enroll") > 0);
	until(s, &s->losses, 1);
	until(s, &s->ups, 2); /* and a new one is made */
}

#define t(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    t(answers_come_back),
	    t(no_more_than_agreed_in_flight),
	    t(what_is_forgotten_calls_nobody),
	    t(a_lost_ca_ends_calls_and_comes_back),
	    t(nonsense_ends_the_connection),
	};

	return cmocka_run_group_tests_name("ca_link", tests, NULL, NULL);
}
