#ifndef INKAN_OCSP_LOGFILES_H
#define INKAN_OCSP_LOGFILES_H

#include "ocsp/reply.h"

/*
 * The published log: PUBLISH_DIR/log. Its files are too many for memory; each is
 * read when it is asked for, up to LOGFILES_MAX octets. Tiles and bundles never
 * change, partial ones neither; checkpoints and the verifier key are texts that
 * caches keep for LOGFILES_AGE seconds.
 *
 * ${name} comes checked from path_route(). Not checked here: what a file holds;
 * who reads a log checks its signatures and hashes.
 */

#define LOGFILES_MAX (1UL << 20)
#define LOGFILES_AGE 2
#define LOGFILES_TILE_AGE 31536000

/* With a reference of the caller's own; NULL (nothing raised): not there, or
   unfit, which is reported. */
struct reply *logfiles_get(const char *dir, const char *name);

#endif
