#include "tests/unit/ca/engine/generations.h"
#include "ca/engine/anchor.h"

/* What is remembered of the graph and of chains, and for how long. */

static struct world w;
static struct generations g;

static int
setup(void **state)
{
	(void)state;
	gen_up(&w, &g);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	gen_down(&w, &g);
	return 0;
}

/* The service's certificate, under devices-g1. */
static void
service_sha256(unsigned char md[32])
{
	char path[512];
	X509 *x;
	FILE *f;

	snprintf(path, sizeof(path), "%s/service.pem", w.dir);
	f = fopen(path, "r");
	assert_non_null(f);
	x = PEM_read_X509(f, NULL, NULL, NULL);
	fclose(f);
	gen_sha256(x, md);
	X509_free(x);
}

static int64_t
used(struct anchors *a, const unsigned char *const *p, size_t n, int64_t known,
    time_t now)
{
	return anchors_used(a, w.ca->store, p, n, known, now);
}

static void
only_what_is_news(void **state)
{
	struct anchors *a = anchors_new();
	unsigned char md[2][32];
	const unsigned char *p[2] = {md[0], md[1]};

	(void)state;
	service_sha256(md[0]);
	gen_sha256(issuer_set_find(&w.ca->issuers, "devices-g1")->cert, md[1]);
	assert_int_equal(used(a, p, 2, 0, w.now), g.old_root_id);
	assert_int_equal(used(a, p, 2, g.old_root_id, w.now), 0);
	assert_int_equal(used(a, p, 2, g.new_root_id, w.now), 0);
	assert_int_equal(used(a, p, 0, 0, w.now), 0);
	md[0][5] ^= 1; /* a certificate of nobody */
	assert_int_equal(used(a, p, 2, 0, w.now), 0);
	assert_int_equal(ERR_peek_error(), 0);
	anchors_free(a);
}

static int
link_tx(struct store_tx *tx, void *arg)
{
	(void)arg;
	/* devices-g1 certified once more, by the new root. */
	return gen_link(tx, CA_CERT_RENEWED, g.devices1_id, g.new_root_id,
	    g.new_root, w.now + 86400);
}

static void
a_change_is_seen_soon(void **state)
{
	struct anchors *a = anchors_new();
	unsigned char md[32];
	const unsigned char *p[1] = {md};

	(void)state;
	service_sha256(md);
	assert_int_equal(used(a, p, 1, 0, w.now), g.old_root_id);
	assert_true(store_write(w.ca->store, link_tx, NULL, 0));
	assert_int_equal(
	    used(a, p, 1, 0, w.now + ANCHORS_AGE - 1), g.old_root_id);
	assert_int_equal(used(a, p, 1, 0, w.now + ANCHORS_AGE), 0);
	/* Also by a clock that went back. */
	assert_int_equal(used(a, p, 1, 0, w.now - 10), 0);
	anchors_free(a);
}

static int
revoke_tx(struct store_tx *tx, void *arg)
{
	struct cert_row row;

	return certs_by_sha256(tx, arg, &row) == 1 &&
	    certs_set_state(tx, row.id, CERT_REVOKED, 1, w.now);
}

static void
a_revoked_server_tells_nothing(void **state)
{
	struct anchors *a = anchors_new();
	unsigned char md[32];
	const unsigned char *p[1] = {md};

	(void)state;
	service_sha256(md);
	/* Past the renewed certificate of the test before. */
	assert_int_equal(
	    used(a, p, 1, 0, w.now + 2 * 86400), g.old_root_id);
	assert_true(store_write(w.ca->store, revoke_tx, md, 0));
	assert_int_equal(used(a, p, 1, 0, w.now + 3 * 86400), 0);
	anchors_free(a);
}

static void
many_chains(void **state)
{
	struct anchors *a = anchors_new();
	unsigned char md[32] = {0};
	const unsigned char *p[1] = {md};
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		md[0] = (unsigned char)i;
		assert_int_equal(used(a, p, 1, 0, w.now), 0);
	}
	anchors_free(a);
	anchors_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_what_is_news),
	    cmocka_unit_test(a_change_is_seen_soon),
	    cmocka_unit_test(a_revoked_server_tells_nothing),
	    cmocka_unit_test(many_chains),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
