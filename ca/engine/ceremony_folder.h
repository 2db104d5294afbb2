#ifndef INKAN_CA_ENGINE_CEREMONY_FOLDER_H
#define INKAN_CA_ENGINE_CEREMONY_FOLDER_H

#include <limits.h>
#include <stddef.h>

/* A SoftHSM token's folder, as one file. */

/* The folder that a configuration of SoftHSM's names (directories.tokendir), in
   PATH_MAX octets. 1, or 0 raised ("backup.folder"). */
int ceremony_token_folder(const char *softhsm_conf, char *out);

/*
 * All plain files below ${dir}, with names relative to it, as a POSIX archive
 * (ustar) that tar(1) unpacks. *out is to be freed with OPENSSL_clear_free(). 1, or
 * 0 raised: more than 64 MiB, a name above 99 octets, another kind of file.
 */
#define CEREMONY_TAR_MAX (64UL * 1024 * 1024)
int ceremony_tar(const char *dir, unsigned char **out, size_t *len);

#endif
