#ifndef INKAN_CA_ENGINE_ISSUE_ROW_H
#define INKAN_CA_ENGINE_ISSUE_ROW_H

#include <time.h>
#include "ca/engine/issue.h"
#include "profiles/build.h"

/*
 * What the store and the log will tell of a certificate, made from its TBS
 * before anything is signed. Only for issue.c and its tests.
 */

/* The whole ${row}, as CERT_RESERVED, but for its id. Subject and validity are
   read back from the TBS; texts that are too long are cut between characters.
   That the TBS conforms is not checked here. 1, or 0 raised. */
int issue_row_fill(struct cert_row *row, const struct issue_job *job,
    const struct issue_tbs *tbs, time_t now);

/* An entry of the log on ${row}: who asked for what while it is reserved, the
   certificate's hash once it is valid. 1, or 0 raised. */
int issue_row_log(struct store_tx *tx, const char *kind,
    const struct cert_row *row, int64_t now);

#endif
