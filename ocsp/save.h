#ifndef INKAN_OCSP_SAVE_H
#define INKAN_OCSP_SAVE_H

#include <stddef.h>

/* Write ${path} whole or not at all (temporary file beside it, fsync, rename),
   mode 0644. 1, or 0 raised. */
int save_file(const char *path, const void *data, size_t len);
/* All of it to ${fd}. 1, or 0 with errno. */
int save_octets(int fd, const void *data, size_t len);

#endif
