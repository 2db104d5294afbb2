#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <openssl/crypto.h>

#include "ra/wipe.h"

static void
give(void *p)
{
	if (p != NULL)
		OPENSSL_cleanse(p, malloc_usable_size(p));
	free(p);
}

static void *
resize(void *p, size_t n)
{
	size_t old = p == NULL ? 0 : malloc_usable_size(p);
	void *q;

	if (n == 0) {
		give(p);
		return NULL;
	}
	if ((q = malloc(n)) == NULL)
		return NULL;
	if (p != NULL)
		memcpy(q, p, old < n ? old : n);
	give(p);
	return q;
}

void
wipe_libevent(void)
{
	event_set_mem_functions(malloc, resize, give);
}
