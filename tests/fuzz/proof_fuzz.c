/* proof_parse, log_opening_decode and log_leaf_decode: what is taken is written
   again octet for octet. Behind a proof that can be read, proof_check and
   log_check_inclusion, and the path as one of log_check_consistency. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include "ca/log/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
same(int ok, unsigned char *der, size_t len, const uint8_t *data, size_t size)
{
	if (!ok || len != size || memcmp(der, data, size) != 0)
		abort();
	OPENSSL_free(der);
}

static void
try_der(const uint8_t *data, size_t size)
{
	unsigned char *der = NULL, *leaf = NULL;
	struct log_opening o;
	struct log_leaf l;
	size_t len = 0;
	int ok;

	if (log_leaf_decode(&l, data, size)) {
		ok = log_leaf_encode(&l, &der, &len);
		same(ok, der, len, data, size);
	}
	if (!log_opening_decode(&o, data, size))
		return;
	ok = log_opening_encode(&o, &der, &len);
	same(ok, der, len, data, size);
	if (!log_opening_leaf(&o, 7, &leaf, &len) ||
	    !log_leaf_decode(&l, leaf, len) || l.index != 7)
		abort();
	OPENSSL_free(leaf);
	log_opening_clear(&o);
}

/* No key has signed what is changed: the path is judged without. */
static void
try_proof(const struct log_proof *p)
{
	static const struct note_key none = {.name = "a.example/log"};
	struct log_checkpoint c;
	const struct log_hash h = {{0}}, other = {{1}};
	uint64_t index = p->index >> 1, size = index + 1 + p->path.n;

	if (proof_check(p, "leaf", 4, &none, &c))
		abort();
	if (log_check_inclusion(&h, index, size, &p->path, &other) ||
	    log_check_consistency(index + 1, &h, size, &other, &p->path))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct log_proof p;
	char *again;

	try_der(data, size);
	if (proof_parse(&p, (const char *)data, size)) {
		again = proof_print(&p);
		if (again == NULL || strlen(again) != size ||
		    memcmp(again, data, size) != 0)
			abort();
		OPENSSL_free(again);
		try_proof(&p);
		if (p.extra != NULL)
			try_der(p.extra, p.extra_len);
		proof_clear(&p);
	}
	ERR_clear_error();
	return 0;
}
