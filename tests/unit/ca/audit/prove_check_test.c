#include <openssl/sha.h>
#include <openssl/x509.h>
#include "rig.h"
#include "ca/audit/prove.h"

/* A certificate, an entry that tells of it, and a log of that alone. */
static unsigned char *cert[2];
static int cert_len[2];
static EVP_PKEY *pkey, *other, *witness;
static struct note_key key, other_key, w[2];

static int
make_cert(int n)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_NAME_new();

	cert[n] = NULL;
	if (!ASN1_INTEGER_set(X509_get_serialNumber(x), 0x4101 + n) ||
	    !X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		(const unsigned char *)"x", -1, -1, 0) ||
	    !X509_set_subject_name(x, name) ||
	    !X509_set_issuer_name(x, name) || !X509_set_pubkey(x, pkey) ||
	    X509_gmtime_adj(X509_getm_notBefore(x), 0) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(x), 99) == NULL ||
	    X509_sign(x, pkey, NULL) <= 0)
		return 0;
	cert_len[n] = i2d_X509(x, &cert[n]);
	X509_NAME_free(name);
	X509_free(x);
	return cert_len[n] > 0;
}

static int
setup(void **state)
{
	(void)state;
	pkey = ed25519(1);
	other = ed25519(2);
	witness = ed25519(3);
	return !(make_cert(0) && make_cert(1) &&
	    note_key_set(&key, ORIGIN, pkey, 0) &&
	    note_key_set(&other_key, "log.example/other", other, 0) &&
	    note_key_set(&w[0], "w.example", witness, NOTE_COSIGNATURE) &&
	    note_key_set(&w[1], "v.example", other, NOTE_COSIGNATURE));
}

static int
teardown(void **state)
{
	(void)state;
	note_key_clear(&key);
	note_key_clear(&other_key);
	note_key_clear(&w[0]);
	note_key_clear(&w[1]);
	EVP_PKEY_free(pkey);
	EVP_PKEY_free(other);
	EVP_PKEY_free(witness);
	OPENSSL_free(cert[0]);
	OPENSSL_free(cert[1]);
	return 0;
}

struct story {		/* what the entry says */
	const char *kind, *serial, *origin;
	int sha_of;
};

static int
no_hash(unsigned level, uint64_t index, struct log_hash *out, void *arg)
{
	(void)level;
	(void)index;
	*out = *(struct log_hash *)arg;
	return 1;
}

/* The entry is the first of two. */
static char *
prove(const struct story *s)
{
	struct log_opening o = {.time = NOW, .salt = {1, 2, 3}};
	struct log_checkpoint c = {.size = 2};
	unsigned char md[32], *leaf = NULL;
	WIRE_FIELDS *l = field_list_new();
	struct log_hash h, second;
	char text[512], *line, *note, *proof;
	size_t len;

	snprintf(o.kind, sizeof(o.kind), "%s", s->kind);
	SHA256(cert[s->sha_of], (size_t)cert_len[s->sha_of], md);
	assert_true(field_add_text(l, "issuer", "devices-g1") &&
	    field_add_text(l, "serial", s->serial));
	rig_detail_hex(l, "cert_sha256", md, 32);
	assert_true(field_list_encode(l, &o.detail, &o.detail_len));
	assert_true(log_opening_leaf(&o, 0, &leaf, &len));
	assert_true(log_leaf_hash(leaf, len, &h));
	memset(&second, 7, sizeof(second));
	assert_true(log_node_hash(&h, &second, &c.root));
	snprintf(c.origin, sizeof(c.origin), "%s", s->origin);
	assert_true(checkpoint_print(&c, text, sizeof(text)));
	assert_non_null(line = note_sign(text, &w[0], witness, NOW + 5));
	note = signed_text(text, &key, pkey, 0, line);
	proof = proof_make(0, &o, 2, note, no_hash, &second);
	assert_non_null(proof);
	OPENSSL_free(line);
	OPENSSL_free(note);
	OPENSSL_free(leaf);
	field_list_free(l);
	log_opening_clear(&o);
	return proof;
}

