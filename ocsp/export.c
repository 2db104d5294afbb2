#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "ocsp/answer.h"
#include "ocsp/certid.h"
#include "ocsp/error.h"
#include "ocsp/export.h"
#include "ocsp/load.h"
#include "ocsp/stamp.h"
#include "ocsp/tree.h"

/* Requests about one CertID by SHA-256 take some 120 octets. */
#define REQUEST_MAX 1024

/* "GENERATION CHANGE" of the last whole run, and the validity by which all
   files are stamped. */
#define STATE_FILE ".export"

enum phase { PHASE_NEWS, PHASE_REST, PHASE_DONE };

struct export {
	const struct settings *set;
	struct responder *responder;
	struct follow *follow;
	const char *dir;
	int lock;
	struct status_reader *reader;
	struct view *view;
	enum phase phase;
	int64_t generation; /* of status.db: of the last run, then of this */
	time_t stamped;	    /* by this validity; 0: not known */
	int64_t from, to;   /* changes: known at the start; seen now */
	int64_t since;	    /* where this phase is */
	size_t n;	    /* rows of this step */
	time_t now;
	int failed;
	struct export_sum sum;
};

int
export_path(const unsigned char *der, size_t len, char *out)
{
	static const char head[] = "ocsp/";
	char *p = out + sizeof(head) - 1;
	size_t part;

	if (len == 0 || len > REQUEST_MAX)
		return 0;
	memcpy(out, head, sizeof(head));
	EVP_EncodeBlock((unsigned char *)p, der, (int)len);
	for (; *p != '\0'; p += part + (p[part] == '/'))
		if ((part = strcspn(p, "/")) > NAME_MAX)
			return 0;
	if (p[-1] == '/')
		strcpy(p, "index");
	return 1;
}

/* ---- one answer ---- */

/* Not all in one run: up to a quarter of the refresh time earlier, by what
   differs from one path to the next. */
static time_t
jitter(const char *path, time_t refresh)
{
	unsigned long h = 5381;

	for (; *path != '\0'; path++)
		h = h * 33 + (unsigned char)*path;
	return refresh < 4 ? 0 : (time_t)(h % (unsigned long)(refresh / 4));
}

static int
is_fresh(const struct export *e, const char *path)
{
	const struct settings *set = e->set;
	char full[TREE_PATH_MAX + 8];
	struct stat st;

	snprintf(full, sizeof(full), "%s/%s", e->dir, path);
	return e->stamped == set->validity && lstat(full, &st) == 0 &&
	    S_ISREG(st.st_mode) && st.st_size > 0 &&
	    stamp_end(&st, set->validity) - set->refresh -
		jitter(path, set->refresh) >
	    e->now;
}

/* tryLater: there will be an answer, just not now. */
static int
is_later(const struct reply *reply)
{
	unsigned char later[ANSWER_ERROR_LEN];

	answer_error(ANSWER_TRYLATER, later);
	return reply->len == sizeof(later) &&
	    memcmp(reply->data, later, sizeof(later)) == 0;
}

static int
write_answer(struct export *e, const char *path, const unsigned char *request,
    size_t len)
{
	struct reply *reply =
	    responder_answer(e->responder, request, len, e->now);
	struct timespec modified;
	int ok;

	if (reply == NULL)
		return 0;
	if (!reply->store || reply->expires <= e->now) {
		e->sum.refused += is_later(reply);
		reply_free(reply);
		return 1;
	}
	modified = stamp_of(reply->expires, e->set->validity, e->now);
	ok = tree_write(e->dir, path, reply->data, reply->len, modified);
	e->sum.written += (size_t)ok;
	reply_free(reply);
	return ok;
}

/* The answer by one hash. ${force}: also when its file is fresh. */
static int
export_hash(struct export *e, const struct view_issuer *issuer,
    const struct status_cert *cert, enum request_hash hash, int force)
{
	unsigned char *certid = NULL, *request = NULL;
	char path[TREE_PATH_MAX];
	size_t certid_len, len;
	int ok = 0;

	if (!certid_encode(issuer->cert, hash, cert->serial, cert->serial_len,
		&certid, &certid_len) ||
	    !certid_request(certid, certid_len, &request, &len))
		goto out;
	if (!export_path(request, len, path)) {
		ocsp_raise(OCSP_E_FILE, "a path is too long for a file");
		goto out;
	}
	ok = 1;
	if (!force && is_fresh(e, path))
		e->sum.fresh++;
	else
		ok = write_answer(e, path, request, len);
out:
	OPENSSL_free(certid);
	OPENSSL_free(request);
	return ok;
}

