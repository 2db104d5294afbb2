/* ops_answer: a request of the inner protocol, with the socket in the first
   octet, asked of a whole inkan-ca with tokens, store and log. Whatever it is,
   there is an answer with its id, which can be encoded, and the error queue is
   empty. Covers the table (ops.c), every operation, and what they read:
   stage_*, csr_parse, auth_*, device_import, subca_import. */
#include "tests/unit/ca/engine/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct world world;

static void
down(void)
{
	world_down(&world);
}

static void
up(void)
{
	world_up(&world);
	report_init("fuzz", REPORT_ERROR, 2);
	atexit(down);
}

/* As server.c does, which answers only what it could read. */
static void
ask(enum ops_role role, const WIRE_REQUEST *req)
{
	WIRE_ANSWER *a = ops_answer(world.ca, role, &world.peer, req, world.now);
	unsigned char *frame = NULL;
	size_t len;

	if (a == NULL || message_answer_id(a) != message_request_id(req) ||
	    ERR_peek_error() != 0 || !message_encode_answer(a, &frame, &len))
		abort();
	OPENSSL_free(frame);
	WIRE_ANSWER_free(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum ops_role roles[] = {OPS_RA, OPS_SVC, OPS_ADMIN};
	WIRE_REQUEST *req;

	if (world.ca == NULL)
		up();
	if (size < 1)
		return 0;
	ERR_clear_error();
	req = message_decode_request(data + 1, size - 1);
	ERR_clear_error();
	if (req != NULL)
		ask(roles[data[0] % 3], req);
	WIRE_REQUEST_free(req);
	return 0;
}
