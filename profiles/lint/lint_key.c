#include "profiles/lint/lint_part.h"

/* Rules on the subject's public key: read as octets, never decoded. */

static const struct curve {
	const char *oid;
	size_t len, size; /* octets of a coordinate */
} curves[] = {
    {"\x2a\x86\x48\xce\x3d\x03\x01\x07", 8, 32},
    {"\x2b\x81\x04\x00\x22", 5, 48},
    {"\x2b\x81\x04\x00\x23", 5, 66},
    {"\x2b\x24\x03\x03\x02\x08\x01\x01\x07", 9, 32}, /* brainpoolP256r1 */
    {"\x2b\x24\x03\x03\x02\x08\x01\x01\x0b", 9, 48},
    {"\x2b\x24\x03\x03\x02\x08\x01\x01\x0d", 9, 64},
    {"\x2b\x81\x04\x00\x0a", 5, 32}, /* secp256k1 */
};

static void
key_form(struct lint_view *v)
{
	if (!v->key_ok)
		lint_say(v, "subjectPublicKeyInfo cannot be read");
	else if (v->key_bits.p[0] != 0)
		lint_say(v, "the key is not whole octets");
}

static void
key_known(struct lint_view *v)
{
	if (v->key_ok && v->key == LINT_K_UNKNOWN)
		lint_say(v, "a key of a kind unknown here");
}

static const struct curve *
curve_of(const struct lint_view *v)
{
	struct der oid;
	size_t i;

	if (v->key != LINT_K_EC || !lint_only(v->key_params, DER_OID, &oid))
		return NULL;
	for (i = 0; i < N(curves); i++)
		if (der_equal(&oid, (const unsigned char *)curves[i].oid,
			curves[i].len))
			return &curves[i];
	return NULL;
}

static void
ec_named(struct lint_view *v)
{
	struct der oid;

	if (v->key == LINT_K_EC && !lint_only(v->key_params, DER_OID, &oid))
		lint_say(v, "the parameters are not a named curve");
}

static void
ec_curve(struct lint_view *v)
{
	struct der oid;

	if (v->key == LINT_K_EC && lint_only(v->key_params, DER_OID, &oid) &&
	    !curve_of(v))
		lint_say(v, "a curve that is unknown here, or too small");
}

static void
ec_point(struct lint_view *v)
{
	const struct curve *c = curve_of(v);
	const struct der *b = &v->key_bits;

	if (!c)
		return;
	if (!(b->p[1] == 4 && b->len == 2 + 2 * c->size) &&
	    !((b->p[1] == 2 || b->p[1] == 3) && b->len == 2 + c->size))
		lint_say(v, "%zu octets from %02x are no point of the curve",
		    b->len - 1, b->p[1]);
}

static void
ec_compressed(struct lint_view *v)
{
	if (v->key == LINT_K_EC && v->key_bits.p[1] != 4)
		lint_say(v, "the point is not in uncompressed form");
}

/* RSAPublicKey (RFC 8017 A.1.1): contents of both INTEGERs. */
static int
rsa_of(const struct lint_view *v, struct der *n, struct der *e)
{
	struct der b = v->key_bits, seq;

	if (v->key != LINT_K_RSA && v->key != LINT_K_PSS)
		return 0;
	b.p++, b.len--;
	return lint_only(b, DER_SEQUENCE, &seq) &&
	    lint_take(&seq, DER_INTEGER, n) &&
	    lint_take(&seq, DER_INTEGER, e) && seq.len == 0 && n->len > 0 &&
	    e->len > 0 && n->p[0] < 0x80 && e->p[0] < 0x80;
}

static size_t
bits_of(struct der n)
{
	size_t bits;
	unsigned top;

	while (n.len > 0 && n.p[0] == 0)
		n.p++, n.len--;
	if (n.len == 0)
		return 0;
	bits = (n.len - 1) * 8;
	for (top = n.p[0]; top; top >>= 1)
		bits++;
	return bits;
}

static void
rsa_params(struct lint_view *v)
{
	struct der null;

	if (v->key == LINT_K_RSA &&
	    (!lint_only(v->key_params, DER_NULL, &null) || null.len))
		lint_say(v, "the parameters are not NULL");
}

static void
rsa_form(struct lint_view *v)
{
	struct der n, e;

	if ((v->key == LINT_K_RSA || v->key == LINT_K_PSS) &&
	    !rsa_of(v, &n, &e))
		lint_say(v, "not a SEQUENCE of two positive INTEGERs");
}

static void
rsa_size(struct lint_view *v)
{
	struct der n, e;

	if (rsa_of(v, &n, &e) && bits_of(n) < 2048)
		lint_say(v, "a modulus of %zu bits", bits_of(n));
}

