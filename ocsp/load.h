#ifndef INKAN_OCSP_LOAD_H
#define INKAN_OCSP_LOAD_H

#include <stddef.h>
#include <sys/stat.h>

/*
 * Read a regular file of at most ${max} octets whole; links are not followed.
 * *out is returned to be freed with OPENSSL_free(); ${st} tells which file it
 * was that was read. 1, or 0 raised.
 */
int load_file(const char *path, size_t max, unsigned char **out,
    size_t *out_len, struct stat *st);

/* Same file, unchanged? */
int load_same(const struct stat *a, const struct stat *b);

#endif
