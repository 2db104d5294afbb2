#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hsm/private.h"

#define BACKOFF_MIN 50000000LL	/* ns */
#define BACKOFF_MAX 500000000LL /* ns */

int
hsm_is_attached(const struct hsm *hsm)
{
	return hsm->module->running && hsm->module_gen == hsm->module->gen;
}

void
hsm_detach(struct hsm *hsm)
{
	hsm_pool_drop(hsm);
	if (hsm->anchor != 0 && hsm_is_attached(hsm))
		hsm->module->fn->C_CloseSession(hsm->anchor);
	hsm->anchor = 0;
	hsm->logged_in = 0;
}

static unsigned
cap_of(CK_MECHANISM_TYPE type)
{
	switch (type) {
	case CKM_ECDSA:
		return HSM_CAP_ECDSA;
	case CKM_RSA_PKCS:
		return HSM_CAP_RSA_PKCS;
	case CKM_RSA_PKCS_PSS:
		return HSM_CAP_RSA_PSS;
	case CKM_RSA_X_509:
		return HSM_CAP_RSA_RAW;
	case CKM_EDDSA:
		return HSM_CAP_EDDSA;
	case CKM_EC_KEY_PAIR_GEN:
		return HSM_CAP_EC_GEN;
	case CKM_RSA_PKCS_KEY_PAIR_GEN:
		return HSM_CAP_RSA_GEN;
	case CKM_EC_EDWARDS_KEY_PAIR_GEN:
		return HSM_CAP_ED_GEN;
	default:
		return 0;
	}
}

static int
read_caps(struct hsm *hsm)
{
	CK_FUNCTION_LIST *fn = hsm->module->fn;
	CK_MECHANISM_TYPE *list = NULL;
	CK_ULONG i, n = 0;
	unsigned caps = 0;
	CK_RV rv;

	rv = fn->C_GetMechanismList(hsm->slot, NULL, &n);
	if (rv == CKR_OK && n > 0) {
		/* p11-kit-client.so 0.24 reads one entry too many. */
		list = OPENSSL_zalloc((n + 1) * sizeof(*list));
		if (list == NULL)
			return 0;
		rv = fn->C_GetMechanismList(hsm->slot, list, &n);
	}
	for (i = 0; rv == CKR_OK && i < n; i++)
		caps |= cap_of(list[i]);
	OPENSSL_free(list);
	if (rv != CKR_OK)
		return hsm_raise_rv(rv, "C_GetMechanismList");
	hsm->caps = caps;
	return 1;
}

static int
find_slot(struct hsm *hsm)
{
	struct hsm_slot slot;
	struct hsm_slot_seen seen;
	char *text = NULL;
	CK_RV rv;
	int rc;

	memset(&seen, 0, sizeof(seen));
	rv = hsm_slot_search(hsm->module->fn, &hsm->uri, &slot, &seen);
	if (rv != CKR_OK)
		return hsm_raise_rv(rv, "search for tokens");
	if (p11_kit_uri_format(hsm->uri.p11, P11_KIT_URI_FOR_TOKEN, &text) !=
	    P11_KIT_URI_OK)
		text = NULL;
	rc = hsm_slot_check(
	    &seen, hsm->module->name, text != NULL ? text : "asked for");
	free(text);
	if (!rc)
		return 0;
	hsm->slot = slot.id;
	hsm->token = slot.token;
	return 1;
}

int
hsm_attach(struct hsm *hsm, int first)
{
	CK_RV rv;

	hsm_detach(hsm);
	/* Whatever becomes of it, no handle of before is good any longer. */
	hsm->gen++;
	if (!find_slot(hsm))
		return 0;
	if (first)
		hsm_health_named(hsm);
	rv = hsm->module->fn->C_OpenSession(
	    hsm->slot, CKF_SERIAL_SESSION, NULL, NULL, &hsm->anchor);
	if (rv != CKR_OK) {
		hsm->anchor = 0;
		return hsm_raise_rv(rv, "C_OpenSession");
	}
	hsm->module_gen = hsm->module->gen;
	if (read_caps(hsm) && hsm_login(hsm, first))
		return 1;
	hsm_detach(hsm);
	return 0;
}

static int
last_is_pin(void)
{
	unsigned long e = ERR_peek_last_error();

	return ERR_GET_LIB(e) == ERR_LIB_USER && ERR_GET_REASON(e) == HSM_E_PIN;
}