static void
rsa_modulus(struct lint_view *v)
{
	struct der n, e;

	if (!rsa_of(v, &n, &e))
		return;
	if (!(n.p[n.len - 1] & 1))
		lint_say(v, "an even modulus");
	if (bits_of(n) % 8)
		lint_say(v, "a modulus of %zu bits, no multiple of 8",
		    bits_of(n));
}

static void
rsa_exponent(struct lint_view *v)
{
	struct der n, e;

	if (rsa_of(v, &n, &e) && (!(e.p[e.len - 1] & 1) || bits_of(e) < 2))
		lint_say(v, "the exponent is even, or 1");
}

static void
rsa_small(struct lint_view *v)
{
	struct der n, e;

	if (rsa_of(v, &n, &e) && bits_of(e) < 17)
		lint_say(v, "an exponent below 65537");
}

static void
pure_params(struct lint_view *v)
{
	if ((v->key == LINT_K_ED || v->key == LINT_K_X ||
		v->key == LINT_K_PQ_SIGN || v->key == LINT_K_PQ_KEM) &&
	    v->key_params.len)
		lint_say(v, "parameters where there must be none");
}

/* Octets of a key, by the last arc of its algorithm; 0: not told. */
static size_t
pure_size(const struct lint_view *v)
{
	static const size_t ml_dsa[] = {1312, 1952, 2592};
	static const size_t ml_kem[] = {800, 1184, 1568};
	unsigned char last;

	if (!v->key_ok || v->key_alg.len == 0)
		return 0;
	last = v->key_alg.p[v->key_alg.len - 1];
	switch (v->key) {
	case LINT_K_X:
		return last == 0x6e ? 32 : 56;
	case LINT_K_ED:
		return last == 0x70 ? 32 : 57;
	case LINT_K_PQ_KEM:
		return ml_kem[last - 1];
	case LINT_K_PQ_SIGN: /* SLH-DSA: pairs of s and f; SHA2, then SHAKE */
		return last < 20 ? ml_dsa[last - 17]
				 : 32 + 16 * ((last - 20u) % 6 / 2);
	default:
		return 0;
	}
}

static void
pure_length(struct lint_view *v)
{
	size_t want = pure_size(v);

	if (want && v->key_bits.len != want + 1)
		lint_say(v, "%zu octets, not %zu", v->key_bits.len - 1, want);
}

#define KEY(id, cite, sev, what, f)                                            \
	{{"key." id, cite, sev, LINT_ON_CERT, what}, f}
const struct lint_rule_fn lint_key_rules[] = {
    KEY("form", "RFC 5280 4.1.2.7", LINT_ERROR,
	"subjectPublicKeyInfo is algorithm and whole octets", key_form),
    KEY("known", "RFC 3279, 5480, 8410, 9881, 9909, 9935", LINT_NOTICE,
	"the key is of a kind that is known here", key_known),
    KEY("ec.named", "RFC 5480 2.1.1", LINT_ERROR,
	"EC: the parameters are a named curve", ec_named),
    KEY("ec.curve", "RFC 5480 2.1.1.1; NIST SP 800-186", LINT_WARNING,
	"EC: a curve of 256 bits or more", ec_curve),
    KEY("ec.point", "RFC 5480 2.2", LINT_ERROR,
	"EC: the point has the length of its curve", ec_point),
    KEY("ec.compressed", "RFC 5480 2.2", LINT_NOTICE,
	"EC: the point is uncompressed, which everybody must support",
	ec_compressed),
    KEY("rsa.params", "RFC 3279 2.3.1", LINT_ERROR,
	"RSA: the parameters are NULL", rsa_params),
    KEY("rsa.form", "RFC 3279 2.3.1, RFC 8017 A.1.1", LINT_ERROR,
	"RSA: two positive INTEGERs", rsa_form),
    KEY("rsa.size", "NIST SP 800-131A; CA/B BR 6.1.5", LINT_ERROR,
	"RSA: 2048 bits or more", rsa_size),
    KEY("rsa.modulus", "NIST SP 800-89 5.3.3; CA/B BR 6.1.5, 6.1.6",
	LINT_WARNING,
	"RSA: the modulus is odd and of whole octets", rsa_modulus),
    KEY("rsa.exponent", "RFC 8017 3.1", LINT_ERROR,
	"RSA: the exponent is odd and 3 or more", rsa_exponent),
    KEY("rsa.exponent_small", "NIST SP 800-89 5.3.3; CA/B BR 6.1.6",
	LINT_WARNING,
	"RSA: the exponent is 65537 or more", rsa_small),
    KEY("params_absent", "RFC 8410 3, RFC 9881 2, RFC 9909 3, RFC 9935 3",
	LINT_ERROR, "EdDSA, X25519, X448, ML-DSA, SLH-DSA, ML-KEM: none",
	pure_params),
    KEY("length", "RFC 8410 4, RFC 9881 4, RFC 9909 5, RFC 9935 4", LINT_ERROR,
	"the key has the octets of its algorithm", pure_length),
    {{NULL, NULL, 0, 0, NULL}, NULL}};
