#include <errno.h>
#include <stdio.h>
#include <openssl/crypto.h>
#include "ca/merge/private.h"

unsigned char *
merge_file(const char *path, size_t max, size_t *len)
{
	FILE *f = fopen(path, "re");
	unsigned char *buf = NULL, *more;
	size_t room = 0, n = 0, got;

	if (f == NULL) {
		ERR_raise_data(ERR_LIB_SYS, errno, "open %s", path);
		ca_raise(CA_E_BADREQUEST, "merge.file: cannot read %s", path);
		return NULL;
	}
	do {
		room = room == 0 ? 8192 : 2 * room;
		if ((more = OPENSSL_realloc(buf, room + 1)) == NULL)
			break;
		buf = more;
		got = fread(buf + n, 1, room - n, f);
		n += got;
	} while (n == room && n <= max);
	if (ferror(f) || buf == NULL || n > max) {
		ca_raise(CA_E_BADREQUEST, "merge.file: %s: cannot be read, or "
		    "is larger than %zu octets", path, max);
		OPENSSL_free(buf);
		buf = NULL;
	} else {
		buf[n] = '\0';
		*len = n;
	}
	fclose(f);
	return buf;
}
