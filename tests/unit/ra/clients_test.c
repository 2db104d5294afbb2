#include "house.h"

#include <sys/wait.h>

/* Clients that we did not write, each skipped where it is not installed. */

static int
set_up(void **state)
{
	struct house *h = house_open(0);
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/ca.pem", h->folder);
	f = fopen(path, "w");
	PEM_write_X509(f, h->ca.cert);
	fclose(f);
	snprintf(path, sizeof(path), "%s/csr.b64", h->folder);
	f = fopen(path, "w");
	fputs(h->csr, f);
	fclose(f);
	snprintf(path, sizeof(path), "%s/csr.der", h->folder);
	f = fopen(path, "w");
	fwrite(h->csr_der, 1, h->csr_der_len, f);
	fclose(f);
	snprintf(path, sizeof(path), "%s/dev.pem", h->folder);
	f = fopen(path, "w");
	PEM_write_X509(f, h->device);
	PEM_write_PrivateKey(f, h->device_key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	house_stop_worker(h); /* it reads the settings */
	h->settings.request_timeout = 10;
	house_start_worker(h);
	house_wait_ready(h);
	*state = h;
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const names[] = {
	    "ca.pem", "csr.b64", "csr.der", "dev.pem", "out", "head", "log"};
	struct house *h = *state;
	char path[128];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", h->folder, names[i]);
		unlink(path);
	}
	house_close(h, 0);
	return 0;
}

/* Run in the house's folder with $URL; the exit status. */
static int
shell(const struct house *h, const char *command)
{
	char line[2048];
	int status;

	snprintf(line, sizeof(line),
	    "cd %s && URL=https://127.0.0.1:%d && { %s; } >log 2>&1", h->folder,
	    h->port, command);
	status = system(line);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
need(const struct house *h, const char *program)
{
	char line[128];

	snprintf(line, sizeof(line), "command -v %s", program);
	if (shell(h, line) != 0)
		skip();
}

#define CURL "curl -sS --max-time 15 --cacert ca.pem "
#define EST "$URL/.well-known/est"
#define READ "base64 -d <out | openssl pkcs7 -inform DER -print_certs -noout"

static void
curl_fetches_cacerts(void **state)
{
	struct house *h = *state;

	need(h, "curl");
	assert_int_equal(
	    shell(
		h, CURL "-f " EST "/cacerts >out && " READ " | grep 'Test CA'"),
	    0);
	assert_int_equal(shell(h, CURL "-f -I " EST "/cacerts"), 0);
	assert_int_equal(shell(h, CURL "-f --http1.0 " EST "/csrattrs"), 0);
}

static void
curl_enrols(void **state)
{
	struct house *h = *state;

	need(h, "curl");
	assert_int_equal(
	    shell(h,
		CURL "-f -u u:p "
		     "-H 'Content-Type: application/pkcs10' --data-binary "
		     "@csr.b64 " EST "/simpleenroll >out && " READ
		     " | grep 'CN *= *device'"),
	    0);
	/* curl's --anyauth asks without credentials first. */
	assert_int_equal(
	    shell(h,
		CURL "-f --anyauth -u u:p "
		     "-H 'Content-Type: application/pkcs10' --data-binary "
		     "@csr.b64 " EST "/simpleenroll >out && " READ),
	    0);
	assert_int_equal(
	    shell(h,
		CURL "-f --cert dev.pem "
		     "-H 'Content-Type: application/pkcs10' "
		     "-H 'Expect: 100-continue' --data-binary @csr.b64 " EST
		     "/simplereenroll >out && " READ),
	    0);
	assert_int_equal(h->ca.enrolled, 3);
}

static void
openssl_sees_a_clean_end(void **state)
{
	assert_int_equal(
	    shell(*state,
		"printf 'GET /.well-known/est/csrattrs "
		"HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n' | "
		"timeout 10 openssl s_client -quiet -verify_quiet -CAfile "
		"ca.pem "
		"-connect ${URL#https://} -ign_eof >out 2>head && "
		"grep MAsGCSqGSIb3DQEJBw out && ! grep 'unexpected eof' head"),
	    0);
}

static void
strongswan_fetches_and_enrols(void **state)
{
	struct house *h = *state;

	need(h, "pki");
	if (shell(h, "pki --help 2>&1 | grep -e --estca") != 0)
		skip();
	assert_int_equal(
	    shell(h,
		"timeout 20 pki --estca --url $URL "
		"--cacert ca.pem --outform pem >out && grep BEGIN out"),
	    0);
	assert_int_equal(shell(h,
			     "timeout 20 pki --est --url $URL "
			     "--in csr.der --cacert ca.pem --userpass u:p "
			     "--outform pem >out "
			     "&& openssl x509 -in out -noout -subject"),
	    0);
	assert_true(h->ca.enrolled >= 1);
}

/* It asks again after Retry-After until the certificate is there. */
static void
strongswan_polls(void **state)
{
	struct house *h = *state;

	need(h, "pki");
	if (shell(h, "pki --help 2>&1 | grep -e --estca") != 0)
		skip();
	h->ca.mood = FAKE_PARK;
	assert_int_not_equal(
	    shell(h,
		"timeout 30 pki --est --url $URL "
		"--in csr.der --cacert ca.pem --userpass u:p --interval 1 "
		"--maxpolltime 3 --outform pem >out"),
	    0);
	assert_true(h->ca.enrolled >= 2);
}

#define t(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    t(curl_fetches_cacerts),
	    t(curl_enrols),
	    t(openssl_sees_a_clean_end),
	    t(strongswan_fetches_and_enrols),
	    t(strongswan_polls),
	};

	return cmocka_run_group_tests_name("clients", tests, NULL, NULL);
}
