#ifndef INKAN_CA_ENGINE_KEYGEN_PART_H
#define INKAN_CA_ENGINE_KEYGEN_PART_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "profiles/spki.h"

/* What keygen.c and keygen_answer.c share. */
struct keygen {
	EVP_PKEY *key;			/* the private key, owned */
	enum spki_type type;
	const char *other;		/* type that was asked for in vain */
	unsigned char *csr; size_t csr_len;
	X509 *recipient;		/* NULL: plain */
	const EVP_CIPHER *cipher;	/* static */
};

#endif
