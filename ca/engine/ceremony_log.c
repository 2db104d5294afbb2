#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/ceremony_run.h"
#include "ca/engine/logpub.h"
#include "ca/store/logs.h"

/* The log begins with the ceremony: its key, and its name. */

struct log_make {
	struct ceremony *r;
	struct log_row row;
	const char *key_type;
};

static int
begin_tx(struct store_tx *tx, void *arg)
{
	struct log_make *m = arg;

	return logpub_begin_tx(tx, &m->row, m->key_type, "ceremony");
}

/* As inkan-ca.conf calls it, else by the address of what is published. */
static int
name_log(struct ceremony *r, struct log_row *row)
{
	char url[sizeof(r->f->http_url) + 8];

	if (r->s->log.origin[0] != '\0') {
		snprintf(row->origin, sizeof(row->origin), "%s",
		    r->s->log.origin);
		return 1;
	}
	snprintf(url, sizeof(url), "%s/ca/", r->f->http_url);
	if (logpub_origin_of(url, row->origin, SETTINGS_ORIGIN_MAX))
		return 1;
	ca_raise(CA_E_CONFIG, "log.origin: http_url gives the log no name: set "
	    "log.origin in inkan-ca.conf");
	return 0;
}

static int
use_key(struct ceremony *r, EVP_PKEY *key)
{
	struct log_make m = {.r = r, .row = {.time = r->now}};
	struct hsm_key_info info;
	struct note_key k = {.pkey = NULL};
	int ok;

	ceremony_describe_key(r, "of the log", key);
	ok = hsm_key_info(key, &info) && name_log(r, &m.row) &&
	    note_key_set(&k, m.row.origin, key, 0) &&
	    note_key_print(&k, m.row.vkey, sizeof(m.row.vkey));
	note_key_clear(&k);
	m.key_type = info.type;
	if (!ok || !store_write(r->store, begin_tx, &m, 0))
		return 0;
	ceremony_say(r, "log %s: verifier key %s", m.row.origin, m.row.vkey);
	if (strcmp(info.type, "ed25519") != 0)
		ceremony_say(r, "the log's key is %s: public witnesses take "
		    "Ed25519 only", info.type);
	return 1;
}

/* A run that goes on may have it already. */
static EVP_PKEY *
make_key(struct ceremony *r)
{
	const struct settings_log *conf = &r->s->log;
	EVP_PKEY *key = NULL;
	int taken = ceremony_take_made(r, conf->key_type, conf->key, &key);

	if (taken != 0)
		return taken > 0 ? key : NULL;
	return logpub_key_make(r->hsm, conf->key, conf->key_type);
}

static int
last_tx(struct store_tx *tx, void *arg)
{
	struct log_row row;
	int *found = arg;

	*found = logs_last(tx, &row);
	return *found >= 0;
}

int
ceremony_make_log(struct ceremony *r)
{
	const struct settings_log *conf = &r->s->log;
	const struct settings_token *t = settings_find_token(r->s,
	    conf->token);
	struct ceremony_ca *claim = OPENSSL_zalloc(sizeof(*claim));
	EVP_PKEY *key = NULL;
	int begun = 0, ok = 0;

	/* A root's own machine publishes no log. */
	if (r->f->n_issuers == 0)
		begun = 1;
	else if (claim == NULL || !store_read(r->store, last_tx, &begun))
		goto out;
	ok = begun;
	if (begun || !ceremony_open_hsm(r, t))
		goto out;
	snprintf(claim->label, sizeof(claim->label), "%s", conf->key);
	snprintf(claim->token, sizeof(claim->token), "%s", conf->token);
	if (!ceremony_claim(r, CEREMONY_ISSUERS, claim, 1, conf->token))
		goto out;
	key = make_key(r);
	r->log_key_made = key != NULL;
	ok = key != NULL && use_key(r, key);
out:
	EVP_PKEY_free(key);
	ceremony_close_hsm(r);
	OPENSSL_free(claim);
	return ok;
}

int
ceremony_log_ok(struct ceremony *r)
{
	return logpub_files_ok(r->store, (struct settings *)r->s, r->now);
}
