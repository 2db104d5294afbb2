#include "profiles/lint/lint_part.h"

/* Rules on signature algorithms and the signature's shape. */

#define BOTH (LINT_ON_CERT | LINT_ON_CRL)
#define RSA_ARC "\x2a\x86\x48\x86\xf7\x0d\x01\x01"
#define SHA1 "\x2b\x0e\x03\x02\x1a"
#define HASHES "\x60\x86\x48\x01\x65\x03\x04\x02"

enum sig_kind { SIG_RSA, SIG_PSS, SIG_ECDSA, SIG_PURE };

static const struct sig_alg {
	const char *oid;
	size_t len;
	enum sig_kind kind;
	size_t size; /* of the signature, SIG_PURE */
} algs[] = {
    {RSA_ARC "\x02", 9, SIG_RSA, 0},	/* MD2 */
    {RSA_ARC "\x04", 9, SIG_RSA, 0},	/* MD5 */
    {RSA_ARC "\x05", 9, SIG_RSA, 0},	/* SHA-1 */
    {RSA_ARC "\x0b", 9, SIG_RSA, 0},	/* SHA-256 */
    {RSA_ARC "\x0c", 9, SIG_RSA, 0},
    {RSA_ARC "\x0d", 9, SIG_RSA, 0},
    {RSA_ARC "\x0e", 9, SIG_RSA, 0},	/* SHA-224 */
    {RSA_ARC "\x0a", 9, SIG_PSS, 0},
    {"\x2a\x86\x48\xce\x3d\x04\x01", 7, SIG_ECDSA, 0}, /* SHA-1 */
    {"\x2a\x86\x48\xce\x3d\x04\x03\x01", 8, SIG_ECDSA, 0},
    {"\x2a\x86\x48\xce\x3d\x04\x03\x02", 8, SIG_ECDSA, 0},
    {"\x2a\x86\x48\xce\x3d\x04\x03\x03", 8, SIG_ECDSA, 0},
    {"\x2a\x86\x48\xce\x3d\x04\x03\x04", 8, SIG_ECDSA, 0},
    {"\x2b\x65\x70", 3, SIG_PURE, 64},	/* Ed25519 */
    {"\x2b\x65\x71", 3, SIG_PURE, 114}, /* Ed448 */
    {"\x60\x86\x48\x01\x65\x03\x04\x03\x11", 9, SIG_PURE, 2420},
    {"\x60\x86\x48\x01\x65\x03\x04\x03\x12", 9, SIG_PURE, 3309},
    {"\x60\x86\x48\x01\x65\x03\x04\x03\x13", 9, SIG_PURE, 4627},
};

/* NULL when the algorithm is unknown; *params: what follows the OID. */
static const struct sig_alg *
alg_of(const struct lint_view *v, struct der *oid, struct der *params)
{
	struct der alg;
	size_t i;

	if (!lint_only(v->alg, DER_SEQUENCE, &alg) ||
	    !lint_take(&alg, DER_OID, oid))
		return NULL;
	*params = alg;
	for (i = 0; i < N(algs); i++)
		if (der_equal(oid, (const unsigned char *)algs[i].oid,
			algs[i].len))
			return &algs[i];
	return NULL;
}

static void
sigalg_match(struct lint_view *v)
{
	if (v->signed_ && !lint_same(&v->alg, &v->outer))
		lint_say(v, "the algorithm outside differs from the one inside");
}

static void
sigalg_known(struct lint_view *v)
{
	struct der oid, params;

	if (!alg_of(v, &oid, &params))
		lint_say(v, "a signature algorithm unknown here");
}

static void
sigalg_params(struct lint_view *v)
{
	struct der oid, params, null;
	const struct sig_alg *a = alg_of(v, &oid, &params);

	if (!a)
		return;
	if (a->kind == SIG_RSA &&
	    (!lint_only(params, DER_NULL, &null) || null.len))
		lint_say(v, "RSA's parameters are not NULL");
	if ((a->kind == SIG_ECDSA || a->kind == SIG_PURE) && params.len)
		lint_say(v, "parameters where there must be none");
}

