#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca/error.h"
#include "ca/engine/settings.h"
#include "ca/report/report.h"
#include "profiles/error.h"

/* ca.conf: what is read, and that every mistake is told with file and line. */

static char dir[64], path[128];

static const char PATHS[] =
    "store = \"store.db\"; status_db = \"/var/status.db\";\n"
    "publish_dir = \"pub\"; policy_dir = \".\";\n"
    "sockets: { ra = \"ra.sock\"; svc = \"svc.sock\"; admin = "
    "\"admin.sock\"; };\n";
static const char TOKEN[] =
    "token: { uri = \"pkcs11:token=x\"; pin_file = \"pin\"; };\n";

static int
make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/inkan-settings-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/ca.conf", dir);
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static struct settings *
read_texts(const char *a, const char *b, const char *c)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "%s%s%s", a, b, c);
	assert_int_equal(fclose(f), 0);
	return settings_read(path);
}

static void
refused(const char *a, const char *b, const char *c, const char *word)
{
	char trace[1024];

	if (read_texts(a, b, c) != NULL)
		fail_msg("not refused: %s%s", b, c);
	report_trace(trace, sizeof(trace));
	if (strstr(trace, word) == NULL ||
	    report_last_reason() != PROFILE_E_CONFIG)
		fail_msg("no \"%s\" in: %s", word, trace);
	ERR_clear_error();
}

static void
folder_of_makers(void **state)
{
	struct settings *s = read_texts(PATHS, TOKEN, "maker_crls = \"crls\";");
	char want[PATH_MAX];

	(void)state;
	assert_non_null(s);
	snprintf(want, sizeof(want), "%s/crls", dir);
	assert_string_equal(s->maker_crls, want);
	settings_free(s);
	s = read_texts(PATHS, TOKEN, "");
	assert_string_equal(s->maker_crls, "");
	settings_free(s);
	refused(PATHS, TOKEN, "maker_crls = 7;", "maker_crls");
}

static void
defaults(void **state)
{
	struct settings *s = read_texts(PATHS, TOKEN, "");
	char want[PATH_MAX];

	(void)state;
	assert_non_null(s);
	assert_string_equal(s->dir, dir);
	snprintf(want, sizeof(want), "%s/store.db", dir);
	assert_string_equal(s->store, want);
	assert_string_equal(s->status_db, "/var/status.db");
	assert_int_equal(s->workers, 16);
	assert_int_equal(s->heartbeat, 30);
	assert_int_equal(s->min_free, 16 << 20);
	assert_int_equal(s->token.sessions, 4);
	assert_int_equal(s->token.pin_kind, HSM_PIN_FILE);
	assert_int_equal(s->ra.n, 1);
	assert_int_equal(s->ra.peer[0].uid, geteuid());
	assert_int_equal(s->admin.n, 1);
	assert_int_equal(s->svc.peer[0].n_profiles, 2);
	settings_free(s);
}

static void
everything(void **state)
{
	struct settings *s;

	(void)state;
	s = read_texts(PATHS,
	    "token: { uri = \"pkcs11:token=x\"; module = \"/m.so\"; "
	    "softhsm_conf = \"s.conf\"; pin_credential = \"pin\"; sessions = "
	    "9; };\n",
	    "peers: { ra = [ \"1001\", \"root\" ]; admin = [ \"@root\" ];\n"
	    " svc = ( { user = \"1002\"; profiles = [ \"est-server\" ]; } ); "
	    "};\n"
	    "workers = 3; heartbeat = \"10s\"; min_free = \"2m\";\n");
	assert_non_null(s);
	assert_int_equal(s->ra.n, 2);
	assert_int_equal(s->ra.peer[0].uid, 1001);
	assert_int_equal(s->ra.peer[1].uid, 0);
	assert_int_equal(s->admin.peer[0].is_group, 1);
	assert_int_equal(s->admin.peer[0].gid, 0);
	assert_int_equal(s->svc.peer[0].uid, 1002);
	assert_string_equal(s->svc.peer[0].profiles[0], "est-server");
	assert_int_equal(s->workers, 3);
	assert_int_equal(s->heartbeat, 10);
	assert_int_equal(s->min_free, 2 << 20);
	assert_int_equal(s->token.pin_kind, HSM_PIN_CREDENTIAL);
	assert_string_equal(s->token.pin, "pin");
	assert_int_equal(s->token.sessions, 9);
	settings_free(s);
}

