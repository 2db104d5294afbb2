#ifndef INKAN_CA_ENGINE_CRL_H
#define INKAN_CA_ENGINE_CRL_H

#include <time.h>
#include "ca/engine/issuer.h"

/*
 * CRLs of a CA (RFC 5280 5): one full CRL, or one for each shard
 * (crl_shard.h). crlNumber = max(last + 1, seconds of thisUpdate), in each
 * shard by itself. A certificate that expires stays on one more CRL, with
 * expiredCertsOnCRL for ever, as does one without end.
 *
 * The order of one CRL: built and signed; staged (a hidden file, synced); its
 * row with number, SHA-256 and log entry durable in the store; renamed. After
 * a crash in between the same octets are published: from the staged file, or
 * from the row, which holds the CRL itself up to CRL_ROW_MAX octets. A larger
 * one is not written into the database a second time: if its file is lost as
 * well, a new CRL is owed. No number is ever published for two lists.
 */

#define CRL_ROW_MAX (512 * 1024)

/* Build, sign, store and publish every CRL of ${is}. ${publish_dir} may be
   NULL: in the store only, which a CRL above CRL_ROW_MAX cannot be. ${out} may
   be NULL; it gets the row of the last one, its der to be freed with
   OPENSSL_free() and NULL above CRL_ROW_MAX. The caller serialises calls for
   one issuer. */
int crl_issue(struct store *store, struct issuer *is, const char *publish_dir,
    time_t now, struct crl_row *out);
/* The same for one shard, from 0. */
int crl_issue_shard(struct store *store, struct issuer *is, int shard,
    const char *publish_dir, time_t now, struct crl_row *out);

/* Publish the newest CRLs of the store again where a file is missing or
   another (after a crash between both). Never over a newer one, which an older
   store would do. 0 raised when one of them cannot be: then a new one is owed;
   the others are published nevertheless. */
int crl_republish(struct store *store, const struct issuer *is,
    const char *publish_dir);

/* When the next CRL of the shard is due: thisUpdate + interval of the newest,
   but not later than half of its validity; or its nextUpdate where no interval
   is known (a root's); 0 if there is none. */
int crl_due_shard(struct store *store, const struct issuer *is, int shard,
    int64_t *due);
/* The first of all shards. */
int crl_due(struct store *store, const struct issuer *is, int64_t *due);

#endif
