#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profiles/conf.h"
#include "profiles/error.h"
#include "ra/attest/verifier_conf.h"

static const struct conf_key KEYS[] = {
    {"socket", CONF_TEXT, 1},
    {"peers", CONF_TEXTS, 0},
    {"workers", CONF_INT, 0},
    {"time_limit", CONF_DURATION, 0},
    {"memory", CONF_SIZE, 0},
    {"confine", CONF_GROUP, 0},
};

static int
read_socket(const struct conf_group *g, const char *path, char *out)
{
	const char *name = conf_text(g, "socket", "");
	char *real = realpath(path, NULL), *slash;
	int n = -1;

	if (name[0] == '/')
		n = snprintf(out, PATH_MAX, "%s", name);
	else if (real != NULL && (slash = strrchr(real, '/')) != NULL)
		n = snprintf(out, PATH_MAX, "%.*s/%s", (int)(slash - real),
		    real, name);
	free(real);
	return (n > 0 && n < PATH_MAX) || conf_fail(g, "socket", "too long");
}

/* A name, or digits. */
static int
read_peer(const struct conf_group *g, const char *name, uid_t *out)
{
	const struct passwd *pw;
	char *end = NULL;
	unsigned long n;

	n = strtoul(name, &end, 10);
	if (name[0] >= '0' && name[0] <= '9' && *end == '\0' &&
	    n < UINT32_MAX) {
		*out = (uid_t)n;
		return 1;
	}
	if ((pw = getpwnam(name)) == NULL)
		return conf_fail(g, "peers", "no user \"%.64s\"", name);
	*out = pw->pw_uid;
	return 1;
}

static int
read_peers(const struct conf_group *g, struct verifier_conf *out)
{
	size_t i, n = conf_n_texts(g, "peers");

	if (n > VERIFIER_PEERS_MAX)
		return conf_fail(
		    g, "peers", "more than %d", VERIFIER_PEERS_MAX);
	for (i = 0; i < n; i++)
		if (!read_peer(
			g, conf_text_at(g, "peers", i), &out->peers[i]))
			return 0;
	out->n_peers = n;
	if (n == 0) {
		out->peers[0] = geteuid();
		out->n_peers = 1;
	}
	return 1;
}

/* No file is read or written but the socket, which goes at the end. */
static int
read_confine(const struct conf_group *g, struct verifier_conf *out)
{
	char dir[PATH_MAX];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", out->socket);
	if ((slash = strrchr(dir, '/')) != NULL)
		*slash = '\0';
	if ((out->confine = confine_new(g, dir)) == NULL)
		return 0;
	confine_file(out->confine, out->socket, CONFINE_WRITE);
	return 1;
}

void
verifier_conf_clear(struct verifier_conf *conf)
{
	confine_free(conf->confine);
	conf->confine = NULL;
}

int
verifier_conf_read(const char *path, struct verifier_conf *out)
{
	struct conf *conf = conf_read_file(path);
	const struct conf_group *g;
	int64_t workers = 0, limit = 0;
	int ok;

	memset(out, 0, sizeof(*out));
	if (conf == NULL)
		return 0;
	g = conf_root(conf);
	ok = conf_check(g, KEYS, sizeof(KEYS) / sizeof(KEYS[0])) &&
	    read_socket(g, path, out->socket) && read_peers(g, out) &&
	    conf_int(g, "workers", 1, 64, 2, &workers) &&
	    conf_duration(g, "time_limit", 1, 60, 3, &limit) &&
	    conf_size(g, "memory", 16 << 20, (int64_t)4 << 30, 256 << 20,
		&out->memory) &&
	    read_confine(g, out);
	out->workers = (int)workers;
	out->time_limit = (int)limit;
	conf_free(conf);
	return ok;
}
