#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include "ca/audit/monitor.h"
#include "ca/error.h"

int
monitor_lock(const char *state)
{
	char path[4096];
	int fd = -1;

	if (snprintf(path, sizeof(path), "%s.lock", state) < (int)sizeof(path))
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (fd != -1 && errno == EWOULDBLOCK)
		ca_raise(CA_E_BUSY, "log.state: another run has %s", path);
	else
		ERR_raise_data(ERR_LIB_SYS, errno, "lock %s.lock", state);
	if (fd != -1)
		close(fd);
	return -1;
}

int
monitor_read_state(const char *path, const struct note_key *key,
    struct log_checkpoint *out)
{
	char buf[NOTE_MAX + 1];
	size_t n;
	FILE *f = fopen(path, "re");

	memset(out, 0, sizeof(*out));
	if (f == NULL && errno == ENOENT)
		return 0;
	if (f == NULL) {
		ERR_raise_data(ERR_LIB_SYS, errno, "open %s", path);
		return -1;
	}
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	if (checkpoint_open(out, buf, n, key))
		return 1;
	ca_raise(CA_E_BADREQUEST, "log.state: %s does not hold a checkpoint of "
	    "%s", path, key->name);
	return -1;
}

/* All of it is on the disk before it takes the name. */
static int
write_new(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	size_t len = strlen(text);
	int ok;

	ok = fd != -1 && write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
	if (fd != -1 && close(fd) != 0)
		ok = 0;
	return ok;
}

/* The name, too: what was said must be remembered after a power failure. */
static int
sync_folder(const char *path)
{
	char dir[4096];
	int fd, ok;

	snprintf(dir, sizeof(dir), "%s", path);
	fd = open(dirname(dir), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok = fd != -1 && fsync(fd) == 0;
	if (fd != -1)
		close(fd);
	return ok;
}

int
monitor_write_file(const char *path, const char *text)
{
	char tmp[4096];
	int n;

	n = snprintf(tmp, sizeof(tmp), "%s.new", path);
	if (n > 0 && (size_t)n < sizeof(tmp) && write_new(tmp, text) &&
	    rename(tmp, path) == 0 && sync_folder(path))
		return 1;
	ERR_raise_data(ERR_LIB_SYS, errno, "write %s", path);
	return 0;
}

/* ${head} begins with ${since}, shown by the tiles. */
static int
is_consistent(struct source *s, const struct log_checkpoint *since,
    const struct log_checkpoint *head)
{
	struct log_tile_reader *r = NULL;
	struct log_path path;
	struct log_hash root;
	int ok;

	if (since->size > head->size) {
		ca_raise(CA_E_DENIED, "log.fork: the log has shrunk");
		return 0;
	}
	r = log_tile_reader_new(head->size, source_fetch, s);
	ok = r != NULL &&
	    log_root(head->size, log_tile_hash, r, &root) &&
	    log_prove_consistency(since->size, head->size, log_tile_hash, r,
		&path);
	log_tile_reader_free(r);
	if (!ok)
		return 0;
	if (memcmp(root.b, head->root.b, LOG_HASH) == 0 &&
	    log_check_consistency(since->size, &since->root, head->size,
		&head->root, &path))
		return 1;
	ca_raise(CA_E_DENIED, "log.fork: the log does not begin with what was "
	    "cosigned of it");
	return 0;
}

/* ${note} with a line more. */
static char *
add_line(const char *note, const struct note_key *cosigner, EVP_PKEY *pkey,
    int64_t now)
{
	struct note n = {0};
	char *line = NULL, *mine = NULL, *out = NULL;

	if (!note_parse(&n, note, strlen(note)))
		goto out;
	line = note_sign(n.text, cosigner, pkey, now);
	if (line != NULL)
		mine = note_join(n.text, (const char *[]){line}, 1);
	if (mine != NULL)
		out = note_merge(note, mine);
out:
	OPENSSL_free(line);
	OPENSSL_free(mine);
	note_clear(&n);
	return out;
}

static char *
cosign(struct source *s, const struct note_key *key, const char *state,
    const struct note_key *cosigner, EVP_PKEY *pkey, int64_t now)
{
	struct log_checkpoint since, head;
	char *note = NULL, *out = NULL;
	int seen = monitor_read_state(state, key, &since);

	if (seen < 0 || !source_checkpoint(s, key, &head, &note))
		goto out;
	if (seen == 0)
		since.size = 0;
	/* It is remembered before it is said. */
	if (is_consistent(s, &since, &head) && monitor_write_file(state, note))
		out = add_line(note, cosigner, pkey, now);
out:
	OPENSSL_free(note);
	return out;
}

char *
monitor_cosign(struct source *s, const struct note_key *key, const char *state,
    const struct note_key *cosigner, EVP_PKEY *pkey, int64_t now)
{
	int lock = monitor_lock(state);
	char *out;

	if (lock == -1)
		return NULL;
	out = cosign(s, key, state, cosigner, pkey, now);
	close(lock);
	return out;
}
