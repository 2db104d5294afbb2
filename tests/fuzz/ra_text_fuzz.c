/* body_decode, basic_parse, body_media_ok, route_parse and base64_decode, on any
   octets: what comes with a request of EST. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include "ca/shape/base64.h"
#include "ca/shape/basic.h"
#include "ca/shape/body.h"
#include "ca/shape/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken is written again as it was. */
static void
try_base64(const char *text, size_t size)
{
	unsigned char *out = malloc(BASE64_DECODED_MAX(size));
	char *again;
	size_t len = 0;

	if (base64_decode(text, size, 0, out, &len) == BASE64_OK) {
		again = base64_encode(out, len, 0);
		if (again == NULL || strncmp(again, text, size) != 0)
			abort();
		OPENSSL_free(again);
	}
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = OPENSSL_strndup((const char *)data, size);
	struct basic basic;
	struct route route;
	struct body body;
	int parameters;

	if (body_decode(data, size, &body) &&
	    (body.len < 2 || body.der[0] != 0x30))
		abort();
	body_clear(&body);
	try_base64((const char *)data, size);
	if (line != NULL) {
		if (basic_parse(line, &basic) != BASIC_GIVEN &&
		    basic.secret[0] != '\0')
			abort();
		basic_clear(&basic);
		body_media_ok(line, &parameters);
		if (route_parse(line, &route) != (route.op != ROUTE_NONE))
			abort();
	}
	OPENSSL_free(line);
	ERR_clear_error();
	return 0;
}
