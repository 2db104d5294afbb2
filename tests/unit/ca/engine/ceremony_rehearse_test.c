#include "tests/unit/ca/engine/live.h"

/* A rehearsal opens no token of ours and changes nothing. (Its transcript
   against the real one: tests/integration/ceremony_dry_run.sh.) */

static int
rehearse(struct world *w, const char *kind, const char *text,
    const char *module)
{
	struct ceremony_how how = {0};
	char file[16384], path[256];
	struct ceremony_file *f;
	int ok;

	snprintf(file, sizeof(file), "kind = \"%s\"; config = "
	    "\"engine.conf\"; transcript = \"t\";\n%s", kind, text);
	world_write(w, "dry.conf", file);
	snprintf(path, sizeof(path), "%s/dry.conf", w->dir);
	live_said[0] = '\0';
	f = ceremony_read(path);
	world_sh("cd %s && rm -f t.dry-run* && find . -type f ! -name '*-shm' "
	    "! -name before.sums | sort | xargs sha256sum >before.sums", w->dir);
	world_sh("cd %s && mv root.pin root.away && mv ca.pin ca.away",
	    w->dir);
	ok = f != NULL && ceremony_rehearse(f, w->settings, &how, module,
	    NULL, w->now, live_listen);
	world_sh("cd %s && mv root.away root.pin && mv ca.away ca.pin",
	    w->dir);
	world_sh("cd %s && find . -type f ! -name '*-shm' ! -name 't.dry*' ! -name before.sums | "
	    "sort | xargs sha256sum | diff - before.sums", w->dir);
	OPENSSL_free(f);
	return ok;
}

static void
would_succeed(void **state)
{
	struct world *w = *state;

	if (!rehearse(w, "renew", LIVE_ROOT_SIGNS "ca = \"devices\"; "
	    "certificate = \"new.pem\";", NULL))
		report_fatal("rehearsal");
	assert_false(live_exists(w, "new.pem"));
	assert_true(live_exists(w, "t.dry-run"));
	assert_non_null(strstr(live_said, "nothing has been changed"));
	world_sh("head -1 %s/t.dry-run | grep -q 'inkan rehearsal v1'",
	    w->dir);
}

static void
would_fail(void **state)
{
	struct world *w = *state;

	assert_false(rehearse(w, "renew", LIVE_ROOT_SIGNS
	    "ca = \"nobody\";", NULL));
	ERR_clear_error();
	assert_false(rehearse(w, "crl", LIVE_ROOT_SIGNS, "/nowhere.so"));
	ERR_clear_error();
}

#define T(f) cmocka_unit_test_setup_teardown(f, live_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(would_succeed),
	    T(would_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
