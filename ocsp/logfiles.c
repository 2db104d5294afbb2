#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/report/report.h"
#include "ocsp/error.h"
#include "ocsp/load.h"
#include "ocsp/logfiles.h"

/* ${data} is given. */
static struct reply *
make(const char *name, unsigned char *data, size_t len, const struct stat *st)
{
	int tile = strncmp(name, "tile/", 5) == 0;
	struct reply *reply;

	reply = reply_new_stored(data, len,
	    tile ? REPLY_TYPE_OCTETS : REPLY_TYPE_TEXT, st->st_mtim.tv_sec, 0,
	    0);
	if (reply == NULL)
		return NULL;
	reply->age_max = tile ? LOGFILES_TILE_AGE : LOGFILES_AGE;
	reply->immutable = tile;
	reply->once = 1;
	return reply;
}

struct reply *
logfiles_get(const char *dir, const char *name)
{
	struct reply *reply = NULL;
	char path[PATH_MAX];
	unsigned char *data;
	struct stat st;
	size_t len;
	int n;

	n = snprintf(path, sizeof(path), "%s/log/%s", dir, name);
	if (n < 0 || (size_t)n >= sizeof(path) || lstat(path, &st) != 0)
		return NULL;
	ERR_clear_error();
	if (load_file(path, LOGFILES_MAX, &data, &len, &st))
		reply = make(name, data, len, &st);
	if (reply == NULL)
		report_errors(
		    REPORT_WARN, "ocsp.file.refused", "file", path, NULL);
	ERR_clear_error();
	return reply;
}