#define MORE(name, more) "{ name = \"" name "\"; uri = \"pkcs11:token=y\"; " \
	more "}"

static void
several_tokens(void **state)
{
	struct settings *s = read_texts(PATHS, TOKEN, "tokens = ( "
	    MORE("hsm2", "softhsm_conf = \"s.conf\"; sessions = 2;") ", "
	    MORE("net-3", "softhsm_conf = \"s.conf\"; pin_file = \"p\";")
	    " );\n");
	char want[PATH_MAX];

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->n_tokens, 2);
	assert_string_equal(s->token.name, "");
	assert_string_equal(s->tokens[0].name, "hsm2");
	assert_string_equal(s->tokens[0].uri, "pkcs11:token=y");
	assert_int_equal(s->tokens[0].sessions, 2);
	assert_string_equal(s->tokens[1].name, "net-3");
	assert_int_equal(s->tokens[1].sessions, 4);
	snprintf(want, sizeof(want), "%s/p", dir);
	assert_string_equal(s->tokens[1].pin, want);
	assert_ptr_equal(settings_find_token(s, ""), &s->token);
	assert_ptr_equal(settings_find_token(s, "net-3"), &s->tokens[1]);
	assert_null(settings_find_token(s, "net-4"));
	settings_free(s);
}

static void
wrong_tokens(void **state)
{
	(void)state;
	refused(PATHS, TOKEN, "tokens = ( " MORE("a", "") ", " MORE("a", "")
	    " );\n", "given twice");
	refused(PATHS, TOKEN, "tokens = ( " MORE("A b", "") " );\n", "name: ");
	refused(PATHS, TOKEN, "tokens = ( { uri = \"pkcs11:token=y\"; } );\n",
	    "name");
	refused(PATHS, TOKEN, "tokens = ( " MORE("a",
	    "softhsm_conf = \"a.conf\";") ", " MORE("b",
	    "softhsm_conf = \"b.conf\";") " );\n", "softhsm_conf: ");
	/* The token of old has no name. */
	refused(PATHS, "token: { name = \"x\"; uri = \"pkcs11:token=x\"; };\n",
	    "", "name");
}

static void
standby(void **state)
{
	struct settings *s = read_texts(PATHS, TOKEN, "tokens = ( "
	    MORE("a", "standby = \"c\"; call_limit = \"2s\";") ", "
	    MORE("b", "standby = \"c\";") ", " MORE("c", "") " );\n");

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->token.has_standby, 0);
	assert_int_equal(s->token.call_limit, HSM_CALL_LIMIT);
	assert_int_equal(s->tokens[0].has_standby, 1);
	assert_string_equal(s->tokens[0].standby, "c");
	assert_int_equal(s->tokens[0].call_limit, 2);
	assert_string_equal(s->tokens[1].standby, "c");
	settings_free(s);
	refused(PATHS, TOKEN, "tokens = ( " MORE("a", "standby = \"x\";")
	    " );\n", "standby: there is no token \"x\"");
	refused(PATHS, TOKEN, "tokens = ( " MORE("a", "standby = \"a\";")
	    " );\n", "standby: \"a\" must be another");
	refused(PATHS, TOKEN, "tokens = ( " MORE("a", "standby = \"b\";")
	    ", " MORE("b", "standby = \"a\";") " );\n", "have none itself");
	refused(PATHS, TOKEN, "tokens = ( " MORE("a",
	    "call_limit = \"301s\";") " );\n", "call_limit");
}

static void
as_the_hsm_wants_it(void **state)
{
	struct settings *s = read_texts(PATHS, TOKEN, "");
	struct hsm_config cfg;

	(void)state;
	assert_non_null(s);
	settings_hsm(&s->token, &cfg);
	assert_string_equal(cfg.uri, "pkcs11:token=x");
	assert_null(cfg.module);
	assert_null(cfg.softhsm_conf);
	assert_null(cfg.pin.state);
	assert_int_equal(cfg.pin.kind, HSM_PIN_FILE);
	assert_ptr_equal(cfg.pin.name, s->token.pin);
	settings_free(s);
}

