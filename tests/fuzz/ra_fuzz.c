/* body_decode, basic_parse, body_media_ok and route_parse, on any octets. What
   they read is pure, so their sources are taken in directly. */
#include <stdint.h>
#include <stdlib.h>
#include "ca/shape/base64.c"
#include "ca/shape/basic.c"
#define is_space body_is_space
#define text body_text
#include "ca/shape/body.c"
#undef text
#undef is_space
#define find route_find
#define entry route_entry
#include "ca/shape/route.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
