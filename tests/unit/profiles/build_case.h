#ifndef TESTS_UNIT_PROFILES_BUILD_CASE_H
#define TESTS_UNIT_PROFILES_BUILD_CASE_H

/* One build: a compiled profile, an Ed25519 issuer with a name, a device. */

#include "tests/unit/profiles/profile_case.h"
#include "profiles/asn1.h"

struct job {
	struct rig_ca ca;
	struct profile *p;
	struct csr *csr;
	EVP_PKEY *key;
	struct build_field fields[8];
	struct build_request req;
	unsigned char *tbs;
	size_t tbs_len;
	char notes[BUILD_NOTES_MAX];
};

static const unsigned char issuer_name[] = {0x30, 0x0d, 0x31, 0x0b, 0x30, 0x09,
    0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x02, 'C', 'A'};

MAYBE void
job_open(struct job *j, struct profile *p, const char *subject, const char *san)
{
	memset(j, 0, sizeof(*j));
	rig_ca_init(&j->ca, "issuer-ed25519", 0);
	j->ca.issuer.name = issuer_name;
	j->ca.issuer.name_len = sizeof(issuer_name);
	j->p = p;
	j->key = rig_key("device-p256");
	j->csr = rig_csr(j->key, subject, san);
	j->fields[0] = (struct build_field){"identity.device", "dev1"};
	j->fields[1] = (struct build_field){"identity.cn", "dev1"};
	j->req = (struct build_request){.profile = p,
	    .issuer = &j->ca.issuer,
	    .csr = j->csr,
	    .fields = j->fields,
	    .n_fields = 2,
	    .serial = rig_serial,
	    .now = RIG_NOW};
}

MAYBE void
job_field(struct job *j, const char *name, const char *value)
{
	j->fields[j->req.n_fields++] = (struct build_field){name, value};
}

MAYBE void
job_close(struct job *j)
{
	OPENSSL_free(j->tbs);
	csr_free(j->csr);
	EVP_PKEY_free(j->key);
	profile_free(j->p);
	rig_ca_clear(&j->ca);
}

/* Build; the TBS must also be what conform wants. */
MAYBE void
job_builds(struct job *j)
{
	struct conform_context ctx = {.profile = j->p,
	    .issuer = &j->ca.issuer,
	    .serial = rig_serial,
	    .now = j->req.now,
	    .key_id = j->req.key_id,
	    .key_id_len = j->req.key_id_len,
	    .attested = j->req.attested};

	ERR_clear_error();
	ctx.spki = csr_spki(j->csr, &ctx.spki_len);
	OPENSSL_free(j->tbs);
	if (!build_tbs(&j->req, &j->tbs, &j->tbs_len, j->notes))
		rig_fail("build");
	if (!conform_tbs(&ctx, j->tbs, j->tbs_len))
		rig_fail("conform");
	assert_int_equal(ERR_peek_error(), 0);
}

MAYBE void
job_refused(struct job *j, int reason, const char *want)
{
	ERR_clear_error();
	OPENSSL_free(j->tbs);
	assert_int_equal(build_tbs(&j->req, &j->tbs, &j->tbs_len, j->notes), 0);
	assert_null(j->tbs);
	assert_raised(reason, want);
}

/* The certificate, signed, as OpenSSL sees it. To be freed. */
MAYBE X509 *
job_x509(struct job *j)
{
	unsigned char *cert;
	size_t len;
	X509 *x;

	assert_int_equal(
	    build_sign(j->tbs, j->tbs_len, j->ca.key, &cert, &len), 1);
	x = rig_x509(cert, len);
	OPENSSL_free(cert);
	return x;
}

MAYBE void
subject_is(struct job *j, const char *want)
{
	X509 *x = job_x509(j);
	char *got = X509_NAME_oneline(X509_get_subject_name(x), NULL, 0);

	assert_string_equal(got, want);
	OPENSSL_free(got);
	X509_free(x);
}

/* The extension as OpenSSL prints it, "" when it is not there. */
MAYBE void
ext_is(struct job *j, int nid, int critical, const char *want)
{
	X509 *x = job_x509(j);
	int at = X509_get_ext_by_NID(x, nid, -1);
	BIO *bio = BIO_new(BIO_s_mem());
	char text[1024] = "";

	if (at >= 0) {
		assert_int_equal(
		    X509_EXTENSION_get_critical(X509_get_ext(x, at)), critical);
		X509V3_EXT_print(bio, X509_get_ext(x, at), 0, 0);
		BIO_read(bio, text, sizeof(text) - 1);
	}
	/* OpenSSL 3.2 and later end a line that 3.0 leaves open. */
	while (text[0] != '\0' && text[strlen(text) - 1] == '\n')
		text[strlen(text) - 1] = '\0';
	if (strcmp(text, want) != 0)
		fail_msg("extension is \"%s\", wanted \"%s\"", text, want);
	BIO_free(bio);
	X509_free(x);
}

#endif
