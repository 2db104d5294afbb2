#ifndef INKAN_RA_TLS_H
#define INKAN_RA_TLS_H

#include <stddef.h>
#include <openssl/ssl.h>

#include "ca/wire/field.h"

/*
 * The TLS side: TLS 1.2 and 1.3, ECDHE with AEAD only, no renegotiation, no
 * tickets, no resumption, no early data. A client certificate is asked for and
 * never judged here - any chain passes, because inkan-ca judges it and 403 can
 * be said; possession of its key is proven by the handshake itself.
 *
 * The certificate can be replaced while connections live: they keep the
 * context that they began with.
 */

#define TLS_CHAIN_MAX 10 /* certificates of a client, leaf included */
#define TLS_CHAIN_OCTETS_MAX (64 * 1024)
#define TLS_EXPORTER_LEN 32 /* RFC 9266 */
#define TLS_SERVER_MAX 16   /* certificates that we present, leaf included */

struct tls;

/* Certificate (PEM: leaf, then issuing CAs) and key must match. NULL raised. */
struct tls *tls_new(const char *certificate, const char *key);
/* Read both files again. On failure (0, raised) the old ones stay. */
int tls_reload(struct tls *t, const char *certificate, const char *key);
void tls_free(struct tls *t); /* NULL is fine */

SSL *tls_accept(struct tls *t);	      /* server side; SSL_free(), NULL raised */
X509 *tls_certificate(struct tls *t); /* our leaf, returned to be freed */

/* Has the client sent a certificate? */
int tls_has_client(const SSL *ssl);

/* Adds to the arguments of enroll: "chain" (each, leaf first), "tls_version",
   "tls_exporter" and - TLS 1.2 with extended master secret - "tls_unique"; and
   what this connection presented, "server_sha256" (SHA-256 of each certificate,
   leaf first), from which inkan-ca tells which root the client must know.
   0 raised: out of memory, or a chain beyond TLS_CHAIN_MAX. */
int tls_add_evidence(SSL *ssl, WIRE_FIELDS *args);
/* "chain" alone. */
int tls_add_chain(SSL *ssl, WIRE_FIELDS *args);

#endif
