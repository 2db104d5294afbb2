#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include "ca/store/backup.h"
#include "tests/unit/ca/store/temp.h"

static char copied[320];

static int
issue(struct store_tx *tx, void *arg)
{
	return temp_issue(tx, arg);
}

static void
add(struct temp *t, unsigned n)
{
	struct cert_row row;

	temp_row(t, &row, n);
	WRITE(t, issue, &row);
}

static int64_t
query(const char *path, const char *sql)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	int64_t n = -1;

	if (sqlite3_open(path, &db) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return n;
}

static struct store *
open_copy(void)
{
	struct store_config cfg = {
	    .path = copied, .mode = STORE_READ, .readers = 1, .now = NOW};
	struct store *s = store_open(&cfg);

	assert_non_null(s);
	return s;
}

/* A reader in the place of another process, beside a living writer. */
static void
copies_beside_a_writer(void **state)
{
	struct temp *t = *state;
	struct store *reader = temp_open(t, STORE_READ), *s;
	char wal[340];
	struct stat st;

	snprintf(copied, sizeof(copied), "%s/copy.db", t->dir);
	add(t, 1);
	add(t, 2);
	assert_non_null(reader);
	assert_int_equal(store_backup(reader, copied), 1);
	add(t, 3);
	assert_int_equal(stat(copied, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	s = open_copy();
	assert_int_equal(store_check(s), 1);
	store_close(s);
	/* It is one file, and stays one when it is read. */
	assert_int_equal(query(copied, "SELECT count(*) FROM certs"), 2);
	snprintf(wal, sizeof(wal), "%s-wal", copied);
	assert_int_equal(access(wal, F_OK), -1);
	snprintf(wal, sizeof(wal), "%s-shm", copied);
	assert_int_equal(access(wal, F_OK), -1);
	/* Not over a file that is there. */
	assert_int_equal(store_backup(reader, copied), 0);
	assert_raised(CA_E_STORE, "store: cannot make ");
	assert_int_equal(query(copied, "SELECT count(*) FROM certs"), 2);
	store_close(reader);
}

static void
leaves_nothing_that_failed(void **state)
{
	struct temp *t = *state;

	snprintf(copied, sizeof(copied), "%s/none/copy.db", t->dir);
	assert_int_equal(store_backup(t->store, copied), 0);
	assert_raised(CA_E_STORE, "store: cannot make ");
	assert_int_equal(access(copied, F_OK), -1);
}

struct writing {
	struct temp *t;
	int stop, failed;
	unsigned n;
};

static void *
write_on(void *arg)
{
	struct writing *w = arg;
	struct cert_row row;

	while (!__atomic_load_n(&w->stop, __ATOMIC_SEQ_CST) && w->n < 5000) {
		temp_row(w->t, &row, ++w->n);
		if (!store_write(w->t->store, issue, &row, 0))
			w->failed = 1;
	}
	return NULL;
}

/* One moment: each certificate has its octets, and nothing is between. */
static void
copies_one_moment(void **state)
{
	struct writing w = {.t = *state};
	struct store *reader = temp_open(w.t, STORE_READ);
	int64_t last = -1, n;
	pthread_t thread;
	int i;

	assert_non_null(reader);
	snprintf(copied, sizeof(copied), "%s/copy.db", w.t->dir);
	assert_int_equal(pthread_create(&thread, NULL, write_on, &w), 0);
	for (i = 0; i < 5; i++) {
		assert_int_equal(store_backup(reader, copied), 1);
		assert_int_equal(query(copied,
		    "SELECT (SELECT count(*) FROM certs) -"
		    " (SELECT count(*) FROM cert_der)"), 0);
		n = query(copied, "SELECT count(*) FROM certs");
		assert_true(n >= last);
		last = n;
		assert_int_equal(unlink(copied), 0);
	}
	__atomic_store_n(&w.stop, 1, __ATOMIC_SEQ_CST);
	pthread_join(thread, NULL);
	assert_int_equal(w.failed, 0);
	store_close(reader);
}

static void
finds_damage(void **state)
{
	struct temp *t = *state;
	int64_t page, size;
	struct store *s;
	int fd;

	add(t, 1);
	snprintf(copied, sizeof(copied), "%s/copy.db", t->dir);
	assert_int_equal(store_backup(t->store, copied), 1);
	assert_int_equal(store_check(t->store), 1);
	/* A certificate of nobody. */
	query(copied, "INSERT INTO cert_der VALUES (99, x'00')");
	s = open_copy();
	assert_int_equal(store_check(s), 0);
	assert_raised(CA_E_STORE,
	    "store.damaged: row 99 of cert_der refers to no row of certs");
	store_close(s);
	/* A page that the disk has lost. */
	assert_int_equal(unlink(copied), 0);
	assert_int_equal(store_backup(t->store, copied), 1);
	page = query(copied, "SELECT rootpage FROM sqlite_schema"
			     " WHERE name = 'certs_device'");
	size = query(copied, "PRAGMA page_size");
	assert_true(page > 1 && size >= 512);
	fd = open(copied, O_WRONLY);
	assert_int_equal(pwrite(fd, "\0\0\0\0", 4, (page - 1) * size), 4);
	close(fd);
	s = open_copy();
	assert_int_equal(store_check(s), 0);
	assert_raised(CA_E_STORE, "store.damaged: ");
	store_close(s);
}

#define T(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(copies_beside_a_writer),
	    T(leaves_nothing_that_failed),
	    T(copies_one_moment),
	    T(finds_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
