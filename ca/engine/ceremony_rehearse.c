#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "ca/error.h"
#include "ca/engine/ceremony_rehearsal.h"
#include "ca/store/rehearsal.h"
#include "hsm/scratch.h"

/*
 * A rehearsal: the ceremony itself, by the code that runs it, on settings whose
 * every path leads into a temporary folder, and on tokens made there.
 */

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	(void)remove(path);
	return 0;
}

static int
write_private(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ssize_t len = (ssize_t)strlen(text);
	int ok = fd >= 0 && write(fd, text, (size_t)len) == len;

	if (fd >= 0)
		close(fd);
	if (!ok)
		ca_raise(CA_E_STORE, "rehearsal: %s: %s", path,
		    strerror(errno));
	return ok;
}

/* Where Debian has it; under another libc's name, where that is. */
static const char *
find_softhsm(const char *module)
{
	static const char *const paths[] = {
	    "/usr/lib/softhsm/libsofthsm2.so",
	    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
	    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
	    "/usr/lib64/softhsm/libsofthsm2.so",
	    "/usr/lib64/pkcs11/libsofthsm2.so",
	    "/usr/local/lib/softhsm/libsofthsm2.so"};
	size_t i;

	if (module != NULL)
		return module;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (access(paths[i], R_OK) == 0)
			return paths[i];
	ca_raise(CA_E_CONFIG, "rehearsal.softhsm: libsofthsm2.so is not "
	    "found; say --softhsm MODULE");
	return NULL;
}

static int
is_same(const struct settings_token *a, const struct settings_token *b)
{
	return strcmp(a->uri, b->uri) == 0 &&
	    strcmp(a->module, b->module) == 0 &&
	    strcmp(a->softhsm_conf, b->softhsm_conf) == 0;
}

static int
make_token(struct rehearsal *h, size_t i, const char *label)
{
	char dir[PATH_MAX + 16], text[2 * PATH_MAX];

	snprintf(h->conf[i], sizeof(h->conf[i]), "%s/t%zu.conf", h->dir, i);
	snprintf(dir, sizeof(dir), "%s/t%zu", h->dir, i);
	snprintf(text, sizeof(text), "directories.tokendir = %s\n"
	    "objectstore.backend = file\nlog.level = ERROR\n"
	    "slots.removable = false\n", dir);
	return mkdir(dir, 0700) == 0 && write_private(h->conf[i], text) &&
	    hsm_scratch_make(h->module, h->conf[i], label, h->pin);
}

/* ${t} leads to the throw-away token that stands for the one that it names. */
static int
replace(struct rehearsal *h, struct settings_token *t)
{
	char label[33];
	size_t i;

	if (t->uri[0] == '\0')
		return 1;
	if (!hsm_uri_label(t->uri, label, sizeof(label)))
		return 0;
	if (label[0] == '\0')
		snprintf(label, sizeof(label), "rehearsal");
	for (i = 0; i < h->n && !is_same(&h->real[i], t); i++)
		;
	if (i == REHEARSAL_TOKENS_MAX) {
		ca_raise(CA_E_CONFIG, "rehearsal: too many tokens");
		return 0;
	}
	if (i == h->n) {
		h->real[i] = *t;
		if (!make_token(h, i, label))
			return 0;
		h->n++;
	}
	snprintf(t->module, sizeof(t->module), "%s", h->module);
	snprintf(t->softhsm_conf, sizeof(t->softhsm_conf), "%s", h->conf[i]);
	snprintf(t->pin, sizeof(t->pin), "%s", h->pin_file);
	t->pin_kind = HSM_PIN_FILE;
	t->pin_state[0] = '\0';
	return hsm_uri_of_label(label, t->uri, sizeof(t->uri));
}

static int
replace_tokens(struct rehearsal *h)
{
	size_t i;

	if (!replace(h, &h->s.token) || !replace(h, &h->f.root_token))
		return 0;
	for (i = 0; i < h->s.n_tokens; i++)
		if (!replace(h, &h->tokens[i]))
			return 0;
	return !h->f.signer.has_token || replace(h, &h->f.signer.token);
}