static const struct story GOOD = {"issue.recorded", "4101", ORIGIN, 0};

static int
check(const char *proof, int of, const struct note_key *k, size_t n_witnesses)
{
	struct prove_checked c;
	int ok;

	ok = prove_check(proof, strlen(proof), cert[of], (size_t)cert_len[of],
	    k, w, n_witnesses, &c);
	if (ok) {
		assert_int_equal(c.index, 0);
		assert_int_equal(c.over.size, 2);
		assert_string_equal(c.issuer, "devices-g1");
		assert_string_equal(c.serial, "4101");
		assert_int_equal(c.cosigned[0], n_witnesses ? NOW + 5 : 0);
	}
	prove_checked_clear(&c);
	return ok;
}

static void
takes_the_proof_of_a_certificate(void **state)
{
	char *proof = prove(&GOOD);

	(void)state;
	assert_int_equal(check(proof, 0, &key, 0), 1);
	assert_int_equal(check(proof, 0, &key, 1), 1);
	OPENSSL_free(proof);
}

static void
refuses_by_rule(void **state)
{
	static const struct { struct story s; int of; const char *rule; }
	bad[] = {
	    {{"issue.recorded", "4101", ORIGIN, 1}, 0, "proof.certificate: it "
	     "is the proof of another"},
	    {{"issue.recorded", "4101", ORIGIN, 0}, 1, "proof.certificate: "},
	    {{"issue.recorded", "4102", ORIGIN, 0}, 0, "proof.serial: "},
	    {{"issue.reserved", "4101", ORIGIN, 0}, 0, "proof.kind: "},
	    {{"issue.recorded", "4101", "log.example/x", 0}, 0,
	     "checkpoint.origin: "}};
	char *proof = prove(&GOOD);
	size_t i;

	(void)state;
	assert_int_equal(check(proof, 0, &other_key, 0), 0);
	assert_refused("checkpoint.origin: ");
	assert_int_equal(check(proof, 0, &key, 2), 0);
	assert_refused("proof.witness: v.example has not cosigned");
	OPENSSL_free(proof);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		proof = prove(&bad[i].s);
		assert_int_equal(check(proof, bad[i].of, &key, 0), 0);
		assert_refused(bad[i].rule);
		OPENSSL_free(proof);
	}
}

/* Cut anywhere, or an octet changed anywhere: refused, and a rule is named. */
static void
refuses_every_cut_and_change(void **state)
{
	char *proof = prove(&GOOD);
	size_t n = strlen(proof), i, log_end;

	(void)state;
	log_end = (size_t)(strstr(proof, "w.example") - proof) - 4;
	for (i = 0; i < n; i++) {
		char was = proof[i];

		proof[i] = '\0';
		if (i != log_end) {
			assert_int_equal(check(proof, 0, &key, 1), 0);
			assert_refused(": ");
		}
		proof[i] = was == '\n' ? 'x' : (char)(was ^ 1);
		assert_int_equal(check(proof, 0, &key, 1), 0);
		assert_refused(": ");
		proof[i] = was;
	}
	assert_int_equal(check(proof, 0, &key, 1), 1);
	OPENSSL_free(proof);
}

static void
asks_for_an_opening(void **state)
{
	char *proof = prove(&GOOD), *extra, *end;

	(void)state;
	extra = strstr(proof, "extra ");
	end = strchr(extra, '\n') + 1;
	extra[6 + 8] = extra[6 + 8] == 'A' ? 'B' : 'A';
	assert_int_equal(check(proof, 0, &key, 0), 0);
	memmove(extra, end, strlen(end) + 1);
	assert_refused(": ");
	assert_int_equal(check(proof, 0, &key, 0), 0);
	assert_refused("proof.extra: it does not open its entry");
	OPENSSL_free(proof);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_the_proof_of_a_certificate),
	    cmocka_unit_test(refuses_by_rule),
	    cmocka_unit_test(refuses_every_cut_and_change),
	    cmocka_unit_test(asks_for_an_opening),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
