#include "token.h"
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

/*
 * A module in another process: p11-kit server with SoftHSM inside, and
 * p11-kit-client.so here. The same EVP_PKEYs, also after the server's restart.
 */

static struct token tok;
static pid_t server = -1;
static char sock[300];

static const char *
client_path(void)
{
	static const char *paths[] = {
	    "/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so",
	    "/usr/lib/aarch64-linux-gnu/pkcs11/p11-kit-client.so",
	    "/usr/lib64/pkcs11/p11-kit-client.so", NULL};
	int i;

	for (i = 0; paths[i] != NULL; i++)
		if (access(paths[i], R_OK) == 0)
			return paths[i];
	return NULL;
}

static void
start_server(void)
{
	struct timespec ts = {0, 20000000};
	int i;

	server = fork();
	assert_true(server >= 0);
	if (server > 0)
		setpgid(server, server);
	if (server == 0) {
		setpgid(0, 0);
		if (freopen("/dev/null", "w", stdout) == NULL)
			_exit(126);
		setenv("SOFTHSM2_CONF", tok.conf, 1);
		unsetenv("LD_PRELOAD");
		execlp("p11-kit", "p11-kit", "server", "-f", "-n", sock,
		    "--provider", module_path(), "pkcs11:token=remote", NULL);
		_exit(127);
	}
	for (i = 0; i < 250 && access(sock, F_OK) != 0; i++)
		nanosleep(&ts, NULL);
}

static void
stop_server(void)
{
	if (server > 0) {
		/* It forks for each connection: the whole group. */
		kill(-server, SIGTERM);
		waitpid(server, NULL, 0);
	}
	server = -1;
	unlink(sock);
}

static int
setup(void **state)
{
	char address[400];

	(void)state;
	token_make(&tok, "remote", URI("remote"));
	snprintf(sock, sizeof(sock), "%s/sock", tok.dir);
	snprintf(address, sizeof(address), "unix:path=%s", sock);
	setenv("P11_KIT_SERVER_ADDRESS", address, 1);
	tok.cfg.module = client_path();
	tok.cfg.softhsm_conf = NULL;
	/* The client writes to a socket whose other end may be gone. */
	signal(SIGPIPE, SIG_IGN);
	start_server();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	stop_server();
	token_remove(&tok);
	return 0;
}

static int
try_sign(EVP_PKEY *key)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[512];
	size_t len = sizeof(sig);
	int rc;

	rc = EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	    EVP_DigestSign(ctx, sig, &len, (const unsigned char *)"x", 1) == 1;
	EVP_MD_CTX_reset(ctx);
	if (rc) {
		must(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) ==
		    1);
		must(EVP_DigestVerify(
			 ctx, sig, len, (const unsigned char *)"x", 1) == 1);
	}
	EVP_MD_CTX_free(ctx);
	return rc;
}

static void
test_remote(void **state)
{
	struct timespec ts = {1, 0};
	struct hsm *hsm = hsm_open(&tok.cfg);
	EVP_PKEY *ec, *rsa;

	(void)state;
	must(hsm != NULL);
	must((ec = hsm_key_generate(hsm, HSM_KEY_EC_P256, "ec")) != NULL);
	must((rsa = hsm_key_generate(hsm, HSM_KEY_RSA_2048, "rsa")) != NULL);
	must(try_sign(ec));
	must(try_sign(rsa));
	must(hsm_healthy(hsm));
	stop_server();
	assert_int_equal(try_sign(ec), 0);
	assert_reason(HSM_E_TOKEN);
	start_server();
	nanosleep(&ts, NULL);
	must(try_sign(ec));
	must(try_sign(rsa));
	EVP_PKEY_free(ec);
	EVP_PKEY_free(rsa);
	hsm_close(hsm);
}

static void
test_wrong_pin(void **state)
{
	(void)state;
	write_file(tok.pin, "1111\n", 0600);
	assert_null(hsm_open(&tok.cfg));
	assert_reason(HSM_E_PIN);
	assert_null(hsm_open(&tok.cfg));
	assert_reason(HSM_E_PIN);
}

static void
test_skipped(void **state)
{
	(void)state;
	skip();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_remote),
	    cmocka_unit_test(test_wrong_pin),
	};
	const struct CMUnitTest none[] = {cmocka_unit_test(test_skipped)};

	REQUIRE_SOFTHSM();
	if (client_path() == NULL ||
	    system("p11-kit server --help >/dev/null 2>&1") != 0)
		return cmocka_run_group_tests(none, NULL, NULL);
	return cmocka_run_group_tests(tests, setup, teardown);
}
