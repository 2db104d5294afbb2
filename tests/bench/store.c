/*
 * Ratio 3, second half: the store alone. What a certificate costs there
 * (reserve + log entry, record + log entry: two durable writes), with 16 callers
 * and with 1. Alternating rounds.
 *
 * usage: store [certificates in a round]
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <openssl/rand.h>
#include "ca/report/report.h"
#include "ca/store/certs.h"
#include "ca/store/records.h"
#include "ca/store/store.h"

#define ROUNDS 5
#define CALLERS 16
#define NOW INT64_C(1795000000)

struct bench {
	struct store *store;
	int64_t issuer;
	size_t each;
};

struct cert {
	struct cert_row row;
	unsigned char der[700];
};

static int
entry(struct store_tx *tx, const char *kind, const struct cert_row *row)
{
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = l != NULL && field_add_text(l, "issuer", "devices-g1") &&
	    field_add_bytes(l, "serial", row->serial, row->serial_len) &&
	    field_add_bytes(l, "tbs_sha256", row->tbs_sha256, 32) &&
	    field_add_text(l, "profile", row->profile) &&
	    field_add_text(l, "subject", row->subject) &&
	    field_add_text(l, "device", row->device) &&
	    entries_append(tx, kind, NOW, l, NULL);
	field_list_free(l);
	return ok;
}

static int
reserve(struct store_tx *tx, void *arg)
{
	struct cert *c = arg;

	return certs_reserve(tx, &c->row) &&
	    entry(tx, "issue.reserved", &c->row);
}

static int
record(struct store_tx *tx, void *arg)
{
	struct cert *c = arg;

	return certs_record(tx, c->row.id, c->der, sizeof(c->der), NOW) &&
	    entry(tx, "issue.recorded", &c->row);
}

static void
die(void)
{
	report_fatal("store");
	exit(1);
}

static void *
caller(void *arg)
{
	const struct bench *b = arg;
	struct cert c;
	size_t i;

	for (i = 0; i < b->each; i++) {
		memset(&c, 0, sizeof(c));
		c.row.issuer = b->issuer;
		c.row.serial_len = 20;
		if (RAND_bytes(c.row.serial, 20) != 1 ||
		    RAND_bytes(c.row.spki_sha256, 32) != 1 ||
		    RAND_bytes(c.der, sizeof(c.der)) != 1)
			die();
		snprintf(c.row.subject, sizeof(c.row.subject),
		    "CN=device %02x%02x%02x, O=Example", c.row.serial[1],
		    c.row.serial[2], c.row.serial[3]);
		snprintf(c.row.device, sizeof(c.row.device), "device %02x%02x",
		    c.row.serial[1], c.row.serial[2]);
		snprintf(c.row.profile, sizeof(c.row.profile), "device");
		snprintf(c.row.fleet, sizeof(c.row.fleet), "devices");
		c.row.not_after = NOW + 86400;
		if (!store_write(b->store, reserve, &c, 0) ||
		    !store_write(b->store, record, &c, 0))
			die();
	}
	return NULL;
}

/* Certificates per second. */
static double
measure(struct bench *b, size_t total, int callers)
{
	pthread_t thread[CALLERS];
	struct timespec a, z;
	int i;

	b->each = total / (size_t)callers;
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (i = 0; i < callers; i++)
		if (pthread_create(&thread[i], NULL, caller, b) != 0)
			exit(1);
	for (i = 0; i < callers; i++)
		pthread_join(thread[i], NULL);
	clock_gettime(CLOCK_MONOTONIC, &z);
	return (double)(b->each * (size_t)callers) /
	    ((double)(z.tv_sec - a.tv_sec) +
		(double)(z.tv_nsec - a.tv_nsec) / 1e9);
}

static int
add_issuer(struct store_tx *tx, void *arg)
{
	struct issuer_row row = {.name = "devices",
	    .generation = 1,
	    .ident = "devices-g1",
	    .state = ISSUER_ACTIVE,
	    .cert = (unsigned char *)"certificate",
	    .cert_len = 11};
	int ok = issuers_add(tx, &row);

	((struct bench *)arg)->issuer = row.id;
	return ok;
}

int
main(int argc, char **argv)
{
	size_t n = argc > 1 ? (size_t)atol(argv[1]) : 1600;
	const char *base = getenv("TMPDIR");
	double many;
	char dir[256], path[300], cmd[300];
	struct store_config cfg = {
	    .path = path, .mode = STORE_CREATE, .now = NOW};
	struct bench b = {0};
	int i;

	snprintf(dir, sizeof(dir), "%s/inkan-bench-XXXXXX",
	    base != NULL ? base : "/tmp");
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/store.db", dir);
	b.store = store_open(&cfg);
	if (b.store == NULL || !store_write(b.store, add_issuer, &b, 0))
		die();
	for (i = 0; i < ROUNDS; i++) {
		many = measure(&b, n, CALLERS);
		printf("pair 3b %.0f %.0f\n", many, measure(&b, n / 4, 1));
	}
	store_close(b.store);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	if (system(cmd) != 0)
		return 1;
	return 0;
}