/* [n] EXPLICIT with an AlgorithmIdentifier: its hash. RFC 4055 2.1: parameters
   NULL or absent. */
static int
read_hash(struct der in, struct der *oid)
{
	struct der seq, null;

	return lint_only(in, DER_SEQUENCE, &seq) &&
	    lint_take(&seq, DER_OID, oid) &&
	    (seq.len == 0 || (lint_only(seq, DER_NULL, &null) && !null.len));
}

struct pss {
	struct der hash, mgf_hash;	/* empty: SHA-1, the default */
	unsigned salt;
	const char *said;		/* a default that is encoded */
};

static const char *
read_mgf(struct der in, struct pss *p)
{
	struct der seq, oid;

	if (!lint_only(in, DER_SEQUENCE, &seq) ||
	    !lint_take(&seq, DER_OID, &oid) || !OID_IS(oid, RSA_ARC "\x08") ||
	    !read_hash(seq, &p->mgf_hash))
		return "the mask generation is not MGF1 with a hash";
	return NULL;
}

/* RSASSA-PSS-params (RFC 4055 3.1). SHA-1's defaults mean nothing was said. */
static const char *
read_pss(struct der params, struct pss *p)
{
	struct der seq, in, n;
	const char *why;

	*p = (struct pss){.salt = 20};
	if (!lint_only(params, DER_SEQUENCE, &seq))
		return "no RSASSA-PSS-params";
	if (lint_take(&seq, DER_CONTEXT_CONS(0), &in) &&
	    !read_hash(in, &p->hash))
		return "the hash algorithm cannot be read";
	if (lint_take(&seq, DER_CONTEXT_CONS(1), &in) &&
	    (why = read_mgf(in, p)) != NULL)
		return why;
	if (OID_IS(p->hash, SHA1) || OID_IS(p->mgf_hash, SHA1))
		p->said = "SHA-1 is encoded, although it is the default";
	if (lint_take(&seq, DER_CONTEXT_CONS(2), &in)) {
		if (!lint_only(in, DER_INTEGER, &n) || n.len != 1 ||
		    n.p[0] > 0x7f)
			return "the salt's length cannot be read";
		p->salt = n.p[0];
		if (p->salt == 20)
			p->said = "a salt of 20 is encoded: the default";
	}
	if (lint_take(&seq, DER_CONTEXT_CONS(3), &in))
		p->said = "the trailer field is encoded";
	return seq.len > 0 ? "something after the last field" : NULL;
}

static int
is_sha1(const struct der *hash)
{
	return hash->len == 0 || OID_IS(*hash, SHA1);
}

static int
pss_of(const struct lint_view *v, struct pss *p, const char **why)
{
	struct der oid, params;
	const struct sig_alg *a = alg_of(v, &oid, &params);

	if (!a || a->kind != SIG_PSS)
		return 0;
	*why = read_pss(params, p);
	return 1;
}

static void
sigalg_pss(struct lint_view *v)
{
	const char *why;
	struct pss p;

	if (!pss_of(v, &p, &why))
		return;
	if (why)
		lint_say(v, "%s", why);
	else if (p.said)
		lint_say(v, "%s", p.said);
}

static void
sigalg_pss_mgf(struct lint_view *v)
{
	const char *why;
	struct pss p;

	if (pss_of(v, &p, &why) && !why && !lint_same(&p.hash, &p.mgf_hash) &&
	    !(is_sha1(&p.hash) && is_sha1(&p.mgf_hash)))
		lint_say(v, "MGF1 has another hash than the signature");
}

static void
sigalg_pss_salt(struct lint_view *v)
{
	unsigned want = 20;
	const char *why;
	struct pss p;

	if (!pss_of(v, &p, &why) || why)
		return;
	if (OID_IS(p.hash, HASHES "\x01"))
		want = 32;
	else if (OID_IS(p.hash, HASHES "\x02"))
		want = 48;
	else if (OID_IS(p.hash, HASHES "\x03"))
		want = 64;
	if (p.salt != want)
		lint_say(v, "a salt of %u octets, the hash has %u", p.salt,
		    want);
}

