#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "ocsp/error.h"
#include "ocsp/save.h"

static int
fail(const char *what, const char *path)
{
	ERR_raise_data(ERR_LIB_SYS, errno, "%s %s", what, path);
	return 0;
}

int
save_octets(int fd, const void *data, size_t len)
{
	const unsigned char *p = data;
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

/* The new name must last, too. */
static int
sync_folder(const char *path)
{
	char *copy = OPENSSL_strdup(path);
	int fd, ok;

	if (copy == NULL)
		return 0;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	OPENSSL_free(copy);
	return ok ? 1 : fail("sync folder of", path);
}

int
save_file(const char *path, const void *data, size_t len)
{
	size_t n = strlen(path) + 8;
	char *tmp = OPENSSL_malloc(n);
	int fd, ok;

	if (tmp == NULL)
		return 0;
	snprintf(tmp, n, "%s.XXXXXX", path);
	if ((fd = mkostemp(tmp, O_CLOEXEC)) < 0) {
		ok = fail("create", tmp);
		goto out;
	}
	ok =
	    save_octets(fd, data, len) && fchmod(fd, 0644) == 0 && fsync(fd) == 0;
	if (close(fd) != 0)
		ok = 0;
	if (!ok || rename(tmp, path) != 0) {
		ok = fail("write", path);
		unlink(tmp);
		goto out;
	}
	ok = sync_folder(path);
out:
	OPENSSL_free(tmp);
	return ok;
}
