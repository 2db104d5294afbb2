#include "svc.h"

#include <errno.h>
#include <sys/resource.h>

#include "ra/error.h"

/*
 * One renewal of our own certificate: key and certificate on disk, after a
 * crash at any step, when one cannot be written, and when others were there.
 */

static void
without_a_current_key_nothing_is_asked(void **state)
{
	struct house *h = *state;
	struct svc s = {0};
	char aside[128];

	snprintf(aside, sizeof(aside), "%s/aside", h->folder);
	rename(h->key, aside);
	svc_start(&s, h);
	assert_false(own_cert_renew(&h->settings, h->tls));
	assert_int_equal(svc_stop(&s), 0);
	assert_int_equal(ERR_GET_REASON(ERR_peek_error()), ENOENT);
	rename(aside, h->key);
	chmod(h->key, 0644);
	ERR_clear_error();
	svc_start(&s, h);
	assert_false(own_cert_renew(&h->settings, h->tls));
	assert_int_equal(svc_stop(&s), 0);
	assert_int_equal(ERR_GET_REASON(ERR_peek_error()), RA_E_CONFIG);
	assert_nothing_new(h);
}

/* A name to which ".new" cannot be added. */
static void
a_name_too_long_is_told(void **state)
{
	struct house *h = *state;
	struct svc s = {0};
	char name[4096];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_true(own_cert_settle(name, name));
	svc_start(&s, h);
	h->settings.certificate = name;
	ERR_clear_error();
	assert_false(own_cert_renew(&h->settings, h->tls));
	assert_int_equal(svc_stop(&s), 0);
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), RA_E_CONFIG);
	assert_nothing_new(h);
}

/* A crash after ${step} of: key.new, certificate.new, rename key, rename
   certificate. */