static void
sigalg_md5(struct lint_view *v)
{
	struct der oid, params;

	if (alg_of(v, &oid, &params) &&
	    (OID_IS(oid, RSA_ARC "\x02") || OID_IS(oid, RSA_ARC "\x04")))
		lint_say(v, "signed with MD2 or MD5");
}

static void
sigalg_sha1(struct lint_view *v)
{
	struct der oid, params;
	const char *why;
	struct pss p;

	if (!alg_of(v, &oid, &params))
		return;
	if (OID_IS(oid, RSA_ARC "\x05") ||
	    OID_IS(oid, "\x2a\x86\x48\xce\x3d\x04\x01") ||
	    (pss_of(v, &p, &why) && !why && is_sha1(&p.hash)))
		lint_say(v, "signed with SHA-1");
}

static int
is_positive(struct der *seq)
{
	struct der n;

	return lint_take(seq, DER_INTEGER, &n) && n.len > 0 && n.p[0] < 0x80 &&
	    !(n.len == 1 && n.p[0] == 0);
}

static void
signature_value(struct lint_view *v)
{
	struct der oid, params, s = v->signature, seq;
	const struct sig_alg *a;

	if (!v->signed_)
		return;
	if (s.len < 2 || s.p[0] != 0) {
		lint_say(v, "not whole octets, or none");
		return;
	}
	if (!(a = alg_of(v, &oid, &params)))
		return;
	s.p++, s.len--;
	if (a->kind == SIG_ECDSA &&
	    (!lint_only(s, DER_SEQUENCE, &seq) || !is_positive(&seq) ||
		!is_positive(&seq) || seq.len > 0))
		lint_say(v, "ECDSA's value is not two positive INTEGERs");
	if (a->kind == SIG_PURE && s.len != a->size)
		lint_say(v, "%zu octets, not %zu", s.len, a->size);
}

#define SIG(id, cite, sev, what, f) {{id, cite, sev, BOTH, what}, f}

const struct lint_rule_fn lint_sig_rules[] = {
    SIG("sigalg.match", "RFC 5280 4.1.1.2, 5.1.1.2", LINT_ERROR,
	"both algorithm identifiers are the same", sigalg_match),
    SIG("sigalg.known", "RFC 3279, 4055, 5758, 8410, 9881", LINT_NOTICE,
	"the signature algorithm is one that is known here", sigalg_known),
    SIG("sigalg.params",
	"RFC 3279 2.2, RFC 4055 5, RFC 5758 3.2, RFC 8410 3, RFC 9881 2",
	LINT_ERROR,
	"parameters NULL for RSA, absent for ECDSA, EdDSA, ML-DSA",
	sigalg_params),
    SIG("sigalg.pss", "RFC 4055 3.1; X.690 11.5", LINT_ERROR,
	"RSASSA-PSS: hash, MGF1, salt length, and no default encoded",
	sigalg_pss),
    SIG("sigalg.pss_mgf", "RFC 4055 3.1", LINT_WARNING,
	"RSASSA-PSS: MGF1 has the hash of the signature", sigalg_pss_mgf),
    SIG("sigalg.pss_salt", "RFC 4055 3.1", LINT_WARNING,
	"RSASSA-PSS: the salt is as long as the hash", sigalg_pss_salt),
    SIG("sigalg.md5", "RFC 6149, RFC 6151", LINT_ERROR,
	"not signed with MD2 or MD5", sigalg_md5),
    SIG("sigalg.sha1", "NIST SP 800-131A", LINT_WARNING,
	"not signed with SHA-1", sigalg_sha1),
    SIG("signature.value", "RFC 3279 2.2.3, RFC 8410 6", LINT_ERROR,
	"the signature's value has the shape of its algorithm",
	signature_value),
    {{NULL, NULL, 0, 0, NULL}, NULL}};
