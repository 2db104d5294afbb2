#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "hsm/error.h"
#include "profiles/spki.h"
#include "ca/engine/chain.h"
#include "ca/engine/issuer.h"

int64_t
issuer_time(const ASN1_TIME *t)
{
	struct tm tm;
	time_t out;

	memset(&tm, 0, sizeof(tm));
	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	out = timegm(&tm);
	return out >= BUILD_NO_END ? BUILD_NO_END : (int64_t)out;
}

const EVP_MD *
issuer_digest(const EVP_PKEY *key)
{
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ||
	    EVP_PKEY_is_a(key, "ED25519"))
		return NULL;
	if (EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_bits(key) == 384)
		return EVP_sha384();
	return EVP_sha256();
}

static int
set_name(struct issuer *is)
{
	const X509_NAME *name = X509_get_subject_name(is->cert);
	int len = i2d_X509_NAME(name, &is->name);

	if (len <= 0)
		return 0;
	is->build.name = is->name;
	is->build.name_len = (size_t)len;
	return 1;
}

static int
set_verify_key(struct issuer *is)
{
	unsigned char *spki = NULL;
	int len, ok = 0;

	len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(is->cert), &spki);
	if (len <= 0)
		goto out;
	is->verify = spki_pkey(spki, (size_t)len);
	ok = is->verify != NULL;
out:
	OPENSSL_free(spki);
	return ok;
}

static void
set_urls(struct issuer *is)
{
	const struct issuer_row *r = &is->row;

	is->build.crl_url = r->crl_url[0] != '\0' ? r->crl_url : NULL;
	is->build.ocsp_url = r->ocsp_url[0] != '\0' ? r->ocsp_url : NULL;
	is->build.issuer_url = r->issuer_url[0] != '\0' ? r->issuer_url : NULL;
}

static int
add_constraints(struct issuer *is, const unsigned char *der, size_t len)
{
	size_t n = is->build.n_constraints;

	if (n == BUILD_CONSTRAINTS_MAX) {
		ca_raise(CA_E_CONFIG, "name.constraints: issuer %s: more than "
		    "%d CAs in its chain have some", is->row.ident,
		    BUILD_CONSTRAINTS_MAX);
		return 0;
	}
	is->constraints[n] = OPENSSL_memdup(der, len);
	if (is->constraints[n] == NULL)
		return 0;
	is->build.constraints[n].der = is->constraints[n];
	is->build.constraints[n].len = len;
	is->build.n_constraints++;
	return 1;
}

/* The value stands in the certificate as it will be judged by others. */
int
issuer_constrain(struct issuer *is, const X509 *by)
{
	const ASN1_OCTET_STRING *value;
	int at = X509_get_ext_by_NID(by, NID_name_constraints, -1);

	if (at < 0)
		return 1;
	value = X509_EXTENSION_get_data(X509_get_ext(by, at));
	return add_constraints(is, ASN1_STRING_get0_data(value),
	    (size_t)ASN1_STRING_length(value));
}

static int
inherit(struct issuer *is, const struct issuer *from, size_t i)
{
	const struct build_constraints *c = from->build.constraints;

	for (; i < from->build.n_constraints; i++)
		if (!add_constraints(is, c[i].der, c[i].len))
			return 0;
	return 1;
}

/* RFC 5280 4.2.1.9: it counts the CAs below, but for those self-issued. */
static int
counts(X509 *cert)
{
	return (X509_get_extension_flags(cert) & EXFLAG_SI) == 0;
}

/* ${left} CAs may be below it because of one above; none when ${is} itself is one
   too many. */
static void
shorten(struct issuer *is, long left)
{
	if (left < 0)
		left = 0;
	if (is->build.path_len < 0 || left < is->build.path_len)
		is->build.path_len = (int)left;
}

int
issuer_bind(struct issuer *is, const STACK_OF(X509) *above)
{
	long below = counts(is->cert), allowed;
	X509 *cert;
	int i;

	for (i = 0; i < sk_X509_num(above); i++) {
		cert = sk_X509_value(above, i);
		if (!issuer_constrain(is, cert))
			return 0;
		allowed = X509_get_pathlen(cert);
		if (allowed >= 0)
			shorten(is, allowed - below);
		below += counts(cert);
	}
	return 1;
}

int
issuer_inherit(struct issuer *is, const struct issuer *above)
{
	if (above->build.path_len >= 0)
		shorten(is, above->build.path_len - counts(is->cert));
	return inherit(is, above, 0);
}

static size_t
signature_max(const EVP_PKEY *key)
{
	int n = EVP_PKEY_get_size(key);

	return n > 0 ? (size_t)n : 0;
}

