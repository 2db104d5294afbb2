/*
 * A PKCS#11 module that fails on command: a thin layer over a real one, chosen
 * by configuration like any module. $INKAN_P11_REAL names the real one
 * (SoftHSM where it is not set); the commands are p11fault.h's.
 *
 * A session or a login that is reported lost *is* lost: it is closed or logged
 * out in the real module, so that only a caller who makes it anew goes on.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tests/faults/p11fault.h"

#define SESSIONS_MAX 4096
#define EXPORT __attribute__((visibility("default")))

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST mine;

/* Whose sessions they are: a command may be for one token. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	CK_SESSION_HANDLE h;
	CK_SLOT_ID slot;
} sessions[SESSIONS_MAX];
static size_t n_sessions;

static void
remember(CK_SESSION_HANDLE h, CK_SLOT_ID slot)
{
	size_t i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < n_sessions && sessions[i].h != h; i++)
		;
	if (i == n_sessions && n_sessions < SESSIONS_MAX)
		n_sessions++;
	if (i < SESSIONS_MAX) {
		sessions[i].h = h;
		sessions[i].slot = slot;
	}
	pthread_mutex_unlock(&lock);
}

static void
label_of_slot(CK_SLOT_ID slot, char label[33])
{
	CK_TOKEN_INFO info;
	size_t n = 32;

	label[0] = '\0';
	if (real->C_GetTokenInfo(slot, &info) != CKR_OK)
		return;
	while (n > 0 && info.label[n - 1] == ' ')
		n--;
	memcpy(label, info.label, n);
	label[n] = '\0';
}

static void
label_of(CK_SESSION_HANDLE h, char label[33])
{
	size_t i;

	label[0] = '\0';
	pthread_mutex_lock(&lock);
	for (i = 0; i < n_sessions && sessions[i].h != h; i++)
		;
	if (i < n_sessions)
		label_of_slot(sessions[i].slot, label);
	pthread_mutex_unlock(&lock);
}

/* ${f} for a caller in session ${h} (0: none). CKR_OK: the call is made. */
static CK_RV
suffer(const struct p11_fault *f, CK_SESSION_HANDLE h)
{
	switch (f->what) {
	case P11_CRASH:
		kill(getpid(), SIGKILL);
		return CKR_GENERAL_ERROR;
	case P11_BLOCK:
		p11_fault_block(f);
		return CKR_OK;
	case P11_RV:
		if (h != 0 && f->rv == CKR_SESSION_HANDLE_INVALID)
			real->C_CloseSession(h);
		if (h != 0 && f->rv == CKR_USER_NOT_LOGGED_IN)
			real->C_Logout(h);
		return f->rv;
	default:
		return CKR_OK;
	}
}

static CK_RV
before_slot(const char *function, CK_SLOT_ID slot)
{
	struct p11_fault f;
	char label[33];

	label_of_slot(slot, label);
	return p11_fault_next(function, label, &f) ? suffer(&f, 0) : CKR_OK;
}

static CK_RV
before(const char *function, CK_SESSION_HANDLE h)
{
	struct p11_fault f;
	char label[33];

	label_of(h, label);
	return p11_fault_next(function, label, &f) ? suffer(&f, h) : CKR_OK;
}

static CK_RV
f_initialize(void *args)
{
	struct p11_fault f;
	CK_RV rv = CKR_OK;

	if (p11_fault_next("C_Initialize", "", &f))
		rv = suffer(&f, 0);
	return rv == CKR_OK ? real->C_Initialize(args) : rv;
}

static CK_RV
f_get_slot_list(CK_BBOOL present, CK_SLOT_ID *list, CK_ULONG *n)
{
	struct p11_fault f;
	CK_RV rv = CKR_OK;

	if (p11_fault_next("C_GetSlotList", "", &f))
		rv = suffer(&f, 0);
	return rv == CKR_OK ? real->C_GetSlotList(present, list, n) : rv;
}

static CK_RV
f_get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	struct p11_fault f;
	char label[33];
	CK_RV rv = CKR_OK;
	int any;

	label_of_slot(slot, label);
	any = p11_fault_next("C_GetTokenInfo", label, &f);
	if (any)
		rv = suffer(&f, 0);
	if (rv == CKR_OK)
		rv = real->C_GetTokenInfo(slot, info);
	if (rv == CKR_OK && any && f.what == P11_FINAL_TRY)
		info->flags |= CKF_USER_PIN_FINAL_TRY;
	return rv;
}

static CK_RV
f_open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *app, CK_NOTIFY notify,
    CK_SESSION_HANDLE *out)
{
	CK_RV rv = before_slot("C_OpenSession", slot);

	if (rv == CKR_OK)
		rv = real->C_OpenSession(slot, flags, app, notify, out);
	if (rv == CKR_OK)
		remember(*out, slot);
	return rv;
}

static CK_RV
f_get_session_info(CK_SESSION_HANDLE h, CK_SESSION_INFO *info)
{
	CK_RV rv = before("C_GetSessionInfo", h);

	return rv == CKR_OK ? real->C_GetSessionInfo(h, info) : rv;
}

