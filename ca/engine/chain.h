#ifndef INKAN_CA_ENGINE_CHAIN_H
#define INKAN_CA_ENGINE_CHAIN_H

#include "ca/engine/ca.h"

/*
 * The certificates above a CA: our own by their rows, then those of foreign CAs
 * that came in with a sub-CA's certificate. The root is the last one.
 */
#define CHAIN_MAX 16

/*
 * *out gets what is above ${is} (nothing for a root), to be freed with its
 * certificates. A chain that does not reach a self-signed certificate is given
 * as far as it goes. Signatures are checked, times are not. 1 or 0 raised.
 */
int chain_above(struct ca *ca, const struct issuer *is, STACK_OF(X509) **out);
int chain_of(const struct issuer_set *set, struct store *store,
    const struct issuer *is, STACK_OF(X509) **out);

#endif
