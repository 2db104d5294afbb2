#include <stdio.h>
#include "rig.h"
#include "ca/log/proof.h"
#include "ca/log/tile.h"

/* The examples of docs/log.md, made again by the code: what is made must stand
   there, line by line. */

#define DOCUMENT "docs/log.md"
#define ORIGIN "log.example/inkan"
#define ENTRIES 3

static char document[128 * 1024];
static EVP_PKEY *log_key, *witness_key;
static struct note_key key, witness;
static struct log_opening opening[ENTRIES];
static unsigned char *leaf[ENTRIES];
static size_t leaf_len[ENTRIES];
static struct log_hash hash[ENTRIES];

static int
setup(void **state)
{
	FILE *f = fopen(DOCUMENT, "r");
	size_t i;

	(void)state;
	if (f == NULL || fread(document, 1, sizeof(document) - 1, f) == 0)
		return 1;
	fclose(f);
	log_key = ed25519(1);
	witness_key = ed25519(2);
	for (i = 0; i < ENTRIES; i++) {
		strcpy(opening[i].kind, "example");
		opening[i].time = 1795000000 + (int64_t)i;
		memset(opening[i].salt, (int)i, LEAF_SALT);
		opening[i].detail = OPENSSL_memdup("\x30\x00", 2);
		opening[i].detail_len = 2;
		if (!log_opening_leaf(&opening[i], i, &leaf[i], &leaf_len[i]) ||
		    !log_leaf_hash(leaf[i], leaf_len[i], &hash[i]))
			return 1;
	}
	return !(note_key_set(&key, ORIGIN, log_key, 0) &&
	    note_key_set(&witness, "witness.example/w1", witness_key,
		NOTE_COSIGNATURE));
}

static int
teardown(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ENTRIES; i++) {
		log_opening_clear(&opening[i]);
		OPENSSL_free(leaf[i]);
	}
	note_key_clear(&key);
	note_key_clear(&witness);
	EVP_PKEY_free(log_key);
	EVP_PKEY_free(witness_key);
	return 0;
}

/* ${text} stands there, each of its lines behind four blanks. */
static void
assert_written(const char *text)
{
	char want[16384] = "";
	size_t n = 0;
	const char *p = text, *end;

	while (*p != '\0') {
		end = strchrnul(p, '\n');
		n += (size_t)snprintf(want + n, sizeof(want) - n, "%s%.*s\n",
		    end > p ? "    " : "", (int)(end - p), p);
		p = *end == '\n' ? end + 1 : end;
	}
	if (strstr(document, want) == NULL)
		fail_msg(DOCUMENT " lacks\n%s", want);
}

/* Hexadecimal, 64 digits on a line. */
static void
assert_hex(const unsigned char *p, size_t len)
{
	char text[8192];
	size_t i, n = 0;

	for (i = 0; i < len; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%02x%s",
		    p[i], i % 32 == 31 || i + 1 == len ? "\n" : "");
	assert_written(text);
}

static void
leaves_and_their_hashes(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ENTRIES; i++) {
		assert_hex(leaf[i], leaf_len[i]);
		assert_hex(hash[i].b, LOG_HASH);
	}
}

static int
read_hash(unsigned level, uint64_t index, struct log_hash *out, void *arg)
{
	struct log_hash l, r;

	if (level == 0) {
		*out = hash[index];
		return 1;
	}
	return read_hash(level - 1, 2 * index, &l, arg) &&
	    read_hash(level - 1, 2 * index + 1, &r, arg) &&
	    log_node_hash(&l, &r, out);
}

static void
root_of_the_tree(void **state)
{
	struct log_hash h;

	(void)state;
	assert_int_equal(read_hash(1, 0, &h, NULL), 1);
	assert_hex(h.b, LOG_HASH);
	assert_int_equal(log_root(ENTRIES, read_hash, NULL, &h), 1);
	assert_hex(h.b, LOG_HASH);
}

static void
tile_and_bundle(void **state)
{
	struct log_tile t = {0, 0, ENTRIES};
	struct log_tile b = {LOG_LEVEL_ENTRIES, 0, ENTRIES};
	unsigned char octets[512];
	char name[LOG_TILE_NAME_MAX + 1];
	size_t i, n = 0;

	(void)state;
	log_tile_name(&t, name);
	assert_written(strcat(name, "\n"));
	log_tile_name(&b, name);
	assert_written(strcat(name, "\n"));
	for (i = 0; i < ENTRIES; i++) {
		octets[n++] = (unsigned char)(leaf_len[i] >> 8);
		octets[n++] = (unsigned char)leaf_len[i];
		memcpy(octets + n, leaf[i], leaf_len[i]);
		n += leaf_len[i];
	}
	assert_hex(octets, n);
}

static char *
checkpoint(void)
{
	struct log_checkpoint c = {.origin = ORIGIN, .size = ENTRIES};
	char text[512], *line, *note;

	assert_int_equal(log_root(ENTRIES, read_hash, NULL, &c.root), 1);
	assert_int_equal(checkpoint_print(&c, text, sizeof(text)), 1);
	line = note_sign(text, &witness, witness_key, 1795000010);
	note = signed_text(text, &key, log_key, 0, line);
	OPENSSL_free(line);
	return note;
}

static void
keys_and_checkpoint(void **state)
{
	char vkey[NOTE_VKEY_MAX + 1], *note = checkpoint();

	(void)state;
	assert_int_equal(note_key_print(&key, vkey, NOTE_VKEY_MAX), 1);
	assert_written(strcat(vkey, "\n"));
	assert_int_equal(note_key_print(&witness, vkey, NOTE_VKEY_MAX), 1);
	assert_written(strcat(vkey, "\n"));
	assert_written(note);
	OPENSSL_free(note);
}

static void
opening_and_proof(void **state)
{
	char *note = checkpoint(), *proof;
	unsigned char *der = NULL;
	size_t len;

	(void)state;
	assert_int_equal(log_opening_encode(&opening[1], &der, &len), 1);
	assert_hex(der, len);
	proof = proof_make(1, &opening[1], ENTRIES, note, read_hash, NULL);
	assert_non_null(proof);
	assert_written(proof);
	OPENSSL_free(proof);
	OPENSSL_free(note);
	OPENSSL_free(der);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(leaves_and_their_hashes),
	    cmocka_unit_test(root_of_the_tree),
	    cmocka_unit_test(tile_and_bundle),
	    cmocka_unit_test(keys_and_checkpoint),
	    cmocka_unit_test(opening_and_proof),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
