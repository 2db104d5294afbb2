#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include "profiles/build.h"
#include "profiles/conform.h"
#include "profiles/error.h"
#include "profiles/trial.h"
#include "profiles/trial_part.h"

#define TRIAL_NOW ((time_t)1767225600) /* 2026-01-01 */

/* ---- keys and algorithms ---------------------------------------------- */

static const unsigned char p256[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    /* the generator of the curve */
    0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5,
    0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0,
    0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2,
    0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16,
    0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68,
    0x37, 0xbf, 0x51, 0xf5};
static const unsigned char p384[] = {0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00,
    0x22, 0x03, 0x62, 0x00, 0x04,
    /* the generator of the curve */
    0xaa, 0x87, 0xca, 0x22, 0xbe, 0x8b, 0x05, 0x37, 0x8e, 0xb1, 0xc7, 0x1e,
    0xf3, 0x20, 0xad, 0x74, 0x6e, 0x1d, 0x3b, 0x62, 0x8b, 0xa7, 0x9b, 0x98,
    0x59, 0xf7, 0x41, 0xe0, 0x82, 0x54, 0x2a, 0x38, 0x55, 0x02, 0xf2, 0x5d,
    0xbf, 0x55, 0x29, 0x6c, 0x3a, 0x54, 0x5e, 0x38, 0x72, 0x76, 0x0a, 0xb7,
    0x36, 0x17, 0xde, 0x4a, 0x96, 0x26, 0x2c, 0x6f, 0x5d, 0x9e, 0x98, 0xbf,
    0x92, 0x92, 0xdc, 0x29, 0xf8, 0xf4, 0x1d, 0xbd, 0x28, 0x9a, 0x14, 0x7c,
    0xe9, 0xda, 0x31, 0x13, 0xb5, 0xf0, 0xb8, 0xc0, 0x0a, 0x60, 0xb1, 0xce,
    0x1d, 0x7e, 0x81, 0x9d, 0x7a, 0x43, 0x1d, 0x7c, 0x90, 0xea, 0x0e, 0x5f};
static const unsigned char ed25519[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
    0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, /* the example of RFC 8410 10.1 */
    0x19, 0xbf, 0x44, 0x09, 0x69, 0x84, 0xcd, 0xfe, 0x85, 0x41, 0xba, 0xc1,
    0x67, 0xdc, 0x3b, 0x96, 0xc8, 0x50, 0x86, 0xaa, 0x30, 0xb6, 0xb6, 0xcb,
    0x0c, 0x5c, 0x38, 0xad, 0x70, 0x31, 0x66, 0xe1};

static const unsigned char ecdsa_256[] = {
    0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
static const unsigned char ecdsa_384[] = {
    0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03};
static const unsigned char rsa_256[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86,
    0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00};
static const unsigned char eddsa[] = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};

struct key {
	unsigned char der[SPKI_MAX];
	size_t len;
	const unsigned char *sigalg; /* of a CA with such a key */
	size_t sigalg_len;
};

static void
key_fixed(struct key *k, const unsigned char *der, size_t len,
    const unsigned char *alg, size_t alg_len)
{
	memcpy(k->der, der, len);
	k->len = len;
	k->sigalg = alg;
	k->sigalg_len = alg_len;
}

static size_t
put_head(unsigned char *p, unsigned char tag, size_t len)
{
	p[0] = tag, p[1] = 0x82, p[2] = len >> 8, p[3] = len & 0xff;
	return 4;
}

/* An odd number of the right size for a modulus, and 65537. ${last} is the last
   octet, with which it has no small factor (profiles/weak.h). */
