#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/landlock.h>

#include "ca/error.h"
#include "ca/confine/private.h"

/*
 * Landlock by its system calls: the C library has no functions for them. What
 * headers of Debian 12 (version 2) lack is written out here.
 */
#define FS_TRUNCATE (1ULL << 14)  /* version 3 */
#define FS_IOCTL_DEV (1ULL << 15) /* version 5 */
#define NET_BIND_TCP (1ULL << 0)  /* version 4 */
#define NET_CONNECT_TCP (1ULL << 1)
#define SCOPE_ABSTRACT_UNIX (1ULL << 0) /* version 6 */
#define SCOPE_SIGNAL (1ULL << 1)
#define RULE_NET_PORT 2

struct ruleset { /* landlock_ruleset_attr as of version 6 */
	uint64_t fs, net, scoped;
};

struct net_port {
	uint64_t allowed, port;
};

#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_WRITE                                                               \
	(FS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE |                             \
	    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |   \
	    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |        \
	    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REFER |          \
	    FS_TRUNCATE | FS_IOCTL_DEV)
/* What can be allowed for a file that is no folder. */
#define FS_OF_FILE                                                             \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |           \
	    LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

int
landlock_version(void)
{
	long v = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	return v < 1 ? 0 : (int)v;
}

/* All that this version can judge: what has no rule is then refused. */
static uint64_t
fs_known(int version)
{
	uint64_t all = (1ULL << 13) - 1; /* version 1 */

	if (version >= 2)
		all |= LANDLOCK_ACCESS_FS_REFER;
	if (version >= 3)
		all |= FS_TRUNCATE;
	if (version >= 5)
		all |= FS_IOCTL_DEV;
	return all;
}

/* A manager that listens at an abstract name must still be told "READY=1". */
static uint64_t
scopes(void)
{
	const char *notify = secure_getenv("NOTIFY_SOCKET");

	if (notify != NULL && notify[0] == '@')
		return SCOPE_SIGNAL;
	return SCOPE_SIGNAL | SCOPE_ABSTRACT_UNIX;
}

static int
fail(const char *what)
{
	ERR_raise_data(ERR_LIB_SYS, errno, "landlock: %s", what);
	return 0;
}

static int
ruleset_new(const struct confine *c, int version)
{
	struct ruleset r = {.fs = fs_known(version)};
	size_t size = sizeof(r.fs);
	long fd;

	if (version >= 4 && !c->network) {
		r.net = NET_BIND_TCP | NET_CONNECT_TCP;
		size += sizeof(r.net);
	}
	if (version >= 6) {
		r.scoped = scopes();
		size = sizeof(r);
	}
	fd = syscall(SYS_landlock_create_ruleset, &r, size, 0);
	if (fd < 0)
		(void)fail("a ruleset");
	return (int)fd;
}

static int
add_path(int ruleset, const struct confine_path *p, uint64_t known)
{
	struct landlock_path_beneath_attr a = {.parent_fd = -1};
	struct stat st;
	int ok = 0;

	a.allowed_access =
	    known & (p->access == CONFINE_WRITE ? FS_WRITE : FS_READ);
	a.parent_fd = open(p->path, O_PATH | O_CLOEXEC);
	if (a.parent_fd < 0)
		return p->optional || fail(p->path);
	if (fstat(a.parent_fd, &st) == 0) {
		if (!S_ISDIR(st.st_mode))
			a.allowed_access &= FS_OF_FILE;
		ok = syscall(SYS_landlock_add_rule, ruleset,
			 LANDLOCK_RULE_PATH_BENEATH, &a, 0) == 0;
	}
	if (!ok)
		(void)fail(p->path);
	close(a.parent_fd);
	return ok;
}

static int
add_ports(int ruleset, const struct confine *c)
{
	struct net_port a = {.allowed = NET_BIND_TCP};
	size_t i;

	for (i = 0; i < c->n_ports; i++) {
		a.port = c->ports[i];
		if (syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &a,
			0) != 0)
			return fail("a port");
	}
	return 1;
}

int
landlock_confine(const struct confine *c, int version)
{
	int fd = ruleset_new(c, version), ok = fd >= 0;
	size_t i;

	for (i = 0; ok && i < c->n_paths; i++)
		ok = add_path(fd, &c->paths[i], fs_known(version));
	if (ok && version >= 4 && !c->network)
		ok = add_ports(fd, c);
	if (ok && syscall(SYS_landlock_restrict_self, fd, 0) != 0)
		ok = fail("restrict");
	if (fd >= 0)
		close(fd);
	return ok;
}
