#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/publish.h"
#include "ca/engine/ceremony_run.h"

int
ceremony_open_hsm(struct ceremony *r, const struct settings_token *t)
{
	struct hsm_config cfg;

	settings_hsm(t, &cfg);
	r->hsm = hsm_open(&cfg);
	ceremony_record_token(r);
	return r->hsm != NULL;
}

const struct settings_token *
ceremony_token(const struct ceremony *r, size_t i)
{
	if (i == 0)
		return &r->s->token;
	return i <= r->s->n_tokens ? &r->s->tokens[i - 1] : NULL;
}

void
ceremony_close_hsm(struct ceremony *r)
{
	hsm_close(r->hsm);
	r->hsm = NULL;
}

void
ceremony_ident(const struct ceremony_ca *ca, char *out, size_t size)
{
	snprintf(out, size, "%.63s-g%d", ca->name, ca->generation);
}

static int
policy_tx(struct store_tx *tx, void *arg)
{
	struct ceremony *r = arg;
	struct policy_row *row = &r->policy->row;
	WIRE_FIELDS *l = field_list_new();
	int ok;

	row->time = r->now;
	snprintf(row->author, sizeof(row->author), "ceremony");
	ok = l != NULL && policies_add(tx, row, r->policy->files,
	    r->policy->n_files) && field_add_int(l, "version", row->version) &&
	    field_add_bytes(l, "sha256", row->sha256, 32) &&
	    field_add_text(l, "author", row->author) &&
	    entries_append(tx, "policy", r->now, l, NULL);
	field_list_free(l);
	return ok;
}

static int
ceremony_tx(struct store_tx *tx, void *arg)
{
	struct ceremony *r = arg;
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = l != NULL &&
	    field_add_text(l, "kind", ceremony_kind_name(r->f->kind)) &&
	    field_add_int(l, "issuers", (int64_t)r->f->n_issuers) &&
	    ceremony_log_transcript(r, l) &&
	    (r->f->kind != CEREMONY_CSR || ceremony_csr_act.use(tx, r)) &&
	    store_meta_set(tx, CEREMONY_DONE, "init") &&
	    entries_append(tx, "ceremony", r->now, l, NULL);
	field_list_free(l);
	return ok;
}

/* What a rollback, or who goes on, has to know. */
static int
begin_tx(struct store_tx *tx, void *arg)
{
	return policy_tx(tx, arg) && ceremony_remember_run(tx, arg);
}

static int
begin(struct ceremony *r)
{
	return ceremony_open_transcript(r) &&
	    store_write(r->store, begin_tx, r, 0);
}

static int
make_store(struct ceremony *r)
{
	struct store_config cfg = {.path = r->tmp, .mode = STORE_CREATE,
	    .now = r->now};

	r->store = store_open(&cfg);
	if (r->store == NULL)
		return 0;
	/* Once more, now that its lock keeps every other ceremony out. */
	if (!ceremony_is_clean(r)) {
		store_close(r->store);
		r->store = NULL;
		ceremony_remove_store(r->tmp);
		return 0;
	}
	r->owned = 1;
	return begin(r);
}

struct begun {
	char file[80], done[16], transcript[PATH_MAX];
};

static int
begun_tx(struct store_tx *tx, void *arg)
{
	struct begun *b = arg;

	return store_meta_get(tx, CEREMONY_FILE, b->file,
	    sizeof(b->file)) >= 0 && store_meta_get(tx, CEREMONY_DONE, b->done,
	    sizeof(b->done)) >= 0 && store_meta_get(tx, CEREMONY_TRANSCRIPT,
	    b->transcript, sizeof(b->transcript)) >= 0;
}

