#include "tests/unit/ca/engine/generations.h"
#include "ca/engine/anchor.h"

/* Which roots verify what was presented: on graphs made by hand, then as it is
   read from a store. */

#define T 1000

/* 1 and 2: generations of the root; 3 below 1, 4 below 2; 5 below 3. 9: a root
   of another name. Hashes are the number of the certificate. */
static struct anchor_ca cas[] = {
    {1, "root", "root-g1", 1, 1, 5000},
    {2, "root", "root-g2", 2, 1, 9000},
    {3, "devices", "devices-g1", 1, 0, 4000},
    {4, "devices", "devices-g2", 2, 0, 8000},
    {5, "sub", "sub-g1", 1, 0, 4000},
    {9, "other", "other-g1", 1, 1, 9000},
};
static struct anchor_cert certs[16];

static struct anchor_graph
graph(void)
{
	static const struct {
		int subject, signer, link, end;
	} c[] = {
	    {1, 1, 0, 5000},	/* 0 */
	    {2, 2, 0, 9000},	/* 1 */
	    {3, 1, 0, 4000},	/* 2 */
	    {4, 2, 0, 8000},	/* 3 */
	    {5, 3, 0, 4000},	/* 4 */
	    {9, 9, 0, 9000},	/* 5 */
	    {2, 1, 1, 3000},	/* 6: new with old */
	    {1, 2, 1, 3000},	/* 7: old with new */
	    {4, 0, 1, 3000},	/* 8: cross, by somebody */
	};
	struct anchor_graph g = {cas, sizeof(cas) / sizeof(cas[0]), certs,
	    sizeof(c) / sizeof(c[0])};
	size_t i;

	memset(certs, 0, sizeof(certs));
	for (i = 0; i < g.n_certs; i++) {
		certs[i].subject = c[i].subject;
		certs[i].signer = c[i].signer;
		certs[i].link = c[i].link;
		certs[i].not_after = c[i].end;
		certs[i].sha256[0] = (unsigned char)i;
		certs[i].sha256[1] = 1;
	}
	return g;
}

/* The root for a server's certificate of ${issuer}; after it come these, and -1
   ends. */
static int64_t
root(const struct anchor_graph *g, int64_t issuer, int64_t now, int a, int b)
{
	unsigned char md[2][32] = {
	    {(unsigned char)a, 1}, {(unsigned char)b, 1}};
	const unsigned char *p[2] = {md[0], md[1]};

	return anchor_graph_root(
	    g, issuer, p, a < 0 ? 0 : b < 0 ? 1 : 2, now);
}

static void
one_root(void **state)
{
	struct anchor_graph g = graph();

	(void)state;
	assert_int_equal(root(&g, 3, T, 2, -1), 1);
	assert_int_equal(root(&g, 4, T, 3, -1), 2);
	assert_int_equal(root(&g, 4, T, 3, 1), 2); /* the root, too */
	assert_int_equal(root(&g, 5, T, 4, 2), 1); /* two steps */
	/* A client may have the issuing CA from elsewhere. */
	assert_int_equal(root(&g, 4, T, -1, -1), 2);
	assert_int_equal(root(&g, 1, T, -1, -1), 1); /* by a root itself */
}

static void
links_count_when_presented(void **state)
{
	struct anchor_graph g = graph();

	(void)state;
	assert_int_equal(root(&g, 4, T, 3, 6), 0); /* the old root would do */
	assert_int_equal(root(&g, 4, T, 6, -1), 0);
	assert_int_equal(root(&g, 3, T, 2, 7), 0); /* the new one, too */
	assert_int_equal(root(&g, 4, T, 3, 7), 2); /* leads nowhere from here */
	assert_int_equal(root(&g, 4, 3001, 3, 6), 2); /* it has expired */
	assert_int_equal(root(&g, 4, T, 3, 8), 0); /* a foreign root would do */
}

