/* capture_read, on any octets: what inkan-ra and inkan explain make of a request.
   Pure, so that the sources are taken in directly. */
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
#undef find
#undef entry
#define find shape_find
#include "ca/shape/shape.c"
#undef find
#include "ca/shape/head.c"
#include "ca/shape/capture.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[SHAPE_TEXT_MAX];
	struct capture c;

	if (capture_read(data, size, &c)) {
		if (c.body.len < 2 || c.body.der[0] != 0x30)
			abort();
		if (c.http != (c.route.op != ROUTE_NONE))
			abort();
	} else if (c.body.der != NULL) {
		abort();
	}
	if (shape_parse(shape_text(c.shape, text)) != c.shape)
		abort();
	capture_clear(&c);
	ERR_clear_error();
	return 0;
}
