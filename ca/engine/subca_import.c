#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/publish.h"
#include "ca/engine/subca.h"
#include "profiles/spki.h"

struct importing {
	struct ca *ca;
	const struct subca_import *in;
	X509 *cert;
	STACK_OF(X509) *above;
	struct pending_ca_row pending;	/* csr NULL: it renews ${was} */
	struct issuer *was;
	struct issuer_row row;		/* as it will be */
	struct issuer *fresh;
	int has_key;			/* ... of ${was} */
};

static X509 *
read_cert(const unsigned char *der, size_t len)
{
	const unsigned char *p = der;
	X509 *cert = d2i_X509(NULL, &p, (long)len);

	if (cert != NULL && p == der + len)
		return cert;
	X509_free(cert);
	ca_raise(CA_E_BADREQUEST, "import.certificate: not a certificate");
	return NULL;
}

/* --- which CA --- */

static int
pending_tx(struct store_tx *tx, void *arg)
{
	struct importing *m = arg;

	return pending_cas_get(tx, m->in->name, &m->pending) >= 0;
}

static int
check_renewable(struct issuer *is, const char *name)
{
	if (is == NULL) {
		ca_raise(CA_E_NOTFOUND, "import.absent: no CA \"%s\", and none "
		    "of that name waits for its certificate", name);
		return 0;
	}
	if (is->row.state != ISSUER_ROOT && is->row.parent == 0)
		return 1;
	ca_raise(CA_E_DENIED, "import.parent: %s is under a root of ours: a "
	    "ceremony renews it", is->row.ident);
	return 0;
}

static int
find_ca(struct importing *m)
{
	if (!store_read(m->ca->store, pending_tx, m))
		return 0;
	if (m->pending.csr != NULL)
		return 1;
	m->was = issuer_set_find(&m->ca->issuers, m->in->name);
	return check_renewable(m->was, m->in->name);
}

/* --- is it good? --- */

static int
check_cert(struct importing *m)
{
	const unsigned char *p = m->pending.csr;
	X509_REQ *csr = NULL;
	int ok;

	if (m->was != NULL)
		return subca_check(m->cert, NULL, m->was->cert, m->in->now);
	csr = d2i_X509_REQ(NULL, &p, (long)m->pending.csr_len);
	if (csr == NULL) {
		ca_raise(CA_E_INTERNAL, "the request of %s cannot be read",
		    m->pending.ident);
		return 0;
	}
	ok = subca_check(m->cert, csr, NULL, m->in->now);
	X509_REQ_free(csr);
	return ok;
}

/* The CA of ours that bears this certificate; 0 none. */
static int64_t
own_id(struct ca *ca, X509 *cert)
{
	size_t i;

	for (i = 0; i < ca->issuers.n; i++)
		if (X509_cmp(ca->issuers.item[i]->cert, cert) == 0)
			return ca->issuers.item[i]->row.id;
	return 0;
}

static int
fill_row(struct importing *m)
{
	const struct pending_ca_row *p = &m->pending;
	struct issuer_row *r = &m->row;

	if (m->was != NULL) {
		*r = m->was->row;
	} else {
		r->state = ISSUER_ACTIVE;
		r->generation = p->generation;
		memcpy(r->name, p->name, sizeof(r->name));
		memcpy(r->ident, p->ident, sizeof(r->ident));
		memcpy(r->key_uri, p->key_uri, sizeof(r->key_uri));
		memcpy(r->crl_url, p->crl_url, sizeof(r->crl_url));
		memcpy(r->ocsp_url, p->ocsp_url, sizeof(r->ocsp_url));
		memcpy(r->issuer_url, p->issuer_url, sizeof(r->issuer_url));
		memcpy(r->token, p->token, sizeof(r->token));
		r->crl_lifetime = p->crl_lifetime;
		r->crl_interval = p->crl_interval;
		r->crl_shards = p->crl_shards;
		r->expired_from = p->expired_from;
		r->parent = own_id(m->ca, sk_X509_value(m->above, 0));
	}
	r->not_before = issuer_time(X509_get0_notBefore(m->cert));
	r->not_after = issuer_time(X509_get0_notAfter(m->cert));
	r->cert = OPENSSL_memdup(m->in->cert, m->in->cert_len);
	r->cert_len = m->in->cert_len;
	return r->cert != NULL;
}

