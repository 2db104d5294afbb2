#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/engine/wipe.h"

static _Thread_local int wiping;

static void *
take(size_t n, const char *file, int line)
{
	(void)file, (void)line;
	return malloc(n);
}

static void
give(void *p, const char *file, int line)
{
	(void)file, (void)line;
	if (wiping > 0 && p != NULL)
		OPENSSL_cleanse(p, malloc_usable_size(p));
	free(p);
}

/* A block that moves leaves nothing at its old place, nor one that ends. */
static void *
resize(void *p, size_t n, const char *file, int line)
{
	size_t old = p == NULL ? 0 : malloc_usable_size(p);
	void *q;

	if (p == NULL)
		return take(n, file, line);
	if (n == 0) {
		give(p, file, line);
		return NULL;
	}
	if (wiping == 0)
		return realloc(p, n);
	q = malloc(n);
	if (q == NULL)
		return NULL;
	memcpy(q, p, old < n ? old : n);
	give(p, file, line);
	return q;
}

int
wipe_install(void)
{
	return CRYPTO_set_mem_functions(take, resize, give) == 1;
}

void
wipe_begin(void)
{
	wiping++;
}

void
wipe_end(void)
{
	wiping--;
}
