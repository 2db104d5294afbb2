#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include "ca/cli/backup_places.h"
#include "ca/error.h"
#include "profiles/conf.h"

static int
place(const struct conf_group *g, const char *key, const char *dir,
    char out[PATH_MAX])
{
	const char *text = conf_text(g, key, NULL);
	int n;

	if (text == NULL || text[0] == '\0')
		return conf_fail(g, key, "a backup needs to know this path");
	if (text[0] == '/')
		n = snprintf(out, PATH_MAX, "%s", text);
	else if (strcmp(text, ".") == 0)
		n = snprintf(out, PATH_MAX, "%s", dir);
	else
		n = snprintf(out, PATH_MAX, "%s/%s", dir, text);
	return (n > 0 && n < PATH_MAX) || conf_fail(g, key, "path too long");
}

int
backup_places_read(const char *path, struct backup_places *out)
{
	struct conf *conf = NULL;
	const struct conf_group *g;
	char copy[PATH_MAX];
	int ok = 0;

	memset(out, 0, sizeof(*out));
	if ((size_t)snprintf(copy, sizeof(copy), "%s", path) >= sizeof(copy)) {
		ca_raise(CA_E_BADREQUEST, "config: path too long");
		return 0;
	}
	snprintf(out->config_dir, sizeof(out->config_dir), "%s", dirname(copy));
	if ((conf = conf_read_file(path)) == NULL)
		return 0;
	g = conf_root(conf);
	ok = place(g, "store", out->config_dir, out->store) &&
	    place(g, "publish_dir", out->config_dir, out->publish_dir) &&
	    place(g, "policy_dir", out->config_dir, out->policy_dir);
	conf_free(conf);
	return ok;
}
