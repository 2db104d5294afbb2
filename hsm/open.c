#include <stdio.h>
#include <string.h>
#include "hsm/private.h"

struct hsm *
hsm_ref(struct hsm *hsm)
{
	atomic_fetch_add(&hsm->refs, 1);
	return hsm;
}

void
hsm_unref(struct hsm *hsm)
{
	if (hsm == NULL || atomic_fetch_sub(&hsm->refs, 1) != 1)
		return;
	hsm_health_destroy(hsm);
	hsm_pool_destroy(&hsm->pool);
	pthread_mutex_destroy(&hsm->recover);
	pthread_mutex_destroy(&hsm->told);
	hsm_uri_clear(&hsm->uri);
	OPENSSL_free(hsm);
}

static int
copy_path(char *out, size_t size, const char *in, const char *what)
{
	if (in != NULL && strlen(in) >= size) {
		hsm_raise(HSM_E_CONFIG, "%s: path is too long", what);
		return 0;
	}
	snprintf(out, size, "%s", in == NULL ? "" : in);
	return 1;
}

/* Take the PIN's source from the configuration, else from the URI. */
static int
set_pin(struct hsm *hsm, const struct hsm_pin_source *src)
{
	const char *name = src->name;

	hsm->pin.kind = src->kind;
	if (hsm->uri.pin_path[0] != '\0') {
		if (src->kind != HSM_PIN_NONE) {
			hsm_raise(HSM_E_CONFIG,
			    "the PIN is configured twice: "
			    "in the URI's pin-source and beside it");
			return 0;
		}
		hsm->pin.kind = HSM_PIN_FILE;
		name = hsm->uri.pin_path;
	}
	if ((hsm->pin.kind == HSM_PIN_FILE ||
		hsm->pin.kind == HSM_PIN_CREDENTIAL) &&
	    name == NULL) {
		hsm_raise(HSM_E_CONFIG, "the PIN's file is not named");
		return 0;
	}
	if (!copy_path(hsm->pin_name, sizeof(hsm->pin_name), name, "PIN") ||
	    !copy_path(hsm->pin_state, sizeof(hsm->pin_state), src->state,
		"PIN state"))
		return 0;
	hsm->pin.name = name != NULL ? hsm->pin_name : NULL;
	hsm->pin.state = src->state != NULL ? hsm->pin_state : NULL;
	return 1;
}

static struct hsm *
new_hsm(const struct hsm_config *cfg)
{
	struct hsm *hsm;
	size_t n = cfg->sessions == 0 ? 4 : cfg->sessions;

	if (n > HSM_SESSIONS_MAX) {
		hsm_raise(HSM_E_CONFIG, "sessions: 1 to %d, not %zu",
		    HSM_SESSIONS_MAX, n);
		return NULL;
	}
	if ((hsm = OPENSSL_zalloc(sizeof(*hsm))) == NULL)
		return NULL;
	hsm->refs = 1;
	hsm->notify = cfg->notify;
	hsm->notify_arg = cfg->notify_arg;
	hsm->limit = cfg->call_limit < 0 ? 0
	    : 1000000000LL *
		(cfg->call_limit == 0 ? HSM_CALL_LIMIT : cfg->call_limit);
	if (!hsm_uri_parse(&hsm->uri, cfg->uri) || !set_pin(hsm, &cfg->pin) ||
	    !hsm_pool_init(&hsm->pool, n) || !hsm_health_init(hsm)) {
		hsm_uri_clear(&hsm->uri);
		OPENSSL_free(hsm);
		return NULL;
	}
	pthread_mutex_init(&hsm->recover, NULL);
	pthread_mutex_init(&hsm->told, NULL);
	return hsm;
}

/* Which of ${list} holds the token? The others are closed again. */
static struct hsm_module *
choose(struct hsm_module **list, size_t n, const struct hsm_uri *uri)
{
	struct hsm_slot slot;
	struct hsm_slot_seen seen;
	struct hsm_module *m = NULL;
	size_t i, before;

	memset(&seen, 0, sizeof(seen));
	for (i = 0; i < n; i++) {
		before = seen.n_match;
		pthread_rwlock_rdlock(&list[i]->lock);
		hsm_slot_search(list[i]->fn, uri, &slot, &seen);
		pthread_rwlock_unlock(&list[i]->lock);
		if (seen.n_match > before && m == NULL)
			m = list[i];
		else
			hsm_module_close(list[i]);
	}
	if (!hsm_slot_check(
		&seen, "modules registered with p11-kit", "asked for")) {
		hsm_module_close(m);
		m = NULL;
	}
	return m;
}

static struct hsm_module *
open_module(const struct hsm *hsm, const struct hsm_config *cfg)
{
	struct hsm_module *list[HSM_MODULES_MAX];
	const char *path = cfg->module;
	size_t n;

	if (path == NULL && hsm->uri.module_path[0] != '\0')
		path = hsm->uri.module_path;
	if (path != NULL)
		return hsm_module_open(path, cfg->softhsm_conf);
	n = hsm_module_open_registered(
	    hsm->uri.module_name, cfg->softhsm_conf, list, HSM_MODULES_MAX);
	return n == 0 ? NULL : choose(list, n, &hsm->uri);
}

/*
 * Attach for the first time. Many modules look for tokens in C_Initialize only,
 * and another token keeps this one running: one that was plugged in since is
 * found after a restart, from which the other recovers by itself. Write lock
 * held.
 */