static const struct view_issuer *
issuer_of(const struct export *e, int64_t id)
{
	size_t i;

	for (i = 0; i < view_n_issuers(e->view); i++)
		if (view_issuer(e->view, i)->id == id)
			return view_issuer(e->view, i);
	return NULL;
}

/* Nobody asks about what has ended, unless it is kept. Its files end, too. */
static int
is_over(const struct export *e, const struct view_issuer *issuer,
    const struct status_cert *cert)
{
	const struct settings *set = e->set;
	size_t i = settings_delegate_of(set, issuer->ident);
	const struct policy *p = i < set->n_delegates
	    ? &set->delegates[i].policy
	    : &set->policy;

	return cert->not_after != 0 && cert->not_after + p->archive < e->now;
}

/* A row whose issuer has no answers of ours is passed over. */
static int
export_cert(struct export *e, const struct status_cert *cert)
{
	const struct view_issuer *issuer = issuer_of(e, cert->issuer);
	int force = e->phase == PHASE_NEWS;

	e->sum.certs++;
	if (issuer == NULL || cert->serial_len == 0 ||
	    is_over(e, issuer, cert))
		return 1;
	if (settings_delegate_of(e->set, issuer->ident) ==
	    e->set->n_delegates) {
		if (!issuer->is_root)
			return 1;
		force = 1; /* a ceremony replaces them at any time */
	}
	return export_hash(e, issuer, cert, REQUEST_SHA256, force) &&
	    export_hash(e, issuer, cert, REQUEST_SHA1, force);
}

/* ---- what has ended ---- */

/* What it tells of is on the disk before it is, also after a power failure. */
static int
note(const struct export *e, int64_t change)
{
	struct timespec now = {.tv_sec = e->now};
	char text[96];
	int n;

	n = snprintf(text, sizeof(text), "%lld %lld %lld\n",
	    (long long)e->generation, (long long)change,
	    (long long)e->set->validity);
	return tree_sync(e->dir) &&
	    tree_write(e->dir, STATE_FILE, text, (size_t)n, now) &&
	    tree_sync(e->dir);
}

/* The state goes first: a run that ends in between leaves stamps of both kinds,
   and nothing may believe them. */
static int
stamp(struct export *e)
{
	char path[TREE_PATH_MAX];

	snprintf(path, sizeof(path), "%s/" STATE_FILE, e->dir);
	if (unlink(path) != 0 && errno != ENOENT) {
		ERR_raise_data(ERR_LIB_SYS, errno, "remove %s", path);
		return 0;
	}
	return tree_sync(e->dir) &&
	    stamp_again(e->dir, e->set->validity, e->now);
}

static int
remove_ended(const char *path, const struct stat *st, void *arg)
{
	struct export *e = arg;
	char full[TREE_PATH_MAX + 8];

	snprintf(full, sizeof(full), "%s/%s", e->dir, path);
	if (S_ISDIR(st->st_mode)) {
		(void)rmdir(full); /* when it is empty */
		return 1;
	}
	if (stamp_end(st, e->set->validity) > e->now)
		return 1;
	if (unlink(full) == 0)
		e->sum.removed++;
	return 1;
}

int
export_clean(struct export *e, time_t now)
{
	int again = e->stamped != e->set->validity;

	e->now = now;
	if (again && !stamp(e))
		return 0;
	e->stamped = e->set->validity;
	/* The note last: a full disk has room for it now. */
	return tree_walk(e->dir, "ocsp", remove_ended, e) &&
	    (!again || note(e, e->from));
}

/* ---- all of them ---- */

static int
take(const struct status_cert *cert, void *arg)
{
	struct export *e = arg;

	if (e->phase == PHASE_REST && cert->change > e->from) {
		e->n = 0; /* the news were first */
		return 0;
	}
	e->since = cert->change;
	if (cert->change > e->to)
		e->to = cert->change;
	e->n++;
	if (export_cert(e, cert))
		return 1;
	e->failed = 1;
	return 0;
}

/* status.db, as late as that: what comes before is done without it. Another
   generation begins anew. */
static int
open_status(struct export *e)
{
	struct status_head head;

	if ((e->reader = status_reader_open(e->set->status_db)) == NULL ||
	    !status_reader_head(e->reader, &head))
		return 0;
	if ((e->view = state_view(e->responder->state)) == NULL) {
		ocsp_raise(OCSP_E_FILE, "%s was not read", e->set->status_db);
		return 0;
	}
	if (head.generation != e->generation)
		e->from = 0;
	e->generation = head.generation;
	e->since = e->to = e->from;
	return 1;
}

