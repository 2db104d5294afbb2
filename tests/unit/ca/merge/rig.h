#ifndef TESTS_UNIT_CA_MERGE_RIG_H
#define TESTS_UNIT_CA_MERGE_RIG_H

/*
 * The store of yesterday and the log of today: a CA with a key in software, two
 * certificates, a copy; then more certificates, published. rig_old() puts the
 * copy in the store's place.
 */

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include "tests/unit/ca/audit/rig.h"
#include "ca/audit/details.h"
#include "ca/merge/private.h"
#include "ca/store/backup.h"
#include "ca/store/devices.h"

static struct mrig {
	struct rig *r;
	EVP_PKEY *ca, *key;
	X509 *ca_cert;
	int64_t had;		/* entries of the copy */
	char told[4096];
	struct merge_result res;
} mr;

static inline EVP_PKEY *
mr_key(void)
{
	EVP_PKEY *k = EVP_EC_gen("P-256");

	assert_non_null(k);
	return k;
}

static inline void
mr_name(X509_NAME *n, const char *cn)
{
	assert_int_equal(X509_NAME_add_entry_by_NID(n, NID_commonName,
	    MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0), 1);
}

/* A certificate of ${cn} by ${ca}, whose name is ${by}. */
static inline X509 *
mr_cert(const char *cn, int serial, const char *by, EVP_PKEY *ca)
{
	X509 *x = X509_new(), *again;
	unsigned char *der = NULL;
	const unsigned char *p;
	int n;

	assert_non_null(x);
	assert_true(X509_set_version(x, 2));
	assert_true(ASN1_INTEGER_set(X509_get_serialNumber(x), serial));
	mr_name(X509_get_subject_name(x), cn);
	mr_name(X509_get_issuer_name(x), by);
	assert_non_null(ASN1_TIME_set(X509_getm_notBefore(x), NOW));
	assert_non_null(ASN1_TIME_set(X509_getm_notAfter(x), NOW + 86400));
	assert_true(X509_set_pubkey(x, mr.key));
	assert_true(X509_sign(x, ca, EVP_sha256()) > 0);
	assert_true((n = i2d_X509(x, &der)) > 0);
	p = der;
	assert_non_null(again = d2i_X509(NULL, &p, n));
	OPENSSL_free(der);
	X509_free(x);
	return again;
}

static inline int
mr_issuer_tx(struct store_tx *tx, void *arg)
{
	unsigned char *der = NULL;
	int n = i2d_X509(mr.ca_cert, &der), ok;

	(void)arg;
	ok = sql_run(tx, "UPDATE issuers SET cert = ?", "b", der, (size_t)n);
	OPENSSL_free(der);
	return ok;
}

/* As issuing does it: row, certificate and both entries. */
static inline int
mr_issue_tx(struct store_tx *tx, void *arg)
{
	X509 *x = arg;
	char cn[64];
	unsigned char *der = NULL, *tbs = NULL;
	struct cert_row row;
	int n, m, ok;

	temp_row(mr.r->t, &row, 0);
	X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName,
	    cn, sizeof(cn));
	snprintf(row.subject, sizeof(row.subject), "CN=%s", cn);
	snprintf(row.device, sizeof(row.device), "%s", cn);
	row.serial_len = (size_t)ASN1_STRING_length(X509_get0_serialNumber(x));
	memcpy(row.serial, ASN1_STRING_get0_data(X509_get0_serialNumber(x)),
	    row.serial_len);
	n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &tbs);
	EVP_Digest(tbs, (size_t)n, row.spki_sha256, NULL, EVP_sha256(), NULL);
	OPENSSL_free(tbs);
	tbs = NULL;
	n = i2d_X509(x, &der);
	m = i2d_re_X509_tbs(x, &tbs);
	assert_true(n > 0 && m > 0);
	EVP_Digest(tbs, (size_t)m, row.tbs_sha256, NULL, EVP_sha256(), NULL);
	ok = certs_reserve(tx, &row) &&
	    rig_entry(tx, "issue.reserved", &row, NULL) &&
	    certs_record(tx, row.id, der, (size_t)n, NOW) &&
	    certs_by_id(tx, row.id, &row) == 1 &&
	    rig_entry(tx, "issue.recorded", &row, NULL);
	OPENSSL_free(der);
	OPENSSL_free(tbs);
	return ok;
}

