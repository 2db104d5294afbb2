#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ca/cli/restore_files.h"
#include "ca/error.h"

#define DEPTH 32	/* folders within folders */

static int
sys_raise(const char *what, const char *path)
{
	ERR_raise_data(ERR_LIB_SYS, errno, "%s %s", what, path);
	ca_raise(CA_E_BADREQUEST, "restore.write: cannot %s %s", what, path);
	return 0;
}

static int
join(char out[PATH_MAX], const char *a, const char *between, const char *b)
{
	int n = snprintf(out, PATH_MAX, "%s%s%s", a, between, b);

	if (n > 0 && n < PATH_MAX)
		return 1;
	ca_raise(CA_E_BADREQUEST, "restore.write: %s: path too long", b);
	return 0;
}

static int
is_empty(const char *dir)
{
	struct dirent *e;
	DIR *d = opendir(dir);
	int n = 0;

	if (d == NULL)
		return 0;
	while ((e = readdir(d)) != NULL)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(d);
	return n == 0;
}

int
restore_is_free(const char *to)
{
	struct stat st;

	if (lstat(to, &st) != 0)
		return errno == ENOENT || sys_raise("look at", to);
	if (S_ISDIR(st.st_mode) && is_empty(to))
		return 1;
	ca_raise(CA_E_BADREQUEST, "restore.exists: %s is there: put it aside",
	    to);
	return 0;
}

/* Root makes it belong to whom it is for. */
static int
give(int fd, const char *path, const struct stat *owner, mode_t mode)
{
	if (geteuid() == 0 && fchown(fd, owner->st_uid, owner->st_gid) != 0)
		return sys_raise("give away", path);
	return fchmod(fd, mode) == 0 || sys_raise("set the mode of", path);
}

/* All octets. copy_file_range() would do, but not between all file systems. */
static int
pour(int from, int to, const char *path)
{
	char buf[64 * 1024];
	ssize_t n, m, done;

	while ((n = read(from, buf, sizeof(buf))) > 0)
		for (done = 0; done < n; done += m)
			if ((m = write(to, buf + done, (size_t)(n - done))) <= 0)
				return sys_raise("write", path);
	return n == 0 || sys_raise("read for", path);
}

static int
copy(const char *from, const char *to, const struct stat *owner, mode_t mode)
{
	int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), out, ok;

	if (in == -1)
		return sys_raise("read", from);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ok = out != -1 || sys_raise("make", to);
	ok = ok && pour(in, out, to) && give(out, to, owner, mode);
	if (ok && fsync(out) != 0)
		ok = sys_raise("sync", to);
	if (out != -1 && close(out) != 0 && ok)
		ok = sys_raise("write", to);
	close(in);
	return ok;
}

static int
make_folder(const char *to, const struct stat *owner)
{
	int fd, ok;

	if (mkdir(to, 0700) != 0)
		return sys_raise("make", to);
	fd = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok = fd != -1 ? give(fd, to, owner, 0755) : sys_raise("open", to);
	if (fd != -1)
		close(fd);
	return ok;
}

static int
copy_tree(const char *from, const char *to, const struct stat *owner,
    int depth)
{
	char a[PATH_MAX], b[PATH_MAX];
	struct dirent *e;
	struct stat st;
	DIR *d = NULL;
	int ok;

	if (depth > DEPTH) {
		errno = ELOOP;
		return sys_raise("read", from);
	}
	if (!make_folder(to, owner))
		return 0;
	if ((d = opendir(from)) == NULL)
		return sys_raise("read", from);
	for (ok = 1; ok && (errno = 0, e = readdir(d)) != NULL;) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		ok = join(a, from, "/", e->d_name) && join(b, to, "/", e->d_name);
		if (ok && lstat(a, &st) != 0)
			ok = sys_raise("read", a);
		else if (ok && S_ISDIR(st.st_mode))
			ok = copy_tree(a, b, owner, depth + 1);
		else if (ok)
			ok = copy(a, b, owner, 0644);
	}
	if (ok && errno != 0)
		ok = sys_raise("read", from);
	closedir(d);
	return ok;
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	(void)remove(path);
	return 0;
}

/* Everything that was made, and its name, on the disk. */
static int
settle(const char *tmp, const char *to)
{
	char copy_of[PATH_MAX];
	int fd, ok;

	snprintf(copy_of, sizeof(copy_of), "%s", to);
	fd = open(dirname(copy_of), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok = fd != -1 && syncfs(fd) == 0 && rename(tmp, to) == 0 &&
	    fsync(fd) == 0;
	if (!ok)
		sys_raise("put in its place", to);
	if (fd != -1)
		close(fd);
	return ok;
}

static int
begin(const char *to, const char *like, char tmp[PATH_MAX], struct stat *owner)
{
	if (!restore_is_free(to) || !join(tmp, to, "", ".restore"))
		return 0;
	if (stat(like, owner) != 0)
		return sys_raise("look at", like);
	nftw(tmp, remove_one, 16, FTW_DEPTH | FTW_PHYS); /* one cut off */
	return 1;
}

int
restore_tree(const char *from, const char *to, const char *like)
{
	struct stat owner;
	char tmp[PATH_MAX];

	if (!begin(to, like, tmp, &owner))
		return 0;
	if (copy_tree(from, tmp, &owner, 0) && settle(tmp, to))
		return 1;
	nftw(tmp, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}

int
restore_file(const char *from, const char *to, const char *like)
{
	struct stat owner;
	char tmp[PATH_MAX];

	if (!begin(to, like, tmp, &owner))
		return 0;
	if (copy(from, tmp, &owner, 0600) && settle(tmp, to))
		return 1;
	unlink(tmp);
	return 0;
}
