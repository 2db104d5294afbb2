#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <sys/wait.h>
#include "ocsp/conns.h"
#include "tests/unit/ocsp/rig.h"

/* The server against other people's clients: openssl ocsp, gnutls ocsptool,
   strongSwan pki, curl. Those that are not installed are skipped. */

static struct rig *rig;
static unsigned port;

static void
leaf(const char *name, const unsigned char *serial)
{
	X509 *cert = pki_cert(name, serial, 2, rig->pki.ocsp_key, rig->pki.ca,
	    rig->pki.ca_key, "clientAuth", -60, 3600);
	char path[512];

	snprintf(path, sizeof(path), "%s/%s.pem", rig->dir, name);
	pki_write_pem(path, cert);
	X509_free(cert);
}

static int
setup(void **state)
{
	char path[512];

	(void)state;
	rig = rig_make();
	snprintf(path, sizeof(path), "%s/root.pem", rig->dir);
	pki_write_pem(path, rig->pki.root);
	snprintf(path, sizeof(path), "%s/ca.pem", rig->dir);
	pki_write_pem(path, rig->pki.ca);
	leaf("good", rig_good);
	leaf("revoked", rig_revoked);
	leaf("held", rig_held);
	leaf("never", rig_never);
	assert_true(follow_start(rig->follow));
	rig_serve(rig);
	port = server_port(rig->server, 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rig_free(rig);
	return 0;
}

static char output[65536];

/* Runs in the rig's folder with $U the address; exit status, output kept. */
static int
run(const char *command)
{
	char line[4096];
	size_t n;
	FILE *f;
	int rc;

	snprintf(line, sizeof(line),
	    "cd %s; unset LD_PRELOAD; U=http://127.0.0.1:%u; { %s; } 2>&1",
	    rig->dir, port, command);
	f = popen(line, "r");
	assert_non_null(f);
	n = fread(output, 1, sizeof(output) - 1, f);
	output[n] = '\0';
	rc = pclose(f);
	return WIFEXITED(rc) ? WEXITSTATUS(rc) : -1;
}

static void
expect(const char *command, const char *word)
{
	int rc = run(command);

	if (rc != 0 || strstr(output, word) == NULL)
		fail_msg(
		    "%s: exit %d, want \"%s\": %s", command, rc, word, output);
}

static int
missing(const char *program)
{
	char line[128];

	snprintf(line, sizeof(line), "command -v %s", program);
	return run(line) != 0;
}

#define OPENSSL                                                                \
	"timeout 20 openssl ocsp -CAfile root.pem -verify_other ca.pem "       \
	"-issuer ca.pem "

static void
test_openssl(void **state)
{
	(void)state;
	if (missing("openssl"))
		skip();
	expect(OPENSSL "-cert good.pem -url $U/ocsp", "good.pem: good");
	expect(OPENSSL "-cert good.pem -url $U/ocsp", "Response verify OK");
	assert_null(strstr(output, "WARNING: no nonce"));
	expect(OPENSSL "-sha256 -cert good.pem -url $U/", "good.pem: good");
	expect(OPENSSL "-no_nonce -cert good.pem -url $U/ocsp/devices-g1",
	    "good.pem: good");
	expect(OPENSSL "-cert revoked.pem -url $U/ocsp", "keyCompromise");
	expect(OPENSSL "-cert held.pem -url $U/ocsp", "certificateHold");
	expect(OPENSSL "-cert never.pem -url $U/ocsp", "never.pem: unknown");
	expect(OPENSSL "-cert good.pem -sha256 -cert revoked.pem -cert "
		       "never.pem -no_nonce -url $U/ocsp",
	    "never.pem: unknown");
	assert_non_null(strstr(output, "good.pem: good"));
	assert_non_null(strstr(output, "revoked.pem: revoked"));
	/* A CertID of somebody else's */
	run("timeout 20 openssl ocsp -CAfile root.pem -issuer good.pem "
	    "-cert good.pem -url $U/ocsp");
	assert_non_null(strstr(output, "unauthorized"));
}

/* The sub-CA's own status: the ceremony's answer. */
static void
test_root(void **state)
{
	(void)state;
	if (missing("openssl"))
		skip();
	rig_presign(
	    rig, "ca.der", pki_ca_serial, 3, rig->pki.root_key, -10, 3600);
	rig_poll_presigned(rig);
	expect("timeout 20 openssl ocsp -CAfile root.pem -verify_other "
	       "root.pem -issuer root.pem -cert ca.pem -url $U/ocsp",
	    "ca.pem: good");
	expect("timeout 20 openssl ocsp -CAfile root.pem -verify_other "
	       "root.pem -issuer root.pem -sha256 -cert ca.pem -url $U/",
	    "ca.pem: good");
}

static void
test_ocsptool(void **state)
{
	(void)state;
	if (missing("ocsptool"))
		skip();
	expect("timeout 20 ocsptool --ask=$U/ocsp --load-cert good.pem "
	       "--load-issuer ca.pem --load-trust ca.pem",
	    "Certificate Status: good");
	expect("timeout 20 ocsptool --ask=$U/ocsp --nonce --load-cert "
	       "revoked.pem --load-issuer ca.pem --load-trust ca.pem || true",
	    "Certificate Status: revoked");
	assert_non_null(strstr(output, "Verifying OCSP Response: Success"));
}

static void
test_curl(void **state)
{
	(void)state;
	if (missing("curl") || missing("openssl"))
		skip();
	expect("openssl ocsp -no_nonce -issuer ca.pem -cert good.pem -reqout "
	       "r.der; B=$(openssl base64 -A -in r.der); curl -sS --path-as-is "
	       "-o a.der $U/ocsp/$B; curl -sS --http1.0 --data-binary @r.der "
	       "-o b.der $U//ocsp; cmp a.der b.der && openssl ocsp -respin "
	       "a.der -CAfile root.pem -verify_other ca.pem -issuer ca.pem "
	       "-cert good.pem",
	    "good.pem: good");
	expect("head -c 1048576 /dev/zero >z; curl -sS -o /dev/null -w "
	       "%{http_code} --data-binary @z $U/ocsp",
	    "413");
	expect(
	    "curl -sS -o /dev/null -w %{http_code} -X DELETE $U/ocsp", "405");
}

static void
test_strongswan(void **state)
{
	X509 *cert;
	char aia[128], path[512];

	(void)state;
	if (missing("pki"))
		skip();
	/* Takes the address from the certificate. */
	cert = pki_cert("swan", rig_good, 2, rig->pki.ocsp_key, rig->pki.ca,
	    rig->pki.ca_key, "clientAuth", -60, 3600);
	snprintf(aia, sizeof(aia), "OCSP;URI:http://127.0.0.1:%u/ocsp", port);
	pki_extend(cert, NID_info_access, aia);
	assert_true(X509_sign(cert, rig->pki.ca_key, EVP_sha256()) > 0);
	snprintf(path, sizeof(path), "%s/swan.pem", rig->dir);
	pki_write_pem(path, cert);
	X509_free(cert);
	run("timeout 20 pki --verify --in swan.pem --cacert root.pem "
	    "--ca ca.pem --online");
	assert_non_null(strstr(output, "certificate status is good"));
}

/* From the change in status.db to the answer. */
static void
test_revoked_is_seen(void **state)
{
	const struct timespec nap = {0, 50000000L};
	int64_t start;

	(void)state;
	if (missing("openssl"))
		skip();
	expect(
	    OPENSSL "-no_nonce -cert good.pem -url $U/ocsp", "good.pem: good");
	rig_put(rig, RIG_CA, rig_good, 2, STATUS_REVOKED, 4);
	start = conns_now();
	do {
		nanosleep(&nap, NULL);
		run(OPENSSL "-no_nonce -cert good.pem -url $U/ocsp");
	} while (strstr(output, "good.pem: revoked") == NULL &&
	    conns_now() - start < 30000);
	assert_non_null(strstr(output, "superseded"));
	rig_put(rig, RIG_CA, rig_good, 2, STATUS_GOOD, -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_openssl),
	    cmocka_unit_test(test_root),
	    cmocka_unit_test(test_ocsptool),
	    cmocka_unit_test(test_curl),
	    cmocka_unit_test(test_strongswan),
	    cmocka_unit_test(test_revoked_is_seen),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