static inline void
mr_path(char out[400], const char *name)
{
	snprintf(out, 400, "%s/%s", mr.r->t->dir, name);
}

static inline void
mr_write(const char *name, X509 *x, int der)
{
	char path[400];
	FILE *f;

	mr_path(path, name);
	assert_non_null(f = fopen(path, "w"));
	assert_true(der ? i2d_X509_fp(f, x) : PEM_write_X509(f, x));
	assert_int_equal(fclose(f), 0);
}

/* Certificate ${serial} of "dev-<serial>"; its file in the folder "found" when
   it is to be found. */
static inline void
mr_issue(int serial, int found)
{
	char cn[32], name[64];
	X509 *x;

	snprintf(cn, sizeof(cn), "dev-%d", serial);
	x = mr_cert(cn, serial, "CA", mr.ca);
	WRITE(mr.r->t, mr_issue_tx, x);
	snprintf(name, sizeof(name), "found/%s.pem", cn);
	if (found)
		mr_write(name, x, 0);
	X509_free(x);
}

static inline int
mr_revoke_tx(struct store_tx *tx, void *arg)
{
	struct cert_row row;
	unsigned char serial = (unsigned char)*(int *)arg;

	return certs_by_serial(tx, mr.r->t->issuer, &serial, 1, &row) == 1 &&
	    certs_set_state(tx, row.id, CERT_REVOKED, 4, NOW) &&
	    rig_entry(tx, "revoke", &row, "superseded");
}

static inline int
mr_count_tx(struct store_tx *tx, void *arg)
{
	return entries_count(tx, arg);
}

static inline int64_t
mr_entries(void)
{
	int64_t n = -1;

	READ(mr.r->t, mr_count_tx, &n);
	return n;
}

static inline int
mr_make(void **state)
{
	char path[400];

	memset(&mr, 0, sizeof(mr));
	if (rig_make((void **)&mr.r) != 0)
		return -1;
	*state = mr.r;
	mr.ca = mr_key();
	mr.key = mr_key();
	mr.ca_cert = mr_cert("CA", 1, "CA", mr.ca);
	/* The CA's own key is in its own certificate. */
	X509_set_pubkey(mr.ca_cert, mr.ca);
	X509_sign(mr.ca_cert, mr.ca, EVP_sha256());
	WRITE(mr.r->t, mr_issuer_tx, NULL);
	mr_path(path, "found");
	if (mkdir(path, 0700) != 0)
		return -1;
	mr_issue(10, 1);
	mr_issue(11, 0);
	rig_publish(mr.r);
	mr.had = mr_entries();
	mr_path(path, "old.db");
	return store_backup(mr.r->t->store, path) ? 0 : -1;
}

static inline void
mr_old(void)
{
	char cmd[900];
	struct temp *t = mr.r->t;

	store_close(t->store);
	snprintf(cmd, sizeof(cmd), "cd %s && mv store.db new.db && rm -f "
	    "store.db-* && cp old.db store.db", t->dir);
	assert_int_equal(system(cmd), 0);
	assert_non_null(t->store = temp_open(t, STORE_WRITE));
	assert_int_equal(mr_entries(), mr.had);
}

static inline int
mr_remove(void **state)
{
	EVP_PKEY_free(mr.ca);
	EVP_PKEY_free(mr.key);
	X509_free(mr.ca_cert);
	return rig_remove(state);
}

/* A merge of ${q}, whose members for the store, the time and so on are filled
   here; with the published log where ${log}. */
static inline int
mr_merge(struct merge_request q, int log)
{
	struct source *s = NULL;
	FILE *f = tmpfile();
	size_t n;
	int ok;

	assert_non_null(f);
	if (log)
		assert_non_null(s = source_open(mr.r->pub));
	q.store = mr.r->t->store;
	q.log = s;
	q.who = "restore:uid:0";
	q.text = "a test";
	q.now = NOW + 100;
	q.told = f;
	ok = merge_run(&q, &mr.res);
	source_free(s);
	rewind(f);
	n = fread(mr.told, 1, sizeof(mr.told) - 1, f);
	mr.told[n] = '\0';
	fclose(f);
	return ok;
}

