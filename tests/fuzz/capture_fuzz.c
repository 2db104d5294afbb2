/* capture_read, head_shape, head_agent, shape_text and shape_parse: any octets as
   a request that somebody has kept, for inkan explain. */
#include <stdint.h>
#include <stdlib.h>
#include <openssl/err.h>
#include "ca/shape/capture.h"
#include "ca/shape/shape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[SHAPE_TEXT_MAX];
	struct capture c;
	size_t i;

	if (capture_read(data, size, &c) &&
	    (c.body.len > 0 && c.body.der[0] != 0x30))
		abort();
	if (shape_parse(shape_text(c.shape, text)) != c.shape)
		abort();
	for (i = 0; c.agent[i] != '\0'; i++)
		if (i >= HEAD_AGENT_MAX || c.agent[i] < 0x20 ||
		    c.agent[i] > 0x7e)
			abort();
	capture_clear(&c);
	ERR_clear_error();
	return 0;
}
