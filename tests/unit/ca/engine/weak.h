#ifndef TESTS_UNIT_CA_ENGINE_WEAK_H
#define TESTS_UNIT_CA_ENGINE_WEAK_H

#include "tests/unit/hsm/calls.h"
#include "tests/unit/ca/engine/world.h"

/* A key as no CA may have it: sensitive, but it can be taken out of the token,
   wrapped by another. */

static CK_RV
weak_make(struct hsm_session *s, void *arg)
{
	static const unsigned char p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
	    0x3d, 0x03, 0x01, 0x07};
	CK_BBOOL yes = CK_TRUE;
	CK_MECHANISM mech = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
	CK_ATTRIBUTE pub[] = {{CKA_TOKEN, &yes, 1}, {CKA_VERIFY, &yes, 1},
	    {CKA_EC_PARAMS, (void *)(uintptr_t)p256, sizeof(p256)},
	    {CKA_LABEL, arg, strlen(arg)}};
	CK_ATTRIBUTE priv[] = {{CKA_TOKEN, &yes, 1}, {CKA_PRIVATE, &yes, 1},
	    {CKA_SENSITIVE, &yes, 1}, {CKA_EXTRACTABLE, &yes, 1}, {CKA_SIGN, &yes, 1},
	    {CKA_LABEL, arg, strlen(arg)}};
	CK_OBJECT_HANDLE a, b;

	return s->fn->C_GenerateKeyPair(s->h, &mech, pub, 4, priv, 6, &a, &b);
}

static void __attribute__((unused))
weak_key(struct hsm *hsm, const char *label)
{
	assert_true(session_run_rw(hsm, weak_make,
	    (void *)(uintptr_t)label));
}

#endif