static int
set_from_cert(struct issuer *is)
{
	const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(is->cert);
	const unsigned char *der = is->row.cert;
	long path_len;

	if (ski == NULL || !set_name(is) || !set_verify_key(is)) {
		ca_raise(CA_E_CONFIG, "issuer %s: certificate lacks subject, "
		    "key or subject key identifier", is->row.ident);
		return 0;
	}
	is->build.key_id = ASN1_STRING_get0_data(ski);
	is->build.key_id_len = (size_t)ASN1_STRING_length(ski);
	is->build.not_after = issuer_time(X509_get0_notAfter(is->cert));
	path_len = X509_get_pathlen(is->cert);
	is->build.path_len = (int)path_len;
	is->build.sig_max = signature_max(is->verify);
	set_urls(is);
	SHA256(der, is->row.cert_len, is->sha256);
	return build_sigalg(is->verify, 0, &is->sigalg,
	    &is->build.sigalg_len) && (is->build.sigalg = is->sigalg) != NULL;
}

static struct issuer *
issuer_alloc(const struct issuer_row *row)
{
	struct issuer *is = OPENSSL_zalloc(sizeof(*is));

	if (is == NULL)
		return NULL;
	is->row = *row;
	is->row.cert = NULL;
	is->row.cert_len = 0;
	return is;
}

struct issuer *
issuer_new(const struct issuer_row *row)
{
	struct issuer *is = issuer_alloc(row);
	const unsigned char *p;

	if (is == NULL)
		return NULL;
	is->row.cert = OPENSSL_memdup(row->cert, row->cert_len);
	is->row.cert_len = row->cert_len;
	p = is->row.cert;
	if (p == NULL)
		goto err;
	is->cert = d2i_X509(NULL, &p, (long)row->cert_len);
	if (is->cert == NULL || p != is->row.cert + row->cert_len) {
		ca_raise(CA_E_CONFIG, "issuer %s: certificate cannot be read",
		    row->ident);
		goto err;
	}
	if (!set_from_cert(is) || !issuer_constrain(is, is->cert))
		goto err;
	return is;
err:
	issuer_free(is);
	return NULL;
}

struct issuer *
issuer_new_root(const struct issuer_row *row, EVP_PKEY *key)
{
	struct issuer *is = issuer_alloc(row);
	unsigned char *spki = NULL;
	size_t len;

	if (is == NULL)
		goto err;
	if (!spki_from_pkey(key, &spki, &len))
		goto err;
	is->verify = spki_pkey(spki, len);
	if (is->verify == NULL || !build_sigalg(is->verify, 0, &is->sigalg,
	    &is->build.sigalg_len))
		goto err;
	is->build.sigalg = is->sigalg;
	is->build.not_after = BUILD_NO_END;
	is->build.path_len = -1;
	is->build.sig_max = signature_max(is->verify);
	set_urls(is);
	is->key = key;
	OPENSSL_free(spki);
	return is;
err:
	OPENSSL_free(spki);
	issuer_free(is);
	return NULL;
}

void
issuer_free(struct issuer *is)
{
	struct issuer *older;
	size_t i;

	for (; is != NULL; is = older) {
		older = is->older;
		for (i = 0; i < is->build.n_constraints; i++)
			OPENSSL_free(is->constraints[i]);
		issuers_row_clear(&is->row);
		X509_free(is->cert);
		EVP_PKEY_free(is->verify);
		EVP_PKEY_free(is->key);
		OPENSSL_free(is->name);
		OPENSSL_free(is->sigalg);
		OPENSSL_free(is);
	}
}

struct issuer *
issuer_changed(const struct issuer *is, const struct issuer_row *row)
{
	struct issuer *fresh = issuer_new(row);

	if (fresh == NULL)
		return NULL;
	if (!spki_same(fresh->verify, is->verify)) {
		ca_raise(CA_E_INTERNAL, "issuer %s: another key",
		    row->ident);
		issuer_free(fresh);
		return NULL;
	}
	if (memcmp(fresh->sha256, is->sha256, 32) == 0) {
		fresh->build.path_len = is->build.path_len;
		if (!inherit(fresh, is, fresh->build.n_constraints)) {
			issuer_free(fresh);
			return NULL;
		}
	}
	if (is->key != NULL && EVP_PKEY_up_ref(is->key))
		fresh->key = is->key;
	fresh->token = is->token;
	return fresh;
}

/* Why a key cannot be used; an unsafe one with the rule that it breaks. */
static void
say_unusable(const struct issuer *is)
{
	int unsafe = report_last_reason() == HSM_E_UNSAFE;
	char text[256] = "";

	if (unsafe)
		report_last_text(text, sizeof(text));
	ca_raise(CA_E_SIGN, "%sissuer %s: key %s cannot be used%s%s",
	    unsafe ? "token.key: " : "", is->row.ident, is->row.key_uri,
	    unsafe ? ": " : "", text);
}