int
export_step(struct export *e, time_t now)
{
	e->now = now;
	e->n = 0;
	/* The heartbeat goes on while a long export runs. */
	if (!follow_step(e->follow))
		ERR_clear_error();
	if (e->view == NULL && !open_status(e))
		return -1;
	if (!status_reader_changes(
		e->reader, e->since, EXPORT_STEP, take, e) ||
	    e->failed)
		return -1;
	if (e->n == EXPORT_STEP)
		return 1;
	if (e->phase == PHASE_NEWS && e->from > 0) {
		e->phase = PHASE_REST;
		e->since = 0;
		return 1;
	}
	e->phase = PHASE_DONE;
	return 0;
}

/* ---- the end ---- */

/* The checkpoint last, and as it was before the tiles: it names none that is
   not there. */
static int
copy_log(struct export *e)
{
	static const char *const texts[] = {
	    "log/log.vkey", "log/checkpoint", "log/checkpoint.witnessed"};
	unsigned char *data[3] = {NULL, NULL, NULL};
	const char *from = e->set->publish_dir;
	char path[TREE_PATH_MAX];
	struct stat st[3];
	size_t len[3], i;
	int ok;

	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", from, texts[i]);
		ERR_set_mark();
		(void)load_file(path, 1 << 20, &data[i], &len[i], &st[i]);
		ERR_pop_to_mark(); /* not published */
	}
	ok = tree_copy(from, e->dir, "log/tile", &e->sum.copied);
	for (i = 0; i < 3; i++) {
		if (ok && data[i] != NULL)
			ok = tree_write(e->dir, texts[i], data[i], len[i],
			    st[i].st_mtim);
		OPENSSL_free(data[i]);
	}
	return ok;
}

int
export_finish(struct export *e, time_t now)
{
	const char *from = e->set->publish_dir;
	int ok;

	e->now = now;
	/* Each, whatever becomes of the others. */
	ok = tree_copy(from, e->dir, "crl", &e->sum.copied);
	ok &= tree_copy(from, e->dir, "ca", &e->sum.copied);
	ok &= copy_log(e);
	if (!ok)
		return 0;
	/* What was refused is tried again as news. */
	if (e->phase != PHASE_DONE || e->sum.refused > 0 ||
	    e->stamped != e->set->validity)
		return tree_sync(e->dir);
	return note(e, e->to);
}

const struct export_sum *
export_sum(const struct export *e)
{
	return &e->sum;
}

/* ---- the beginning ---- */

static int
lock_folder(struct export *e)
{
	char path[TREE_PATH_MAX];

	if (!tree_folder(e->dir))
		return 0;
	snprintf(path, sizeof(path), "%s/.lock", e->dir);
	e->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (e->lock < 0) {
		ERR_raise_data(ERR_LIB_SYS, errno, "open %s", path);
		return 0;
	}
	if (flock(e->lock, LOCK_EX | LOCK_NB) != 0) {
		ocsp_raise(OCSP_E_FILE,
		    "export.busy: another export writes into %s", e->dir);
		return 0;
	}
	return 1;
}

/* How far the last run came. */
static void
read_state(struct export *e)
{
	char path[TREE_PATH_MAX], text[97] = "", *second, *third, *end;
	long long generation, change, validity;
	unsigned char *data = NULL;
	struct stat st;
	size_t len;

	snprintf(path, sizeof(path), "%s/" STATE_FILE, e->dir);
	if (load_file(path, sizeof(text) - 1, &data, &len, &st)) {
		memcpy(text, data, len);
		errno = 0;
		generation = strtoll(text, &second, 10);
		change = strtoll(second, &third, 10);
		validity = strtoll(third, &end, 10);
		if (errno == 0 && third != second && *end == '\n') {
			e->generation = generation;
			e->from = change;
			e->stamped = (time_t)validity;
		}
	}
	ERR_clear_error();
	OPENSSL_free(data);
}

struct export *
export_new(const struct settings *set, struct responder *responder,
    struct follow *follow, const char *dir)
{
	struct export *e = OPENSSL_zalloc(sizeof(*e));

	if (e == NULL)
		return NULL;
	e->set = set;
	e->responder = responder;
	e->follow = follow;
	e->dir = dir;
	e->lock = -1;
	if (!lock_folder(e)) {
		export_free(e);
		return NULL;
	}
	read_state(e);
	return e;
}

void
export_free(struct export *e)
{
	if (e == NULL)
		return;
	status_reader_close(e->reader);
	view_free(e->view);
	if (e->lock >= 0)
		close(e->lock);
	OPENSSL_free(e);
}
