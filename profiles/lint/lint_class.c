#include <openssl/x509v3.h>
#include "profiles/lint/lint_part.h"

/* Rules for what a certificate is: responder, time stamps, code, server. */

#define MICROSOFT "\x2b\x06\x01\x04\x01\x82\x37" /* 1.3.6.1.4.1.311 */
#define DAY ((int64_t)86400)
#define DELEGATE_LONG (90 * DAY)

static int
signs(const struct lint_view *v)
{
	return (v->ku & KU_DIGITAL_SIGNATURE) != 0;
}

static void
ocsp_ca(struct lint_view *v)
{
	if (v->eku & EKU_OCSP)
		lint_say(v, "OCSPSigning in a CA's certificate");
}

static void
ocsp_usage(struct lint_view *v)
{
	if (v->x[LINT_X_KU] && !signs(v) && !(v->ku & KU_NON_REPUDIATION))
		lint_say(v, "a responder without digitalSignature");
}

static void
ocsp_nocheck(struct lint_view *v)
{
	if (!v->x[LINT_X_NOCHECK])
		lint_say(v, "a responder without ocsp-nocheck");
}

/* What cannot be revoked must end soon. */
static void
ocsp_life(struct lint_view *v)
{
	if (v->x[LINT_X_NOCHECK] && v->time[0].ok && v->time[1].ok &&
	    v->time[1].seconds - v->time[0].seconds > DELEGATE_LONG)
		lint_say(v, "ocsp-nocheck for %lld days",
		    (long long)((v->time[1].seconds - v->time[0].seconds) /
			DAY));
}

static void
ocsp_alone(struct lint_view *v)
{
	if (v->n_eku != 1)
		lint_say(v, "OCSPSigning beside another purpose");
}

static void
tsa_alone(struct lint_view *v)
{
	if (v->n_eku != 1)
		lint_say(v, "timeStamping beside another purpose");
}

static void
tsa_critical(struct lint_view *v)
{
	if (!v->x[LINT_X_EKU]->critical)
		lint_say(v, "timeStamping in an extension that is not "
			    "critical");
}

static void
tsa_usage(struct lint_view *v)
{
	if (v->x[LINT_X_KU] &&
	    (v->ku & ~(KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)))
		lint_say(v, "usage %04x beside signing", v->ku);
}

static void
code_mix(struct lint_view *v)
{
	if (v->eku & (EKU_ANY | EKU_SERVER))
		lint_say(v, "codeSigning beside serverAuth or any purpose");
}

/* What may stand beside codeSigning: mail, lifetime signing and document
   signing, by Microsoft's OID of today and the one that the Requirements print. */
static int
code_may(const struct der *oid)
{
	return OID_IS(*oid, PKIX "\x03\x03") || OID_IS(*oid, PKIX "\x03\x04") ||
	    OID_IS(*oid, MICROSOFT "\x0a\x03\x0d") ||
	    OID_IS(*oid, MICROSOFT "\x0a\x03\x0c") ||
	    OID_IS(*oid, MICROSOFT "\x03\x0a\x03\x0c");
}

static void
code_alone(struct lint_view *v)
{
	struct der list, oid;

	if (!lint_ext_open(v, LINT_X_EKU, DER_SEQUENCE, &list))
		return;
	while (lint_take(&list, DER_OID, &oid))
		if (!code_may(&oid)) {
			lint_say(v, "codeSigning beside another purpose");
			return;
		}
}

static void
code_only(struct lint_view *v)
{
	if (v->ku & ~(KU_DIGITAL_SIGNATURE | KU_KEY_CERT_SIGN | KU_CRL_SIGN))
		lint_say(v, "usage %04x beside digitalSignature", v->ku);
}

static void
code_usage(struct lint_view *v)
{
	if (!signs(v) || !v->x[LINT_X_KU]->critical)
		lint_say(v, "no critical key usage with digitalSignature");
	else if (v->ku & (KU_KEY_CERT_SIGN | KU_CRL_SIGN))
		lint_say(v, "signs certificates or CRLs as well");
}

static int
san_has(const struct lint_view *v, unsigned char want, unsigned char or)
{
	struct der list, body;
	unsigned char tag;

	if (lint_ext_open(v, LINT_X_SAN, DER_SEQUENCE, &list))
		while (lint_take_any(&list, &tag, &body, NULL))
			if (tag == want || tag == or)
				return 1;
	return 0;
}

