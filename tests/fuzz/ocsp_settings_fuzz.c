/* settings_read of inkan-ocsp: any octets as ocsp.conf. */
#include <openssl/err.h>
#include "ocsp/settings.h"
#include "tests/fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings *s = settings_read(scratch_write(data, size));

	if (s != NULL &&
	    (s->n_listen < 1 || s->n_listen > SETTINGS_LISTEN_MAX ||
		s->n_delegates > SETTINGS_DELEGATES_MAX || s->threads < 1 ||
		s->max_request < 1 || s->status_db == NULL ||
		s->publish_dir == NULL))
		abort();
	settings_free(s);
	ERR_clear_error();
	return 0;
}
