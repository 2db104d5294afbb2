#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <limits.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "profiles/conf.h"
#include "ca/confine/private.h"

static const struct conf_key KEYS[] = {
    {"mode", CONF_TEXT, 0},
    {"read", CONF_TEXTS, 0},
    {"write", CONF_TEXTS, 0},
    {"network", CONF_BOOL, 0},
};

/* What libraries read: code, names, time zones, random numbers, and what the C
   library wants to know of this process and of the processors. */
static const char *const SYSTEM_READ[] = {"/lib", "/lib64", "/usr/lib",
    "/usr/lib64", "/usr/local/lib", "/usr/share/p11-kit", "/usr/share/zoneinfo",
    "/etc/ld.so.cache", "/etc/localtime", "/etc/nsswitch.conf", "/etc/passwd",
    "/etc/group", "/etc/ssl/openssl.cnf", "/etc/pkcs11", "/dev/urandom",
    "/dev/random", "/proc/self", "/proc/meminfo", "/proc/stat", "/proc/cpuinfo",
    "/proc/sys/vm/overcommit_memory", "/sys/devices/system/cpu", NULL};
static const char *const SYSTEM_WRITE[] = {"/dev/null", NULL};

static void
add(struct confine *c, const char *path, enum confine_access how, int optional)
{
	struct confine_path *p;

	if (c->n_paths == CONFINE_PATHS_MAX) {
		c->overflow = 1;
		return;
	}
	p = &c->paths[c->n_paths];
	p->path = OPENSSL_strdup(path);
	p->access = how;
	p->optional = optional;
	if (p->path == NULL)
		c->overflow = 1;
	else
		c->n_paths++;
}

static void
add_system(struct confine *c)
{
	size_t i;

	for (i = 0; SYSTEM_READ[i] != NULL; i++)
		add(c, SYSTEM_READ[i], CONFINE_READ, 1);
	for (i = 0; SYSTEM_WRITE[i] != NULL; i++)
		add(c, SYSTEM_WRITE[i], CONFINE_WRITE, 1);
}

/* The last part of ${path} goes; "." for a name alone. */
static void
to_parent(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL)
		strcpy(path, ".");
	else if (slash == path)
		slash[1] = '\0';
	else
		*slash = '\0';
}

static void
add_nearest(
    struct confine *c, const char *path, int is_file, enum confine_access how)
{
	char part[PATH_MAX];

	if (path == NULL || path[0] == '\0')
		return;
	if (snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part)) {
		c->overflow = 1;
		return;
	}
	if (is_file)
		to_parent(part);
	while (access(part, F_OK) != 0 && errno == ENOENT &&
	    strcmp(part, "/") != 0 && strcmp(part, ".") != 0)
		to_parent(part);
	add(c, part, how, 0);
}

void
confine_folder(struct confine *c, const char *path, enum confine_access how)
{
	add_nearest(c, path, 0, how);
}

void
confine_file(struct confine *c, const char *path, enum confine_access how)
{
	add_nearest(c, path, 1, how);
}

void
confine_only(struct confine *c, const char *path, enum confine_access how)
{
	if (path != NULL && path[0] != '\0')
		add(c, path, how, 1);
}

void
confine_port(struct confine *c, unsigned port)
{
	if (c->n_ports == CONFINE_PORTS_MAX)
		c->overflow = 1;
	else
		c->ports[c->n_ports++] = port;
}

static int
read_paths(struct confine *c, const struct conf_group *g, const char *key,
    const char *dir, enum confine_access how)
{
	size_t i, n = conf_n_texts(g, key);
	char full[PATH_MAX];
	const char *text;
	int len;

	for (i = 0; i < n; i++) {
		text = conf_text_at(g, key, i);
		len = text[0] == '/'
		    ? snprintf(full, sizeof(full), "%s", text)
		    : snprintf(full, sizeof(full), "%s/%s", dir, text);
		if (len < 0 || (size_t)len >= sizeof(full))
			return conf_fail(g, key, "path too long: %s", text);
		add(c, full, how, 0);
	}
	return 1;
}

static int
read_group(struct confine *c, const struct conf_group *g, const char *dir)
{
	static const char *const modes[] = {"on", "off", "must", NULL};
	int mode;

	if (!conf_check(g, KEYS, sizeof(KEYS) / sizeof(KEYS[0])))
		return 0;
	if ((mode = conf_choice(g, "mode", modes, CONFINE_ON)) < 0)
		return 0;
	c->mode = (enum confine_mode)mode;
	c->network = conf_bool(g, "network", 0);
	return read_paths(c, g, "read", dir, CONFINE_READ) &&
	    read_paths(c, g, "write", dir, CONFINE_WRITE);
}

struct confine *
confine_new(const struct conf_group *root, const char *dir)
{
	const struct conf_group *g = conf_subgroup(root, "confine");
	struct confine *c = OPENSSL_zalloc(sizeof(*c));

	if (c == NULL)
		return NULL;
	add_system(c);
	if (g != NULL && !read_group(c, g, dir)) {
		confine_free(c);
		return NULL;
	}
	return c;
}

void
confine_free(struct confine *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->n_paths; i++)
		OPENSSL_free(c->paths[i].path);
	OPENSSL_free(c);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||     \
    __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif

/* The kernel cannot: told of, or no start. */
static int
missing(const struct confine *c, const char *what, const char *why)
{
	if (c->mode != CONFINE_MUST) {
		report_event(REPORT_WARN, "confine.missing", "what", what,
		    "why", why, NULL);
		return 1;
	}
	ca_raise(CA_E_CONFIG,
	    "confine: mode = \"must\", but there is no %s: "
	    "%s",
	    what, why);
	return 0;
}

int
confine_files(struct confine *c)
{
	char text[16];
	int version;

	if (c->mode == CONFINE_OFF) {
		report_event(REPORT_WARN, "confine.off", NULL);
		return 1;
	}
	if (c->overflow) {
		ca_raise(CA_E_CONFIG,
		    "confine: too many paths or ports, or "
		    "out of memory");
		return 0;
	}
	version = landlock_version();
	if (version == 0)
		return missing(c, "landlock", strerror(errno));
#ifdef SANITIZED /* it reads what it reports about, and its suppressions */
	add(c, "/", CONFINE_READ, 0);
#endif
	if (!landlock_confine(c, version))
		return 0;
	snprintf(text, sizeof(text), "%d", version);
	report_event(REPORT_INFO, "confine.files", "landlock", text, NULL);
	return 1;
}

int
confine_calls(struct confine *c, unsigned needs)
{
	if (c->mode == CONFINE_OFF)
		return 1;
#ifdef SANITIZED
	(void)needs;
	return missing(c, "seccomp", "built with a sanitizer");
#else
	if (!filter_is_there())
		return missing(c, "seccomp", strerror(errno));
	if (!filter_load(c, needs))
		return 0;
	report_event(REPORT_INFO, "confine.calls", NULL);
	return 1;
#endif
}
