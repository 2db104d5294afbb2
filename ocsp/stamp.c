#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include <openssl/crypto.h>

#include "ocsp/basic.h"
#include "ocsp/error.h"
#include "ocsp/load.h"
#include "ocsp/stamp.h"
#include "ocsp/tree.h"

#define ANSWER_MAX (1UL << 20)

struct timespec
stamp_of(time_t next_update, time_t validity, time_t now)
{
	struct timespec t = {0, 0};

	if (next_update > validity)
		t.tv_sec = next_update - validity;
	if (t.tv_sec > now) /* one of the root's, or of a longer validity */
		t.tv_sec = now;
	return t;
}

time_t
stamp_end(const struct stat *st, time_t validity)
{
	return st->st_mtim.tv_sec + validity;
}

/* 0: none that can be told. */
static time_t
next_update_of(const char *path)
{
	OCSP_BASICRESP *basic = NULL;
	unsigned char *data = NULL;
	time_t from, to = 0;
	struct stat st;
	size_t len;

	ERR_set_mark();
	if (load_file(path, ANSWER_MAX, &data, &len, &st))
		basic = basic_decode(data, len);
	if (basic == NULL || !basic_times(basic, &from, &to))
		to = 0;
	ERR_pop_to_mark();
	OCSP_BASICRESP_free(basic);
	OPENSSL_free(data);
	return to;
}

struct again {
	const char *dir;
	time_t validity, now;
};

static int
stamp_one(const char *rel, const struct stat *st, void *arg)
{
	const struct again *a = arg;
	char path[TREE_PATH_MAX + 8];
	struct timespec times[2];

	if (S_ISDIR(st->st_mode))
		return 1;
	snprintf(path, sizeof(path), "%s/%s", a->dir, rel);
	times[0] = stamp_of(next_update_of(path), a->validity, a->now);
	times[1] = times[0];
	if (utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	ERR_raise_data(ERR_LIB_SYS, errno, "stamp %s", path);
	return 0;
}

int
stamp_again(const char *dir, time_t validity, time_t now)
{
	struct again a = {dir, validity, now};

	return tree_walk(dir, "ocsp", stamp_one, &a);
}
