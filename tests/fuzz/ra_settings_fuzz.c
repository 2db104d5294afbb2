/* settings_read and settings_address_parse of inkan-ra: any octets as ra.conf. */
#include <openssl/err.h>
#include "ra/settings.h"
#include "tests/fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings *s = settings_read(scratch_write(data, size));
	char text[256];
	struct settings_address a;

	if (s != NULL &&
	    (s->n_listen < 1 || s->n_listen > SETTINGS_LISTEN_MAX ||
		s->workers < 1 || s->workers > SETTINGS_WORKERS_MAX ||
		s->max_connections < 1 || s->request_timeout < 1 ||
		s->certificate == NULL || s->key == NULL))
		abort();
	settings_free(s);
	snprintf(text, sizeof(text), "%.*s", (int)(size < 255 ? size : 255),
	    (const char *)data);
	(void)settings_address_parse(text, &a);
	ERR_clear_error();
	return 0;
}
