#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include "ca/cli/seen.h"
#include "ca/error.h"

struct seen {
	uint64_t *slot; /* 0: free */
	size_t size, n; /* size is a power of two */
};

struct seen *
seen_new(void)
{
	struct seen *s = calloc(1, sizeof(*s));

	if (s != NULL) {
		s->size = 1024;
		s->slot = calloc(s->size, sizeof(*s->slot));
	}
	if (s == NULL || s->slot == NULL) {
		seen_free(s);
		ca_raise(CA_E_INTERNAL, "out of memory");
		return NULL;
	}
	return s;
}

void
seen_free(struct seen *s)
{
	if (s == NULL)
		return;
	free(s->slot);
	free(s);
}

static uint64_t *
find(uint64_t *slot, size_t size, uint64_t key)
{
	size_t i = key & (size - 1);

	while (slot[i] != 0 && slot[i] != key)
		i = (i + 1) & (size - 1);
	return &slot[i];
}

static int
grow(struct seen *s)
{
	uint64_t *slot = calloc(2 * s->size, sizeof(*slot));
	size_t i;

	if (slot == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return 0;
	}
	for (i = 0; i < s->size; i++)
		if (s->slot[i] != 0)
			*find(slot, 2 * s->size, s->slot[i]) = s->slot[i];
	free(s->slot);
	s->slot = slot;
	s->size *= 2;
	return 1;
}

/* With the NUL between them, so that "ab","c" is not "a","bc". */
static int
hash(const char *a, const char *b, uint64_t *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char md[EVP_MAX_MD_SIZE];
	int ok;

	ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(ctx, a, strlen(a) + 1) == 1 &&
	    EVP_DigestUpdate(ctx, b, strlen(b)) == 1 &&
	    EVP_DigestFinal_ex(ctx, md, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	if (!ok) {
		ca_raise(CA_E_INTERNAL, "SHA-256 failed");
		return 0;
	}
	memcpy(out, md, sizeof(*out));
	*out |= *out == 0;
	return 1;
}

int
seen_add(struct seen *s, const char *a, const char *b)
{
	uint64_t key, *slot;

	if (!hash(a, b, &key) || (2 * s->n >= s->size && !grow(s)))
		return -1;
	slot = find(s->slot, s->size, key);
	if (*slot == key)
		return 0;
	*slot = key;
	s->n++;
	return 1;
}
