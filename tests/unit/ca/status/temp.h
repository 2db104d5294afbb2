#ifndef INKAN_TESTS_STATUS_TEMP_H
#define INKAN_TESTS_STATUS_TEMP_H

/* A status.db of its own for each test. */

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
#include <openssl/err.h>
#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/status/status.h"

#define NOW INT64_C(1795000000)

struct temp {
	char dir[256];
	char path[300];
	struct status_writer *w;
	struct status_reader *r;
};

static inline int
temp_make(void **state)
{
	struct temp *t = calloc(1, sizeof(*t));
	const char *base = getenv("TMPDIR");

	snprintf(t->dir, sizeof(t->dir), "%s/inkan-status-XXXXXX",
	    base != NULL ? base : "/tmp");
	if (mkdtemp(t->dir) == NULL)
		return -1;
	snprintf(t->path, sizeof(t->path), "%s/status.db", t->dir);
	t->w = status_writer_open(t->path);
	t->r = status_reader_open(t->path);
	*state = t;
	return t->w != NULL && t->r != NULL ? 0 : -1;
}

static inline int
temp_remove(void **state)
{
	struct temp *t = *state;
	char cmd[300];

	status_reader_close(t->r);
	status_writer_close(t->w);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", t->dir);
	if (system(cmd) != 0)
		return -1;
	free(t);
	ERR_clear_error();
	return 0;
}

static inline void
temp_cert(struct status_cert *c, unsigned char n)
{
	memset(c, 0, sizeof(*c));
	c->issuer = 1;
	c->serial_len = 20;
	memset(c->serial, n, 20);
	c->state = STATUS_GOOD;
	c->reason = -1;
	c->not_after = NOW + 1000;
	c->change = n;
}

/* Certificate ${n}, put and committed as change ${n}. */
static inline int
temp_put(struct status_writer *w, unsigned char n, enum status_state state)
{
	struct status_cert c;

	temp_cert(&c, n);
	c.state = state;
	if (state == STATUS_REVOKED) {
		c.reason = 1;
		c.revoked_at = NOW;
	}
	return status_begin(w) && status_put_cert(w, &c) &&
	    status_commit(w, n, NOW + n);
}

/* State of certificate ${n} as the reader sees it; 0 when it is not there, -1
   when it cannot be asked. */
static inline int
temp_state(struct status_reader *r, unsigned char n)
{
	struct status_cert want, c;
	int found;

	temp_cert(&want, n);
	found = status_reader_find(r, 1, want.serial, 20, &c);
	return found == 1 ? (int)c.state : found;
}

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

#endif
