#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "ocsp/error.h"
#include "ocsp/load.h"
#include "ocsp/save.h"
#include "ocsp/tree.h"

#define FILE_MAX (1UL << 30)

static int
fail(const char *what, const char *path)
{
	ERR_raise_data(ERR_LIB_SYS, errno, "%s %s", what, path);
	return 0;
}

static int
join(char *out, const char *root, const char *path)
{
	int n = snprintf(out, TREE_PATH_MAX, "%s/%s", root, path);

	if (n > 0 && n < TREE_PATH_MAX)
		return 1;
	ocsp_raise(OCSP_E_FILE, "path too long: %.64s...", path);
	return 0;
}

/* ---- walking ---- */

struct walk {
	const char *root;
	tree_cb cb;
	void *arg;
};

static int walk_dir(const struct walk *w, const char *rel, int depth);

static int
walk_one(const struct walk *w, const char *rel, int depth)
{
	char path[TREE_PATH_MAX];
	struct stat st;

	if (!join(path, w->root, rel))
		return 0;
	if (lstat(path, &st) != 0)
		return errno == ENOENT ? 1 : fail("stat", path);
	if (S_ISDIR(st.st_mode) && !walk_dir(w, rel, depth + 1))
		return 0;
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return 1;
	return w->cb(rel, &st, w->arg);
}

static int
walk_dir(const struct walk *w, const char *rel, int depth)
{
	char path[TREE_PATH_MAX], below[TREE_PATH_MAX];
	struct dirent *d;
	int n, ok = 1;
	DIR *dir;

	if (!join(path, w->root, rel))
		return 0;
	if (depth > TREE_DEPTH_MAX) {
		ocsp_raise(OCSP_E_FILE, "%s: too deep", path);
		return 0;
	}
	if ((dir = opendir(path)) == NULL)
		return errno == ENOENT ? 1 : fail("open", path);
	while (ok && (d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		n = snprintf(below, sizeof(below), "%s/%s", rel, d->d_name);
		ok = n > 0 && n < (int)sizeof(below) &&
		    walk_one(w, below, depth);
	}
	closedir(dir);
	return ok;
}

int
tree_walk(const char *root, const char *rel, tree_cb cb, void *arg)
{
	const struct walk w = {root, cb, arg};

	return walk_dir(&w, rel, 0);
}

/* ---- writing ---- */

/* chmod() is for the umask that all our programs set: others serve this. */
int
tree_folder(const char *path)
{
	if (mkdir(path, 0755) != 0)
		return errno == EEXIST ? 1 : fail("make folder", path);
	return chmod(path, 0755) == 0 ? 1 : fail("open up folder", path);
}

/* The folders that ${path} lies in. */
static int
make_folders(char *path)
{
	int ok = 1;
	char *p;

	for (p = strchr(path + 1, '/'); ok && p != NULL;
	     p = strchr(p + 1, '/')) {
		*p = '\0';
		ok = tree_folder(path);
		*p = '/';
	}
	return ok;
}

/* One writer at a time works below ${root}: a name of its own is not needed,
   and one that a crash left is written over. */
int
tree_write(const char *root, const char *path, const void *data, size_t len,
    struct timespec modified)
{
	const struct timespec times[2] = {modified, modified};
	char tmp[TREE_PATH_MAX], to[TREE_PATH_MAX];
	int fd, ok;

	if (!join(to, root, path) || !join(tmp, root, ".new"))
		return 0;
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
	    0644);
	if (fd < 0)
		return fail("create", tmp);
	ok = save_octets(fd, data, len) && fchmod(fd, 0644) == 0 &&
	    futimens(fd, times) == 0;
	if (close(fd) != 0)
		ok = 0;
	if (ok && rename(tmp, to) == 0)
		return 1;
	if (ok && errno == ENOENT && make_folders(to) && rename(tmp, to) == 0)
		return 1;
	fail("write", to);
	unlink(tmp);
	return 0;
}

int
tree_sync(const char *root)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC), ok;

	ok = fd >= 0 && syncfs(fd) == 0;
	if (!ok)
		fail("sync", root);
	if (fd >= 0)
		close(fd);
	return ok;
}

/* ---- copying ---- */

struct copy {
	const char *from, *to;
	size_t *n;
};

static int
is_same(const char *to, const struct stat *st)
{
	struct stat have;

	return lstat(to, &have) == 0 && have.st_size == st->st_size &&
	    have.st_mtim.tv_sec == st->st_mtim.tv_sec &&
	    have.st_mtim.tv_nsec == st->st_mtim.tv_nsec;
}

static int
copy_one(const char *rel, const struct stat *st, void *arg)
{
	const struct copy *c = arg;
	char from[TREE_PATH_MAX], to[TREE_PATH_MAX];
	unsigned char *data = NULL;
	struct stat now;
	size_t len;
	int ok;

	if (S_ISDIR(st->st_mode) || st->st_size == 0)
		return 1;
	if (!join(from, c->from, rel) || !join(to, c->to, rel))
		return 0;
	if (is_same(to, st))
		return 1;
	if (!load_file(from, FILE_MAX, &data, &len, &now))
		return 0;
	ok = tree_write(c->to, rel, data, len, now.st_mtim);
	OPENSSL_free(data);
	*c->n += (size_t)ok;
	return ok;
}

int
tree_copy(const char *from, const char *to, const char *rel, size_t *n)
{
	struct copy c = {from, to, n};

	return tree_walk(from, rel, copy_one, &c);
}
