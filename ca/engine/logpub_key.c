#include <stdio.h>
#include <string.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "hsm/error.h"
#include "ca/engine/logpub_run.h"

#define PROBE 30		/* seconds between two looks at the key */

EVP_PKEY *
logpub_key_make(struct hsm *hsm, const char *label, enum hsm_key_type type)
{
	EVP_PKEY *key;

	if (type != 0)
		return hsm_key_generate(hsm, type, label);
	ERR_set_mark();
	key = hsm_key_generate(hsm, HSM_KEY_ED25519, label);
	if (key == NULL && report_last_reason() == HSM_E_UNSUPPORTED) {
		ERR_pop_to_mark();
		return hsm_key_generate(hsm, HSM_KEY_EC_P256, label);
	}
	ERR_clear_last_mark();
	return key;
}

void
logpub_key_type(const struct note_key *k, char *out, size_t size)
{
	const char *name = "none";

	if (k->pkey != NULL)
		name = k->type == NOTE_ED25519 ? "ed25519" :
		    EVP_PKEY_get_bits(k->pkey) == 384 ? "ec-p384" : "ec-p256";
	snprintf(out, size, "%s", name);
}

int
logpub_key_load(struct logpub *l)
{
	note_key_clear(&l->vkey);
	return l->row.id == 0 || note_key_parse(&l->vkey, l->row.vkey);
}

static EVP_PKEY *
find(const struct logpub *l, struct hsm *hsm)
{
	char uri[HSM_LABEL_MAX + 32];

	if (hsm == NULL)
		return NULL;
	snprintf(uri, sizeof(uri), "pkcs11:object=%s", l->conf->key);
	return hsm_key_find(hsm, uri);
}

/* The key is also in the token that stands in, or only there when its own does
   not answer. ${key} is given; what it lacks is nobody's trouble. */
static EVP_PKEY *
with_standby(struct logpub *l, EVP_PKEY *key, time_t now)
{
	const char *name = tokens_standby(l->ca, l->conf->token);
	struct hsm *other;

	if (name == NULL)
		return key;
	ERR_set_mark();
	other = tokens_open(l->ca, name, now);
	if (key == NULL)
		key = find(l, other);
	else if (other != NULL)
		(void)hsm_key_add_spare(key, other);
	ERR_pop_to_mark();
	return key;
}

static EVP_PKEY *
make_key(struct logpub *l, struct hsm *hsm)
{
	EVP_PKEY *key;

	key = logpub_key_make(hsm, l->conf->key, l->conf->key_type);
	if (key != NULL)
		report_event(REPORT_INFO, "log.key.made", "label",
		    l->conf->key, NULL);
	return key;
}

/* Made where there is none and ${make} is set. A token that says that it has
   none is believed: nobody stands in for that. */
EVP_PKEY *
logpub_key_find(struct logpub *l, time_t now, int make)
{
	struct hsm *hsm;
	EVP_PKEY *key;
	int lacks;

	ERR_set_mark();
	hsm = tokens_open(l->ca, l->conf->token, now);
	key = find(l, hsm);
	lacks = hsm != NULL && key == NULL &&
	    report_last_reason() == HSM_E_NOKEY;
	if (lacks && make) {
		ERR_pop_to_mark();
		return make_key(l, hsm);
	}
	if (!lacks)
		key = with_standby(l, key, now);
	if (key != NULL)
		ERR_pop_to_mark();
	else
		ERR_clear_last_mark();
	return key;
}

static int
is_ours(struct logpub *l, EVP_PKEY *key)
{
	char vkey[NOTE_VKEY_MAX];
	struct note_key k;
	int ok;

	if (!note_key_set(&k, l->row.origin, key, 0))
		return 0;
	ok = note_key_print(&k, vkey, sizeof(vkey));
	note_key_clear(&k);
	if (!ok)
		return 0;
	if (strcmp(vkey, l->row.vkey) == 0)
		return 1;
	ca_raise(CA_E_SIGN, "log.key: the key \"%s\" is not the one that signs "
	    "the log %s", l->conf->key, l->row.origin);
	return 0;
}

int
logpub_key_ensure(struct logpub *l, time_t now)
{
	EVP_PKEY *key;

	if (l->key != NULL && now >= l->probed && now - l->probed < PROBE)
		return 1;
	key = logpub_key_find(l, now, 0);
	if (key == NULL || !is_ours(l, key)) {
		EVP_PKEY_free(key);
		EVP_PKEY_free(l->key);
		l->key = NULL;
		return 0;
	}
	EVP_PKEY_free(l->key);
	l->key = key;
	l->probed = now;
	return 1;
}
