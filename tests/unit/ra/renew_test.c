#include "svc.h"

/*
 * One renewal of our own certificate: what is asked, and what is done with
 * every kind of answer. Files that are in the way or left over are in
 * renew_files_test.c, the thread that finds the time in own_cert_test.c.
 */

/* ---- what is asked ---- */

static void
a_renewal_replaces_the_pair(void **state)
{
	struct house *h = *state;
	EVP_PKEY *before = keyfile_read(h->key), *after;
	struct svc s = {0};

	umask(0);
	renewed(h, &s);
	after = keyfile_read(h->key);
	assert_int_not_equal(EVP_PKEY_eq(before, after), 1);
	assert_int_equal(mode_of(h->key), 0600);
	assert_int_equal(mode_of(h->certificate), 0644);
	EVP_PKEY_free(before);
	EVP_PKEY_free(after);
}

/* And again, with the key of the one before. */
static void
renewals_follow_each_other(void **state)
{
	int i;

	for (i = 0; i < 3; i++) {
		struct svc s = {0};

		renewed(*state, &s);
	}
}

/* The current key may be an operator's, of any kind that TLS takes. */
static void
every_kind_of_key_proves(void **state)
{
	struct house *h = *state;
	EVP_PKEY *keys[3] = {EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"),
	    EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048),
	    EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384")};
	X509 *cert;
	size_t i;

	for (i = 0; i < 3; i++) {
		struct svc s = {0};

		cert =
		    fake_certificate(keys[i], h->ca.key, h->ca.cert, "est", 30);
		assert_true(keyfile_write(h->key, keys[i]));
		write_cert(h->certificate, cert);
		assert_true(tls_reload(h->tls, h->certificate, h->key));
		renewed(h, &s);
		X509_free(cert);
		EVP_PKEY_free(keys[i]);
	}
}

/* ---- what the answer holds ---- */

static int
names_in(const char *path, const char *names[], int n)
{
	FILE *f = fopen(path, "r");
	char cn[64];
	X509 *cert;
	int i = 0, same = 1;

	while ((cert = PEM_read_X509(f, NULL, NULL, NULL)) != NULL) {
		X509_NAME_get_text_by_NID(X509_get_subject_name(cert),
		    NID_commonName, cn, sizeof(cn));
		same &= i < n && strcmp(cn, names[i]) == 0;
		i++;
		X509_free(cert);
	}
	ERR_clear_error();
	fclose(f);
	return same && i == n;
}

static void
with_link(struct svc *s, X509_REQ *csr, WIRE_ANSWER *a)
{
	svc_renew(s, csr, a);
	fake_add_cert(a->values, "link", s->house->device_issuer);
}

/* A link certificate takes the root's place, unless it is not wanted. */
static void
links_are_presented_when_wanted(void **state)
{
	static const char *with[] = {"renewed", "Maker"};
	static const char *without[] = {"renewed", "Test CA"};
	struct house *h = *state;
	int i;

	for (i = 0; i < 2; i++) {
		struct svc s = {.fill = with_link};

		h->settings.link_certificates = i == 0;
		renewed(h, &s);
		assert_true(
		    names_in(h->certificate, i == 0 ? with : without, 2));
	}
	/* Where there is none, nothing changes. */
	h->settings.link_certificates = 1;
	struct svc s = {0};
	renewed(h, &s);
	assert_true(names_in(h->certificate, without, 2));
}

static void
add_many(WIRE_ANSWER *a, const char *name, X509 *cert, int n)
{
	while (n-- > 0)
		fake_add_cert(a->values, name, cert);
}

static void
as_long_as_may_be(struct svc *s, X509_REQ *csr, WIRE_ANSWER *a)
{
	svc_add_leaf(s, X509_REQ_get0_pubkey(csr), a);
	add_many(a, "chain", s->house->device, 10);
	add_many(a, "link", s->house->device_issuer, 4);
}

static void
the_longest_chain_can_be_served(void **state)
{
	const char *names[15] = {"renewed"};
	struct house *h = *state;
	struct svc s = {.fill = as_long_as_may_be};
	int i;

	for (i = 1; i < 15; i++)
		names[i] = i <= 10 ? "dev-1" : "Maker";
	h->settings.link_certificates = 1;
	renewed(h, &s);
	assert_true(names_in(h->certificate, names, 15));
}

