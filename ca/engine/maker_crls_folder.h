#ifndef INKAN_CA_ENGINE_MAKER_CRLS_FOLDER_H
#define INKAN_CA_ENGINE_MAKER_CRLS_FOLDER_H

#include "ca/engine/maker_crls.h"

/* What lies in the folder, read: for maker_crls.c and tests. A set is immutable
   and has a counter of those who use it. */

struct crl_set;

/* The folder as it is. Files that ${before} (NULL: none) has and that have not
   changed are not read again; where nothing has, ${before} itself is returned.
   NULL: the folder cannot be read. To be given back with
   crl_set_put(). */
struct crl_set *crl_set_read(const char *dir, struct crl_set *before);
struct crl_set *crl_set_ref(struct crl_set *s);	/* NULL is fine */
void crl_set_put(struct crl_set *s);		/* NULL is fine */

/* Those by the issuers of ${leaf} and ${rest}; the CRLs are the set's. To be
   freed with sk_X509_CRL_free(); NULL: out of memory (not raised). */
STACK_OF(X509_CRL) *crl_set_of(const struct crl_set *s, const X509 *leaf,
    const STACK_OF(X509) *rest);
int crl_set_list(const struct crl_set *s,
    int (*cb)(const struct maker_crls_info *info, void *arg), void *arg);

/* Why ${crl} is not taken, whoever signed it; NULL: it is. Static. */
const char *crl_set_breach(const X509_CRL *crl);

#endif
