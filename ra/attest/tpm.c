#include <stdio.h>
#include <string.h>
#include <openssl/asn1t.h>
#include <openssl/x509v3.h>

#include "profiles/spki.h"
#include "ra/attest/tpm.h"

/*
 * A statement of a TPM. The order of steps is that of docs/attestation.md: first
 * whose word it is, then whether a TPM made it, then what it says, and last
 * whether that is about the key of the request.
 */

#define EKU_AK "2.23.133.8.3"

/* clang-format off */
typedef struct {
	ASN1_OCTET_STRING *attest;
	ASN1_OCTET_STRING *signature;
	ASN1_OCTET_STRING *public;
	ASN1_OCTET_STRING *creation; /* ours; only with CertifyCreation */
} TPM_STMT;

ASN1_SEQUENCE(TPM_STMT) = {
	ASN1_SIMPLE(TPM_STMT, attest, ASN1_OCTET_STRING),
	ASN1_SIMPLE(TPM_STMT, signature, ASN1_OCTET_STRING),
	ASN1_OPT(TPM_STMT, public, ASN1_OCTET_STRING),
	ASN1_IMP_OPT(TPM_STMT, creation, ASN1_OCTET_STRING, 0)
} static_ASN1_SEQUENCE_END(TPM_STMT)
/* clang-format on */

/* One appraisal; what it owns goes with work_clear(). */
struct work {
	const struct attest_input *in;
	struct attest_facts *facts;
	enum attest_kind kind;
	TPM_STMT *stmt;
	struct attest_octets attest, signature;
	TPMS_ATTEST a;
	TPM2_ALG_ID hash; /* that of the signature */
	X509 *ak_cert; /* borrowed; NULL: the AK of an activation */
	struct tpm_public ak; /* with ${ak_cert} NULL */
	EVP_PKEY *ak_key; /* borrowed */
	struct tpm_public key;
};

