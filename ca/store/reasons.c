#include <openssl/crypto.h>
#include <openssl/x509v3.h>

#include "ca/store/reasons.h"

static const char *const NAMES[REASONS_N] = {"unspecified", "keyCompromise",
    "cACompromise", "affiliationChanged", "superseded",
    "cessationOfOperation", "certificateHold", "privilegeWithdrawn",
    "aACompromise"};

static const int CODES[REASONS_N] = {CRL_REASON_UNSPECIFIED,
    CRL_REASON_KEY_COMPROMISE, CRL_REASON_CA_COMPROMISE,
    CRL_REASON_AFFILIATION_CHANGED, CRL_REASON_SUPERSEDED,
    CRL_REASON_CESSATION_OF_OPERATION, CRL_REASON_CERTIFICATE_HOLD,
    CRL_REASON_PRIVILEGE_WITHDRAWN, CRL_REASON_AA_COMPROMISE};

int
reasons_code(const char *name)
{
	size_t i;

	for (i = 0; i < REASONS_N; i++)
		if (OPENSSL_strcasecmp(name, NAMES[i]) == 0)
			return CODES[i];
	return -1;
}

const char *
reasons_name(int code)
{
	size_t i;

	for (i = 0; i < REASONS_N; i++)
		if (CODES[i] == code)
			return NAMES[i];
	return NULL;
}

const char *const *
reasons_names(void)
{
	return NAMES;
}
