#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include <openssl/ui.h>
#include "hsm/error.h"
#include "hsm/pinfile.h"
#include "hsm/pin.h"

int
pinfile_path(const struct hsm_pin_source *src, char *out, size_t size)
{
	const char *dir;
	int n;

	if (src->name == NULL || src->name[0] == '\0') {
		hsm_raise(HSM_E_PIN, "PIN: no file is named");
		return 0;
	}
	if (src->kind == HSM_PIN_FILE)
		n = snprintf(out, size, "%s", src->name);
	else {
		dir = secure_getenv("CREDENTIALS_DIRECTORY");
		if (dir == NULL || dir[0] != '/') {
			hsm_raise(HSM_E_PIN,
			    "PIN: credential %s: "
			    "$CREDENTIALS_DIRECTORY is not set",
			    src->name);
			return 0;
		}
		if (strchr(src->name, '/') != NULL || src->name[0] == '.') {
			hsm_raise(HSM_E_PIN,
			    "PIN: credential %s: a name, not "
			    "a path, is wanted",
			    src->name);
			return 0;
		}
		n = snprintf(out, size, "%s/%s", dir, src->name);
	}
	if (n < 0 || (size_t)n >= size) {
		hsm_raise(HSM_E_PIN, "PIN: path is too long");
		return 0;
	}
	return 1;
}

/*
 * systemd gives a credential to the service's user by an ACL on a file of
 * root's: what the group's bits show then is the ACL's mask.
 */
static mode_t
allowed_mode(const struct hsm_pin_source *src)
{
	return src->kind == HSM_PIN_CREDENTIAL ? 0640 : 0600;
}

static int
check_stat(
    const struct hsm_pin_source *src, const char *path, const struct stat *st)
{
	mode_t wide = st->st_mode & 07777 & ~allowed_mode(src);

	if (!S_ISREG(st->st_mode))
		hsm_raise(HSM_E_PIN, "PIN file %s: not a regular file", path);
	else if (wide != 0)
		hsm_raise(HSM_E_PIN,
		    "PIN file %s: mode %04o is too wide, at "
		    "most %04o is allowed",
		    path, (unsigned)(st->st_mode & 07777),
		    (unsigned)allowed_mode(src));
	else if (st->st_uid != geteuid() && st->st_uid != 0)
		hsm_raise(HSM_E_PIN,
		    "PIN file %s: belongs to uid %lu, not to "
		    "this process or root",
		    path, (unsigned long)st->st_uid);
	else
		return 1;
	return 0;
}

int
pinfile_open(
    const struct hsm_pin_source *src, char *path, size_t size, struct stat *st)
{
	int fd;

	if (!pinfile_path(src, path, size))
		return -1;
	/* Not blocking: somebody may have put a FIFO there. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, st) != 0) {
		ERR_raise_data(ERR_LIB_SYS, errno, "open %s", path);
		hsm_raise(HSM_E_PIN, "PIN file %s: cannot be opened", path);
	} else if (check_stat(src, path, st))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Read up to ${size} octets: what a file has, or one more than is allowed. */
static ssize_t
read_all(int fd, char *buf, size_t size)
{
	size_t n = 0;
	ssize_t r;

	while (n < size) {
		r = read(fd, buf + n, size - n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		if (r == 0)
			break;
		n += (size_t)r;
	}
	return (ssize_t)n;
}

static int
check_pin(const char *where, const char *pin, size_t n, size_t *out_len)
{
	if (n > 0 && pin[n - 1] == '\n')
		n--;
	if (n > 0 && pin[n - 1] == '\r')
		n--;
	if (n == 0)
		hsm_raise(HSM_E_PIN, "PIN from %s: empty", where);
	else if (n > HSM_PIN_MAX)
		hsm_raise(HSM_E_PIN, "PIN from %s: longer than %d octets",
		    where, HSM_PIN_MAX);
	else if (memchr(pin, '\0', n) != NULL || memchr(pin, '\n', n) != NULL)
		hsm_raise(
		    HSM_E_PIN, "PIN from %s: not one line of text", where);
	else {
		*out_len = n;
		return 1;
	}
	return 0;
}

static int
read_file(const struct hsm_pin_source *src, char *pin, size_t *out_len)
{
	char path[PATH_MAX], buf[HSM_PIN_MAX + 3]; /* PIN, CR LF, one more */
	struct stat st;
	ssize_t n;
	int fd, rc = 0;

	if ((fd = pinfile_open(src, path, sizeof(path), &st)) < 0)
		return 0;
	if ((n = read_all(fd, buf, sizeof(buf))) < 0) {
		ERR_raise_data(ERR_LIB_SYS, errno, "read %s", path);
		hsm_raise(HSM_E_PIN, "PIN file %s: cannot be read", path);
	} else if (check_pin(path, buf, (size_t)n, out_len)) {
		memcpy(pin, buf, *out_len);
		pin[*out_len] = '\0';
		rc = 1;
	}
	close(fd);
	OPENSSL_cleanse(buf, sizeof(buf));
	return rc;
}

/* The label comes from the token: nothing but plain text for the terminal. */
static void
make_prompt(char *out, size_t size, const char *label)
{
	size_t i;

	snprintf(out, size, "PIN of token %.32s: ", label);
	for (i = 0; out[i] != '\0'; i++)
		if (out[i] < 0x20 || out[i] > 0x7e)
			out[i] = '?';
}

static int
read_tty(const char *label, char *pin, size_t *out_len)
{
	char prompt[64], buf[HSM_PIN_MAX + 1], echo[HSM_PIN_MAX + 1];
	int fd, rc = 0;

	/* OpenSSL falls back on standard input, which may be a pipe. */
	if ((fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) < 0) {
		ERR_raise_data(ERR_LIB_SYS, errno, "open /dev/tty");
		hsm_raise(HSM_E_PIN, "PIN: there is no terminal to ask at");
		return 0;
	}
	close(fd);
	make_prompt(prompt, sizeof(prompt), label);
	if (UI_UTIL_read_pw(buf, echo, HSM_PIN_MAX, prompt, 0) != 0)
		hsm_raise(HSM_E_PIN, "PIN: nothing was typed");
	else if (check_pin("the terminal", buf, strlen(buf), out_len)) {
		memcpy(pin, buf, *out_len);
		pin[*out_len] = '\0';
		rc = 1;
	}
	OPENSSL_cleanse(buf, sizeof(buf));
	OPENSSL_cleanse(echo, sizeof(echo));
	return rc;
}

int
hsm_pin_read(const struct hsm_pin_source *src, const char *token_label,
    char *pin, size_t *out_len)
{
	pin[0] = '\0';
	*out_len = 0;
	switch (src->kind) {
	case HSM_PIN_FILE:
	case HSM_PIN_CREDENTIAL:
		return read_file(src, pin, out_len);
	case HSM_PIN_TTY:
		return read_tty(token_label, pin, out_len);
	case HSM_PIN_NONE:
		break;
	}
	hsm_raise(HSM_E_PIN, "PIN: no source is configured");
	return 0;
}
