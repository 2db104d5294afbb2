#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/report/report.h"
#include "ocsp/crltime.h"
#include "ocsp/error.h"
#include "ocsp/files.h"
#include "ocsp/load.h"
#include "ocsp/path.h"

struct kept {
	enum files_kind kind;
	char name[PATH_NAME_MAX + 1];
	struct stat seen;
	struct reply *reply; /* NULL: unfit, and reported */
	int unread;	     /* it failed, but that passes; reported */
};

struct files {
	const char *dir;
	time_t crl_max_age;
	pthread_mutex_t lock;
	struct kept *kept; /* FILES_MAX of them */
	size_t n;
};

static const struct {
	const char *folder, *type;
} kinds[] = {
    [FILES_CRL] = {"crl", REPLY_TYPE_CRL},
    [FILES_CERT] = {"ca", REPLY_TYPE_CERT},
};

struct files *
files_new(const char *dir, time_t crl_max_age)
{
	struct files *f = OPENSSL_zalloc(sizeof(*f));

	if (f == NULL)
		return NULL;
	f->kept = OPENSSL_zalloc(FILES_MAX * sizeof(*f->kept));
	if (f->kept == NULL || pthread_mutex_init(&f->lock, NULL) != 0) {
		OPENSSL_free(f->kept);
		OPENSSL_free(f);
		return NULL;
	}
	f->dir = dir;
	f->crl_max_age = crl_max_age;
	return f;
}

void
files_forget(struct files *f)
{
	pthread_mutex_lock(&f->lock);
	while (f->n > 0)
		reply_free(f->kept[--f->n].reply);
	pthread_mutex_unlock(&f->lock);
}

void
files_free(struct files *f)
{
	if (f == NULL)
		return;
	files_forget(f);
	pthread_mutex_destroy(&f->lock);
	OPENSSL_free(f->kept);
	OPENSSL_free(f);
}

/* ${data} is given. */
static struct reply *
make(struct files *f, enum files_kind kind, unsigned char *data, size_t len,
    const struct stat *st)
{
	time_t modified = st->st_mtim.tv_sec, expires = 0;
	struct reply *reply;

	if (kind == FILES_CRL &&
	    !crltime_read(data, len, &modified, &expires)) {
		OPENSSL_free(data);
		return NULL;
	}
	reply = reply_new_stored(
	    data, len, kinds[kind].type, modified, expires, expires);
	if (reply != NULL)
		reply->age_max =
		    kind == FILES_CRL ? (long)f->crl_max_age : FILES_CERT_AGE;
	return reply;
}

/* *unread: as it was kept, and as it is now. What passes comes with every
   request until it has: it is said once. */
static struct reply *
read_file(struct files *f, enum files_kind kind, const char *path,
    struct stat *st, int *unread)
{
	struct reply *reply = NULL;
	int before = *unread;
	unsigned char *data;
	size_t len;

	ERR_clear_error();
	if (load_file(path, FILES_SIZE_MAX, &data, &len, st))
		reply = make(f, kind, data, len, st);
	*unread = reply == NULL && !load_unfit();
	if (reply == NULL && !(before && *unread))
		report_errors(
		    REPORT_WARN, "ocsp.file.refused", "file", path, NULL);
	ERR_clear_error();
	return reply;
}

/* The lock is held. */
static struct kept *
kept_of(struct files *f, enum files_kind kind, const char *name)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (f->kept[i].kind == kind &&
		    strcmp(f->kept[i].name, name) == 0)
			return &f->kept[i];
	return NULL;
}

/* What is kept of exactly this file. *found: it is kept (also as unfit).
 *unread: it, or the one before it, is to be read again. */
static struct reply *
look_up(struct files *f, enum files_kind kind, const char *name,
    const struct stat *st, int *found, int *unread)
{
	struct reply *reply = NULL;
	struct kept *k;

	pthread_mutex_lock(&f->lock);
	k = kept_of(f, kind, name);
	*unread = k != NULL && k->unread;
	*found = k != NULL && !k->unread && load_same(&k->seen, st);
	if (*found && k->reply != NULL)
		reply = reply_up_ref(k->reply);
	pthread_mutex_unlock(&f->lock);
	return reply;
}

static void
keep(struct files *f, enum files_kind kind, const char *name,
    const struct stat *st, struct reply *reply, int unread)
{
	struct kept *k;

	pthread_mutex_lock(&f->lock);
	k = kept_of(f, kind, name);
	if (k == NULL && f->n < FILES_MAX) {
		k = &f->kept[f->n++];
		memset(k, 0, sizeof(*k));
		k->kind = kind;
		snprintf(k->name, sizeof(k->name), "%s", name);
	}
	if (k != NULL) {
		reply_free(k->reply);
		k->reply = reply == NULL ? NULL : reply_up_ref(reply);
		k->seen = *st;
		k->unread = unread;
	}
	pthread_mutex_unlock(&f->lock);
}

struct reply *
files_get(struct files *f, enum files_kind kind, const char *name)
{
	struct reply *reply;
	char path[4096];
	struct stat st;
	int n, found, unread;

	n = snprintf(
	    path, sizeof(path), "%s/%s/%s", f->dir, kinds[kind].folder, name);
	if (n < 0 || (size_t)n >= sizeof(path) || lstat(path, &st) != 0 ||
	    !S_ISREG(st.st_mode))
		return NULL;
	reply = look_up(f, kind, name, &st, &found, &unread);
	if (found)
		return reply;
	/* Two threads may both read it now: the later one's is kept. */
	reply = read_file(f, kind, path, &st, &unread);
	keep(f, kind, name, &st, reply, unread);
	return reply;
}
