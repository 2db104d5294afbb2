#ifndef INKAN_CA_WIRE_FIELD_H
#define INKAN_CA_WIRE_FIELD_H

#include <stddef.h>
#include <stdint.h>
#include <openssl/asn1t.h>
#include <openssl/safestack.h>

/*
 * Named, typed values: the arguments and answers of the inner protocol, and
 * the details of log entries.
 *
 *   Field  ::= SEQUENCE { name UTF8String (SIZE (1..64)),
 *                         value CHOICE { text UTF8String, bytes OCTET STRING,
 *                           number INTEGER (-2^63..2^63-1), flag BOOLEAN,
 *                           time GeneralizedTime, none NULL } }
 *   Fields ::= SEQUENCE SIZE (0..FIELDS_MAX) OF Field
 *
 * A name may stand more than once (a chain of certificates): order is kept.
 * Text from outside is UTF-8 without NUL; the decoder refuses anything else.
 * Names are printable ASCII without blanks.
 */

#define FIELD_NAME_MAX 64
#define FIELDS_MAX 256
#define FIELD_VALUE_MAX (1024 * 1024)	/* octets of one text or bytes */

typedef struct wire_field_st {
	ASN1_UTF8STRING *name;
	ASN1_TYPE *value;
} WIRE_FIELD;

DECLARE_ASN1_FUNCTIONS(WIRE_FIELD)
DEFINE_STACK_OF(WIRE_FIELD)
typedef STACK_OF(WIRE_FIELD) WIRE_FIELDS;
DECLARE_ASN1_ITEM(WIRE_FIELDS)

WIRE_FIELDS *field_list_new(void);
void field_list_free(WIRE_FIELDS *list);	/* NULL is fine */

/* Append. 1, or 0 raised: out of memory, a text that is not UTF-8 or a value
   above FIELD_VALUE_MAX (CA_E_BADREQUEST). A NULL text adds the value none;
   times are seconds since the epoch, 0 adds none. More than FIELDS_MAX fields
   are noticed by whoever encodes or decodes. */
int field_add_text(WIRE_FIELDS *l, const char *name, const char *value);
int field_add_bytes(WIRE_FIELDS *l, const char *name, const void *p, size_t n);
int field_add_int(WIRE_FIELDS *l, const char *name, int64_t value);
int field_add_flag(WIRE_FIELDS *l, const char *name, int value);
int field_add_time(WIRE_FIELDS *l, const char *name, int64_t when);

/* The ${i}th (from 0) field of that name; NULL when there is none. Borrowed. */
const WIRE_FIELD *field_find(const WIRE_FIELDS *l, const char *name, size_t i);
size_t field_count(const WIRE_FIELDS *l, const char *name);

const char *field_name(const WIRE_FIELD *f);		/* borrowed */
int field_type(const WIRE_FIELD *f);	/* V_ASN1_UTF8STRING, ... V_ASN1_NULL */

/* First field of that name as the type asked for. Absent or none: the default;
   a field of another type counts as absent (the table of operations has
   checked types before). Borrowed. */
const char *field_text(const WIRE_FIELDS *l, const char *name,
    const char *dflt);
const unsigned char *field_bytes(const WIRE_FIELDS *l, const char *name,
    size_t *len);
int64_t field_int(const WIRE_FIELDS *l, const char *name, int64_t dflt);
int field_flag(const WIRE_FIELDS *l, const char *name, int dflt);
int64_t field_time(const WIRE_FIELDS *l, const char *name, int64_t dflt);
/* Same on one field. */
const char *field_get_text(const WIRE_FIELD *f);
const unsigned char *field_get_bytes(const WIRE_FIELD *f, size_t *len);
int64_t field_get_int(const WIRE_FIELD *f);
int field_get_flag(const WIRE_FIELD *f);
int64_t field_get_time(const WIRE_FIELD *f);

/* Overwrite the octets of every text or bytes of that name, which keep their
   length: a secret does not stay behind in freed memory. */
void field_wipe(const WIRE_FIELDS *l, const char *name);

/* UTF-8 without NUL, surrogates and overlong forms? */
int field_text_ok(const char *text, size_t len);

/* DER of a list, to be freed with OPENSSL_free(); and back (trailing octets,
   bad names, bad text and foreign types are refused). */
int field_list_encode(const WIRE_FIELDS *l, unsigned char **out, size_t *len);
WIRE_FIELDS *field_list_decode(const unsigned char *der, size_t len);

/* What the decoders share: limits, names and values of a decoded list (1, or 0
   raised); and does ${v} encode to exactly these octets? (1 or 0) */
int field_list_check(const WIRE_FIELDS *l);
int field_is_der(const ASN1_VALUE *v, const ASN1_ITEM *it,
    const unsigned char *der, size_t len);

#endif