static void
key_rsa(struct key *k, size_t octets, unsigned char last)
{
	static const unsigned char alg[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86,
	    0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
	static const unsigned char e[] = {0x02, 0x03, 0x01, 0x00, 0x01};
	size_t modulus = 4 + 1 + octets, inner = modulus + sizeof(e), n = 0;

	n += put_head(k->der, 0x30, sizeof(alg) + 4 + 1 + 4 + inner);
	memcpy(k->der + n, alg, sizeof(alg));
	n += sizeof(alg);
	n += put_head(k->der + n, 0x03, 1 + 4 + inner);
	k->der[n++] = 0;
	n += put_head(k->der + n, 0x30, inner);
	n += put_head(k->der + n, 0x02, 1 + octets);
	k->der[n++] = 0;
	memset(k->der + n, 0xc5, octets);
	n += octets;
	k->der[n - 2] = 0;
	k->der[n - 1] = last;
	memcpy(k->der + n, e, sizeof(e));
	k->len = n + sizeof(e);
	k->sigalg = rsa_256;
	k->sigalg_len = sizeof(rsa_256);
}

/* 0 for a type that has no sample here. */
static int
key_of(enum spki_type type, struct key *k)
{
	switch (type) {
	case SPKI_EC_P256:
		key_fixed(k, p256, sizeof(p256), ecdsa_256, sizeof(ecdsa_256));
		return 1;
	case SPKI_EC_P384:
		key_fixed(k, p384, sizeof(p384), ecdsa_384, sizeof(ecdsa_384));
		return 1;
	case SPKI_RSA_2048:
		key_rsa(k, 256, 0x01);
		return 1;
	case SPKI_RSA_3072:
		key_rsa(k, 384, 0x0f);
		return 1;
	case SPKI_RSA_4096:
		key_rsa(k, 512, 0x17);
		return 1;
	case SPKI_ED25519:
		key_fixed(k, ed25519, sizeof(ed25519), eddsa, sizeof(eddsa));
		return 1;
	default:
		return 0;
	}
}

/* ---- building and judging --------------------------------------------- */

static const unsigned char name[] = {0x30, 0x13, 0x31, 0x11, 0x30, 0x0f, 0x06,
    0x03, 0x55, 0x04, 0x03, 0x0c, 0x08, 'T', 'r', 'i', 'a', 'l', ' ', 'C', 'A'};
static const unsigned char key_id[20] = {0x5a, 1, 2, 3};
static const unsigned char serial[BUILD_SERIAL_LEN] = {0x5a, 4, 5, 6};

/* 1, or 0 raised. One that the rules do not let us build is not judged. */
static int
try_one(struct trial *t, const struct key *k, int all, int attested)
{
	struct build_field *fields = calloc(t->n + 1, sizeof(*fields));
	struct build_issuer issuer = {.name = name,
	    .name_len = sizeof(name),
	    .key_id = key_id,
	    .key_id_len = sizeof(key_id),
	    .sigalg = k->sigalg,
	    .sigalg_len = k->sigalg_len,
	    .not_after = BUILD_NO_END,
	    .path_len = -1,
	    .crl_url = "http://pki.example/ca.crl",
	    .ocsp_url = "http://pki.example/ocsp",
	    .issuer_url = "http://pki.example/ca.cer"};
	struct build_request req = {.profile = &t->p,
	    .issuer = &issuer,
	    .spki = k->der,
	    .spki_len = k->len,
	    .fields = fields,
	    .serial = serial,
	    .now = TRIAL_NOW,
	    .attested = attested};
	struct conform_context ctx = {.profile = &t->p,
	    .issuer = &issuer,
	    .spki = k->der,
	    .spki_len = k->len,
	    .serial = serial,
	    .fields = fields,
	    .now = TRIAL_NOW,
	    .attested = attested};
	unsigned char *tbs = NULL;
	size_t i, len;
	int ok;

	if (fields == NULL) {
		profile_raise(PROFILE_E_INTERNAL, "out of memory");
		return 0;
	}
	if (profile_is_self_signed(&t->p))
		issuer.name = NULL;
	for (i = 0; i < t->n; i++)
		if (all || t->field[i].needed)
			fields[req.n_fields++] = (struct build_field){
			    t->field[i].name, t->field[i].value};
	ctx.n_fields = req.n_fields;
	ok = !build_tbs(&req, &tbs, &len, NULL) || conform_tbs(&ctx, tbs, len);
	OPENSSL_free(tbs);
	free(fields);
	return ok;
}

static int
try_key(struct trial *t, const struct key *k)
{
	int all, attested, last = t->p.n_eku_attested > 0;
	size_t i;

	for (i = 0; i < t->p.n_policies; i++)
		last |= t->p.policies[i].unless_attested ||
		    t->p.policies[i].if_attested;
	for (all = 1; all >= 0; all--)
		for (attested = 0; attested <= last; attested++)
			if (!try_one(t, k, all, attested))
				return 0;
	return 1;
}

/* Leaves of the queue what we say of it. */
static int
refuse(const char *file, enum spki_type type)
{
	const char *data = NULL;
	char text[512];
	int flags = 0;

	ERR_peek_last_error_all(NULL, NULL, NULL, &data, &flags);
	snprintf(text, sizeof(text), "%s",
	    flags & ERR_TXT_STRING ? data : "cannot be judged");
	ERR_pop_to_mark();
	profile_raise(PROFILE_E_CONFIG, "%s: %s (a certificate for %s)", file,
	    text, spki_type_name(type));
	return 0;
}

int
profile_trial(const struct profile *p, const char *file)
{
	struct trial *t = calloc(1, sizeof(*t));
	struct key *k = calloc(1, sizeof(*k));
	unsigned type;
	int ok = 0;

	if (t == NULL || k == NULL) {
		profile_raise(PROFILE_E_INTERNAL, "out of memory");
		goto out;
	}
	t->p = *p;
	if (!trial_fields(t)) {
		profile_raise(PROFILE_E_INTERNAL, "out of memory");
		goto out;
	}
	ERR_set_mark();
	for (type = 1; type != 0 && type <= p->key_types; type <<= 1)
		if ((p->key_types & type) && key_of(type, k) &&
		    !try_key(t, k)) {
			refuse(file, type);
			goto out;
		}
	ERR_pop_to_mark();
	ok = 1;
out:
	free(k);
	if (t != NULL)
		free(t->field);
	free(t);
	return ok;
}
