#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/publish.h"
#include "ca/engine/ceremony_run.h"

void
ceremony_say(struct ceremony *r, const char *fmt, ...)
{
	char line[2 * PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	r->act(line);
	if (r->transcript != NULL)
		fprintf(r->transcript, "%s\n", line);
}

int
ceremony_open_hsm(struct ceremony *r, const struct settings_token *t)
{
	struct hsm_config cfg;

	settings_hsm(t, &cfg);
	r->hsm = hsm_open(&cfg);
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
ceremony_describe_key(struct ceremony *r, const char *what, EVP_PKEY *key)
{
	struct hsm_key_info info;

	if (hsm_key_info(key, &info))
		ceremony_say(r, "key %s: %s, %s, sensitive %s, extractable %s",
		    what, info.uri, info.type, info.sensitive ? "yes" : "no",
		    info.extractable ? "yes" : "no");
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

	ok = l != NULL && field_add_text(l, "kind", "init") &&
	    field_add_int(l, "issuers", (int64_t)r->f->n_issuers) &&
	    entries_append(tx, "ceremony", r->now, l, NULL);
	field_list_free(l);
	return ok;
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
	return store_write(r->store, ceremony_tx, r, 0) &&
	    store_write(r->store, policy_tx, r, 0);
}

static int
open_transcript(struct ceremony *r)
{
	if (r->f->transcript[0] == '\0')
		return 1;
	r->transcript = fopen(r->f->transcript, "ae");
	if (r->transcript != NULL)
		return 1;
	ca_raise(CA_E_CONFIG, "ceremony: transcript %s: %s", r->f->transcript,
	    strerror(errno));
	return 0;
}

/* No ceremony without the transcript that was asked for. */
int
ceremony_keep_transcript(struct ceremony *r)
{
	if (r->transcript == NULL || (fflush(r->transcript) == 0 &&
	    !ferror(r->transcript) && fsync(fileno(r->transcript)) == 0))
		return 1;
	ca_raise(CA_E_STORE, "ceremony: transcript %s cannot be written",
	    r->f->transcript);
	return 0;
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

static int
commit(struct ceremony *r)
{
	struct stat st;
	char wal[PATH_MAX + 8];

	store_close(r->store);
	r->store = NULL;
	snprintf(wal, sizeof(wal), "%s-wal", r->tmp);
	if (stat(wal, &st) == 0 && st.st_size > 0) {
		ca_raise(CA_E_STORE, "ceremony: %s was not written back", wal);
		return 0;
	}
	ceremony_say(r, "store %s", r->s->store);
	if (!ceremony_keep_transcript(r))
		return 0;
	if (renameat2(AT_FDCWD, r->tmp, AT_FDCWD, r->s->store,
	    RENAME_NOREPLACE) != 0) {
		ca_raise(CA_E_STORE, "ceremony: rename %s: %s", r->tmp,
		    strerror(errno));
		return 0;
	}
	/* From here on it has happened. */
	sync_folder_of(r->s->store);
	ceremony_remove_store(r->tmp);
	return 1;
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
	if (r->transcript != NULL)
		fclose(r->transcript);
	OPENSSL_free(r->f);
	OPENSSL_free(r);
}

static int
run_init(struct ceremony *r)
{
	int ok;

	r->policy = policy_read_dir(r->s->policy_dir);
	ok = r->policy != NULL && publish_prepare(r->s->publish_dir) &&
	    make_store(r) && ceremony_make_keys(r) &&
	    ceremony_make_log(r) && ceremony_use_root(r) &&
	    ceremony_use_issuers(r) && commit(r);
	if (!ok) {
		store_close(r->store);
		r->store = NULL;
		if (r->owned)
			ceremony_roll_back(r);
	}
	return ok;
}

static int
run_kind(struct ceremony *r, int discard)
{
	if (r->f->kind != CEREMONY_INIT) {
		snprintf(r->stage, sizeof(r->stage), "%.*s.ceremony.d",
		    PATH_MAX - 16, r->s->store);
		return open_transcript(r) && ceremony_live_run(r, discard);
	}
	snprintf(r->tmp, sizeof(r->tmp), "%.*s.ceremony", PATH_MAX - 16,
	    r->s->store);
	return ceremony_may_run(r, discard) && open_transcript(r) &&
	    run_init(r);
}

int
ceremony_run(const struct ceremony_file *f, const struct settings *s,
    int discard, time_t now, void (*act)(const char *line))
{
	struct ceremony *r = OPENSSL_zalloc(sizeof(*r));
	int ok;

	if (r == NULL)
		return 0;
	r->f = OPENSSL_memdup(f, sizeof(*f));
	r->s = s;
	r->now = now;
	r->act = act;
	ok = r->f != NULL && run_kind(r, discard);
	run_clear(r);
	return ok;
}