static struct attest_octets
octets(const ASN1_OCTET_STRING *s)
{
	if (s == NULL)
		return octets_of(NULL, 0);
	return octets_of(
	    ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

/* Steps 1: what came is what its type says, to the last octet. */
static int
read_stmt(struct work *w, const struct attest_statement *s)
{
	const unsigned char *p = s->stmt.p;
	int creation = w->kind == ATTEST_KIND_TPM_CERTIFY_CREATION;
	int quote = w->kind == ATTEST_KIND_TPM_QUOTE;

	w->stmt = (TPM_STMT *)ASN1_item_d2i(
	    NULL, &p, (long)s->stmt.len, ASN1_ITEM_rptr(TPM_STMT));
	if (w->stmt == NULL || p != s->stmt.p + s->stmt.len)
		return attest_malformed("tpm.stmt", "stmt",
		    "not a SEQUENCE of tpmSAttest, signature, tpmTPublic");
	if (quote ? w->stmt->public != NULL : w->stmt->public == NULL)
		return attest_malformed("tpm.stmt", "tpmTPublic",
		    quote ? "has no place in a quote"
			  : "is missing: the key cannot be known");
	if (w->stmt->creation && !creation)
		return attest_malformed("tpm.stmt", "creationData",
		    "belongs to a CertifyCreation only");
	w->attest = octets(w->stmt->attest);
	w->signature = octets(w->stmt->signature);
	return tpm_magic_check("tpm.magic", "tpmSAttest.magic", w->attest) &&
	    tpm_attest_read("tpm.stmt", "tpmSAttest", w->attest, &w->a);
}

/* ---- Steps 2 to 4: whose word is it? ---- */

static int
ak_from_activation(struct work *w)
{
	const struct attest_input *in = w->in;

	if (!tpm_public_read("tpm.ak-public", "akPub", in->ak_public,
		in->policy->quirks, &w->ak))
		return 0;
	if (!octets_equal(in->ak_name, w->ak.name, w->ak.name_len))
		return attest_refuse("tpm.ak-public", "akName",
		    "not the Name of this public area");
	if (!tpm_ak_check("tpm.ak-attributes", &w->ak) ||
	    !facts_set_ak_name(w->facts, w->ak.name, w->ak.name_len) ||
	    !facts_octets(w->facts, "tpm.ak.name", w->ak.name, w->ak.name_len))
		return 0;
	w->ak_key = w->ak.key;
	return facts_string(w->facts, "tpm.ak.proof", "activation");
}

static int
is_ak_cert(const X509 *cert)
{
	return X509_get0_pubkey(cert) != NULL && chain_has_eku(cert, EKU_AK);
}

/* The certificate of the AK among those of the bundle: of several the one whose
   key made this signature, or the first, so that there is something to complain
   of. */
static X509 *
find_ak_cert(const struct work *w)
{
	X509 *cert, *first = NULL;
	int i, n = 0;

	for (i = 0; i < sk_X509_num(w->in->certs); i++) {
		cert = sk_X509_value(w->in->certs, i);
		if (is_ak_cert(cert) && n++ == 0)
			first = cert;
	}
	for (i = 0; n > 1 && i < sk_X509_num(w->in->certs); i++) {
		cert = sk_X509_value(w->in->certs, i);
		if (is_ak_cert(cert) &&
		    tpm_signature_fits(w->signature, X509_get0_pubkey(cert),
			w->in->policy->quirks, w->attest))
			return cert;
	}
	return first;
}

/* All statements of a bundle are by one AK: the key may be in this TPM, and the
   good state another's. */
static int
one_ak(const struct work *w)
{
	const struct attest_fact *last = attest_facts_at(
	    w->facts, attest_facts_count(w->facts) - 1);

	return strcmp(last->value,
		   attest_facts_get(w->facts, last->name)) == 0 ||
	    attest_refuse("facts.ak-name", "certs",
		"two statements are of two attestation keys");
}

static int
ak_from_cert(struct work *w)
{
	static const char *const known[] = { "2.5.29.9", NULL };
	const struct attest_input *in = w->in;
	const struct chain_rules rules = { "tpm.ak-path", &in->policy->tpm.ak,
		known, 0, NULL };

	w->ak_cert = find_ak_cert(w);
	if (w->ak_cert == NULL)
		return attest_refuse("tpm.ak", "certs",
		    "no certificate of an attestation key (EKU %s), and none was "
		    "activated", EKU_AK);
	if (X509_check_ca(w->ak_cert) != 0 ||
	    !(X509_get_key_usage(w->ak_cert) & KU_DIGITAL_SIGNATURE))
		return attest_refuse("tpm.ak", "certificate.keyUsage",
		    "the attestation key's certificate is a CA's, or cannot sign");
	if (!chain_check(&rules, w->ak_cert, in->certs, in->now, NULL))
		return 0;
	w->ak_key = X509_get0_pubkey(w->ak_cert);
	return facts_string(w->facts, "tpm.ak.proof", "certificate") &&
	    chain_fact(w->facts, "tpm.ak.certificate", w->ak_cert) && one_ak(w);
}

/* An AK certificate that comes along with an activated AK must be that AK's. */
static int
certs_agree(const struct work *w)
{
	int i;

	for (i = 0; i < sk_X509_num(w->in->certs); i++) {
		X509 *cert = sk_X509_value(w->in->certs, i);

		if (chain_has_eku(cert, EKU_AK) &&
		    !spki_same(X509_get0_pubkey(cert), w->ak_key))
			return attest_refuse("tpm.ak-key", "certs",
			    "a certificate of another attestation key");
	}
	return 1;
}

static int
find_ak(struct work *w)
{
	if (w->in->ak_name.len > 0 || w->in->ak_public.len > 0)
		return ak_from_activation(w) && certs_agree(w);
	return ak_from_cert(w);
}

/* ---- Steps 5 to 8: did a TPM say it, to us, now? ---- */

static int
check_made(struct work *w)
{
	static const struct {
		enum attest_kind kind;
		TPM2_ST tag;
		const char *name;
	} kinds[] = {
		{ ATTEST_KIND_TPM_CERTIFY, TPM2_ST_ATTEST_CERTIFY, "certify" },
		{ ATTEST_KIND_TPM_CERTIFY_CREATION, TPM2_ST_ATTEST_CREATION,
		    "creation" },
		{ ATTEST_KIND_TPM_QUOTE, TPM2_ST_ATTEST_QUOTE, "quote" },
	};
	const char *name = NULL;
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].kind == w->kind && kinds[i].tag == w->a.type)
			name = kinds[i].name;
	if (name == NULL)
		return attest_refuse("tpm.type", "tpmSAttest.type",
		    "%04x: not what the statement's type says", w->a.type);
	return facts_string(w->facts, "tpm.statement", name) &&
	    tpm_signature_check("tpm.signature", w->signature, w->ak_key,
		w->ak_cert ? NULL : &w->ak, w->in->policy->quirks, w->attest,
		&w->hash) &&
	    attest_nonce_check("tpm.nonce", "tpmSAttest.extraData", w->in,
		w->a.extraData.buffer, w->a.extraData.size);
}

/* ---- Steps 9 to 12: what does it say of the key? ---- */

/* creationHash is over the creation data, with the object's nameAlg. */
static int
check_creation(struct work *w)
{
	const TPM2B_DIGEST *want = &w->a.attested.creation.creationHash;
	struct attest_octets data = octets(w->stmt->creation);
	unsigned char md[64];
	TPMS_CREATION_DATA c;

	if (data.len == 0)
		return 1;
	if (!tpm_creation_read("tpm.creation", "creationData", data, &c))
		return 0;
	if (!tpm_hash(w->key.t.nameAlg, data, md) ||
	    !octets_equal(octets_of(want->buffer, want->size), md,
		tpm_hash_size(w->key.t.nameAlg)))
		return attest_refuse("tpm.creation", "creationData",
		    "not what creationHash is of");
	return facts_octets(w->facts, "tpm.creation.parent", c.parentName.name,
	    c.parentName.size);
}

