#include <string.h>
#include <openssl/crypto.h>
#include "ca/error.h"
#include "ca/wire/message.h"

#define VERSION 1
#define ID_MAX ((int64_t)1 << 62)

/* clang-format off */
ASN1_SEQUENCE(WIRE_REQUEST) = {
	ASN1_SIMPLE(WIRE_REQUEST, version, ASN1_INTEGER),
	ASN1_SIMPLE(WIRE_REQUEST, id, ASN1_INTEGER),
	ASN1_SIMPLE(WIRE_REQUEST, op, ASN1_UTF8STRING),
	ASN1_SIMPLE(WIRE_REQUEST, args, WIRE_FIELDS),
} ASN1_SEQUENCE_END(WIRE_REQUEST)

ASN1_SEQUENCE(WIRE_REFUSAL) = {
	ASN1_SIMPLE(WIRE_REFUSAL, stage, ASN1_UTF8STRING),
	ASN1_SIMPLE(WIRE_REFUSAL, rule, ASN1_UTF8STRING),
	ASN1_SIMPLE(WIRE_REFUSAL, field, ASN1_UTF8STRING),
	ASN1_SIMPLE(WIRE_REFUSAL, text, ASN1_UTF8STRING),
} ASN1_SEQUENCE_END(WIRE_REFUSAL)

ASN1_SEQUENCE(WIRE_ANSWER) = {
	ASN1_SIMPLE(WIRE_ANSWER, version, ASN1_INTEGER),
	ASN1_SIMPLE(WIRE_ANSWER, id, ASN1_INTEGER),
	ASN1_SIMPLE(WIRE_ANSWER, status, ASN1_ENUMERATED),
	ASN1_IMP_OPT(WIRE_ANSWER, refusal, WIRE_REFUSAL, 0),
	ASN1_IMP_OPT(WIRE_ANSWER, retry_after, ASN1_INTEGER, 1),
	ASN1_IMP_OPT(WIRE_ANSWER, next, ASN1_UTF8STRING, 2),
	ASN1_SIMPLE(WIRE_ANSWER, values, WIRE_FIELDS),
	ASN1_SEQUENCE_OF(WIRE_ANSWER, rows, WIRE_FIELDS),
} ASN1_SEQUENCE_END(WIRE_ANSWER)

IMPLEMENT_ASN1_FUNCTIONS(WIRE_REQUEST)
IMPLEMENT_ASN1_FUNCTIONS(WIRE_REFUSAL)
IMPLEMENT_ASN1_FUNCTIONS(WIRE_ANSWER)
    /* clang-format on */

    static const
    char *const STATUS_NAMES[] = {"ok", "bad-request", "unauthenticated",
	"denied", "not-found", "pending", "limited", "unavailable", "internal"};

#define N_STATUS (sizeof(STATUS_NAMES) / sizeof(STATUS_NAMES[0]))

/* Text of our own making may quote what came from outside, cut anywhere:
   what is not UTF-8 becomes "?", so that the answer stays readable. */
static int
set_text(ASN1_UTF8STRING *s, const char *text)
{
	char buf[WIRE_TEXT_MAX + 1];
	size_t n, i;

	if (text == NULL)
		text = "";
	n = strnlen(text, sizeof(buf) - 1);
	memcpy(buf, text, n);
	buf[n] = '\0';
	if (!field_text_ok(buf, n))
		for (i = 0; i < n; i++)
			if ((unsigned char)buf[i] >= 0x80)
				buf[i] = '?';
	return ASN1_STRING_set(s, buf, (int)n);
}

static const char *
get_text(const ASN1_UTF8STRING *s)
{
	const unsigned char *p = s == NULL ? NULL : ASN1_STRING_get0_data(s);

	return p == NULL ? "" : (const char *)p;
}

static int64_t
get_int(const ASN1_INTEGER *i, int64_t dflt)
{
	int64_t v;

	return i != NULL && ASN1_INTEGER_get_int64(&v, i) == 1 ? v : dflt;
}

WIRE_REQUEST *
message_request(const char *op, int64_t id)
{
	WIRE_REQUEST *r;

	if ((r = WIRE_REQUEST_new()) == NULL)
		return NULL;
	if (!ASN1_INTEGER_set_int64(r->version, VERSION) ||
	    !ASN1_INTEGER_set_int64(r->id, id) || !set_text(r->op, op)) {
		WIRE_REQUEST_free(r);
		return NULL;
	}
	return r;
}

WIRE_ANSWER *
message_answer(int64_t id, enum wire_status status)
{
	WIRE_ANSWER *a;

	if ((a = WIRE_ANSWER_new()) == NULL)
		return NULL;
	if (!ASN1_INTEGER_set_int64(a->version, VERSION) ||
	    !ASN1_INTEGER_set_int64(a->id, id) ||
	    !message_set_status(a, status)) {
		WIRE_ANSWER_free(a);
		return NULL;
	}
	return a;
}

int64_t
message_request_id(const WIRE_REQUEST *r)
{
	return get_int(r->id, -1);
}

