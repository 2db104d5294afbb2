#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "hsm/hsm.h"
#include "profiles/error.h"
#include "ocsp/settings.h"
#include "tests/unit/ocsp/pki.h"

static char dir[128], path[256];

static int
setup(void **state)
{
	(void)state;
	pki_folder(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/ocsp.conf", dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	pki_remove(dir);
	return 0;
}

#define BASE                                                                   \
	"listen = [\"127.0.0.1:8081\", \"[::1]:0\"];\n"                        \
	"status_db = \"status.db\";\n"                                         \
	"publish_dir = \"/srv/pub\";\n"
#define TOKEN "token: { uri = \"pkcs11:token=ocsp\"; pin_file = \"pin\"; };\n"
#define DELEGATE                                                               \
	"{ issuer = \"devices-g1\"; key = \"pkcs11:object=ocsp-devices-g1\"; " \
	"certificate = \"ocsp.pem\"; csr = \"ocsp.csr\"; }"

static struct settings *
read_text(const char *text)
{
	pki_write(path, text, strlen(text));
	return settings_read(path);
}

/* Refused, and ${word} stands in the reason. */
static void
refuse(const char *text, const char *word)
{
	struct settings *set = read_text(text);
	const char *data = "";
	int flags;

	assert_null(set);
	ERR_peek_last_error_data(&data, &flags);
	if (strstr(data, word) == NULL || strstr(data, path) == NULL)
		fail_msg("want \"%s\": %s", word, data);
	ERR_clear_error();
}

static void
test_least(void **state)
{
	struct settings *set = read_text(BASE);
	char want[512];

	(void)state;
	assert_non_null(set);
	assert_int_equal(set->n_listen, 2);
	assert_string_equal(set->listen[0].host, "127.0.0.1");
	assert_string_equal(set->listen[0].port, "8081");
	assert_string_equal(set->listen[1].host, "::1");
	assert_string_equal(set->listen[1].port, "0");
	snprintf(want, sizeof(want), "%s/status.db", dir);
	assert_string_equal(set->status_db, want);
	assert_string_equal(set->publish_dir, "/srv/pub");
	assert_null(set->svc_socket);
	assert_int_equal(set->have_token, 0);
	assert_int_equal(set->validity, 3600);
	assert_int_equal(set->unknown_validity, 300);
	assert_int_equal(set->refresh, 900);
	assert_int_equal(set->max_stale, 86400);
	assert_int_equal(set->request_timeout, 10);
	assert_int_equal(set->threads, 2);
	assert_int_equal(set->max_request, 65536);
	assert_int_equal(set->max_certids, 100);
	assert_int_equal(set->policy.nonce, POLICY_NONCE_ACCEPT);
	settings_free(set);
	settings_free(NULL);
}

static void
test_whole(void **state)
{
	struct settings *set = read_text(BASE
	    "token: { module = \"/m.so\"; softhsm_conf = \"hsm.conf\"; "
	    "uri = \"pkcs11:token=ocsp\"; pin_credential = \"pin\"; "
	    "pin_state = \"state\"; sessions = 8; };\n"
	    "delegates = ( " DELEGATE " );\n"
	    "svc_socket = \"/run/svc.sock\"; validity = \"2h\"; "
	    "unknown_validity = \"1m\"; refresh = \"10m\"; max_stale = "
	    "\"12h\"; "
	    "threads = 4; max_request = \"8k\"; max_certids = 5; "
	    "max_connections = 100; max_cache = 0; request_timeout = \"5s\"; "
	    "idle_timeout = \"30s\"; crl_max_age = \"5m\"; "
	    "nonce = \"ignore\";\n");
	char want[512];

	(void)state;
	assert_non_null(set);
	assert_int_equal(set->have_token, 1);
	assert_string_equal(set->token.module, "/m.so");
	assert_int_equal(set->token.pin.kind, HSM_PIN_CREDENTIAL);
	assert_string_equal(set->token.pin.name, "pin");
	assert_int_equal(set->token.sessions, 8);
	snprintf(want, sizeof(want), "%s/hsm.conf", dir);
	assert_string_equal(set->token.softhsm_conf, want);
	assert_int_equal(set->n_delegates, 1);
	assert_string_equal(set->delegates[0].label, "ocsp-devices-g1");
	assert_int_equal(set->delegates[0].type, HSM_KEY_EC_P256);
	snprintf(want, sizeof(want), "%s/ocsp.pem", dir);
	assert_string_equal(set->delegates[0].certificate, want);
	assert_string_equal(set->svc_socket, "/run/svc.sock");
	assert_int_equal(set->validity, 7200);
	assert_int_equal(set->refresh, 600);
	assert_int_equal(set->max_cache, 0);
	assert_int_equal(set->max_request, 8192);
	assert_int_equal(set->policy.nonce, POLICY_NONCE_IGNORE);
	settings_free(set);
}

/* Signing ahead, and who may see figures. */
static void
test_scale(void **state)
{
	struct settings *set = read_text(BASE TOKEN
	    "delegates = ( { issuer = \"a\"; key = \"pkcs11:object=a\"; "
	    "certificate = \"a.pem\"; prepare = \"all\"; }, "
	    "{ issuer = \"b\"; key = \"pkcs11:object=b\"; "
	    "certificate = \"b.pem\"; } );\n"
	    "prepare_share = 30; metrics_listen = \"[::1]:0\";\n");

	(void)state;
	assert_non_null(set);
	assert_true(set->delegates[0].prepare);
	assert_false(set->delegates[1].prepare);
	assert_int_equal(set->prepare_share, 30);
	assert_true(set->has_metrics);
	assert_string_equal(set->metrics.host, "::1");
	settings_free(set);
	set = read_text(BASE "metrics_listen = \"192.0.2.1:80\"; "
			     "metrics_public = true;\n");
	assert_non_null(set);
	assert_int_equal(set->prepare_share, 50);
	settings_free(set);
	refuse(BASE "metrics_listen = \"192.0.2.1:80\";\n", "metrics_listen");
	refuse(BASE "metrics_listen = \"80\";\n", "metrics_listen");
	refuse(BASE "metrics_public = true;\n", "metrics_public");
	refuse(BASE "prepare_share = 101;\n", "prepare_share");
	refuse(BASE TOKEN
	    "delegates = ( { issuer = \"a\"; key = \"pkcs11:object=a\"; "
	    "certificate = \"a.pem\"; prepare = \"some\"; } );\n",
	    "prepare");
	refuse(BASE TOKEN
	    "delegates = ( { issuer = \"a\"; key = \"pkcs11:object=a\"; "
	    "certificate = \"a.pem\"; prepare = \"all\"; "
	    "nonce = \"require\"; } );\n",
	    "prepare");
}

/* What stands at the top is every issuer's; what stands with a delegate is its
   issuer's alone. */
static void
test_policies(void **state)
{
	struct settings *set = read_text(BASE
	    "token: { uri = \"pkcs11:token=ocsp\"; };\n"
	    "delegates = ( { issuer = \"a-g1\"; key = "
	    "\"pkcs11:object=a\"; certificate = \"a.pem\"; nonce = "
	    "\"require\"; archive = \"30d\"; }, { issuer = \"a-g2\"; key = "
	    "\"pkcs11:object=b\"; certificate = \"b.pem\"; } );\n"
	    "not_issued = \"revoked\"; sign_budget = 50; nonce = "
	    "\"ignore\";\n");

	(void)state;
	assert_non_null(set);
	assert_int_equal(settings_delegate_of(set, "a-g2"), 1);
	assert_int_equal(settings_delegate_of(set, "b-g1"), 2);
	assert_int_equal(
	    set->delegates[0].policy.nonce, POLICY_NONCE_REQUIRE);
	assert_int_equal(set->delegates[0].policy.archive, 30 * 86400);
	assert_int_equal(
	    set->delegates[0].policy.not_issued, POLICY_REVOKED);
	assert_int_equal(set->delegates[0].policy.sign_budget, 50);
	assert_int_equal(set->delegates[1].policy.nonce, POLICY_NONCE_IGNORE);
	assert_int_equal(set->delegates[1].policy.archive, 0);
	settings_free(set);
}

static void
test_refused(void **state)
{
	(void)state;
	refuse("", "listen");
	refuse(BASE "valdity = \"1h\";\n", "valdity");
	refuse(BASE "validity = 5;\n", "validity");
	refuse(BASE "validity = \"8d\";\n", "validity");
	refuse(BASE "refresh = \"31m\";\n", "refresh");
	refuse(BASE "unknown_validity = \"6m\";\n", "unknown_validity");
	refuse(BASE "nonce = \"maybe\";\n", "nonce");
	refuse(BASE "threads = 0;\n", "threads");
	refuse(BASE "max_request = \"2m\";\n", "max_request");
	refuse(BASE "delegates = ( " DELEGATE " );\n", "token");
	refuse(BASE TOKEN "delegates = ( " DELEGATE ", " DELEGATE " );\n",
	    "devices-g1");
	refuse(BASE TOKEN "delegates = ( { issuer = \"x\"; key = "
			  "\"pkcs11:id=%01\"; certificate = \"c\"; } );\n",
	    "object=");
	refuse(BASE TOKEN
	    "delegates = ( { issuer = \"x\"; key = "
	    "\"pkcs11:object=a%20b\"; certificate = \"c\"; } );\n",
	    "object=");
	refuse(BASE TOKEN "delegates = ( { issuer = \"x\"; key = "
			  "\"pkcs11:object=a\"; key_type = \"dsa\"; "
			  "certificate = \"c\"; } );\n",
	    "dsa");
	refuse(BASE "token: { uri = \"ocsp\"; };\n", "uri");
	refuse(BASE "token: { uri = \"pkcs11:token=x\"; pin_file = \"a\"; "
		    "pin_credential = \"b\"; };\n",
	    "pin_file");
	assert_null(settings_read("/nonexistent/ocsp.conf"));
	ERR_clear_error();
}

#define PAIR(a, b)                                                             \
	BASE TOKEN "delegates = ( { issuer = \"a\"; key = \"pkcs11:object=" a  \
		   "\"; certificate = \"a.pem\"; }, { issuer = \"b\"; "        \
		   "key = \"pkcs11:object=" b                                  \
		   "\"; certificate = \"b.pem\"; } "                           \
		   ");\n"

/* A renewal of the one would destroy the other's keys. */
static void
test_families(void **state)
{
	struct settings *set = read_text(PAIR("ocsp-x", "ocsp-x2"));

	(void)state;
	assert_non_null(set);
	settings_free(set);
	set = read_text(PAIR("ocsp-x.1", "ocsp-x.a"));
	assert_non_null(set);
	settings_free(set);
	refuse(PAIR("ocsp-x", "ocsp-x"), ": key: ");
	refuse(PAIR("ocsp-x", "ocsp-x"), "number of renewal");
	refuse(PAIR("ocsp-x", "ocsp-x.2"), "number of renewal");
	refuse(PAIR("ocsp-x.12", "ocsp-x"), "number of renewal");
}

static void
refuse_address(const char *address)
{
	char text[512];

	snprintf(text, sizeof(text),
	    "listen = [\"%s\"]; status_db = \"a\"; publish_dir = \"b\";\n",
	    address);
	refuse(text, "listen");
}

static void
test_addresses(void **state)
{
	(void)state;
	refuse_address("127.0.0.1");
	refuse_address(":80");
	refuse_address("127.0.0.1:");
	refuse_address("127.0.0.1:65536");
	refuse_address("127.0.0.1:8x");
	refuse_address("::1:80");
	refuse_address("[]:80");
	refuse_address("[::1:80");
	refuse(
	    "listen = []; status_db = \"a\"; publish_dir = \"b\";\n", "listen");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_least),
	    cmocka_unit_test(test_whole),
	    cmocka_unit_test(test_scale),
	    cmocka_unit_test(test_policies),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_families),
	    cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
