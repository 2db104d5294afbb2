#ifndef TESTS_FUZZ_CONFORM_FUZZ_H
#define TESTS_FUZZ_CONFORM_FUZZ_H

#include <stdint.h>
#include <string.h>
#include <openssl/asn1.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include "profiles/conform.h"
#include "profiles/der.h"

/* A context taken from the TBS itself, so that the walk gets past the rules of
   serial, issuer, key and time, to those that read the deeper parts. */
struct fit {
	struct profile profile;
	struct build_issuer issuer;
	struct conform_context ctx;
};

static struct profile_subtree subtrees[] = {
    {.type = PROFILE_SUBTREE_DNS, .base = "a.b"},
    {.type = PROFILE_SUBTREE_IP, .base = "10.0.0.0/9"},
    {.type = PROFILE_SUBTREE_DIRECTORY, .excluded = 1, .n_rdn = 1,
	.rdn = {{NID_countryName, "JP"}}}};

static void
fit_profile(struct profile *p, unsigned flags)
{
	static const int nids[] = {NID_countryName, NID_organizationName,
	    NID_serialNumber, NID_commonName, NID_pkcs9_emailAddress};
	size_t i;

	memset(p, 0, sizeof(*p));
	p->class = (flags >> 8) & 15;
	if (p->class > PROFILE_SHORT_LIVED)
		p->class = PROFILE_CROSS;
	p->has_require_explicit = p->has_inhibit_any = flags >> 12 & 1;
	p->n_mappings = flags >> 13 & 1;
	strcpy(p->mappings[0].issuer, "1.2.3");
	strcpy(p->mappings[0].subject, "1.2.4");
	p->subtrees = subtrees;
	p->n_subtrees = flags >> 14 & 1 ? 3 : 0;
	strcpy(p->issuer, "i");
	p->key_types = ~0u;
	p->may_outlive_issuer = p->key_usage_critical = 1;
	p->basic_constraints_critical = 1;
	p->key_usage = KU_DIGITAL_SIGNATURE;
	p->path_len = -1;
	for (i = 0; i < sizeof(nids) / sizeof(nids[0]); i++)
		p->subject[p->n_subject++] = (struct profile_subject_rule){
		    .nid = nids[i], .kind = PROFILE_FROM_CSR, .optional = 1};
	for (i = PROFILE_SAN_DNS; i <= PROFILE_SAN_PERMANENT_ID; i++)
		p->san[p->n_san++] = (struct profile_san_rule){.type = i,
		    .kind = PROFILE_FROM_CSR,
		    .optional = 1,
		    .max = 16};
	p->ski = flags & 1;
	p->aki = flags >> 1 & 1;
	p->crl_dp = flags >> 2 & 1;
	p->aia_ocsp = flags >> 3 & 1;
	p->n_eku = flags >> 4 & 1;
	strcpy(p->eku[0], "1.3.6.1.5.5.7.3.2");
	p->has_basic_constraints = flags >> 5 & 1;
	p->n_policies = flags >> 6 & 1;
	strcpy(p->policies[0].oid, "1.2.3");
	p->ocsp_nocheck = flags >> 7 & 1;
}

/* Seconds since 1970 of a time element; 0 when it is none. */
static int64_t
fit_time(const struct der *t)
{
	const unsigned char *p = t->p;
	ASN1_TIME *a = d2i_ASN1_TIME(NULL, &p, t->len);
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days = 0, secs = 0;

	if (a)
		ASN1_TIME_diff(&days, &secs, epoch, a);
	ASN1_TIME_free(a);
	ASN1_TIME_free(epoch);
	return (int64_t)days * 86400 + secs;
}

static void
fit_make(struct fit *f, const uint8_t *data, size_t size)
{
	static const unsigned char none[BUILD_SERIAL_LEN];
	struct der in = {data + 2, size - 2}, tbs = {NULL, 0};
	struct der serial = {none, sizeof(none)}, alg = tbs, issuer = tbs;
	struct der validity = tbs, from = tbs, to = tbs, spki = {none, 1};

	fit_profile(&f->profile, data[0] | data[1] << 8);
	if (der_take(&in, DER_SEQUENCE, &tbs) &&
	    der_take(&tbs, DER_CONTEXT_CONS(0), NULL) &&
	    der_take(&tbs, DER_INTEGER, &serial) &&
	    der_take_whole(&tbs, DER_SEQUENCE, &alg) &&
	    der_take_whole(&tbs, DER_SEQUENCE, &issuer) &&
	    der_take(&tbs, DER_SEQUENCE, &validity) &&
	    der_take(&tbs, DER_SEQUENCE, NULL))
		der_take_whole(&tbs, DER_SEQUENCE, &spki);
	der_take_any(&validity, NULL, NULL, &from);
	der_take_any(&validity, NULL, NULL, &to);
	f->issuer = (struct build_issuer){.name = issuer.p ? issuer.p : none,
	    .name_len = issuer.len,
	    .key_id = none,
	    .key_id_len = 20,
	    .sigalg = alg.p,
	    .sigalg_len = alg.len,
	    .not_after = BUILD_NO_END,
	    .path_len = -1,
	    .crl_url = "http://a/c",
	    .ocsp_url = "http://a/o"};
	f->ctx = (struct conform_context){.profile = &f->profile,
	    .issuer = &f->issuer,
	    .spki = spki.p,
	    .spki_len = spki.len,
	    .serial = serial.len == BUILD_SERIAL_LEN ? serial.p : none,
	    .now = fit_time(&from)};
	f->profile.duration = fit_time(&to) - f->ctx.now + 1;
}

#endif
