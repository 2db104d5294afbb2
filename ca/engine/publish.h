#ifndef INKAN_CA_ENGINE_PUBLISH_H
#define INKAN_CA_ENGINE_PUBLISH_H

#include <stddef.h>

/*
 * Published files: what anybody may fetch. Written to a hidden file beside its
 * name, synced, renamed, folder synced: a reader sees the old or the new file,
 * never half of one. Mode 0644. The hidden file's name is the same each time, so
 * that a crash leaves one at most, which the next writing of that name removes.
 * One writer of a name at a time is the caller's to see to.
 *   crl/<ident>.crl, crl/<ident>-s<shard>.crl   ca/<ident>.cer
 *   ocsp/<ident>/<name>.der
 */
int publish_file(const char *dir, const char *name, const void *data,
    size_t len);
/* The same in two steps: what is staged lies, synced, in that hidden file. */
int publish_stage(const char *dir, const char *name, const void *data,
    size_t len);
int publish_staged(const char *dir, const char *name);
void publish_unstage(const char *dir, const char *name);
/* Path of the file, or of the staged one, in PATH_MAX octets. 1, or 0 raised:
   too long. */
int publish_path(const char *dir, const char *name, int staged, char *out);
/* Make ${dir} and the folders that publish_file needs below it. */
int publish_prepare(const char *dir);
/* mkdir -p; folders that were not there get ${mode}, whatever the umask. */
int publish_mkdir(const char *path, unsigned mode);

#endif