/* The key must be at hand, safe, and the certificate's: a CA that comes in can
   sign. Lock of the token held. */
static int
take_key(struct importing *m, struct ca_token *t)
{
	EVP_PKEY *key = subca_key_find(t, m->row.key_uri);

	if (key == NULL)
		return 0;
	if (!spki_same(key, m->fresh->verify)) {
		EVP_PKEY_free(key);
		ca_raise(CA_E_DENIED, "token.key: the key in the token is not "
		    "the certificate's");
		return 0;
	}
	m->fresh->token = t;
	/* The one that it shares with ${was} has its standby. */
	m->has_key = m->fresh->key != NULL;
	if (m->has_key)
		EVP_PKEY_free(key);
	else
		m->fresh->key = key;
	return 1;
}

/* --- making it so --- */

static void
name_text(X509 *cert, char *out, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int n = 0;

	if (bio != NULL && X509_NAME_print_ex(bio,
	    X509_get_subject_name(cert), 0,
	    XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0)
		n = BIO_read(bio, out, (int)size - 1);
	out[n > 0 ? n : 0] = '\0';
	BIO_free(bio);
}

static int
add_cert(struct store_tx *tx, const char *kind, X509 *cert, int64_t subject)
{
	struct ca_cert_row row = {.subject = subject};
	int len, has, ok;

	len = i2d_X509(cert, &row.der);
	if (len <= 0)
		return 0;
	row.der_len = (size_t)len;
	SHA256(row.der, row.der_len, row.sha256);
	snprintf(row.kind, sizeof(row.kind), "%s", kind);
	name_text(cert, row.name, sizeof(row.name));
	row.not_before = issuer_time(X509_get0_notBefore(cert));
	row.not_after = issuer_time(X509_get0_notAfter(cert));
	has = ca_certs_has(tx, row.sha256);
	ok = has == 1 || (has == 0 && ca_certs_add(tx, &row));
	ca_certs_row_clear(&row);
	return ok;
}

static int
add_above(struct store_tx *tx, struct importing *m)
{
	X509 *cert;
	int i;

	for (i = 0; i < sk_X509_num(m->above); i++) {
		cert = sk_X509_value(m->above, i);
		if (own_id(m->ca, cert) == 0 &&
		    !add_cert(tx, CA_CERT_FOREIGN, cert, 0))
			return 0;
	}
	return 1;
}

static int
log_entry(struct store_tx *tx, struct importing *m)
{
	WIRE_FIELDS *l = field_list_new();
	char subject[256], by[256];
	int ok;

	name_text(m->cert, subject, sizeof(subject));
	name_text(sk_X509_value(m->above, 0), by, sizeof(by));
	ok = l != NULL && field_add_text(l, "issuer", m->row.ident) &&
	    field_add_text(l, "subject", subject) &&
	    field_add_text(l, "by", by) &&
	    field_add_bytes(l, "sha256", m->fresh->sha256, 32) &&
	    field_add_time(l, "not_after", m->row.not_after) &&
	    field_add_flag(l, "renewed", m->was != NULL) &&
	    field_add_text(l, "who", m->in->who) &&
	    entries_append(tx, "ca.import", m->in->now, l, NULL);
	field_list_free(l);
	return ok;
}

static int
save_tx(struct store_tx *tx, void *arg)
{
	struct importing *m = arg;
	int ok;

	if (m->was != NULL)
		ok = issuers_set_cert(tx, &m->row) &&
		    add_cert(tx, CA_CERT_RENEWED, m->was->cert, m->row.id);
	else
		ok = issuers_add(tx, &m->row) &&
		    pending_cas_remove(tx, m->row.ident);
	return ok && add_above(tx, m) && log_entry(tx, m);
}

static int
publish(struct importing *m, const struct issuer_row *row)
{
	char name[128];

	snprintf(name, sizeof(name), "ca/%s.cer", row->ident);
	return publish_file(m->ca->settings->publish_dir, name, row->cert,
	    row->cert_len);
}

static void
unpublish(struct importing *m)
{
	char path[PATH_MAX + 128];

	if (m->was != NULL) {
		(void)publish(m, &m->was->row);
		return;
	}
	snprintf(path, sizeof(path), "%s/ca/%s.cer",
	    m->ca->settings->publish_dir, m->row.ident);
	unlink(path);
}

struct looking {
	const struct issuer_row *want;
	int found;
};

static int
look(const struct issuer_row *row, void *arg)
{
	struct looking *l = arg;

	l->found |= strcmp(row->ident, l->want->ident) == 0 &&
	    row->cert_len == l->want->cert_len &&
	    memcmp(row->cert, l->want->cert, row->cert_len) == 0;
	return !l->found;
}

static int
look_tx(struct store_tx *tx, void *arg)
{
	return issuers_list(tx, look, arg);
}

/* A write can fail after it became durable, when status.db could not be told.
   Then the CA is there; status.db catches up. */
static int
save(struct importing *m)
{
	struct looking l = {&m->row, 0};

	if (store_write(m->ca->store, save_tx, m, 0))
		return 1;
	if (!store_read(m->ca->store, look_tx, &l) || !l.found)
		return 0;
	report_errors(REPORT_ERROR, "ca.unpublished", "issuer", m->row.ident,
	    NULL);
	return 1;
}

/* Lock of the token held, for writing by who renews. */
static int
commit(struct importing *m)
{
	int ok;

	if (!ca_issuer_room(m->ca, m->was == NULL) || !publish(m, &m->row))
		return 0;
	if (!save(m)) {
		ERR_set_mark();
		unpublish(m);
		ERR_pop_to_mark();
		return 0;
	}
	m->fresh->row.id = m->row.id;
	if (!m->has_key)
		tokens_add_key(m->ca, m->fresh);
	ok = m->was != NULL ? ca_issuer_replace(m->ca, m->was, m->fresh)
			    : ca_issuer_add(m->ca, m->fresh);
	return ok;
}

static int
renew(struct importing *m, struct ca_token *t)
{
	int ok;

	m->fresh = issuer_changed(m->was, &m->row);
	ok = m->fresh != NULL && issuer_bind(m->fresh, m->above) &&
	    take_key(m, t);
	tokens_unlock(t);
	if (!ok)
		return 0;
	/* Nobody signs while its certificate changes. */
	pthread_rwlock_wrlock(&t->lock);
	ok = commit(m);
	pthread_rwlock_unlock(&t->lock);
	return ok;
}

static int
add(struct importing *m, struct ca_token *t)
{
	int ok;

	m->fresh = issuer_new(&m->row);
	ok = m->fresh != NULL && issuer_bind(m->fresh, m->above) &&
	    take_key(m, t) && commit(m);
	tokens_unlock(t);
	return ok;
}

static int
run(struct importing *m)
{
	struct ca_token *t;

	if (!find_ca(m))
		return 0;
	m->cert = read_cert(m->in->cert, m->in->cert_len);
	if (m->cert == NULL || !check_cert(m) ||
	    !subca_verify(m->ca, m->cert, m->in->chain, m->in->now,
	    &m->above) || !fill_row(m))
		return 0;
	t = tokens_lock(m->ca, m->row.token, m->in->now);
	if (t == NULL)
		return 0;
	return m->was != NULL ? renew(m, t) : add(m, t);
}

int
subca_import(struct ca *ca, const struct subca_import *in,
    struct issuer **out)
{
	struct importing m = {.ca = ca, .in = in};
	int ok = run(&m);

	if (ok)
		*out = m.fresh;
	else
		issuer_free(m.fresh);
	pending_cas_row_clear(&m.pending);
	issuers_row_clear(&m.row);
	sk_X509_pop_free(m.above, X509_free);
	X509_free(m.cert);
	return ok;
}
