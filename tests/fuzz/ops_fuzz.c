/* ops_answer: a request of the inner protocol, with the socket and who asks in the
   first octet, asked of a whole inkan-ca with tokens, store and log. Whatever it is,
   there is an answer with its id, which can be encoded, and the error queue is
   empty. Covers the table (ops_find, ops_find_arg, ops_gate), every operation,
   and what they read: csr_parse, where_parse, ops_device_import,
   ops_ca_import and their like.
   The request is DER; or, with the high bit of the first octet, parts from which
   it is put together, so that a change of one does not break the rest: the
   operation, NUL, and for each argument its name, NUL, a letter for the type
   (t, b, i, f, d), two octets of length, and the value. "@serial" and "@cert"
   stand for those of the last certificate that was issued, "@parked" for the last
   request that waits for the approval of another operator. */
#include "tests/unit/ca/engine/people.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PARTS 0x80
#define PERSON(octet) ((octet) >> 4 & 7)
#define HEAD_LEN 4 /* octets of length before a message */

struct input {
	const uint8_t *p;
	size_t left;
};

static struct world world;
static char last_serial[64];
static unsigned char last_cert[8192];
static size_t last_len;
static int64_t last_parked;

/* Two who may do everything, one who may look, and what needs both of the two. */
static const char operators[] =
    "uid_only = true; operators = ("
    " { name = \"a\"; uid = 2001; roles = [ \"admin\", \"officer\" ]; },"
    " { name = \"b\"; uid = 2002; roles = [ \"admin\", \"officer\" ]; },"
    " { name = \"c\"; uid = 2003; roles = [ \"auditor\" ]; } );\n"
    "approvals = ( { operation = \"key.block\"; number = 1; },"
    " { operation = \"device.transfer\"; number = 1; },"
    " { operation = \"revoke.key\"; number = 1; } );\n";

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
	/* What the seeds enrol by; no name of it, so that it cannot be used up. */
	WIRE_ANSWER_free(world_admin(&world, "secret.new", "tttf", "fleet",
	    "devices", "user", "u", "secret", "secret of u", "reusable", 1));
	people_activate(&world, operators);
	atexit(down);
}

/* ---- a request from its parts ---- */

/* At most ${max} octets. */
static struct input
take(struct input *in, size_t max)
{
	struct input part = {in->p, max < in->left ? max : in->left};

	in->p += part.left;
	in->left -= part.left;
	return part;
}

/* Up to a NUL, which goes, too. To be freed with free(). */
static char *
take_text(struct input *in)
{
	struct input part = take(in, strnlen((const char *)in->p, in->left));

	(void)take(in, 1);
	return strndup((const char *)part.p, part.left);
}

static int64_t
number(struct input part)
{
	int64_t n = 0;
	uint64_t v = 0;

	for (; part.left > 0; part.p++, part.left--)
		v = v << 8 | *part.p;
	memcpy(&n, &v, sizeof(n));
	return n;
}

static int
is(struct input value, const char *word)
{
	return value.left == strlen(word) &&
	    memcmp(value.p, word, value.left) == 0;
}

/* 0: there can be no such value. */
static int
add(WIRE_FIELDS *l, const char *name, uint8_t type, struct input value)
{
	char *text;
	int ok;

	switch (type) {
	case 'b':
		if (is(value, "@cert"))
			value = (struct input){last_cert, last_len};
		return field_add_bytes(l, name, value.p, value.left);
	case 'i':
		if (is(value, "@parked"))
			return field_add_int(l, name, last_parked);
		return field_add_int(l, name, number(value));
	case 'f':
		return field_add_flag(l, name, value.left > 0);
	case 'd':
		return field_add_time(l, name, number(value));
	default:
		if (is(value, "@serial"))
			return field_add_text(l, name, last_serial);
		text = strndup((const char *)value.p, value.left);
		ok = text != NULL && field_add_text(l, name, text);
		free(text);
		return ok;
	}
}

static WIRE_REQUEST *
put_together(struct input in)
{
	char *name = take_text(&in);
	WIRE_REQUEST *req = name == NULL ? NULL : message_request(name, 7);
	struct input head;
	int ok = req != NULL;

	free(name);
	while (ok && in.left > 0) {
		name = take_text(&in);
		head = take(&in, 3);
		ok = name != NULL && head.left == 3 &&
		    add(req->args, name, head.p[0],
			take(&in, (size_t)head.p[1] << 8 | head.p[2]));
		free(name);
	}
	if (ok)
		return req;
	WIRE_REQUEST_free(req);
	return NULL;
}

/* What inkan-ca reads from its socket: nothing else comes to the operations. */
static WIRE_REQUEST *
as_read(WIRE_REQUEST *req)
{
	WIRE_REQUEST *again = NULL;
	unsigned char *frame = NULL;
	size_t len;

	if (req != NULL && message_encode_request(req, &frame, &len))
		again = message_decode_request(
		    frame + HEAD_LEN, len - HEAD_LEN);
	OPENSSL_free(frame);
	WIRE_REQUEST_free(req);
	return again;
}

/* ---- asking ---- */

static void
remember(const WIRE_ANSWER *a)
{
	size_t len = 0;
	const unsigned char *cert = field_bytes(a->values, "cert", &len);
	const char *serial = field_text(a->values, "serial", NULL);

	if (message_answer_status(a) == WIRE_PENDING)
		last_parked = field_int(a->values, "request", last_parked);
	if (cert == NULL || serial == NULL || len > sizeof(last_cert))
		return;
	memcpy(last_cert, cert, len);
	last_len = len;
	snprintf(last_serial, sizeof(last_serial), "%s", serial);
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
	remember(a);
	OPENSSL_free(frame);
	WIRE_ANSWER_free(a);
}

/* What stops the instance would leave nothing to do for the inputs after it. */
static void
go_on(const WIRE_REQUEST *req)
{
	static const char *const undo[][2] = {{"ca.stop", "ca.resume"},
	    {"ca.disable", "ca.enable"}};
	WIRE_REQUEST *back;
	const char *name = field_text(req->args, "name", NULL);
	size_t i;

	for (i = 0; i < sizeof(undo) / sizeof(undo[0]); i++) {
		if (strcmp(message_request_op(req), undo[i][0]) != 0)
			continue;
		back = message_request(undo[i][1], 8);
		if (back == NULL)
			abort();
		if (name != NULL)
			(void)field_add_text(back->args, "name", name);
		ask(OPS_ADMIN, back);
		WIRE_REQUEST_free(back);
	}
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
	req = data[0] & PARTS
	    ? as_read(put_together((struct input){data + 1, size - 1}))
	    : message_decode_request(data + 1, size - 1);
	ERR_clear_error();
	if (req != NULL) {
		people_as(&world, 2001 + PERSON(data[0]));
		ask(roles[(data[0] & 3) % 3], req);
		go_on(req);
	}
	WIRE_REQUEST_free(req);
	return 0;
}