static inline void
mr_merged(struct merge_request q, int log)
{
	char why[1024];

	if (mr_merge(q, log))
		return;
	report_trace(why, sizeof(why));
	fail_msg("merge: %s", why);
}

static inline void
mr_refused(struct merge_request q, int log, const char *rule)
{
	int64_t n = mr_entries();

	assert_false(mr_merge(q, log));
	assert_raised(CA_E_DENIED, rule);
	assert_int_equal(mr_entries(), n);
}

struct mr_asking {
	int serial;
	struct cert_row row;
	int found;
};

static inline int
mr_row_tx(struct store_tx *tx, void *arg)
{
	struct mr_asking *a = arg;
	unsigned char serial = (unsigned char)a->serial;

	a->found = certs_by_serial(tx, mr.r->t->issuer, &serial, 1, &a->row);
	return a->found >= 0;
}

/* The row of a serial number; state 0: there is none. */
static inline struct cert_row
mr_row(int serial)
{
	struct mr_asking a = {.serial = serial};

	READ(mr.r->t, mr_row_tx, &a);
	if (a.found == 0)
		memset(&a.row, 0, sizeof(a.row));
	return a.row;
}

/* The export of the store as it is now, into the file "details". */
static inline void
mr_export(char path[400])
{
	int64_t n = 0;
	FILE *f;

	mr_path(path, "details");
	assert_non_null(f = fopen(path, "w"));
	assert_true(details_export(mr.r->t->store, 0, f, &n));
	assert_int_equal(fclose(f), 0);
	assert_int_equal(n, mr_entries());
}

/* A CRL of ${ca} of that number with one serial in it (0: none), revoked at
   ${when}. */
static inline void
mr_crl_of(char path[400], EVP_PKEY *ca, int number, int serial, int reason,
    int64_t when)
{
	X509_CRL *c = X509_CRL_new();
	X509_REVOKED *r = X509_REVOKED_new();
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	ASN1_ENUMERATED *e = ASN1_ENUMERATED_new();
	ASN1_TIME *t = ASN1_TIME_set(NULL, when);
	FILE *f;

	mr_path(path, "x.crl");
	assert_true(X509_CRL_set_version(c, 1));
	assert_true(X509_CRL_set_issuer_name(c,
	    X509_get_subject_name(mr.ca_cert)));
	assert_true(X509_CRL_set1_lastUpdate(c, t) &&
	    X509_CRL_set1_nextUpdate(c, t));
	assert_true(ASN1_INTEGER_set(n, number) &&
	    X509_CRL_add1_ext_i2d(c, NID_crl_number, n, 0, 0) == 1);
	if (serial != 0) {
		assert_true(ASN1_INTEGER_set(n, serial) &&
		    X509_REVOKED_set_serialNumber(r, n) &&
		    X509_REVOKED_set_revocationDate(r, t) &&
		    ASN1_ENUMERATED_set(e, reason) &&
		    X509_REVOKED_add1_ext_i2d(r, NID_crl_reason, e, 0, 0) == 1);
		assert_true(X509_CRL_add0_revoked(c, r));
		r = NULL;
	}
	assert_true(X509_CRL_sign(c, ca, EVP_sha256()) > 0);
	assert_non_null(f = fopen(path, "w"));
	assert_true(i2d_X509_CRL_fp(f, c));
	assert_int_equal(fclose(f), 0);
	ASN1_TIME_free(t);
	ASN1_INTEGER_free(n);
	ASN1_ENUMERATED_free(e);
	X509_REVOKED_free(r);
	X509_CRL_free(c);
}

static inline void
mr_crl(char path[400], EVP_PKEY *ca, int number, int serial, int reason)
{
	mr_crl_of(path, ca, number, serial, reason, NOW + 50);
}

static inline void
mr_crl_at(char path[400], int number, int serial, int64_t when)
{
	mr_crl_of(path, mr.ca, number, serial, 4, when);
}

#define MR_TEST(f) cmocka_unit_test_setup_teardown(f, mr_make, mr_remove)

#endif
