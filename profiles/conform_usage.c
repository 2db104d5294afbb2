#include <openssl/x509v3.h>
#include "profiles/conform_rule.h"

#define EKU_CODE_SIGNING "1.3.6.1.5.5.7.3.3"
#define EKU_SERVER_AUTH "1.3.6.1.5.5.7.3.1"
#define EKU_TIME_STAMPING "1.3.6.1.5.5.7.3.8"
#define EKU_OCSP_SIGNING "1.3.6.1.5.5.7.3.9"
#define EKU_ANY "2.5.29.37.0"
#define EKU_TCG_AK "2.23.133.8.3"

/* Bits as KU_*: the first octet low, the second high. */
unsigned
conform_usage_bits(const struct conform_view *v)
{
	struct der b;

	if (!v->ext[CONFORM_KU].present ||
	    !der_only(v->ext[CONFORM_KU].value, DER_BIT_STRING, &b) ||
	    b.len < 2)
		return 0;
	return b.p[1] | (b.len > 2 ? (unsigned)b.p[2] << 8 : 0);
}

/* A named bit list without trailing zeros (X.690 11.2.2): the last bit that is
   counted is one. Nine bits exist. */
static int
check_ku_form(struct conform_view *v)
{
	struct der b;
	unsigned last;

	if (!v->ext[CONFORM_KU].present)
		return 1;
	if (!der_only(v->ext[CONFORM_KU].value, DER_BIT_STRING, &b))
		return conform_breach(v, "not a BIT STRING");
	if (b.len < 2)
		return conform_breach(v, "no usage at all");
	last = b.p[b.len - 1];
	if (b.len > 3 || (b.len == 3 && (last & 0x7f)))
		return conform_breach(v, "bits that are not defined");
	if (!(last & (1u << b.p[0])))
		return conform_breach(v, "trailing zero bits");
	return 1;
}

static int
check_ku_profile(struct conform_view *v)
{
	unsigned have = conform_usage_bits(v);

	return have == v->ctx->profile->key_usage
	    ? 1
	    : conform_breach(v, "key usage is %04x, the profile says %04x",
		  have, v->ctx->profile->key_usage);
}

/* The matrix: which usages a key of this type may have at all. */
static int
check_ku_key(struct conform_view *v)
{
	unsigned ku = conform_usage_bits(v), never;

	if (v->key & (SPKI_EC_P256 | SPKI_EC_P384))
		never = KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT;
	else if (v->key == SPKI_ED25519)
		never = KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT |
		    KU_KEY_AGREEMENT | KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY;
	else
		never = KU_KEY_AGREEMENT | KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY;
	if (ku & never)
		return conform_breach(v, "usage %04x must not be with %s",
		    ku & never, spki_type_name(v->key));
	if ((ku & (KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY)) &&
	    !(ku & KU_KEY_AGREEMENT))
		return conform_breach(
		    v, "encipherOnly or decipherOnly without keyAgreement");
	return 1;
}

/* BasicConstraints (RFC 5280 4.2.1.9): cA is there only as TRUE, a path length
   only with it. *path_len -1: none. */
static int
read_bc(const struct conform_view *v, int *is_ca, int *path_len)
{
	struct der seq, flag, n;

	*is_ca = 0;
	*path_len = -1;
	if (!v->ext[CONFORM_BC].present)
		return 1;
	if (!der_only(v->ext[CONFORM_BC].value, DER_SEQUENCE, &seq))
		return 0;
	if (seq.len == 0)
		return 1;
	if (!der_take(&seq, DER_BOOLEAN, &flag) || flag.p[0] != 0xff)
		return 0;
	*is_ca = 1;
	if (seq.len == 0)
		return 1;
	if (!der_only(seq, DER_INTEGER, &n) || n.len != 1 || n.p[0] > 0x7f)
		return 0;
	*path_len = n.p[0];
	return 1;
}

int
conform_usage_is_ca(const struct conform_view *v)
{
	int is_ca, path_len;

	return read_bc(v, &is_ca, &path_len) && is_ca;
}

static int
check_bc_form(struct conform_view *v)
{
	int is_ca, path_len;

	return read_bc(v, &is_ca, &path_len)
	    ? 1
	    : conform_breach(
		  v, "not cA TRUE and a path length of 0..127, or nothing");
}

static int
check_bc_profile(struct conform_view *v)
{
	const struct profile *p = v->ctx->profile;
	int is_ca, path_len;

	if (!read_bc(v, &is_ca, &path_len) || is_ca != !!p->is_ca)
		return conform_breach(v, "cA is not as in the profile");
	if (path_len != (p->is_ca ? p->path_len : -1))
		return conform_breach(v,
		    "path length is %d, the profile says %d", path_len,
		    p->path_len);
	return 1;
}

/* A CA says so, critically, and certifies with its key; nobody else does
   (4.2.1.3, 4.2.1.9). */
static int
check_bc_ca(struct conform_view *v)
{
	int signs = (conform_usage_bits(v) & KU_KEY_CERT_SIGN) != 0;
	int is_ca = conform_usage_is_ca(v);

	if (is_ca && !v->ext[CONFORM_BC].critical)
		return conform_breach(v, "cA in a constraint not critical");
	if (is_ca != signs)
		return conform_breach(v,
		    is_ca ? "a CA without keyCertSign"
			  : "keyCertSign without cA");
	return 1;
}

/* Under an issuer with a path length of n a CA has at most n - 1, and needs to
   say so: without it chains below are longer than the issuer allows. */