const char *
message_request_op(const WIRE_REQUEST *r)
{
	return get_text(r->op);
}

int64_t
message_answer_id(const WIRE_ANSWER *a)
{
	return get_int(a->id, -1);
}

enum wire_status
message_answer_status(const WIRE_ANSWER *a)
{
	int64_t v;

	if (ASN1_ENUMERATED_get_int64(&v, a->status) != 1 || v < 0 ||
	    v >= (int64_t)N_STATUS)
		return WIRE_INTERNAL;
	return (enum wire_status)v;
}

int
message_set_status(WIRE_ANSWER *a, enum wire_status status)
{
	return ASN1_ENUMERATED_set_int64(a->status, (int64_t)status);
}

int
message_set_refusal(WIRE_ANSWER *a, const char *stage, const char *rule,
    const char *field, const char *text)
{
	if (a->refusal == NULL && (a->refusal = WIRE_REFUSAL_new()) == NULL)
		return 0;
	return set_text(a->refusal->stage, stage) &&
	    set_text(a->refusal->rule, rule) &&
	    set_text(a->refusal->field, field) &&
	    set_text(a->refusal->text, text);
}

int
message_set_retry(WIRE_ANSWER *a, int64_t seconds)
{
	if (a->retry_after == NULL &&
	    (a->retry_after = ASN1_INTEGER_new()) == NULL)
		return 0;
	return ASN1_INTEGER_set_int64(a->retry_after, seconds);
}

int64_t
message_retry(const WIRE_ANSWER *a)
{
	return get_int(a->retry_after, 0);
}

int
message_set_next(WIRE_ANSWER *a, const char *cursor)
{
	if (a->next == NULL && (a->next = ASN1_UTF8STRING_new()) == NULL)
		return 0;
	return set_text(a->next, cursor);
}

const char *
message_next(const WIRE_ANSWER *a)
{
	return a->next == NULL ? NULL : get_text(a->next);
}

const char *
message_refusal(const WIRE_ANSWER *a, const char *part)
{
	const WIRE_REFUSAL *r = a->refusal;

	if (r == NULL)
		return "";
	if (strcmp(part, "stage") == 0)
		return get_text(r->stage);
	if (strcmp(part, "rule") == 0)
		return get_text(r->rule);
	if (strcmp(part, "field") == 0)
		return get_text(r->field);
	if (strcmp(part, "text") == 0)
		return get_text(r->text);
	return "";
}

WIRE_FIELDS *
message_add_row(WIRE_ANSWER *a)
{
	WIRE_FIELDS *row;

	if (sk_WIRE_FIELDS_num(a->rows) >= WIRE_ROWS_MAX) {
		ca_raise(
		    CA_E_INTERNAL, "wire: more than %d rows", WIRE_ROWS_MAX);
		return NULL;
	}
	if ((row = field_list_new()) == NULL)
		return NULL;
	if (!sk_WIRE_FIELDS_push(a->rows, row)) {
		field_list_free(row);
		return NULL;
	}
	return row;
}

size_t
message_n_rows(const WIRE_ANSWER *a)
{
	int n = sk_WIRE_FIELDS_num(a->rows);

	return n < 0 ? 0 : (size_t)n;
}

const WIRE_FIELDS *
message_row(const WIRE_ANSWER *a, size_t i)
{
	return sk_WIRE_FIELDS_value(a->rows, (int)i);
}

const char *
message_status_name(enum wire_status s)
{
	return (size_t)s < N_STATUS ? STATUS_NAMES[s] : "unknown";
}

/* DER of ${v} behind its length. */
static int
encode(
    const ASN1_VALUE *v, const ASN1_ITEM *it, unsigned char **out, size_t *len)
{
	unsigned char *buf, *p;
	int n;

	*out = NULL;
	*len = 0;
	if ((n = ASN1_item_i2d(v, NULL, it)) <= 0)
		return 0;
	if (n > WIRE_MESSAGE_MAX) {
		ca_raise(CA_E_BADREQUEST, "wire: message above %d octets",
		    WIRE_MESSAGE_MAX);
		return 0;
	}
	if ((buf = OPENSSL_malloc((size_t)n + 4)) == NULL)
		return 0;
	buf[0] = (unsigned char)(n >> 24);
	buf[1] = (unsigned char)(n >> 16);
	buf[2] = (unsigned char)(n >> 8);
	buf[3] = (unsigned char)n;
	p = buf + 4;
	if (ASN1_item_i2d(v, &p, it) != n) {
		OPENSSL_clear_free(buf, (size_t)n + 4);
		return 0;
	}
	*out = buf;
	*len = (size_t)n + 4;
	return 1;
}

int
message_encode_request(const WIRE_REQUEST *r, unsigned char **out, size_t *len)
{
	*out = NULL;
	*len = 0;
	return field_list_check(r->args) &&
	    encode(
		(const ASN1_VALUE *)r, ASN1_ITEM_rptr(WIRE_REQUEST), out, len);
}

