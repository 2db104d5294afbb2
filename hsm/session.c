#include <stdio.h>
#include <string.h>
#include "hsm/private.h"

/* Is the token still attached to this run of its module? Read lock held. */
static CK_RV
check_attached(const struct hsm *hsm)
{
	if (hsm->closed)
		return CKR_DEVICE_REMOVED;
	if (!hsm_is_attached(hsm))
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	return hsm->anchor != 0 ? CKR_OK : CKR_SESSION_HANDLE_INVALID;
}

static CK_RV
open_session(struct hsm *hsm, CK_FLAGS more, CK_SESSION_HANDLE *out)
{
	return hsm->module->fn->C_OpenSession(
	    hsm->slot, CKF_SERIAL_SESSION | more, NULL, NULL, out);
}

/* A session at ${s->place}: the read lock is held when it is CKR_OK. */
static CK_RV
checkout(struct hsm *hsm, struct hsm_session *s)
{
	CK_SESSION_HANDLE *h = &hsm->pool.place[s->place];
	CK_RV rv;

	pthread_rwlock_rdlock(&hsm->module->lock);
	rv = check_attached(hsm);
	if (rv == CKR_OK && *h == 0)
		rv = open_session(hsm, 0, h);
	if (rv == CKR_OK) {
		s->hsm = hsm;
		s->fn = hsm->module->fn;
		s->h = *h;
		return CKR_OK;
	}
	*h = 0;
	pthread_rwlock_unlock(&hsm->module->lock);
	return rv;
}

/*
 * Give a session back. One in which something went wrong may have an operation
 * left open, which would make the next C_SignInit fail: it is closed.
 */
static void
checkin(struct hsm_session *s, CK_RV rv)
{
	struct hsm *hsm = s->hsm;

	if (rv != CKR_OK) {
		s->fn->C_CloseSession(s->h);
		hsm->pool.place[s->place] = 0;
	}
	pthread_rwlock_unlock(&hsm->module->lock);
}

/* May another attempt on a fresh session or a fresh login help? */
static int
may_recover(CK_RV rv)
{
	switch (rv) {
	case CKR_CRYPTOKI_NOT_INITIALIZED:
	case CKR_DEVICE_ERROR:
	case CKR_DEVICE_MEMORY:
	case CKR_DEVICE_REMOVED:
	case CKR_FUNCTION_FAILED:
	case CKR_GENERAL_ERROR:
	case CKR_KEY_HANDLE_INVALID:
	case CKR_OBJECT_HANDLE_INVALID:
	case CKR_OPERATION_ACTIVE:
	case CKR_OPERATION_NOT_INITIALIZED:
	case CKR_SESSION_CLOSED:
	case CKR_SESSION_HANDLE_INVALID:
	case CKR_SLOT_ID_INVALID:
	case CKR_TOKEN_NOT_PRESENT:
	case CKR_TOKEN_NOT_RECOGNIZED:
	case CKR_USER_NOT_LOGGED_IN:
		return 1;
	default: /* a maker's own code says nothing better to us */
		return (rv & CKR_VENDOR_DEFINED) && rv != HSM_RV_RAISED;
	}
}

/* Was the signature asked for in a wrong way? */
static int
is_askers_fault(CK_RV rv)
{
	switch (rv) {
	case CKR_CURVE_NOT_SUPPORTED:
	case CKR_DATA_INVALID:
	case CKR_DATA_LEN_RANGE:
	case CKR_FUNCTION_NOT_SUPPORTED:
	case CKR_KEY_FUNCTION_NOT_PERMITTED:
	case CKR_KEY_SIZE_RANGE:
	case CKR_KEY_TYPE_INCONSISTENT:
	case CKR_MECHANISM_INVALID:
	case CKR_MECHANISM_PARAM_INVALID:
	case HSM_RV_RAISED:
		return 1;
	default:
		return 0;
	}
}

int
hsm_raise_rv(CK_RV rv, const char *what)
{
	int reason = HSM_E_TOKEN;

	switch (rv) {
	case HSM_RV_RAISED:
		return 0;
	case CKR_MECHANISM_INVALID:
	case CKR_MECHANISM_PARAM_INVALID:
	case CKR_CURVE_NOT_SUPPORTED:
	case CKR_KEY_SIZE_RANGE:
	case CKR_FUNCTION_NOT_SUPPORTED:
		reason = HSM_E_UNSUPPORTED;
		break;
	case CKR_PIN_EXPIRED:
	case CKR_PIN_INCORRECT:
	case CKR_PIN_INVALID:
	case CKR_PIN_LEN_RANGE:
	case CKR_PIN_LOCKED:
		reason = HSM_E_PIN;
		break;
	}
	hsm_raise(
	    reason, "token: %s: %s (0x%lx)", what, p11_kit_strerror(rv), rv);
	return 0;
}

