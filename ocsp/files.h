#ifndef INKAN_OCSP_FILES_H
#define INKAN_OCSP_FILES_H

#include <time.h>
#include "ocsp/reply.h"

/*
 * Published files: PUBLISH_DIR/crl/NAME.crl and PUBLISH_DIR/ca/NAME.cer, DER.
 * Kept in memory; another inode, size or time of change has them read again,
 * so that a CRL is served from the moment when it was renamed into its place.
 *
 * Names come checked from path_route(): letters, digits, dot and dash only.
 * A file that is no CRL is reported and not served; one that cannot be read is
 * tried again at the next request.
 */

#define FILES_MAX 1024		     /* files kept */
#define FILES_SIZE_MAX (256UL << 20) /* octets of one file */
#define FILES_CERT_AGE                                                         \
	86400 /* max-age of certificates: the name                             \
		 contains the CA's generation */

enum files_kind { FILES_CRL, FILES_CERT };

struct files;

/* ${dir} is borrowed; ${crl_max_age} bounds max-age of CRLs, in seconds. */
struct files *files_new(const char *dir, time_t crl_max_age);
void files_free(struct files *files); /* NULL is fine */

/* With a reference of the caller's own; NULL (nothing raised): not there, or
   unfit. */
struct reply *files_get(
    struct files *files, enum files_kind kind, const char *name);

/* Forget all: they are read again when they are asked for. */
void files_forget(struct files *files);

#endif
