#include "tests/unit/ca/engine/live.h"
#include "profiles/error.h"

/* Files of ceremonies on an instance: every kind, and every mistake. */

static char dir[64], path[128];

static int
make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/inkan-kinds-XXXXXX");
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
read_text(const char *kind, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "kind = \"%s\"; config = \"ca.conf\";\n%s", kind, text);
	assert_int_equal(fclose(f), 0);
	return ceremony_read(path);
}

static struct ceremony_file *
good(const char *kind, const char *text)
{
	struct ceremony_file *f = read_text(kind, text);

	if (f == NULL)
		report_fatal(kind);
	assert_non_null(f);
	assert_int_equal(f->kind, ceremony_kind_of(kind));
	assert_string_equal(ceremony_kind_name(f->kind), kind);
	return f;
}

static void
bad(const char *kind, const char *text, const char *word)
{
	struct ceremony_file *f = read_text(kind, text);
	char trace[1024];

	report_trace(trace, sizeof(trace));
	if (f != NULL || strstr(trace, word) == NULL ||
	    report_last_reason() != PROFILE_E_CONFIG)
		fail_msg("no \"%s\" in: %s", word, trace);
	ERR_clear_error();
}

#define SIGNER "signer: { ca = \"root-g1\"; };\n"

static void
signers(void **state)
{
	struct ceremony_file *f = good("crl", SIGNER);

	(void)state;
	assert_string_equal(f->signer.ca, "root-g1");
	assert_false(f->signer.has_token);
	assert_int_equal(f->crl_lifetime, 0);
	OPENSSL_free(f);
	f = good("crl", LIVE_ROOT_SIGNS "crl_lifetime = \"90d\";");
	assert_true(f->signer.has_token);
	assert_string_equal(f->signer.token.uri, "pkcs11:token=inkan-root");
	assert_int_equal(f->crl_lifetime, 90 * 86400);
	OPENSSL_free(f);
	bad("crl", "", "signer");
	bad("crl", "signer: { token: { uri = \"pkcs11:token=x\"; }; };", "ca");
	bad("crl", SIGNER "serial = \"40\";", "unknown key");
	bad("nothing", SIGNER, "unknown value");
	assert_int_equal(ceremony_kind_of("nothing"), -1);
}

static void
intermediates(void **state)
{
	struct ceremony_file *f;

	(void)state;
	f = good("intermediate", SIGNER LIVE_URL "issuers = ( { name = "
	    "\"devices\"; } ); disable = [ \"devices-g1\" ];");
	assert_int_equal(f->issuers[0].generation, 0);
	assert_string_equal(f->issuers[0].label, "");
	assert_int_equal(f->issuers[0].set.n, 0);
	assert_string_equal(f->disable[0], "devices-g1");
	OPENSSL_free(f);
	f = good("intermediate", SIGNER LIVE_URL "issuers = ( { name = "
	    "\"devices\"; generation = 7; } );");
	assert_string_equal(f->issuers[0].label, "inkan-devices-g7");
	OPENSSL_free(f);
	bad("intermediate", SIGNER "issuers = ( { name = \"d\"; } );",
	    "http_url");
	bad("intermediate", SIGNER LIVE_URL, "issuers");
	bad("intermediate", SIGNER LIVE_URL "issuers = ( { name = \"d\"; }, { "
	    "name = \"d\"; } );", "given twice");
}

static void
rekeys(void **state)
{
	struct ceremony_file *f;

	(void)state;
	f = good("root-rekey", SIGNER LIVE_URL "root: { " LIVE_TOKEN("root")
	    " };");
	assert_string_equal(f->links.profile, "link");
	assert_string_equal(f->root.name, "");
	assert_string_equal(f->root.profile, "root-ca");
	OPENSSL_free(f);
	f = good("root-rekey", SIGNER LIVE_URL "root: { " LIVE_TOKEN("root")
	    " }; links: { profile = \"mine\"; old_with_new = \"a.pem\"; };");
	assert_string_equal(f->links.profile, "mine");
	assert_int_equal(f->links.old_with_new[0], '/');
	assert_string_equal(f->links.new_with_old, "");
	OPENSSL_free(f);
	bad("root-rekey", SIGNER LIVE_URL, "root");
	bad("root-rekey", SIGNER LIVE_URL "root: { };", "token");
}

static void
foreigners(void **state)
{
	struct ceremony_file *f;

	(void)state;
	f = good("cross", SIGNER "name = \"p\"; foreign = \"p.pem\";");
	assert_string_equal(f->subject.profile, "cross");
	assert_int_equal(f->subject.needs_path_len, -1);
	assert_string_equal(f->subject.csr, "");
	OPENSSL_free(f);
	f = good("certify", SIGNER "name = \"p\"; csr = \"p.csr\"; "
	    "needs_path_len = 0; chain = true; set = [ \"cn=P\" ];");
	assert_string_equal(f->subject.profile, "sub-ca");
	assert_int_equal(f->subject.needs_path_len, 0);
	assert_true(f->subject.chain);
	assert_int_equal(f->subject.set.n, 1);
	OPENSSL_free(f);
	bad("cross", SIGNER "name = \"p\";", "foreign: missing");
	bad("cross", SIGNER "name = \"P/../x\"; csr = \"c\";", "only a-z");
	bad("cross", SIGNER "name = \"p\"; csr = \"c\"; needs_path_len = 17;",
	    "needs_path_len");
	bad("certify", SIGNER "name = \"p\";", "csr");
	f = good("renew", SIGNER "ca = \"devices\";");
	assert_string_equal(f->subject.name, "devices");
	assert_string_equal(f->subject.profile, "");
	OPENSSL_free(f);
	bad("renew", SIGNER, "ca");
}

static void
revocations(void **state)
{
	struct ceremony_file *f;

	(void)state;
	f = good("revoke", SIGNER "serial = \"40:aB:01\"; reason = "
	    "\"superseded\";");
	assert_int_equal(f->revoked.serial_len, 3);
	assert_memory_equal(f->revoked.serial, "\x40\xab\x01", 3);
	assert_int_equal(f->revoked.reason, 4);
	OPENSSL_free(f);
	bad("revoke", SIGNER "serial = \"4\"; reason = \"superseded\";",
	    "serial");
	bad("revoke", SIGNER "serial = \"404142434445464748495051525354555657"
	    "58596061\"; reason = \"superseded\";", "serial");
	bad("revoke", SIGNER "serial = \"40\"; reason = \"removeFromCRL\";",
	    "reason");
	bad("revoke", SIGNER "serial = \"40\";", "reason");
}

#define T(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(signers),
	    T(intermediates),
	    T(rekeys),
	    T(foreigners),
	    T(revocations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
