#include <stdatomic.h>
#include <string.h>

#include "ocsp/error.h"
#include "ocsp/view.h"

struct view {
	atomic_uint refs;
	struct view_issuer *issuers;
	size_t n;
};

/* issuerNameHash: over the DER of the name. issuerKeyHash: over the contents
   of the key's BIT STRING, without tag, length and unused-bits octet. */
static int
hash_issuer(struct view_issuer *to)
{
	ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(to->cert);
	unsigned char *name = NULL;
	int len = i2d_X509_NAME(X509_get_subject_name(to->cert), &name);
	int i, ok = 0;

	if (len <= 0 || bits == NULL)
		goto out;
	for (i = 0; i < REQUEST_N_HASHES; i++) {
		const EVP_MD *md = EVP_get_digestbyname(
		    request_hash_name((enum request_hash)i));

		if (md == NULL ||
		    EVP_Digest(name, (size_t)len, to->name_hash[i], NULL, md,
			NULL) != 1 ||
		    EVP_Digest(ASN1_STRING_get0_data(bits),
			(size_t)ASN1_STRING_length(bits), to->key_hash[i], NULL,
			md, NULL) != 1)
			goto out;
	}
	ok = 1;
out:
	OPENSSL_free(name);
	return ok;
}

static int
add_issuer(const struct status_issuer *from, void *arg)
{
	const unsigned char *p = from->cert;
	struct view_issuer *grown, *to;
	struct view *view = arg;

	if (view->n == VIEW_ISSUERS_MAX)
		return 0;
	grown = OPENSSL_realloc(
	    view->issuers, (view->n + 1) * sizeof(*view->issuers));
	if (grown == NULL)
		return 0;
	view->issuers = grown;
	to = &grown[view->n++];
	memset(to, 0, sizeof(*to));
	to->id = from->id;
	to->is_root = from->is_root;
	memcpy(to->ident, from->ident, sizeof(to->ident));
	to->ident[sizeof(to->ident) - 1] = '\0';
	to->cert = d2i_X509(NULL, &p, (long)from->cert_len);
	if (to->cert == NULL || p != from->cert + from->cert_len ||
	    !hash_issuer(to)) {
		X509_free(to->cert);
		view->n--;
		return 0;
	}
	return 1;
}

/* The reader cannot tell that a callback gave up, so what came is counted. */
struct counted_add {
	struct view *view;
	int failed;
};

static int
add_counted(const struct status_issuer *from, void *arg)
{
	struct counted_add *add = arg;

	if (add_issuer(from, add->view))
		return 1;
	ocsp_raise(OCSP_E_INTERNAL, "issuer %s in status.db", from->ident);
	add->failed = 1;
	return 0;
}

struct view *
view_read(struct status_reader *reader)
{
	struct counted_add add = {.view = OPENSSL_zalloc(sizeof(*add.view))};

	if (add.view == NULL)
		return NULL;
	atomic_init(&add.view->refs, 1);
	if (!status_reader_issuers(reader, add_counted, &add) || add.failed) {
		view_free(add.view);
		return NULL;
	}
	return add.view;
}

struct view *
view_up_ref(struct view *view)
{
	atomic_fetch_add(&view->refs, 1);
	return view;
}

void
view_free(struct view *view)
{
	size_t i;

	if (view == NULL || atomic_fetch_sub(&view->refs, 1) != 1)
		return;
	for (i = 0; i < view->n; i++)
		X509_free(view->issuers[i].cert);
	OPENSSL_free(view->issuers);
	OPENSSL_free(view);
}

int
view_equal(const struct view *a, const struct view *b)
{
	size_t i;

	if (a == NULL || b == NULL || a->n != b->n)
		return a == b;
	for (i = 0; i < a->n; i++)
		if (a->issuers[i].id != b->issuers[i].id ||
		    a->issuers[i].is_root != b->issuers[i].is_root ||
		    strcmp(a->issuers[i].ident, b->issuers[i].ident) != 0 ||
		    X509_cmp(a->issuers[i].cert, b->issuers[i].cert) != 0)
			return 0;
	return 1;
}

size_t
view_n_issuers(const struct view *view)
{
	return view->n;
}

const struct view_issuer *
view_issuer(const struct view *view, size_t i)
{
	return &view->issuers[i];
}

const struct view_issuer *
view_find_ident(const struct view *view, const char *ident)
{
	size_t i;

	for (i = 0; i < view->n; i++)
		if (strcmp(view->issuers[i].ident, ident) == 0)
			return &view->issuers[i];
	return NULL;
}

const struct view_issuer *
view_find_certid(const struct view *view, const struct request_id *id)
{
	size_t i, len;

	if (id->hash < 0)
		return NULL;
	len = request_hash_len((enum request_hash)id->hash);
	if (id->name_hash_len != len || id->key_hash_len != len)
		return NULL;
	for (i = 0; i < view->n; i++)
		if (memcmp(view->issuers[i].key_hash[id->hash], id->key_hash,
			len) == 0 &&
		    memcmp(view->issuers[i].name_hash[id->hash], id->name_hash,
			len) == 0)
			return &view->issuers[i];
	return NULL;
}
