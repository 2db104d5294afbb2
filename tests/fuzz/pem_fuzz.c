/* file_add_csr, file_add_key, file_add_cert, file_add_chain and the forms of
   them that take text: what an operator hands in as PEM or DER. */
#include <openssl/err.h>
#include "ca/cli/file.h"
#include "tests/fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* No more than was wanted is handed on, each as octets. What is inside is for
   the server to judge. */
static void
look(const WIRE_FIELDS *l, const char *name, size_t max)
{
	size_t i, len, n = field_count(l, name);

	if (n > max)
		abort();
	for (i = 0; i < n; i++)
		if (field_get_bytes(field_find(l, name, i), &len) == NULL ||
		    len > FILE_MAX)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = scratch_write(data, size);
	char *text = strndup((const char *)data, size);
	WIRE_FIELDS *l = field_list_new();

	(void)file_add_csr(l, "csr", path);
	(void)file_add_key(l, "key", path);
	(void)file_add_cert(l, "cert", path);
	(void)file_add_chain(l, "chain", path);
	look(l, "csr", 1);
	look(l, "key", 1);
	look(l, "cert", 1);
	look(l, "chain", FILE_CHAIN_MAX);
	if (text != NULL) {
		(void)file_add_csr_text(l, "csr", text);
		(void)file_add_key_text(l, "key", text);
	}
	look(l, "csr", 2);
	look(l, "key", 2);
	(void)file_add_text(l, "text", path);
	field_list_free(l);
	free(text);
	ERR_clear_error();
	return 0;
}