static void
what_is_not_known_tells_nothing(void **state)
{
	struct anchor_graph g = graph();

	(void)state;
	assert_int_equal(root(&g, 4, T, 3, 77), 0);
	assert_int_equal(root(&g, 77, T, -1, -1), 0);
	certs[3].signer = 0; /* devices-g2 is by a foreign CA */
	assert_int_equal(root(&g, 4, T, 3, -1), 0);
	certs[3].signer = 77;
	assert_int_equal(root(&g, 4, T, 3, -1), 0);
}

static void
a_renewed_ca_has_both(void **state)
{
	struct anchor_graph g = graph();

	(void)state;
	/* devices-g1, the same key, also by the new root: who has the older
	   certificate from before needs no new root. */
	certs[g.n_certs] = (struct anchor_cert){
	    .sha256 = {9, 1}, .subject = 3, .signer = 2, .not_after = 8000};
	g.n_certs++;
	assert_int_equal(root(&g, 3, T, 9, -1), 0);
	/* Until that has expired. */
	assert_int_equal(root(&g, 3, 4001, 9, -1), 2);
	/* A root renewed by itself stays one root. */
	certs[g.n_certs - 1].subject = 2;
	assert_int_equal(root(&g, 4, T, 3, 9), 2);
}

static void
nothing_has_expired(void **state)
{
	struct anchor_graph g = graph();

	(void)state;
	assert_int_equal(root(&g, 3, 4000, 2, -1), 1);
	assert_int_equal(root(&g, 3, 4001, 2, -1), 0); /* the CA */
	assert_int_equal(root(&g, 1, 5001, -1, -1), 0); /* the root */
}

static void
loops_end(void **state)
{
	struct anchor_graph g = graph();

	(void)state;
	certs[2].signer = 5;
	assert_int_equal(root(&g, 3, T, 2, -1), 0);
	assert_int_equal(root(&g, 5, T, 4, -1), 0);
}

static void
newer_is_a_later_generation(void **state)
{
	struct anchor_graph g = graph();

	(void)state;
	assert_true(anchor_graph_newer(&g, 2, 1));
	assert_false(anchor_graph_newer(&g, 1, 2));
	assert_false(anchor_graph_newer(&g, 1, 1));
	assert_true(anchor_graph_newer(&g, 1, 0));
	assert_true(anchor_graph_newer(&g, 1, 77));
	assert_false(anchor_graph_newer(&g, 77, 1));
	assert_true(anchor_graph_newer(&g, 9, 2));
	assert_false(anchor_graph_newer(&g, 2, 9));
	assert_int_equal(anchor_graph_ca(&g, 9)->generation, 1);
	assert_null(anchor_graph_ca(&g, 77));
}

static int
read_tx(struct store_tx *tx, void *arg)
{
	return anchor_graph_read(arg, tx);
}

static void
as_it_is_read(void **state)
{
	struct generations gen;
	struct anchor_graph g;
	struct world w;
	unsigned char ca[32], link[32];
	const unsigned char *p[2] = {ca, link};

	(void)state;
	gen_up(&w, &gen);
	assert_true(store_read(w.ca->store, read_tx, &g));
	assert_int_equal(g.n_cas, 6); /* 2 roots, 3 CAs, devices-g2 */
	assert_int_equal(g.n_certs, 8);
	gen_sha256(gen.devices2, ca);
	gen_sha256(gen.new_with_old, link);
	assert_int_equal(
	    anchor_graph_root(&g, gen.devices2_id, p, 1, w.now),
	    gen.new_root_id);
	assert_int_equal(
	    anchor_graph_root(&g, gen.devices2_id, p, 2, w.now), 0);
	assert_int_equal(
	    anchor_graph_root(&g, gen.devices1_id, p, 0, w.now),
	    gen.old_root_id);
	assert_true(anchor_graph_newer(&g, gen.new_root_id, gen.old_root_id));
	anchor_graph_clear(&g);
	gen_down(&w, &gen);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_root),
	    cmocka_unit_test(links_count_when_presented),
	    cmocka_unit_test(what_is_not_known_tells_nothing),
	    cmocka_unit_test(a_renewed_ca_has_both),
	    cmocka_unit_test(nothing_has_expired),
	    cmocka_unit_test(loops_end),
	    cmocka_unit_test(newer_is_a_later_generation),
	    cmocka_unit_test(as_it_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
