#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/ocsp.h>
#include <openssl/x509_vfy.h>

#include "ca/report/report.h"
#include "ocsp/basic.h"
#include "ocsp/error.h"
#include "ocsp/load.h"
#include "ocsp/presigned.h"

struct entry {
	int hash;
	unsigned char name_hash[64], key_hash[64];
	unsigned char serial[REQUEST_SERIAL_MAX];
	size_t serial_len;
	struct reply *reply;
};

struct set {
	struct entry *entries;
	size_t n, n_files;
};

struct presigned {
	const char *dir;
	pthread_mutex_t lock; /* set */
	struct set set;
	uint64_t seen; /* fingerprint of what the set was read from */
	int unread;    /* some of it could not be: it is tried again */
};

struct presigned *
presigned_new(const char *publish_dir)
{
	struct presigned *p = OPENSSL_zalloc(sizeof(*p));

	if (p != NULL && pthread_mutex_init(&p->lock, NULL) != 0) {
		OPENSSL_free(p);
		return NULL;
	}
	if (p != NULL)
		p->dir = publish_dir;
	return p;
}

static void
set_clear(struct set *set)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		reply_free(set->entries[i].reply);
	OPENSSL_free(set->entries);
	memset(set, 0, sizeof(*set));
}

void
presigned_free(struct presigned *p)
{
	if (p == NULL)
		return;
	set_clear(&p->set);
	pthread_mutex_destroy(&p->lock);
	OPENSSL_free(p);
}

/* ---- one file ---- */

/* Signed by the root's key, or by a delegate of its own. The time is not
   looked at: an answer ends by its nextUpdate. */
static int
verify(OCSP_BASICRESP *basic, X509 *root)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	X509_STORE *store = X509_STORE_new();
	int ok;

	ok = certs != NULL && store != NULL && sk_X509_push(certs, root) > 0 &&
	    X509_STORE_add_cert(store, root) == 1 &&
	    X509_STORE_set_flags(store,
		X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME) == 1 &&
	    OCSP_basic_verify(basic, certs, store, 0) == 1;
	sk_X509_free(certs);
	X509_STORE_free(store);
	return ok;
}

static int
add_entry(struct set *set, const struct request_id *id, struct reply *reply)
{
	struct entry *grown, *e;

	if (id->serial_len > sizeof(e->serial) || id->serial_len == 0)
		return 0;
	grown = OPENSSL_realloc(set->entries, (set->n + 1) * sizeof(*grown));
	if (grown == NULL)
		return 0;
	set->entries = grown;
	e = &grown[set->n++];
	memset(e, 0, sizeof(*e));
	e->hash = id->hash;
	memcpy(e->name_hash, id->name_hash, id->name_hash_len);
	memcpy(e->key_hash, id->key_hash, id->key_hash_len);
	memcpy(e->serial, id->serial, id->serial_len);
	e->serial_len = id->serial_len;
	e->reply = reply_up_ref(reply);
	return 1;
}

/* Each single by its CertID; all must be of ${root}. */
static int
add_singles(struct set *set, OCSP_BASICRESP *basic, const struct view *view,
    const struct view_issuer *root, struct reply *reply)
{
	struct request_id id;
	int i, ok;

	for (i = 0; i < OCSP_resp_count(basic); i++) {
		const OCSP_CERTID *cid =
		    OCSP_SINGLERESP_get0_id(OCSP_resp_get0(basic, i));

		ok = request_id_read(cid, &id) &&
		    view_find_certid(view, &id) == root &&
		    add_entry(set, &id, reply);
		OPENSSL_free(id.der);
		if (!ok) {
			ocsp_raise(OCSP_E_FILE, "CertID %d is not of %s", i,
			    root->ident);
			return 0;
		}
	}
	return 1;
}

static OCSP_BASICRESP *
decode(const unsigned char *der, size_t len, X509 *root)
{
	OCSP_BASICRESP *basic = basic_decode(der, len);

	if (basic != NULL && !verify(basic, root)) {
		ocsp_raise(OCSP_E_FILE, "its signature is not the root's");
		OCSP_BASICRESP_free(basic);
		basic = NULL;
	}
	return basic;
}

