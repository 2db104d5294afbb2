#ifndef INKAN_CA_WIRE_MESSAGE_H
#define INKAN_CA_WIRE_MESSAGE_H

#include "ca/wire/field.h"

/*
 * The inner protocol: AF_UNIX SOCK_STREAM; each message is 4 octets of length
 * (big-endian, of what follows) and one DER value.
 *
 *   Request ::= SEQUENCE { version INTEGER (1), id INTEGER (0..2^62),
 *                          op UTF8String (SIZE (1..64)), args Fields }
 *   Answer  ::= SEQUENCE { version INTEGER (1), id INTEGER,
 *                          status ENUMERATED,
 *                          refusal [0] Refusal OPTIONAL,
 *                          retryAfter [1] INTEGER OPTIONAL,   -- seconds
 *                          next [2] UTF8String OPTIONAL,      -- list cursor
 *                          values Fields, rows SEQUENCE OF Fields }
 *   Refusal ::= SEQUENCE { stage, rule, field, text UTF8String }
 *
 * Several requests may be in flight on one connection; answers carry the id of
 * their request and may come in any order. Both ends go on reading while a
 * write is pending. Nothing outside this folder knows the transport.
 */

#define WIRE_MESSAGE_MAX (1024 * 1024)	/* octets of DER */
#define WIRE_OP_MAX 64
#define WIRE_TEXT_MAX 1023		/* octets of a refusal text or a cursor */
#define WIRE_BACKLOG 256
#define WIRE_CONNECT_S 5
#define WIRE_ROWS_MAX 1000		/* rows in one answer: lists page */

enum wire_status {
	WIRE_OK = 0,
	WIRE_BADREQUEST = 1,		/* HTTP 400 */
	WIRE_UNAUTHENTICATED = 2,	/* 401 */
	WIRE_DENIED = 3,		/* 403 */
	WIRE_NOTFOUND = 4,		/* 404 */
	WIRE_PENDING = 5,		/* 202 + retryAfter */
	WIRE_LIMITED = 6,		/* 429 + retryAfter */
	WIRE_UNAVAILABLE = 7,		/* 503 + retryAfter */
	WIRE_INTERNAL = 8		/* 500 */
};

typedef struct wire_request_st {
	ASN1_INTEGER *version;
	ASN1_INTEGER *id;
	ASN1_UTF8STRING *op;
	WIRE_FIELDS *args;
} WIRE_REQUEST;

typedef struct wire_refusal_st {
	ASN1_UTF8STRING *stage, *rule, *field, *text;
} WIRE_REFUSAL;

DEFINE_STACK_OF(WIRE_FIELDS)
typedef struct wire_answer_st {
	ASN1_INTEGER *version;
	ASN1_INTEGER *id;
	ASN1_ENUMERATED *status;
	WIRE_REFUSAL *refusal;
	ASN1_INTEGER *retry_after;
	ASN1_UTF8STRING *next;
	WIRE_FIELDS *values;
	STACK_OF(WIRE_FIELDS) *rows;
} WIRE_ANSWER;

DECLARE_ASN1_FUNCTIONS(WIRE_REQUEST)
DECLARE_ASN1_FUNCTIONS(WIRE_REFUSAL)
DECLARE_ASN1_FUNCTIONS(WIRE_ANSWER)

/* Made empty; freed with WIRE_REQUEST_free / WIRE_ANSWER_free. */
WIRE_REQUEST *message_request(const char *op, int64_t id);
WIRE_ANSWER *message_answer(int64_t id, enum wire_status status);

int64_t message_request_id(const WIRE_REQUEST *r);
const char *message_request_op(const WIRE_REQUEST *r);	/* borrowed */
int64_t message_answer_id(const WIRE_ANSWER *a);
enum wire_status message_answer_status(const WIRE_ANSWER *a);
int message_set_status(WIRE_ANSWER *a, enum wire_status status);
int message_set_refusal(WIRE_ANSWER *a, const char *stage, const char *rule,
    const char *field, const char *text);	/* NULL = "" */
int message_set_retry(WIRE_ANSWER *a, int64_t seconds);
int64_t message_retry(const WIRE_ANSWER *a);	/* 0: none */
int message_set_next(WIRE_ANSWER *a, const char *cursor);
const char *message_next(const WIRE_ANSWER *a);	/* NULL: last page. Borrowed. */
/* "stage", "rule", "field", "text" of the refusal, "" when absent. Borrowed. */
const char *message_refusal(const WIRE_ANSWER *a, const char *part);
/* A new row, appended; borrowed from the answer. NULL when out of memory or
   beyond WIRE_ROWS_MAX. */
WIRE_FIELDS *message_add_row(WIRE_ANSWER *a);
size_t message_n_rows(const WIRE_ANSWER *a);
const WIRE_FIELDS *message_row(const WIRE_ANSWER *a, size_t i);
const char *message_status_name(enum wire_status s);

/* With the 4 octets of length before it, to be freed with OPENSSL_free(). */
int message_encode_request(const WIRE_REQUEST *r, unsigned char **out,
    size_t *len);
int message_encode_answer(const WIRE_ANSWER *a, unsigned char **out,
    size_t *len);
/* Without the length octets; strict; CA_E_BADREQUEST raised. */
WIRE_REQUEST *message_decode_request(const unsigned char *der, size_t len);
WIRE_ANSWER *message_decode_answer(const unsigned char *der, size_t len);
/* Length that 4 octets announce; 0 when it is 0 or above WIRE_MESSAGE_MAX. */
size_t message_frame_len(const unsigned char head[4]);

#endif
