#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <openssl/crypto.h>

#include "ca/shape/base64.h"
#include "ra/multipart.h"

static unsigned char octets[3000];

static int
fill(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(octets); i++)
		octets[i] = (unsigned char)(i * 31 + 7);
	return 0;
}

/* The text of part ${i}, by a reader of its own: split at the delimiter. */
static char *
part_of(const struct multipart *m, int i, int *n)
{
	const char *b = strstr(m->media, "boundary=") + 9;
	char delimiter[128], *at = m->body, *end, *out = NULL;

	snprintf(delimiter, sizeof(delimiter), "--%s", b);
	for (*n = 0;; (*n)++) {
		assert_memory_equal(at, delimiter, strlen(delimiter));
		at += strlen(delimiter);
		if (strncmp(at, "--\r\n", 4) == 0) {
			assert_ptr_equal(at + 4, m->body + m->len);
			return out;
		}
		assert_memory_equal(at, "\r\n", 2);
		at += 2;
		end = strstr(at, delimiter);
		assert_non_null(end);
		assert_memory_equal(end - 2, "\r\n", 2);
		if (*n == i)
			out = strndup(at, (size_t)(end - at));
		at = end;
	}
}

static void
holds(const char *part, const char *media, const unsigned char *want,
    size_t want_len)
{
	unsigned char der[BASE64_DECODED_MAX(8000)];
	char head[256], *body = strstr(part, "\r\n\r\n");
	const char *p;
	size_t len;

	assert_non_null(body);
	body += 4;
	snprintf(head, sizeof(head),
	    "Content-Type: %s\r\nContent-Transfer-Encoding: base64\r\n\r\n",
	    media);
	assert_memory_equal(part, head, strlen(head));
	for (p = body; *p != '\0'; p += strcspn(p, "\n") + 1)
		assert_true(strcspn(p, "\r\n") <= 64 &&
		    p[strcspn(p, "\r\n")] == '\r');
	assert_int_equal(
	    base64_decode(body, strlen(body), 1, der, &len), BASE64_OK);
	assert_int_equal(len, want_len);
	assert_memory_equal(der, want, len);
}

static void
two_parts_of_every_length(void **state)
{
	struct multipart_part parts[2] = {{"application/pkcs8", octets, 0},
	    {"application/pkcs7-mime; smime-type=certs-only", octets, 0}};
	struct multipart m;
	char *text;
	size_t len;
	int n;

	(void)state;
	for (len = 1; len < sizeof(octets); len += 13) {
		parts[0].len = len;
		parts[1].len = sizeof(octets) - len;
		assert_int_equal(multipart_make(parts, 2, &m), 1);
		assert_int_equal(strlen(m.body), m.len);
		text = part_of(&m, 0, &n);
		assert_int_equal(n, 2);
		holds(text, parts[0].media, octets, len);
		free(text);
		text = part_of(&m, 1, &n);
		holds(text, parts[1].media, octets, parts[1].len);
		free(text);
		multipart_clear(&m);
		assert_null(m.body);
	}
}

static void
boundaries_differ(void **state)
{
	struct multipart_part part = {"a/b", octets, 40};
	struct multipart one, two;

	(void)state;
	assert_int_equal(multipart_make(&part, 1, &one), 1);
	assert_int_equal(multipart_make(&part, 1, &two), 1);
	assert_memory_equal(one.media, "multipart/mixed; boundary=inkan-", 32);
	assert_string_not_equal(one.media, two.media);
	multipart_clear(&one);
	multipart_clear(&two);
	multipart_clear(&two);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(two_parts_of_every_length, fill),
	    cmocka_unit_test_setup(boundaries_differ, fill)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
