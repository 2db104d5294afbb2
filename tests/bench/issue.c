/*
 * The engine alone: what a certificate costs from the octets of a CSR to the
 * octets of a certificate that was compared, with a key in memory and without a
 * store. Run are the functions that inkan-ca runs – csr_parse(), csr_verify()
 * and the whole of issue_cert() – and only what issue_cert() would hand to the
 * store's writer is dropped: the linker puts __wrap_store_write() below in the
 * place of store_write().
 *
 * usage: issue rate MILLISECONDS   certificates per CPU second
 *        issue count N             issue N and end (for callgrind)
 */
#include "bench.h"
#include "ca/engine/issue.h"
#include "profiles/csr.h"

#define N_CSRS 64

struct request {
	unsigned char *der;
	size_t len;
	char cn[32];
};

struct bench {
	struct issuer *root, *ca;
	struct profile *profile;
	struct request req[N_CSRS];
};

int __wrap_store_write(struct store *s, store_fn *fn, void *arg, int flags);
int __wrap_store_read(struct store *s, store_fn *fn, void *arg);

int
__wrap_store_write(struct store *s, store_fn *fn, void *arg, int flags)
{
	(void)s;
	(void)fn;
	(void)arg;
	(void)flags;
	return 1;
}

/* Only asked after a write that failed: never. */
int
__wrap_store_read(struct store *s, store_fn *fn, void *arg)
{
	(void)s;
	(void)fn;
	(void)arg;
	return 0;
}

static struct profile *
profile(const char *name)
{
	char path[256];
	struct profile *p;

	snprintf(path, sizeof(path), "profiles/shipped/%s.conf", name);
	p = profile_read_file(path);
	must(p != NULL, path);
	return p;
}

/* Certificate of a CA by ${by}, or by itself, and the issuer that it makes. */
static struct issuer *
make_ca(const char *name, const char *profile_name, struct issuer *by)
{
	struct issuer_row row = {.generation = 1};
	struct build_field field = {"request.cn", name};
	struct profile *p = profile(profile_name);
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct issuer *self = NULL, *out;
	struct issue_job job = {.profile = p, .fields = &field, .n_fields = 1};
	unsigned char *spki = NULL;
	struct issued made;
	struct outcome o;

	must(key != NULL && spki_from_pkey(key, &spki, &job.spki_len), "key");
	job.spki = spki;
	snprintf(row.name, sizeof(row.name), "%s", name);
	snprintf(row.ident, sizeof(row.ident), "%s-g1", name);
	snprintf(row.crl_url, sizeof(row.crl_url),
	    "http://localhost:8444/crl/%s-g1.crl", name);
	snprintf(row.ocsp_url, sizeof(row.ocsp_url),
	    "http://localhost:8444/ocsp");
	snprintf(row.issuer_url, sizeof(row.issuer_url),
	    "http://localhost:8444/ca/%s-g1.cer", name);
	if (by == NULL) {
		must(EVP_PKEY_up_ref(key), "key");
		by = self = issuer_new_root(&row, key);
		must(self != NULL, "root");
	}
	job.issuer = by;
	must(issue_cert(NULL, &job, time(NULL), &made, &o), o.text);
	row.cert = made.der;
	row.cert_len = made.der_len;
	out = issuer_new(&row);
	must(out != NULL, "issuer");
	out->key = key;
	issued_clear(&made);
	issuer_free(self);
	OPENSSL_free(spki);
	profile_free(p);
	return out;
}

static void
bench_make(struct bench *b)
{
	EVP_PKEY *key;
	int i;

	b->root = make_ca("root", "root-ca", NULL);
	b->ca = make_ca("devices", "issuing-ca", b->root);
	b->profile = profile("device-ldevid");
	for (i = 0; i < N_CSRS; i++) {
		key = EVP_EC_gen("P-256");
		must(key != NULL, "key");
		snprintf(b->req[i].cn, sizeof(b->req[i].cn),
		    "device-%04d.example", i);
		b->req[i].len =
		    (size_t)bench_csr(key, b->req[i].cn, &b->req[i].der);
		EVP_PKEY_free(key);
	}
}

static void
bench_free(struct bench *b)
{
	int i;

	for (i = 0; i < N_CSRS; i++)
		OPENSSL_free(b->req[i].der);
	profile_free(b->profile);
	issuer_free(b->ca);
	issuer_free(b->root);
}

static void
issue_one(struct bench *b, const struct request *r, time_t now)
{
	struct csr *csr = csr_parse(r->der, r->len);
	struct build_field fields[] = {
	    {"identity.device", r->cn}, {"identity.cn", r->cn}};
	struct issue_job job = {.profile = b->profile,
	    .issuer = b->ca,
	    .policy_version = 1,
	    .csr = csr,
	    .fields = fields,
	    .n_fields = 2,
	    .fleet = "devices",
	    .device = r->cn,
	    .requester = "ra",
	    .auth = "secret:bench"};
	struct issued out;
	struct outcome o;

	must(csr != NULL && csr_verify(csr), "request");
	must(issue_cert(NULL, &job, now, &out, &o), "issue_cert");
	issued_clear(&out);
	csr_free(csr);
}

static double
rate(struct bench *b, double seconds)
{
	time_t now = time(NULL);
	double start = cpu(), spent;
	long n = 0;

	do {
		issue_one(b, &b->req[n % N_CSRS], now);
		n++;
		spent = cpu() - start;
	} while (spent < seconds);
	return (double)n / spent;
}

int
main(int argc, char **argv)
{
	struct bench b;
	long i, n;

	if (argc != 3)
		return 2;
	bench_make(&b);
	if (strcmp(argv[1], "rate") == 0)
		printf("%.0f\n", rate(&b, atof(argv[2]) / 1000));
	else
		for (i = 0, n = atol(argv[2]); i < n; i++)
			issue_one(&b, &b.req[i % N_CSRS], time(NULL));
	bench_free(&b);
	return 0;
}
