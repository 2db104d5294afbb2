#ifndef INKAN_OCSP_LOAD_H
#define INKAN_OCSP_LOAD_H

#include <stddef.h>
#include <sys/stat.h>

/*
 * Read a regular file of at most ${max} octets whole; links are not followed.
 * *out is returned to be freed with OPENSSL_free(); ${st} tells which file it
 * was that was read. 1, or 0 raised: OCSP_E_FILE when it is no such file, else
 * a failure that passes (descriptors, memory, the disk, its mode).
 */
int load_file(const char *path, size_t max, unsigned char **out,
    size_t *out_len, struct stat *st);

/* Is what was raised last about the file itself, so that reading it again is of
   no use before it changes? */
int load_unfit(void);

/* Same file, unchanged? */
int load_same(const struct stat *a, const struct stat *b);

#endif