static int
attach_first(struct hsm *hsm, int shared)
{
	int absent;

	ERR_set_mark();
	if (hsm_attach(hsm, 1)) {
		ERR_clear_last_mark();
		return 1;
	}
	absent = ERR_GET_REASON(ERR_peek_last_error()) == HSM_E_NOTOKEN;
	if (!absent || !shared || hsm_module_restart(hsm->module) != CKR_OK) {
		ERR_clear_last_mark();
		return 0;
	}
	ERR_pop_to_mark();
	return hsm_attach(hsm, 1);
}

/* It was never attached: nothing of it is to be undone in the module. */
static struct hsm *
give_up(struct hsm *hsm)
{
	hsm_module_close(hsm->module);
	hsm_unref(hsm);
	return NULL;
}

static struct hsm *
open_token(const struct hsm_config *cfg)
{
	struct hsm *hsm;
	int ok, shared;

	if (!hsm_provider_load() || (hsm = new_hsm(cfg)) == NULL)
		return NULL;
	if ((hsm->module = open_module(hsm, cfg)) == NULL)
		return give_up(hsm);
	shared = hsm_module_is_shared(hsm->module);
	if (!hsm_module_lock(hsm->module, HSM_LOCK_WAIT_OPEN))
		return give_up(hsm);
	ok = attach_first(hsm, shared);
	pthread_rwlock_unlock(&hsm->module->lock);
	if (ok)
		return hsm;
	hsm_close(hsm);
	return NULL;
}

/* Modules leave errors of their own in the queue also when all went well. A
   person who types has all the time he wants. */
struct hsm *
hsm_open(const struct hsm_config *cfg)
{
	struct hsm *hsm;
	long long limit;

	ERR_set_mark();
	limit = cfg->call_limit < 0 || cfg->pin.kind == HSM_PIN_TTY ? 0
	    : 1000000000LL *
		(cfg->call_limit == 0 ? HSM_CALL_LIMIT : cfg->call_limit);
	hsm = limit == 0 ? open_token(cfg)
			 : hsm_opening_run(cfg, open_token,
			       HSM_OPEN_TIMES * limit);
	if (hsm != NULL)
		ERR_pop_to_mark();
	else
		ERR_clear_last_mark();
	return hsm;
}

/* 0 when the module is held by what does not come back. */
static int
detach(struct hsm *hsm)
{
	int ok;

	pthread_mutex_lock(&hsm->recover);
	ERR_set_mark();
	ok = hsm_module_lock(hsm->module, HSM_LOCK_WAIT_OPEN);
	if (ok) {
		hsm_detach(hsm);
		pthread_rwlock_unlock(&hsm->module->lock);
	}
	ERR_pop_to_mark();
	pthread_mutex_unlock(&hsm->recover);
	return ok;
}

void
hsm_close(struct hsm *hsm)
{
	struct hsm_module *m;

	if (hsm == NULL)
		return;
	m = hsm->module;
	hsm->closed = 1;
	hsm_helpers_end(hsm);
	/* A call that does not come back holds the module's lock for ever. */
	if (atomic_load(&m->n_late) == 0 && detach(hsm))
		hsm_module_close(m);
	hsm_unref(hsm);
}

/*
 * C_GetSessionInfo alone is answered from memory by some modules, also when
 * the token is gone: the token's own description is read as well.
 */
static CK_RV
ask_token(struct hsm_session *s, void *arg)
{
	CK_TOKEN_INFO *token = arg;
	CK_RV rv;

	if ((rv = hsm_session_check(s)) != CKR_OK)
		return rv;
	if ((rv = s->fn->C_GetTokenInfo(s->hsm->slot, token)) != CKR_OK)
		return rv;
	if (!(token->flags & CKF_TOKEN_INITIALIZED) ||
	    memcmp(token->serialNumber, s->hsm->token.serialNumber,
		sizeof(token->serialNumber)) != 0)
		return CKR_TOKEN_NOT_RECOGNIZED;
	return CKR_OK;
}

static void
free_token(void *arg)
{
	OPENSSL_free(arg);
}

/* The description, in memory of its own: an answer may come too late. */
static CK_TOKEN_INFO *
ask(struct hsm *hsm, const char *what)
{
	CK_TOKEN_INFO *token = OPENSSL_zalloc(sizeof(*token));
	int rc;

	if (token == NULL)
		return NULL;
	rc = hsm_session_ask(hsm, what, ask_token, token, free_token);
	if (rc == 1)
		return token;
	if (rc == 0)
		OPENSSL_free(token);
	return NULL;
}

int
hsm_healthy(struct hsm *hsm)
{
	CK_TOKEN_INFO *token;

	if (!hsm_health_may_sign(hsm))
		return 0;
	token = ask(hsm, "sign of life");
	OPENSSL_free(token);
	return token != NULL;
}

int
hsm_token_info(struct hsm *hsm, struct hsm_token_info *out)
{
	CK_TOKEN_INFO *token = ask(hsm, "token information");

	if (token == NULL)
		return 0;
	memset(out, 0, sizeof(*out));
	hsm_text_copy(out->label, token->label, sizeof(token->label));
	hsm_text_copy(out->manufacturer, token->manufacturerID,
	    sizeof(token->manufacturerID));
	hsm_text_copy(out->model, token->model, sizeof(token->model));
	hsm_text_copy(
	    out->serial, token->serialNumber, sizeof(token->serialNumber));
	OPENSSL_free(token);
	snprintf(out->module, sizeof(out->module), "%.*s",
	    (int)sizeof(out->module) - 1, hsm->module->name);
	/* Without the module's lock: who has it may hang in the module. */
	out->logged_in = hsm->logged_in;
	pthread_mutex_lock(&hsm->pool.lock);
	out->sessions = hsm->pool.size;
	pthread_mutex_unlock(&hsm->pool.lock);
	return 1;
}
