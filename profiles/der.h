#ifndef INKAN_PROFILES_DER_H
#define INKAN_PROFILES_DER_H

#include <stddef.h>

/*
 * A walk over DER (X.690) without templates, for the judgement of conform.c:
 * a mistake in a template would be made again by the check of it, so the check
 * uses none. Nothing here allocates or raises; everything points into the
 * caller's octets (borrowed). Only low tag numbers (0..30) exist: no
 * certificate has others.
 */

#define DER_DEPTH_MAX 16

#define DER_BOOLEAN 0x01
#define DER_INTEGER 0x02
#define DER_BIT_STRING 0x03
#define DER_OCTET_STRING 0x04
#define DER_NULL 0x05
#define DER_OID 0x06
#define DER_ENUMERATED 0x0a
#define DER_UTF8 0x0c
#define DER_PRINTABLE 0x13
#define DER_IA5 0x16
#define DER_UTCTIME 0x17
#define DER_GENERALIZEDTIME 0x18
#define DER_SEQUENCE 0x30
#define DER_SET 0x31
#define DER_CONTEXT(n) (0x80 | (n))	 /* [n], primitive */
#define DER_CONTEXT_CONS(n) (0xa0 | (n)) /* [n], constructed */

struct der {
	const unsigned char *p;
	size_t len;
};

/* One element off the front of ${in}: its tag, its contents and the whole of it
   (each may be NULL). 1, or 0 when there is none, or its length is not the
   shortest definite form, or it ends behind ${in}: ${in} is then unchanged. */
int der_take_any(
    struct der *in, unsigned char *tag, struct der *body, struct der *whole);
/* The same, but the element must have ${tag}. */
int der_take(struct der *in, unsigned char tag, struct der *body);
int der_take_whole(struct der *in, unsigned char tag, struct der *whole);
/* Exactly one element with ${tag} and nothing behind it: its contents. */
int der_only(struct der in, unsigned char tag, struct der *body);
/* Does the next element have ${tag}? */
int der_next_is(const struct der *in, unsigned char tag);

/*
 * Is ${in} a row of elements in strict DER, to the last leaf? NULL, or what is
 * wrong (static text). Looked at: tags known to certificates, lengths, BOOLEAN
 * 00/FF, shortest INTEGER and OID arcs, BIT STRING's unused bits zero, NULL
 * empty, characters of UTF8String, PrintableString, IA5String, times made of
 * digits, SET OF in order. Not looked into: OCTET STRING, BIT STRING, primitive
 * context tags, DEFAULT values (they need the type's definition).
 */
const char *der_strict(struct der in);

/* The same for the contents of one primitive element. */
const char *der_leaf(unsigned char tag, const struct der *body);

int der_equal(const struct der *a, const unsigned char *p, size_t len);
/* Is the contents of an OBJECT IDENTIFIER this dotted text? */
int der_oid_is(const struct der *oid, const char *dotted);

#endif
