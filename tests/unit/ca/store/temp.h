#ifndef INKAN_TESTS_STORE_TEMP_H
#define INKAN_TESTS_STORE_TEMP_H

/* A store of its own for each test, in a folder under $TMPDIR. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/store/certs.h"
#include "ca/store/private.h"
#include "ca/store/records.h"
#include "ca/store/store.h"

#define NOW INT64_C(1795000000)

struct temp {
	char dir[256];
	char path[300];
	struct store *store;
	int64_t issuer;
};

static inline struct store *
temp_open(struct temp *t, enum store_mode mode)
{
	struct store_config cfg = {
	    .path = t->path, .mode = mode, .readers = 2, .now = NOW};

	return store_open(&cfg);
}

static inline int
temp_add_issuer(struct store_tx *tx, void *arg)
{
	struct temp *t = arg;
	struct issuer_row row = {.name = "devices",
	    .generation = 1,
	    .ident = "devices-g1",
	    .state = ISSUER_ACTIVE,
	    .key_uri = "pkcs11:object=devices",
	    .not_after = NOW + 1000,
	    .cert = (unsigned char *)"certificate",
	    .cert_len = 11};
	int ok = issuers_add(tx, &row);

	t->issuer = row.id;
	return ok;
}

static inline int
temp_make(void **state)
{
	struct temp *t = calloc(1, sizeof(*t));
	const char *base = getenv("TMPDIR");

	snprintf(t->dir, sizeof(t->dir), "%s/inkan-store-XXXXXX",
	    base != NULL ? base : "/tmp");
	if (mkdtemp(t->dir) == NULL)
		return -1;
	snprintf(t->path, sizeof(t->path), "%s/store.db", t->dir);
	t->store = temp_open(t, STORE_CREATE);
	*state = t;
	return t->store != NULL && store_write(t->store, temp_add_issuer, t, 0)
	    ? 0
	    : -1;
}

static inline int
temp_remove(void **state)
{
	struct temp *t = *state;
	char cmd[300];

	store_close(t->store);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", t->dir);
	if (system(cmd) != 0)
		return -1;
	free(t);
	ERR_clear_error();
	return 0;
}

/* The outermost words on the queue begin with ${text}; then it is empty. */
static inline void
assert_raised(int reason, const char *text)
{
	char last[512];

	report_last_text(last, sizeof(last));
	if (report_last_reason() != reason ||
	    strncmp(last, text, strlen(text)) != 0)
		fail_msg("raised %d \"%s\", expected %d \"%s\"",
		    report_last_reason(), last, reason, text);
	ERR_clear_error();
}

/* Row number ${n}: serial, key and hashes follow from it. */
static inline void
temp_row(const struct temp *t, struct cert_row *row, unsigned int n)
{
	memset(row, 0, sizeof(*row));
	row->issuer = t->issuer;
	row->serial_len = 20;
	memset(row->serial, 0x41, 20);
	memcpy(row->serial + 16, &(uint32_t){__builtin_bswap32(n)}, 4);
	memset(row->spki_sha256, 0x42, 32);
	memcpy(row->spki_sha256, &n, sizeof(n));
	memset(row->tbs_sha256, 0x43, 32);
	row->not_before = NOW;
	row->not_after = NOW + 86400;
	snprintf(row->subject, sizeof(row->subject), "CN=device %u", n);
	snprintf(row->profile, sizeof(row->profile), "device-ldevid");
	snprintf(row->fleet, sizeof(row->fleet), "demo");
	snprintf(row->device, sizeof(row->device), "device-%u", n);
	snprintf(row->requester, sizeof(row->requester), "ra");
	row->policy_version = 1;
	row->reserved_at = NOW;
}

/* Reserved and recorded inside the caller's transaction. */
static inline int
temp_issue(struct store_tx *tx, struct cert_row *row)
{
	char der[600];

	snprintf(der, sizeof(der), "DER %s %02x%02x%02x%02x", row->subject,
	    row->serial[16], row->serial[17], row->serial[18], row->serial[19]);
	return certs_reserve(tx, row) &&
	    certs_record(tx, row->id, (unsigned char *)der, strlen(der), NOW);
}

/*
 * RUN(f): a function full of assertions, in a transaction of the writer's
 * connection but on the test's own thread (the writer sleeps: nothing else is
 * going on), so that cmocka can tell which of them failed. WRITE(f) goes the
 * proper way and must be committed; READ(f) must say 1.
 */
#define RUN(t, fn, arg) assert_true(temp_run((t)->store, fn, arg))
#define WRITE(t, fn, arg) assert_true(write_or_say((t)->store, fn, arg))
#define READ(t, fn, arg) assert_int_equal(store_read((t)->store, fn, arg), 1)

static inline int
temp_run(struct store *s, store_fn *fn, void *arg)
{
	struct store_tx tx = {
	    .store = s, .conn = &s->writer.conn, .writing = 1};

	return sql_run(&tx, "BEGIN IMMEDIATE", "") && fn(&tx, arg) &&
	    sql_run(&tx, "COMMIT", "");
}

static inline int
write_or_say(struct store *s, store_fn *fn, void *arg)
{
	char text[1024];

	if (store_write(s, fn, arg, 0))
		return 1;
	report_trace(text, sizeof(text));
	print_error("%s\n", text);
	return 0;
}

#endif