CK_RV
hsm_session_check(struct hsm_session *s)
{
	CK_SESSION_INFO info;
	CK_RV rv;

	if ((rv = s->fn->C_GetSessionInfo(s->h, &info)) != CKR_OK)
		return rv;
	if (s->hsm->logged_in && info.state != CKS_RO_USER_FUNCTIONS &&
	    info.state != CKS_RW_USER_FUNCTIONS)
		return CKR_USER_NOT_LOGGED_IN;
	return CKR_OK;
}

/*
 * Is it the token that failed, or did the caller ask for the wrong thing? To
 * a signature any answer is a failure that does not say that the latter is so.
 */
static enum hsm_verdict
verdict_of(const struct hsm_call *call, CK_RV rv)
{
	if (rv == CKR_OK)
		return HSM_CALL_OK;
	if (rv == CKR_SESSION_COUNT)
		return HSM_CALL_NO_SESSION;
	if (may_recover(rv) || (call->signs && !is_askers_fault(rv)))
		return HSM_CALL_FAILED;
	return HSM_CALL_NO_MATTER;
}

/*
 * First a new session, then the whole module: a SoftHSM whose folder went away
 * comes back only after C_Finalize.
 */
enum hsm_verdict
hsm_call_run(struct hsm *hsm, size_t place, const struct hsm_call *call)
{
	struct hsm_session s = {.place = place, .late = call->late};
	unsigned long gen;
	int try;
	CK_RV rv;

	for (try = 0;; try++) {
		gen = atomic_load(&hsm->gen);
		if ((rv = checkout(hsm, &s)) == CKR_OK) {
			rv = call->op(&s, call->arg);
			checkin(&s, rv);
		}
		if (rv == CKR_OK || !may_recover(rv) || try == 2 || hsm->closed)
			break;
		if (!hsm_recover(hsm, gen, try))
			return HSM_CALL_FAILED;
	}
	if (rv != CKR_OK)
		hsm_raise_rv(rv, call->what);
	return verdict_of(call, rv);
}

/* Why the call failed, as its last line says; what recovery met goes first. */
static void
take_reason(struct hsm *hsm, char *why, size_t size, int *reason)
{
	unsigned long e = ERR_peek_last_error();
	const char *text = NULL;
	int flags = 0;

	ERR_peek_last_error_data(&text, &flags);
	snprintf(why, size, "%s",
	    text != NULL && (flags & ERR_TXT_STRING) ? text : "unknown");
	*reason = ERR_GET_LIB(e) == ERR_LIB_USER ? ERR_GET_REASON(e)
						 : HSM_E_TOKEN;
	hsm_recover_reason(hsm, why, size);
}

static long long
limit_of(const struct hsm *hsm, const struct hsm_call *call)
{
	return call->limit > 0 ? call->limit : hsm->limit;
}

static enum hsm_verdict
make_call(struct hsm *hsm, const struct hsm_call *call)
{
	enum hsm_verdict v;
	size_t place;

	do {
		if (!hsm_pool_take(hsm, limit_of(hsm, call), &place)) {
			hsm_raise(HSM_E_TOKEN,
			    "token: %s: all sessions wait for its answer",
			    call->what);
			return HSM_CALL_NO_MATTER;
		}
		v = hsm->limit > 0 ? hsm_helper_run(hsm, place, call)
				   : hsm_call_run(hsm, place, call);
		if (v == HSM_CALL_NO_SESSION &&
		    hsm_pool_retire(&hsm->pool, place))
			continue;
		if (v != HSM_CALL_LATE)
			hsm_pool_give(&hsm->pool, place);
		return v;
	} while (1);
}

/* What the call tells of the token's health. */
static void
account(struct hsm *hsm, const struct hsm_call *call, enum hsm_verdict v,
    int probe, long long took)
{
	char why[256];
	int reason;

	switch (v) {
	case HSM_CALL_OK:
		hsm_health_well(hsm, probe, call->signs);
		break;
	case HSM_CALL_LATE:
		snprintf(why, sizeof(why),
		    "%s: no answer within %lld s", call->what,
		    limit_of(hsm, call) / 1000000000LL);
		/* To make a key takes long; the others are tried as ever. */
		if (took > hsm->limit)
			took = hsm->limit;
		hsm_health_late(hsm, probe, call->signs, why, took);
		hsm_raise(HSM_E_TOKEN, "token: %s", why);
		break;
	case HSM_CALL_NO_MATTER:
		hsm_health_no_matter(hsm, probe);
		break;
	default:
		take_reason(hsm, why, sizeof(why), &reason);
		hsm_health_failed(
		    hsm, probe, call->signs, reason, why, took);
	}
}