static int
check_bc_path(struct conform_view *v)
{
	int is_ca, path_len, limit = v->ctx->issuer->path_len;

	/* What is self-issued is not counted. */
	if (v->self_signed || limit < 0 || !read_bc(v, &is_ca, &path_len) ||
	    !is_ca || v->ctx->profile->self_issued)
		return 1;
	if (limit == 0)
		return conform_breach(
		    v, "a CA under an issuer with path length 0");
	if (path_len < 0 || path_len >= limit)
		return conform_breach(
		    v, "path length %d under an issuer's %d", path_len, limit);
	return 1;
}

static int
read_eku(const struct conform_view *v, struct der *list)
{
	return v->ext[CONFORM_EKU].present &&
	    der_only(v->ext[CONFORM_EKU].value, DER_SEQUENCE, list);
}

size_t
conform_usage_purposes(
    const struct conform_view *v, const char *dotted, int *has)
{
	struct der list, oid;
	size_t n = 0;

	if (has)
		*has = 0;
	if (!read_eku(v, &list))
		return 0;
	while (der_take(&list, DER_OID, &oid)) {
		n++;
		if (dotted && der_oid_is(&oid, dotted))
			*has = 1;
	}
	return n;
}

static int
has_purpose(const struct conform_view *v, const char *dotted)
{
	int has;

	conform_usage_purposes(v, dotted, &has);
	return has;
}

static int
check_eku_form(struct conform_view *v)
{
	struct der list, rest, oid, other;

	if (!v->ext[CONFORM_EKU].present)
		return 1;
	if (!read_eku(v, &list) || list.len == 0)
		return conform_breach(v, "not one purpose or more");
	while (list.len > 0) {
		if (!der_take(&list, DER_OID, &oid))
			return conform_breach(v, "a purpose is not an OID");
		rest = list;
		while (der_take(&rest, DER_OID, &other))
			if (der_equal(&other, oid.p, oid.len))
				return conform_breach(
				    v, "a purpose is there twice");
	}
	return 1;
}

static int
check_eku_profile(struct conform_view *v)
{
	const struct profile *p = v->ctx->profile;
	size_t i, want = p->n_eku;

	for (i = 0; i < p->n_eku; i++)
		if (!has_purpose(v, p->eku[i]))
			return conform_breach(
			    v, "purpose %s is missing", p->eku[i]);
	for (i = 0; v->ctx->attested && i < p->n_eku_attested; i++, want++)
		if (!has_purpose(v, p->eku_attested[i]))
			return conform_breach(
			    v, "purpose %s is missing", p->eku_attested[i]);
	if (conform_usage_purposes(v, NULL, NULL) != want)
		return conform_breach(v, "a purpose that the profile lacks");
	return 1;
}

/* Purposes that must not share a certificate, or need a class of their own:
   RFC 3161 2.3, RFC 5280 4.2.1.12, RFC 6960 4.2.2.2. */
static int
check_eku_mix(struct conform_view *v)
{
	size_t n = conform_usage_purposes(v, NULL, NULL);
	int critical = v->ext[CONFORM_EKU].critical;

	if (has_purpose(v, EKU_TIME_STAMPING) && (n > 1 || !critical))
		return conform_breach(
		    v, "timeStamping is not alone and critical");
	if (has_purpose(v, EKU_CODE_SIGNING) && has_purpose(v, EKU_SERVER_AUTH))
		return conform_breach(v, "codeSigning with serverAuth");
	if (has_purpose(v, EKU_OCSP_SIGNING) &&
	    (conform_usage_is_ca(v) || v->ctx->profile->class != PROFILE_OCSP))
		return conform_breach(
		    v, "OCSPSigning in what is no delegated responder");
	if (has_purpose(v, EKU_ANY) && critical)
		return conform_breach(
		    v, "anyExtendedKeyUsage in a critical extension");
	return 1;
}

/* Says that a TPM vouches for the key: never on somebody's word. */
static int
check_eku_attested(struct conform_view *v)
{
	return !v->ctx->attested && has_purpose(v, EKU_TCG_AK)
	    ? conform_breach(
		  v, "%s without evidence or a pinned key", EKU_TCG_AK)
	    : 1;
}

const struct conform_rule conform_usage_rules[] = {
    {"usage.form", "RFC 5280 4.2.1.3, X.690 11.2.2", check_ku_form},
    {"usage.profile", "profile", check_ku_profile},
    {"usage.key", "RFC 8813 3, RFC 9295 3, RFC 3279 2.3.1", check_ku_key},
    {"constraints.form", "RFC 5280 4.2.1.9, X.690 11.5", check_bc_form},
    {"constraints.profile", "profile", check_bc_profile},
    {"constraints.ca", "RFC 5280 4.2.1.3, 4.2.1.9", check_bc_ca},
    {"constraints.path", "RFC 5280 4.2.1.9, 6.1.4", check_bc_path},
    {"purposes.form", "RFC 5280 4.2.1.12", check_eku_form},
    {"purposes.profile", "profile", check_eku_profile},
    {"purposes.mix", "RFC 5280 4.2.1.12, RFC 3161 2.3, RFC 6960 4.2.2.2",
	check_eku_mix},
    {"purposes.attested",
	"TCG TPM 2.0 Keys for Device Identity and Attestation, WebAuthn 8.3.1",
	check_eku_attested},
    {NULL, NULL, NULL}};
