#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/file.h>
#include "tests/unit/ca/store/temp.h"

static int
set_key(struct store_tx *tx, void *arg)
{
	return store_meta_set(tx, arg, "1");
}

static int
has_key(struct store_tx *tx, void *arg)
{
	char value[8];

	return store_meta_get(tx, arg, value, sizeof(value)) + 10;
}

#define HAS(s, key) (store_read(s, has_key, (void *)(key)) == 11)

static void
refuse_open(struct temp *t, enum store_mode mode, const char *text)
{
	assert_null(temp_open(t, mode));
	assert_raised(CA_E_STORE, text);
}

static void
keeps_over_a_restart(void **state)
{
	struct temp *t = *state;
	struct stat st;

	WRITE(t, set_key, (void *)"a");
	store_close(t->store);
	assert_int_equal(stat(t->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	t->store = temp_open(t, STORE_WRITE);
	assert_non_null(t->store);
	assert_true(HAS(t->store, "a"));
	store_close(NULL);
}

static void
creates_once(void **state)
{
	struct temp *t = *state;
	char text[400];

	store_close(t->store);
	t->store = NULL;
	snprintf(text, sizeof(text), "%s: exists already", t->path);
	refuse_open(t, STORE_CREATE, text);
	/* Half a store of one that was killed while making it is no store. */
	unlink(t->path);
	snprintf(text, sizeof(text), "%s.new", t->path);
	close(open(text, O_CREAT | O_WRONLY, 0600));
	t->store = temp_open(t, STORE_CREATE);
	assert_non_null(t->store);
	assert_int_equal(access(text, F_OK), -1);
}

/* A store whose WAL still lies there must not be made anew over it. */
static void
refuses_the_wal_of_another(void **state)
{
	struct temp *t = *state;
	char wal[320];
	FILE *f;

	store_close(t->store);
	t->store = NULL;
	assert_int_equal(unlink(t->path), 0);
	snprintf(wal, sizeof(wal), "%s-wal", t->path);
	f = fopen(wal, "w");
	fputs("frames", f);
	fclose(f);
	refuse_open(t, STORE_CREATE, wal);
	assert_int_equal(access(wal, F_OK), 0);
	assert_int_equal(truncate(wal, 0), 0);
	t->store = temp_open(t, STORE_CREATE);
	assert_non_null(t->store);
}

static void
refuses_what_is_no_store(void **state)
{
	struct temp *t = *state;
	char text[400];
	FILE *f;

	store_close(t->store);
	t->store = NULL;
	unlink(t->path);
	snprintf(text, sizeof(text), "store: cannot open %s", t->path);
	refuse_open(t, STORE_WRITE, text);
	refuse_open(t, STORE_READ, text);
	f = fopen(t->path, "w");
	fprintf(f, "%4096s", "this is no database");
	fclose(f);
	refuse_open(t, STORE_WRITE, t->path);
	refuse_open(t, STORE_READ, t->path);
	assert_int_equal(truncate(t->path, 0), 0);
	snprintf(text, sizeof(text), "%s: not a store of Inkan", t->path);
	refuse_open(t, STORE_WRITE, text);
	refuse_open(t, STORE_READ, text);
}

static void
has_one_writer(void **state)
{
	struct temp *t = *state;
	struct store *reader;
	char text[400];

	snprintf(text, sizeof(text), "%s: another process has this store open",
	    t->path);
	refuse_open(t, STORE_WRITE, text);
	reader = temp_open(t, STORE_READ);
	assert_non_null(reader);
	WRITE(t, set_key, (void *)"a");
	assert_true(HAS(reader, "a"));
	assert_false(store_write(reader, set_key, (void *)"b", 0));
	assert_raised(CA_E_STORE, t->path);
	store_close(reader);
}

struct gate {
	struct store *store;
	pthread_t thread;
	int64_t seen;
};

static int
count_entries(struct store_tx *tx, void *arg)
{
	return entries_count(tx, arg);
}

static void *
read_often(void *arg)
{
	struct gate *g = arg;
	int64_t n;
	int i;

	for (i = 0; i < 200; i++) {
		if (!store_read(g->store, count_entries, &n) || n < g->seen)
			return NULL;
		g->seen = n;
	}
	return g;
}

static int
append(struct store_tx *tx, void *arg)
{
	WIRE_FIELDS *l = field_list_new();
	int ok = entries_append(tx, "start", NOW, l, NULL);

	(void)arg;
	field_list_free(l);
	return ok;
}

/* Eight readers on two connections, beside the writer. */
static void
reads_beside_the_writer(void **state)
{
	struct temp *t = *state;
	struct gate g[8] = {0};
	void *end;
	int i;

	for (i = 0; i < 8; i++) {
		g[i].store = t->store;
		pthread_create(&g[i].thread, NULL, read_often, &g[i]);
	}
	for (i = 0; i < 100; i++)
		WRITE(t, append, NULL);
	for (i = 0; i < 8; i++) {
		pthread_join(g[i].thread, &end);
		assert_ptr_equal(end, &g[i]);
	}
}

struct looking {
	struct temp *t;
	int64_t before, after;
};

static void *
write_one(void *arg)
{
	return store_write(arg, append, NULL, 0) ? arg : NULL;
}

/* Another thread commits while we look. */
static int
look_twice(struct store_tx *tx, void *arg)
{
	struct looking *l = arg;
	pthread_t thread;
	void *end = NULL;

	if (!entries_count(tx, &l->before) ||
	    pthread_create(&thread, NULL, write_one, l->t->store) != 0)
		return 0;
	pthread_join(thread, &end);
	return end != NULL && entries_count(tx, &l->after);
}

static int
write_inside(struct store_tx *tx, void *arg)
{
	(void)tx;
	return store_write(((struct temp *)arg)->store, append, NULL, 0);
}

static void
reads_a_snapshot(void **state)
{
	struct looking l = {.t = *state};
	int64_t now = 0;

	READ(l.t, look_twice, &l);
	assert_int_equal(l.before, 0);
	assert_int_equal(l.after, 0);
	READ(l.t, count_entries, &now);
	assert_int_equal(now, 1);
	assert_int_equal(store_read(l.t->store, write_inside, l.t), 0);
	assert_raised(CA_E_INTERNAL, "store: write inside");
}

/* What a killed writer left is read without a writer, and opened again. */
static void
reads_after_a_crash(void **state)
{
	struct temp *t = *state;
	struct store *s;
	int status;
	pid_t pid;

	store_close(t->store);
	t->store = NULL;
	if ((pid = fork()) == 0) {
		s = temp_open(t, STORE_WRITE);
		if (s != NULL && store_write(s, set_key, (void *)"late", 0))
			raise(SIGKILL);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status));
	s = temp_open(t, STORE_READ);
	assert_non_null(s);
	assert_true(HAS(s, "late"));
	t->store = temp_open(t, STORE_WRITE);
	assert_non_null(t->store);
	WRITE(t, set_key, (void *)"later");
	assert_true(HAS(s, "later"));
	store_close(s);
}

/* In a child that may only read: 0 when it sees ${key}. */
static int
as_stranger(struct temp *t, const char *key)
{
	struct store *s;
	int status = -1;
	pid_t pid;

	if ((pid = fork()) == 0) {
		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(2);
		if ((s = temp_open(t, STORE_READ)) == NULL)
			_exit(3);
		_exit(HAS(s, key) ? 0 : 4);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
reads_as_another_user(void **state)
{
	struct temp *t = *state;
	char file[400];

	if (getuid() != 0)
		skip();
	store_close(t->store);
	assert_int_equal(chmod(t->dir, 0755), 0);
	assert_int_equal(chmod(t->path, 0644), 0);
	/* The WAL takes its mode from the store when it is made. */
	snprintf(file, sizeof(file), "%s-wal", t->path);
	unlink(file);
	snprintf(file, sizeof(file), "%s-shm", t->path);
	unlink(file);
	t->store = temp_open(t, STORE_WRITE);
	WRITE(t, set_key, (void *)"a");
	assert_int_equal(as_stranger(t, "a"), 0);
	store_close(t->store);
	t->store = NULL;
	assert_int_equal(as_stranger(t, "a"), 0);
	/* A copy that came without its WAL, in a folder that is not ours. */
	unlink(file);
	snprintf(file, sizeof(file), "%s-wal", t->path);
	unlink(file);
	assert_int_equal(as_stranger(t, "a"), 0);
	assert_int_equal(access(file, F_OK), -1);
	close(open(file, O_CREAT | O_WRONLY, 0644)); /* empty, no -shm */
	assert_int_equal(as_stranger(t, "a"), 0);
	assert_int_equal(chmod(t->path, 0600), 0);
	assert_int_equal(as_stranger(t, "a"), 3);
}

static void
notices_a_wal_that_appears(void **state)
{
	struct temp *t = *state;
	struct store *s;
	char file[400];

	store_close(t->store);
	snprintf(file, sizeof(file), "%s-wal", t->path);
	unlink(file);
	s = temp_open(t, STORE_READ);
	assert_non_null(s);
	assert_false(HAS(s, "a"));
	t->store = temp_open(t, STORE_WRITE);
	WRITE(t, set_key, (void *)"a");
	assert_true(HAS(s, "a"));
	store_close(s);
}

/* A path whose characters mean something in a URI. */
static void
opens_odd_paths(void **state)
{
	struct temp *t = *state;
	char wal[400];

	store_close(t->store);
	snprintf(t->path, sizeof(t->path), "%s/a %%41?b#c&d.db", t->dir);
	t->store = temp_open(t, STORE_CREATE);
	assert_non_null(t->store);
	WRITE(t, set_key, (void *)"a");
	store_close(t->store);
	snprintf(wal, sizeof(wal), "%s-wal", t->path);
	unlink(wal);
	t->store = temp_open(t, STORE_READ);
	assert_non_null(t->store);
	assert_true(HAS(t->store, "a"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, temp_make, temp_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(keeps_over_a_restart),
	    T(creates_once),
	    T(refuses_the_wal_of_another),
	    T(refuses_what_is_no_store),
	    T(has_one_writer),
	    T(reads_beside_the_writer),
	    T(reads_a_snapshot),
	    T(reads_after_a_crash),
	    T(reads_as_another_user),
	    T(notices_a_wal_that_appears),
	    T(opens_odd_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