static enum hsm_verdict run(struct hsm *hsm, const struct hsm_call *call);

static CK_RV
check_op(struct hsm_session *s, void *arg)
{
	(void)arg;
	return hsm_session_check(s);
}

/*
 * May the call be made? What may take longer than others is never the one that
 * tries whether a token is back: as long as it took, nobody else could. It goes
 * after one that has.
 */
static int
enter(struct hsm *hsm, const struct hsm_call *call, int *probe)
{
	const struct hsm_call ask = {.what = "sign of life", .op = check_op};
	struct hsm_health h;

	if (limit_of(hsm, call) <= hsm->limit)
		return hsm_health_enter(hsm, probe);
	*probe = 0;
	hsm_health(hsm, &h);
	return h.state == HSM_WELL || run(hsm, &ask) == HSM_CALL_OK;
}

static enum hsm_verdict
run(struct hsm *hsm, const struct hsm_call *call)
{
	enum hsm_verdict v;
	long long begin;
	int probe;

	/* Modules in our process leave their own errors behind. */
	ERR_set_mark();
	if (!enter(hsm, call, &probe)) {
		ERR_clear_last_mark();
		return HSM_CALL_FAILED;
	}
	begin = hsm_monotonic_ns();
	v = make_call(hsm, call);
	account(hsm, call, v, probe, hsm_monotonic_ns() - begin);
	if (v == HSM_CALL_OK)
		ERR_pop_to_mark();
	else
		ERR_clear_last_mark();
	return v;
}

static int
answer(struct hsm *hsm, const struct hsm_call *call)
{
	enum hsm_verdict v = run(hsm, call);

	return v == HSM_CALL_LATE ? -1 : v == HSM_CALL_OK;
}

int
hsm_session_sign(
    struct hsm *hsm, hsm_op *op, void *arg, void (*release)(void *))
{
	struct hsm_call call = {"signature", op, arg, release, .signs = 1};

	return answer(hsm, &call);
}

int
hsm_session_ask(struct hsm *hsm, const char *what, hsm_op *op, void *arg,
    void (*release)(void *))
{
	struct hsm_call call = {what, op, arg, release, .signs = 0};

	return answer(hsm, &call);
}

int
hsm_session_look(struct hsm *hsm, const char *what, hsm_op *op, void *arg,
    void (*release)(void *))
{
	struct hsm_call call = {what, op, arg, release,
	    .limit = HSM_MAKE_TIMES * hsm->limit};

	return answer(hsm, &call);
}

struct rw_call {
	hsm_op *op;
	void *arg;
	void (*release)(void *);
};

/* The pool's session is held meanwhile: it stands for the read lock. */
static CK_RV
run_rw(struct hsm_session *s, void *arg)
{
	struct rw_call *call = arg;
	struct hsm_session rw = *s;
	CK_RV rv;

	rv = open_session(s->hsm, CKF_RW_SESSION, &rw.h);
	if (rv != CKR_OK)
		return rv;
	if ((rv = hsm_session_check(&rw)) != CKR_OK) {
		s->fn->C_CloseSession(rw.h);
		return rv;
	}
	rv = call->op(&rw, call->arg);
	s->fn->C_CloseSession(rw.h);
	/* Not repeated: half of it may have been done. */
	if (rv != CKR_OK && rv != HSM_RV_RAISED) {
		hsm_raise_rv(rv, "write");
		rv = HSM_RV_RAISED;
	}
	return rv;
}

static void
release_rw(void *arg)
{
	struct rw_call *call = arg;

	call->release(call->arg);
	OPENSSL_free(call);
}

int
hsm_session_make(struct hsm *hsm, const char *what, int times, hsm_op *op,
    void *arg, void (*release)(void *))
{
	struct rw_call *rw = OPENSSL_zalloc(sizeof(*rw));
	struct hsm_call call = {what, run_rw, rw, release_rw,
	    .limit = times * hsm->limit};
	int rc;

	if (rw == NULL)
		return 0;
	rw->op = op;
	rw->arg = arg;
	rw->release = release;
	rc = answer(hsm, &call);
	if (rc >= 0)
		OPENSSL_free(rw);
	return rc;
}
