#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "ca/engine/phone_list.h"

static char dir[64], path[96];

/* In the place of what was there, as if it had been fetched ${when}. */
static void
put(const char *text, size_t len, time_t when)
{
	struct timespec t[2] = {{when, 0}, {when, 0}};
	char next[112];
	FILE *f;

	snprintf(next, sizeof(next), "%s.next", path);
	f = fopen(next, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(utimensat(AT_FDCWD, next, t, 0), 0);
	assert_int_equal(rename(next, path), 0);
}

/* NULL: none. */
static void
is(struct phone_list *l, const char *text, int64_t when)
{
	int64_t fetched = -1;
	char *got = phone_list_get(l, &fetched);

	if (text == NULL) {
		assert_null(got);
		return;
	}
	assert_non_null(got);
	assert_string_equal(got, text);
	assert_int_equal(fetched, when);
	OPENSSL_free(got);
	assert_int_equal(ERR_peek_error(), 0);
}

static void
none(void **state)
{
	struct phone_list *l = phone_list_new("");

	(void)state;
	is(NULL, NULL, 0);
	is(l, NULL, 0);
	phone_list_free(l);
	phone_list_free(NULL);
}

static void
what_is_new_counts(void **state)
{
	struct phone_list *l;

	(void)state;
	unlink(path);
	l = phone_list_new(path);
	is(l, NULL, 0);
	put("one", 3, 1000);
	is(l, "one", 1000);
	is(l, "one", 1000);
	put("two", 3, 1000);
	is(l, "two", 1000);
	put("two", 3, 2000);
	is(l, "two", 2000);
	phone_list_free(l);
	l = phone_list_new(path);
	is(l, "two", 2000);
	phone_list_free(l);
}

/* What cannot be read changes nothing, and what comes after it counts. */
static void
the_last_one_stays(void **state)
{
	struct phone_list *l;
	char *large = malloc(PHONE_LIST_MAX + 1);

	(void)state;
	assert_non_null(large);
	memset(large, 'x', PHONE_LIST_MAX + 1);
	put("good", 4, 1000);
	l = phone_list_new(path);
	put("", 0, 2000);
	is(l, "good", 1000);
	put("ze\0ro", 5, 2000);
	is(l, "good", 1000);
	put(large, PHONE_LIST_MAX + 1, 2000);
	is(l, "good", 1000);
	assert_int_equal(unlink(path), 0);
	is(l, "good", 1000);
	is(l, "good", 1000);
	assert_int_equal(mkdir(path, 0700), 0);
	is(l, "good", 1000);
	assert_int_equal(rmdir(path), 0);
	put(large, PHONE_LIST_MAX, 3000);
	large[PHONE_LIST_MAX] = '\0';
	is(l, large, 3000);
	phone_list_free(l);
	free(large);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(none),
	    cmocka_unit_test(what_is_new_counts),
	    cmocka_unit_test(the_last_one_stays)};
	int failed;

	strcpy(dir, "/tmp/inkan-phones-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/list.json", dir);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	rmdir(dir);
	return failed;
}
