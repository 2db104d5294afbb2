#ifndef TESTS_UNIT_CA_ENGINE_LOGPUB_H
#define TESTS_UNIT_CA_ENGINE_LOGPUB_H

#include "tests/unit/ca/engine/world.h"
#include "ca/engine/logpub_run.h"
#include "ca/store/logs.h"

/* A world whose log is looked at from outside: by its files. */

static int __attribute__((unused))
entries_tx(struct store_tx *tx, void *arg)
{
	return entries_count(tx, arg);
}

static int64_t __attribute__((unused))
entries(struct world *w)
{
	int64_t n = 0;

	assert_true(store_read(w->ca->store, entries_tx, &n));
	return n;
}

static char *__attribute__((unused))
read_text(struct world *w, const char *name)
{
	char *text = calloc(1, NOTE_MAX + 1), path[512];
	FILE *f;

	assert_non_null(text);
	snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("%s is not there", path);
	assert_true(fread(text, 1, NOTE_MAX, f) > 0);
	fclose(f);
	return text;
}

static void __attribute__((unused))
published(struct world *w, struct log_checkpoint *out)
{
	char *vkey = read_text(w, "pub/log/log.vkey");
	char *note = read_text(w, "pub/log/checkpoint");
	struct note_key k;

	vkey[strcspn(vkey, "\n")] = '\0';
	assert_true(note_key_parse(&k, vkey));
	assert_true(checkpoint_open(out, note, strlen(note), &k));
	note_key_clear(&k);
	free(note);
	free(vkey);
}

static int __attribute__((unused))
file_fetch(const struct log_tile *t, unsigned char *buf, size_t *len,
    void *arg)
{
	const struct world *w = arg;
	char name[LOG_TILE_NAME_MAX], path[512];
	FILE *f;

	log_tile_name(t, name);
	snprintf(path, sizeof(path), "%s/pub/log/%s", w->dir, name);
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("%s is not there", path);
	*len = fread(buf, 1, LOG_TILE_OCTETS, f);
	fclose(f);
	return 1;
}

/* By the files of ${to}, whose root must come out as well. */
static int __attribute__((unused))
is_begun_by(struct world *w, const struct log_checkpoint *from,
    const struct log_checkpoint *to)
{
	struct log_tile_reader *r = log_tile_reader_new(to->size, file_fetch,
	    w);
	struct log_path path;
	struct log_hash root;
	int ok;

	assert_non_null(r);
	ok = log_root(to->size, log_tile_hash, r, &root) &&
	    memcmp(&root, &to->root, sizeof(root)) == 0 &&
	    log_prove_consistency(from->size, to->size, log_tile_hash, r,
	    &path) && log_check_consistency(from->size, &from->root, to->size,
	    &to->root, &path);
	log_tile_reader_free(r);
	return ok;
}

static void __attribute__((unused))
reopen(struct world *w)
{
	ca_close(w->ca);
	w->ca = ca_open(w->settings, w->now);
	if (w->ca == NULL)
		report_fatal("ca_open");
	assert_non_null(w->ca);
	ERR_clear_error();
}

static void __attribute__((unused))
assert_state(struct world *w, enum logpub_state state, const char *why)
{
	struct logpub_view v;

	logpub_look(w->ca->log, &v);
	if (v.state != state || strncmp(v.why, why, strlen(why)) != 0)
		fail_msg("state %d, \"%s\"", (int)v.state, v.why);
}

static void __attribute__((unused))
round_ok(struct world *w)
{
	struct logpub_view v;
	int rc = logpub_round(w->ca->log, w->now);

	logpub_look(w->ca->log, &v);
	if (rc != 1)
		fail_msg("round %d: \"%s\" \"%s\"", rc, v.why, v.trouble);
}

/* Nothing is issued. */
static void __attribute__((unused))
refused(struct world *w)
{
	EVP_PKEY *key = world_key();
	unsigned char *csr;
	int len = world_csr(key, "refused", &csr);

	world_refused(world_admin(w, "issue", "tb", "profile", "device-ldevid",
	    "csr", csr, len), WIRE_UNAVAILABLE, "stopped");
	OPENSSL_free(csr);
	EVP_PKEY_free(key);
}

/* As if the token had been made anew with the same keys. */
static void __attribute__((unused))
forget_token(struct world *w)
{
	struct hsm_config cfg;
	struct hsm *hsm;

	settings_hsm(&w->settings->token, &cfg);
	hsm = hsm_open(&cfg);
	assert_non_null(hsm);
	assert_true(hsm_data_set(hsm, "inkan-log-anchor", NULL, 0));
	hsm_close(hsm);
}

#endif
