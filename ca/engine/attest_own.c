#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "ca/engine/attest_evidence.h"
#include "ca/engine/fleet_attest.h"

#define AK_MAX 16	/* live attestation keys of a device: the newest */
#define EKU_AK "2.23.133.8.3"

struct own_keys {
	const struct appraise_ask *ask;
	time_t now;
	int64_t id[AK_MAX];	/* certs rows */
	unsigned char spki[AK_MAX][32];
	int attests[AK_MAX];	/* its certificate says so */
	size_t seen, n;
};

static int
is_trusted(const struct fleet_evidence *e, const struct cert_row *row)
{
	size_t i;

	for (i = 0; i < e->n_ak_profiles; i++)
		if (strcmp(e->ak_profiles[i], row->profile) == 0)
			return row->state == CERT_VALID;
	return 0;
}

static int
own_key(const struct cert_row *row, void *arg)
{
	struct own_keys *k = arg;
	size_t at = k->seen % AK_MAX;

	if (!is_trusted(k->ask->policy, row) || row->not_after <= k->now)
		return 1;
	k->id[at] = row->id;
	memcpy(k->spki[at], row->spki_sha256, 32);
	k->seen++;
	if (k->n < AK_MAX)
		k->n++;
	return 1;
}

static int
has_purpose(const unsigned char *der, size_t len)
{
	X509 *cert = d2i_X509(NULL, &der, (long)len);
	EXTENDED_KEY_USAGE *eku = cert == NULL ? NULL
	    : X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	char oid[sizeof(EKU_AK) + 1];
	int i, found = 0;

	for (i = 0; eku != NULL && i < sk_ASN1_OBJECT_num(eku); i++) {
		OBJ_obj2txt(
		    oid, sizeof(oid), sk_ASN1_OBJECT_value(eku, i), 1);
		found |= strcmp(oid, EKU_AK) == 0;
	}
	EXTENDED_KEY_USAGE_free(eku);
	X509_free(cert);
	return found;
}

static int
look_tx(struct store_tx *tx, struct own_keys *k, size_t i)
{
	unsigned char *der = NULL;
	size_t len = 0;
	int found = certs_der(tx, k->id[i], &der, &len);

	if (found == 1) {
		ERR_set_mark();
		k->attests[i] = has_purpose(der, len);
		ERR_pop_to_mark();
	}
	OPENSSL_free(der);
	return found >= 0;
}

static int
own_keys_tx(struct store_tx *tx, void *arg)
{
	struct own_keys *k = arg;
	struct cert_filter f = {.device = k->ask->device};
	size_t i;
	int ok = certs_list(tx, &f, own_key, k);

	for (i = 0; ok && i < k->n; i++)
		ok = look_tx(tx, k, i);
	return ok;
}

int
evidence_own_keys(const struct admit_env *env, const struct appraise_ask *ask,
    WIRE_FIELDS *l)
{
	struct own_keys k = {.ask = ask, .now = env->now};
	size_t i;

	if (ask->policy->n_ak_profiles == 0 || ask->device[0] == '\0')
		return 1;
	if (!store_read(env->store, own_keys_tx, &k))
		return 0;
	for (i = 0; i < k.n; i++)
		if (k.attests[i] &&
		    !field_add_bytes(l, "pin.tpm-ak", k.spki[i], 32))
			return 0;
	return 1;
}
