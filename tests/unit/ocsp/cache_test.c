#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <openssl/crypto.h>
#include "ocsp/cache.h"

static struct reply *
make(const char *text)
{
	return reply_new(
	    OPENSSL_memdup(text, strlen(text)), strlen(text), "x/y");
}

#define B(text) (const unsigned char *)(text), strlen(text)

static int
put(struct cache *c, uint64_t epoch, int64_t issuer, const char *serial,
    const char *certid, const char *request, const char *text)
{
	struct cache_key key = {issuer, B(serial), B(certid), B(request)};
	struct reply *reply = make(text);
	int kept = cache_put(c, epoch, &key, reply);

	reply_free(reply);
	return kept;
}

static void
expect(struct reply *got, const char *text)
{
	if (text == NULL) {
		assert_null(got);
		return;
	}
	assert_non_null(got);
	assert_int_equal(got->len, strlen(text));
	assert_memory_equal(got->data, text, got->len);
	reply_free(got);
}

static void
test_find(void **state)
{
	struct cache *c = cache_new(10);

	(void)state;
	expect(cache_find_request(c, B("req1")), NULL);
	assert_true(put(c, cache_epoch(c), 1, "s1", "id1", "req1", "A"));
	expect(cache_find_request(c, B("req1")), "A");
	expect(cache_find_request(c, B("req")), NULL);
	expect(cache_find_request(c, B("id1")), NULL);
	/* Another way to ask is learnt by CertID. */
	expect(cache_find_request(c, B("req2")), NULL);
	expect(cache_find_certid(c, B("id1"), B("req2")), "A");
	expect(cache_find_request(c, B("req2")), "A");
	expect(cache_find_certid(c, B("id2"), B("req9")), NULL);
	expect(cache_find_request(c, B("req9")), NULL);
	/* The newer answer takes the place. */
	assert_true(put(c, cache_epoch(c), 1, "s1", "id1", "req1", "B"));
	expect(cache_find_request(c, B("req2")), "B");
	assert_int_equal(cache_count(c), 1);
	cache_free(c);
}

static void
test_drop(void **state)
{
	struct cache *c = cache_new(10);

	(void)state;
	put(c, cache_epoch(c), 1, "s1", "id1-sha1", "r1", "A");
	put(c, cache_epoch(c), 1, "s1", "id1-sha256", "r2", "B");
	put(c, cache_epoch(c), 2, "s1", "id2", "r3", "C");
	put(c, cache_epoch(c), 1, "s2", "id3", "r4", "D");
	cache_drop(c, 1, B("s1"));
	expect(cache_find_request(c, B("r1")), NULL);
	expect(cache_find_request(c, B("r2")), NULL);
	expect(cache_find_certid(c, B("id1-sha1"), B("r1")), NULL);
	expect(cache_find_request(c, B("r3")), "C");
	expect(cache_find_request(c, B("r4")), "D");
	assert_int_equal(cache_count(c), 2);
	cache_flush(c);
	expect(cache_find_request(c, B("r3")), NULL);
	assert_int_equal(cache_count(c), 0);
	cache_free(c);
}

/* What was read before a drop is not kept after it. */
static void
test_epoch(void **state)
{
	struct cache *c = cache_new(10);
	uint64_t epoch = cache_epoch(c);

	(void)state;
	cache_drop(c, 1, B("s1"));
	assert_false(put(c, epoch, 1, "s1", "id1", "r1", "old"));
	expect(cache_find_request(c, B("r1")), NULL);
	epoch = cache_epoch(c);
	cache_flush(c);
	assert_false(put(c, epoch, 1, "s1", "id1", "r1", "old"));
	assert_true(put(c, cache_epoch(c), 1, "s1", "id1", "r1", "new"));
	expect(cache_find_request(c, B("r1")), "new");
	cache_free(c);
}

static void
test_bounds(void **state)
{
	unsigned char big[CACHE_REQUEST_MAX + 1] = {1};
	struct cache *c = cache_new(100);
	char serial[16], id[16], req[16];
	int i, hot = 0;
	struct reply *got;

	(void)state;
	for (i = 0; i < 1000; i++) {
		snprintf(serial, sizeof(serial), "s%d", i);
		snprintf(id, sizeof(id), "i%d", i);
		snprintf(req, sizeof(req), "r%d", i);
		assert_true(put(c, cache_epoch(c), 1, serial, id, req, req));
		if ((got = cache_find_request(c, B("r0"))) != NULL)
			hot++;
		reply_free(got);
	}
	assert_int_equal(cache_count(c), 100);
	/* What is asked for all the time stays. */
	assert_int_equal(hot, 1000);
	/* Long requests are not remembered. */
	expect(cache_find_certid(c, B("i0"), big, sizeof(big)), "r0");
	assert_null(cache_find_request(c, big, sizeof(big)));
	/* Many ways to ask for one: the last few are known. */
	for (i = 0; i < 50; i++) {
		snprintf(req, sizeof(req), "a%d", i);
		expect(cache_find_certid(c, B("i0"), B(req)), "r0");
	}
	expect(cache_find_request(c, B("a0")), NULL);
	expect(cache_find_request(c, B("a49")), "r0");
	cache_free(c);
	c = cache_new(0);
	assert_false(put(c, cache_epoch(c), 1, "s", "i", "r", "A"));
	cache_free(c);
	cache_free(NULL);
}

static void
test_long_certid(void **state)
{
	unsigned char certid[CACHE_CERTID_MAX + 1] = {1};
	struct cache_key key = {1, B("s"), certid, CACHE_CERTID_MAX, B("r")};
	struct cache *c = cache_new(10);
	struct reply *reply = make("A");

	(void)state;
	assert_true(cache_put(c, cache_epoch(c), &key, reply));
	key.certid_len++;
	assert_false(cache_put(c, cache_epoch(c), &key, reply));
	assert_int_equal(cache_count(c), 1);
	reply_free(reply);
	cache_free(c);
}

static void *
hammer(void *arg)
{
	struct cache *c = arg;
	char s[16];
	int i;

	for (i = 0; i < 5000; i++) {
		snprintf(s, sizeof(s), "k%d", i * 7 % 60);
		put(c, cache_epoch(c), 1, s, s, s, s);
		reply_free(cache_find_request(c, B(s)));
		if (i % 10 == 0)
			cache_drop(c, 1, B(s));
	}
	return NULL;
}

static void
test_threads(void **state)
{
	struct cache *c = cache_new(40);
	pthread_t t[4];
	int i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, hammer, c), 0);
	for (i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert_true(cache_count(c) <= 40);
	cache_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_find),
	    cmocka_unit_test(test_drop),
	    cmocka_unit_test(test_epoch),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_long_certid),
	    cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
