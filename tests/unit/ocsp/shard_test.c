#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ocsp/shard.h"
#include "tests/unit/ocsp/rig.h"

static struct rig *rig;
static struct frame_issuer issuer;
static struct batch *one, *two, *longer;
static const uint64_t key[2] = {1, 2};
static unsigned char sig[BATCH_SIGNATURE_MAX];

static struct batch *
batch_with(EVP_PKEY *key_)
{
	struct batch_terms t = {rig->now, rig->now + 3600, rig->now + 2700,
	    .both_hashes = 4096};
	X509 *cert = pki_cert("OCSP", (const unsigned char *)"\x44", 1, key_,
	    rig->pki.ca, rig->pki.ca_key, "OCSPSigning", -3600, 86400);
	struct signer *s = signer_new(key_, cert, rig->pki.ca);
	struct batch *b = batch_new(&issuer, s, &t);

	assert_non_null(b);
	signer_free(s);
	X509_free(cert);
	return b;
}

static int
setup(void **state)
{
	struct view *view;

	(void)state;
	rig = rig_make();
	view = state_view(rig->state);
	frame_issuer(&issuer, view_find_ident(view, "devices-g1"));
	view_free(view);
	one = batch_with(EVP_EC_gen("P-256"));
	two = batch_with(EVP_EC_gen("P-256"));
	longer = batch_with(EVP_EC_gen("P-384"));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	batch_free(one);
	batch_free(two);
	batch_free(longer);
	rig_free(rig);
	return 0;
}

/* The ${i}th certificate: serials of several lengths, some a prefix of
   others. */
static struct status_cert
cert_no(unsigned i)
{
	struct status_cert c = {.serial_len = 4 + i % 17,
	    .state = STATUS_GOOD,
	    .reason = -1,
	    .not_after = 1000 + i};

	memcpy(c.serial, &i, sizeof(i));
	return c;
}

static uint64_t
hash_of(const struct status_cert *c)
{
	return shard_hash(key, c->serial, c->serial_len);
}

static int
add(struct shard *s, unsigned i)
{
	struct status_cert c = cert_no(i);

	return shard_add(s, 0, hash_of(&c), &c);
}

static int
put(struct shard *s, unsigned i, struct batch *b)
{
	struct status_cert c = cert_no(i);

	memset(sig, (int)(i & 0xff), sizeof(sig));
	return shard_put(s, hash_of(&c), &c, b, sig);
}

/* 1 when it is there with its own signature, of that batch. */
static int
has(struct shard *s, unsigned i, struct batch *b)
{
	struct status_cert c = cert_no(i);
	struct shard_found f;
	int found;

	if (!shard_find(s, hash_of(&c), c.serial, c.serial_len, &f))
		return 0;
	found = f.batch == b && f.cert.serial_len == c.serial_len &&
	    memcmp(f.cert.serial, c.serial, c.serial_len) == 0 &&
	    f.cert.not_after == c.not_after &&
	    f.signature[0] == (i & 0xff) &&
	    f.signature[b->signature_len - 1] == (i & 0xff);
	assert_true(found);
	batch_free(f.batch);
	return 1;
}

#define N 5000

static void
test_growth(void **state)
{
	struct shard s;
	unsigned i;

	(void)state;
	assert_true(shard_init(&s, key));
	for (i = 0; i < N; i++) {
		assert_int_equal(add(&s, i), 1);
		assert_int_equal(add(&s, i), 0);
		assert_false(has(&s, i, one));
	}
	for (i = 0; i < N; i++)
		assert_true(put(&s, i, i % 2 ? one : two));
	for (i = 0; i < N; i++)
		assert_true(has(&s, i, i % 2 ? one : two));
	assert_false(has(&s, N, one));
	shard_destroy(&s);
}

/* What the figures of docs/scale.md rest on. */
static void
test_octets(void **state)
{
	struct shard_stats sum = {0, 0, 0};
	struct shard s;
	unsigned i;

	(void)state;
	assert_true(shard_init(&s, key));
	for (i = 0; i < 9800; i++) {
		assert_int_equal(add(&s, i), 1);
		assert_true(put(&s, i, one));
	}
	shard_count(&s, &sum);
	assert_int_equal(sum.certs, 9800);
	assert_int_equal(sum.signed_, 9800);
	print_message("%zu octets per certificate\n", sum.bytes / sum.certs);
	assert_true(sum.bytes / sum.certs >= SHARD_ENTRY + 64);
	assert_true(sum.bytes / sum.certs <= 125);
	shard_destroy(&s);
}

