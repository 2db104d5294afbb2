#ifndef INKAN_OCSP_READERS_H
#define INKAN_OCSP_READERS_H

#include "ca/status/status.h"

/*
 * Readers of status.db, one for each thread that reads at a moment: taken,
 * used for one short look, given back. readers_renew() lets all older ones
 * be closed when the file behind the path has been replaced.
 */

struct readers;

struct readers *readers_new(const char *path); /* borrowed; opens nothing */
void readers_free(struct readers *r);	       /* NULL is fine */
void readers_renew(struct readers *r);

/* Is there such a certificate, and in what state? As status_reader_find():
   1, 0 never issued, -1 raised. */
int readers_find(struct readers *r, int64_t issuer, const unsigned char *serial,
    size_t len, struct status_cert *out);
/* 1, or 0 raised. */
int readers_head(struct readers *r, struct status_head *out);

#endif
