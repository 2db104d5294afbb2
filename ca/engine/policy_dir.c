#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "profiles/conf.h"
#include "profiles/error.h"
#include "ca/engine/policy.h"

/* Where the texts of a policy come from: a folder (a proposal) or a version
   in the store. */

#define FILES_MAX 512

struct files {
	struct policy_file *item;
	size_t n;
};

void
policy_files_free(struct policy_file *files, size_t n)
{
	size_t i;

	for (i = 0; files != NULL && i < n; i++)
		OPENSSL_free(files[i].text);
	OPENSSL_free(files);
}

/* A copy of ${len} octets under ${path}. */
static int
append(struct files *fs, const char *path, const char *text, size_t len)
{
	struct policy_file *grown, *f;

	if (fs->n >= FILES_MAX) {
		profile_raise(PROFILE_E_CONFIG,
		    "%s: a policy has at most %d "
		    "files",
		    path, FILES_MAX);
		return 0;
	}
	if (strlen(path) >= sizeof(f->path)) {
		profile_raise(
		    PROFILE_E_CONFIG, "%.200s: the name is too long", path);
		return 0;
	}
	grown = OPENSSL_realloc(fs->item, (fs->n + 1) * sizeof(*grown));
	if (grown == NULL)
		goto memory;
	fs->item = grown;
	f = &grown[fs->n];
	memset(f, 0, sizeof(*f));
	strcpy(f->path, path);
	f->text = OPENSSL_zalloc(len + 1);
	if (f->text == NULL)
		goto memory;
	memcpy(f->text, text, len);
	f->len = len;
	fs->n++;
	return 1;
memory:
	ca_raise(CA_E_INTERNAL, "out of memory");
	return 0;
}

static int
system_error(const char *what, const char *path)
{
	ERR_raise_data(ERR_LIB_SYS, errno, "%s %s", what, path);
	profile_raise(PROFILE_E_CONFIG, "%s: cannot %s it: %s", path, what,
	    strerror(errno));
	return 0;
}

static int
config_long(const char *dir)
{
	profile_raise(PROFILE_E_CONFIG, "%.200s: the path is too long", dir);
	return 0;
}

static int
read_file(struct files *fs, const char *full, const char *path)
{
	int fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK), ok = 0;
	struct stat st;
	size_t have = 0;
	char *text = NULL;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) != 0) {
		system_error("open", full);
		goto out;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > CONF_FILE_MAX) {
		profile_raise(PROFILE_E_CONFIG,
		    "%s: is no regular file of at "
		    "most 1 MiB",
		    full);
		goto out;
	}
	text = OPENSSL_zalloc((size_t)st.st_size + 1);
	if (text == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		goto out;
	}
	while (have < (size_t)st.st_size) {
		n = read(fd, text + have, (size_t)st.st_size - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			system_error("read", full);
			goto out;
		}
		if (n == 0)
			break;
		have += (size_t)n;
	}
	ok = append(fs, path, text, have);
out:
	OPENSSL_free(text);
	if (fd >= 0)
		close(fd);
	return ok;
}

/* Editors' copies (".x.conf.swp", "x.conf~") are not part of it. */
static int
wanted(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return e->d_name[0] != '.' && dot != NULL &&
	    (strcmp(dot, ".conf") == 0 || strcmp(dot, ".pem") == 0 ||
		strcmp(dot, ".attest") == 0);
}

static int
read_folder(struct files *fs, const char *dir, const char *sub)
{
	char folder[PATH_MAX], full[PATH_MAX], path[512];
	struct dirent **list = NULL;
	int i, n, ok = 1;

	if (snprintf(folder, sizeof(folder), "%s/%s", dir, sub) >=
	    (int)sizeof(folder))
		return config_long(dir);
	n = scandir(folder, &list, wanted, alphasort);
	if (n < 0)
		return system_error("open", folder);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", sub, list[i]->d_name);
		if (ok &&
		    snprintf(full, sizeof(full), "%s/%s", dir, path) >=
			(int)sizeof(full))
			ok = config_long(dir);
		ok = ok && read_file(fs, full, path);
		free(list[i]);
	}
	free(list);
	return ok;
}

/* The one file that a policy may be without. */
static int
read_operators(struct files *fs, const char *dir)
{
	char full[PATH_MAX];

	if (snprintf(full, sizeof(full), "%s/" OPERATORS_PATH, dir) >=
	    (int)sizeof(full))
		return config_long(dir);
	if (access(full, F_OK) != 0 && errno == ENOENT)
		return 1;
	return read_file(fs, full, OPERATORS_PATH);
}

static int
by_path(const void *a, const void *b)
{
	const struct policy_file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

int
policy_load_dir(const char *dir, struct policy_file **files, size_t *n)
{
	struct files fs = {NULL, 0};

	if (!read_folder(&fs, dir, "fleets") ||
	    !read_folder(&fs, dir, "profiles") ||
	    !read_operators(&fs, dir)) {
		policy_files_free(fs.item, fs.n);
		return 0;
	}
	if (fs.n > 0)
		qsort(fs.item, fs.n, sizeof(*fs.item), by_path);
	*files = fs.item;
	*n = fs.n;
	return 1;
}

struct policy *
policy_read_dir(const char *dir)
{
	struct policy_file *files = NULL;
	struct policy *p = NULL;
	size_t n = 0;

	if (policy_load_dir(dir, &files, &n))
		p = policy_compile(files, n);
	policy_files_free(files, n);
	return p;
}

struct reading {
	struct policy_row row;
	struct files fs;
};

static int
take_file(const struct policy_file *f, void *arg)
{
	struct files *fs = arg;

	return append(fs, f->path, f->text, f->len);
}

static int
read_tx(struct store_tx *tx, void *arg)
{
	struct reading *r = arg;
	int found = policies_active(tx, &r->row);

	if (found == 0)
		ca_raise(CA_E_NOTFOUND, "policy: no version is active yet");
	return found == 1 &&
	    policies_files(tx, r->row.version, take_file, &r->fs);
}

struct policy *
policy_read_store(struct store *store)
{
	struct reading r;
	struct policy *p = NULL;

	memset(&r, 0, sizeof(r));
	if (store_read(store, read_tx, &r) == 1)
		p = policy_compile_active(r.fs.item, r.fs.n);
	if (p != NULL)
		p->row = r.row;
	policy_files_free(r.fs.item, r.fs.n);
	return p;
}
