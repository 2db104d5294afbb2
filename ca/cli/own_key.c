#include <string.h>

#include <openssl/bio.h>
#include <openssl/pem.h>

#include "ca/cli/own_key.h"
#include "ca/error.h"

static int
open_token(struct own_key *k, const char *uri, const char *module)
{
	struct hsm_config cfg = {.uri = uri, .module = module, .sessions = 1};

	if (strstr(uri, "pin-source=") == NULL)
		cfg.pin.kind = HSM_PIN_TTY;
	k->hsm = hsm_open(&cfg);
	k->pkey = k->hsm == NULL ? NULL : hsm_key_find(k->hsm, uri);
	return k->pkey != NULL;
}

int
own_key_open(struct own_key *k, const char *spec, const char *module)
{
	BIO *bio;

	if (strncmp(spec, "pkcs11:", 7) == 0)
		return open_token(k, spec, module);
	bio = BIO_new_file(spec, "r");
	if (bio != NULL)
		k->pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	BIO_free(bio);
	if (k->pkey == NULL)
		ca_raise(CA_E_BADREQUEST, "key.file: %s: no private key in "
		    "PEM, or not with this passphrase", spec);
	return k->pkey != NULL;
}

void
own_key_close(struct own_key *k)
{
	EVP_PKEY_free(k->pkey);
	k->pkey = NULL;
	hsm_close(k->hsm);
	k->hsm = NULL;
}
