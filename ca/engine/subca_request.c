#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "profiles/spki.h"
#include "ca/engine/subca.h"

#define DAY 86400

static int
bad(const char *rule, const char *text)
{
	ca_raise(CA_E_BADREQUEST, "request.%s: %s", rule, text);
	return 0;
}

/* "devices-g2" is what generation 2 of devices is called. */
static int
is_like_ident(const char *name)
{
	const char *g = strrchr(name, '-');

	return g != NULL && g[1] == 'g' && g[2] != '\0' &&
	    strspn(g + 2, "0123456789") == strlen(g + 2);
}

static int
check_name(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > SUBCA_NAME_MAX || name[0] == '-' ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != len)
		return bad("name", "1 to 60 of a-z, 0-9 and -: it stands in "
		    "addresses");
	if (is_like_ident(name))
		return bad("name", "it ends as generations do (-gN)");
	return 1;
}

static int
check_url(const char *url)
{
	size_t len = strlen(url);

	if (len <= 7 || len > SUBCA_URL_MAX || strncmp(url, "http://", 7) != 0)
		return bad("http_url", "an http: address of at most 120 "
		    "octets");
	if (url[len - 1] == '/' || strcspn(url, " \"<>\\^`{|}") != len)
		return bad("http_url", "it ends with a slash, or holds what "
		    "an address cannot hold");
	return 1;
}

static int
check_policy(const struct subca_request *r, struct pending_ca_row *row)
{
	row->crl_lifetime = r->crl_lifetime > 0 ? r->crl_lifetime : DAY;
	row->crl_interval = r->crl_interval > 0 ? r->crl_interval
						: row->crl_lifetime / 4;
	row->crl_shards = (int)r->crl_shards;
	row->expired_from = r->keep_expired ? r->now : 0;
	if (row->crl_lifetime < 60 || row->crl_lifetime > 365 * DAY)
		return bad("crl_lifetime", "60 seconds to 365 days");
	if (row->crl_interval < 15 ||
	    row->crl_interval > row->crl_lifetime / 2)
		return bad("crl_interval", "15 seconds, to half of "
		    "crl_lifetime: a new CRL must come before half of the "
		    "last one's life is gone");
	if (r->crl_shards < 0 || r->crl_shards == 1 ||
	    r->crl_shards > SUBCA_SHARDS_MAX)
		return bad("crl_shards", "0 (one full CRL) or 2 to 256");
	if (r->path_len < -1 || r->path_len > 100)
		return bad("path_len", "0 to 100");
	return 1;
}

/* Where an existing CA is published: "URL/ca/IDENT.cer" tells. The newest one
   that has such an address. */
static int
url_of_others(struct ca *ca, char *out, size_t size)
{
	const struct issuer *is;
	char end[96];
	size_t i, len, n;

	for (i = ca->issuers.n; i-- > 0;) {
		is = ca->issuers.item[i];
		n = (size_t)snprintf(end, sizeof(end), "/ca/%s.cer",
		    is->row.ident);
		len = strlen(is->row.issuer_url);
		if (len <= n || len - n >= size ||
		    strcmp(is->row.issuer_url + len - n, end) != 0)
			continue;
		snprintf(out, size, "%.*s", (int)(len - n),
		    is->row.issuer_url);
		return 1;
	}
	return bad("http_url", "say where CRLs and OCSP will be: no CA of this "
	    "instance tells");
}

static int
fill_urls(struct ca *ca, const struct subca_request *r,
    struct pending_ca_row *row)
{
	char url[SUBCA_URL_MAX + 1];

	if (r->http_url == NULL) {
		if (!url_of_others(ca, url, sizeof(url)))
			return 0;
	} else {
		if (!check_url(r->http_url))
			return 0;
		snprintf(url, sizeof(url), "%s", r->http_url);
	}
	snprintf(row->crl_url, sizeof(row->crl_url), "%s/crl/%s.crl", url,
	    row->ident);
	snprintf(row->ocsp_url, sizeof(row->ocsp_url), "%s/ocsp/%s", url,
	    row->ident);
	snprintf(row->issuer_url, sizeof(row->issuer_url), "%s/ca/%s.cer", url,
	    row->ident);
	return 1;
}

static int
next_generation(struct ca *ca, const char *name)
{
	const struct issuer *is;
	int last = 0;
	size_t i;

	for (i = 0; i < ca->issuers.n; i++) {
		is = ca->issuers.item[i];
		if (strcmp(is->row.name, name) == 0 &&
		    is->row.generation > last)
			last = is->row.generation;
	}
	return last + 1;
}

