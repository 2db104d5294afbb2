#ifndef INKAN_CA_ENGINE_KEYGEN_H
#define INKAN_CA_ENGINE_KEYGEN_H

#include "ca/engine/policy.h"
#include "profiles/csr.h"

/*
 * Keys that are made here for a device (RFC 7030 4.4). The device's CSR is a
 * template: its key and signature are ignored. From it a CSR of our own is made,
 * with the template's subject and attributes and a new key that signs it; that one
 * is judged, kept and certified like any other.
 *
 * The key lives in memory only, from admission to the answer. It is never stored,
 * logged or given to a log entry; its encodings are wiped when they are freed.
 *
 * How it is answered is decided before it is made, so that nothing is refused
 * after a certificate was issued:
 *   - a template with AsymmetricDecryptKeyIdentifier (RFC 7030 4.4.1.2): in
 *     CMS, encrypted to the client's TLS certificate, which must be the one that is
 *     named and must be good for encryption;
 *   - with DecryptKeyIdentifier (RFC 4108 2.2.5): refused. Secrets of devices are
 *     kept as hashes, so there is no key to encrypt with;
 *   - else as plain PKCS #8 inside TLS, where the fleet allows it.
 */

struct keygen;

struct keygen_request {			/* all borrowed */
	const struct fleet *fleet;
	const unsigned char *csr; size_t csr_len;	/* the template */
	const unsigned char *client; size_t client_len;	/* certificate of the
					   TLS client, DER; NULL: none */
};

/* Look at the template and make the key. Returned to be freed with keygen_free();
   NULL with "rule: text" raised: CA_E_BADREQUEST, or CA_E_DENIED where the fleet
   or the key to encrypt with does not allow it. */
struct keygen *keygen_make(const struct keygen_request *r);
void keygen_free(struct keygen *k);	/* wipes; NULL is fine */

/* The CSR of our own, DER. Borrowed. */
const unsigned char *keygen_csr(const struct keygen *k, size_t *len);
/* What key of the template could not be made ("rsa-2048"), or NULL. Static. */
const char *keygen_other(const struct keygen *k);
/* Will keygen_answer() encrypt? */
int keygen_encrypts(const struct keygen *k);

/*
 * The key for its device, with the certificate (DER) that was issued for it, to be
 * freed with OPENSSL_clear_free(): PrivateKeyInfo (RFC 5958), or ContentInfo with
 * EnvelopedData { SignedData { AsymmetricKeyPackage } }. The package is signed
 * by the new key itself, named by its certificate, which the SignedData holds: so
 * whoever opens it sees that both belong together, and the CA that says so. 1, or
 * 0 raised.
 */
int keygen_answer(const struct keygen *k, const unsigned char *cert,
    size_t cert_len, unsigned char **out, size_t *len);

#endif
