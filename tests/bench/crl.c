/*
 * A CRL with a million entries, read from a real store, built, signed and
 * written, against the same through OpenSSL's X509_CRL. Each side is a process
 * of its own, so that its CPU time and its highest memory are its own;
 * alternating rounds. It prints a line for each pair, "pair RATIO A B": 10a
 * entries a second of CPU and what is wanted, 10b those of X509_CRL, 10c
 * octets of memory and of the CRL.
 *
 * usage: crl [entries]
 *        crl ours|naive STORE KEY OUT        (what it calls itself for)
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include "ca/engine/crl.h"
#include "ca/report/report.h"
#include "ca/store/certs.h"
#include "ca/store/records.h"

#define ROUNDS 5
#define NOW INT64_C(1795000000)
#define GROUP 5000
#define MIB 1048576
#define WANTED 500000		/* entries a second of CPU */

static void
die(const char *what)
{
	fprintf(stderr, "crl: %s\n", what);
	report_fatal("crl");
	exit(1);
}

/* The CA: a software key, and a certificate that says so. */

static EVP_PKEY *
read_key(const char *path)
{
	FILE *f = fopen(path, "r");
	EVP_PKEY *key = f == NULL ? NULL :
	    PEM_read_PrivateKey(f, NULL, NULL, NULL);

	if (f != NULL)
		fclose(f);
	if (key == NULL)
		die("key");
	return key;
}

static X509 *
make_cert(EVP_PKEY *key)
{
	unsigned char id[20] = {7};
	ASN1_OCTET_STRING *ski = ASN1_OCTET_STRING_new();
	X509_NAME *name = X509_NAME_new();
	X509 *x = X509_new();

	ASN1_OCTET_STRING_set(ski, id, sizeof(id));
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"Bench CA", -1, -1, 0);
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_set_subject_name(x, name);
	X509_set_issuer_name(x, name);
	ASN1_TIME_set(X509_getm_notBefore(x), NOW - 1000);
	ASN1_TIME_set(X509_getm_notAfter(x), NOW + 86400 * 3650LL);
	X509_set_pubkey(x, key);
	X509_add1_ext_i2d(x, NID_subject_key_identifier, ski, 0, 0);
	if (X509_sign(x, key, EVP_sha256()) <= 0)
		die("certificate");
	X509_NAME_free(name);
	ASN1_OCTET_STRING_free(ski);
	return x;
}

/* A store with revoked certificates. */

struct filling {
	int64_t issuer;
	size_t n;
	uint32_t done;
	struct issuer_row row;
};

static int
add_issuer(struct store_tx *tx, void *arg)
{
	struct filling *f = arg;
	int ok = issuers_add(tx, &f->row);

	f->issuer = f->row.id;
	return ok;
}

static int
add_certs(struct store_tx *tx, void *arg)
{
	struct filling *f = arg;
	struct cert_row row;
	size_t i;
	int k;

	for (i = 0; i < f->n; i++) {
		memset(&row, 0, sizeof(row));
		row.issuer = f->issuer;
		row.serial_len = 20;
		if (RAND_bytes(row.serial, 20) != 1 ||
		    RAND_bytes(row.spki_sha256, 32) != 1)
			return 0;
		/* In order, so that making the store takes a minute. */
		f->done++;
		for (k = 0; k < 4; k++)
			row.serial[k] = row.spki_sha256[k] =
			    (unsigned char)(f->done >> 8 * (3 - k));
		row.serial[0] |= 0x40;
		row.reason = i % 3 == 0 ? 1 : 4;
		row.revoked_at = NOW - (int64_t)(i * 13 % 8000000);
		row.not_before = NOW - 86400 * 300LL;
		row.not_after = NOW + 86400 * 65LL;
		if (!certs_add_revoked(tx, &row))
			return 0;
	}
	return 1;
}

static void
fill(const char *path, const char *key_path, size_t n)
{
	struct store_config cfg = {.path = path, .mode = STORE_CREATE,
	    .now = NOW};
	struct filling f = {.row = {.name = "bench", .generation = 1,
	    .ident = "bench-g1", .state = ISSUER_ACTIVE,
	    .crl_lifetime = 86400, .crl_interval = 21600}};
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = make_cert(key);
	FILE *file = fopen(key_path, "w");
	struct store *s = store_open(&cfg);
	size_t left;

	if (file == NULL || s == NULL || PEM_write_PrivateKey(file, key, NULL,
	    NULL, 0, NULL, NULL) != 1 || fclose(file) != 0)
		die("store");
	f.row.cert_len = (size_t)i2d_X509(x, &f.row.cert);
	f.row.not_after = NOW + 86400;
	if (!store_write(s, add_issuer, &f, 0))
		die("issuer");
	for (left = n; left > 0; left -= f.n) {
		f.n = left < GROUP ? left : GROUP;
		if (!store_write(s, add_certs, &f, 0))
			die("certificates");
	}
	issuers_row_clear(&f.row);
	store_close(s);
	X509_free(x);
	EVP_PKEY_free(key);
}

/* One side: what it costs is read by the parent. */

static void
ours(struct store *store, struct issuer *is, const char *dir)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/crl", dir);
	mkdir(path, 0755);
	if (!crl_issue(store, is, dir, NOW, NULL))
		die("crl_issue");
}

