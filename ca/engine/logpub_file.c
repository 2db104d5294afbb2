#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/logpub_run.h"
#include "ca/engine/publish.h"

int
logpub_file_path(const struct logpub *l, const char *name, char *out)
{
	return publish_path(l->ca->settings->publish_dir, name, 0, out);
}

static int
fail(const char *what, const char *path)
{
	ca_raise(CA_E_STORE, "log: %s %s: %s", what, path, strerror(errno));
	return 0;
}

static int
read_all(int fd, char *buf, size_t size, size_t *len)
{
	ssize_t n;

	*len = 0;
	while (*len < size) {
		n = read(fd, buf + *len, size - *len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
		*len += (size_t)n;
	}
	return 1;
}

int
logpub_file_read(const char *path, char *buf, size_t size, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int ok;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0) {
		(void)fail("open", path);
		return -1;
	}
	ok = read_all(fd, buf, size, len) || fail("read", path);
	close(fd);
	if (ok && *len == size) {
		ca_raise(CA_E_STORE, "log: %s has more than %zu octets", path,
		    size - 1);
		ok = 0;
	}
	if (ok)
		buf[*len] = '\0';
	return ok ? 1 : -1;
}

enum look { ABSENT, SAME, OTHER, UNREADABLE };

/* Is it there with exactly these octets? */
static enum look
look(const char *path, const unsigned char *data, size_t len)
{
	enum look is = UNREADABLE;
	struct stat st;
	size_t n = 0;
	char *buf;

	if (lstat(path, &st) != 0)
		return errno == ENOENT ? ABSENT :
		    (fail("look at", path), UNREADABLE);
	if (!S_ISREG(st.st_mode) || (size_t)st.st_size != len)
		return OTHER;
	buf = OPENSSL_malloc(len + 1);
	if (buf != NULL && logpub_file_read(path, buf, len + 1, &n) == 1)
		is = n == len && memcmp(buf, data, len) == 0 ? SAME : OTHER;
	OPENSSL_free(buf);
	return is;
}

static int
write_tile(struct logpub *l, const char *name, const char *path,
    const unsigned char *data, size_t len)
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s", path);
	*strrchr(dir, '/') = '\0';
	return publish_mkdir(dir, 0755) &&
	    publish_file(l->ca->settings->publish_dir, name, data, len);
}

int
logpub_file_tile(const struct log_tile *t, const unsigned char *data,
    size_t len, void *arg)
{
	struct logpub *l = arg;
	char tile[LOG_TILE_NAME_MAX], name[LOG_TILE_NAME_MAX + 8];
	char path[PATH_MAX];
	enum look there;

	log_tile_name(t, tile);
	snprintf(name, sizeof(name), LOGPUB_DIR "/%s", tile);
	if (!logpub_file_path(l, name, path))
		return 0;
	there = look(path, data, len);
	if (there == SAME || there == UNREADABLE)
		return there == SAME;
	l->bad_tiles += l->tiles != LOGPUB_WRITE;
	if (l->tiles == LOGPUB_LOOK)
		return 1;
	if (there == OTHER && l->tiles == LOGPUB_WRITE)
		return logpub_deny(l, "log.fork: %s is published with other "
		    "octets than the store's entries give it", name);
	return write_tile(l, name, path, data, len);
}

static int
fetch(struct logpub *l, const struct log_tile *t, char *buf, size_t *len)
{
	char tile[LOG_TILE_NAME_MAX], name[LOG_TILE_NAME_MAX + 8];
	char path[PATH_MAX];

	log_tile_name(t, tile);
	snprintf(name, sizeof(name), LOGPUB_DIR "/%s", tile);
	return logpub_file_path(l, name, path) ?
	    logpub_file_read(path, buf, LOG_TILE_OCTETS + 1, len) : -1;
}

