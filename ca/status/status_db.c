#include <stdio.h>
#include <string.h>
#include "ca/status/private.h"

#define BUSY_MS 3000

int
status_db_raise(struct status_db *d, const char *what)
{
	ca_raise(CA_E_STORE, "status.db: %s: %s", what,
	    d->db == NULL ? "out of memory" : sqlite3_errmsg(d->db));
	return 0;
}

int
status_db_exec(struct status_db *d, const char *text)
{
	return sqlite3_exec(d->db, text, NULL, NULL, NULL) == SQLITE_OK ||
	    status_db_raise(d, "SQL");
}

int
status_db_open(struct status_db *d, const char *name, int flags)
{
	int keep = 1;

	flags |= SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	if (sqlite3_open_v2(name, &d->db, flags, NULL) != SQLITE_OK)
		return status_db_raise(d, name);
	sqlite3_busy_timeout(d->db, BUSY_MS);
	/* A read-only reader needs the WAL after the writer has gone. */
	sqlite3_file_control(d->db, NULL, SQLITE_FCNTL_PERSIST_WAL, &keep);
	sqlite3_db_config(d->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(d->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	return 1;
}

void
status_db_close(struct status_db *d)
{
	int i;

	for (i = 0; i < d->n; i++) {
		sqlite3_finalize(d->stmts[i]);
		d->stmts[i] = NULL;
	}
	sqlite3_close(d->db);
	d->db = NULL;
}

sqlite3_stmt *
status_db_get(struct status_db *d, int i)
{
	sqlite3_stmt **st = &d->stmts[i];

	if (*st != NULL)
		sqlite3_reset(*st);
	else if (sqlite3_prepare_v3(d->db, d->texts[i], -1,
		     SQLITE_PREPARE_PERSISTENT, st, NULL) != SQLITE_OK)
		status_db_raise(d, "prepare");
	return *st;
}

int
status_db_step(struct status_db *d, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc == SQLITE_DONE)
		return 0;
	status_db_raise(d, "step");
	return -1;
}

int
status_db_run(struct status_db *d, sqlite3_stmt *st)
{
	int rc = -1;

	while (st != NULL && (rc = status_db_step(d, st)) == 1)
		;
	sqlite3_reset(st);
	return rc == 0;
}

int
status_db_check(struct status_db *d, const char *path)
{
	sqlite3_stmt *st = NULL;
	int rc, format = 0;

	rc =
	    sqlite3_prepare_v2(d->db, "SELECT format FROM head", -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		format = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	if (rc == SQLITE_ROW && format == STATUS_FORMAT)
		return 1;
	if (rc == SQLITE_ROW)
		ca_raise(CA_E_STORE,
		    "%s: status.db of format %d, this program "
		    "knows %d",
		    path, format, STATUS_FORMAT);
	else if ((rc & 0xff) == SQLITE_ERROR || (rc & 0xff) == SQLITE_NOTADB ||
	    rc == SQLITE_DONE)
		ca_raise(CA_E_STORE, "%s: not a status.db", path);
	else
		status_db_raise(d, path);
	return 0;
}

void
status_db_head(sqlite3_stmt *row, struct status_head *out)
{
	const unsigned char *stopped = sqlite3_column_text(row, 3);

	memset(out, 0, sizeof(*out));
	out->heartbeat = sqlite3_column_int64(row, 0);
	out->change = sqlite3_column_int64(row, 1);
	out->generation = sqlite3_column_int64(row, 2);
	snprintf(out->stopped, sizeof(out->stopped), "%s",
	    stopped == NULL ? "" : (const char *)stopped);
}
