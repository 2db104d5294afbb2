#include "tests/unit/ca/engine/logpub.h"
#include "ca/log/proof.h"

static void
says_where_the_log_is(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a;
	char *vkey = NULL;

	round_ok(w);
	a = world_admin(w, "log.where", "");
	world_is(a, WIRE_OK);
	vkey = read_text(w, "pub/log/log.vkey");
	vkey[strcspn(vkey, "\n")] = '\0';
	assert_string_equal(field_text(a->values, "key", ""), vkey);
	assert_non_null(strstr(field_text(a->values, "dir", ""), "/pub/log"));
	assert_string_equal(field_text(a->values, "store", ""),
	    w->settings->store);
	free(vkey);
	WIRE_ANSWER_free(a);
}

static void
check(struct world *w, WIRE_ANSWER *a)
{
	const char *text = field_text(a->values, "proof", "");
	char *vkey = read_text(w, "pub/log/log.vkey");
	struct log_checkpoint c;
	struct log_opening o;
	struct log_proof p;
	struct note_key k;
	unsigned char *leaf;
	size_t len;

	vkey[strcspn(vkey, "\n")] = '\0';
	assert_true(note_key_parse(&k, vkey));
	assert_true(proof_parse(&p, text, strlen(text)));
	assert_int_equal(p.index, field_int(a->values, "index", -1));
	assert_true(log_opening_decode(&o, p.extra, p.extra_len));
	assert_string_equal(o.kind, "issue.recorded");
	assert_true(log_opening_leaf(&o, p.index, &leaf, &len));
	assert_true(proof_check(&p, leaf, len, &k, &c));
	assert_int_equal(c.size, field_int(a->values, "size", -1));
	OPENSSL_free(leaf);
	log_opening_clear(&o);
	proof_clear(&p);
	note_key_clear(&k);
	free(vkey);
}

/* Until a checkpoint covers the entry there is no proof, and that is no
   refusal. */
static void
proves_what_is_published(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a;
	char s[64];

	round_ok(w);
	world_issue(w, "proven", s);
	a = world_admin(w, "log.prove", "t", "serial", s);
	world_is(a, WIRE_OK);
	assert_null(field_text(a->values, "proof", NULL));
	assert_int_equal(field_int(a->values, "index", 0), entries(w) - 1);
	WIRE_ANSWER_free(a);
	round_ok(w);
	a = world_admin(w, "log.prove", "t", "serial", s);
	world_is(a, WIRE_OK);
	check(w, a);
	WIRE_ANSWER_free(a);
	world_refused(world_admin(w, "log.prove", "t", "serial", "0102"),
	    WIRE_NOTFOUND, "serial");
	/* A tile is away for a moment. */
	world_sh("mv %s/pub/log/tile %s/pub/log/away", w->dir, w->dir);
	a = world_admin(w, "log.prove", "t", "serial", s);
	world_is(a, WIRE_OK);
	assert_null(field_text(a->values, "proof", NULL));
	WIRE_ANSWER_free(a);
	world_sh("mv %s/pub/log/away %s/pub/log/tile", w->dir, w->dir);
}

static WIRE_ANSWER *
ask_as_ra(struct world *w, const unsigned char *der, size_t len)
{
	return world_ask(w, OPS_RA, "log.proof", "b", "cert", der, (int)len);
}

/* The RA says by which certificate its client speaks; nothing else counts. */
static void
proves_to_the_holder(void **state)
{
	struct world *w = *state;
	const unsigned char *der;
	WIRE_ANSWER *a, *shown;
	unsigned char *other;
	size_t len = 0;
	char s[64];

	world_issue(w, "holder", s);
	round_ok(w);
	shown = world_admin(w, "cert.show", "t", "serial", s);
	der = field_bytes(shown->values, "der", &len);
	a = ask_as_ra(w, der, len);
	world_is(a, WIRE_OK);
	check(w, a);
	assert_int_equal(field_int(a->values, "index", -1),
	    field_int(shown->values, "log_index", -2));
	WIRE_ANSWER_free(a);
	other = OPENSSL_memdup(der, len);
	other[len - 1] ^= 1;
	world_refused(ask_as_ra(w, other, len), WIRE_NOTFOUND, "cert");
	OPENSSL_free(other);
	world_refused(world_admin(w, "log.proof", "b", "cert", der, (int)len),
	    WIRE_DENIED, "ops.table");
	WIRE_ANSWER_free(shown);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(says_where_the_log_is),
	    cmocka_unit_test(proves_what_is_published),
	    cmocka_unit_test(proves_to_the_holder),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
