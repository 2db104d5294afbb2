#include "tests/unit/ca/engine/admit_change.h"
#include "ca/engine/attest_evidence.h"
#include "ca/store/nonces.h"

/* What is known of a component from before: out of an activation, or out of the
   record of the certificate that vouched. */

static unsigned char *
encode(const char *const *facts, size_t *len)
{
	WIRE_FIELDS *l = field_list_new();
	unsigned char *der = NULL;

	for (; *facts != NULL; facts += 2)
		assert_true(field_add_text(l, facts[0], facts[1]));
	assert_true(field_list_encode(l, &der, len));
	field_list_free(l);
	return der;
}

static const char *const of_ak[] = {"tpm.class", "discrete", "tpm.maker",
    "Infineon", "tpm.ek.key", "aa", "tpm.key.restricted", "true",
    "tpm.key.name", "000b", "tpm.firmware", "7", NULL};

static int
put_tx(struct store_tx *tx, void *arg)
{
	return evidence_add(tx, arg);
}

static void
put(struct world *w, int64_t cert, const void *facts, size_t len)
{
	struct evidence_row row;

	memset(&row, 0, sizeof(row));
	row.cert = cert;
	strcpy(row.fleet, "f");
	strcpy(row.device, "d");
	row.at = NOW;
	row.accepted = 1;
	row.facts = OPENSSL_memdup(facts, len);
	row.facts_len = len;
	assert_true(store_write(w->store, put_tx, &row, 0));
	evidence_row_clear(&row);
}

/* A certificate of ours, and what its record names it by. */
static int64_t
certificate(struct world *w, const char *name, EVP_PKEY *key, char hex[65])
{
	unsigned char md[32];
	int64_t id;
	int i;

	id = enrolled(w, name, key, NULL);
	SHA256(w->leaf, w->req.chain_len[0], md);
	for (i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", md[i]);
	return id;
}

static WIRE_ANSWER *
vouched(enum wire_status status, const char *certificate)
{
	WIRE_ANSWER *a = message_answer(1, status);
	WIRE_FIELDS *row = message_add_row(a);

	assert_true(field_add_text(row, "name", "tpm.ak.certificate") &&
	    field_add_text(row, "value", certificate));
	return a;
}

static void
known(struct world *w, WIRE_ANSWER *a, const char *class)
{
	WIRE_FIELDS *l = evidence_inherit(&w->env, NULL, 0, a);

	assert_non_null(l);
	assert_string_equal(field_text(l, "tpm.class", "-"), class);
	/* Of the component, and not of that key. */
	assert_null(field_find(l, "tpm.key.restricted", 0));
	assert_null(field_find(l, "tpm.key.name", 0));
	assert_null(field_find(l, "tpm.firmware", 0));
	field_list_free(l);
	WIRE_ANSWER_free(a);
}

static void
from_an_activation(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a = message_answer(1, WIRE_OK);
	size_t len;
	unsigned char *facts = encode(of_ak, &len);
	WIRE_FIELDS *l = evidence_inherit(&w->env, facts, len, a);

	assert_non_null(l);
	assert_int_equal(sk_WIRE_FIELD_num(l), 3);
	assert_string_equal(field_text(l, "tpm.class", ""), "discrete");
	assert_string_equal(field_text(l, "tpm.maker", ""), "Infineon");
	assert_string_equal(field_text(l, "tpm.ek.key", ""), "aa");
	field_list_free(l);
	/* What is broken is told, and not taken for nothing. */
	assert_null(evidence_inherit(&w->env, facts, len - 1, a));
	ERR_clear_error();
	OPENSSL_free(facts);
	WIRE_ANSWER_free(a);
}

static void
from_the_record_of_a_certificate(void **state)
{
	struct world *w = *state;
	char first[65], second[65];
	size_t len;
	unsigned char *facts = encode(of_ak, &len);

	put(w, certificate(w, "one", w->key[0], first), facts, len);
	(void)certificate(w, "two", w->key[1], second);
	known(w, vouched(WIRE_OK, first), "discrete");
	/* One of ours of which nothing was shown, and none of ours. */
	known(w, vouched(WIRE_OK, second), "-");
	second[0] = second[0] == '0' ? '1' : '0';
	known(w, vouched(WIRE_OK, second), "-");
	known(w, vouched(WIRE_OK, "no octets"), "-");
	known(w, vouched(WIRE_OK, "00"), "-");
	/* Nothing follows from what was refused. */
	known(w, vouched(WIRE_DENIED, first), "-");
	known(w, message_answer(1, WIRE_OK), "-");
	OPENSSL_free(facts);
}

static void
from_a_record_that_is_broken(void **state)
{
	struct world *w = *state;
	WIRE_ANSWER *a;
	char hex[65];

	put(w, certificate(w, "one", w->key[0], hex), "\x30\x05", 2);
	a = vouched(WIRE_OK, hex);
	assert_null(evidence_inherit(&w->env, NULL, 0, a));
	assert_true(ERR_peek_error() != 0);
	ERR_clear_error();
	WIRE_ANSWER_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {world_test(from_an_activation),
	    world_test(from_the_record_of_a_certificate),
	    world_test(from_a_record_that_is_broken)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
