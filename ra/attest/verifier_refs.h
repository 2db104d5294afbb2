#ifndef INKAN_RA_ATTEST_VERIFIER_REFS_H
#define INKAN_RA_ATTEST_VERIFIER_REFS_H

#include "profiles/conf.h"
#include "ra/attest/attest.h"

/* The inside of reading reference values: verifier_refs.c, and one function for
   each format in verifier_refs_formats.c. */

#define REFS_LIST_MAX 256

struct refs_piece {		/* of memory that the policy points to */
	struct refs_piece *next;
	unsigned char octets[];
};

struct verifier_refs {
	struct conf *conf;
	struct refs_piece *pieces;
};

struct refs_word {
	const char *name;
	unsigned bit;
};

/* Zeroed, lives as long as ${r}. NULL raised. */
void *refs_take(struct verifier_refs *r, size_t size);
/* ${n} of ${size}; more than REFS_LIST_MAX are refused under ${key}. */
void *refs_list(struct verifier_refs *r, const struct conf_group *g,
    const char *key, size_t n, size_t size);
/* A list of words as a set of bits, added to ${out}. */
int refs_words(const struct conf_group *g, const char *key,
    const struct refs_word *words, size_t n, unsigned *out);
/* Octets from hexadecimal ${text}. */
int refs_hex(struct verifier_refs *r, const struct conf_group *g,
    const char *key, const char *text, struct attest_octets *out);
/* "sha256:00ff...": algorithm (sha256, sha384, sha512) and digest. */
int refs_digest(struct verifier_refs *r, const struct conf_group *g,
    const char *key, const char *text, struct attest_digest *out);

int refs_read_dice(struct verifier_refs *r, const struct conf_group *g,
    struct attest_dice_policy *out);
int refs_read_eat(struct verifier_refs *r, const struct conf_group *g,
    struct attest_eat_policy *out);
int refs_read_android(struct verifier_refs *r, const struct conf_group *g,
    struct attest_android_policy *out);
int refs_read_webauthn(struct verifier_refs *r, const struct conf_group *g,
    struct attest_webauthn_policy *out);

#endif
