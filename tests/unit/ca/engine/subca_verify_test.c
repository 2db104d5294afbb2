#include "tests/unit/ca/engine/foreign.h"

/* Judging a CA's certificate. */

static struct foreign root, mid, narrow;

static int
setup(void **state)
{
	struct world *w;

	if (world_setup(state) != 0)
		return -1;
	w = *state;
	foreign_ca(&root, NULL, "Foreign Root", (struct foreign_how){0},
	    w->now);
	foreign_ca(&mid, &root, "Foreign Mid",
	    (struct foreign_how){.path_len = 2}, w->now);
	foreign_ca(&narrow, &root, "Foreign Narrow",
	    (struct foreign_how){.path_len = 1}, w->now);
	return 0;
}

static int
teardown(void **state)
{
	foreign_free(&root);
	foreign_free(&mid);
	foreign_free(&narrow);
	return world_teardown(state);
}

static X509_REQ *
request(EVP_PKEY *key)
{
	unsigned char *der;
	int len = world_csr(key, "Sub", &der);
	X509_REQ *req = foreign_req(der, (size_t)len);

	OPENSSL_free(der);
	return req;
}

/* ${how} makes it one that is refused by ${rule}; NULL: it is good. */
static void
judged(X509_REQ *req, X509 *was, struct foreign_how how, time_t now,
    const char *rule)
{
	X509 *cert = foreign_certify(&root, req, how, now);
	int ok = subca_check(cert, was == NULL ? req : NULL, was, now);

	if (rule == NULL && !ok)
		report_fatal("check");
	assert_int_equal(ok, rule == NULL);
	if (rule != NULL)
		world_raised(CA_E_DENIED, rule);
	X509_free(cert);
}

static void
itself(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	X509_REQ *req = request(key);

	judged(req, NULL, (struct foreign_how){0}, w->now, NULL);
	judged(req, NULL, (struct foreign_how){.path_len = 1}, w->now, NULL);
	judged(req, NULL, (struct foreign_how){.not_ca = 1}, w->now,
	    "import.usage: ");
	judged(req, NULL, (struct foreign_how){.ku = 32}, w->now,
	    "import.usage: ");
	judged(req, NULL, (struct foreign_how){.ku = 64}, w->now,
	    "import.usage: ");
	judged(req, NULL, (struct foreign_how){.no_ski = 1}, w->now,
	    "import.ski: ");
	judged(req, NULL, (struct foreign_how){.from = -90, .to = -30},
	    w->now, "import.validity: it has expired");
	judged(req, NULL, (struct foreign_how){.from = 30}, w->now,
	    "import.validity: it is not valid yet");
	X509_REQ_free(req);
	EVP_PKEY_free(key);
}

