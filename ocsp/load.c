#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "ca/report/report.h"
#include "ocsp/error.h"
#include "ocsp/load.h"

int
load_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
	    a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int
read_all(int fd, unsigned char *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = read(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO; /* it was cut off below us */
		if (n <= 0)
			return 0;
		p += n;
		len -= (size_t)n;
	}
	return 1;
}

int
load_unfit(void)
{
	return report_last_reason() == OCSP_E_FILE;
}

int
load_file(const char *path, size_t max, unsigned char **out, size_t *out_len,
    struct stat *st)
{
	unsigned char *data = NULL;
	int fd, ok = 0;

	*out = NULL;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ELOOP) {
		ocsp_raise(OCSP_E_FILE, "%s: a link", path);
		goto out;
	}
	if (fd < 0 || fstat(fd, st) != 0) {
		ERR_raise_data(ERR_LIB_SYS, errno, "open %s", path);
		goto out;
	}
	if (!S_ISREG(st->st_mode) || st->st_size < 1 ||
	    (unsigned long long)st->st_size > max) {
		ocsp_raise(
		    OCSP_E_FILE, "%s: not a file of 1..%zu octets", path, max);
		goto out;
	}
	data = OPENSSL_malloc((size_t)st->st_size);
	if (data == NULL || !read_all(fd, data, (size_t)st->st_size)) {
		ERR_raise_data(ERR_LIB_SYS, errno, "read all of %s", path);
		goto out;
	}
	*out = data;
	*out_len = (size_t)st->st_size;
	data = NULL;
	ok = 1;
out:
	OPENSSL_free(data);
	if (fd >= 0)
		close(fd);
	return ok;
}