static int
read_answer(struct set *set, const char *path, const struct view *view,
    const struct view_issuer *root)
{
	OCSP_BASICRESP *basic = NULL;
	struct reply *reply = NULL;
	unsigned char *data = NULL;
	time_t from, to;
	struct stat st;
	size_t len, before = set->n;
	int ok = 0;

	if (!load_file(path, PRESIGNED_FILE_MAX, &data, &len, &st) ||
	    (basic = decode(data, len, root->cert)) == NULL ||
	    !basic_times(basic, &from, &to))
		goto out;
	/* RFC 9919 7.2: max-age ends before nextUpdate. */
	reply = reply_new_stored(data, len, REPLY_TYPE_OCSP, from, to, to - 1);
	data = NULL;
	if (reply == NULL)
		goto out;
	reply->age_max = PRESIGNED_AGE_MAX;
	ok = add_singles(set, basic, view, root, reply);
	while (!ok && set->n > before)
		reply_free(set->entries[--set->n].reply);
out:
	OPENSSL_free(data);
	reply_free(reply);
	OCSP_BASICRESP_free(basic);
	return ok;
}

/* ---- the folders ---- */

static int
is_answer(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n > 4 && strcmp(name + n - 4, ".der") == 0;
}

/* The ident becomes part of a path; status.db is ours, but this costs
   nothing. */
static int
root_folder(const struct presigned *p, const struct view_issuer *root,
    char *out, size_t size)
{
	static const char fit[] = "abcdefghijklmnopqrstuvwxyz0123456789-._";
	int n;

	if (root->ident[0] == '.' ||
	    root->ident[strspn(root->ident, fit)] != '\0')
		return 0;
	n = snprintf(out, size, "%s/ocsp/%s", p->dir, root->ident);
	return n > 0 && (size_t)n < size;
}

typedef void (*file_cb)(const char *path, void *arg);

