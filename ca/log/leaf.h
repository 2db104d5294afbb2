#ifndef INKAN_CA_LOG_LEAF_H
#define INKAN_CA_LOG_LEAF_H

#include <stddef.h>
#include <stdint.h>

/*
 * The leaf of an entry, the half of it that everybody may see, and what opens
 * it for those who may know more (docs/log.md). Pure functions.
 *
 *   Leaf ::= SEQUENCE { version INTEGER (1), index INTEGER, kind UTF8String,
 *                       time GeneralizedTime, commitment OCTET STRING }
 *   Opening ::= SEQUENCE { version INTEGER (1), kind UTF8String,
 *                          time GeneralizedTime, salt OCTET STRING,
 *                          detail OCTET STRING }
 *
 * An opening and an index make the leaf again. It is what a proof carries in its
 * extra octets.
 */

#define LEAF_KIND_MAX 64	/* with its NUL */
#define LEAF_SALT 16
#define LEAF_COMMITMENT 32

struct log_leaf {
	int64_t index, time;	/* time: seconds since the epoch */
	char kind[LEAF_KIND_MAX];
	unsigned char commitment[LEAF_COMMITMENT];
};

/* SHA-256(salt || detail). 1, or 0 raised. */
int log_leaf_commit(const unsigned char salt[LEAF_SALT], const void *detail,
    size_t len, unsigned char out[LEAF_COMMITMENT]);
/* DER, to be freed with OPENSSL_free(). 1, or 0 raised. */
int log_leaf_encode(const struct log_leaf *leaf, unsigned char **out,
    size_t *len);
/* 1, or 0 raised ("leaf.format: ..."): not DER, more behind it, another version,
   values out of range. */
int log_leaf_decode(struct log_leaf *out, const unsigned char *der, size_t len);

struct log_opening {
	char kind[LEAF_KIND_MAX];
	int64_t time;
	unsigned char salt[LEAF_SALT];
	unsigned char *detail;	/* DER; log_opening_clear() frees it */
	size_t detail_len;
};

int log_opening_encode(const struct log_opening *o, unsigned char **out,
    size_t *len);
/* As log_leaf_decode(), "opening.format: ...". What the detail holds is not
   looked at. */
int log_opening_decode(struct log_opening *o, const unsigned char *der,
    size_t len);
void log_opening_clear(struct log_opening *o);
/* The leaf that it opens at ${index}. 1, or 0 raised. */
int log_opening_leaf(const struct log_opening *o, uint64_t index,
    unsigned char **out, size_t *len);

#endif
