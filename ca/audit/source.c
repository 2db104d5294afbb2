#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/http.h>
#include "ca/audit/source.h"
#include "ca/error.h"

#define TIMEOUT 20	/* seconds for one request */
#define NAP_MS 100
#define BUNDLE_MAX (LOG_TILE_WIDTH * (2 + LOG_LEAF_MAX))

struct source {
	char where[PATH_MAX];	/* without a slash at its end */
	int is_url;
};

struct source *
source_open(const char *where)
{
	struct source *s = OPENSSL_zalloc(sizeof(*s));
	size_t n = strlen(where);

	if (s == NULL)
		return NULL;
	while (n > 1 && where[n - 1] == '/')
		n--;
	s->is_url = strncmp(where, "http://", 7) == 0;
	if (n > 0 && n < sizeof(s->where) - LOG_TILE_NAME_MAX &&
	    strncmp(where, "https://", 8) != 0) {
		memcpy(s->where, where, n);
		return s;
	}
	ca_raise(CA_E_BADREQUEST,
	    "log.source: \"%s\" is neither a folder nor a http:// address",
	    where);
	OPENSSL_free(s);
	return NULL;
}

void
source_free(struct source *s)
{
	OPENSSL_free(s);
}

const char *
source_where(const struct source *s)
{
	return s->where;
}

static int
too_large(const char *path, size_t max)
{
	ca_raise(CA_E_BADREQUEST, "log.source: %s is above %zu octets", path,
	    max);
	return -1;
}