static void
server_name(struct lint_view *v)
{
	if (!san_has(v, DER_CONTEXT(2), DER_CONTEXT(7)))
		lint_say(v, "a server without dNSName or iPAddress");
}

/* An EST server that speaks for a CA is known by id-kp-cmcRA. */
static void
cmc_ra(struct lint_view *v)
{
	if ((v->eku & EKU_CMC_RA) && (v->classes & LINT_IS_CA))
		lint_say(v, "id-kp-cmcRA in a CA's certificate");
	else if ((v->eku & EKU_CMC_RA) && v->x[LINT_X_KU] && !signs(v))
		lint_say(v, "id-kp-cmcRA without digitalSignature");
}

static void
self_end(struct lint_view *v)
{
	if (v->classes & LINT_IS_SELF)
		lint_say(v, "issuer and subject are the same, and it is no CA");
}

static void
any_purpose(struct lint_view *v)
{
	if ((v->eku & EKU_ANY) && v->n_eku > 1)
		lint_say(v, "anyExtendedKeyUsage beside other purposes, which "
			    "then limit nothing");
}

#define RULE(id, cite, sev, is, what, f)                                       \
	{{id, cite, sev, LINT_ON_CERT | (is), what}, f}

const struct lint_rule_fn lint_class_rules[] = {
    RULE("ocsp.ca", "CA/B BR 7.1.2.10.6; RFC 6960 4.2.2.2", LINT_ERROR, LINT_IS_CA,
	"no OCSPSigning in a CA", ocsp_ca),
    RULE("ocsp.usage", "RFC 5280 4.2.1.3, 4.2.1.12", LINT_ERROR,
	LINT_IS_OCSP, "a responder's key usage has a signing bit", ocsp_usage),
    RULE("ocsp.nocheck", "RFC 6960 4.2.2.2.1; RFC 9919", LINT_WARNING,
	LINT_IS_OCSP, "a responder has ocsp-nocheck", ocsp_nocheck),
    RULE("ocsp.life", "RFC 6960 4.2.2.2.1", LINT_WARNING, LINT_IS_OCSP,
	"a responder with ocsp-nocheck lives 90 days at most", ocsp_life),
    RULE("ocsp.alone", "RFC 6960 4.2.2.2", LINT_NOTICE, LINT_IS_OCSP,
	"OCSPSigning is the only purpose", ocsp_alone),
    RULE("tsa.alone", "RFC 3161 2.3", LINT_ERROR, LINT_IS_TSA,
	"timeStamping is the only purpose", tsa_alone),
    RULE("tsa.critical", "RFC 3161 2.3", LINT_ERROR, LINT_IS_TSA,
	"timeStamping is critical", tsa_critical),
    RULE("tsa.usage", "RFC 3161 2.3; RFC 5280 4.2.1.12", LINT_WARNING,
	LINT_IS_TSA, "a time-stamping key only signs", tsa_usage),
    RULE("code.mix", "CA/B CSBR 7.1.2.3", LINT_ERROR, LINT_IS_CODE,
	"codeSigning without serverAuth and anyExtendedKeyUsage",
	code_mix),
    RULE("code.alone", "CA/B CSBR 7.1.2.3", LINT_WARNING, LINT_IS_CODE,
	"codeSigning is the only purpose, but mail, documents, lifetime",
	code_alone),
    RULE("code.usage", "CA/B CSBR 7.1.2.3; RFC 5280 4.2.1.12", LINT_ERROR,
	LINT_IS_CODE, "critical key usage: digitalSignature, no CA's bits",
	code_usage),
    RULE("code.only", "CA/B CSBR 7.1.2.3", LINT_WARNING, LINT_IS_CODE,
	"digitalSignature is the only key usage", code_only),
    RULE("server.name", "RFC 9525 4.1; CA/B BR 7.1.2.7.12",
	LINT_WARNING, LINT_IS_SERVER, "a server has a dNSName or iPAddress",
	server_name),
    RULE("cmc_ra", "RFC 6402 2.10; RFC 7030 3.6.1", LINT_WARNING, 0,
	"id-kp-cmcRA in an end entity that signs", cmc_ra),
    RULE("self.end", "RFC 5280 3.2; RFC 6818 2", LINT_NOTICE, LINT_IS_END,
	"self-issued certificates are CAs", self_end),
    RULE("any.alone", "RFC 5280 4.2.1.12", LINT_NOTICE, 0,
	"no purpose beside anyExtendedKeyUsage, where it limits nothing",
	any_purpose),
    {{NULL, NULL, 0, 0, NULL}, NULL}};