static void
label_of(const struct pending_ca_row *row, char *out, size_t size)
{
	snprintf(out, size, "inkan-%s", row->ident);
}

static int
fill_row(struct ca *ca, const struct subca_request *r,
    struct pending_ca_row *row)
{
	char label[HSM_LABEL_MAX];

	if (!check_policy(r, row))
		return 0;
	if (r->generation < 0 || r->generation > 9999)
		return bad("generation", "1 to 9999");
	snprintf(row->name, sizeof(row->name), "%s", r->name);
	row->generation = r->generation > 0 ? (int)r->generation
					    : next_generation(ca, r->name);
	snprintf(row->ident, sizeof(row->ident), "%.63s-g%d", r->name,
	    row->generation);
	snprintf(row->token, sizeof(row->token), "%s", r->token);
	label_of(row, label, sizeof(label));
	snprintf(row->key_uri, sizeof(row->key_uri), "pkcs11:object=%s",
	    label);
	row->created = r->now;
	if (issuer_set_find(&ca->issuers, row->ident) != NULL) {
		ca_raise(CA_E_DENIED, "issuer.duplicate: there is a CA %s "
		    "already", row->ident);
		return 0;
	}
	return fill_urls(ca, r, row);
}

/* --- the pending one --- */

struct finding {
	const char *name;
	int64_t generation;
	struct pending_ca_row *out;
	int found;
};

static int
find_tx(struct store_tx *tx, void *arg)
{
	struct finding *f = arg;
	char ident[80];

	snprintf(ident, sizeof(ident), "%.63s-g%lld", f->name,
	    (long long)f->generation);
	f->found = pending_cas_get(tx,
	    f->generation > 0 ? ident : f->name, f->out);
	return f->found >= 0;
}

static int
find_pending(struct ca *ca, const char *name, int64_t generation,
    struct pending_ca_row *out)
{
	struct finding f = {name, generation, out, 0};

	return store_read(ca->store, find_tx, &f) ? f.found : -1;
}

static int
differs(const struct pending_ca_row *row, const char *what)
{
	ca_raise(CA_E_DENIED, "request.pending: %s waits for its certificate "
	    "with another %s; abandon that request first", row->ident, what);
	return 0;
}

/* Whoever asks again gets the same request, unless he wants another. */
static int
is_as_asked(const struct subca_request *r, const struct pending_ca_row *row)
{
	const unsigned char *p = row->csr;
	X509_REQ *csr = d2i_X509_REQ(NULL, &p, (long)row->csr_len);
	unsigned char *spki = NULL;
	X509_NAME *name = NULL;
	const char *type;
	int len, ok = 0;

	if (csr == NULL)
		goto out;
	if (r->n_set > 0) {
		name = subca_name(r->set, r->n_set);
		if (name == NULL)
			goto out;
		if (X509_NAME_cmp(name, X509_REQ_get_subject_name(csr)) != 0) {
			(void)differs(row, "subject");
			goto out;
		}
	}
	len = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(csr), &spki);
	type = len <= 0 ? NULL
			: spki_type_name(spki_inspect(spki, (size_t)len));
	if (r->key_type != NULL && (type == NULL ||
	    strcmp(type, r->key_type) != 0)) {
		(void)differs(row, "type of key");
		goto out;
	}
	ok = 1;
out:
	X509_NAME_free(name);
	X509_REQ_free(csr);
	OPENSSL_free(spki);
	return ok;
}

struct adding {
	const struct subca_request *r;
	const struct pending_ca_row *row;
};

static int
log_entry(struct store_tx *tx, const char *kind, const char *ident,
    const char *token, const char *who, time_t now)
{
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = l != NULL && field_add_text(l, "issuer", ident) &&
	    field_add_text(l, "token", token) &&
	    field_add_text(l, "who", who) &&
	    entries_append(tx, kind, now, l, NULL);
	field_list_free(l);
	return ok;
}

static int
add_tx(struct store_tx *tx, void *arg)
{
	struct adding *a = arg;

	return pending_cas_add(tx, a->row) &&
	    subca_key_unclaim(tx, a->row->token) &&
	    log_entry(tx, "ca.request", a->row->ident, a->row->token,
	    a->r->who, a->r->now);
}

static int
save(struct ca *ca, const struct subca_request *r,
    const struct pending_ca_row *row)
{
	struct adding a = {r, row};

	return store_write(ca->store, add_tx, &a, 0);
}

/* Lock of the token held. */
static int
make(struct ca *ca, struct ca_token *t, const struct subca_request *r,
    struct pending_ca_row *row)
{
	char label[HSM_LABEL_MAX];
	EVP_PKEY *key;
	int ok;

