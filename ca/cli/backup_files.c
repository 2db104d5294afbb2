#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ca/cli/backup_files.h"
#include "ca/cli/file.h"
#include "ca/error.h"

static int
sys_raise(const char *what, const char *path)
{
	ERR_raise_data(ERR_LIB_SYS, errno, "%s %s", what, path);
	ca_raise(CA_E_BADREQUEST, "backup.write: cannot %s %s", what, path);
	return 0;
}

static int
join(char out[PATH_MAX], const char *dir, const char *name)
{
	int n = snprintf(out, PATH_MAX, "%s%s%s", dir,
	    dir[0] != '\0' ? "/" : "", name);

	if (n > 0 && n < PATH_MAX)
		return 1;
	ca_raise(CA_E_BADREQUEST, "backup.write: %s: path too long", name);
	return 0;
}

static void
leave_out(struct backup_files *b, const char *path, const char *why)
{
	b->left_out++;
	fprintf(b->told, "left out: %s: %s\n", path, why);
}

static int
name_dir(struct backup_files *b, const char *dir)
{
	struct stat st;
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	if (n == 0 || n + 5 > sizeof(b->tmp)) {
		ca_raise(CA_E_BADREQUEST, "dir: not a folder's name");
		return 0;
	}
	snprintf(b->dir, sizeof(b->dir), "%.*s", (int)n, dir);
	snprintf(b->tmp, sizeof(b->tmp), "%.*s.tmp", (int)n, dir);
	if (lstat(b->dir, &st) == 0) {
		ca_raise(CA_E_BADREQUEST, "backup.exists: %s is there already",
		    b->dir);
		return 0;
	}
	return 1;
}

int
backup_files_begin(struct backup_files *b, const char *dir, FILE *told)
{
	char path[PATH_MAX];
	int fd;

	memset(b, 0, sizeof(*b));
	b->told = told;
	if (!name_dir(b, dir))
		return 0;
	if (mkdir(b->tmp, 0700) != 0) {
		if (errno == EEXIST)
			ca_raise(CA_E_BADREQUEST, "backup.cut: %s is left of a "
			    "backup that was cut off, or one is being made: "
			    "remove it", b->tmp);
		else
			sys_raise("make", b->tmp);
		b->tmp[0] = '\0';	/* not ours */
		return 0;
	}
	if (!join(path, b->tmp, BACKUP_MANIFEST))
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1 || (b->list = fdopen(fd, "w")) == NULL) {
		sys_raise("make", path);
		if (fd != -1)
			close(fd);
		return 0;
	}
	return backup_files_fact(b, "inkan-backup 1");
}

int
backup_files_fact(struct backup_files *b, const char *fmt, ...)
{
	va_list ap;
	int ok;

	va_start(ap, fmt);
	ok = vfprintf(b->list, fmt, ap) > 0 && fputc('\n', b->list) != EOF;
	va_end(ap);
	return ok || sys_raise("write", BACKUP_MANIFEST);
}

int
backup_files_add(struct backup_files *b, const char *name)
{
	char path[PATH_MAX], hex[65];
	struct stat st;

	if (!join(path, b->tmp, name) || !file_sha256(path, hex))
		return 0;
	if (stat(path, &st) != 0)
		return sys_raise("read", path);
	b->files++;
	b->octets += st.st_size;
	return backup_files_fact(b, "file %s %lld %s", hex,
	    (long long)st.st_size, name);
}

int
backup_files_folder(struct backup_files *b, const char *name)
{
	char path[PATH_MAX];

	if (!join(path, b->tmp, name))
		return 0;
	return mkdir(path, 0700) == 0 || errno == EEXIST ||
	    sys_raise("make", path);
}

/* From one open file to another. 1, or 0 with errno set. */
static int
pour(int from, int to)
{
	static const size_t size = 256 * 1024;
	char *buf = malloc(size);
	ssize_t n = -1, m, done;

	while (buf != NULL && (n = read(from, buf, size)) > 0)
		for (done = 0; done < n; done += m)
			if ((m = write(to, buf + done, (size_t)(n - done))) <= 0)
				goto out;
	free(buf);
	return n == 0;
out:
	free(buf);
	return 0;
}

int
backup_files_copy(struct backup_files *b, const char *from, const char *name)
{
	char path[PATH_MAX];
	int in = -1, out = -1, ok = 0;

	if (!join(path, b->tmp, name))
		return 0;
	in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (in == -1)
		return errno == ENOENT || sys_raise("read", from);
	out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out == -1) {
		ok = errno == EEXIST || sys_raise("make", path);
		close(in);
		return ok;
	}
	ok = pour(in, out) || sys_raise("copy", from);
	close(in);
	if (close(out) != 0 && ok)
		ok = sys_raise("write", path);
	return ok && backup_files_add(b, name);
}

