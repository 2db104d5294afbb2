#ifndef INKAN_OCSP_PRESIGNED_H
#define INKAN_OCSP_PRESIGNED_H

#include <time.h>
#include "ocsp/reply.h"
#include "ocsp/request.h"
#include "ocsp/view.h"

/*
 * Answers about certificates that the root issued, signed by the ceremony:
 * PUBLISH_DIR/ocsp/ROOT-IDENT/NAME.der, each one OCSPResponse with one or
 * several SingleResponses (the same certificate by SHA-1 and by SHA-256).
 * A file is taken only when its signature verifies under the root or under a
 * delegate of the root, and all of its CertIDs name the root; others are
 * reported. Read again when anything in the folder changes, and at each look
 * while some of it cannot be read.
 *
 * Not checked here: whether an answer is still valid; the caller looks at
 * ${reply}->expires.
 */

#define PRESIGNED_FILES_MAX 1024       /* for all roots together */
#define PRESIGNED_FILE_MAX (64 * 1024) /* octets */
#define PRESIGNED_AGE_MAX                                                      \
	3600 /* max-age, seconds: a ceremony may                               \
		replace an answer at any time */

struct presigned;

struct presigned *presigned_new(const char *publish_dir); /* borrowed */
void presigned_free(struct presigned *p);		  /* NULL is fine */

/* Look at the folders; ${force}: read them even when nothing changed. Called
   by one thread. */
void presigned_poll(struct presigned *p, const struct view *view, int force);

/* The answer to all CertIDs of the request, with a reference of the caller's
   own, or NULL. The smallest that covers them. */
struct reply *presigned_find(struct presigned *p, const struct request *req);

#endif
