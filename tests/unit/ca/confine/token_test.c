#include "tests/unit/ca/confine/child.h"
#include "hsm/hsm.h"

static char conf[] = "/tmp/inkan-token-XXXXXX";

static const struct confine_path *
find(const struct confine *c, const char *path)
{
	size_t i;

	for (i = 0; i < c->n_paths; i++)
		if (strcmp(c->paths[i].path, path) == 0)
			return &c->paths[i];
	return NULL;
}

static void
a_token_of_softhsm(void **state)
{
	static const char text[] = "directories.tokendir = /usr/share/doc\n";
	struct hsm_config t = {.module = "/usr/lib/libm.so",
	    .softhsm_conf = conf,
	    .pin = {.kind = HSM_PIN_FILE,
		.name = "/etc/pins/ca.pin",
		.state = "/usr/share/man/pin-state"}};
	struct confine *c = confine_of("");
	int fd = mkstemp(conf);

	(void)state;
	assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	close(fd);
	confine_token(c, &t);
	/* That file alone: in its folder lie others' PINs. */
	assert_int_equal(find(c, "/etc/pins/ca.pin")->access, CONFINE_READ);
	assert_null(find(c, "/etc/pins"));
	assert_int_equal(find(c, conf)->access, CONFINE_READ);
	assert_null(find(c, "/tmp"));
	assert_int_equal(find(c, "/usr/share/doc")->access, CONFINE_WRITE);
	assert_int_equal(find(c, "/usr/share/man")->access, CONFINE_WRITE);
	assert_int_equal(find(c, "/usr/lib/libm.so")->access, CONFINE_READ);
	unlink(conf);
	confine_free(c);
}

static void
a_credential(void **state)
{
	struct hsm_config t = {.softhsm_conf = "/no/such/file",
	    .pin = {.kind = HSM_PIN_CREDENTIAL, .name = "ca.pin"}};
	struct confine *c = confine_of("");
	size_t n = c->n_paths;

	(void)state;
	setenv("CREDENTIALS_DIRECTORY", "/usr/share/info", 1);
	confine_token(c, &t);
	assert_int_equal(c->n_paths, n + 1);
	assert_int_equal(find(c, "/usr/share/info")->access, CONFINE_READ);
	confine_free(c);
}

/* What the URI names itself; a URI that is none is no matter here. */
static void
files_of_the_uri(void **state)
{
	struct hsm_config t = {.softhsm_conf = "/no/such/file"};
	struct confine *c;
	size_t n;

	(void)state;
	t.uri = "pkcs11:token=a?pin-source=file:/etc/pins/b.pin"
		"&module-path=/usr/lib/libm.so";
	c = confine_of("");
	n = c->n_paths;
	confine_token(c, &t);
	assert_int_equal(c->n_paths, n + 2);
	assert_int_equal(find(c, "/etc/pins/b.pin")->access, CONFINE_READ);
	assert_null(find(c, "/etc/pins"));
	assert_int_equal(find(c, "/usr/lib/libm.so")->access, CONFINE_READ);
	confine_free(c);
	c = confine_of("");
	n = c->n_paths;
	t.uri = "pkcs11:token=a?pin-source=|cat /etc/shadow";
	confine_token(c, &t);
	t.uri = NULL;
	confine_token(c, &t);
	assert_int_equal(c->n_paths, n);
	assert_int_equal(ERR_peek_error(), 0);
	confine_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_token_of_softhsm),
	    cmocka_unit_test(a_credential),
	    cmocka_unit_test(files_of_the_uri),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
