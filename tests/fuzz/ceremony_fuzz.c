/* ceremony_read (every kind of ceremony_kinds.c) and quorum_read_ceremony: any
   octets as the file of a ceremony. */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include "ca/engine/ceremony.h"
#include "tests/fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = scratch_write(data, size);
	struct ceremony_file *f = ceremony_read(path);
	struct quorum q;
	int k;

	if (f != NULL &&
	    (f->n_issuers > CEREMONY_ISSUERS_MAX || f->n_backups >
		CEREMONY_BACKUPS_MAX || ceremony_kind_name(f->kind) == NULL))
		abort();
	OPENSSL_free(f);
	memset(&q, 0, sizeof(q));
	if (quorum_read_ceremony(path, &q) && (q.k < 0 || (size_t)q.k > q.n))
		abort();
	quorum_clear(&q);
	(void)quorum_read_size(path, &k);
	ERR_clear_error();
	return 0;
}