int
logpub_file_fetch(const struct log_tile *t, unsigned char *out, size_t *len,
    void *arg)
{
	struct logpub *l = arg;
	struct log_tile full = *t;
	char buf[LOG_TILE_OCTETS + 1], name[LOG_TILE_NAME_MAX];
	int rc = fetch(l, t, buf, len);

	if (rc == 0 && t->width < LOG_TILE_WIDTH) {
		full.width = LOG_TILE_WIDTH;
		rc = fetch(l, &full, buf, len);
		if (rc == 1 && *len == LOG_TILE_OCTETS)
			*len = t->width * (size_t)LOG_HASH;
	}
	if (rc == 1) {
		memcpy(out, buf, *len);
		return 1;
	}
	log_tile_name(t, name);
	if (rc == 0)
		ca_raise(CA_E_STORE, "log.tile: %s is not there", name);
	return 0;
}

static void
remove_folder(const char *dir)
{
	char path[PATH_MAX + 256];
	struct dirent *e;
	DIR *d = opendir(dir);

	while (d != NULL && (e = readdir(d)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			unlink(path);
	}
	if (d != NULL)
		closedir(d);
	rmdir(dir);
}

static void
drop(struct logpub *l, int level, uint64_t index)
{
	struct log_tile t = {level, index, LOG_TILE_WIDTH};
	char tile[LOG_TILE_NAME_MAX], name[LOG_TILE_NAME_MAX + 16];
	char path[PATH_MAX];

	log_tile_name(&t, tile);
	snprintf(name, sizeof(name), LOGPUB_DIR "/%s.p", tile);
	if (logpub_file_path(l, name, path))
		remove_folder(path);
}

void
logpub_file_drop(struct logpub *l, uint64_t from, uint64_t to)
{
	uint64_t index;
	int level;

	for (level = 0; level < LOGPUB_LEVELS; level++) {
		index = (from >> 8 * level) / LOG_TILE_WIDTH;
		if ((from >> 8 * level) % LOG_TILE_WIDTH == 0 ||
		    log_tile_width(to, level, index) != LOG_TILE_WIDTH)
			continue;
		drop(l, level, index);
		if (level == 0)
			drop(l, LOG_LEVEL_ENTRIES, index);
	}
}

/* Beside it, under the next number that is free. */
int
logpub_file_put_away(struct logpub *l)
{
	const char *dir = l->ca->settings->publish_dir;
	char from[PATH_MAX], to[PATH_MAX + 16];
	int i;

	if (!logpub_file_path(l, LOGPUB_DIR, from))
		return 0;
	for (i = 1; i < 10000; i++) {
		snprintf(to, sizeof(to), "%s/" LOGPUB_DIR ".%d", dir, i);
		if (access(to, F_OK) == 0)
			continue;
		if (rename(from, to) != 0 && errno != ENOENT)
			return fail("put away", from);
		return publish_mkdir(from, 0755);
	}
	ca_raise(CA_E_STORE, "log: no name is left for the folder of the log "
	    "before");
	return 0;
}

struct looking {
	const char *vkey;
	int64_t id;		/* of the log whose key it is; 0 none */
};

static int
look_for(const struct log_row *row, void *arg)
{
	struct looking *k = arg;

	if (strcmp(row->vkey, k->vkey) == 0)
		k->id = row->id;
	return 1;
}

static int
look_tx(struct store_tx *tx, void *arg)
{
	return logs_list(tx, look_for, arg);
}

int
logpub_file_own(struct logpub *l)
{
	char path[PATH_MAX], vkey[NOTE_VKEY_MAX + 2], line[NOTE_VKEY_MAX + 2];
	struct looking k = {vkey, 0};
	size_t len = 0;
	int rc;

	if (!logpub_file_path(l, LOGPUB_VKEY, path) ||
	    (rc = logpub_file_read(path, vkey, sizeof(vkey), &len)) < 0)
		return 0;
	if (rc == 1) {
		vkey[strcspn(vkey, "\n")] = '\0';
		if (strcmp(vkey, l->row.vkey) == 0)
			return 1;
		if (!store_read(l->ca->store, look_tx, &k))
			return 0;
		if (k.id == 0 || k.id > l->row.id)
			return logpub_deny(l, "log.rollback: %s is the key of "
			    "a log that the store does not know", LOGPUB_VKEY);
		if (!logpub_file_put_away(l))
			return 0;
	}
	snprintf(line, sizeof(line), "%.*s\n", NOTE_VKEY_MAX, l->row.vkey);
	return publish_file(l->ca->settings->publish_dir, LOGPUB_VKEY, line,
	    strlen(line));
}