/* Who comes before the next attempt is told what the last one met. */
static void
keep_reason(struct hsm *hsm)
{
	const char *text = NULL;
	int flags = 0;

	ERR_peek_last_error_data(&text, &flags);
	pthread_mutex_lock(&hsm->told);
	snprintf(hsm->away, sizeof(hsm->away), "%s",
	    text != NULL && (flags & ERR_TXT_STRING) ? text : "unknown");
	pthread_mutex_unlock(&hsm->told);
}

static void
raise_start(const struct hsm_module *m, CK_RV rv)
{
	hsm_raise(HSM_E_TOKEN,
	    "PKCS#11 module %s: cannot be initialised: %s (0x%lx)%s%s", m->name,
	    p11_kit_strerror(rv), rv,
	    m->softhsm_conf[0] != '\0' ? "; its configuration is " : "",
	    m->softhsm_conf);
}

/*
 * Restart the module and attach again. Every signature that fails while the
 * token is away comes here: attempts are spaced, so that a slow module is not
 * hammered and another token's sessions in the same module get to work.
 */
static int
restart(struct hsm *hsm)
{
	long long now = hsm_monotonic_ns(), took;
	CK_RV rv;

	if (now < hsm->retry_at) {
		/* A restart has just helped: a new session may be enough. */
		if (hsm->backoff == 0 && hsm->module->running &&
		    hsm_attach(hsm, 0))
			return 1;
		hsm_raise(HSM_E_TOKEN,
		    "token is away, next attempt in %lld ms: %s",
		    (hsm->retry_at - now) / 1000000 + 1, hsm->away);
		return 0;
	}
	rv = hsm_module_restart(hsm->module);
	if (rv != CKR_OK)
		raise_start(hsm->module, rv);
	else if (hsm_attach(hsm, 0)) {
		hsm->backoff = 0;
		hsm->retry_at = hsm_monotonic_ns() + BACKOFF_MIN;
		return 1;
	}
	keep_reason(hsm);
	took = hsm_monotonic_ns() - now;
	hsm->backoff *= 2;
	if (hsm->backoff < BACKOFF_MIN)
		hsm->backoff = BACKOFF_MIN;
	if (hsm->backoff > BACKOFF_MAX)
		hsm->backoff = BACKOFF_MAX;
	hsm->retry_at =
	    now + took + (hsm->backoff > took ? hsm->backoff : took);
	return 0;
}

/* Module's lock held. */
static int
bring_back(struct hsm *hsm, int hard, int *pin)
{
	struct hsm_module *m = hsm->module;
	int ok;

	/* After another token's restart of the module, ours is due. */
	ok = m->running && (!hard || !hsm_is_attached(hsm)) &&
	    hsm_attach(hsm, 0);
	*pin = !ok && last_is_pin();
	if (*pin)
		keep_reason(hsm);
	if (!ok && !*pin && !hsm->closed)
		ok = restart(hsm);
	*pin = *pin || (!ok && last_is_pin());
	return ok;
}

void
hsm_recover_reason(struct hsm *hsm, char *why, size_t size)
{
	pthread_mutex_lock(&hsm->told);
	if (!hsm->recovered && hsm->away[0] != '\0')
		snprintf(why, size, "%s", hsm->away);
	pthread_mutex_unlock(&hsm->told);
}

static void
set_recovered(struct hsm *hsm, int ok)
{
	pthread_mutex_lock(&hsm->told);
	hsm->recovered = ok;
	pthread_mutex_unlock(&hsm->told);
}

int
hsm_recover(struct hsm *hsm, unsigned long gen, int hard)
{
	struct hsm_module *m = hsm->module;
	char label[sizeof(hsm->token.label) + 1];
	int ok = 1, pin = 0;

	pthread_mutex_lock(&hsm->recover);
	ERR_set_mark();
	if (hsm->gen == gen || hsm->anchor == 0) {
		ok = hsm_module_lock(m, HSM_LOCK_WAIT);
		if (ok) {
			ok = bring_back(hsm, hard, &pin);
			pthread_rwlock_unlock(&m->lock);
		}
		set_recovered(hsm, ok);
	}
	if (ok)
		ERR_pop_to_mark();
	else
		ERR_clear_last_mark();
	/* A recovery writes it. */
	hsm_text_copy(label, hsm->token.label, sizeof(hsm->token.label));
	pthread_mutex_unlock(&hsm->recover);
	if (!ok)
		hsm_raise(pin ? HSM_E_PIN : HSM_E_TOKEN,
		    "token %s cannot be used now", label);
	return ok;
}
