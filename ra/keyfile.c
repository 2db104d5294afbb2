#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/pem.h>

#include "ra/error.h"
#include "ra/keyfile.h"
#include "ra/request.h"

#define sys_raise(what, path)                                                  \
	ERR_raise_data(ERR_LIB_SYS, errno, "%s %s", (what), (path))

EVP_PKEY *
keyfile_new(void)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");

	if (key == NULL)
		ra_raise(RA_E_INTERNAL, "no key could be generated");
	return key;
}

/* An encrypted key would make OpenSSL ask at the terminal. */
static int
no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return -1;
}

EVP_PKEY *
keyfile_read(const char *path)
{
	EVP_PKEY *key = NULL;
	struct stat st;
	FILE *f = NULL;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		sys_raise("open", path);
		return NULL;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		ra_raise(RA_E_CONFIG, "%s: not a regular file", path);
		close(fd);
		return NULL;
	}
	if ((st.st_mode & 077) != 0) {
		ra_raise(RA_E_CONFIG,
		    "%s: mode %04o lets others at the key; chmod 600", path,
		    (unsigned int)(st.st_mode & 07777));
		close(fd);
		return NULL;
	}
	f = fdopen(fd, "r");
	if (f == NULL) {
		sys_raise("open", path);
		close(fd);
		return NULL;
	}
	key = PEM_read_PrivateKey(f, NULL, no_passphrase, NULL);
	if (key == NULL)
		ra_raise(RA_E_CONFIG, "%s: no private key in PEM", path);
	fclose(f);
	return key;
}

/* Of the file ${path}; -1 with errno. */
static int
open_folder(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		strcpy(folder, ".");
	else
		snprintf(folder, sizeof(folder), "%.*s",
		    slash == path ? 1 : (int)(slash - path), path);
	return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* fsync of the folder, so that the rename lasts. */
static int
sync_folder(const char *path)
{
	int fd = open_folder(path), ok;

	if (fd < 0)
		return 0;
	ok = fsync(fd) == 0;
	close(fd);
	return ok;
}

/* The folder's lock: the file itself is another one after each renewal. */
int
keyfile_lock(const char *path)
{
	int fd = open_folder(path), tries = KEYFILE_LOCK_S * 10;

	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EINTR)
			continue;
		if (errno == EWOULDBLOCK && tries-- > 0) {
			poll(NULL, 0, 100);
			continue;
		}
		sys_raise("lock the folder of", path);
		close(fd);
		return -1;
	}
	if (fd < 0)
		sys_raise("open the folder of", path);
	return fd;
}

static int
write_all(int fd, const char *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		p += n;
		len -= (size_t)n;
	}
	return 1;
}

static int
write_file(const char *path, const char *text, size_t len, mode_t mode)
{
	char temp[PATH_MAX];
	int fd, n, ok;

	n = snprintf(temp, sizeof(temp), "%s.tmp", path);
	if (n < 0 || (size_t)n >= sizeof(temp)) {
		ra_raise(RA_E_CONFIG, "%s: path too long", path);
		return 0;
	}
	unlink(temp);
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0) {
		sys_raise("create", temp);
		return 0;
	}
	ok =
	    fchmod(fd, mode) == 0 && write_all(fd, text, len) && fsync(fd) == 0;
	if (close(fd) != 0)
		ok = 0;
	if (!ok || rename(temp, path) != 0 || !sync_folder(path)) {
		sys_raise("write", path);
		unlink(temp);
		return 0;
	}
	return 1;
}

int
keyfile_write_text(const char *path, const char *text, size_t len)
{
	return write_file(path, text, len, 0644);
}

int
keyfile_write(const char *path, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *text = NULL;
	long len;
	int ok = 0;

	if (bio == NULL ||
	    PEM_write_bio_PKCS8PrivateKey(
		bio, key, NULL, NULL, 0, NULL, NULL) != 1) {
		ra_raise(RA_E_INTERNAL, "the key could not be written");
		goto out;
	}
	len = BIO_get_mem_data(bio, &text);
	ok = len > 0 && write_file(path, text, (size_t)len, 0600);
out:
	BIO_free(bio);
	return ok;
}

int
keyfile_init(const char *key_path, const char *csr_path, const char *subject,
    char *const *names, size_t n_names)
{
	EVP_PKEY *key = NULL;
	X509_REQ *req = NULL;
	BIO *bio = NULL;
	char *text = NULL;
	long len;
	int ok = 0;

	if (access(key_path, F_OK) == 0)
		key = keyfile_read(key_path);
	else if ((key = keyfile_new()) != NULL && !keyfile_write(key_path, key))
		goto out;
	if (key == NULL)
		goto out;
	req = request_make(key, subject, names, n_names);
	bio = BIO_new(BIO_s_mem());
	if (req == NULL || bio == NULL || PEM_write_bio_X509_REQ(bio, req) != 1)
		goto out;
	len = BIO_get_mem_data(bio, &text);
	ok = len > 0 && keyfile_write_text(csr_path, text, (size_t)len);
out:
	BIO_free(bio);
	X509_REQ_free(req);
	EVP_PKEY_free(key);
	return ok;
}
