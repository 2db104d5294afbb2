#ifndef INKAN_CA_ENGINE_OWN_H
#define INKAN_CA_ENGINE_OWN_H

#include <time.h>
#include "ca/engine/issuer.h"
#include "ca/store/records.h"

/*
 * Under which CA a service of ours renews its certificate, and with which links
 * it is presented.
 *
 * A responder's delegate stays with the CA for which it answers. A server's
 * certificate moves to the newest active generation of its CA, but only where
 * those who know the older root alone can still verify it: under the same root,
 * or by link certificates (new-with-old). Else it stays while its CA issues;
 * else all devices that have not yet learnt the newer root would be locked out
 * by a renewal that nobody has asked for.
 */

struct own_links {		/* new-with-old that have not expired */
	struct ca_cert_row *row;
	size_t n;
	time_t now;
	int ok;
};

/* 1, to be cleared; 0 raised. */
int own_links_read(struct own_links *l, struct store *store, time_t now);
void own_links_clear(struct own_links *l);

/* The CA to renew a server's certificate of ${current} under; never NULL. */
const struct issuer *own_server_issuer(const struct issuer_set *set,
    const struct own_links *l, const struct issuer *current);

/* Add as "link" what leads from the root of ${is} to older ones. 1, or 0
   raised. */
int own_links_add(const struct issuer_set *set, const struct own_links *l,
    const struct issuer *is, WIRE_FIELDS *values);

#endif
