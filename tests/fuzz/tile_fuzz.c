/* log_tile_parse: a name that is taken is the only one of its tile, and stays
   inside its folder. log_bundle_leaf: leaves lie one behind the other, inside.
   */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/err.h>
#include "ca/log/tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_name(const char *name)
{
	char again[LOG_TILE_NAME_MAX];
	struct log_tile t;

	if (!log_tile_parse(name, &t))
		return;
	log_tile_name(&t, again);
	if (strcmp(again, name) != 0 || strstr(name, "..") != NULL ||
	    strncmp(name, "tile/", 5) != 0 || t.width < 1 ||
	    t.width > LOG_TILE_WIDTH || t.level < LOG_LEVEL_ENTRIES ||
	    t.level > 7)
		abort();
}

static void
try_bundle(const uint8_t *data, size_t size)
{
	const unsigned char *leaf = NULL, *end = data;
	size_t len = 0;
	unsigned n;

	for (n = 0; n < LOG_TILE_WIDTH; n++) {
		if (!log_bundle_leaf(data, size, n, &leaf, &len))
			break;
		if (leaf != end + 2 || leaf + len > data + size)
			abort();
		end = leaf + len;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name = malloc(size + 1);

	if (name == NULL)
		return 0;
	memcpy(name, data, size);
	name[size] = '\0';
	try_name(name);
	try_bundle(data, size);
	free(name);
	ERR_clear_error();
	return 0;
}
