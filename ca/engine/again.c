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
 * manufacturer's certificate (issuer and serial) or secret, fleet, device and
 * key, within the fleet's retry_window, and the certificate still valid. Which
 * certificate it was is kept with the request (kept.h), so a request that is not
 * kept any more is no repetition; a secret stands in the certificate's row.
 */

#define CREDENTIAL "identity.credential"
#define SECRET "secret:" /* as auth_basic() writes it */

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
	int found, secret = strncmp(a->auth, SECRET, strlen(SECRET)) == 0;

	if ((credential == NULL && !secret) || a->keygen != NULL)
		return 0;
	found = certs_live_of(tx, a->fleet->name, a->device, now, out);
	if (found != 1)
		return found;
	if (memcmp(out->spki_sha256, spki, 32) != 0 || out->predecessor != 0 ||
	    out->reserved_at + a->fleet->retry_window <= now ||
	    (secret && strcmp(out->auth, a->auth) != 0))
		return 0;
	/* What is not signed yet is not to be looked at, but to be waited for. */
	if (out->state == CERT_RESERVED)
		return 1;
	if (out->state != CERT_VALID)
		return 0;
	return secret || same_credential(tx, out, credential);
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

struct used {
	const struct secret_row *secret;
	const struct fleet *fleet;
	char auth[64], device[DEVICE_NAME_MAX + 1];
	unsigned char spki[32];
	int64_t now;
	int is;
};

static int
used_tx(struct store_tx *tx, void *arg)
{
	struct used *u = arg;
	struct cert_row row;
	int found = certs_live_of(
	    tx, u->fleet->name, u->device, u->now, &row);

	u->is = found == 1 && strcmp(row.auth, u->auth) == 0 &&
	    row.reserved_at == u->secret->used_at &&
	    memcmp(row.spki_sha256, u->spki, 32) == 0;
	return found >= 0;
}

/* Looked at before the CSR is judged, since that the secret is used is told at
   once. Whoever gets here knows the secret. */
int
again_by_secret(struct admitting *t, const struct secret_row *secret)
{
	struct used u = {.secret = secret, .fleet = t->fleet,
	    .now = t->env->now};
	struct csr *csr;

	if (t->req->keygen || t->req->renew ||
	    secret->used_at + t->fleet->retry_window <= u.now)
		return 0;
	ERR_set_mark();
	csr = csr_parse(t->req->csr, t->req->csr_len);
	if (csr == NULL || csr_subject_text(csr, NID_commonName, u.device,
		sizeof(u.device)) != 1)
		u.device[0] = '\0';
	else
		memcpy(u.spki, csr_spki_sha256(csr), sizeof(u.spki));
	csr_free(csr);
	ERR_pop_to_mark();
	if (u.device[0] == '\0')
		return 0;
	snprintf(u.auth, sizeof(u.auth), SECRET "%.56s", secret->user);
	return stage_read(t, used_tx, &u) ? u.is : -1;
}