static void
replace_paths(struct rehearsal *h)
{
	struct settings *s = &h->s;

	snprintf(s->store, sizeof(s->store), "%s/store.db", h->dir);
	snprintf(s->status_db, sizeof(s->status_db), "%s/status.db", h->dir);
	snprintf(s->publish_dir, sizeof(s->publish_dir), "%s/pub", h->dir);
}

static int
make_folder(struct rehearsal *h)
{
	const char *tmp = getenv("TMPDIR");
	unsigned char random[16];
	size_t i;

	snprintf(h->dir, sizeof(h->dir), "%.200s/inkan-rehearsal-XXXXXX",
	    tmp != NULL && tmp[0] == '/' ? tmp : "/tmp");
	if (mkdtemp(h->dir) == NULL) {
		h->dir[0] = '\0';
		ca_raise(CA_E_STORE, "rehearsal: no temporary folder: %s",
		    strerror(errno));
		return 0;
	}
	if (RAND_bytes(random, sizeof(random)) != 1)
		return 0;
	for (i = 0; i < sizeof(random); i++)
		snprintf(h->pin + 2 * i, 3, "%02x", random[i]);
	snprintf(h->pin_file, sizeof(h->pin_file), "%s/pin", h->dir);
	snprintf(h->out, sizeof(h->out), "%s/out", h->dir);
	return write_private(h->pin_file, h->pin);
}

static int
take_transcript(struct rehearsal *h, const char *path)
{
	char *out = h->f.transcript;
	size_t n = strlen(out);

	if (path != NULL)
		return settings_path(".", path, out);
	if (n == 0)
		return 1;
	if (n + 9 >= sizeof(h->f.transcript)) {
		ca_raise(CA_E_CONFIG, "transcript: its name is too long");
		return 0;
	}
	strcpy(out + n, ".dry-run");
	return 1;
}

static int
is_first(const struct ceremony_file *f, const struct settings *s)
{
	return ceremony_is_first(f) || (f->kind == CEREMONY_CSR &&
	    access(s->store, F_OK) != 0);
}

/* What the real run would look at before all else, at its own places. */
static int
would_begin(const struct ceremony_file *f, const struct settings *s)
{
	struct ceremony *r;
	int ok;

	if (!is_first(f, s))
		return 1;
	r = OPENSSL_zalloc(sizeof(*r));
	if (r == NULL)
		return 0;
	r->f = (struct ceremony_file *)f;
	r->s = s;
	ok = ceremony_is_clean(r);
	OPENSSL_free(r);
	return ok;
}

static int
prepare(struct rehearsal *h, const struct settings *s, const char *transcript)
{
	if (!make_folder(h) || !take_transcript(h, transcript) ||
	    !replace_tokens(h))
		return 0;
	replace_paths(h);
	return is_first(&h->f, s) || (store_copy(s->store, h->s.store) && rehearsal_stand_ins(h));
}

static int
run(struct rehearsal *h, const struct ceremony_how *how,
    void (*act)(const char *line))
{
	struct ceremony_how dry = *how;

	dry.dry = 1;
	dry.dry_root = h->out;
	act("rehearsal: on throw-away tokens and a copy of the store");
	if (!ceremony_run(&h->f, &h->s, &dry, h->now, act))
		return 0;
	act("rehearsal: it would succeed; nothing has been changed");
	return 1;
}

int
ceremony_rehearse(const struct ceremony_file *f, const struct settings *s,
    const struct ceremony_how *how, const char *module, const char *transcript,
    time_t now, void (*act)(const char *line))
{
	struct rehearsal *h = OPENSSL_zalloc(sizeof(*h));
	int ok = 0;

	if (h == NULL)
		return 0;
	h->f = *f;
	h->s = *s;
	h->now = now;
	h->module = find_softhsm(module);
	h->tokens = s->n_tokens == 0 ? NULL :
	    OPENSSL_memdup(s->tokens, s->n_tokens * sizeof(*s->tokens));
	h->s.tokens = h->tokens;
	if (h->module != NULL && (s->n_tokens == 0 || h->tokens != NULL) &&
	    would_begin(f, s))
		ok = prepare(h, s, transcript) && run(h, how, act);
	if (h->dir[0] != '\0')
		nftw(h->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	OPENSSL_free(h->tokens);
	OPENSSL_clear_free(h, sizeof(*h));
	return ok;
}
