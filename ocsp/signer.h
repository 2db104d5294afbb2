#ifndef INKAN_OCSP_SIGNER_H
#define INKAN_OCSP_SIGNER_H

#include <stdatomic.h>
#include <stddef.h>
#include <time.h>
#include <openssl/x509.h>

/*
 * What signs the answers of one issuer: the delegate's key and certificate
 * (RFC 6960 4.2.2.2). Immutable but for the notes of its last failure and of
 * its speed, counted.
 */

struct signer {
	EVP_PKEY *key;
	unsigned char *cert; /* DER */
	size_t cert_len;
	unsigned char key_hash[20]; /* ResponderID byKey: SHA-1 of the key's
				       BIT STRING contents */
	time_t not_before, not_after;
	atomic_uint refs;
	atomic_llong failed_at; /* when it last could not sign; 0 never */
	atomic_uint rate;	/* what signer_probe() measured; 0 never */
};

/*
 * Check and make. ${key} is given on success. Refused (OCSP_E_DELEGATE): the
 * certificate is not for this key; not signed by ${issuer}'s key; lacks
 * id-kp-OCSPSigning; is a CA. Validity is not checked here: the caller knows
 * the time.
 */
struct signer *signer_new(EVP_PKEY *key, X509 *cert, X509 *issuer);
struct signer *signer_up_ref(struct signer *signer);
void signer_free(struct signer *signer); /* NULL is fine */

/* Can it sign? The probe is a fixed text that is nothing's DER. *rate gets the
   signatures a second, one after the other, as the first probe that succeeded
   measured them. 1; 0 raised, and noted in failed_at. */
int signer_probe(struct signer *signer, time_t now, unsigned *rate);

/* Digest that goes with the key: NULL for Ed25519. */
const EVP_MD *signer_digest(const EVP_PKEY *key);

#endif