static int
ends_so(const char *name, const char *const *ends)
{
	size_t n = strlen(name), m;

	for (; *ends != NULL; ends++) {
		m = strlen(*ends);
		if (n > m && strcmp(name + n - m, *ends) == 0)
			return 1;
	}
	return 0;
}

/* A file that cannot be read is not said to be clean. */
static int
has_private_key(const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	int found = f == NULL;

	while (!found && getline(&line, &size, f) > 0)
		found = strstr(line, "PRIVATE KEY-----") != NULL;
	free(line);
	if (f != NULL)
		fclose(f);
	return found;
}

static int
is_printable(const char *name)
{
	for (; *name != '\0'; name++)
		if ((unsigned char)*name < 0x20 || *name == 0x7f)
			return 0;
	return 1;
}

static int tree(struct backup_files *b, const char *from, const char *name,
    const struct backup_want *want, int depth);

static int
tree_entry(struct backup_files *b, const char *from, const char *name,
    const struct backup_want *want, int depth)
{
	struct stat st;

	if (lstat(from, &st) != 0)
		return errno == ENOENT || sys_raise("read", from);
	if (S_ISDIR(st.st_mode))
		return !want->deep || tree(b, from, name, want, depth + 1);
	if (!is_printable(name))
		leave_out(b, "a file", "its name has control characters");
	else if (!S_ISREG(st.st_mode))
		leave_out(b, from, "not a file");
	else if (want->ends != NULL && !ends_so(from, want->ends))
		leave_out(b, from, "not configuration");
	else if (want->ends != NULL && has_private_key(from))
		leave_out(b, from, "a private key");
	else
		return backup_files_copy(b, from, name);
	return 1;
}

static int
tree(struct backup_files *b, const char *from, const char *name,
    const struct backup_want *want, int depth)
{
	char path[PATH_MAX], to[PATH_MAX];
	struct dirent *e;
	DIR *d = NULL;
	int ok;

	if (depth > BACKUP_DEPTH) {
		ca_raise(CA_E_BADREQUEST, "backup.write: %s: folders within "
		    "folders, too deep", from);
		return 0;
	}
	if (!backup_files_folder(b, name))
		return 0;
	if ((d = opendir(from)) == NULL)
		return (depth > 0 && errno == ENOENT) || sys_raise("read", from);
	for (ok = 1; ok && (errno = 0, e = readdir(d)) != NULL;) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		ok = join(path, from, e->d_name) && join(to, name, e->d_name) &&
		    tree_entry(b, path, to, want, depth);
	}
	if (ok && errno != 0)
		ok = sys_raise("read", from);
	closedir(d);
	return ok;
}

int
backup_files_tree(struct backup_files *b, const char *from, const char *name,
    const struct backup_want *want)
{
	return tree(b, from, name, want, 0);
}

/* Whole file system of ${dir}: every file and folder of ours is in it. */
static int
sync_all(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), ok;

	ok = fd != -1 && syncfs(fd) == 0;
	if (!ok)
		sys_raise("sync", dir);
	if (fd != -1)
		close(fd);
	return ok;
}

static int
sync_parent(const char *dir)
{
	char copy[PATH_MAX];
	int fd, ok;

	snprintf(copy, sizeof(copy), "%s", dir);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok = fd != -1 && fsync(fd) == 0;
	if (!ok)
		sys_raise("sync the folder of", dir);
	if (fd != -1)
		close(fd);
	return ok;
}

int
backup_files_end(struct backup_files *b)
{
	int ok = backup_files_fact(b, "end %zu", b->files);

	if (fclose(b->list) != 0 && ok)
		ok = sys_raise("write", BACKUP_MANIFEST);
	b->list = NULL;
	if (!ok || !sync_all(b->tmp))
		return 0;
	if (rename(b->tmp, b->dir) != 0)
		return sys_raise("rename", b->tmp);
	b->tmp[0] = '\0';
	return sync_parent(b->dir);
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

void
backup_files_clear(struct backup_files *b)
{
	if (b->list != NULL)
		fclose(b->list);
	b->list = NULL;
	if (b->tmp[0] != '\0')
		nftw(b->tmp, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	b->tmp[0] = '\0';
}
