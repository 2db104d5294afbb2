#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <sys/stat.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include "ca/error.h"
#include "ca/cli/file.h"

static int
sys_raise(const char *what, const char *path)
{
	ERR_raise_data(ERR_LIB_SYS, errno, "%s %s", what, path);
	return 0;
}

static int
write_all(int fd, const char *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return 0;
		p += n;
		len -= (size_t)n;
	}
	return 1;
}

unsigned char *
file_read(const char *path, size_t *len)
{
	unsigned char *buf = NULL;
	ssize_t n = 0;
	int fd = 0;

	*len = 0;
	if (strcmp(path, "-") != 0 &&
	    (fd = open(path, O_RDONLY | O_CLOEXEC)) == -1) {
		sys_raise("open", path);
		return NULL;
	}
	if ((buf = malloc(FILE_MAX + 1)) == NULL)
		goto out;
	while (*len <= FILE_MAX) {
		n = read(fd, buf + *len, FILE_MAX + 1 - *len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		*len += (size_t)n;
	}
	if (n == -1)
		sys_raise("read", path);
	else if (*len == 0)
		ca_raise(CA_E_BADREQUEST, "%s is empty", path);
	else if (*len > FILE_MAX)
		ca_raise(
		    CA_E_BADREQUEST, "%s is above %d octets", path, FILE_MAX);
	else
		goto out;
	free(buf);
	buf = NULL;
out:
	if (fd != 0)
		close(fd);
	return buf;
}

void
file_free(unsigned char *p, size_t len)
{
	if (p != NULL)
		OPENSSL_cleanse(p, len);
	free(p);
}

/* Is the PEM label one of ${labels} (ended by NULL)? */
static int
is_label(const char *label, const char *const *labels)
{
	for (; *labels != NULL; labels++)
		if (strcmp(label, *labels) == 0)
			return 1;
	return 0;
}

/* What is in a file: up to ${max} values of the wanted PEM labels, or one of
   DER. ${take} gets each; the label is NULL for DER. */
typedef int take_fn(WIRE_FIELDS *args, const char *field, const char *label,
    const unsigned char *der, size_t len);

struct wanted {
	const char *what;
	const char *const *labels;
	size_t max;
	take_fn *take;
};

static int
take_pem(WIRE_FIELDS *args, const char *field, BIO *bio, const char *path,
    const struct wanted *w)
{
	char *label, *header;
	unsigned char *der;
	size_t n = 0;
	long len;
	int ok = 1;

	ERR_set_mark();
	while (ok && PEM_read_bio(bio, &label, &header, &der, &len) == 1) {
		if (strstr(label, "PRIVATE KEY") != NULL) {
			ca_raise(CA_E_BADREQUEST,
			    "%s holds a private key: it is not read, and does "
			    "not belong here",
			    path);
			ok = 0;
		} else if (is_label(label, w->labels)) {
			if (n++ < w->max)
				ok = w->take(
				    args, field, label, der, (size_t)len);
		}
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_clear_free(der, (size_t)len);
	}
	if (!ok) {
		ERR_clear_last_mark();
		return 0;
	}
	ERR_pop_to_mark(); /* «no start line»: the end of the file */
	if (n >= 1 && n <= w->max)
		return 1;
	ca_raise(CA_E_BADREQUEST, "%s: %zu of %s in it, %s %zu wanted", path, n,
	    w->what, w->max > 1 ? "1 to" : "exactly", w->max);
	return 0;
}

/* A SEQUENCE by its first octets: a text may start with the digit 0 as well. */
static int
is_der(const unsigned char *p, size_t len)
{
	return len > 2 && p[0] == 0x30 &&
	    ((p[1] & 0x80) != 0 || p[1] == len - 2);
}

static int
add_octets(WIRE_FIELDS *args, const char *field, const char *path,
    const unsigned char *buf, size_t len, const struct wanted *w)
{
	BIO *bio = NULL;
	int ok = 0;

	if (is_der(buf, len)) {
		ok = w->take(args, field, NULL, buf, len);
	} else if (memmem(buf, len, "-----BEGIN ", 11) != NULL) {
		if ((bio = BIO_new_mem_buf(buf, (int)len)) != NULL)
			ok = take_pem(args, field, bio, path, w);
	} else {
		ca_raise(CA_E_BADREQUEST, "%s: %s in PEM or DER wanted", path,
		    w->what);
	}
	BIO_free(bio);
	return ok;
}

static int
add_file(WIRE_FIELDS *args, const char *field, const char *path,
    const struct wanted *w)
{
	unsigned char *buf;
	size_t len;
	int ok;

	if ((buf = file_read(path, &len)) == NULL)
		return 0;
	ok = add_octets(args, field, path, buf, len, w);
	OPENSSL_cleanse(buf, len);
	free(buf);
	return ok;
}

static int
take_bytes(WIRE_FIELDS *args, const char *field, const char *label,
    const unsigned char *der, size_t len)
{
	(void)label;
	return field_add_bytes(args, field, der, len);
}

static int
add_spki(WIRE_FIELDS *args, const char *field, const X509_PUBKEY *key)
{
	unsigned char *der = NULL;
	int n, ok;

	if (key == NULL || (n = i2d_X509_PUBKEY(key, &der)) <= 0)
		return 0;
	ok = field_add_bytes(args, field, der, (size_t)n);
	OPENSSL_free(der);
	return ok;
}

static int
take_key(WIRE_FIELDS *args, const char *field, const char *label,
    const unsigned char *der, size_t len)
{
	const unsigned char *p = der;
	X509 *cert = NULL;
	X509_REQ *req = NULL;
	int ok = 0;

	if (label == NULL || strcmp(label, "PUBLIC KEY") == 0)
		return field_add_bytes(args, field, der, len);
	if (strcmp(label, "CERTIFICATE") == 0) {
		cert = d2i_X509(NULL, &p, (long)len);
		ok = cert != NULL &&
		    add_spki(args, field, X509_get_X509_PUBKEY(cert));
	} else {
		req = d2i_X509_REQ(NULL, &p, (long)len);
		ok = req != NULL &&
		    add_spki(args, field, X509_REQ_get_X509_PUBKEY(req));
	}
	if (!ok)
		ca_raise(CA_E_BADREQUEST, "no public key can be read");
	X509_free(cert);
	X509_REQ_free(req);
	return ok;
}

int
file_add_text(WIRE_FIELDS *args, const char *field, const char *path)
{
	unsigned char *buf = NULL, *text = NULL;
	size_t len;
	int ok = 0;

	if ((buf = file_read(path, &len)) == NULL)
		return 0;
	if (memchr(buf, '\0', len) != NULL)
		ca_raise(CA_E_BADREQUEST, "%s is no text", path);
	else if ((text = realloc(buf, len + 1)) == NULL)
		ca_raise(CA_E_INTERNAL, "out of memory");
	else {
		buf = text;
		text[len] = '\0';
		ok = field_add_text(args, field, (char *)text);
	}
	free(buf);
	return ok;
}

static const char *const CSR_LABELS[] = {
    PEM_STRING_X509_REQ, PEM_STRING_X509_REQ_OLD, NULL};
static const struct wanted CSR = {
    "certificate request", CSR_LABELS, 1, take_bytes};
static const char *const KEY_LABELS[] = {
    PEM_STRING_PUBLIC, PEM_STRING_X509, PEM_STRING_X509_REQ, NULL};
static const struct wanted KEY = {"public key", KEY_LABELS, 1, take_key};

int
file_add_csr(WIRE_FIELDS *args, const char *field, const char *path)
{
	return add_file(args, field, path, &CSR);
}

int
file_add_csr_text(WIRE_FIELDS *args, const char *field, const char *pem)
{
	return add_octets(args, field, "the text",
	    (const unsigned char *)pem, strlen(pem), &CSR);
}

int
file_add_key(WIRE_FIELDS *args, const char *field, const char *path)
{
	return add_file(args, field, path, &KEY);
}

int
file_add_key_text(WIRE_FIELDS *args, const char *field, const char *pem)
{
	return add_octets(args, field, "the text",
	    (const unsigned char *)pem, strlen(pem), &KEY);
}

int
file_add_cert(WIRE_FIELDS *args, const char *field, const char *path)
{
	static const char *const LABELS[] = {PEM_STRING_X509, NULL};
	static const struct wanted W = {"certificate", LABELS, 1, take_bytes};

	return add_file(args, field, path, &W);
}

int
file_add_chain(WIRE_FIELDS *args, const char *field, const char *path)
{
	static const char *const LABELS[] = {PEM_STRING_X509, NULL};
	static const struct wanted W = {
	    "certificate", LABELS, FILE_CHAIN_MAX, take_bytes};

	return add_file(args, field, path, &W);
}

/* One octet at a time: what follows the line stays for others. */
static int
read_line(char *buf, size_t size)
{
	size_t n = 0;
	ssize_t r;

	while ((r = read(0, buf + n, 1)) == 1 && buf[n] != '\n')
		if (++n == size) {
			ca_raise(CA_E_BADREQUEST,
			    "the secret is longer than %zu octets", size - 1);
			return 0;
		}
	if (r == -1)
		return sys_raise("read", "standard input");
	if (n > 0 && buf[n - 1] == '\r')
		n--;
	buf[n] = '\0';
	if (n == 0) {
		ca_raise(CA_E_BADREQUEST, "no secret was given");
		return 0;
	}
	return 1;
}

int
file_read_secret(const char *prompt, char *buf, size_t size)
{
	struct termios old, quiet;
	int ok, tty = tcgetattr(0, &old) == 0;

	if (tty) {
		quiet = old;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(0, TCSAFLUSH, &quiet);
		write_all(2, prompt, strlen(prompt));
	}
	ok = read_line(buf, size);
	if (tty) {
		tcsetattr(0, TCSAFLUSH, &old);
		write_all(2, "\n", 1);
	}
	return ok;
}

char *
file_pem(const char *label, const unsigned char *der, size_t len)
{
	BIO *bio;
	char *p, *text = NULL;
	long n;

	if ((bio = BIO_new(BIO_s_mem())) == NULL)
		return NULL;
	if (PEM_write_bio(bio, label, "", der, (long)len) > 0 &&
	    (n = BIO_get_mem_data(bio, &p)) > 0)
		text = OPENSSL_strndup(p, (size_t)n);
	BIO_free(bio);
	return text;
}

/* Into a file of another name beside it, then renamed. */
static int
write_new(const char *path, const char *text)
{
	char tmp[4096];
	int fd, n;

	n = snprintf(tmp, sizeof(tmp), "%s.XXXXXX", path);
	if (n < 0 || (size_t)n >= sizeof(tmp)) {
		errno = ENAMETOOLONG;
		return sys_raise("open", path);
	}
	if ((fd = mkostemp(tmp, O_CLOEXEC)) == -1)
		return sys_raise("create a file beside", path);
	if (write_all(fd, text, strlen(text)) && fchmod(fd, 0644) == 0 &&
	    fsync(fd) == 0 && close(fd) == 0) {
		if (rename(tmp, path) == 0)
			return 1;
		fd = -1;
	}
	sys_raise("write", path);
	if (fd != -1)
		close(fd);
	unlink(tmp);
	return 0;
}

static int
write_into(int fd, const char *path, const char *text)
{
	int ok;

	if (fd == -1)
		return sys_raise("open", path);
	ok = write_all(fd, text, strlen(text)) || sys_raise("write", path);
	if (fd != 1)
		close(fd);
	return ok;
}

int
file_write_pem(
    const char *path, const char *label, const unsigned char *der, size_t len)
{
	struct stat st;
	char *text;
	int ok;

	if ((text = file_pem(label, der, len)) == NULL)
		return 0;
	if (strcmp(path, "-") == 0)
		ok = write_into(1, "standard output", text);
	else if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		ok = write_into(
		    open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY), path, text);
	else
		ok = write_new(path, text);
	OPENSSL_free(text);
	return ok;
}

int
file_sha256(const char *path, char hex[65])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	FILE *f = fopen(path, "re");
	unsigned char buf[16 * 1024], md[32];
	size_t n, i;
	int ok;

	ok = f != NULL && ctx != NULL &&
	    EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1;
	while (ok && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		ok = EVP_DigestUpdate(ctx, buf, n) == 1;
	ok = ok && !ferror(f) && EVP_DigestFinal_ex(ctx, md, NULL) == 1;
	if (!ok)
		sys_raise("read", path);
	for (i = 0; ok && i < sizeof(md); i++)
		snprintf(hex + 2 * i, 3, "%02x", md[i]);
	if (f != NULL)
		fclose(f);
	EVP_MD_CTX_free(ctx);
	return ok;
}
