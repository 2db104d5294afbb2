/* field_list_decode, message_decode_request and message_decode_answer: the inner
   protocol in both directions, on any octets. What is accepted is DER, within
   the limits, and encodes to the same octets. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include "ca/wire/field.h"
#include "ca/wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
same(int ok, unsigned char *frame, size_t len, size_t head, const uint8_t *data,
    size_t size)
{
	if (!ok || len != size + head || memcmp(frame + head, data, size) != 0)
		abort();
	OPENSSL_free(frame);
}

/* Every getter on every field; texts end with their only NUL. */
static void
walk(const WIRE_FIELDS *l)
{
	const WIRE_FIELD *f;
	const char *text;
	size_t len;
	int i;

	if (sk_WIRE_FIELD_num(l) > FIELDS_MAX)
		abort();
	for (i = 0; i < sk_WIRE_FIELD_num(l); i++) {
		f = sk_WIRE_FIELD_value(l, i);
		if (field_find(l, field_name(f), 0) == NULL)
			abort();
		text = field_get_text(f);
		field_get_bytes(f, &len);
		if (text != NULL && strlen(text) != len)
			abort();
		field_get_int(f);
		field_get_flag(f);
		field_get_time(f);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	WIRE_FIELDS *l = field_list_decode(data, size);
	WIRE_REQUEST *r = message_decode_request(data, size);
	WIRE_ANSWER *a = message_decode_answer(data, size);
	unsigned char *p = NULL;
	size_t len, i;
	int ok;

	if (l != NULL) {
		walk(l);
		ok = field_list_encode(l, &p, &len);
		same(ok, p, len, 0, data, size);
	}
	if (r != NULL) {
		if (strlen(message_request_op(r)) > WIRE_OP_MAX)
			abort();
		walk(r->args);
		ok = message_encode_request(r, &p, &len);
		same(ok, p, len, 4, data, size);
	}
	if (a != NULL) {
		walk(a->values);
		for (i = 0; i < message_n_rows(a); i++)
			walk(message_row(a, i));
		ok = message_encode_answer(a, &p, &len);
		same(ok, p, len, 4, data, size);
	}
	field_list_free(l);
	WIRE_REQUEST_free(r);
	WIRE_ANSWER_free(a);
	ERR_clear_error();
	return 0;
}