static int
add_naive(const struct cert_revoked *r, void *arg)
{
	X509_REVOKED *rev = X509_REVOKED_new();
	ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)r->when);
	BIGNUM *bn = BN_bin2bn(r->serial, (int)r->serial_len, NULL);
	ASN1_INTEGER *serial = BN_to_ASN1_INTEGER(bn, NULL);
	ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();

	ASN1_ENUMERATED_set(reason, r->reason);
	if (X509_REVOKED_set_serialNumber(rev, serial) != 1 ||
	    X509_REVOKED_set_revocationDate(rev, t) != 1 ||
	    X509_REVOKED_add1_ext_i2d(rev, NID_crl_reason, reason, 0, 0) != 1 ||
	    X509_CRL_add0_revoked(arg, rev) != 1)
		die("naive entry");
	ASN1_ENUMERATED_free(reason);
	ASN1_INTEGER_free(serial);
	BN_free(bn);
	ASN1_TIME_free(t);
	return 1;
}

struct naive {
	X509_CRL *crl;
	int64_t issuer;
};

static int
collect_naive(struct store_tx *tx, void *arg)
{
	struct naive *n = arg;

	return certs_revoked(tx, n->issuer, 0, 0, add_naive, n->crl);
}

/* As a small program would do it: no log, no row, no check of the signature. */
static void
naive(struct store *store, struct issuer *is, const char *dir)
{
	struct naive n = {X509_CRL_new(), is->row.id};
	ASN1_TIME *t = ASN1_TIME_set(NULL, NOW);
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	char path[400];
	BIO *bio;

	ASN1_INTEGER_set_int64(number, NOW);
	X509_CRL_set_version(n.crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(n.crl, X509_get_subject_name(is->cert));
	X509_CRL_set1_lastUpdate(n.crl, t);
	X509_CRL_set1_nextUpdate(n.crl, t);
	X509_CRL_add1_ext_i2d(n.crl, NID_crl_number, number, 0, 0);
	snprintf(path, sizeof(path), "%s/naive.crl", dir);
	if (!store_read(store, collect_naive, &n) ||
	    X509_CRL_sort(n.crl) != 1 ||
	    X509_CRL_sign(n.crl, is->key, EVP_sha256()) <= 0 ||
	    (bio = BIO_new_file(path, "wb")) == NULL ||
	    i2d_X509_CRL_bio(bio, n.crl) != 1 || BIO_free(bio) != 1)
		die("naive CRL");
	X509_CRL_free(n.crl);
	ASN1_INTEGER_free(number);
	ASN1_TIME_free(t);
}

static int
side(const char *which, const char *path, const char *key, const char *dir)
{
	struct store_config cfg = {.path = path, .mode = STORE_WRITE,
	    .now = NOW};
	struct store *store = store_open(&cfg);
	struct issuer_set set;

	if (store == NULL || !issuer_set_load(&set, store))
		die("store");
	set.item[0]->key = read_key(key);
	if (strcmp(which, "ours") == 0)
		ours(store, set.item[0], dir);
	else
		naive(store, set.item[0], dir);
	issuer_set_clear(&set);
	store_close(store);
	return 0;
}

/* The parent. */

struct cost {
	double seconds;		/* of CPU */
	double octets;		/* highest resident size */
};

static struct cost
run(const char *self, const char *which, const char *path, const char *key,
    const char *dir)
{
	struct rusage u;
	struct cost c;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execl(self, self, which, path, key, dir, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &u) != pid || status != 0)
		die(which);
	c.seconds = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
	c.octets = (double)u.ru_maxrss * 1024;
	return c;
}

static void
compare(const char *self, const char *dir, size_t n)
{
	char path[300], key[300], file[400];
	struct cost o, v;
	struct stat st;
	int i;

	snprintf(path, sizeof(path), "%s/store.db", dir);
	snprintf(key, sizeof(key), "%s/key.pem", dir);
	snprintf(file, sizeof(file), "%s/crl/bench-g1.crl", dir);
	fill(path, key, n);
	for (i = 0; i < ROUNDS; i++) {
		o = run(self, "ours", path, key, dir);
		v = run(self, "naive", path, key, dir);
		if (stat(file, &st) != 0)
			die("no file");
		printf("pair 10a %.0f %d\n", (double)n / o.seconds, WANTED);
		printf("pair 10b %.0f %.0f\n", (double)n / o.seconds,
		    (double)n / v.seconds);
		printf("pair 10c %.0f %lld\n", o.octets,
		    (long long)st.st_size);
	}
	printf("crl: %zu entries, %.1f MiB; memory %.0f MiB, X509_CRL's %.0f "
	    "MiB\n", n, (double)st.st_size / MIB, o.octets / MIB,
	    v.octets / MIB);
}

int
main(int argc, char **argv)
{
	size_t n = argc == 2 ? (size_t)atol(argv[1]) : 1000000;
	const char *base = getenv("TMPDIR");
	char dir[256], cmd[300], self[300];
	ssize_t len;

	if (argc == 5)
		return side(argv[1], argv[2], argv[3], argv[4]);
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	snprintf(dir, sizeof(dir), "%s/inkan-bench-XXXXXX",
	    base != NULL ? base : "/tmp");
	if (len < 0 || mkdtemp(dir) == NULL)
		return 1;
	self[len] = '\0';
	compare(self, dir, n);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd) != 0;
}
