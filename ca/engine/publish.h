#ifndef INKAN_CA_ENGINE_PUBLISH_H
#define INKAN_CA_ENGINE_PUBLISH_H

#include <stddef.h>

/*
 * Published files: what anybody may fetch. Written to a temporary file in the
 * same folder, synced, renamed, folder synced: a reader sees the old or the
 * new file, never half of one. Mode 0644.
 *   crl/<ident>.crl   ca/<ident>.cer   ocsp/<ident>/<name>.der
 */
int publish_file(const char *dir, const char *name, const void *data,
    size_t len);
/* Make ${dir} and the folders that publish_file needs below it. */
int publish_prepare(const char *dir);
/* mkdir -p; folders that were not there get ${mode}, whatever the umask. */
int publish_mkdir(const char *path, unsigned mode);

#endif
