#ifndef INKAN_TESTS_OCSP_ASKING_H
#define INKAN_TESTS_OCSP_ASKING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/ocsp/rig.h"

/* Questions to a responder, without a connection. */

static inline int
setup(void **state)
{
	*state = rig_make();
	return 0;
}

static inline int
teardown(void **state)
{
	rig_free(*state);
	return 0;
}

static inline struct reply *
ask_nonce(struct rig *r, X509 *issuer, const unsigned char *serial, size_t len,
    const EVP_MD *md, int nonce)
{
	unsigned char *der;
	int n = pki_request(issuer, serial, len, md, nonce, &der);
	struct reply *reply;

	reply = responder_answer(&r->responder, der, (size_t)n, r->now);
	OPENSSL_free(der);
	assert_non_null(reply);
	return reply;
}

static inline struct reply *
ask(struct rig *r, const unsigned char *serial)
{
	return ask_nonce(r, r->pki.ca, serial, 2, EVP_sha1(), 0);
}

/* Status and reason in a signed answer; ${reply} is given. */
static inline int
status_of(struct rig *r, struct reply *reply, int *reason)
{
	OCSP_BASICRESP *basic =
	    pki_verify(reply->data, reply->len, r->pki.ca, r->pki.root);
	int status = pki_status(basic, 0, reason);

	OCSP_BASICRESP_free(basic);
	reply_free(reply);
	return status;
}

/* Of an unsigned one; ${reply} is given. */
static inline void
expect_error(struct reply *reply, int error)
{
	assert_int_equal(reply->len, 5);
	assert_int_equal(reply->data[4], error);
	assert_int_equal(reply->store, 0);
	reply_free(reply);
}

#define MALFORMED OCSP_RESPONSE_STATUS_MALFORMEDREQUEST
#define TRYLATER OCSP_RESPONSE_STATUS_TRYLATER
#define UNAUTHORIZED OCSP_RESPONSE_STATUS_UNAUTHORIZED

#endif
