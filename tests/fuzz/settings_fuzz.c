/* settings_read of inkan-ca, with settings_read_token and settings_read_log: any
   octets as ca.conf. */
#include <openssl/err.h>
#include "ca/engine/settings.h"
#include "tests/fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings *s = settings_read(scratch_write(data, size));
	struct hsm_config hsm;

	if (s != NULL) {
		/* Paths have become absolute, numbers are within bounds. */
		if (s->store[0] != '/' || s->admin_sock[0] != '/' ||
		    s->heartbeat < 1 || s->heartbeat > 60 || s->workers < 1 ||
		    s->n_tokens > SETTINGS_TOKENS_MAX ||
		    settings_find_token(s, "") != &s->token)
			abort();
		settings_hsm(&s->token, &hsm);
	}
	settings_free(s);
	ERR_clear_error();
	return 0;
}
