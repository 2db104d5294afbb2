/* rows_open, rows_next and the getters, on any octets as a file of devices, CSV
   or JSON lines. */
#include <openssl/err.h>
#include "ca/cli/rows.h"
#include "tests/fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look(const struct rows *r, size_t size)
{
	size_t i;

	if (rows_count(r) > ROWS_COLUMNS_MAX || rows_line(r) < 1 ||
	    rows_line(r) > size + 1)
		abort();
	for (i = 0; i < rows_count(r); i++)
		if (strlen(rows_name(r, i)) > ROWS_NAME_MAX ||
		    rows_value(r, i)[0] == '\0' ||
		    rows_get(r, rows_name(r, i)) == NULL)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rows *r = rows_open(scratch_write(data, size));
	size_t n = 0;
	int got;

	while (r != NULL && (got = rows_next(r)) != 0 && got != -2) {
		if (++n > size + 1)
			abort(); /* each takes at least an octet */
		if (got == 1)
			look(r, size);
		else if (ERR_peek_error() == 0)
			abort();
		ERR_clear_error();
	}
	rows_close(r);
	ERR_clear_error();
	return 0;
}
