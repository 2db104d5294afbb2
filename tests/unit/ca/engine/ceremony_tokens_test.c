#include <sys/wait.h>

#include "tests/unit/ca/engine/live.h"

/* CAs that a ceremony makes in a token that ca.conf names: their keys are there
   and nowhere else, whatever becomes of the ceremony. */

#define TOKENS "tokens = ( { name = \"hsm2\"; uri = \"pkcs11:token="           \
	"inkan-second\"; softhsm_conf = \"ca.conf\";\n module = "              \
	"\"/usr/lib/softhsm/libsofthsm2.so\"; pin_file = \"second.pin\"; } );\n"
#define MORE(ca) LIVE_ROOT_SIGNS LIVE_URL "issuers = ( " ca " );\n"
#define MID "{ name = \"mid\"; profile = \"mid-ca\"; token = \"hsm2\"; "       \
	"set = [ \"cn=Mid\" ]; }"
#define HERE "{ name = \"here\"; set = [ \"cn=Here\" ]; }"
#define SERVICE(csr) "services = ( { profile = \"est-server\"; issuer = "     \
	"\"mid\"; csr = \"" csr "\"; certificate = \"est.pem\"; set = [ "      \
	"\"cn=localhost\", \"dns=localhost\" ]; } );\n"

static void
add_tokens(struct world *w)
{
	FILE *f = fopen(w->conf, "a");

	assert_non_null(f);
	fputs(TOKENS, f);
	assert_int_equal(fclose(f), 0);
	settings_free(w->settings);
	w->settings = settings_read(w->conf);
	if (w->settings == NULL)
		report_fatal("tokens");
	assert_non_null(w->settings);
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	world_prepare(w);
	world_sh("cd %s && cp ca.conf second.conf && cp ca.pin second.pin && "
	    "SOFTHSM2_CONF=ca.conf softhsm2-util --init-token --free --label "
	    "inkan-second --so-pin 12345678 --pin 1234 >/dev/null && "
	    "sed 's/\"issuing-ca\"/\"mid-ca\"/; s/path_len = 0/path_len = 1/'"
	    " profiles/issuing-ca.conf >profiles/mid-ca.conf && "
	    "sed 's/\"issuing-ca\"/\"low-ca\"/; s/^issuer = .*/issuer = "
	    "\"mid\";/; s/\"10y\"/\"5y\"/' profiles/issuing-ca.conf "
	    ">profiles/low-ca.conf", w->dir);
	*state = w;
	return 0;
}

static int
setup_live(void **state)
{
	setup(state);
	if (!world_ceremony(*state))
		report_fatal("ceremony");
	add_tokens(*state);
	return 0;
}

static void
keys_are(struct world *w, int first, int second)
{
	assert_int_equal(live_keys(w, "ca"), first);
	assert_int_equal(live_keys(w, "second"), second);
}

/* Made there, found there when inkan-ca starts, and when it signs. */
static void
made_there(void **state)
{
	struct world *w = *state;
	struct issuer *mid;

	live_done(w, "intermediate", MORE(MID ", " HERE)
	    SERVICE("service.csr"));
	keys_are(w, 4, 1);
	assert_true(live_exists(w, "pub/crl/mid-g1.crl"));
	assert_true(live_exists(w, "est.pem"));
	/* Its row says where its key is; the file need not. */
	live_done(w, "intermediate", "signer: { ca = \"mid\"; };\n" LIVE_URL
	    "issuers = ( { name = \"low\"; profile = \"low-ca\"; set = [ "
	    "\"cn=Low\" ]; } );\n");
	keys_are(w, 5, 1);
	live_done(w, "renew", LIVE_ROOT_SIGNS "ca = \"mid\";");
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	mid = issuer_set_find(&w->ca->issuers, "mid");
	assert_string_equal(mid->row.token, "hsm2");
	assert_non_null(mid->key);
	assert_non_null(issuer_set_find(&w->ca->issuers, "low")->key);
}

/* One label in two tokens is two keys. */
static void
first_ceremony(void **state)
{
	struct world *w = *state;

	add_tokens(w);
	world_sh("cd %s && sed -i 's/{ name = \"code\";/{ name = \"code\"; "
	    "token = \"hsm2\"; key_label = \"inkan-devices-g1\";/' "
	    "ceremony.conf", w->dir);
	if (!world_ceremony(w))
		report_fatal("ceremony");
	keys_are(w, 2, 1);
	w->ca = ca_open(w->settings, w->now);
	assert_non_null(w->ca);
	assert_non_null(issuer_set_find(&w->ca->issuers, "code")->key);
	assert_non_null(issuer_set_find(&w->ca->issuers, "devices")->key);
}

static void
rolled_back(void **state)
{
	struct world *w = *state;

	live_refused(w, "intermediate", MORE(HERE ", " MID)
	    SERVICE("none.csr"), "none.csr");
	assert_non_null(strstr(live_said, "rolled back: 2 keys destroyed"));
	keys_are(w, 3, 0);
}

static void
die_at_second_key(const char *line)
{
	if (strncmp(line, "key mid", 7) == 0)
		_exit(9);
}

static void
die(struct world *w)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)live_run_at(w, "intermediate", MORE(HERE ", " MID), 0,
		    w->now, die_at_second_key);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 9);
}

/* Who was killed left keys in both tokens. Where one of them cannot be reached,
   nothing is destroyed, and it can be tried again. */
static void
discarded(void **state)
{
	struct world *w = *state;

	die(w);
	keys_are(w, 4, 1);
	live_refused(w, "intermediate", MORE(HERE), "--discard");
	w->settings->n_tokens = 0;
	assert_false(live_run_at(w, "intermediate", MORE(HERE), 1, w->now,
	    live_listen));
	world_raised(CA_E_SIGN, "not every key");
	w->settings->n_tokens = 1;
	keys_are(w, 4, 1);
	assert_true(live_run_at(w, "intermediate", MORE(HERE), 1, w->now,
	    live_listen));
	assert_non_null(strstr(live_said, "discarded an interrupted ceremony "
	    "(intermediate): 2 keys destroyed"));
	keys_are(w, 4, 0);
}

static void
refusals(void **state)
{
	struct world *w = *state;

	live_refused(w, "intermediate", MORE("{ name = \"x\"; set = [ "
	    "\"cn=X\" ]; token = \"hsm3\"; }"), "live.conf:4: token: ");
	live_refused(w, "intermediate", MORE("{ name = \"x\"; set = [ "
	    "\"cn=X\" ]; token = \"hsm3\"; }"), "names no token \"hsm3\"");
	live_done(w, "intermediate", MORE(MID));
	/* What the store names and ca.conf does not. */
	w->settings->n_tokens = 0;
	live_refused(w, "intermediate", "signer: { ca = \"mid\"; };\n" LIVE_URL
	    "issuers = ( { name = \"low\"; profile = \"low-ca\"; set = [ "
	    "\"cn=Low\" ]; } );\n", "token.unknown: CA mid-g1");
	live_refused(w, "intermediate", MORE(HERE) SERVICE("service.csr"),
	    "token.unknown: services");
	w->settings->n_tokens = 1;
	keys_are(w, 3, 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_live, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(made_there),
	    cmocka_unit_test_setup_teardown(first_ceremony, setup,
		world_teardown),
	    T(rolled_back),
	    T(discarded),
	    T(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