static CK_RV
f_login(CK_SESSION_HANDLE h, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG len)
{
	CK_RV rv = before("C_Login", h);

	return rv == CKR_OK ? real->C_Login(h, user, pin, len) : rv;
}

static CK_RV
f_find_objects_init(CK_SESSION_HANDLE h, CK_ATTRIBUTE *template, CK_ULONG n)
{
	CK_RV rv = before("C_FindObjectsInit", h);

	return rv == CKR_OK ? real->C_FindObjectsInit(h, template, n) : rv;
}

static CK_RV
f_get_attribute_value(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o,
    CK_ATTRIBUTE *template, CK_ULONG n)
{
	CK_RV rv = before("C_GetAttributeValue", h);

	return rv == CKR_OK ? real->C_GetAttributeValue(h, o, template, n) : rv;
}

static CK_RV
f_create_object(CK_SESSION_HANDLE h, CK_ATTRIBUTE *template, CK_ULONG n,
    CK_OBJECT_HANDLE *out)
{
	CK_RV rv = before("C_CreateObject", h);

	return rv == CKR_OK ? real->C_CreateObject(h, template, n, out) : rv;
}

static CK_RV
f_destroy_object(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o)
{
	CK_RV rv = before("C_DestroyObject", h);

	return rv == CKR_OK ? real->C_DestroyObject(h, o) : rv;
}

static CK_RV
f_generate_key_pair(CK_SESSION_HANDLE h, CK_MECHANISM *mech, CK_ATTRIBUTE *pub,
    CK_ULONG n_pub, CK_ATTRIBUTE *priv, CK_ULONG n_priv,
    CK_OBJECT_HANDLE *pub_out, CK_OBJECT_HANDLE *priv_out)
{
	CK_RV rv = before("C_GenerateKeyPair", h);

	return rv != CKR_OK
	    ? rv
	    : real->C_GenerateKeyPair(
		  h, mech, pub, n_pub, priv, n_priv, pub_out, priv_out);
}

static CK_RV
f_sign_init(CK_SESSION_HANDLE h, CK_MECHANISM *mech, CK_OBJECT_HANDLE key)
{
	CK_RV rv = before("C_SignInit", h);

	return rv == CKR_OK ? real->C_SignInit(h, mech, key) : rv;
}

static CK_RV
f_sign(CK_SESSION_HANDLE h, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *sig,
    CK_ULONG *len)
{
	struct p11_fault f;
	char label[33];
	CK_RV rv = CKR_OK;
	int any;

	label_of(h, label);
	any = p11_fault_next("C_Sign", label, &f);
	if (any)
		rv = suffer(&f, h);
	if (rv == CKR_OK)
		rv = real->C_Sign(h, in, in_len, sig, len);
	if (rv == CKR_OK && any && sig != NULL && *len > 0) {
		if (f.what == P11_WRONG)
			sig[*len / 2] ^= 1;
		if (f.what == P11_TRUNCATED)
			(*len)--;
	}
	return rv;
}

static const char *
real_path(void)
{
	static const char *paths[] = {"/usr/lib/softhsm/libsofthsm2.so",
	    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
	    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
	    "/usr/lib64/pkcs11/libsofthsm2.so", NULL};
	const char *named = getenv("INKAN_P11_REAL");
	size_t i;

	if (named != NULL)
		return named;
	for (i = 0; paths[i] != NULL; i++)
		if (access(paths[i], R_OK) == 0)
			return paths[i];
	return paths[0];
}

static CK_RV
load(void)
{
	CK_C_GetFunctionList get;
	void *dl = dlopen(real_path(), RTLD_NOW | RTLD_LOCAL);

	if (dl == NULL)
		return CKR_GENERAL_ERROR;
	*(void **)&get = dlsym(dl, "C_GetFunctionList");
	return get == NULL ? CKR_GENERAL_ERROR : get(&real);
}

EXPORT CK_RV C_GetFunctionList(CK_FUNCTION_LIST **out);

EXPORT CK_RV
C_GetFunctionList(CK_FUNCTION_LIST **out)
{
	CK_RV rv = CKR_OK;

	pthread_mutex_lock(&lock);
	if (real == NULL && (rv = load()) == CKR_OK) {
		mine = *real;
		mine.C_GetFunctionList = C_GetFunctionList;
		mine.C_Initialize = f_initialize;
		mine.C_GetSlotList = f_get_slot_list;
		mine.C_GetTokenInfo = f_get_token_info;
		mine.C_OpenSession = f_open_session;
		mine.C_GetSessionInfo = f_get_session_info;
		mine.C_Login = f_login;
		mine.C_FindObjectsInit = f_find_objects_init;
		mine.C_GetAttributeValue = f_get_attribute_value;
		mine.C_CreateObject = f_create_object;
		mine.C_DestroyObject = f_destroy_object;
		mine.C_GenerateKeyPair = f_generate_key_pair;
		mine.C_SignInit = f_sign_init;
		mine.C_Sign = f_sign;
	}
	pthread_mutex_unlock(&lock);
	*out = &mine;
	return rv;
}
