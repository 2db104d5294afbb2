#include <string.h>
#include <openssl/objects.h>
#include <tss2/tss2_mu.h>

#include "ra/attest/tpm.h"

/* Bits of TPMA_OBJECT without a meaning, and two that got one later. */
#define ATTRIBUTES_RESERVED 0xfff0f309U
#define ATTRIBUTES_LATER 0x00000300U

static const struct {
	TPM2_ALG_ID alg;
	int nid;
	const char *name;
	size_t size;
} hashes[] = {
	{ TPM2_ALG_SHA256, NID_sha256, "SHA256", 32 },
	{ TPM2_ALG_SHA384, NID_sha384, "SHA384", 48 },
	{ TPM2_ALG_SHA512, NID_sha512, "SHA512", 64 },
};
#define N_HASHES (sizeof(hashes) / sizeof(hashes[0]))

static size_t
find(TPM2_ALG_ID alg)
{
	size_t i = 0;

	while (i < N_HASHES && hashes[i].alg != alg)
		i++;
	return i;
}

int
tpm_hash_nid(TPM2_ALG_ID alg)
{
	size_t i = find(alg);

	return i < N_HASHES ? hashes[i].nid : NID_undef;
}

const char *
tpm_hash_name(TPM2_ALG_ID alg)
{
	size_t i = find(alg);

	return i < N_HASHES ? hashes[i].name : NULL;
}

size_t
tpm_hash_size(TPM2_ALG_ID alg)
{
	size_t i = find(alg);

	return i < N_HASHES ? hashes[i].size : 0;
}

int
tpm_hash(TPM2_ALG_ID alg, struct attest_octets in, unsigned char *md)
{
	size_t i = find(alg);

	return i < N_HASHES &&
	    EVP_Q_digest(NULL, hashes[i].name, NULL, in.p, in.len, md, NULL);
}

/* libtss2-mu stops where it is done; what it would write must be what it read. */
static int
read_public(struct attest_octets in, TPMT_PUBLIC *out)
{
	unsigned char again[sizeof(TPMT_PUBLIC)];
	size_t at = 0, n = 0;

	memset(out, 0, sizeof(*out));
	return in.len > 0 && in.len <= sizeof(again) &&
	    Tss2_MU_TPMT_PUBLIC_Unmarshal(in.p, in.len, &at, out) ==
		TSS2_RC_SUCCESS &&
	    at == in.len &&
	    Tss2_MU_TPMT_PUBLIC_Marshal(out, again, sizeof(again), &n) ==
		TSS2_RC_SUCCESS &&
	    octets_equal(in, again, n);
}

static int
rsa(const char *rule, const char *field, struct tpm_public *out)
{
	const TPMS_RSA_PARMS *parms = &out->t.parameters.rsaDetail;
	const TPM2B_PUBLIC_KEY_RSA *n = &out->t.unique.rsa;
	uint32_t e = parms->exponent ? parms->exponent : 65537;
	unsigned char eb[4] = { (unsigned char)(e >> 24),
		(unsigned char)(e >> 16), (unsigned char)(e >> 8),
		(unsigned char)e };

	out->key = attest_rsa_key(rule, field, octets_of(n->buffer, n->size),
	    octets_of(eb, sizeof(eb)));
	if (out->key == NULL)
		return 0;
	if (EVP_PKEY_get_bits(out->key) != parms->keyBits)
		return attest_refuse(rule, field,
		    "keyBits is %u, the modulus has %d", parms->keyBits,
		    EVP_PKEY_get_bits(out->key));
	return 1;
}

static int
ecc(const char *rule, const char *field, struct tpm_public *out)
{
	const TPMS_ECC_POINT *point = &out->t.unique.ecc;
	int nid = NID_undef;

	switch (out->t.parameters.eccDetail.curveID) {
	case TPM2_ECC_NIST_P256:
		nid = NID_X9_62_prime256v1;
		break;
	case TPM2_ECC_NIST_P384:
		nid = NID_secp384r1;
		break;
	case TPM2_ECC_NIST_P521:
		nid = NID_secp521r1;
		break;
	}
	out->key = attest_ec_key(rule, field, nid,
	    octets_of(point->x.buffer, point->x.size),
	    octets_of(point->y.buffer, point->y.size));
	return out->key != NULL;
}

static int
check_head(const char *rule, const char *field, unsigned quirks,
    struct tpm_public *out)
{
	uint32_t reserved = ATTRIBUTES_RESERVED;
	size_t policy = out->t.authPolicy.size;

