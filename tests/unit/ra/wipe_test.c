#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include "ra/wipe.h"

#define SECRET "a secret of HTTP Basic, as it came"
#define SIZE 3000

/* How often it stands in the heap, in blocks that are free now. */
static size_t
left_behind(void)
{
	unsigned long from = 0, to = 0;
	char line[512], *p, *end;
	size_t n = 0;
	FILE *f = fopen("/proc/self/maps", "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strstr(line, "[heap]") != NULL)
			(void)sscanf(line, "%lx-%lx", &from, &to);
	fclose(f);
	assert_true(from != 0 && to > from);
	p = (char *)from;
	end = (char *)to;
	while ((p = memmem(p, (size_t)(end - p), SECRET,
		    sizeof(SECRET) - 1)) != NULL) {
		n++;
		p++;
	}
	return n;
}

static void
fill(struct evbuffer *b, size_t times)
{
	while (times-- > 0)
		assert_int_equal(evbuffer_add(b, SECRET, sizeof(SECRET) - 1),
		    0);
}

static void
nothing_is_left(void **state)
{
	struct evbuffer *b = evbuffer_new();

	(void)state;
	assert_non_null(b);
	fill(b, 200);
	assert_non_null(evbuffer_pullup(b, -1));
	assert_int_equal(evbuffer_drain(b, 100), 0);
	fill(b, 100);
	evbuffer_free(b);
	assert_int_equal(left_behind(), 0);
}

/* The test sees what it is to see. */
static void
without_wiping_it_would(void **state)
{
	char *p = malloc(SIZE);

	(void)state;
	assert_non_null(p);
	memset(p, 'x', SIZE);
	memcpy(p + 1000, SECRET, sizeof(SECRET));
	/* Or the compiler sees that nobody reads it. */
	__asm__ volatile("" : : "r"(p) : "memory");
	free(p);
	assert_int_equal(left_behind(), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_left),
	    cmocka_unit_test(without_wiping_it_would),
	};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return 77; /* skipped: their heap is elsewhere */
#endif
	wipe_libevent();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
