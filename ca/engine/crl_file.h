#ifndef INKAN_CA_ENGINE_CRL_FILE_H
#define INKAN_CA_ENGINE_CRL_FILE_H

#include "ca/engine/issuer.h"

/*
 * Published CRLs, file by file. An older CRL never takes the place of a newer
 * one: before the rename the number in the file that is there is read, under a
 * lock that all our programs take. Only a CRL of the same CA and scope whose
 * signature holds is listened to; anything else that lies there is replaced.
 */

/* A CRL as far as its place in a row of CRLs goes. All borrowed. */
struct crl_view {
	const unsigned char *issuer, *tbs, *sigalg, *sig;
	size_t issuer_len, tbs_len, sigalg_len, sig_len;
	int64_t number;
	char uri[264];			/* of the IDP; "" where there is none */
};
/* Read without decoding the entries. 1, or 0 when it is no CRL of the kind
   that we write (nothing raised). */
int crl_view_read(const unsigned char *der, size_t len, struct crl_view *out);

/* The address that the CRL of this shard has in its IDP; "" for a full CRL.
   CRL_URL_MAX octets. */
void crl_file_scope(const struct issuer *is, int shard, char *out);

/* Is it there with exactly these octets? ${staged}: as publish_stage() left
   it. 1 or 0. */
int crl_file_is(const char *dir, const char *name, int staged,
    const unsigned char sha256[32]);

/* Give what is staged its name. 1, or 0 raised: CA_E_STORE where it cannot be read
   what is published; CA_E_DENIED ("crl.older: ...")
   when the published one has a higher number than ${number}; what is staged is
   then removed. */
int crl_file_release(const struct issuer *is, int shard, const char *dir,
    int64_t number);

#endif
