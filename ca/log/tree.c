#include <string.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include "ca/error.h"
#include "ca/log/tree.h"

static int
digest(unsigned char prefix, const void *a, size_t a_len, const void *b,
    size_t b_len, struct log_hash *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok;

	ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(ctx, &prefix, 1) == 1 &&
	    EVP_DigestUpdate(ctx, a, a_len) == 1 &&
	    EVP_DigestUpdate(ctx, b, b_len) == 1 &&
	    EVP_DigestFinal_ex(ctx, out->b, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	if (!ok)
		ca_raise(CA_E_INTERNAL, "log: a hash cannot be made");
	return ok;
}

int
log_leaf_hash(const void *leaf, size_t len, struct log_hash *out)
{
	return digest(0, leaf, len, NULL, 0, out);
}

int
log_node_hash(const struct log_hash *left, const struct log_hash *right,
    struct log_hash *out)
{
	return digest(1, left->b, LOG_HASH, right->b, LOG_HASH, out);
}

/* A new leaf closes as many subtrees as the old size has ones at its end. */
int
log_frontier_add(struct log_frontier *f, const struct log_hash *leaf)
{
	struct log_hash h = *leaf;
	uint64_t ones;
	size_t n = f->n;

	for (ones = f->size; ones & 1; ones >>= 1)
		if (!log_node_hash(&f->h[--n], &h, &h))
			return 0;
	f->h[n++] = h;
	f->n = n;
	f->size++;
	return 1;
}

int
log_frontier_root(const struct log_frontier *f, struct log_hash *out)
{
	struct log_hash h;
	size_t i;

	if (f->n == 0) {
		SHA256((const unsigned char *)"", 0, out->b);
		return 1;
	}
	h = f->h[f->n - 1];
	for (i = f->n - 1; i-- > 0;)
		if (!log_node_hash(&f->h[i], &h, &h))
			return 0;
	*out = h;
	return 1;
}

int
log_frontier_read(uint64_t size, log_read_fn *read, void *arg,
    struct log_frontier *out)
{
	uint64_t done = 0;
	int level;

	memset(out, 0, sizeof(*out));
	for (level = 63; level >= 0; level--) {
		if (!(size >> level & 1))
			continue;
		if (!read((unsigned)level, done >> level, &out->h[out->n], arg))
			return 0;
		out->n++;
		done += (uint64_t)1 << level;
	}
	out->size = size;
	return 1;
}

/* The largest power of two that is smaller than ${n}; n > 1. */
static uint64_t
split(uint64_t n)
{
	uint64_t k = 1;

	while (k < n - k)
		k <<= 1;
	return k;
}

/* Leaves ${start} to ${start} + ${n}, where a subtree of the tree lies. */
static int
range_root(uint64_t start, uint64_t n, log_read_fn *read, void *arg,
    struct log_hash *out)
{
	struct log_frontier f = {.size = n};
	int level;

	for (level = 63; level >= 0; level--) {
		if (!(n >> level & 1))
			continue;
		if (!read((unsigned)level, start >> level, &f.h[f.n], arg))
			return 0;
		f.n++;
		start += (uint64_t)1 << level;
	}
	return log_frontier_root(&f, out);
}

int
log_root(uint64_t size, log_read_fn *read, void *arg, struct log_hash *out)
{
	return range_root(0, size, read, arg, out);
}

static void
reverse(struct log_path *p)
{
	struct log_hash h;
	size_t i;

	for (i = 0; i < p->n / 2; i++) {
		h = p->h[i];
		p->h[i] = p->h[p->n - 1 - i];
		p->h[p->n - 1 - i] = h;
	}
}

int
log_prove_inclusion(uint64_t index, uint64_t size, log_read_fn *read,
    void *arg, struct log_path *out)
{
	uint64_t start = 0, k;
	int ok = 1;

	out->n = 0;
	if (index >= size) {
		ca_raise(CA_E_INTERNAL, "log: no leaf %llu in a tree of %llu",
		    (unsigned long long)index, (unsigned long long)size);
		return 0;
	}
	while (ok && size > 1) {
		k = split(size);
		if (index < k) {
			ok = range_root(start + k, size - k, read, arg,
			    &out->h[out->n++]);
			size = k;
		} else {
			ok = range_root(start, k, read, arg,
			    &out->h[out->n++]);
			start += k;
			index -= k;
			size -= k;
		}
	}
	reverse(out);
	return ok;
}

int
log_prove_consistency(uint64_t from, uint64_t to, log_read_fn *read, void *arg,
    struct log_path *out)
{
	uint64_t start = 0, k;
	int ok = 1, known = 1;

	out->n = 0;
	if (from > to) {
		ca_raise(CA_E_INTERNAL, "log: no proof from %llu back to %llu",
		    (unsigned long long)from, (unsigned long long)to);
		return 0;
	}
	if (from == 0)
		return 1;
	while (ok && from < to) {
		k = split(to);
		if (from <= k) {
			ok = range_root(start + k, to - k, read, arg,
			    &out->h[out->n++]);
			to = k;
		} else {
			ok = range_root(start, k, read, arg,
			    &out->h[out->n++]);
			start += k;
			from -= k;
			to -= k;
			known = 0;
		}
	}
	/* Unless it is the whole old tree, whose root is known. */
	if (ok && !known)
		ok = range_root(start, to, read, arg, &out->h[out->n++]);
	reverse(out);
	return ok;
}

static int
differs(const struct log_hash *a, const struct log_hash *b)
{
	return memcmp(a->b, b->b, LOG_HASH) != 0;
}

static int
refuse(const char *rule, const char *what)
{
	ca_raise(CA_E_BADREQUEST, "%s: %s", rule, what);
	return 0;
}

int
log_check_inclusion(const struct log_hash *leaf, uint64_t index, uint64_t size,
    const struct log_path *path, const struct log_hash *root)
{
	struct log_hash h = *leaf;
	uint64_t fn = index, sn = size - 1;
	size_t i;
	int left;

	if (index >= size)
		return refuse("log.inclusion", "the index is not in the tree");
	for (i = 0; i < path->n; i++) {
		if (sn == 0)
			return refuse("log.inclusion", "the path is too long");
		left = (fn & 1) || fn == sn;
		if (!(left ? log_node_hash(&path->h[i], &h, &h)
			   : log_node_hash(&h, &path->h[i], &h)))
			return 0;
		for (; left && fn != 0 && !(fn & 1); sn >>= 1)
			fn >>= 1;
		fn >>= 1;
		sn >>= 1;
	}
	if (sn != 0)
		return refuse("log.inclusion", "the path is too short");
	return !differs(&h, root) ||
	    refuse("log.inclusion", "the path does not lead to the root");
}

/* Both roots from the one path; ${i} is where it starts. */
static int
walk(uint64_t fn, uint64_t sn, const struct log_path *path, size_t i,
    struct log_hash *fr, struct log_hash *sr)
{
	int left;

	for (; i < path->n; i++) {
		if (sn == 0)
			return refuse("log.consistency",
			    "the path is too long");
		left = (fn & 1) || fn == sn;
		if (left && !log_node_hash(&path->h[i], fr, fr))
			return 0;
		if (!(left ? log_node_hash(&path->h[i], sr, sr)
			   : log_node_hash(sr, &path->h[i], sr)))
			return 0;
		for (; left && fn != 0 && !(fn & 1); sn >>= 1)
			fn >>= 1;
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 || refuse("log.consistency", "the path is too short");
}

int
log_check_consistency(uint64_t from, const struct log_hash *from_root,
    uint64_t to, const struct log_hash *to_root, const struct log_path *path)
{
	struct log_hash fr = *from_root, sr = *from_root;
	uint64_t fn = from - 1, sn = to - 1;
	int whole = (from & (from - 1)) == 0;

	if (from > to)
		return refuse("log.consistency", "the log has shrunk");
	if (from == to && differs(from_root, to_root))
		return refuse("log.consistency",
		    "two roots of one size: the log was forked");
	if (from == 0 || from == to)
		return path->n == 0 || refuse("log.consistency",
		    "the path is too long");
	if (path->n == 0)
		return refuse("log.consistency", "the path is too short");
	for (; fn & 1; sn >>= 1)
		fn >>= 1;
	if (!whole)
		fr = sr = path->h[0];
	if (!walk(fn, sn, path, whole ? 0 : 1, &fr, &sr))
		return 0;
	return (!differs(&fr, from_root) && !differs(&sr, to_root)) ||
	    refuse("log.consistency", "the larger tree does not begin with the "
		"smaller one: entries were changed or taken away");
}
