#ifndef INKAN_CA_LOG_PROOF_H
#define INKAN_CA_LOG_PROOF_H

#include "ca/log/checkpoint.h"
#include "ca/log/leaf.h"

/*
 * A proof that travels alone (C2SP tlog-proof): an entry's index, its path to a
 * root, and the signed checkpoint of that root. The «extra» octets hold what a
 * certificate's holder needs to know his entry, an Opening (leaf.h).
 */

#define PROOF_EXTRA_MAX 8192
#define PROOF_MAX (NOTE_MAX + 16384)

struct log_proof {
	uint64_t index;
	struct log_path path;
	unsigned char *extra;	/* NULL: none */
	size_t extra_len;
	char *checkpoint;	/* the signed note, verbatim */
};

/* 1, or 0 raised ("proof.format: ..."). Freed with proof_clear(). */
int proof_parse(struct log_proof *p, const char *in, size_t len);
void proof_clear(struct log_proof *p);
/* Freed with OPENSSL_free(); NULL raised. */
char *proof_print(const struct log_proof *p);
/* The proof of entry ${index}, which ${o} opens, in the tree of ${size} leaves
   whose signed checkpoint ${note} is; hashes come from ${read}. Text, to be freed
   with OPENSSL_free(); NULL raised. */
char *proof_make(uint64_t index, const struct log_opening *o, uint64_t size,
    const char *note, log_read_fn *read, void *arg);
/* ${leaf} stands at p->index of the tree whose checkpoint ${key} signed. 1, or 0
   raised. Does not look at the extra octets, nor at cosignatures. */
int proof_check(const struct log_proof *p, const void *leaf, size_t len,
    const struct note_key *key, struct log_checkpoint *out);

#endif
