#include "tests/unit/ca/engine/logpub.h"

static int
setup(void **state)
{
	int rc = world_setup(state);

	if (rc == 0)
		round_ok(*state);
	return rc;
}

/* One more entry in the tree, not signed yet. */
static void
grow(struct world *w)
{
	struct logpub *l = w->ca->log;
	char serial[64];

	world_issue(w, "grow", serial);
	assert_true(logpub_check_feed(l, (uint64_t)entries(w)));
}

static void
put_back(struct world *w, const char *note)
{
	world_write(w, "pub/log/checkpoint", note);
}

static void
signs(void **state)
{
	struct world *w = *state;
	struct logpub *l = w->ca->log;
	struct log_checkpoint a = l->last, b;

	grow(w);
	assert_true(logpub_sign(l, w->now));
	published(w, &b);
	assert_int_equal(b.size, l->tree->size);
	assert_true(is_begun_by(w, &a, &b));
	assert_true(logpub_sign_continues(l, &a, &b));
	a.root.b[0] ^= 1;
	assert_false(logpub_sign_continues(l, &a, &b));
	world_raised(CA_E_BADREQUEST, "log.consistency");
}

/* Nothing is signed that does not begin with what was signed last. */
static void
signs_no_other_tree(void **state)
{
	struct world *w = *state;
	struct logpub *l = w->ca->log;
	struct log_checkpoint was = l->last, c;

	grow(w);
	l->last.root.b[3] ^= 1;
	assert_false(logpub_sign(l, w->now));
	ERR_clear_error();
	published(w, &c);
	assert_int_equal(c.size, was.size);
	l->denied = 0;
	l->last = was;
	assert_true(logpub_sign(l, w->now));
}

/* Nor over somebody who published more, or otherwise, or something else. */
static void
signs_over_nobody(void **state)
{
	struct world *w = *state;
	struct logpub *l = w->ca->log;
	struct log_checkpoint was = l->last;
	char *note = OPENSSL_strdup(l->note);
	struct logpub_view v;

	grow(w);
	l->last.size--;
	assert_false(logpub_sign(l, w->now));
	world_raised(CA_E_DENIED, "log.rollback: a checkpoint of ");
	l->last = was;
	l->last.root.b[0] ^= 1;
	assert_false(logpub_sign(l, w->now));
	world_raised(CA_E_DENIED, "log.fork: ");
	l->last = was;
	put_back(w, "nothing\n");
	assert_false(logpub_sign(l, w->now));
	world_raised(CA_E_DENIED, "log.anchor: ");
	l->denied = 0;
	put_back(w, note);
	assert_true(logpub_sign(l, w->now));
	logpub_look(l, &v);
	assert_int_equal(v.size, l->tree->size);
	OPENSSL_free(note);
}

/* A size is signed once. */
static void
keeps_sizes(void **state)
{
	struct world *w = *state;
	struct logpub *l = w->ca->log;
	struct log_checkpoint c = l->last;
	char *note = OPENSSL_strdup(l->note);

	assert_false(logpub_sign_keep(l, &c, note, w->now));
	world_raised(CA_E_DENIED, "log.size: ");
	OPENSSL_free(note);
}

/* A key that is not the log's makes no checkpoint of it. */
static void
signs_with_no_other_key(void **state)
{
	struct world *w = *state;
	struct logpub *l = w->ca->log;
	EVP_PKEY *was = l->key, *other = EVP_PKEY_Q_keygen(NULL, NULL,
	    "ED25519");
	struct log_checkpoint a, b;

	published(w, &a);
	grow(w);
	l->key = other;
	assert_false(logpub_sign(l, w->now));
	ERR_clear_error();
	l->key = was;
	EVP_PKEY_free(other);
	published(w, &b);
	assert_int_equal(a.size, b.size);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(signs),
	    cmocka_unit_test(signs_no_other_tree),
	    cmocka_unit_test(signs_over_nobody),
	    cmocka_unit_test(keeps_sizes),
	    cmocka_unit_test(signs_with_no_other_key),
	};

	return cmocka_run_group_tests(tests, setup, world_teardown);
}
