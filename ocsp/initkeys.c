#include <string.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "ca/report/report.h"
#include "ocsp/error.h"
#include "ocsp/initkeys.h"
#include "ocsp/keys.h"
#include "ocsp/save.h"

static int
write_request(const struct settings_delegate *d, EVP_PKEY *key)
{
	X509_REQ *req = keys_request(key, NULL, d->label);
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;
	int ok = 0;

	if (req == NULL || bio == NULL || PEM_write_bio_X509_REQ(bio, req) != 1)
		goto out;
	len = BIO_get_mem_data(bio, &text);
	ok = save_file(d->csr, text, (size_t)len);
out:
	X509_REQ_free(req);
	BIO_free(bio);
	return ok;
}

static int
init_one(const struct settings_delegate *d, struct hsm *hsm)
{
	EVP_PKEY *key = NULL;
	int have = keys_have(hsm, d->label), ok = 0;

	if (have < 0)
		return 0;
	if (have && (d->csr == NULL || access(d->csr, F_OK) == 0))
		return 1;
	if (d->csr == NULL) {
		ocsp_raise(OCSP_E_CONFIG,
		    "delegate %s: csr is missing, "
		    "--init-keys needs it",
		    d->issuer);
		return 0;
	}
	key = have ? hsm_key_find(hsm, d->key)
		   : hsm_key_generate(hsm, d->type, d->label);
	if (key == NULL)
		goto out;
	if (!have)
		report_event(REPORT_INFO, "ocsp.key.made", "issuer", d->issuer,
		    "label", d->label, "type", hsm_key_type_name(d->type),
		    NULL);
	if (!write_request(d, key))
		goto out;
	report_event(REPORT_INFO, "ocsp.request.written", "issuer", d->issuer,
	    "file", d->csr, NULL);
	ok = 1;
out:
	EVP_PKEY_free(key);
	return ok;
}

int
initkeys_run(const struct settings *set, struct hsm *hsm)
{
	size_t i;

	for (i = 0; i < set->n_delegates; i++)
		if (!init_one(&set->delegates[i], hsm)) {
			ocsp_raise(OCSP_E_DELEGATE, "delegate of %s",
			    set->delegates[i].issuer);
			return 0;
		}
	return 1;
}
