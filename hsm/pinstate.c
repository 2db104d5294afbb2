#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include "hsm/error.h"
#include "hsm/pinfile.h"
#include "hsm/pin.h"

/*
 * The state file: one line per token,
 *	inkan-pin-1 SERIAL SALT HASH
 * all in lower-case hexadecimals. HASH is of the PIN that was refused; all 0
 * when none was, all f when nobody could tell which. The line is there before a
 * PIN is tried, and a refusal is written over it: that needs no room on the
 * disk. The same lines are kept in memory, so that a wrong PIN is not tried
 * twice by a process that cannot write.
 *
 * Whoever loses power between the try and the note tries once more: were the
 * note first, a right PIN would be withheld until an operator acts.
 */
#define MAGIC "inkan-pin-1"
#define SALT_LEN 16
#define HASH_LEN 32
#define NOTES_MAX 64	/* tokens */
#define SERIAL_HEX 64	/* octets of a serial in hexadecimals */
#define STATE_MAX 16384 /* octets of a state file */

struct note {
	char serial[SERIAL_HEX + 1];
	unsigned char salt[SALT_LEN];
	unsigned char hash[HASH_LEN];
};

struct notes {
	size_t n;
	struct note note[NOTES_MAX];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct notes memory; /* of this process; under ${lock} */

static void
to_hex(char *out, const unsigned char *in, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		sprintf(out + 2 * i, "%02x", in[i]);
	out[2 * len] = '\0';
}

static int
from_hex(unsigned char *out, size_t len, const char *in)
{
	size_t got = 0;

	return strlen(in) == 2 * len &&
	    OPENSSL_hexstr2buf_ex(out, len, &got, in, '\0') == 1 && got == len;
}

static void
serial_key(char *out, const char *serial)
{
	size_t len = strlen(serial);

	to_hex(out, (const unsigned char *)serial,
	    len < SERIAL_HEX / 2 ? len : SERIAL_HEX / 2);
}

/*
 * What the source is, as octets. A file is known by its place and dates. A
 * credential is a new file each time the service starts, so it is its text that
 * tells whether it has changed: that goes through scrypt and nowhere else.
 */
static int
identify(const struct hsm_pin_source *src, unsigned char *out, size_t size,
    size_t *out_len)
{
	char path[PATH_MAX], pin[HSM_PIN_MAX + 1];
	struct stat st;
	size_t pin_len = 0;
	int fd, n;

	if (src->kind == HSM_PIN_CREDENTIAL) {
		if (!hsm_pin_read(src, "", pin, &pin_len))
			return 0;
		n = snprintf((char *)out, size, "credential%c%s%c%s", 0,
		    src->name, 0, pin);
		OPENSSL_cleanse(pin, sizeof(pin));
	} else {
		fd = pinfile_open(src, path, sizeof(path), &st);
		if (fd < 0)
			return 0;
		close(fd);
		n = snprintf((char *)out, size,
		    "file%c%s%c%llu %lld %lld.%09ld", 0, path, 0,
		    (unsigned long long)st.st_ino, (long long)st.st_size,
		    (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	}
	*out_len = (size_t)n;
	return n > 0 && (size_t)n < size;
}

/* scrypt with 32 MiB, tens of milliseconds: RFC 7914, section 2. */
static int
slow_hash(const struct hsm_pin_source *src, const unsigned char *salt,
    unsigned char *out)
{
	unsigned char id[PATH_MAX + HSM_PIN_MAX + 256];
	size_t len = 0;
	int rc;

	rc = identify(src, id, sizeof(id), &len) &&
	    EVP_PBE_scrypt((char *)id, len, salt, SALT_LEN, 1 << 15, 8, 1,
		64 << 20, out, HASH_LEN) == 1;
	OPENSSL_cleanse(id, sizeof(id));
	return rc;
}

static struct note *
find(struct notes *notes, const char *serial)
{
	size_t i;

	for (i = 0; i < notes->n; i++)
		if (strcmp(notes->note[i].serial, serial) == 0)
			return &notes->note[i];
	return NULL;
}

static int
drop(struct notes *notes, const char *serial)
{
	struct note *note = find(notes, serial);

	if (note == NULL)
		return 0;
	*note = notes->note[--notes->n];
	return 1;
}

static void
put(struct notes *notes, const struct note *note)
{
	drop(notes, note->serial);
	/* Full: the oldest goes. Nobody has so many tokens. */
	if (notes->n == NOTES_MAX)
		notes->note[0] = notes->note[--notes->n];
	notes->note[notes->n++] = *note;
}

static int
parse_line(char *line, struct note *note)
{
	char *save = NULL, *magic, *serial, *salt, *hash;

	magic = strtok_r(line, " ", &save);
	serial = strtok_r(NULL, " ", &save);
	salt = strtok_r(NULL, " ", &save);
	hash = strtok_r(NULL, " ", &save);
	if (hash == NULL || strcmp(magic, MAGIC) != 0 ||
	    strlen(serial) > SERIAL_HEX || strtok_r(NULL, " ", &save) != NULL)
		return 0;
	strcpy(note->serial, serial);
	return from_hex(note->salt, SALT_LEN, salt) &&
	    from_hex(note->hash, HASH_LEN, hash);
}

static int
parse(char *text, struct notes *notes)
{
	char *save = NULL, *line;
	struct note note;

	for (line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		if (!parse_line(line, &note))
			return 0;
		put(notes, &note);
	}
	return 1;
}

static int
raise_state(const char *path, const char *what)
{
	hsm_raise(HSM_E_PIN, "PIN state file %s: %s", path, what);
	return 0;
}

/* A file that is not there holds nothing; one that is damaged forbids. */
static int
load(const char *path, struct notes *notes)
{
	char text[STATE_MAX + 1];
	FILE *f;
	size_t n;

	notes->n = 0;
	if ((f = fopen(path, "re")) == NULL) {
		if (errno == ENOENT)
			return 1;
		ERR_raise_data(ERR_LIB_SYS, errno, "open %s", path);
		return raise_state(path, "cannot be read");
	}
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	if (n > STATE_MAX)
		return raise_state(path, "too long");
	text[n] = '\0';
	if (strlen(text) != n || !parse(text, notes))
		return raise_state(path,
		    "damaged; remove it once the PIN is "
		    "known to be right");
	return 1;
}

static size_t
print(char *out, size_t size, const struct notes *notes)
{
	char salt[2 * SALT_LEN + 1], hash[2 * HASH_LEN + 1];
	size_t i, n = 0;

	for (i = 0; i < notes->n; i++) {
		to_hex(salt, notes->note[i].salt, SALT_LEN);
		to_hex(hash, notes->note[i].hash, HASH_LEN);
		n += (size_t)snprintf(out + n, size - n, MAGIC " %s %s %s\n",
		    notes->note[i].serial, salt, hash);
	}
	return n;
}

static int
dir_of(const char *path, char *out, size_t size)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path);

	if (strlen(path) + 2 > size)
		return 0;
	if (slash == NULL)
		strcpy(out, ".");
	else if (len == 0)
		strcpy(out, "/");
	else {
		memcpy(out, path, len);
		out[len] = '\0';
	}
	return 1;
}

/* A new name in a folder is durable when the folder is. */
static void
sync_dir(const char *path)
{
	char dir[PATH_MAX];
	int fd;

	if (dir_of(path, dir, sizeof(dir)) &&
	    (fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0) {
		fsync(fd);
		close(fd);
	}
}

static int
write_all(int fd, const char *text, size_t len)
{
	return write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
}

/* A new file in the place of the old one. */
static int
replace(const char *path, const char *text, size_t len)
{
	char tmp[PATH_MAX + 8];
	int fd, ok;

	snprintf(tmp, sizeof(tmp), "%s.XXXXXX", path);
	if ((fd = mkostemp(tmp, O_CLOEXEC)) < 0) {
		ERR_raise_data(ERR_LIB_SYS, errno, "create %s", tmp);
		return raise_state(path, "cannot be written");
	}
	ok = write_all(fd, text, len);
	ok = close(fd) == 0 && ok && rename(tmp, path) == 0;
	if (!ok) {
		ERR_raise_data(ERR_LIB_SYS, errno, "write %s", tmp);
		unlink(tmp);
		return raise_state(path, "cannot be written");
	}
	sync_dir(path);
	return 1;
}

/* Over what stands there, where that is as long. */
static int
overwrite(const char *path, const char *text, size_t len)
{
	struct stat st;
	int fd, ok;

	if ((fd = open(path, O_WRONLY | O_CLOEXEC)) < 0)
		return 0;
	ok = fstat(fd, &st) == 0 && st.st_size == (off_t)len &&
	    write_all(fd, text, len);
	return close(fd) == 0 && ok;
}

static int
save(const char *path, const struct notes *notes)
{
	char text[STATE_MAX];
	size_t len = print(text, sizeof(text), notes);

	return overwrite(path, text, len) || replace(path, text, len);
}

/* Is its hash nothing but ${octet}? */
static int
is_all(const struct note *note, unsigned char octet)
{
	size_t i;

	for (i = 0; i < HASH_LEN && note->hash[i] == octet; i++)
		;
	return i == HASH_LEN;
}

/* 1 when ${note} is of another PIN than ${src} gives now. */
static int
differs(const struct hsm_pin_source *src, const struct note *note)
{
	unsigned char hash[HASH_LEN];

	if (is_all(note, 0))
		return 1;
	if (is_all(note, 0xff)) {
		hsm_raise(HSM_E_PIN, "a PIN was refused before, and which is "
		    "not known: none is tried until an operator resumes it");
		return 0;
	}
	if (!slow_hash(src, note->salt, hash))
		return 0;
	if (CRYPTO_memcmp(hash, note->hash, HASH_LEN) != 0)
		return 1;
	hsm_raise(HSM_E_PIN,
	    "the PIN from %s was refused before and has not "
	    "changed since: it is not tried again",
	    src->name);
	return 0;
}

/* Can a refusal be written down? Else every restart would cost one try. */
static int
reserve(const char *path, struct notes *notes, const char *key)
{
	struct note none;

	memset(&none, 0, sizeof(none));
	strcpy(none.serial, key);
	if (find(notes, key) == NULL)
		put(notes, &none);
	return save(path, notes) ||
	    raise_state(path, "so the PIN is not tried");
}

int
hsm_pin_may_try(const struct hsm_pin_source *src, const char *serial)
{
	struct notes *notes = NULL;
	struct note *note;
	char key[SERIAL_HEX + 1];
	int rc = 0;

	/* What a person types is new each time. */
	if (src->kind == HSM_PIN_TTY || src->kind == HSM_PIN_NONE)
		return 1;
	serial_key(key, serial);
	pthread_mutex_lock(&lock);
	if ((notes = OPENSSL_zalloc(sizeof(*notes))) == NULL)
		goto out;
	if (src->state != NULL && !load(src->state, notes))
		goto out;
	if ((note = find(notes, key)) != NULL && !differs(src, note))
		goto out;
	if ((note = find(&memory, key)) != NULL && !differs(src, note))
		goto out;
	rc = src->state == NULL || reserve(src->state, notes, key);
out:
	pthread_mutex_unlock(&lock);
	OPENSSL_free(notes);
	return rc;
}

/* No PIN of the token is one that was refused. */
static int
forgive(const struct hsm_pin_source *src, const char *key, struct notes *notes)
{
	struct note *note;

	drop(&memory, key);
	if (src->state == NULL || !load(src->state, notes) ||
	    (note = find(notes, key)) == NULL || is_all(note, 0))
		return 1;
	memset(note->salt, 0, SALT_LEN);
	memset(note->hash, 0, HASH_LEN);
	return save(src->state, notes);
}

static int
remember(const struct hsm_pin_source *src, const char *key, struct notes *notes)
{
	struct note note;

	memset(&note, 0, sizeof(note));
	strcpy(note.serial, key);
	if (RAND_bytes(note.salt, SALT_LEN) != 1 ||
	    !slow_hash(src, note.salt, note.hash))
		memset(note.hash, 0xff, HASH_LEN);
	put(&memory, &note);
	if (src->state == NULL)
		return 1;
	/* A damaged file is replaced: this refusal is what counts. */
	if (!load(src->state, notes))
		notes->n = 0;
	put(notes, &note);
	return save(src->state, notes);
}

int
hsm_pin_remember(const struct hsm_pin_source *src, const char *serial, int ok)
{
	struct notes *notes;
	char key[SERIAL_HEX + 1];
	int rc = 0;

	if (src->kind == HSM_PIN_TTY || src->kind == HSM_PIN_NONE)
		return 1;
	serial_key(key, serial);
	pthread_mutex_lock(&lock);
	if ((notes = OPENSSL_zalloc(sizeof(*notes))) != NULL)
		rc = ok ? forgive(src, key, notes) : remember(src, key, notes);
	pthread_mutex_unlock(&lock);
	OPENSSL_free(notes);
	return rc;
}
