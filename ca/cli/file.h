#ifndef INKAN_CA_CLI_FILE_H
#define INKAN_CA_CLI_FILE_H

#include <stddef.h>
#include "ca/wire/field.h"

/* Files that an operator names. "-" is standard input or output. Errors are
   raised: ERR_LIB_SYS, or CA_E_BADREQUEST naming the file. */

#define FILE_MAX (64 * 1024) /* octets of a file read */
#define FILE_CHAIN_MAX 10    /* certificates in a chain */

/* Append to ${args} as bytes named ${field}: 1, or 0 raised. PEM or DER. What
   is inside is judged by the server. */
int file_add_csr(WIRE_FIELDS *args, const char *field, const char *path);
/* A public key (SPKI), or that of a certificate or request. A private key is
   refused: it should never have come here. */
int file_add_key(WIRE_FIELDS *args, const char *field, const char *path);
/* The same from a text in memory, which must be PEM. */
int file_add_csr_text(WIRE_FIELDS *args, const char *field, const char *pem);
int file_add_key_text(WIRE_FIELDS *args, const char *field, const char *pem);
/* Exactly one certificate. */
int file_add_cert(WIRE_FIELDS *args, const char *field, const char *path);
/* Certificates in the order of the file, leaf first. */
int file_add_chain(WIRE_FIELDS *args, const char *field, const char *path);

/* The whole of a file of at most FILE_MAX octets; file_free() wipes it. NULL
   raised, also when it is empty. */
unsigned char *file_read(const char *path, size_t *len);
void file_free(unsigned char *p, size_t len);	/* NULL is fine */

/* The whole file as text. */
int file_add_text(WIRE_FIELDS *args, const char *field, const char *path);

/* SHA-256 of a file of any size, as 64 hexadecimal digits. 1, or 0 raised. */
int file_sha256(const char *path, char hex[65]);

/* One line of at most ${size} - 1 octets from standard input, without its end;
   a terminal is asked with ${prompt} and does not echo. The caller wipes. */
int file_read_secret(const char *prompt, char *buf, size_t size);

/*
 * Write ${der} as PEM. A regular file appears whole or not at all, mode 0644;
 * what is no regular file (/dev/null, a pipe) is written to.
 */
int file_write_pem(
    const char *path, const char *label, const unsigned char *der, size_t len);
/* The same as text, to be freed with OPENSSL_free(). */
char *file_pem(const char *label, const unsigned char *der, size_t len);

#endif
