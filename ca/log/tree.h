#ifndef INKAN_CA_LOG_TREE_H
#define INKAN_CA_LOG_TREE_H

#include <stddef.h>
#include <stdint.h>

/*
 * The Merkle tree of the log: RFC 9162, section 2.1, with SHA-256. Pure
 * functions over hashes; where the hashes lie is the caller's business. Nothing
 * here looks at a signature: who has checked a proof against a root knows
 * nothing yet, unless the root comes from a checkpoint that he trusts
 * (checkpoint.h).
 *
 * Functions that can fail return 1, or 0 raised (CA_E_INTERNAL for a caller's
 * mistake or want of memory, CA_E_BADREQUEST for a proof that does not hold).
 */

#define LOG_HASH 32
/* No path is longer: 64 levels, and one for a consistency proof's first. */
#define LOG_PATH_MAX 65

struct log_hash { unsigned char b[LOG_HASH]; };

int log_leaf_hash(const void *leaf, size_t len, struct log_hash *out);
int log_node_hash(const struct log_hash *left, const struct log_hash *right,
    struct log_hash *out);

/* The roots of the complete subtrees that a tree of ${size} leaves consists of,
   the largest first: all that is needed to go on growing. {0} is the empty
   tree. */
struct log_frontier {
	uint64_t size;
	size_t n;
	struct log_hash h[64];
};

int log_frontier_add(struct log_frontier *f, const struct log_hash *leaf);
/* Of the empty tree: SHA-256 of nothing. */
int log_frontier_root(const struct log_frontier *f, struct log_hash *out);

/* The root over leaves ${index} << ${level} up to (${index} + 1) << ${level},
   a complete subtree. 1, or 0 raised. */
typedef int log_read_fn(unsigned level, uint64_t index, struct log_hash *out,
    void *arg);

struct log_path { size_t n; struct log_hash h[LOG_PATH_MAX]; };

int log_root(uint64_t size, log_read_fn *read, void *arg,
    struct log_hash *out);
/* The frontier of the tree's first ${size} leaves. */
int log_frontier_read(uint64_t size, log_read_fn *read, void *arg,
    struct log_frontier *out);
/* RFC 9162, 2.1.3.1 and 2.1.4.1. index < size, from <= to; a proof from 0, and
   from a tree to itself, is empty. */
int log_prove_inclusion(uint64_t index, uint64_t size, log_read_fn *read,
    void *arg, struct log_path *out);
int log_prove_consistency(uint64_t from, uint64_t to, log_read_fn *read,
    void *arg, struct log_path *out);

/* RFC 9162, 2.1.3.2 and 2.1.4.2. 1 it holds; 0 raised ("log.inclusion: ...",
   "log.consistency: ..."). */
int log_check_inclusion(const struct log_hash *leaf, uint64_t index,
    uint64_t size, const struct log_path *path, const struct log_hash *root);
int log_check_consistency(uint64_t from, const struct log_hash *from_root,
    uint64_t to, const struct log_hash *to_root, const struct log_path *path);

#endif
