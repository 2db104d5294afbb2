#ifndef TESTS_UNIT_CA_ENGINE_LIVE_H
#define TESTS_UNIT_CA_ENGINE_LIVE_H

#include <openssl/x509v3.h>
#include "ca/engine/ceremony_run.h"
#include "tests/unit/ca/engine/world.h"

/* An instance after its first ceremony, nobody running, for further ones. */

#define LIVE_TOKEN(name)                                                       \
	"token: { uri = \"pkcs11:token=inkan-" name "\"; softhsm_conf = \""    \
	name ".conf\"; module = \"/usr/lib/softhsm/libsofthsm2.so\"; "         \
	"pin_file = \"" name ".pin\"; };"
#define LIVE_ROOT_SIGNS "signer: { ca = \"root\"; " LIVE_TOKEN("root") " };\n"
#define LIVE_URL "http_url = \"http://localhost:8444\";\n"

static int __attribute__((unused))
live_setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	world_prepare(w);
	world_sh("cp -n tests/integration/hierarchy/*.conf %s/profiles/",
	    w->dir);
	if (!world_ceremony(w))
		report_fatal("ceremony");
	*state = w;
	return 0;
}

static char live_said[8192];

static void
live_listen(const char *line)
{
	size_t n = strlen(live_said);

	snprintf(live_said + n, sizeof(live_said) - n, "%s\n", line);
}

/* At ${now}. */
static int __attribute__((unused))
live_run_at(struct world *w, const char *kind, const char *text, int discard,
    time_t now, void (*act)(const char *line))
{
	char file[16384], path[256];
	struct ceremony_file *f;
	int ok;

	snprintf(file, sizeof(file), "kind = \"%s\"; config = "
	    "\"engine.conf\";\n%s", kind, text);
	world_write(w, "live.conf", file);
	snprintf(path, sizeof(path), "%s/live.conf", w->dir);
	live_said[0] = '\0';
	f = ceremony_read(path);
	ok = f != NULL && ceremony_run(f, w->settings,
	    &(struct ceremony_how){.discard = discard}, now, act);
	OPENSSL_free(f);
	return ok;
}

static int __attribute__((unused))
live_run(struct world *w, const char *kind, const char *text)
{
	return live_run_at(w, kind, text, 0, w->now, live_listen);
}

/* It must succeed; if not, the reason is told. */
static void __attribute__((unused))
live_done(struct world *w, const char *kind, const char *text)
{
	char trace[1024];

	if (live_run(w, kind, text))
		return;
	report_trace(trace, sizeof(trace));
	fail_msg("%s: %s\n%s", kind, trace, live_said);
}

/* It must be refused with that word, and nothing outside be another. */
static void __attribute__((unused))
live_refused(struct world *w, const char *kind, const char *text,
    const char *word)
{
	char trace[2048];

	world_sh("cd %s && find pub -type f | sort | xargs sha256sum >before",
	    w->dir);
	assert_false(live_run(w, kind, text));
	report_trace(trace, sizeof(trace));
	ERR_clear_error();
	if (strstr(trace, word) == NULL)
		fail_msg("no \"%s\" in: %s", word, trace);
	world_sh("cd %s && find pub -type f | sort | xargs sha256sum | "
	    "cmp - before", w->dir);
}

static __attribute__((unused)) X509 *
live_cert(struct world *w, const char *name)
{
	char path[512];
	X509 *x;
	BIO *bio;

	snprintf(path, sizeof(path), "%s/pub/ca/%s.cer", w->dir, name);
	bio = BIO_new_file(path, "rb");
	x = bio == NULL ? NULL : d2i_X509_bio(bio, NULL);
	BIO_free(bio);
	return x;
}

static int __attribute__((unused))
live_exists(struct world *w, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	return access(path, F_OK) == 0;
}

static int
live_count(const struct hsm_key_info *info, void *arg)
{
	*(int *)arg += strcmp(info->label, "inkan-log") != 0;
	return 1;
}

/* Private keys of CAs in a token: "ca" or "root". */
static int __attribute__((unused))
live_keys(struct world *w, const char *token)
{
	struct settings_token t = w->settings->token;
	struct hsm_config cfg;
	struct hsm *hsm;
	int n = 0;

	snprintf(t.uri, sizeof(t.uri), "pkcs11:token=inkan-%s", token);
	snprintf(t.softhsm_conf, sizeof(t.softhsm_conf), "%s/%s.conf", w->dir,
	    token);
	snprintf(t.pin, sizeof(t.pin), "%s/%s.pin", w->dir, token);
	settings_hsm(&t, &cfg);
	hsm = hsm_open(&cfg);
	assert_non_null(hsm);
	assert_true(hsm_key_list(hsm, live_count, &n));
	hsm_close(hsm);
	return n;
}

/* The store, read beside nobody. */
static void __attribute__((unused))
live_read(struct world *w, store_fn *fn, void *arg)
{
	struct store_config cfg = {.path = w->settings->store,
	    .mode = STORE_WRITE, .now = w->now};
	struct store *store = store_open(&cfg);

	assert_non_null(store);
	assert_true(store_read(store, fn, arg));
	store_close(store);
}

struct live_state {
	const char *ident;
	int state;			/* -1: not listed */
	int n;
};

static int
live_look(const struct issuer_row *row, void *arg)
{
	struct live_state *s = arg;

	s->n++;
	if (strcmp(row->ident, s->ident) == 0)
		s->state = (int)row->state;
	return 1;
}

static int
live_look_tx(struct store_tx *tx, void *arg)
{
	return issuers_list(tx, live_look, arg);
}

/* State of a CA, -1 when there is none; *n gets how many there are. */
static int __attribute__((unused))
live_issuer(struct world *w, const char *ident, int *n)
{
	struct live_state s = {ident, -1, 0};

	live_read(w, live_look_tx, &s);
	if (n != NULL)
		*n = s.n;
	return s.state;
}

/* By the strict rules, through ${mid} and ${more} (may be NULL). */
static int __attribute__((unused))
live_verifies(X509 *leaf, X509 *mid, X509 *more, X509 *root)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *chain = sk_X509_new_null();
	int ok;

	if (mid != NULL)
		sk_X509_push(chain, mid);
	if (more != NULL)
		sk_X509_push(chain, more);
	X509_STORE_add_cert(store, root);
	X509_STORE_set_flags(store, X509_V_FLAG_X509_STRICT);
	X509_STORE_CTX_init(ctx, store, leaf, chain);
	ok = X509_verify_cert(ctx) == 1;
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	sk_X509_free(chain);
	ERR_clear_error();
	return ok;
}

#endif
