#include <sys/wait.h>
#include "tests/unit/ca/engine/live.h"

/* A ceremony on an instance that was killed is resumed: each key and certificate
   is there once. (Through the programs: tests/integration/ceremony_resume.sh.) */

static int kill_at;

static void
count_down(const char *line)
{
	(void)line;
	if (--kill_at == 0)
		_exit(9);
}

static void
killed(struct world *w, const char *text, int at)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		kill_at = at;
		_exit(live_run_at(w, "intermediate", text, 0, w->now,
		    count_down) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 9);
}

static int
resume(struct world *w)
{
	struct ceremony_how how = {.resume = 1};
	char path[256];
	struct ceremony_file *f;
	int ok;

	snprintf(path, sizeof(path), "%s/live.conf", w->dir);
	live_said[0] = '\0';
	f = ceremony_read(path);
	ok = f != NULL && ceremony_run(f, w->settings, &how, w->now,
	    live_listen);
	OPENSSL_free(f);
	return ok;
}

#define MORE LIVE_ROOT_SIGNS LIVE_URL \
	"issuers = ( { name = \"more\"; set = [ \"cn=More\" ]; } );"

static void
each_once(void **state)
{
	struct world *w = *state;
	int at, n, keys = live_keys(w, "ca");

	for (at = 2; at <= 4; at++) {
		killed(w, MORE, at);
		assert_int_equal(live_keys(w, "ca"), keys + 1);
		if (!resume(w))
			report_fatal("resume");
		assert_int_equal(live_keys(w, "ca"), keys + 1);
		assert_int_equal(live_issuer(w, "more-g1", &n), ISSUER_ACTIVE);
		assert_int_equal(n, 5);
		assert_non_null(strstr(live_said, "goes on with the"));
		world_down(w);
		free(w);
		assert_int_equal(live_setup(state), 0);
		w = *state;
	}
}

static void
refused(void **state)
{
	struct world *w = *state;
	char trace[2048];

	assert_false(resume(w));
	ERR_clear_error();
	killed(w, MORE, 2);
	/* The very same text, but for a remark. */
	world_sh("echo '# later' >>%s/live.conf", w->dir);
	assert_false(resume(w));
	report_trace(trace, sizeof(trace));
	assert_non_null(strstr(trace, "resume.file"));
	ERR_clear_error();
	assert_int_equal(live_issuer(w, "more-g1", NULL), -1);
}

static int
last(const struct cert_row *row, void *arg)
{
	*(int64_t *)arg = row->id;
	return 1;
}

static int
revoke_last_tx(struct store_tx *tx, void *arg)
{
	struct cert_filter f = {.limit = 1000};
	int64_t id = 0;

	(void)arg;
	return certs_list(tx, &f, last, &id) &&
	    certs_set_state(tx, id, CERT_REVOKED, 5, 1);
}

/* A rollback had begun: what it revoked is put into use by nobody. */
static void
not_what_is_revoked(void **state)
{
	struct world *w = *state;
	struct store_config cfg = {.mode = STORE_WRITE, .now = w->now};
	struct store *store;
	char path[256], trace[2048];

	killed(w, MORE, 4);
	snprintf(path, sizeof(path), "%s/store.db", w->dir);
	cfg.path = path;
	store = store_open(&cfg);
	assert_non_null(store);
	assert_true(store_write(store, revoke_last_tx, NULL, 0));
	store_close(store);
	assert_false(resume(w));
	report_trace(trace, sizeof(trace));
	assert_non_null(strstr(trace, "resume.revoked"));
	ERR_clear_error();
	assert_int_equal(live_issuer(w, "more-g1", NULL), -1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, live_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(each_once),
	    T(refused),
	    T(not_what_is_revoked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