static void
for_another_key(struct svc *s, X509_REQ *csr, WIRE_ANSWER *a)
{
	(void)csr;
	svc_add_leaf(s, s->house->ca.key, a);
	fake_add_cert(a->values, "chain", s->house->ca.cert);
}

/* What the client's key was before is no longer its key. */
static void
for_the_old_key(struct svc *s, X509_REQ *csr, WIRE_ANSWER *a)
{
	X509 *current = tls_certificate(s->house->tls);

	(void)csr;
	svc_add_leaf(s, X509_get0_pubkey(current), a);
	X509_free(current);
}

static void
without_certificate(struct svc *s, X509_REQ *csr, WIRE_ANSWER *a)
{
	(void)csr;
	fake_add_cert(a->values, "chain", s->house->ca.cert);
}

static void
certificate_as_text(struct svc *s, X509_REQ *csr, WIRE_ANSWER *a)
{
	(void)s, (void)csr;
	field_add_text(a->values, "cert", "renewed");
}

static void
certificate_and_more(struct svc *s, X509_REQ *csr, WIRE_ANSWER *a)
{
	struct fake_ca *ca = &s->house->ca;
	X509 *cert = fake_certificate(
	    X509_REQ_get0_pubkey(csr), ca->key, ca->cert, "renewed", 30);
	unsigned char der[4096], *p = der;
	int len = i2d_X509(cert, &p);

	*p = 0;
	field_add_bytes(a->values, "cert", der, (size_t)len + 1);
	X509_free(cert);
}

static void
half_a_certificate(struct svc *s, X509_REQ *csr, WIRE_ANSWER *a)
{
	static const unsigned char half[] = {0x30, 0x82, 0x01, 0x00, 0x30};

	(void)s, (void)csr;
	field_add_bytes(a->values, "cert", half, sizeof(half));
}

static void
chain_of_junk(struct svc *s, X509_REQ *csr, WIRE_ANSWER *a)
{
	svc_renew(s, csr, a);
	field_add_bytes(a->values, "chain", "junk", 4);
}

static void
chain_too_long(struct svc *s, X509_REQ *csr, WIRE_ANSWER *a)
{
	svc_add_leaf(s, X509_REQ_get0_pubkey(csr), a);
	add_many(a, "chain", s->house->ca.cert, 11);
}

static void
link_of_junk(struct svc *s, X509_REQ *csr, WIRE_ANSWER *a)
{
	with_link(s, csr, a);
	field_add_int(a->values, "link", 7);
}

static void
links_too_many(struct svc *s, X509_REQ *csr, WIRE_ANSWER *a)
{
	svc_renew(s, csr, a);
	add_many(a, "link", s->house->device_issuer, 5);
}

static void
an_answer_of_no_use_changes_nothing(void **state)
{
	static void (*const fills[])(
	    struct svc *, X509_REQ *, WIRE_ANSWER *) = {for_another_key,
	    for_the_old_key, without_certificate, certificate_as_text,
	    certificate_and_more, half_a_certificate, chain_of_junk,
	    chain_too_long, link_of_junk, links_too_many};
	struct house *h = *state;
	size_t i;

	h->settings.link_certificates = 1;
	for (i = 0; i < sizeof(fills) / sizeof(fills[0]); i++) {
		struct svc s = {.fill = fills[i]};

		refused(h, &s, 1, "renew-own: answer cannot be used");
	}
	struct svc s = {0};
	renewed(h, &s);
}

/* With a certificate in it, which counts for nothing then. */
static void
no(struct svc *s, X509_REQ *csr, WIRE_ANSWER *a)
{
	svc_renew(s, csr, a);
	message_set_status(a, WIRE_DENIED);
	message_set_refusal(a, "authorize", "own.expired", NULL,
	    "the current certificate has expired");
}

static void
later(struct svc *s, X509_REQ *csr, WIRE_ANSWER *a)
{
	svc_renew(s, csr, a);
	message_set_status(a, WIRE_PENDING);
	message_set_retry(a, 7);
}