static void
mistakes(void **state)
{
	(void)state;
	refused(PATHS, "", "", "token");
	refused(PATHS, TOKEN, "wrokers = 2;", "did you mean");
	refused(PATHS, TOKEN, "workers = 0;", "workers");
	refused(PATHS, TOKEN, "workers = \"2\";", "workers");
	refused(PATHS, TOKEN, "heartbeat = \"61s\";", "heartbeat");
	refused(PATHS, TOKEN, "min_free = \"1k\";", "min_free");
	refused(PATHS, TOKEN, "store = \"again.db\";", "ca.conf:");
	refused(PATHS, "token: { uri = \"pkcs11:\"; pin = \"1234\"; };", "",
	    "unknown key \"pin\"");
	refused(PATHS,
	    "token: { uri = \"pkcs11:\"; pin_file = \"p\"; pin_credential = "
	    "\"q\"; };",
	    "", "one source of the PIN");
	refused(PATHS, "token: { uri = \"pkcs11:\"; sessions = 257; };", "",
	    "sessions");
}

static void
wrong_peers(void **state)
{
	(void)state;
	refused(PATHS, TOKEN, "peers: { ra = [ \"no-such-user-x\" ]; };",
	    "no user");
	refused(PATHS, TOKEN, "peers: { ra = [ \"@no-such-group-x\" ]; };",
	    "no group");
	refused(PATHS, TOKEN, "peers: { ra = [ \"12x\" ]; };", "no user");
	/* A number that wraps around must not become root. */
	refused(
	    PATHS, TOKEN, "peers: { ra = [ \"4294967296\" ]; };", "no user");
	refused(
	    PATHS, TOKEN, "peers: { ra = [ \"4294967295\" ]; };", "no user");
	refused(PATHS, TOKEN,
	    "peers: { admin = [ \"99999999999999999999999\" ]; };", "no user");
	refused(PATHS, TOKEN, "peers: { everybody = [ \"root\" ]; };",
	    "unknown key");
	refused(PATHS, TOKEN, "peers: { svc = ( { user = \"root\"; } ); };",
	    "profiles");
	/* What a group may renew would be anybody's: it is by uid. */
	refused(PATHS, TOKEN,
	    "peers: { svc = ( { user = \"@root\"; profiles = [ \"x\" ]; } ); "
	    "};",
	    "user");
	refused(PATHS, TOKEN,
	    "peers: { svc = ( { user = \"root\"; profiles = [ "
	    "\"0123456789012345678901234567890123456789012345678901234567890123"
	    "\" ]; } ); };",
	    "longer");
}

static void
too_many_peers(void **state)
{
	char text[512] = "peers: { ra = [ \"1\"";
	int i;

	(void)state;
	for (i = 1; i < SETTINGS_PEERS_MAX; i++)
		strcat(text, ", \"1\"");
	strcat(text, ", \"1\" ]; };");
	refused(PATHS, TOKEN, text, "more than 16");
}

static void
paths(void **state)
{
	char out[PATH_MAX], *longer = malloc(PATH_MAX + 2);

	(void)state;
	assert_true(settings_path("/a/b", "c", out));
	assert_string_equal(out, "/a/b/c");
	assert_true(settings_path("/a/b", "/c", out));
	assert_string_equal(out, "/c");
	memset(longer, 'x', PATH_MAX + 1);
	longer[PATH_MAX + 1] = '\0';
	assert_false(settings_path("/a", longer, out));
	assert_int_equal(report_last_reason(), CA_E_CONFIG);
	ERR_clear_error();
	free(longer);
}

static void
folder_of_a_file(void **state)
{
	struct settings *s = read_texts(PATHS, TOKEN, "");
	char out[PATH_MAX];

	(void)state;
	settings_free(s);
	assert_true(settings_dir_of(path, out));
	assert_string_equal(out, dir);
	assert_true(settings_dir_of("/etc", out));
	assert_string_equal(out, "/");
	assert_false(settings_dir_of("/no/such/file", out));
	assert_int_equal(report_last_reason(), CA_E_CONFIG);
	ERR_clear_error();
	assert_null(settings_read("/no/such/file"));
	ERR_clear_error();
	settings_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(folder_of_makers), cmocka_unit_test(defaults),
	    cmocka_unit_test(everything),
	    cmocka_unit_test(several_tokens),
	    cmocka_unit_test(wrong_tokens),
	    cmocka_unit_test(standby),
	    cmocka_unit_test(as_the_hsm_wants_it),
	    cmocka_unit_test(mistakes),
	    cmocka_unit_test(wrong_peers),
	    cmocka_unit_test(too_many_peers),
	    cmocka_unit_test(paths),
	    cmocka_unit_test(folder_of_a_file),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
