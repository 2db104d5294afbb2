#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/transcript/seal.h"
#include "ca/transcript/transcript.h"

#define CEREMONY_MAX (1024UL * 1024)

static int
take_last(const struct transcript_record *rec, void *arg)
{
	int *ended = arg;

	*ended = strcmp(rec->act, TRANSCRIPT_END) == 0;
	return 1;
}

static int
is_transcript(const char *text, size_t len)
{
	static const char *const heads[] = {TRANSCRIPT_HEAD,
	    TRANSCRIPT_HEAD_DRY};
	size_t i;

	for (i = 0; i < 2; i++)
		if (len >= strlen(heads[i]) &&
		    memcmp(text, heads[i], strlen(heads[i])) == 0)
			return 1;
	return 0;
}

/* ${text} is a transcript's; *t tells where its note is. */
static int
scan(const char *path, const char *text, size_t len, struct transcript_text *t)
{
	int ended = 0;

	if (!transcript_scan(text, len, t, take_last, &ended))
		return 0;
	if (t->dry)
		ca_raise(CA_E_DENIED, "transcript.rehearsal: %s is one of a "
		    "dry run; nobody signs that", path);
	else if (!ended)
		ca_raise(CA_E_DENIED, "transcript.end: %s is cut off, or the "
		    "ceremony was interrupted", path);
	return !t->dry && ended;
}

static int
text_of(const char *path, const char *data, size_t len,
    char out[SEAL_TEXT_MAX], struct transcript_text *t)
{
	char hex[65];

	memset(t, 0, sizeof(*t));
	if (is_transcript(data, len)) {
		if (!scan(path, data, len, t))
			return 0;
		seal_text(SEAL_TRANSCRIPT, t->digest, out);
		return 1;
	}
	if (!transcript_sha256(data, len, hex))
		return 0;
	seal_text(SEAL_CEREMONY, hex, out);
	return 1;
}

static size_t
limit(const char *path)
{
	FILE *f = fopen(path, "re");
	char head[sizeof(TRANSCRIPT_HEAD)] = "";
	size_t n = f == NULL ? 0 : fread(head, 1, sizeof(head) - 1, f);

	if (f != NULL)
		fclose(f);
	return is_transcript(head, n) ? (size_t)TRANSCRIPT_MAX : CEREMONY_MAX;
}

int
seal_text_of(const char *path, char out[SEAL_TEXT_MAX], int *is)
{
	struct transcript_text t;
	size_t len = 0;
	char *data = transcript_slurp(path, limit(path), &len);
	int ok = data != NULL && text_of(path, data, len, out, &t);

	if (ok && is != NULL)
		*is = t.n > 0;
	OPENSSL_free(data);
	return ok;
}

/* Both parts, whole or not at all. The mode is that of the file before. */
static int
write_whole(const char *path, const char *a, size_t a_len, const char *b)
{
	char tmp[PATH_MAX];
	struct stat st;
	mode_t mode = stat(path, &st) == 0 ? st.st_mode & 0777 : 0644;
	size_t len = strlen(b);
	int n, fd, ok;

	n = snprintf(tmp, sizeof(tmp), "%s.new", path);
	if (n < 0 || (size_t)n >= sizeof(tmp)) {
		ca_raise(CA_E_BADREQUEST, "file.write: the name is too long");
		return 0;
	}
	unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	ok = fd >= 0 && (a_len == 0 || write(fd, a, a_len) ==
	    (ssize_t)a_len) && write(fd, b, len) == (ssize_t)len &&
	    fsync(fd) == 0;
	if (fd >= 0)
		ok = close(fd) == 0 && ok;
	ok = ok && rename(tmp, path) == 0;
	if (!ok) {
		ca_raise(CA_E_STORE, "file.write: %s: %s", path,
		    strerror(errno));
		unlink(tmp);
	}
	return ok;
}

/* ${was} (NULL: none there yet) with the signatures of ${note}, both over
   ${text}. */
static char *
merge(const char *text, const char *was, const char *note)
{
	size_t n = strlen(text);

	if (strncmp(note, text, n) == 0 && (was == NULL ||
	    strncmp(was, text, n) == 0))
		return was == NULL ? OPENSSL_strdup(note) :
		    note_merge(was, note);
	ca_raise(CA_E_DENIED, "seal.text: there are signatures on another "
	    "text");
	return NULL;
}

static int
put_beside(const char *text, const char *note, const char *where)
{
	size_t len;
	char *was = NULL, *all = NULL;
	int ok = 0;

	if (access(where, F_OK) == 0 &&
	    (was = transcript_slurp(where, NOTE_MAX, &len)) == NULL)
		return 0;
	all = merge(text, was, note);
	ok = all != NULL && write_whole(where, NULL, 0, all);
	OPENSSL_free(was);
	OPENSSL_free(all);
	return ok;
}

/* Behind the records and one empty line. */
static int
put_into(const char *path, const char *data, const struct transcript_text *t,
    const char *text, const char *note)
{
	char *all = merge(text, t->note, note);
	char *end = all == NULL ? NULL : OPENSSL_malloc(strlen(all) + 2);
	int ok = end != NULL;

	if (ok) {
		end[0] = '\n';
		strcpy(end + 1, all);
		ok = write_whole(path, data, t->len, end);
	}
	OPENSSL_free(all);
	OPENSSL_free(end);
	return ok;
}

int
seal_put(const char *path, const char *note, const char *out, char *where,
    size_t size)
{
	struct transcript_text t;
	char text[SEAL_TEXT_MAX];
	size_t len = 0;
	char *data = transcript_slurp(path, limit(path), &len);
	int ok = data != NULL && text_of(path, data, len, text, &t);

	if (ok && out == NULL && t.n > 0) {
		snprintf(where, size, "%s", path);
		ok = put_into(path, data, &t, text, note);
	} else if (ok) {
		snprintf(where, size, "%s%s", out == NULL ? path : out,
		    out == NULL ? ".sigs" : "");
		ok = put_beside(text, note, where);
	}
	OPENSSL_free(data);
	return ok;
}

int
seal_sign(const char *path, const struct note_key *who, EVP_PKEY *key,
    const char *out, char *where, size_t size)
{
	char text[SEAL_TEXT_MAX], *line = NULL, *note = NULL;
	const char *lines[1];
	int ok = 0;

	if (!seal_text_of(path, text, NULL))
		return 0;
	line = note_sign(text, who, key, 0);
	lines[0] = line;
	note = line == NULL ? NULL : note_join(text, lines, 1);
	ok = note != NULL && seal_put(path, note, out, where, size);
	OPENSSL_free(line);
	OPENSSL_free(note);
	return ok;
}