	if (quirks & ATTEST_QUIRK_TPM_ATTRIBUTES)
		reserved &= ~ATTRIBUTES_LATER;
	out->hash = tpm_hash_nid(out->t.nameAlg);
	if (out->hash == NID_undef)
		return attest_refuse(rule, field,
		    "nameAlg %04x is none of SHA-256, 384, 512", out->t.nameAlg);
	if (out->t.objectAttributes & reserved)
		return attest_refuse(rule, field,
		    "attributes %08x have reserved bits",
		    out->t.objectAttributes);
	if (policy != 0 && policy != tpm_hash_size(out->t.nameAlg))
		return attest_refuse(rule, field,
		    "authPolicy has %zu octets, not those of nameAlg", policy);
	return 1;
}

int
tpm_public_read(const char *rule, const char *field, struct attest_octets in,
    unsigned quirks, struct tpm_public *out)
{
	int ok;

	memset(out, 0, sizeof(*out));
	if (!read_public(in, &out->t))
		return attest_malformed(rule, field,
		    "%zu octets that are not one TPMT_PUBLIC", in.len);
	if (!check_head(rule, field, quirks, out))
		return 0;
	if (out->t.type == TPM2_ALG_RSA)
		ok = rsa(rule, field, out);
	else if (out->t.type == TPM2_ALG_ECC)
		ok = ecc(rule, field, out);
	else
		ok = attest_refuse(rule, field, "type %04x is neither RSA nor ECC",
		    out->t.type);
	if (!ok)
		return 0;
	out->name[0] = (unsigned char)(out->t.nameAlg >> 8);
	out->name[1] = (unsigned char)out->t.nameAlg;
	out->name_len = 2 + tpm_hash_size(out->t.nameAlg);
	return tpm_hash(out->t.nameAlg, in, out->name + 2) ||
	    attest_internal(rule, field, "no digest");
}

void
tpm_public_clear(struct tpm_public *p)
{
	EVP_PKEY_free(p->key);
	p->key = NULL;
}

TPM2_ALG_ID
tpm_public_scheme(const struct tpm_public *p, TPM2_ALG_ID *hash)
{
	TPM2_ALG_ID scheme = p->t.type == TPM2_ALG_RSA
	    ? p->t.parameters.rsaDetail.scheme.scheme
	    : p->t.parameters.eccDetail.scheme.scheme;

	*hash = TPM2_ALG_NULL;
	if (scheme == TPM2_ALG_RSASSA || scheme == TPM2_ALG_RSAPSS)
		*hash = p->t.parameters.rsaDetail.scheme.details.anySig.hashAlg;
	else if (scheme == TPM2_ALG_ECDSA)
		*hash = p->t.parameters.eccDetail.scheme.details.anySig.hashAlg;
	return scheme;
}

struct attribute {
	uint32_t bit;
	int set;
	const char *name;
};

static int
check_attributes(const char *rule, const struct attribute *want, size_t n,
    uint32_t have)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (((have & want[i].bit) != 0) != want[i].set)
			return attest_refuse(rule, "objectAttributes",
			    "%s is %s", want[i].name,
			    want[i].set ? "not set" : "set");
	return 1;
}

int
tpm_key_check(const char *rule, const struct tpm_public *key)
{
	static const struct attribute want[] = {
		{ TPMA_OBJECT_FIXEDTPM, 1, "fixedTPM" },
		{ TPMA_OBJECT_FIXEDPARENT, 1, "fixedParent" },
		{ TPMA_OBJECT_SENSITIVEDATAORIGIN, 1, "sensitiveDataOrigin" },
		{ TPMA_OBJECT_SIGN_ENCRYPT, 1, "sign" },
		{ TPMA_OBJECT_ENCRYPTEDDUPLICATION, 0, "encryptedDuplication" },
		{ TPMA_OBJECT_STCLEAR, 0, "stClear" },
	};

	return check_attributes(rule, want, sizeof(want) / sizeof(want[0]),
	    key->t.objectAttributes);
}

int
tpm_ak_check(const char *rule, const struct tpm_public *ak)
{
	static const struct attribute want[] = {
		{ TPMA_OBJECT_RESTRICTED, 1, "restricted" },
		{ TPMA_OBJECT_SIGN_ENCRYPT, 1, "sign" },
		{ TPMA_OBJECT_DECRYPT, 0, "decrypt" },
		{ TPMA_OBJECT_FIXEDTPM, 1, "fixedTPM" },
		{ TPMA_OBJECT_FIXEDPARENT, 1, "fixedParent" },
		{ TPMA_OBJECT_SENSITIVEDATAORIGIN, 1, "sensitiveDataOrigin" },
		{ TPMA_OBJECT_ENCRYPTEDDUPLICATION, 0, "encryptedDuplication" },
	};
	TPM2_ALG_ID scheme, hash;

	if (!check_attributes(rule, want, sizeof(want) / sizeof(want[0]),
		ak->t.objectAttributes))
		return 0;
	scheme = tpm_public_scheme(ak, &hash);
	if (tpm_hash_nid(hash) == NID_undef)
		return attest_refuse(rule, "scheme",
		    "%04x with hash %04x is not accepted", scheme, hash);
	return 1;
}
