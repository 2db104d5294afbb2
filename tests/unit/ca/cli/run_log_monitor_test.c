#include "logs.h"

#define LOOK "log monitor --url @pub --key @pub/log.vkey --state @dir/s --once"

static void
looks_once(void **state)
{
	(void)state;
	assert_int_equal(logs_run(LOOK), 0);
	assert_in(canned.out, ORIGIN ": entries 0 to 8 issue.reserved=4 "
	    "issue.recorded=4\n");
	assert_int_equal(logs_run(LOOK), 0);
	assert_in(canned.out, "entries 8 to 8\n");
	assert_int_equal(canned.calls, 0);
	logs_sh("cmp -s s log/checkpoint");
}

static void
write_details(const char *text)
{
	char path[320];
	FILE *f;

	snprintf(path, sizeof(path), "%s/d", logs->t->dir);
	assert_non_null(f = fopen(path, "w"));
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void
tells_names_to_who_may_know(void **state)
{
	(void)state;
	assert_int_equal(logs_run("log export"), 0);
	write_details(canned.out);
	assert_int_equal(logs_run(LOOK " --match x"), 2);
	assert_in(canned.err, "--match needs --details");
	assert_int_equal(logs_run(LOOK " --details @dir/d --match=*ice-3"), 0);
	assert_in(canned.out, "certificate: entry=6 time=2026-11-18T11:06:40Z "
	    "issuer=\"devices-g1\"");
	assert_in(canned.out, "device=\"device-3\"\n");
	assert_null(strstr(canned.out, "device-2"));
	assert_in(canned.out, " opened=8 unopened=0\n");
	assert_int_equal(logs_run(LOOK " --details @dir/none"), 1);
}

static void
is_loud(void **state)
{
	(void)state;
	assert_int_equal(logs_run(LOOK), 0);
	logs_sh("sed -i '2s/8/9/' log/checkpoint");
	assert_int_equal(logs_run(LOOK), 3);
	assert_in(canned.err, "ALARM: the log " ORIGIN " contradicts itself");
	assert_in(canned.err, "log.fork: ");
	logs_sh("grep -qx 9 s.fork && grep -qx 8 s && rm log/checkpoint");
	/* A network that is down is another matter. */
	assert_int_equal(logs_run(LOOK), 1);
	assert_in(canned.err, "log.checkpoint: ");
	assert_null(strstr(canned.err, "ALARM"));
	assert_int_equal(logs_run(LOOK " --interval x"), 2);
	assert_int_equal(logs_run("log monitor --url https://x/ --key "
				  "@pub/log.vkey --state @dir/s"), 1);
	assert_in(canned.err, "log.source: ");
}

static void
witnesses(void **state)
{
#define WITNESS                                                                \
	"log witness --url @pub --key @pub/log.vkey --sign-key @dir/k --name " \
	"w.example --state @dir/w"
	(void)state;
	logs_sh("openssl genpkey -algorithm ed25519 -out k 2>/dev/null");
	assert_int_equal(logs_run(WITNESS), 0);
	assert_in(canned.out, ORIGIN "\n8\n");
	assert_in(canned.out, "\n— w.example ");
	logs_sh("sed -i '2s/8/7/' log/checkpoint");
	assert_int_equal(logs_run(WITNESS), 1);
	assert_in(canned.err, "checkpoint.signature: ");
	logs_sh("openssl ecparam -name prime256v1 -genkey -noout -out k");
	assert_int_equal(logs_run(WITNESS), 1);
	assert_in(canned.err, "note.key: ");
	assert_int_equal(logs_run("log witness --url @pub"), 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, logs_start, logs_stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(looks_once),
	    TEST(tells_names_to_who_may_know),
	    TEST(is_loud),
	    TEST(witnesses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