static void
of_another(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key(), *other = world_key();
	X509_REQ *req = request(key), *req2 = request(other);
	X509_NAME *name = foreign_name("Somebody");
	X509 *cert;

	cert = foreign_certify(&root, req2, (struct foreign_how){0}, w->now);
	assert_false(subca_check(cert, req, NULL, w->now));
	world_raised(CA_E_DENIED, "import.key: ");
	X509_free(cert);
	cert = foreign_cert(&root, NULL, key, name, (struct foreign_how){0},
	    w->now);
	assert_false(subca_check(cert, req, NULL, w->now));
	world_raised(CA_E_DENIED, "import.name: ");
	X509_free(cert);
	/* Signed by itself. */
	cert = foreign_cert(NULL, key, key, X509_REQ_get_subject_name(req),
	    (struct foreign_how){0}, w->now);
	assert_false(subca_check(cert, req, NULL, w->now));
	world_raised(CA_E_DENIED, "import.usage: it is self-signed");
	X509_free(cert);
	X509_NAME_free(name);
	X509_REQ_free(req);
	X509_REQ_free(req2);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

/* What renews has the same name, octet by octet, and key identifier. */
static void
renewed(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	X509_REQ *req = request(key);
	X509_NAME *upper = foreign_name("SUB");
	X509 *was = foreign_certify(&root, req, (struct foreign_how){0},
	    w->now), *cert;

	judged(req, was, (struct foreign_how){.from = -30}, w->now, NULL);
	judged(req, was, (struct foreign_how){.from = -120}, w->now,
	    "import.validity: it is older");
	judged(req, was, (struct foreign_how){.other_ski = "other"}, w->now,
	    "import.ski: ");
	assert_false(subca_check(was, NULL, was, w->now));
	world_raised(CA_E_DENIED, "import.same: ");
	cert = foreign_cert(&root, NULL, key, upper, (struct foreign_how){0},
	    w->now);
	assert_false(subca_check(cert, NULL, was, w->now));
	world_raised(CA_E_DENIED, "import.name: ");
	/* Where it is new, case does not matter (RFC 5280 7.1). */
	assert_true(subca_check(cert, req, NULL, w->now));
	X509_free(cert);
	X509_free(was);
	X509_NAME_free(upper);
	X509_REQ_free(req);
	EVP_PKEY_free(key);
}

static int
verified(struct world *w, X509 *cert, X509 *a, X509 *b, int *n)
{
	STACK_OF(X509) *chain = sk_X509_new_null(), *above = NULL;
	int ok;

	if (a != NULL)
		sk_X509_push(chain, a);
	if (b != NULL)
		sk_X509_push(chain, b);
	ok = subca_verify(w->ca, cert, chain, w->now, &above);
	*n = ok ? sk_X509_num(above) : -1;
	if (ok)
		assert_true(X509_get_extension_flags(
		    sk_X509_value(above, *n - 1)) & EXFLAG_SS);
	sk_X509_free(chain);
	sk_X509_pop_free(above, X509_free);
	return ok;
}

static void
chains(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = world_key();
	X509_REQ *req = request(key);
	struct foreign_how how = {.path_len = 1};
	X509 *by_root = foreign_certify(&root, req, how, w->now);
	X509 *by_mid = foreign_certify(&mid, req, how, w->now);
	X509 *by_narrow = foreign_certify(&narrow, req, how, w->now);
	int n;

	assert_true(verified(w, by_root, root.cert, NULL, &n));
	assert_int_equal(n, 1);
	assert_true(verified(w, by_mid, root.cert, mid.cert, &n));
	assert_int_equal(n, 2);
	assert_true(verified(w, by_mid, mid.cert, root.cert, &n));
	assert_false(verified(w, by_mid, root.cert, NULL, &n));
	world_raised(CA_E_DENIED, "import.chain: ");
	assert_false(verified(w, by_mid, mid.cert, NULL, &n));
	world_raised(CA_E_DENIED, "import.chain: ");
	assert_false(verified(w, by_root, NULL, NULL, &n));
	world_raised(CA_E_DENIED, "import.chain: ");
	/* OpenSSL would take it: as a leaf it is below no limit. */
	assert_false(verified(w, by_narrow, narrow.cert, root.cert, &n));
	world_raised(CA_E_DENIED, "path.length: /CN=Foreign Narrow allows 0");
	X509_free(by_root);
	X509_free(by_mid);
	X509_free(by_narrow);
	X509_REQ_free(req);
	EVP_PKEY_free(key);
}

/* A root that the name and key identifier of the real one are on, but not its
   key. */
static void
a_false_root(void **state)
{
	struct world *w = *state;
	struct foreign false_root;
	EVP_PKEY *key = world_key();
	X509_REQ *req = request(key);
	X509 *cert = foreign_certify(&root, req, (struct foreign_how){0},
	    w->now);
	int n;

	foreign_ca(&false_root, NULL, "Foreign Root", (struct foreign_how){0},
	    w->now);
	assert_false(verified(w, cert, false_root.cert, NULL, &n));
	world_raised(CA_E_DENIED, "import.chain: ");
	foreign_free(&false_root);
	X509_free(cert);
	X509_REQ_free(req);
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(itself),
	    cmocka_unit_test(of_another),
	    cmocka_unit_test(renewed),
	    cmocka_unit_test(chains),
	    cmocka_unit_test(a_false_root),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
