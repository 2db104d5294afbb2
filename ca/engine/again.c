#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "ca/error.h"
#include "ca/engine/kept.h"
#include "ca/engine/stage.h"

/*
 * A first enrolment that is repeated because its answer was lost: the same
 * manufacturer's certificate (issuer and serial), fleet, device and key, within
 * AGAIN_WINDOW, and the certificate still valid. Who it was is kept with the
 * request (kept.h), so a request that is not kept any more is no repetition.
 */

#define CREDENTIAL "identity.credential"

int
again_credential(struct admitting *t, const X509 *leaf)
{
	unsigned char *name = NULL, *serial = NULL, md[32];
	int n = i2d_X509_NAME(X509_get_issuer_name(leaf), &name);
	int k = i2d_ASN1_INTEGER(X509_get0_serialNumber(leaf), &serial);
	char hex[2 * sizeof(md) + 1];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t i;
	int ok;

	ok = n > 0 && k > 0 && ctx != NULL &&
	    EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(ctx, name, (size_t)n) == 1 &&
	    EVP_DigestUpdate(ctx, serial, (size_t)k) == 1 &&
	    EVP_DigestFinal_ex(ctx, md, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	OPENSSL_free(name);
	OPENSSL_free(serial);
	if (!ok) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return 0;
	}
	for (i = 0; i < sizeof(md); i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned)md[i]);
	return stage_field(t->a, CREDENTIAL, hex);
}

static const char *
credential_of(const struct build_field *fields, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(fields[i].name, CREDENTIAL) == 0)
			return fields[i].value;
	return NULL;
}

struct request {
	int64_t cert;		/* looked for */
	const char *credential;
	int same, failed;
};

static int
judge(const struct request_row *row, void *arg)
{
	struct request *r = arg;
	struct request_row mine = *row;
	const char *was;
	struct kept k;

	if (row->cert.id == r->cert) {
		r->failed = !kept_decode(row, &k);
		was = r->failed ? NULL : credential_of(k.fields, k.n_fields);
		r->same = was != NULL && strcmp(was, r->credential) == 0;
		if (!r->failed)
			kept_clear(&k);
	}
	requests_row_clear(&mine);
	return 0;
}

static int
same_credential(
    struct store_tx *tx, const struct cert_row *cert, const char *credential)
{
	struct request r = {cert->id, credential, 0, 0};

	if (!requests_list(tx, cert->profile, cert->id + 1, 1, judge, &r) ||
	    r.failed)
		return -1;
	return r.same;
}

int
again_find(struct store_tx *tx, const struct admission *a,
    const unsigned char spki[32], time_t now, struct cert_row *out)
{
	const char *credential = credential_of(a->fields, a->n_fields);
	int found;

	if (credential == NULL || a->keygen != NULL)
		return 0;
	found = certs_live_of(tx, a->fleet->name, a->device, now, out);
	if (found != 1)
		return found;
	if (memcmp(out->spki_sha256, spki, 32) != 0 || out->predecessor != 0 ||
	    out->reserved_at + AGAIN_WINDOW <= now)
		return 0;
	/* What is not signed yet is not to be looked at, but to be waited for. */
	if (out->state == CERT_RESERVED)
		return 1;
	return out->state == CERT_VALID ? same_credential(tx, out, credential)
					: 0;
}

int
again_answer(struct admitting *t, struct store_tx *tx)
{
	struct cert_row row;
	int found = again_find(tx, t->a, csr_spki_sha256(t->a->csr),
	    t->env->now, &row);

	if (found != 1)
		return found;
	if (row.state == CERT_RESERVED) {
		t->o->retry_after = 2;
		return stage_refuse(t, WIRE_UNAVAILABLE, "enrol.busy", "",
			   "the same enrolment is being worked on") - 1;
	}
	t->a->existing = row.id;
	return 1;
}
