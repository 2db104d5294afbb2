/* where_parse and where_judge: expressions of «inkan revoke --where», on any
   octets: what is accepted is within its limits, and judges any value. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include "ca/engine/where.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look(const struct where_cond *c)
{
	if (memchr(c->text, '\0', sizeof(c->text)) == NULL ||
	    memchr(c->field, '\0', sizeof(c->field)) == NULL ||
	    c->text[0] == '\0' || c->n_bytes > sizeof(c->bytes) ||
	    (c->name == WHERE_FIELD) != (c->field[0] != '\0'))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = OPENSSL_malloc(size + 1);
	struct where w;
	size_t i;

	memcpy(text, data, size);
	text[size] = '\0';
	if (where_parse(text, &w)) {
		if (w.n < 1 || w.n > WHERE_CONDS_MAX)
			abort();
		for (i = 0; i < w.n; i++) {
			look(&w.cond[i]);
			(void)where_judge(&w.cond[i], text);
			(void)where_judge(&w.cond[i], w.cond[0].text);
		}
	}
	ERR_clear_error();
	OPENSSL_free(text);
	return 0;
}
