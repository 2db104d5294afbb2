#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "ca/error.h"
#include "ca/transcript/transcript.h"

#define NEIGHBOURS_MAX 9999

struct transcript {
	int fd;
	char path[PATH_MAX];
	EVP_MD_CTX *md;			/* over all that is written */
	size_t n;			/* records */
	int failed;
};

static int
fail(struct transcript *t, const char *what)
{
	t->failed = 1;
	ca_raise(CA_E_STORE, "transcript.write: %s: %s: %s", t->path, what,
	    strerror(errno));
	return 0;
}

static int
put(struct transcript *t, const char *data, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = write(t->fd, data + done, len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(t, "write");
		done += (size_t)n;
	}
	return EVP_DigestUpdate(t->md, data, len) == 1;
}

static struct transcript *
transcript_new(void)
{
	struct transcript *t = OPENSSL_zalloc(sizeof(*t));

	if (t == NULL)
		return NULL;
	t->fd = -1;
	t->md = EVP_MD_CTX_new();
	if (t->md != NULL && EVP_DigestInit_ex(t->md, EVP_sha256(), NULL) == 1)
		return t;
	transcript_close(t);
	return NULL;
}

static int
open_new(struct transcript *t, const char *path)
{
	int i, n;

	for (i = 1; i <= NEIGHBOURS_MAX; i++) {
		n = i == 1 ? snprintf(t->path, sizeof(t->path), "%s", path) :
		    snprintf(t->path, sizeof(t->path), "%s.%d", path, i);
		if (n < 0 || (size_t)n >= sizeof(t->path)) {
			errno = ENAMETOOLONG;
			break;
		}
		t->fd = open(t->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0644);
		if (t->fd >= 0)
			return 1;
		if (errno != EEXIST)
			break;
	}
	return fail(t, "open");
}

struct transcript *
transcript_create(const char *path, int dry)
{
	const char *head = dry ? TRANSCRIPT_HEAD_DRY : TRANSCRIPT_HEAD;
	struct transcript *t = transcript_new();

	if (t != NULL && open_new(t, path) && put(t, head, strlen(head)))
		return t;
	transcript_close(t);
	return NULL;
}

static int
take_last(const struct transcript_record *rec, void *arg)
{
	int *ended = arg;

	*ended = strcmp(rec->act, TRANSCRIPT_END) == 0;
	return 1;
}

/* Its whole lines; *len gets how much of it that is. */
static char *
read_lines(const char *path, size_t *len, size_t *n)
{
	struct transcript_text text;
	char *all = transcript_slurp(path, TRANSCRIPT_MAX, len);
	int ended = 0, ok;

	if (all == NULL)
		return NULL;
	while (*len > 0 && all[*len - 1] != '\n')
		--*len;
	ok = transcript_scan(all, *len, &text, take_last, &ended);
	if (ok && (ended || text.note != NULL)) {
		ca_raise(CA_E_CONFIG, "transcript.ended: %s has its end "
		    "already", path);
		ok = 0;
	}
	*n = text.n;
	if (ok)
		return all;
	OPENSSL_free(all);
	return NULL;
}

struct transcript *
transcript_continue(const char *path)
{
	struct transcript *t = transcript_new();
	char *all = NULL;
	size_t len = 0;
	int ok = 0;

	if (t == NULL || (all = read_lines(path, &len, &t->n)) == NULL)
		goto out;
	snprintf(t->path, sizeof(t->path), "%s", path);
	t->fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (t->fd < 0 || ftruncate(t->fd, (off_t)len) != 0)
		fail(t, "open");
	else
		ok = EVP_DigestUpdate(t->md, all, len) == 1;
out:
	OPENSSL_free(all);
	if (ok)
		return t;
	transcript_close(t);
	return NULL;
}

const char *
transcript_path(const struct transcript *t)
{
	return t->path;
}

int
transcript_digest(struct transcript *t, char hex[65], size_t *n)
{
	EVP_MD_CTX *copy = EVP_MD_CTX_new();
	unsigned char md[32];
	unsigned int len;
	size_t i;
	int ok;

	ok = copy != NULL && EVP_MD_CTX_copy_ex(copy, t->md) == 1 &&
	    EVP_DigestFinal_ex(copy, md, &len) == 1;
	EVP_MD_CTX_free(copy);
	for (i = 0; ok && i < sizeof(md); i++)
		snprintf(hex + 2 * i, 3, "%02x", md[i]);
	if (n != NULL)
		*n = t->n;
	return ok;
}

/* A line that is being made. */
struct line {
	char text[TRANSCRIPT_LINE_MAX];
	size_t n;
	int full;
};

static void
add(struct line *l, const char *text)
{
	size_t len = strlen(text);

	if (l->n + len >= sizeof(l->text)) {
		l->full = 1;
		return;
	}
	memcpy(l->text + l->n, text, len + 1);
	l->n += len;
}

static void
add_value(struct line *l, const char *value)
{
	char one[8];

	add(l, "=\"");
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			snprintf(one, sizeof(one), "\\%c", *value);
		else if ((unsigned char)*value < 32 || *value == 127)
			snprintf(one, sizeof(one), "\\x%02x",
			    (unsigned char)*value);
		else
			snprintf(one, sizeof(one), "%c", *value);
		add(l, one);
	}
	add(l, "\"");
}

static void
begin_line(struct line *l, size_t n, time_t now, const char *act)
{
	char text[96], when[32];
	struct tm tm;

	if (gmtime_r(&now, &tm) == NULL || strftime(when, sizeof(when),
	    "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(when, sizeof(when), "1970-01-01T00:00:00Z");
	snprintf(text, sizeof(text), "%zu %s %.32s", n, when, act);
	add(l, text);
}

static int
end_line(struct transcript *t, struct line *l)
{
	char hex[65] = "";

	if (!transcript_digest(t, hex, NULL))
		return 0;
	add(l, " prev=");
	add(l, hex);
	add(l, "\n");
	if (!l->full)
		return put(t, l->text, l->n);
	t->failed = 1;
	ca_raise(CA_E_INTERNAL, "transcript.line: record %zu is longer than "
	    "%d octets", t->n + 1, TRANSCRIPT_LINE_MAX);
	return 0;
}

int
transcript_add(struct transcript *t, time_t now, const char *act, ...)
{
	struct line *l = OPENSSL_zalloc(sizeof(*l));
	const char *name, *value;
	va_list ap;
	int ok;

	if (l == NULL)
		return 0;
	begin_line(l, t->n + 1, now, act);
	va_start(ap, act);
	while ((name = va_arg(ap, const char *)) != NULL) {
		value = va_arg(ap, const char *);
		if (value == NULL)
			continue;
		add(l, " ");
		add(l, name);
		add_value(l, value);
	}
	va_end(ap);
	ok = !t->failed && end_line(t, l);
	t->n += ok != 0;
	OPENSSL_free(l);
	return ok;
}

int
transcript_sync(struct transcript *t)
{
	char dir[PATH_MAX], *slash;
	int fd, ok;

	if (t->failed || fsync(t->fd) != 0)
		return fail(t, "fsync");
	snprintf(dir, sizeof(dir), "%s", t->path);
	slash = strrchr(dir, '/');
	if (slash != NULL)
		slash[slash == dir] = '\0';
	fd = open(slash == NULL ? "." : dir, O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	ok = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return ok || fail(t, "fsync of its folder");
}

void
transcript_close(struct transcript *t)
{
	if (t == NULL)
		return;
	if (t->fd >= 0)
		close(t->fd);
	EVP_MD_CTX_free(t->md);
	OPENSSL_free(t);
}