int
issuer_take_key(struct issuer *is, struct hsm *hsm)
{
	EVP_PKEY *key;

	if (hsm == NULL) {
		ca_raise(CA_E_SIGN, "issuer %s: no token", is->row.ident);
		return 0;
	}
	key = hsm_key_find(hsm, is->row.key_uri);
	if (key == NULL) {
		say_unusable(is);
		return 0;
	}
	if (!spki_same(key, is->verify)) {
		ca_raise(CA_E_SIGN, "issuer %s: the token's key %s is not the "
		    "certificate's", is->row.ident, is->row.key_uri);
		EVP_PKEY_free(key);
		return 0;
	}
	EVP_PKEY_free(is->key);
	is->key = key;
	return 1;
}

struct load {
	struct issuer_set *set;
	int ok;			/* a callback's 0 only ends the list */
};

static int
load_one(const struct issuer_row *row, void *arg)
{
	struct load *load = arg;
	struct issuer *is = issuer_new(row);

	load->ok = is != NULL && issuer_set_add(load->set, is);
	if (!load->ok)
		issuer_free(is);
	return load->ok;
}

static int
load_all(struct store_tx *tx, void *arg)
{
	return issuers_list(tx, load_one, arg);
}

static int
constrain(struct issuer *is, const struct issuer_set *set, struct store *store)
{
	STACK_OF(X509) *above = NULL;
	int ok = chain_of(set, store, is, &above) && issuer_bind(is, above);

	sk_X509_pop_free(above, X509_free);
	return ok;
}

static int
constrain_all(const struct issuer_set *set, struct store *store)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		if (!constrain(set->item[i], set, store))
			return 0;
	return 1;
}

int
issuer_set_load(struct issuer_set *set, struct store *store)
{
	struct load load = {set, 1};

	memset(set, 0, sizeof(*set));
	if (store_read(store, load_all, &load) && load.ok &&
	    constrain_all(set, store))
		return 1;
	issuer_set_clear(set);
	return 0;
}

int
issuer_set_room(const struct issuer_set *set)
{
	if (atomic_load(&set->n) < ISSUERS_MAX)
		return 1;
	ca_raise(CA_E_DENIED, "issuer.limit: an instance has at most %d CAs",
	    ISSUERS_MAX);
	return 0;
}

int
issuer_set_add(struct issuer_set *set, struct issuer *is)
{
	size_t n = atomic_load(&set->n);

	if (!issuer_set_room(set))
		return 0;
	atomic_store_explicit(&set->item[n], is, memory_order_release);
	atomic_store_explicit(&set->n, n + 1, memory_order_release);
	return 1;
}

void
issuer_set_replace(struct issuer_set *set, const struct issuer *was,
    struct issuer *fresh)
{
	size_t i, n = atomic_load(&set->n);

	for (i = 0; i < n && atomic_load(&set->item[i]) != was; i++)
		;
	if (i == n)
		return issuer_free(fresh);
	fresh->older = atomic_load(&set->item[i]);
	atomic_store_explicit(&set->item[i], fresh, memory_order_release);
}

void
issuer_set_clear(struct issuer_set *set)
{
	size_t i, n = atomic_load(&set->n);

	for (i = 0; i < n; i++)
		issuer_free(atomic_load(&set->item[i]));
	memset(set, 0, sizeof(*set));
}

/* A CA that was put out of use is found by its name only when no other is. */
static int
is_better(const struct issuer *is, const struct issuer *best)
{
	int out = is->row.state == ISSUER_DISABLED;
	int best_out = best->row.state == ISSUER_DISABLED;

	return out != best_out ? best_out :
	    is->row.generation > best->row.generation;
}

struct issuer *
issuer_set_find(const struct issuer_set *set, const char *name)
{
	struct issuer *best = NULL, *is;
	size_t i, n = atomic_load(&set->n);

	for (i = 0; i < n; i++) {
		is = atomic_load(&set->item[i]);
		if (strcmp(is->row.ident, name) == 0)
			return is;
		if (strcmp(is->row.name, name) == 0 && (best == NULL ||
		    is_better(is, best)))
			best = is;
	}
	return best;
}

struct issuer *
issuer_set_by_id(const struct issuer_set *set, int64_t id)
{
	struct issuer *is;
	size_t i, n = atomic_load(&set->n);

	for (i = 0; i < n; i++) {
		is = atomic_load(&set->item[i]);
		if (is->row.id == id)
			return is;
	}
	return NULL;
}