/* How much of ${fd} there is: all of it into buf[max + 1]. */
static ssize_t
read_all(int fd, unsigned char *buf, size_t max)
{
	size_t len = 0;
	ssize_t n;

	while (len <= max) {
		n = read(fd, buf + len, max + 1 - len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

static int
get_file(const char *path, size_t max, unsigned char *buf, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd == -1 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	n = fd == -1 ? -1 : read_all(fd, buf, max);
	if (n == -1)
		ERR_raise_data(ERR_LIB_SYS, errno, "read %s", path);
	if (fd != -1)
		close(fd);
	if (n >= 0 && (size_t)n > max)
		return too_large(path, max);
	*len = n > 0 ? (size_t)n : 0;
	return n >= 0 ? 1 : -1;
}

/* Why the client failed, from all that it raised: 1 when the file is not there,
   else 0 raised in one line. */
static int
is_absent(const char *url)
{
	char why[512] = "no answer";
	const char *data = NULL;
	unsigned long e;
	int flags = 0, absent = 0;

	while ((e = ERR_get_error_all(NULL, NULL, NULL, &data, &flags)) != 0) {
		if (data == NULL || !(flags & ERR_TXT_STRING))
			data = "";
		absent |= strstr(data, "code=404") != NULL ||
		    strstr(data, "code=410") != NULL;
		if (ERR_reason_error_string(e) != NULL)
			snprintf(why, sizeof(why), "%s%s%s",
			    ERR_reason_error_string(e),
			    data[0] != '\0' ? ", " : "", data);
	}
	if (!absent)
		ca_raise(CA_E_BADREQUEST, "log.source: %s cannot be had: %s",
		    url, why);
	return absent;
}

/* The rest of an answer, until the server closes. */
static int
drain(BIO *bio, size_t max, unsigned char *buf, size_t *len)
{
	time_t until = time(NULL) + TIMEOUT;
	int n;

	for (*len = 0; *len <= max;) {
		n = BIO_read(bio, buf + *len,
		    max + 1 - *len > INT_MAX ? INT_MAX : (int)(max + 1 - *len));
		if (n > 0)
			*len += (size_t)n;
		else if (!BIO_should_retry(bio))
			return 1;
		else if (BIO_wait(bio, until, NAP_MS) != 1)
			return 0;
	}
	return 1;
}

static int
get_url(const char *url, size_t max, unsigned char *buf, size_t *len)
{
	BIO *bio;
	int ok;

	ERR_clear_error();
	bio = OSSL_HTTP_get(url, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL,
	    NULL, 0, max + 1, TIMEOUT);
	/* OpenSSL 3.5 hands out what came with a refusal, too. Of one by 4xx
	   it leaves the error; by 5xx nothing, so that a body with it is taken
	   for the file, and found to be wrong. */
	if (bio == NULL || ERR_peek_error() != 0) {
		BIO_free_all(bio);
		return is_absent(url) ? 0 : -1;
	}
	ok = drain(bio, max, buf, len);
	BIO_free_all(bio);
	if (ok && *len == 0) { /* no file of a log is */
		ca_raise(CA_E_BADREQUEST,
		    "log.source: %s cannot be had: an empty answer", url);
		return -1;
	}
	if (!ok) {
		ca_raise(CA_E_BADREQUEST, "log.source: %s: no answer within "
		    "%d seconds", url, TIMEOUT);
		return -1;
	}
	return *len > max ? too_large(url, max) : 1;
}

int
source_get(struct source *s, const char *name, size_t max,
    unsigned char **out, size_t *len)
{
	char path[PATH_MAX + LOG_TILE_NAME_MAX];
	unsigned char *buf = OPENSSL_malloc(max + 2);
	int found;

	*out = NULL;
	*len = 0;
	if (buf == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/%s", s->where, name);
	found = s->is_url ? get_url(path, max, buf, len)
			  : get_file(path, max, buf, len);
	if (found == 1) {
		buf[*len] = '\0';
		*out = buf;
	} else {
		OPENSSL_free(buf);
	}
	return found;
}

int
source_tile(struct source *s, const struct log_tile *t, unsigned char **out,
    size_t *len)
{
	size_t max = t->level == LOG_LEVEL_ENTRIES ? BUNDLE_MAX
						   : LOG_TILE_OCTETS;
	struct log_tile full = *t;
	char name[LOG_TILE_NAME_MAX];
	int found;

	log_tile_name(t, name);
	found = source_get(s, name, max, out, len);
	if (found != 0 || t->width == LOG_TILE_WIDTH)
		return found;
	full.width = LOG_TILE_WIDTH;
	log_tile_name(&full, name);
	found = source_get(s, name, max, out, len);
	if (found == 1 && t->level != LOG_LEVEL_ENTRIES &&
	    *len == LOG_TILE_OCTETS)
		*len = (size_t)t->width * LOG_HASH;
	return found;
}

int
source_fetch(const struct log_tile *t, unsigned char *buf, size_t *len,
    void *arg)
{
	char name[LOG_TILE_NAME_MAX];
	unsigned char *octets = NULL;
	int found = source_tile(arg, t, &octets, len);

	if (found == 1)
		memcpy(buf, octets, *len);
	OPENSSL_free(octets);
	if (found == 0) {
		log_tile_name(t, name);
		ca_raise(CA_E_NOTFOUND, "log.tile: %s is missing", name);
	}
	return found == 1;
}

int
source_checkpoint(struct source *s, const struct note_key *key,
    struct log_checkpoint *out, char **note)
{
	unsigned char *octets = NULL;
	size_t len = 0;
	int found = source_get(s, "checkpoint", NOTE_MAX, &octets, &len);

	*note = NULL;
	if (found == 0)
		ca_raise(CA_E_NOTFOUND, "log.checkpoint: %s has none",
		    s->where);
	if (found == 1 &&
	    checkpoint_open(out, (const char *)octets, len, key)) {
		*note = (char *)octets;
		return 1;
	}
	OPENSSL_free(octets);
	return 0;
}

int
source_key(struct source *s, struct note_key *out)
{
	unsigned char *octets = NULL;
	size_t len = 0;
	int found = source_get(s, "log.vkey", NOTE_VKEY_MAX, &octets, &len);

	if (found == 1) {
		if (len > 0 && octets[len - 1] == '\n')
			octets[len - 1] = '\0';
		found = note_key_parse(out, (const char *)octets) ? 1 : -1;
	}
	OPENSSL_free(octets);
	return found;
}