static void
crash_after(struct house *h, int step, const char *expected)
{
	char new_key[128], new_cert[128];
	EVP_PKEY *key = keyfile_new();
	X509 *cert = fake_certificate(key, h->ca.key, h->ca.cert, "next", 30);

	DOT_NEW(new_key, h->key);
	DOT_NEW(new_cert, h->certificate);
	keyfile_write(new_key, key);
	if (step >= 2)
		write_cert(new_cert, cert);
	if (step >= 3)
		rename(new_key, h->key);
	if (step >= 4)
		rename(new_cert, h->certificate);
	assert_true(own_cert_settle(h->certificate, h->key));
	assert_nothing_new(h);
	assert_true(tls_reload(h->tls, h->certificate, h->key));
	assert_pair_is(h, expected);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void
a_crash_leaves_a_pair(void **state)
{
	crash_after(*state, 1, "est");
	crash_after(*state, 2, "next");
	crash_after(*state, 3, "next");
	crash_after(*state, 4, "next");
	crash_after(*state, 1, "next");
}

/* Remains that are no pair: certificate.new of ${text} or for a foreign key,
   key.new as it is or readable by others. */
static void
settle_drops(struct house *h, const char *text, X509 *cert, int key_mode)
{
	char new_key[128], new_cert[128];
	EVP_PKEY *key = keyfile_new();
	FILE *f;

	DOT_NEW(new_key, h->key);
	DOT_NEW(new_cert, h->certificate);
	assert_true(keyfile_write(new_key, key));
	chmod(new_key, (mode_t)key_mode);
	if (cert == NULL)
		cert = fake_certificate(key, h->ca.key, h->ca.cert, "next", 30);
	else
		X509_up_ref(cert);
	write_cert(new_cert, cert);
	if (text != NULL) {
		f = fopen(new_cert, "w");
		fputs(text, f);
		fclose(f);
	}
	assert_true(own_cert_settle(h->certificate, h->key));
	assert_int_equal(ERR_peek_error(), 0);
	assert_nothing_new(h);
	assert_pair_is(h, "est");
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void
remains_that_are_no_pair_go(void **state)
{
	struct house *h = *state;

	assert_true(own_cert_settle(h->certificate, h->key)); /* none */
	assert_pair_is(h, "est");
	settle_drops(h, "", NULL, 0600);
	settle_drops(h, "-----BEGIN CERTIFICATE-----\nMIIB", NULL, 0600);
	settle_drops(h, NULL, h->device, 0600);
	settle_drops(h, NULL, NULL, 0644); /* others may have read it */
}

/* The certificate of the key in place, beside a key of a later try. */
static void
a_later_key_goes_with_the_rest(void **state)
{
	struct house *h = *state;
	EVP_PKEY *key = keyfile_read(h->key), *later_key = keyfile_new();
	X509 *cert = fake_certificate(key, h->ca.key, h->ca.cert, "next", 30);
	char path[128];

	DOT_NEW(path, h->certificate);
	write_cert(path, cert);
	DOT_NEW(path, h->key);
	assert_true(keyfile_write(path, later_key));
	assert_true(own_cert_settle(h->certificate, h->key));
	assert_nothing_new(h);
	assert_true(tls_reload(h->tls, h->certificate, h->key));
	assert_pair_is(h, "next");
	X509_free(cert);
	EVP_PKEY_free(key);
	EVP_PKEY_free(later_key);
}

/* Nothing is issued that cannot be kept. A folder in the way is in root's way,
   too. */
static void
a_key_that_cannot_be_written_is_not_used(void **state)
{
	struct house *h = *state;
	struct svc s = {0}, again = {0};
	char path[128];

	DOT_NEW(path, h->key);
	assert_int_equal(mkdir(path, 0700), 0);
	svc_start(&s, h);
	assert_false(own_cert_renew(&h->settings, h->tls));
	assert_int_equal(svc_stop(&s), 0);
	assert_pair_is(h, "est");
	assert_int_equal(rmdir(path), 0);
	renewed(h, &again);
}

static void
a_certificate_that_cannot_be_written_changes_nothing(void **state)
{
	struct house *h = *state;
	struct svc s = {0}, again = {0};
	char path[128];

	DOT_NEW(path, h->certificate);
	assert_int_equal(mkdir(path, 0700), 0);
	svc_start(&s, h);
	assert_false(own_cert_renew(&h->settings, h->tls));
	assert_int_equal(svc_stop(&s), 1);
	assert_pair_is(h, "est");
	assert_int_equal(rmdir(path), 0);
	renewed(h, &again);
}

/* The key is renamed, the certificate cannot be: what is served is the old
   pair, and the next try, once there is room, needs nobody's help. */
static void
a_renewal_that_stopped_half_way_is_finished(void **state)
{
	struct house *h = *state;
	struct svc s = {0}, idle = {0};
	char aside[128];

	snprintf(aside, sizeof(aside), "%s/aside", h->folder);
	assert_int_equal(rename(h->certificate, aside), 0);
	assert_int_equal(mkdir(h->certificate, 0700), 0);
	svc_start(&s, h);
	assert_false(own_cert_renew(&h->settings, h->tls));
	assert_true(cn_is(h->tls, "est"));
	assert_false(own_cert_renew(&h->settings, h->tls)); /* no second one */
	assert_int_equal(svc_stop(&s), 1);
	assert_int_equal(rmdir(h->certificate), 0);
	assert_int_equal(rename(aside, h->certificate), 0);
	svc_start(&idle, h);
	assert_true(own_cert_renew(&h->settings, h->tls));
	assert_int_equal(svc_stop(&idle), 0);
	assert_nothing_new(h);
	assert_pair_is(h, "renewed");
}

/* An operator's new pair that nobody was told of; and half of one. */
static void
another_pair_on_disk_is_taken(void **state)
{
	struct house *h = *state;
	EVP_PKEY *key = keyfile_new();
	X509 *cert = fake_certificate(key, h->ca.key, h->ca.cert, "next", 30);
	struct svc s = {0};

	assert_true(keyfile_write(h->key, key));
	svc_start(&s, h);
	assert_false(own_cert_renew(&h->settings, h->tls));
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), RA_E_CONFIG);
	assert_true(cn_is(h->tls, "est"));
	write_cert(h->certificate, cert);
	assert_true(own_cert_renew(&h->settings, h->tls));
	assert_int_equal(svc_stop(&s), 0);
	assert_pair_is(h, "next");
	X509_free(cert);
	EVP_PKEY_free(key);
}

