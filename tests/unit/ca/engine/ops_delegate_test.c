#include <openssl/x509v3.h>
#include "tests/unit/ca/engine/world.h"

/* ca.delegate: who answers OCSP for a CA. */

static WIRE_ANSWER *
ask(struct world *w, const char *name, const char *profile)
{
	EVP_PKEY *key = world_key();
	unsigned char *csr;
	int len = world_csr(key, "whatever", &csr);
	WIRE_ANSWER *a = world_admin(w, "ca.delegate", "tbtt", "name", name,
	    "csr", csr, len, "profile", profile, "set", "cn=Responder");

	OPENSSL_free(csr);
	EVP_PKEY_free(key);
	return a;
}

static void
issued(WIRE_ANSWER *a, const char *issuer)
{
	const unsigned char *p;
	X509 *x;
	size_t len;

	world_is(a, WIRE_OK);
	assert_string_equal(field_text(a->values, "issuer", ""), issuer);
	p = field_bytes(a->values, "cert", &len);
	x = d2i_X509(NULL, &p, (long)len);
	assert_non_null(x);
	assert_int_equal(X509_get_extended_key_usage(x), XKU_OCSP_SIGN);
	assert_true(X509_get_ext_by_NID(x, NID_id_pkix_OCSP_noCheck, -1) >= 0);
	X509_free(x);
	WIRE_ANSWER_free(a);
}

static void
for_a_ca(void **state)
{
	struct world *w = *state;

	issued(ask(w, "code", "ocsp-responder"), "code-g1");
	world_done(world_admin(w, "ca.disable", "t", "name", "code"));
	issued(ask(w, "code-g1", "ocsp-responder"), "code-g1");
	world_done(world_admin(w, "ca.enable", "t", "name", "code"));
}

static void
not_for(void **state)
{
	struct world *w = *state;
	unsigned char junk[] = {0x30, 0};

	world_refused(ask(w, "nobody", "ocsp-responder"), WIRE_NOTFOUND,
	    "no CA");
	world_refused(ask(w, "root", "ocsp-responder"), WIRE_DENIED,
	    "issuer.root");
	world_refused(ask(w, "code", "code-signing"), WIRE_DENIED,
	    "delegate.class");
	world_refused(ask(w, "code", "issuing-ca"), WIRE_DENIED,
	    "delegate.class");
	world_refused(ask(w, "code", "none"), WIRE_NOTFOUND, "no profile");
	world_refused(world_admin(w, "ca.delegate", "tb", "name", "code",
	    "csr", junk, 2), WIRE_BADREQUEST, "");
	report_init("test", REPORT_ERROR + 1, 2);
	world_done(world_admin(w, "ca.stop", ""));
	world_refused(ask(w, "code", "ocsp-responder"), WIRE_UNAVAILABLE,
	    "stopped");
	world_done(world_admin(w, "ca.resume", ""));
	report_init("test", REPORT_ERROR, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(for_a_ca),
	    cmocka_unit_test(not_for),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