static int
check_name(struct work *w)
{
	const TPM2B_NAME *name = &w->a.attested.certify.name;
	const TPM2B_NAME *qualified = &w->a.attested.certify.qualifiedName;

	if (w->kind == ATTEST_KIND_TPM_CERTIFY_CREATION)
		name = &w->a.attested.creation.objectName;
	if (!octets_equal(octets_of(name->name, name->size), w->key.name,
		w->key.name_len))
		return attest_refuse("tpm.name", "tpmSAttest.attested.name",
		    "not the Name of tpmTPublic");
	if (w->kind == ATTEST_KIND_TPM_CERTIFY &&
	    octets_equal(octets_of(qualified->name, qualified->size),
		w->key.name, w->key.name_len))
		return attest_refuse("tpm.name",
		    "tpmSAttest.attested.qualifiedName",
		    "the same as the name, which no TPM writes");
	return facts_octets(w->facts, "tpm.key.name", w->key.name,
	    w->key.name_len);
}

static int
check_attributes(struct work *w)
{
	const struct attest_tpm_policy *p = &w->in->policy->tpm;
	uint32_t have = w->key.t.objectAttributes;
	char text[12];

	if (!tpm_key_check("tpm.attributes", &w->key))
		return 0;
	if ((have & p->key_set) != p->key_set || (have & p->key_clear) != 0)
		return attest_refuse("tpm.attributes",
		    "tpmTPublic.objectAttributes",
		    "%08x; the policy wants %08x set and %08x clear", have,
		    p->key_set, p->key_clear);
	snprintf(text, sizeof(text), "0x%08x", have);
	return facts_string(w->facts, "tpm.key.attributes", text) &&
	    facts_flag(w->facts, "tpm.key.restricted",
		(have & TPMA_OBJECT_RESTRICTED) != 0) &&
	    (w->key.t.authPolicy.size == 0 ||
		facts_octets(w->facts, "tpm.key.policy",
		    w->key.t.authPolicy.buffer, w->key.t.authPolicy.size));
}

static int
check_key(struct work *w)
{
	return tpm_public_read("tpm.key", "tpmTPublic", octets(w->stmt->public),
		   w->in->policy->quirks, &w->key) &&
	    check_name(w) && check_attributes(w) && check_creation(w) &&
	    attest_key_check(
		"tpm.csr-key", "tpmTPublic", w->key.key, w->in, w->facts);
}

static int
check_quote(struct work *w)
{
	return tpm_quote_check(&w->a.attested.quote, w->hash,
	    &w->in->policy->tpm, w->facts);
}

/* ---- Step 13: the state of the TPM ---- */

static int
check_state(struct work *w)
{
	const struct attest_tpm_policy *p = &w->in->policy->tpm;
	const TPMS_CLOCK_INFO *clock = &w->a.clockInfo;

	if (p->need_safe_clock && !clock->safe)
		return attest_refuse("tpm.clock", "tpmSAttest.clockInfo.safe",
		    "the TPM's clock may have been put back");
	if (p->firmware_min && w->a.firmwareVersion < p->firmware_min)
		return attest_refuse("tpm.firmware",
		    "tpmSAttest.firmwareVersion",
		    "%016llx is older than the policy's",
		    (unsigned long long)w->a.firmwareVersion);
	return facts_unsigned(w->facts, "tpm.firmware", w->a.firmwareVersion) &&
	    facts_unsigned(w->facts, "tpm.clock", clock->clock) &&
	    facts_flag(w->facts, "tpm.clock.safe", clock->safe) &&
	    facts_unsigned(w->facts, "tpm.resets", clock->resetCount) &&
	    facts_unsigned(w->facts, "tpm.restarts", clock->restartCount);
}

int
tpm_appraise(const struct attest_statement *s, const struct attest_input *in,
    struct attest_facts *facts)
{
	struct work w = { .in = in, .facts = facts, .kind = s->kind };
	int ok;

	ok = read_stmt(&w, s) && find_ak(&w) && check_made(&w) &&
	    (w.kind == ATTEST_KIND_TPM_QUOTE ? check_quote(&w)
					     : check_key(&w)) &&
	    check_state(&w);
	tpm_public_clear(&w.ak);
	tpm_public_clear(&w.key);
	ASN1_item_free((ASN1_VALUE *)w.stmt, ASN1_ITEM_rptr(TPM_STMT));
	return ok;
}
