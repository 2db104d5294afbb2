#ifndef INKAN_RA_KEYFILE_H
#define INKAN_RA_KEYFILE_H

#include <openssl/evp.h>

/*
 * The TLS key of inkan-ra: a PEM file of ours. The key of a CA never comes
 * near this program.
 */

EVP_PKEY *keyfile_new(void); /* EC P-256; NULL raised */

/* Refused: a file that others may read or write, or an encrypted key. */
EVP_PKEY *keyfile_read(const char *path);

/* PKCS#8 PEM with mode 0600, on disk (fsync) when this returns; an existing
   file is replaced atomically. 1, or 0 raised. */
int keyfile_write(const char *path, EVP_PKEY *key);

/* The same for text that everybody may read (0644). */
int keyfile_write_text(const char *path, const char *text, size_t len);

/* Whoever replaces the key at ${path} holds this meanwhile, in all threads and
   processes one at a time. A descriptor, to be closed; -1 raised, also when
   another one has held it for KEYFILE_LOCK_S seconds. */
#define KEYFILE_LOCK_S 15 /* longer than a renewal's call */
int keyfile_lock(const char *path);

/* --init-keys: make the key when there is none, and write the CSR (PEM) to
   ${csr_path}. An existing key is kept. 1, or 0 raised. */
int keyfile_init(const char *key_path, const char *csr_path,
    const char *subject, char *const *names, size_t n_names);

#endif
