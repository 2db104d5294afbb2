#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/error.h"
#include "ca/engine/publish.h"

static int
fail(const char *what, const char *path)
{
	ERR_raise_data(ERR_LIB_SYS, errno, "%s %s", what, path);
	ca_raise(CA_E_STORE, "publish: %s %s: %s", what, path,
	    strerror(errno));
	return 0;
}

/* Made by us, it is what ${mode} says, whatever the umask of a program that keeps
   everything else to itself. */
static int
make_dir(const char *path, unsigned mode)
{
	if (mkdir(path, mode) != 0)
		return errno == EEXIST || fail("mkdir", path);
	return chmod(path, mode) == 0 || fail("chmod", path);
}

int
publish_mkdir(const char *path, unsigned mode)
{
	char part[PATH_MAX];
	char *p;

	if (snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part)) {
		ca_raise(CA_E_CONFIG, "path too long: %s", path);
		return 0;
	}
	for (p = strchr(part + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (!make_dir(part, mode))
			return 0;
		*p = '/';
	}
	return make_dir(part, mode);
}

int
publish_prepare(const char *dir)
{
	static const char *const names[] = {"crl", "ca", "ocsp", "log"};
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if (!publish_mkdir(path, 0755))
			return 0;
	}
	return 1;
}

static int
write_all(int fd, const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		p += n;
		len -= (size_t)n;
	}
	return fchmod(fd, 0644) == 0 && fsync(fd) == 0;
}

static int
sync_folder_of(const char *path)
{
	char dir[PATH_MAX];
	char *slash;
	int fd, ok;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash == NULL)
		return 1;
	*slash = '\0';
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ok = fsync(fd) == 0;
	close(fd);
	return ok;
}

static int
path_of(const char *dir, const char *name, const char *before,
    const char *after, char *out)
{
	const char *slash = strrchr(name, '/');
	int folder = slash == NULL ? 0 : (int)(slash + 1 - name);

	if (snprintf(out, PATH_MAX, "%s/%.*s%s%s%s", dir, folder, name, before,
	    name + folder, after) < PATH_MAX)
		return 1;
	ca_raise(CA_E_CONFIG, "path too long: %s/%s", dir, name);
	return 0;
}

int
publish_path(const char *dir, const char *name, int staged, char *out)
{
	return staged ? path_of(dir, name, ".", ".next", out) :
	    path_of(dir, name, "", "", out);
}

/* To an open file, which is closed; it is removed when that fails. */
static int
fill(int fd, const char *path, const void *data, size_t len)
{
	int ok = write_all(fd, data, len);

	if (!ok)
		(void)fail("write", path);
	if (close(fd) != 0 && ok)
		ok = fail("close", path);
	if (!ok)
		unlink(path);
	return ok;
}

static int
move(const char *from, const char *to)
{
	if (rename(from, to) != 0) {
		(void)fail("rename", to);
		unlink(from);
		return 0;
	}
	return sync_folder_of(to) || fail("sync folder of", to);
}

/* Never into a file that is there: it may have another name as well. */
static int
open_new(const char *path)
{
	int fd = -1;

	if (unlink(path) != 0 && errno != ENOENT)
		(void)fail("remove", path);
	else if ((fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    0600)) < 0)
		(void)fail("create", path);
	return fd;
}

int
publish_file(const char *dir, const char *name, const void *data, size_t len)
{
	char path[PATH_MAX], tmp[PATH_MAX];
	int fd;

	if (!publish_path(dir, name, 0, path) ||
	    !publish_path(dir, name, 1, tmp) || (fd = open_new(tmp)) < 0)
		return 0;
	return fill(fd, tmp, data, len) && move(tmp, path);
}

int
publish_stage(const char *dir, const char *name, const void *data, size_t len)
{
	char path[PATH_MAX];
	int fd;

	if (!publish_path(dir, name, 1, path) || (fd = open_new(path)) < 0)
		return 0;
	return fill(fd, path, data, len) &&
	    (sync_folder_of(path) || fail("sync folder of", path));
}

int
publish_staged(const char *dir, const char *name)
{
	char from[PATH_MAX], to[PATH_MAX];

	return publish_path(dir, name, 1, from) &&
	    publish_path(dir, name, 0, to) && move(from, to);
}

void
publish_unstage(const char *dir, const char *name)
{
	char path[PATH_MAX];

	if (publish_path(dir, name, 1, path))
		unlink(path);
}
