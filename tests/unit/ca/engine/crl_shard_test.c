#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "ca/engine/crl_shard.h"

static struct issuer_row
row(int shards)
{
	struct issuer_row r = {.crl_shards = shards, .ident = "devices-g1",
	    .crl_url = "http://ca.example/crl/devices-g1.crl"};

	return r;
}

/* Fixed for ever: certificates out there name the shard. */
static void
known(void **state)
{
	struct issuer_row r = row(16);

	(void)state;
	/* sha256sum of 01: 4bf5122f..., of 414243: b5d4045c... */
	assert_int_equal(crl_shard_of(&r, (const unsigned char *)"\x01", 1),
	    0x4bf5122f % 16);
	assert_int_equal(crl_shard_of(&r, (const unsigned char *)"ABC", 3),
	    0xb5d4045c % 16);
	/* A number has no leading zeros. */
	assert_int_equal(crl_shard_of(&r,
	    (const unsigned char *)"\0\0\x01", 3), 0x4bf5122f % 16);
	r.crl_shards = 7;
	assert_int_equal(crl_shard_of(&r, (const unsigned char *)"ABC", 3),
	    0xb5d4045c % 7);
	r.crl_shards = 0;
	assert_int_equal(crl_shard_of(&r, (const unsigned char *)"ABC", 3), 0);
}

/* Serials that are counted up are spread as well as random ones. */
static void
even(void **state)
{
	struct issuer_row r = row(8);
	unsigned char serial[4] = {0x40};
	int n[8] = {0}, i;

	(void)state;
	for (i = 0; i < 8000; i++) {
		serial[2] = (unsigned char)(i >> 8);
		serial[3] = (unsigned char)i;
		n[crl_shard_of(&r, serial, 4)]++;
	}
	for (i = 0; i < 8; i++)
		assert_in_range(n[i], 850, 1150);
}

static void
names(void **state)
{
	struct issuer_row r = row(0);
	char url[CRL_URL_MAX], name[CRL_NAME_MAX];

	(void)state;
	crl_shard_url(&r, 0, url);
	assert_string_equal(url, r.crl_url);
	crl_shard_name(&r, 0, name);
	assert_string_equal(name, "crl/devices-g1.crl");
	assert_int_equal(crl_shard_count(&r), 1);
	r.crl_shards = 256;
	crl_shard_url(&r, 255, url);
	assert_string_equal(url, "http://ca.example/crl/devices-g1-s255.crl");
	crl_shard_name(&r, 255, name);
	assert_string_equal(name, "crl/devices-g1-s255.crl");
	assert_int_equal(crl_shard_count(&r), 256);
	/* An address without the usual end, and the longest there is. */
	strcpy(r.crl_url, "http://x/list");
	crl_shard_url(&r, 3, url);
	assert_string_equal(url, "http://x/list-s3.crl");
	memset(r.crl_url, 'x', sizeof(r.crl_url) - 1);
	crl_shard_url(&r, 255, url);
	assert_int_equal(strlen(url), CRL_URL_MAX - 1);
	memset(r.ident, 'x', sizeof(r.ident) - 1);
	crl_shard_name(&r, 255, name);
	assert_string_equal(name + strlen(name) - 9, "-s255.crl");
}

static void
counts(void **state)
{
	(void)state;
	assert_true(crl_shard_ok(0));
	assert_true(crl_shard_ok(2));
	assert_true(crl_shard_ok(CRL_SHARDS_MAX));
	assert_false(crl_shard_ok(1));
	assert_false(crl_shard_ok(-1));
	assert_false(crl_shard_ok(CRL_SHARDS_MAX + 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known),
	    cmocka_unit_test(even),
	    cmocka_unit_test(names),
	    cmocka_unit_test(counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
