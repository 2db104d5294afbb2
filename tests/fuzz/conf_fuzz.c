/* conf_read_text, conf_check and the getters, on any octets. */
#include <stdint.h>
#include <openssl/err.h>
#include "profiles/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct conf_key keys[] = {{"name", CONF_TEXT, 0},
	    {"san", CONF_GROUPS, 0}, {"validity", CONF_GROUP, 0},
	    {"issued_by", CONF_TEXTS, 0}};
	struct conf *c = conf_read_text("f", (const char *)data, size);
	const struct conf_group *g = c ? conf_root(c) : NULL;
	int64_t n;

	if (g && conf_check(g, keys, sizeof(keys) / sizeof(keys[0]))) {
		conf_text(g, "name", "");
		conf_n_groups(g, "san");
		conf_n_texts(g, "issued_by");
		if ((g = conf_subgroup(g, "validity")) != NULL)
			conf_duration(g, "duration", 0, 1000, 0, &n);
	}
	conf_free(c);
	ERR_clear_error();
	return 0;
}
