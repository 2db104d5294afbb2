#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/phone_list.h"
#include "ca/report/report.h"

struct phone_list {
	pthread_mutex_t lock;
	char path[PATH_MAX];
	struct stat st;		/* of the file that was looked at last; zero: none */
	char *text;		/* NULL: never one */
	int64_t fetched;
};

static int
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	    a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	    a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	    a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* All of it; NULL with ${why}. */
static char *
read_whole(int fd, size_t len, const char **why)
{
	char *text = OPENSSL_malloc(len + 1);
	size_t have = 0;
	ssize_t n = 1;

	while (text != NULL && have < len && n > 0) {
		n = read(fd, text + have, len - have);
		if (n > 0)
			have += (size_t)n;
		else if (n < 0 && errno == EINTR)
			n = 1;
	}
	if (text != NULL && have == len && memchr(text, 0, len) == NULL) {
		text[len] = '\0';
		return text;
	}
	*why = text == NULL ? "out of memory"
	    : n < 0	    ? strerror(errno)
			    : "it became shorter, or has a zero octet";
	OPENSSL_free(text);
	return NULL;
}

/* The file as it is now in the place of the one before, if it can be read. */
static void
take(struct phone_list *l, int fd, const struct stat *st)
{
	const char *why = NULL;
	char *text = NULL;

	if (!S_ISREG(st->st_mode))
		why = "it is no file";
	else if (st->st_size == 0 || st->st_size > PHONE_LIST_MAX)
		why = "it is empty, or larger than 512 KiB";
	else
		text = read_whole(fd, (size_t)st->st_size, &why);
	l->st = *st;
	if (text == NULL) {
		report_event(REPORT_ERROR, "android.status.unreadable", "file",
		    l->path, "why", why, NULL);
		return;
	}
	OPENSSL_free(l->text);
	l->text = text;
	l->fetched = (int64_t)st->st_mtim.tv_sec;
}

/* Once for each time that it goes. */
static void
tell_absent(struct phone_list *l, const char *why)
{
	const struct stat none = {0};

	if (l->st.st_nlink == 0)
		return;
	l->st = none;
	report_event(REPORT_ERROR, "android.status.unreadable", "file", l->path,
	    "why", why, NULL);
}

static void
look(struct phone_list *l)
{
	struct stat st;
	int fd;

	if (stat(l->path, &st) == 0 && is_same(&st, &l->st))
		return;
	fd = open(l->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) != 0)
		tell_absent(l, strerror(errno));
	else
		take(l, fd, &st);
	if (fd >= 0)
		close(fd);
}

struct phone_list *
phone_list_new(const char *path)
{
	struct phone_list *l = OPENSSL_zalloc(sizeof(*l));

	if (l == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return NULL;
	}
	pthread_mutex_init(&l->lock, NULL);
	snprintf(l->path, sizeof(l->path), "%s", path);
	l->st.st_nlink = 1; /* so that one that is not there is told of */
	if (path[0] != '\0')
		look(l);
	return l;
}

void
phone_list_free(struct phone_list *l)
{
	if (l == NULL)
		return;
	OPENSSL_free(l->text);
	pthread_mutex_destroy(&l->lock);
	OPENSSL_free(l);
}

char *
phone_list_get(struct phone_list *l, int64_t *fetched)
{
	char *copy = NULL;

	if (l == NULL || l->path[0] == '\0')
		return NULL;
	pthread_mutex_lock(&l->lock);
	look(l);
	if (l->text != NULL)
		copy = OPENSSL_strdup(l->text);
	*fetched = l->fetched;
	pthread_mutex_unlock(&l->lock);
	return copy;
}
