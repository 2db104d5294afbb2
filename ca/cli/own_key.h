#ifndef INKAN_CA_CLI_OWN_KEY_H
#define INKAN_CA_CLI_OWN_KEY_H

#include "hsm/hsm.h"

/*
 * A person's own private key, for what people sign: a PEM file (the passphrase
 * is asked for at the terminal), or a PKCS #11 URI of a key in a token of
 * theirs. Only what the command line names is opened, never a token of
 * inkan-ca's: that one has no PIN here. A token's PIN comes from the URI's
 * pin-source (a file), else from the terminal.
 */
struct own_key {
	EVP_PKEY *pkey;
	struct hsm *hsm;	/* NULL: from a file */
};

/* ${module}: path of the PKCS #11 module, or NULL: the URI's, else what p11-kit
   has registered. 1, or 0 raised. To be closed in any case. */
int own_key_open(struct own_key *k, const char *spec, const char *module);
void own_key_close(struct own_key *k);

#endif