/* 1, or 0 raised: the folder could not be read. */
static int
each_file(const struct presigned *p, const struct view_issuer *root, file_cb cb,
    void *arg)
{
	char folder[4096 - 300], path[4096];
	struct dirent *d;
	DIR *dir;
	int ok;

	if (!root_folder(p, root, folder, sizeof(folder)))
		return 1;
	if ((dir = opendir(folder)) == NULL && errno == ENOENT)
		return 1;
	while (dir != NULL) {
		errno = 0;
		if ((d = readdir(dir)) == NULL)
			break;
		if (!is_answer(d->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, d->d_name);
		cb(path, arg);
	}
	ok = dir != NULL && errno == 0;
	if (!ok)
		ERR_raise_data(ERR_LIB_SYS, errno, "read folder %s", folder);
	if (dir != NULL)
		closedir(dir);
	return ok;
}

/* Sum of what each file is: the order in the folder does not matter. */
static void
fingerprint(const char *path, void *arg)
{
	uint64_t *sum = arg, h = 0xcbf29ce484222325u;
	struct stat st;

	if (lstat(path, &st) != 0)
		return;
	for (; *path != '\0'; path++)
		h = (h ^ (unsigned char)*path) * 0x100000001b3u;
	h = (h ^ (uint64_t)st.st_ino) * 0x100000001b3u;
	h = (h ^ (uint64_t)st.st_mtim.tv_sec) * 0x100000001b3u;
	h = (h ^ (uint64_t)st.st_mtim.tv_nsec) * 0x100000001b3u;
	h = (h ^ (uint64_t)st.st_size) * 0x100000001b3u;
	*sum += h;
}

struct reading {
	struct set set;
	const struct view *view;
	const struct view_issuer *root;
	int quiet, unread;
};

/* What was said at the last look is not said again. */
static void
refused(struct reading *rd, const char *path)
{
	rd->unread |= !load_unfit();
	if (!rd->quiet)
		report_errors(
		    REPORT_WARN, "ocsp.presigned.refused", "file", path, NULL);
	ERR_clear_error();
}

static void
read_one(const char *path, void *arg)
{
	struct reading *rd = arg;

	ERR_clear_error();
	if (rd->set.n_files >= PRESIGNED_FILES_MAX) {
		ocsp_raise(
		    OCSP_E_FILE, "more than %d files", PRESIGNED_FILES_MAX);
	} else if (read_answer(&rd->set, path, rd->view, rd->root)) {
		rd->set.n_files++;
		return;
	}
	refused(rd, path);
}

/* 1, or 0: some of it could not be read, which passes. ${quiet}: so it was
   before. */
static int
reload(struct presigned *p, const struct view *view, int quiet)
{
	struct reading rd = {.view = view, .quiet = quiet};
	struct set old;
	char n[24];
	size_t i;

	for (i = 0; i < view_n_issuers(view); i++) {
		rd.root = view_issuer(view, i);
		if (rd.root->is_root && !each_file(p, rd.root, read_one, &rd))
			refused(&rd, rd.root->ident);
	}
	pthread_mutex_lock(&p->lock);
	old = p->set;
	p->set = rd.set;
	pthread_mutex_unlock(&p->lock);
	set_clear(&old);
	snprintf(n, sizeof(n), "%zu", rd.set.n_files);
	if (!quiet || !rd.unread)
		report_event(
		    REPORT_INFO, "ocsp.presigned.loaded", "files", n, NULL);
	return !rd.unread;
}

/* Of all roots' folders. 1, or 0: one could not be read, said once. */
static int
look(const struct presigned *p, const struct view *view, uint64_t *sum)
{
	size_t i;

	*sum = 0;
	for (i = 0; i < view_n_issuers(view); i++) {
		const struct view_issuer *issuer = view_issuer(view, i);
		struct reading rd = {.quiet = p->unread};

		if (!issuer->is_root)
			continue;
		*sum = *sum * 31 + issuer->key_hash[REQUEST_SHA1][0];
		if (!each_file(p, issuer, fingerprint, sum)) {
			refused(&rd, issuer->ident);
			return 0;
		}
	}
	return 1;
}

void
presigned_poll(struct presigned *p, const struct view *view, int force)
{
	uint64_t sum;
	int again;

	if (view == NULL)
		return;
	/* What is in force stays. */
	if (!look(p, view, &sum)) {
		p->unread = 1;
		return;
	}
	again = sum == p->seen && p->unread && !force;
	if (sum == p->seen && !force && !again)
		return;
	p->seen = sum;
	p->unread = !reload(p, view, again);
}

static int
matches(const struct entry *e, const struct request_id *id)
{
	size_t len;

	if (id->hash < 0 || e->hash != id->hash)
		return 0;
	len = request_hash_len((enum request_hash)id->hash);
	return id->name_hash_len == len && id->key_hash_len == len &&
	    e->serial_len == id->serial_len &&
	    memcmp(e->serial, id->serial, e->serial_len) == 0 &&
	    memcmp(e->key_hash, id->key_hash, len) == 0 &&
	    memcmp(e->name_hash, id->name_hash, len) == 0;
}

/* Does ${reply} speak of every CertID but the first, which led to it? */
static int
covers(const struct set *set, const struct reply *reply,
    const struct request *req)
{
	size_t i, k;

	for (k = 1; k < request_n_ids(req); k++) {
		for (i = 0; i < set->n; i++)
			if (set->entries[i].reply == reply &&
			    matches(&set->entries[i], request_id(req, k)))
				break;
		if (i == set->n)
			return 0;
	}
	return 1;
}

struct reply *
presigned_find(struct presigned *p, const struct request *req)
{
	struct reply *best = NULL;
	size_t i;

	pthread_mutex_lock(&p->lock);
	for (i = 0; i < p->set.n; i++) {
		const struct entry *e = &p->set.entries[i];

		if (matches(e, request_id(req, 0)) &&
		    (best == NULL || e->reply->len < best->len) &&
		    covers(&p->set, e->reply, req))
			best = e->reply;
	}
	if (best != NULL)
		best = reply_up_ref(best);
	pthread_mutex_unlock(&p->lock);
	return best;
}
