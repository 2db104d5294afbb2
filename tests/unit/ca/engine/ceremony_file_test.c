#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "ca/engine/ceremony.h"
#include "ca/error.h"
#include "ca/report/report.h"
#include "profiles/error.h"

/* inkan-ceremony.conf(5): defaults, and every mistake with its line. */

static char dir[64], path[128];

static const char HEAD[] =
    "config = \"ca.conf\"; http_url = \"http://localhost:8444\";\n";
static const char ROOT[] =
    "root: { token: { uri = \"pkcs11:token=r\"; }; set = [ \"cn=R\" ]; };\n";
static const char ISSUERS[] =
    "issuers = ( { name = \"devices\"; set = [ \"cn=D\" ]; } );\n";

static int
make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/inkan-ceremony-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/c.conf", dir);
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static struct ceremony_file *
read_texts(const char *a, const char *b, const char *c, const char *d)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "%s%s%s%s", a, b, c, d);
	assert_int_equal(fclose(f), 0);
	return ceremony_read(path);
}

static void
refused(const char *a, const char *b, const char *c, const char *d,
    const char *word)
{
	struct ceremony_file *f = read_texts(a, b, c, d);
	char trace[1024];

	report_trace(trace, sizeof(trace));
	if (f != NULL || strstr(trace, word) == NULL ||
	    strstr(trace, "c.conf:") == NULL ||
	    report_last_reason() != PROFILE_E_CONFIG)
		fail_msg("no \"%s\" in: %s", word, trace);
	ERR_clear_error();
}

static void
defaults(void **state)
{
	struct ceremony_file *f = read_texts(HEAD, ROOT, ISSUERS, "");
	char want[PATH_MAX];

	(void)state;
	assert_non_null(f);
	snprintf(want, sizeof(want), "%s/ca.conf", dir);
	assert_string_equal(f->config, want);
	assert_string_equal(f->root.name, "root");
	assert_int_equal(f->root.generation, 1);
	assert_string_equal(f->root.profile, "root-ca");
	assert_string_equal(f->root.label, "inkan-root-g1");
	assert_int_equal(f->root.key_type, HSM_KEY_EC_P256);
	assert_int_equal(f->root.crl_lifetime, 180 * 86400);
	assert_string_equal(f->root.certificate, "");
	assert_int_equal(f->n_issuers, 1);
	assert_string_equal(f->issuers[0].profile, "issuing-ca");
	assert_string_equal(f->issuers[0].label, "inkan-devices-g1");
	assert_int_equal(f->issuers[0].crl_lifetime, 86400);
	assert_int_equal(f->issuers[0].crl_interval, 21600);
	assert_int_equal(f->issuers[0].crl_shards, 0);
	assert_int_equal(f->issuers[0].keep_expired, 0);
	assert_int_equal(f->n_services, 0);
	assert_string_equal(f->transcript, "");
	OPENSSL_free(f);
}

static void
everything(void **state)
{
	struct ceremony_file *f;

	(void)state;
	f = read_texts(HEAD, ROOT,
	    "issuers = ( { name = \"code\"; generation = 3; profile = "
	    "\"sub\"; key_type = \"rsa-3072\"; key_label = \"my key\"; "
	    "certificate = \"/c.pem\"; set = [ \"cn=C\", \"o=X=Y\" ]; "
	    "crl_lifetime = \"7d\"; crl_interval = \"1d\"; crl_shards = 256; "
	    "keep_expired = true; } );\n",
	    "services = ( { profile = \"est-server\"; issuer = \"code\"; csr "
	    "= \"s.csr\"; certificate = \"s.pem\"; set = [ \"cn=s\" ]; chain "
	    "= true; } );\ntranscript = \"t.txt\";\n");
	assert_non_null(f);
	assert_int_equal(f->issuers[0].generation, 3);
	assert_int_equal(f->issuers[0].key_type, HSM_KEY_RSA_3072);
	assert_string_equal(f->issuers[0].label, "my key");
	assert_string_equal(f->issuers[0].certificate, "/c.pem");
	assert_int_equal(f->issuers[0].set.n, 2);
	assert_string_equal(f->issuers[0].set.text[1], "o=X=Y");
	assert_int_equal(f->issuers[0].crl_lifetime, 7 * 86400);
	assert_int_equal(f->issuers[0].crl_interval, 86400);
	assert_int_equal(f->issuers[0].crl_shards, 256);
	assert_int_equal(f->issuers[0].keep_expired, 1);
	assert_int_equal(f->n_services, 1);
	assert_string_equal(f->services[0].issuer, "code");
	assert_int_equal(f->services[0].chain, 1);
	assert_true(f->services[0].csr[0] == '/');
	assert_true(f->transcript[0] == '/');
	OPENSSL_free(f);
}

