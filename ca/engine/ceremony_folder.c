#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/crypto.h>

#include "hsm/softhsm.h"
#include "ca/error.h"
#include "ca/engine/ceremony_folder.h"
#include "ca/transcript/transcript.h"

#define BLOCK 512
#define DEPTH_MAX 8

int
ceremony_token_folder(const char *softhsm_conf, char *out)
{
	if (hsm_softhsm_folder(softhsm_conf, out))
		return 1;
	ca_raise(CA_E_CONFIG, "backup.folder: no token folder in "
	    "softhsm_conf \"%s\": is this token SoftHSM's?", softhsm_conf);
	return 0;
}

struct archive {
	const char *dir;
	unsigned char *p;
	size_t len, size;
};

static unsigned char *
room(struct archive *a, size_t n)
{
	size_t need = a->len + n, size = a->size == 0 ? 65536 : a->size;
	unsigned char *more;

	while (size < need)
		size *= 2;
	if (need > CEREMONY_TAR_MAX) {
		ca_raise(CA_E_STORE, "backup.folder: %s holds more than a "
		    "token's", a->dir);
		return NULL;
	}
	if (size != a->size) {
		more = OPENSSL_clear_realloc(a->p, a->size, size);
		if (more == NULL)
			return NULL;
		a->p = more;
		a->size = size;
	}
	memset(a->p + a->len, 0, n);
	a->len += n;
	return a->p + a->len - n;
}

/* POSIX.1-1988 ustar. */
static int
header(struct archive *a, const char *name, const struct stat *st)
{
	unsigned char *h = room(a, BLOCK);
	unsigned sum = 0;
	size_t i;

	if (h == NULL || strlen(name) > 99)
		return 0;
	strcpy((char *)h, name);
	snprintf((char *)h + 100, 8, "%07o", (unsigned)st->st_mode & 0777);
	snprintf((char *)h + 108, 8, "%07o", 0U);
	snprintf((char *)h + 116, 8, "%07o", 0U);
	snprintf((char *)h + 124, 12, "%011llo",
	    (unsigned long long)st->st_size);
	snprintf((char *)h + 136, 12, "%011llo",
	    (unsigned long long)st->st_mtime);
	memset(h + 148, ' ', 8);
	h[156] = '0';
	memcpy(h + 257, "ustar\0" "00", 8);
	for (i = 0; i < BLOCK; i++)
		sum += h[i];
	snprintf((char *)h + 148, 7, "%06o", sum);
	return 1;
}

static int
add_file(struct archive *a, const char *path, const char *name,
    const struct stat *st)
{
	size_t len = 0;
	char *data = transcript_slurp(path, CEREMONY_TAR_MAX, &len);
	unsigned char *to;
	int ok = 0;

	if (data != NULL && (off_t)len == st->st_size &&
	    header(a, name, st)) {
		to = room(a, (len + BLOCK - 1) / BLOCK * BLOCK);
		ok = to != NULL;
		if (ok)
			memcpy(to, data, len);
	}
	if (!ok)
		ca_raise(CA_E_STORE, "backup.folder: %s cannot be archived",
		    path);
	OPENSSL_clear_free(data, len);
	return ok;
}

static int
add_folder(struct archive *a, const char *below, int depth)
{
	char path[2 * PATH_MAX], name[PATH_MAX];
	struct dirent *e;
	struct stat st;
	DIR *d;
	int ok = depth < DEPTH_MAX;

	snprintf(path, sizeof(path), "%s/%s", a->dir, below);
	d = opendir(path);
	ok = ok && d != NULL;
	while (ok && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(name, sizeof(name), "%.3000s%s%.255s", below,
		    below[0] == '\0' ? "" : "/", e->d_name);
		snprintf(path, sizeof(path), "%s/%s", a->dir, name);
		ok = lstat(path, &st) == 0;
		if (ok && S_ISDIR(st.st_mode))
			ok = add_folder(a, name, depth + 1);
		else if (ok)
			ok = S_ISREG(st.st_mode) && add_file(a, path, name,
			    &st);
	}
	if (d != NULL)
		closedir(d);
	if (!ok)
		ca_raise(CA_E_STORE, "backup.folder: %s/%s cannot be read",
		    a->dir, below);
	return ok;
}

int
ceremony_tar(const char *dir, unsigned char **out, size_t *len)
{
	struct archive a = {.dir = dir};

	if (!add_folder(&a, "", 0) || room(&a, 2 * BLOCK) == NULL) {
		OPENSSL_clear_free(a.p, a.size);
		return 0;
	}
	*out = a.p;
	*len = a.len;
	return 1;
}