/* Resident memory of this process, octets. */
static size_t
resident(void)
{
	unsigned long size = 0, pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lu %lu", &size, &pages), 2);
	fclose(f);
	return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* The same as the process sees it, for an issuer of many; ten millions with
   LONG=1. */
static void
test_many(void **state)
{
	size_t n = getenv("LONG") != NULL ? 10000000 : 200000, i, before, took;
	struct shard *shards = calloc(1024, sizeof(*shards));
	struct status_cert c = {.serial_len = 20, .state = STATUS_GOOD};
	uint64_t hash;

	(void)state;
	before = resident();
	for (i = 0; i < 1024; i++)
		assert_true(shard_init(&shards[i], key));
	for (i = 0; i < n; i++) {
		memcpy(c.serial, &i, sizeof(i));
		hash = hash_of(&c);
		assert_int_equal(
		    shard_add(&shards[hash % 1024], 0, hash, &c), 1);
	}
	for (i = 0; i < n; i++) {
		memcpy(c.serial, &i, sizeof(i));
		hash = hash_of(&c);
		assert_true(
		    shard_put(&shards[hash % 1024], hash, &c, one, sig));
	}
	took = resident() - before;
	print_message("%zu MiB for %zu certificates, %zu octets for each\n",
	    took >> 20, n, took / n);
	assert_true(took / n >= SHARD_ENTRY + 64);
#ifndef __SANITIZE_ADDRESS__
#ifndef __SANITIZE_THREAD__
	assert_true(took / n <= 200);
#endif
#endif
	for (i = 0; i < 1024; i++)
		shard_destroy(&shards[i]);
	free(shards);
}

/* Hashes that fall together: all serials have the same one. */
static void
test_collisions(void **state)
{
	struct status_cert c;
	struct shard_found f;
	struct shard s;
	unsigned i;

	(void)state;
	assert_true(shard_init(&s, key));
	/* The index is made anew with the true hash when it grows, so stay
	   below that: 12 of 16 places. */
	for (i = 0; i < 12; i++) {
		c = cert_no(i);
		assert_int_equal(shard_add(&s, 0, 14 << 16, &c), 1);
		assert_int_equal(shard_add(&s, 0, 14 << 16, &c), 0);
	}
	for (i = 0; i < 12; i++) {
		c = cert_no(i);
		memset(sig, (int)i, sizeof(sig));
		assert_true(shard_put(&s, 14 << 16, &c, one, sig));
		assert_true(shard_find(
		    &s, 14 << 16, c.serial, c.serial_len, &f));
		assert_int_equal(f.signature[5], i);
		batch_free(f.batch);
	}
	c = cert_no(99);
	assert_false(shard_find(&s, 14 << 16, c.serial, c.serial_len, &f));
	shard_destroy(&s);
}

/* Whatever goes, the others stay reachable. */
static void
test_expire(void **state)
{
	struct shard_stats sum = {0, 0, 0};
	struct shard s;
	unsigned i;

	(void)state;
	assert_true(shard_init(&s, key));
	for (i = 0; i < N; i++) {
		/* Scattered: what ends is not what came first. */
		add(&s, i * 7919 % N);
		assert_true(put(&s, i * 7919 % N, one));
	}
	for (unsigned gone = 0; gone <= N; gone += 250) {
		shard_expire(&s, 1000 + gone);
		for (i = 0; i < N; i += 3)
			assert_int_equal(has(&s, i, one), i >= gone);
	}
	shard_count(&s, &sum);
	assert_int_equal(sum.certs, 0);
	assert_int_equal(sum.signed_, 0);
	assert_int_equal(add(&s, 1), 1);
	assert_true(put(&s, 1, one));
	assert_true(has(&s, 1, one));
	shard_destroy(&s);
}

/* A changed status takes the signature away, and what was signed of the
   former is not taken. */
static void
test_change(void **state)
{
	struct status_cert c = cert_no(5), before = c;
	struct shard_found f;
	struct shard s;

	(void)state;
	assert_true(shard_init(&s, key));
	add(&s, 5);
	assert_true(put(&s, 5, one));
	c.state = STATUS_REVOKED;
	c.reason = 1;
	c.revoked_at = 77;
	assert_true(shard_set(&s, hash_of(&c), &c));
	assert_false(has(&s, 5, one));
	assert_false(shard_put(&s, hash_of(&before), &before, one, sig));
	assert_int_equal(add(&s, 5), 0); /* read late: it knows better */
	assert_true(shard_put(&s, hash_of(&c), &c, two, sig));
	assert_true(
	    shard_find(&s, hash_of(&c), c.serial, c.serial_len, &f));
	assert_int_equal(f.cert.state, STATUS_REVOKED);
	assert_int_equal(f.cert.reason, 1);
	assert_int_equal(f.cert.revoked_at, 77);
	batch_free(f.batch);
	/* Released, or revoked for another reason: the same. */
	before = c;
	c.reason = 4;
	assert_true(shard_set(&s, hash_of(&c), &c));
	assert_false(shard_put(&s, hash_of(&before), &before, one, sig));
	shard_destroy(&s);
}

/* One that nobody knew comes by a change, too; a serial that none can have
   does not. */
static void
test_set_new(void **state)
{
	struct status_cert c = cert_no(5);
	struct shard s;

	(void)state;
	assert_true(shard_init(&s, key));
	assert_true(shard_set(&s, hash_of(&c), &c));
	assert_true(put(&s, 5, one));
	assert_true(has(&s, 5, one));
	c.serial_len = 0;
	assert_false(shard_set(&s, hash_of(&c), &c));
	assert_int_equal(shard_add(&s, 0, hash_of(&c), &c), -1);
	shard_destroy(&s);
}

static void
test_epoch(void **state)
{
	struct status_cert c = cert_no(5);
	struct shard s;

	(void)state;
	assert_true(shard_init(&s, key));
	add(&s, 5);
	assert_true(put(&s, 5, one));
	shard_clear(&s, 3);
	assert_false(has(&s, 5, one));
	assert_false(put(&s, 5, one));
	assert_int_equal(shard_add(&s, 2, hash_of(&c), &c), 0);
	assert_int_equal(shard_add(&s, 3, hash_of(&c), &c), 1);
	assert_true(put(&s, 5, one));
	shard_set_epoch(&s, 4);
	assert_true(has(&s, 5, one));
	shard_destroy(&s);
}

/* A delegate with another kind of key: all are to be signed again. */
static void
test_other_length(void **state)
{
	struct shard s;
	unsigned i;

	(void)state;
	assert_true(shard_init(&s, key));
	for (i = 0; i < 100; i++) {
		add(&s, i);
		assert_true(put(&s, i, one));
	}
	assert_true(put(&s, 50, longer));
	for (i = 0; i < 100; i++)
		assert_int_equal(has(&s, i, longer), i == 50);
	for (i = 0; i < 100; i++)
		assert_true(put(&s, i, longer));
	for (i = 0; i < 100; i++)
		assert_true(has(&s, i, longer));
	shard_destroy(&s);
}

static void
test_collect(void **state)
{
	struct status_cert out[7];
	struct shard s;
	size_t cursor = 0, n, sum = 0;
	unsigned i;

	(void)state;
	assert_true(shard_init(&s, key));
	for (i = 0; i < 100; i++)
		add(&s, i);
	for (i = 0; i < 60; i++)
		assert_true(put(&s, i, i < 30 ? one : two));
	while ((n = shard_collect(&s, NULL, &cursor, out, 7)) > 0)
		sum += n;
	assert_int_equal(sum, 40);
	sum = cursor = 0;
	while ((n = shard_collect(&s, one, &cursor, out, 7)) > 0)
		sum += n;
	assert_int_equal(sum, 70);
	shard_destroy(&s);
}

/* ---- readers beside a writer ---- */

struct crowd {
	struct shard s;
	atomic_int stop;
	atomic_ulong found;
};

static void *
reader(void *arg)
{
	struct crowd *c = arg;
	unsigned i = 0;

	while (!atomic_load(&c->stop))
		if (has(&c->s, i++ % 200, one))
			atomic_fetch_add(&c->found, 1);
	return NULL;
}

static void
test_threads(void **state)
{
	struct crowd c = {.stop = 0};
	struct status_cert cert;
	pthread_t t[3];
	unsigned i, round;

	(void)state;
	assert_true(shard_init(&c.s, key));
	for (i = 0; i < 3; i++)
		assert_int_equal(
		    pthread_create(&t[i], NULL, reader, &c), 0);
	for (round = 0; round < 40 || atomic_load(&c.found) < 1000; round++) {
		for (i = 0; i < 200; i++) {
			cert = cert_no(i);
			shard_set(&c.s, hash_of(&cert), &cert);
			put(&c.s, i, one);
		}
		shard_expire(&c.s, 1000 + round % 200);
		if (round % 10 == 9)
			shard_clear(&c.s, round);
	}
	atomic_store(&c.stop, 1);
	for (i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	shard_destroy(&c.s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_growth),
	    cmocka_unit_test(test_octets),
	    cmocka_unit_test(test_many),
	    cmocka_unit_test(test_collisions),
	    cmocka_unit_test(test_expire),
	    cmocka_unit_test(test_change),
	    cmocka_unit_test(test_set_new),
	    cmocka_unit_test(test_epoch),
	    cmocka_unit_test(test_other_length),
	    cmocka_unit_test(test_collect),
	    cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