static void
sync_folder_of(const char *path)
{
	char dir[PATH_MAX];
	int fd;

	snprintf(dir, sizeof(dir), "%s", path);
	*(strrchr(dir, '/') + 1) = '\0';
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

/* The last transaction is written: what is left to do can be done again. */
static int
finish(struct ceremony *r)
{
	struct stat st;
	char wal[PATH_MAX + 8];

	r->owned = 0;
	store_close(r->store);
	r->store = NULL;
	snprintf(wal, sizeof(wal), "%s-wal", r->tmp);
	if (stat(wal, &st) == 0 && st.st_size > 0) {
		ca_raise(CA_E_STORE, "ceremony: %s was not written back", wal);
		return 0;
	}
	ceremony_end_transcript(r, "done");
	if (renameat2(AT_FDCWD, r->tmp, AT_FDCWD, r->s->store,
	    RENAME_NOREPLACE) != 0) {
		ca_raise(CA_E_STORE, "ceremony: rename %s: %s; run it again "
		    "with --resume", r->tmp, strerror(errno));
		return 0;
	}
	/* From here on it has happened. */
	sync_folder_of(r->s->store);
	ceremony_remove_store(r->tmp);
	return 1;
}

static int
commit(struct ceremony *r)
{
	ceremony_say(r, "policy version %lld, store complete",
	    (long long)r->policy->row.version);
	return ceremony_keep_transcript(r) &&
	    store_write(r->store, ceremony_tx, r, 0) && finish(r);
}

static void
run_clear(struct ceremony *r)
{
	size_t i;

	for (i = 0; i < CEREMONY_ISSUERS_MAX; i++)
		OPENSSL_free(r->spki[i]);
	issuer_set_clear(&r->issuers);
	for (i = 0; i < r->n_made; i++)
		issuer_free(r->made[i]);
	for (i = 0; i < r->n_extra; i++)
		ca_certs_row_clear(&r->extra[i]);
	store_close(r->store);
	hsm_close(r->hsm);
	policy_put(r->policy);
	transcript_close(r->transcript);
	pending_cas_row_clear(&r->pending);
	OPENSSL_free(r->approved);
	OPENSSL_free(r->memo);
	OPENSSL_free(r->f);
	OPENSSL_free(r);
}

static int
work(struct ceremony *r)
{
	ceremony_record_policy(r);
	if (r->f->kind == CEREMONY_CSR)
		return ceremony_csr_act.work(r) && ceremony_back_up(r) &&
		    commit(r);
	return ceremony_make_keys(r) && ceremony_make_log(r) &&
	    ceremony_use_root(r) && ceremony_use_issuers(r) && ceremony_back_up(r) &&
	    ceremony_all_taken(r) && commit(r);
}

/* Go on in the store that an interrupted one left, from where it was. */
static int
go_on(struct ceremony *r)
{
	struct store_config cfg = {.path = r->tmp, .mode = STORE_WRITE,
	    .now = r->now};
	struct begun *b = OPENSSL_zalloc(sizeof(*b));
	int ok = 0;

	r->store = store_open(&cfg);
	if (b == NULL || r->store == NULL || !store_read(r->store, begun_tx,
	    b))
		goto out;
	if (b->done[0] != '\0') {
		ERR_set_mark();
		if (b->transcript[0] != '\0')
			r->transcript = transcript_continue(b->transcript);
		ERR_pop_to_mark();
		ok = finish(r);
	} else {
		ok = (b->file[0] != '\0' ? ceremony_resume(r) : begin(r)) &&
		    work(r);
	}
out:
	OPENSSL_free(b);
	return ok;
}

static int
run_init(struct ceremony *r)
{
	int ok;

	r->policy = policy_read_dir(r->s->policy_dir);
	ok = r->policy != NULL && publish_prepare(r->s->publish_dir) &&
	    (r->how->resume ? go_on(r) : make_store(r) && work(r));
	if (ok)
		return 1;
	store_close(r->store);
	r->store = NULL;
	if (r->how->resume) {
		ceremony_still_open(r);
	} else if (r->owned) {
		ceremony_roll_back(r);
		ceremony_end_transcript(r, "rolled-back");
	}
	return 0;
}

static int
run_kind(struct ceremony *r)
{
	if (!ceremony_quorum(r))
		return 0;
	if (!ceremony_is_first(r->f) && (r->f->kind != CEREMONY_CSR ||
	    access(r->s->store, F_OK) == 0)) {
		snprintf(r->stage, sizeof(r->stage), "%.*s.ceremony.d",
		    PATH_MAX - 16, r->s->store);
		return ceremony_live_run(r);
	}
	snprintf(r->tmp, sizeof(r->tmp), "%.*s.ceremony", PATH_MAX - 16,
	    r->s->store);
	return ceremony_may_run(r) && run_init(r);
}

int
ceremony_run(const struct ceremony_file *f, const struct settings *s,
    const struct ceremony_how *how, time_t now, void (*act)(const char *line))
{
	struct ceremony *r = OPENSSL_zalloc(sizeof(*r));
	int ok;

	if (r == NULL)
		return 0;
	r->f = OPENSSL_memdup(f, sizeof(*f));
	r->s = s;
	r->how = how;
	r->now = now;
	r->act = act;
	ok = r->f != NULL && run_kind(r);
	run_clear(r);
	return ok;
}