/* Values and rows within their limits. */
static int
answer_lists_ok(const WIRE_ANSWER *a)
{
	size_t i, n = message_n_rows(a);

	if (n > WIRE_ROWS_MAX) {
		ca_raise(
		    CA_E_BADREQUEST, "wire: more than %d rows", WIRE_ROWS_MAX);
		return 0;
	}
	for (i = 0; i < n; i++)
		if (!field_list_check(message_row(a, i)))
			return 0;
	return field_list_check(a->values);
}

int
message_encode_answer(const WIRE_ANSWER *a, unsigned char **out, size_t *len)
{
	*out = NULL;
	*len = 0;
	return answer_lists_ok(a) &&
	    encode(
		(const ASN1_VALUE *)a, ASN1_ITEM_rptr(WIRE_ANSWER), out, len);
}

/* ${what} names the message in the error. */
static ASN1_VALUE *
decode(
    const ASN1_ITEM *it, const char *what, const unsigned char *der, size_t len)
{
	const unsigned char *p = der;
	ASN1_VALUE *v;

	if (len == 0 || len > WIRE_MESSAGE_MAX) {
		ca_raise(CA_E_BADREQUEST, "wire: %s of %zu octets", what, len);
		return NULL;
	}
	v = ASN1_item_d2i(NULL, &p, (long)len, it);
	if (v == NULL || p != der + len || !field_is_der(v, it, der, len)) {
		ca_raise(CA_E_BADREQUEST, "wire: %s is not DER", what);
		ASN1_item_free(v, it);
		return NULL;
	}
	return v;
}

static int
head_ok(const ASN1_INTEGER *version, const ASN1_INTEGER *id)
{
	int64_t n;

	if (get_int(version, -1) != VERSION) {
		ca_raise(CA_E_BADREQUEST, "wire: version is not %d", VERSION);
		return 0;
	}
	n = get_int(id, -1);
	if (n < 0 || n > ID_MAX) {
		ca_raise(CA_E_BADREQUEST, "wire: bad id");
		return 0;
	}
	return 1;
}

static int
text_ok(const ASN1_UTF8STRING *s, const char *what, int min, int max)
{
	int n = ASN1_STRING_length(s);

	if (n >= min && n <= max &&
	    field_text_ok((const char *)ASN1_STRING_get0_data(s), n))
		return 1;
	ca_raise(CA_E_BADREQUEST, "wire: %s: bad text", what);
	return 0;
}

WIRE_REQUEST *
message_decode_request(const unsigned char *der, size_t len)
{
	WIRE_REQUEST *r;

	r = (WIRE_REQUEST *)decode(
	    ASN1_ITEM_rptr(WIRE_REQUEST), "request", der, len);
	if (r == NULL)
		return NULL;
	if (!head_ok(r->version, r->id) ||
	    !text_ok(r->op, "op", 1, WIRE_OP_MAX) ||
	    !field_list_check(r->args)) {
		WIRE_REQUEST_free(r);
		return NULL;
	}
	return r;
}

static int
status_ok(const ASN1_ENUMERATED *status)
{
	int64_t v;

	if (ASN1_ENUMERATED_get_int64(&v, status) == 1 && v >= 0 &&
	    v < (int64_t)N_STATUS)
		return 1;
	ca_raise(CA_E_BADREQUEST, "wire: unknown status");
	return 0;
}

static int
options_ok(const WIRE_ANSWER *a)
{
	const WIRE_REFUSAL *r = a->refusal;

	if (r != NULL &&
	    (!text_ok(r->stage, "refusal", 0, WIRE_TEXT_MAX) ||
		!text_ok(r->rule, "refusal", 0, WIRE_TEXT_MAX) ||
		!text_ok(r->field, "refusal", 0, WIRE_TEXT_MAX) ||
		!text_ok(r->text, "refusal", 0, WIRE_TEXT_MAX)))
		return 0;
	if (a->retry_after != NULL && get_int(a->retry_after, -1) < 0) {
		ca_raise(CA_E_BADREQUEST, "wire: bad retryAfter");
		return 0;
	}
	return a->next == NULL || text_ok(a->next, "next", 0, WIRE_TEXT_MAX);
}

WIRE_ANSWER *
message_decode_answer(const unsigned char *der, size_t len)
{
	WIRE_ANSWER *a;

	a = (WIRE_ANSWER *)decode(
	    ASN1_ITEM_rptr(WIRE_ANSWER), "answer", der, len);
	if (a == NULL)
		return NULL;
	if (!head_ok(a->version, a->id) || !status_ok(a->status) ||
	    !options_ok(a) || !answer_lists_ok(a)) {
		WIRE_ANSWER_free(a);
		return NULL;
	}
	return a;
}

size_t
message_frame_len(const unsigned char head[4])
{
	size_t n;

	n = (size_t)head[0] << 24 | (size_t)head[1] << 16 |
	    (size_t)head[2] << 8 | (size_t)head[3];
	return n > WIRE_MESSAGE_MAX ? 0 : n;
}
