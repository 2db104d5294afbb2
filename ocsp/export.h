#ifndef INKAN_OCSP_EXPORT_H
#define INKAN_OCSP_EXPORT_H

#include <stddef.h>
#include <time.h>
#include "ocsp/follow.h"
#include "ocsp/responder.h"

/*
 * Every answer as a static file, for a CDN or a plain web server:
 *
 *   DIR/ocsp/BASE64       the answer to that GET path, by SHA-1 and by SHA-256
 *   DIR/crl  DIR/ca  DIR/log      as published
 *
 * A '/' in the base64 is a folder; one at its end leads to the file "index" in
 * it. Doubled ones need nothing: the file system takes them for one. A file's
 * time of change is its nextUpdate less the configured validity, so that a web
 * server can tell caches when it ends.
 *
 * The validity that it was is kept beside them; under another one all are
 * stamped anew.
 *
 * Incremental: an answer is made when the certificate's state has changed since
 * the last run, its file is missing, or refresh (less a share that differs from
 * one to the next) is near. The changed ones come first. Files whose answer has
 * ended are removed, also when nothing new may be said. Each file is replaced
 * whole; two exports into one folder exclude each other.
 */

#define EXPORT_STEP 500 /* certificates looked at in one step */

struct export;

struct export_sum {
	size_t certs;	/* looked at */
	size_t written; /* answers */
	size_t fresh;	/* left as they are */
	size_t refused; /* no answer may be made now */
	size_t removed; /* files of answers that had ended */
	size_t copied;	/* CRLs, certificates, files of the log */
};

/* All borrowed; the follower is stepped from here and has no thread. Makes and
   locks the folder, and reads nothing else: the parts below do not need each
   other. NULL raised. */
struct export *export_new(const struct settings *set,
    struct responder *responder, struct follow *follow, const char *dir);
void export_free(struct export *e); /* NULL is fine */

/* Remove what has ended; first. 1, or 0 raised. */
int export_clean(struct export *e, time_t now);

/* A step's answers. 1: there are more, 0: that was all, -1 raised. */
int export_step(struct export *e, time_t now);

/* What is published; note how far it came. 1, or 0 raised. */
int export_finish(struct export *e, time_t now);

const struct export_sum *export_sum(const struct export *e);

/* The path below DIR of the answer to the request ${der}, TREE_PATH_MAX octets.
   1, or 0 (nothing raised): a part of it would be longer than a file's name may
   be. */
int export_path(const unsigned char *der, size_t len, char *out);

#endif