static void
a_refusal_changes_nothing(void **state)
{
	struct house *h = *state;
	struct svc s = {.fill = no}, parked = {.fill = later};

	refused(h, &s, 1,
	    "renew-own: denied: authorize: own.expired: the current "
	    "certificate has expired");
	refused(h, &parked, 1, "renew-own: pending: ");
}

/* ---- how it comes ---- */

static void
nobody_there_changes_nothing(void **state)
{
	struct house *h = *state;
	struct svc s = {0};

	svc_point(&s, h);
	assert_false(own_cert_renew(&h->settings, h->tls)); /* no socket */
	svc_start(&s, h);
	assert_int_equal(svc_stop(&s), 0);
	assert_false(own_cert_renew(&h->settings, h->tls));
	assert_nothing_new(h);
	assert_pair_is(h, "est");
}

static int
nothing(int fd, const unsigned char *frame, size_t len)
{
	(void)fd, (void)frame, (void)len;
	return 1;
}

static int
half(int fd, const unsigned char *frame, size_t len)
{
	return socket_write(fd, frame, len / 2);
}

static int
less_than_a_length(int fd, const unsigned char *frame, size_t len)
{
	(void)len;
	return socket_write(fd, frame, 3);
}

static int
too_long(int fd, const unsigned char *frame, size_t len)
{
	static const unsigned char length[] = {0x7f, 0xff, 0xff, 0xff};

	return socket_write(fd, length, 4) && socket_write(fd, frame, len);
}

static int
garbled(int fd, const unsigned char *frame, size_t len)
{
	unsigned char *copy = OPENSSL_memdup(frame, len);
	int ok;

	copy[4] ^= 0x20; /* the tag of the whole */
	ok = socket_write(fd, copy, len);
	OPENSSL_free(copy);
	return ok;
}

static void
a_broken_answer_changes_nothing(void **state)
{
	static const struct {
		int (*deliver)(int fd, const unsigned char *, size_t);
		const char *words;
	} cases[] = {
	    {nothing, "socket: connection lost"},
	    {half, "socket: connection lost"},
	    {less_than_a_length, "socket: connection lost"},
	    {too_long, "socket: bad length of an answer"},
	    {garbled, "answer"},
	};
	struct house *h = *state;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct svc s = {.deliver = cases[i].deliver};

		refused(h, &s, 1, cases[i].words);
	}
	struct svc s = {0};
	renewed(h, &s);
}

/* Some at once and the rest in pieces, within the time. */
static int
in_pieces(int fd, const unsigned char *frame, size_t len)
{
	size_t piece = len / 5, i;

	for (i = 0; i < 4; i++) {
		house_pause(200);
		if (!socket_write(fd, frame + i * piece, piece))
			return 0;
	}
	return socket_write(fd, frame + 4 * piece, len - 4 * piece);
}

/* It does not end: OWN_CERT_CALL_S is of the whole, not of a piece. */
static int
drop_by_drop(int fd, const unsigned char *frame, size_t len)
{
	size_t i;

	for (i = 0; i < len && socket_write(fd, frame + i, 1); i++)
		house_pause(300);
	return i == len;
}

static void
a_slow_answer_is_waited_for(void **state)
{
	struct svc s = {.deliver = in_pieces};

	renewed(*state, &s);
}

static void
an_answer_too_late_is_left(void **state)
{
	struct svc s = {.deliver = drop_by_drop};
	double began = house_seconds();

	refused(*state, &s, 1, "socket: no answer in time");
	assert_true(house_seconds() - began > OWN_CERT_CALL_S - 1);
	assert_true(house_seconds() - began < OWN_CERT_CALL_S + 5);
}

#define t(f) cmocka_unit_test_setup_teardown(f, svc_set_up, svc_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    t(a_renewal_replaces_the_pair),
	    t(renewals_follow_each_other),
	    t(every_kind_of_key_proves),
	    t(links_are_presented_when_wanted),
	    t(the_longest_chain_can_be_served),
	    t(an_answer_of_no_use_changes_nothing),
	    t(a_refusal_changes_nothing),
	    t(nobody_there_changes_nothing),
	    t(a_broken_answer_changes_nothing),
	    t(a_slow_answer_is_waited_for),
	    t(an_answer_too_late_is_left),
	};

	return cmocka_run_group_tests_name("renew", tests, NULL, NULL);
}