	label_of(row, label, sizeof(label));
	key = subca_key_make(ca, t, hsm_key_type_of(r->key_type), label);
	if (key == NULL)
		return 0;
	ok = subca_csr(key, r->set, r->n_set, (int)r->path_len, &row->csr,
	    &row->csr_len) && save(ca, r, row);
	EVP_PKEY_free(key);
	if (ok)
		return 1;
	/* Where that fails too, the claim tells the next request. */
	ERR_set_mark();
	(void)hsm_key_destroy(t->hsm, label);
	ERR_pop_to_mark();
	return 0;
}

struct counting {
	size_t n;
};

static int
count_one(const struct pending_ca_row *row, void *arg)
{
	struct counting *k = arg;

	(void)row;
	k->n++;
	return 1;
}

static int
count_tx(struct store_tx *tx, void *arg)
{
	return pending_cas_list(tx, count_one, arg);
}

/* Each of them will want its place among the CAs. */
static int
has_room(struct ca *ca)
{
	struct counting k = {0};

	if (!store_read(ca->store, count_tx, &k))
		return 0;
	if (ca->issuers.n + k.n < ISSUERS_MAX)
		return 1;
	ca_raise(CA_E_DENIED, "issuer.limit: an instance has at most %d CAs",
	    ISSUERS_MAX);
	return 0;
}

static int
make_new(struct ca *ca, const struct subca_request *r,
    struct pending_ca_row *row)
{
	X509_NAME *name;
	struct ca_token *t;
	int ok;

	if (r->key_type == NULL)
		return bad("key_type", "say which key to make");
	if (hsm_key_type_of(r->key_type) == 0)
		return bad("key_type", "none of ec-p256, ec-p384, rsa-2048, "
		    "rsa-3072, rsa-4096, ed25519");
	/* All that can be refused is, before there is a key. */
	name = subca_name(r->set, r->n_set);
	X509_NAME_free(name);
	if (name == NULL || !has_room(ca) || !fill_row(ca, r, row))
		return 0;
	t = tokens_lock(ca, r->token, r->now);
	if (t == NULL)
		return 0;
	ok = make(ca, t, r, row);
	tokens_unlock(t);
	return ok;
}

int
subca_request(struct ca *ca, const struct subca_request *r,
    struct pending_ca_row *out)
{
	int found, ok;

	memset(out, 0, sizeof(*out));
	if (!check_name(r->name))
		return 0;
	found = find_pending(ca, r->name, r->generation, out);
	if (found < 0)
		return 0;
	ok = found ? is_as_asked(r, out) : make_new(ca, r, out);
	if (!ok)
		pending_cas_row_clear(out);
	return ok;
}

struct removing {
	const struct pending_ca_row *row;
	const char *who;
	time_t now;
};

static int
remove_tx(struct store_tx *tx, void *arg)
{
	const struct removing *m = arg;

	return pending_cas_remove(tx, m->row->ident) &&
	    log_entry(tx, "ca.abandon", m->row->ident, m->row->token, m->who,
	    m->now);
}

/* The key of that request, which its ceremony may have named; nothing else of what
   lies in the token. NULL raised. */
static const char *
own_label(const struct pending_ca_row *row)
{
	const char *object = "pkcs11:object=";
	size_t n = strlen(object);

	if (strncmp(row->key_uri, object, n) == 0 && row->key_uri[n] != '\0')
		return row->key_uri + n;
	ca_raise(CA_E_DENIED, "request.key: the key of %s has no label (%s): "
	    "it is not touched", row->ident, row->key_uri);
	return NULL;
}

int
subca_abandon(struct ca *ca, const char *name, const char *who, time_t now)
{
	struct pending_ca_row row = {.csr = NULL};
	struct removing m = {&row, who, now};
	struct ca_token *t = NULL;
	const char *label;
	int found = find_pending(ca, name, 0, &row), ok;

	if (found == 0)
		ca_raise(CA_E_NOTFOUND, "request.absent: no CA \"%s\" waits "
		    "for its certificate", name);
	if (found <= 0)
		return 0;
	label = own_label(&row);
	/* The key first: a row without it can be abandoned again. */
	if (label != NULL)
		t = tokens_lock(ca, row.token, now);
	ok = t != NULL && hsm_key_destroy(t->hsm, label);
	if (t != NULL)
		tokens_unlock(t);
	ok = ok && store_write(ca->store, remove_tx, &m, 0);
	pending_cas_row_clear(&row);
	return ok;
}