static void
shards(void **state)
{
	static const char *const bad[] = {"1", "257", "-2"};
	char text[256];
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "issuers = ( { name = \"x\"; "
		    "set = [ \"cn=X\" ]; crl_shards = %s; } );\n", bad[i]);
		refused(HEAD, ROOT, text, "", "crl_shards");
	}
	/* A root's CRL is made by hand, for a few CAs. */
	refused(HEAD, "root: { token: { uri = \"pkcs11:token=r\"; }; set = "
	    "[ \"cn=R\" ]; crl_shards = 2; };\n", ISSUERS, "", "crl_shards");
}

static void
heads(void **state)
{
	(void)state;
	refused("http_url = \"http://x\";", ROOT, ISSUERS, "", "config");
	refused(HEAD, "", ISSUERS, "", "root");
	refused(HEAD, ROOT, "", "", "issuers");
	refused(HEAD, ROOT, "issuers = ();", "", "issuing CAs");
	refused(HEAD, ROOT, ISSUERS, "isuers = 1;", "did you mean");
	refused("config = \"c\"; http_url = \"https://x\";", ROOT, ISSUERS, "",
	    "no https");
	refused("config = \"c\"; http_url = \"http://x/\";", ROOT, ISSUERS, "",
	    "final slash");
	refused("config = \"c\"; http_url = \"\";", ROOT, ISSUERS, "", "http");
}

static void
cas(void **state)
{
	(void)state;
	refused(HEAD, "root: { set = [ \"cn=R\" ]; };", ISSUERS, "", "token");
	refused(HEAD, "root: { token: { uri = \"pkcs11:\"; }; };", ISSUERS, "",
	    "set");
	refused(
	    HEAD, ROOT, "issuers = ( { set = [ \"cn=D\" ]; } );", "", "name");
	refused(HEAD, ROOT,
	    "issuers = ( { name = \"De vices\"; set = [ \"cn=D\" ]; } );", "",
	    "addresses");
	refused(HEAD, ROOT,
	    "issuers = ( { name = \"../x\"; set = [ \"cn=D\" ]; } );", "",
	    "addresses");
	refused(HEAD, ROOT,
	    "issuers = ( { name = \"a\"; set = [ \"cn\" ]; } );", "",
	    "field=value");
	refused(HEAD, ROOT,
	    "issuers = ( { name = \"a\"; set = [ \"cn=D\" ]; key_type = "
	    "\"dsa\"; } );",
	    "", "unknown key type");
	refused(HEAD, ROOT,
	    "issuers = ( { name = \"a\"; set = [ \"cn=D\" ]; generation = 0; "
	    "} );",
	    "", "generation");
	refused(HEAD, ROOT,
	    "issuers = ( { name = \"a\"; set = [ \"cn=D\" ]; }, { name = "
	    "\"a\"; set = [ \"cn=E\" ]; } );",
	    "", "twice");
	refused(HEAD, ROOT,
	    "issuers = ( { name = \"a\"; set = [ \"cn=D\" ]; crl_lifetime = "
	    "\"1d\"; crl_interval = \"13h\"; } );",
	    "", "half of crl_lifetime");
	refused(HEAD, ROOT,
	    "issuers = ( { name = \"root\"; set = [ \"cn=D\" ]; } );", "",
	    "twice");
}

static void
same_labels(void **state)
{
	(void)state;
	refused(HEAD, ROOT,
	    "issuers = ( { name = \"a\"; key_label = \"k\"; set = [ \"cn=D\" "
	    "]; }, { name = \"b\"; key_label = \"k\"; set = [ \"cn=E\" ]; } "
	    ");",
	    "", "key_label");
}

static void
services(void **state)
{
	(void)state;
	refused(HEAD, ROOT, ISSUERS, "services = ( { profile = \"x\"; } );",
	    "missing");
	refused(HEAD, ROOT, ISSUERS,
	    "services = ( { profile = \"x\"; issuer = \"devices\"; csr = "
	    "\"c\"; certificate = \"d\"; wrong = 1; } );",
	    "unknown key");
	refused(HEAD, ROOT, ISSUERS,
	    "services = ( { profile = \"x\"; issuer = \"devices\"; csr = "
	    "\"c\"; certificate = \"d\"; chain = \"yes\"; } );",
	    "chain");
}

static void
no_file(void **state)
{
	(void)state;
	assert_null(ceremony_read("/no/such/file"));
	assert_int_equal(report_last_reason(), CA_E_CONFIG);
	ERR_clear_error();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults),
	    cmocka_unit_test(everything),
	    cmocka_unit_test(shards),
	    cmocka_unit_test(heads),
	    cmocka_unit_test(cas),
	    cmocka_unit_test(same_labels),
	    cmocka_unit_test(services),
	    cmocka_unit_test(no_file),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
