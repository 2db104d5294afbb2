#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "ca/store/backup.h"
#include "ca/store/private.h"

static int
copy_pages(sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");

	if (b == NULL)
		return sql_raise(to, "backup");
	/* All in one step: between two the snapshot would be let go. */
	(void)sqlite3_backup_step(b, -1);
	if (sqlite3_backup_finish(b) == SQLITE_OK)
		return 1;
	return sql_raise(to, "backup");
}

static int
copy(struct store_tx *tx, void *arg)
{
	const char *path = arg;
	sqlite3 *to = NULL;
	int ok, flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
	    SQLITE_OPEN_EXRESCODE;

	ok = sqlite3_open_v2(path, &to, flags, NULL) == SQLITE_OK ||
	    sql_raise(to, "open");
	ok = ok && copy_pages(tx->conn->db, to);
	if (sqlite3_close(to) != SQLITE_OK && ok)
		ok = sql_raise(to, "close");
	return ok;
}

/* Its header says WAL, as the store's does; without, whoever reads it leaves no
   files beside it. */
static int
end_wal(const char *path)
{
	struct sql_conn c = {.db = NULL};
	int off = 0, ok;

	ok = sql_conn_write(&c, path);
	if (ok)
		sqlite3_file_control(c.db, NULL, SQLITE_FCNTL_PERSIST_WAL,
		    &off);
	ok = ok && sql_conn_exec(&c, "PRAGMA journal_mode = DELETE");
	sql_conn_close(&c);
	return ok;
}

int
store_backup(struct store *store, const char *to)
{
	int fd = open(to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char journal[PATH_MAX + 16];

	if (fd == -1) {
		ERR_raise_data(ERR_LIB_SYS, errno, "make %s", to);
		ca_raise(CA_E_STORE, "store: cannot make %s", to);
		return 0;
	}
	close(fd);
	if (store_read(store, copy, (void *)to) && end_wal(to))
		return 1;
	snprintf(journal, sizeof(journal), "%s-journal", to);
	unlink(to);
	unlink(journal);
	return 0;
}

static int
damaged(const char *what)
{
	ca_raise(CA_E_STORE, "store.damaged: %s", what);
	return 0;
}

static int
check_pages(struct store_tx *tx)
{
	struct sql *s = sql_open_once(tx, "PRAGMA integrity_check(1)");
	char text[256] = "";
	int found = s == NULL ? -1 : sql_step(s);

	if (found == 1)
		sql_text(s, 0, text, sizeof(text));
	sql_close(s);
	if (found < 0)
		return damaged("it cannot be read to its end");
	return strcmp(text, "ok") == 0 || damaged(text);
}

static int
check_references(struct store_tx *tx)
{
	struct sql *s = sql_open_once(tx, "PRAGMA foreign_key_check");
	char text[256], from[64] = "", to[64] = "";
	int found = s == NULL ? -1 : sql_step(s);
	int64_t row = 0;

	if (found == 1) {
		sql_text(s, 0, from, sizeof(from));
		row = sql_int(s, 1);
		sql_text(s, 2, to, sizeof(to));
	}
	sql_close(s);
	if (found < 0)
		return damaged("its references cannot be read");
	if (found == 0)
		return 1;
	snprintf(text, sizeof(text), "row %lld of %s refers to no row of %s",
	    (long long)row, from, to);
	return damaged(text);
}

static int
check(struct store_tx *tx, void *arg)
{
	(void)arg;
	return check_pages(tx) && check_references(tx);
}

int
store_check(struct store *store)
{
	return store_read(store, check, NULL);
}
