/* fleets_read, fleets_find, answer_refusal, answer_http, answer_retry and
   certs_only: what inkan-ra makes of an answer of inkan-ca. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include "ca/wire/message.h"
#include "ra/answer.h"
#include "ra/certs.h"
#include "ra/fleets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the client is told is one line of printable ASCII. */
static void
try_refusal(const WIRE_ANSWER *a)
{
	char line[ANSWER_TEXT_MAX];
	size_t i;
	int http;

	http = answer_http(message_answer_status(a));
	if (http < 200 || http > 599 || answer_reason(http) == NULL)
		abort();
	answer_refusal(line, sizeof(line), a);
	for (i = 0; line[i] != '\0'; i++)
		if ((line[i] < 0x20 || line[i] > 0x7e) &&
		    !(line[i] == '\n' && line[i + 1] == '\0'))
			abort();
	for (http = 200; http < 600; http += 100)
		if (answer_retry(http, message_retry(a)) > ANSWER_RETRY_MAX)
			abort();
}

static void
try_certs(const unsigned char *p, size_t len)
{
	struct certs_der one = {p, len};
	unsigned char *out = NULL;
	size_t n;

	if (certs_only(&one, 1, &out, &n) && (n < len || out[0] != 0x30))
		abort();
	OPENSSL_free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	WIRE_ANSWER *a = message_decode_answer(data, size);
	struct fleets *f = NULL;

	if (a != NULL) {
		try_refusal(a);
		f = fleets_read(a);
		if (f != NULL)
			(void)fleets_find(f, "");
	}
	fleets_free(f);
	WIRE_ANSWER_free(a);
	try_certs(data, size);
	ERR_clear_error();
	return 0;
}
