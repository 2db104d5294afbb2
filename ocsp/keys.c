#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ocsp/error.h"
#include "ocsp/keys.h"
#include "ocsp/signer.h"
#include "profiles/spki.h"

struct member {
	char label[HSM_LABEL_MAX];
	char uri[HSM_URI_MAX];
	unsigned number; /* 1: the bare label */
};

struct family {
	const char *label;
	struct member *members;
	size_t n;
};

unsigned
keys_number(const char *base, const char *label)
{
	size_t n = strlen(base);
	unsigned long number;
	char *end;

	if (strncmp(label, base, n) != 0)
		return 0;
	if (label[n] == '\0')
		return 1;
	if (label[n] != '.' || label[n + 1] < '1' || label[n + 1] > '9')
		return 0;
	number = strtoul(label + n + 1, &end, 10);
	if (*end != '\0' || number < 2 || number > 1000000000)
		return 0;
	return (unsigned)number;
}

static int
collect(const struct hsm_key_info *info, void *arg)
{
	struct family *family = arg;
	unsigned number = keys_number(family->label, info->label);
	struct member *m;

	if (number == 0)
		return 1;
	m = &family->members[family->n++];
	snprintf(m->label, sizeof(m->label), "%s", info->label);
	snprintf(m->uri, sizeof(m->uri), "%s", info->uri);
	m->number = number;
	return family->n < KEYS_FAMILY_MAX;
}

/* The members are to be freed with OPENSSL_free(). */
static int
family_read(struct hsm *hsm, const char *label, struct family *family)
{
	family->label = label;
	family->n = 0;
	family->members =
	    OPENSSL_zalloc(KEYS_FAMILY_MAX * sizeof(struct member));
	if (family->members == NULL)
		return 0;
	if (!hsm_key_list(hsm, collect, family)) {
		OPENSSL_free(family->members);
		return 0;
	}
	return 1;
}

int
keys_have(struct hsm *hsm, const char *label)
{
	struct family family;

	if (!family_read(hsm, label, &family))
		return -1;
	OPENSSL_free(family.members);
	return family.n > 0;
}

/* A member that cannot be opened is passed over: another may be the one that
   is wanted, and the caller says so when none is. */
static EVP_PKEY *
find_in(struct hsm *hsm, const struct family *family, EVP_PKEY *pub, size_t *at)
{
	EVP_PKEY *key;
	size_t i;

	for (i = 0; i < family->n; i++) {
		key = hsm_key_find(hsm, family->members[i].uri);
		if (spki_same(key, pub)) {
			*at = i;
			return key;
		}
		EVP_PKEY_free(key);
	}
	ocsp_raise(OCSP_E_DELEGATE,
	    "the token has no key named %s (of %zu) for this certificate",
	    family->label, family->n);
	return NULL;
}

EVP_PKEY *
keys_match(struct hsm *hsm, const char *label, EVP_PKEY *pub)
{
	struct family family;
	EVP_PKEY *key;
	size_t at;

	if (!family_read(hsm, label, &family))
		return NULL;
	key = find_in(hsm, &family, pub, &at);
	OPENSSL_free(family.members);
	return key;
}

int
keys_next_label(struct hsm *hsm, const char *label, char *out)
{
	struct family family;
	unsigned highest = 1;
	size_t i;
	int n;

	if (!family_read(hsm, label, &family))
		return 0;
	for (i = 0; i < family.n; i++)
		if (family.members[i].number > highest)
			highest = family.members[i].number;
	OPENSSL_free(family.members);
	n = snprintf(out, HSM_LABEL_MAX, "%s.%u", label, highest + 1);
	return n > 0 && n < HSM_LABEL_MAX;
}

int
keys_prune(struct hsm *hsm, const char *label, EVP_PKEY *pub)
{
	struct family family;
	EVP_PKEY *key;
	size_t i, at = 0;
	int ok = 0;

	if (!family_read(hsm, label, &family))
		return 0;
	if ((key = find_in(hsm, &family, pub, &at)) == NULL)
		goto out;
	EVP_PKEY_free(key);
	for (i = 0; i < family.n; i++)
		if (i != at && !hsm_key_destroy(hsm, family.members[i].label))
			goto out;
	ok = 1;
out:
	OPENSSL_free(family.members);
	return ok;
}

static int
set_common_name(X509_REQ *req, const char *label)
{
	X509_NAME *name = X509_NAME_new();
	int ok;

	ok = name != NULL &&
	    X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
		(const unsigned char *)label, -1, -1, 0) == 1 &&
	    X509_REQ_set_subject_name(req, name) == 1;
	X509_NAME_free(name);
	return ok;
}

X509_REQ *
keys_request(EVP_PKEY *key, const X509_NAME *subject, const char *label)
{
	X509_REQ *req = X509_REQ_new();
	int named;

	if (req == NULL)
		return NULL;
	if (subject != NULL)
		named = X509_REQ_set_subject_name(req, (X509_NAME *)subject);
	else
		named = set_common_name(req, label);
	if (named != 1 || X509_REQ_set_version(req, 0) != 1 ||
	    X509_REQ_set_pubkey(req, key) != 1 ||
	    X509_REQ_sign(req, key, signer_digest(key)) <= 0) {
		ocsp_raise(OCSP_E_DELEGATE, "request for %s", label);
		X509_REQ_free(req);
		return NULL;
	}
	return req;
}
