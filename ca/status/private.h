#ifndef INKAN_CA_STATUS_PRIVATE_H
#define INKAN_CA_STATUS_PRIVATE_H

#include <sqlite3.h>

#include "ca/error.h"
#include "ca/status/status.h"

/* What writer and reader share. */

#define STATUS_FORMAT 1

/* A connection and its statements, prepared when first used. */
struct status_db {
	sqlite3 *db;
	const char *const *texts; /* one for each statement */
	sqlite3_stmt **stmts;
	int n;
};

/* Opens ${name} (a URI when ${flags} says so). 1, or 0 raised; to be closed in
   both cases. */
int status_db_open(struct status_db *d, const char *name, int flags);
void status_db_close(struct status_db *d);
int status_db_exec(struct status_db *d, const char *text);
/* Statement ${i}, reset; NULL raised. */
sqlite3_stmt *status_db_get(struct status_db *d, int i);
/* 1 a row, 0 the end, -1 raised. */
int status_db_step(struct status_db *d, sqlite3_stmt *st);
/* To the end, then reset: 1, or 0 raised. NULL is 0. */
int status_db_run(struct status_db *d, sqlite3_stmt *st);
int status_db_raise(struct status_db *d, const char *what); /* 0 */
/* Is it a status.db of a format that we know? */
int status_db_check(struct status_db *d, const char *path);

#define STATUS_HEAD_SELECT                                                     \
	"SELECT heartbeat, change, generation, stopped FROM head"
void status_db_head(sqlite3_stmt *row, struct status_head *out);

#endif
