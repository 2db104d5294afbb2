#include "rig.h"
#include "ca/log/proof.h"

#define LEAVES 11

static struct log_hash leaves[LEAVES];
static EVP_PKEY *pkey;
static struct note_key key;

static int
read_tree(unsigned level, uint64_t index, struct log_hash *out, void *arg)
{
	struct log_hash l, r;

	if (level == 0) {
		*out = leaves[index];
		return 1;
	}
	return read_tree(level - 1, 2 * index, &l, arg) &&
	    read_tree(level - 1, 2 * index + 1, &r, arg) &&
	    log_node_hash(&l, &r, out);
}

static int
setup(void **state)
{
	unsigned char i;

	(void)state;
	for (i = 0; i < LEAVES; i++)
		if (!log_leaf_hash(&i, 1, &leaves[i]))
			return 1;
	pkey = ed25519(3);
	return !note_key_set(&key, "example.com/log", pkey, 0);
}

static int
teardown(void **state)
{
	(void)state;
	note_key_clear(&key);
	EVP_PKEY_free(pkey);
	return 0;
}

/* Of leaf ${index} in the tree of ${size}. */
static char *
prove(uint64_t index, uint64_t size, const char *extra)
{
	struct log_checkpoint c = {.origin = "example.com/log", .size = size};
	struct log_proof p = {.index = index};
	char text[512], *out;

	assert_int_equal(log_prove_inclusion(index, size, read_tree, NULL,
	    &p.path), 1);
	assert_int_equal(log_root(size, read_tree, NULL, &c.root), 1);
	assert_int_equal(checkpoint_print(&c, text, sizeof(text)), 1);
	p.checkpoint = signed_text(text, &key, pkey, 0, NULL);
	p.extra = (unsigned char *)(uintptr_t)extra;
	p.extra_len = extra != NULL ? strlen(extra) : 0;
	out = proof_print(&p);
	OPENSSL_free(p.checkpoint);
	assert_non_null(out);
	return out;
}

static int
check(const char *text, unsigned char leaf)
{
	struct log_checkpoint c;
	struct log_proof p;
	int ok;

	ok = proof_parse(&p, text, strlen(text)) &&
	    proof_check(&p, &leaf, 1, &key, &c);
	proof_clear(&p);
	return ok;
}

static void
proves_and_checks(void **state)
{
	unsigned char i, n;
	char *text;

	(void)state;
	for (n = 1; n <= LEAVES; n++)
		for (i = 0; i < n; i++) {
			text = prove(i, n, i & 1 ? "salt" : NULL);
			assert_int_equal(check(text, i), 1);
			assert_int_equal(check(text, i + 1), 0);
			assert_refused("log.inclusion: ");
			OPENSSL_free(text);
		}
}

static void
keeps_what_it_carries(void **state)
{
	char *text = prove(4, 9, "foobar"), *again;
	struct log_proof p;

	(void)state;
	assert_non_null(strstr(text, "c2sp.org/tlog-proof@v1\n"
	    "extra Zm9vYmFy\nindex 4\n"));
	assert_non_null(strstr(text, "\n\nexample.com/log\n9\n"));
	assert_int_equal(proof_parse(&p, text, strlen(text)), 1);
	assert_int_equal(p.index, 4);
	assert_int_equal(p.extra_len, 6);
	assert_memory_equal(p.extra, "foobar", 6);
	again = proof_print(&p);
	assert_string_equal(again, text);
	OPENSSL_free(again);
	OPENSSL_free(text);
	proof_clear(&p);
}

/* Cut anywhere, changed anywhere but in the extra octets: not a proof. */
static void
refuses_every_cut_and_change(void **state)
{
	char *text = prove(4, 9, "foobar");
	size_t n = strlen(text), i, extra;

	(void)state;
	extra = (size_t)(strstr(text, "extra ") - text) + 6;
	for (i = 0; i < n; i++) {
		char was = text[i];

		text[i] = '\0';
		assert_int_equal(check(text, 4), 0);
		text[i] = was;
		if (i >= extra && i < extra + 8)
			continue;
		text[i] ^= 1;
		assert_int_equal(check(text, 4), 0);
		text[i] = was;
	}
	ERR_clear_error();
	assert_int_equal(check(text, 4), 1);
	OPENSSL_free(text);
}

static void
says_what_is_wrong(void **state)
{
#define V1 "c2sp.org/tlog-proof@v1\n"
#define HASH "U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n"
	static const struct { const char *text, *says; } bad[] = {
	    {"", "does not begin"},
	    {"c2sp.org/tlog-proof@v2\nindex 0\n", "does not begin"},
	    {V1, "no index"}, {V1 "extra AA==\n", "no index"},
	    {V1 "extra\nindex 0\n", "no index"},
	    {V1 "extra \nindex 0\n", "extra octets"},
	    {V1 "extra A\nindex 0\n", "extra octets"},
	    {V1 "index 00\n", "no index"}, {V1 "index\n", "no index"},
	    {V1 "index 0\n", "ends within the path"},
	    {V1 "index 0\n" HASH, "ends within the path"},
	    {V1 "index 0\nAAAA\n\n", "hash 1 of the path"},
	    {V1 "index 0\n" HASH HASH "x\n\n", "hash 3 of the path"},
	    {V1 "index 0\n\n", "the checkpoint cannot be read"},
	    {V1 "index 0\n\ntext\n", "the checkpoint cannot be read"}};
	struct log_proof p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(proof_parse(&p, bad[i].text,
		    strlen(bad[i].text)), 0);
		assert_null(p.extra);
		assert_refused(bad[i].says);
	}
}

static void
has_limits(void **state)
{
	char *text = OPENSSL_malloc(PROOF_MAX + 1);
	struct log_proof p = {.checkpoint = text};
	size_t at, i;

	(void)state;
	memset(text, 'a', PROOF_MAX + 1);
	assert_int_equal(proof_parse(&p, text, PROOF_MAX + 1), 0);
	assert_refused("proof.format: more than");
	at = (size_t)sprintf(text, V1 "index 0\n");
	for (i = 0; i < LOG_PATH_MAX + 1; i++)
		at += (size_t)sprintf(text + at, HASH);
	at += (size_t)sprintf(text + at, "\nt\n\n— a AAAAAAA=\n");
	assert_int_equal(proof_parse(&p, text, at), 0);
	assert_refused("the path is too long");
	p.checkpoint = text;
	p.extra_len = PROOF_EXTRA_MAX + 1;
	assert_null(proof_print(&p));
	assert_refused("proof: it cannot be written");
	OPENSSL_free(text);
}

static void
looks_at_origin_and_signature(void **state)
{
	struct note_key mine = key, other;
	EVP_PKEY *b = ed25519(4);
	char *text = prove(4, 9, NULL);

	(void)state;
	assert_int_equal(note_key_set(&other, "example.com/log", b, 0), 1);
	key = other;
	assert_int_equal(check(text, 4), 0);
	assert_refused("checkpoint.signature: ");
	note_key_clear(&other);
	assert_int_equal(note_key_set(&other, "example.com/gol", pkey, 0), 1);
	key = other;
	assert_int_equal(check(text, 4), 0);
	assert_refused("checkpoint.origin: ");
	key = mine;
	note_key_clear(&other);
	EVP_PKEY_free(b);
	OPENSSL_free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(proves_and_checks),
	    cmocka_unit_test(keeps_what_it_carries),
	    cmocka_unit_test(refuses_every_cut_and_change),
	    cmocka_unit_test(says_what_is_wrong),
	    cmocka_unit_test(has_limits),
	    cmocka_unit_test(looks_at_origin_and_signature),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
