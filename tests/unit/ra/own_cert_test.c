#include "svc.h"

/*
 * When our own certificate is renewed, and the thread that does it; one renewal
 * itself is in renew_test.c. Against a thread that plays svc.sock.
 */

static void
due_in_the_last_third(void **state)
{
	(void)state;
	assert_int_equal(own_cert_due(1000, 1300), 1200);
	assert_int_equal(own_cert_due(0, 90 * 86400), 60 * 86400);
}

/* The thread finds by itself that the certificate is due. */
static void
the_thread_renews(void **state)
{
	struct house *h = *state;
	struct svc s = {0};
	EVP_PKEY *key = keyfile_read(h->key);
	X509 *old = fake_certificate(key, h->ca.key, h->ca.cert, "old", 0);
	struct own_cert *o;
	int i;

	write_cert(h->certificate, old); /* its end is now */
	assert_true(tls_reload(h->tls, h->certificate, h->key));
	svc_start(&s, h);
	o = own_cert_start(&h->settings, h->tls);
	assert_non_null(o);
	for (i = 0; i < 500 && !cn_is(h->tls, "renewed"); i++)
		house_pause(10);
	assert_true(cn_is(h->tls, "renewed"));
	own_cert_stop(o);
	assert_int_equal(svc_stop(&s), 1);
	X509_free(old);
	EVP_PKEY_free(key);
}

/* The first try finds nobody; with 20 seconds left the next one may not wait
   for its usual 15. */
static void
a_short_rest_makes_it_hurry(void **state)
{
	struct house *h = *state;
	struct svc s = {0};
	EVP_PKEY *key = keyfile_read(h->key);
	X509 *old = fake_certificate(key, h->ca.key, h->ca.cert, "old", 0);
	struct own_cert *o;
	double began = house_seconds();
	int i;

	X509_gmtime_adj(X509_getm_notAfter(old), 20);
	assert_true(X509_sign(old, h->ca.key, EVP_sha256()) > 0);
	write_cert(h->certificate, old);
	assert_true(tls_reload(h->tls, h->certificate, h->key));
	svc_point(&s, h);
	o = own_cert_start(&h->settings, h->tls);
	assert_non_null(o);
	house_pause(500);
	svc_start(&s, h);
	for (i = 0; i < 1200 && !cn_is(h->tls, "renewed"); i++)
		house_pause(10);
	assert_true(cn_is(h->tls, "renewed"));
	assert_true(house_seconds() - began < 12);
	own_cert_stop(o);
	assert_int_equal(svc_stop(&s), 1);
	X509_free(old);
	EVP_PKEY_free(key);
}

#define t(f) cmocka_unit_test_setup_teardown(f, svc_set_up, svc_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(due_in_the_last_third),
	    t(the_thread_renews),
	    t(a_short_rest_makes_it_hurry),
	};

	return cmocka_run_group_tests_name("own_cert", tests, NULL, NULL);
}