/* Both halves are there, and no descriptor is free: for the folder's lock, then
   for the certificate. */
static void
a_pair_that_cannot_be_read_now_is_kept(void **state)
{
	struct house *h = *state;
	EVP_PKEY *key = keyfile_new();
	X509 *cert = fake_certificate(key, h->ca.key, h->ca.cert, "next", 30);
	char new_key[128], new_cert[128];
	struct rlimit was, few;
	int i, fd, ok;

	DOT_NEW(new_key, h->key);
	DOT_NEW(new_cert, h->certificate);
	assert_true(keyfile_write(new_key, key));
	write_cert(new_cert, cert);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	for (i = 0; i < 2; i++) {
		fd = dup(0);
		close(fd);
		few = was;
		few.rlim_cur = (rlim_t)(fd + i);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		ok = own_cert_settle(h->certificate, h->key);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
		assert_false(ok);
		assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), EMFILE);
		ERR_clear_error();
		assert_true(is_there(new_key) && is_there(new_cert));
	}
	assert_true(own_cert_settle(h->certificate, h->key));
	assert_nothing_new(h);
	assert_true(tls_reload(h->tls, h->certificate, h->key));
	assert_pair_is(h, "next");
	X509_free(cert);
	EVP_PKEY_free(key);
}

/* By a hand that knows no lock. */
static void
new_key_is_removed(struct svc *s, X509_REQ *csr, WIRE_ANSWER *a)
{
	char path[128];

	DOT_NEW(path, s->house->key);
	unlink(path);
	svc_renew(s, csr, a);
}

static void
a_pair_that_was_thrown_away_is_no_renewal(void **state)
{
	struct svc s = {.fill = new_key_is_removed};

	refused(*state, &s, 1, "is not what was received");
}

/* Another process, which has read the same pair and renews meanwhile. */
struct other {
	struct house *house;
	struct tls *tls;
	pthread_t thread;
	atomic_int ok, done;
};

static struct other other;

static void *
renew_too(void *arg)
{
	struct other *o = arg;

	o->ok = own_cert_renew(&o->house->settings, o->tls);
	o->done = 1;
	ERR_clear_error();
	return NULL;
}

/* The other one begins while the first waits for its answer, and has time. */
static void
meanwhile(struct svc *s, X509_REQ *csr, WIRE_ANSWER *a)
{
	int i;

	if (s->served == 0)
		assert_int_equal(pthread_create(
		    &other.thread, NULL, renew_too, &other), 0);
	for (i = 0; s->served == 0 && i < 30 && !other.done; i++)
		house_pause(10);
	svc_renew(s, csr, a);
}

static void
one_renews_at_a_time(void **state)
{
	struct house *h = *state;
	struct svc s = {.fill = meanwhile};

	other.house = h;
	other.tls = tls_new(h->certificate, h->key);
	svc_start(&s, h);
	assert_true(own_cert_renew(&h->settings, h->tls));
	pthread_join(other.thread, NULL);
	assert_true(other.ok);
	assert_true(cn_is(other.tls, "renewed"));
	assert_int_equal(svc_stop(&s), 1);
	assert_nothing_new(h);
	assert_pair_is(h, "renewed");
	tls_free(other.tls);
}

#define t(f) cmocka_unit_test_setup_teardown(f, svc_set_up, svc_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    t(without_a_current_key_nothing_is_asked),
	    t(a_name_too_long_is_told),
	    t(a_crash_leaves_a_pair),
	    t(remains_that_are_no_pair_go),
	    t(a_later_key_goes_with_the_rest),
	    t(a_key_that_cannot_be_written_is_not_used),
	    t(a_certificate_that_cannot_be_written_changes_nothing),
	    t(a_renewal_that_stopped_half_way_is_finished),
	    t(another_pair_on_disk_is_taken),
	    t(a_pair_that_cannot_be_read_now_is_kept),
	    t(a_pair_that_was_thrown_away_is_no_renewal),
	    t(one_renews_at_a_time),
	};

	return cmocka_run_group_tests_name("renew_files", tests, NULL, NULL);
}
