#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/engine/crl_file.h"
#include "ca/engine/crl_shard.h"
#include "ca/engine/publish.h"
#include "profiles/der.h"
#include "profiles/sig.h"

/* The one URI of its fullName. */
static int
read_scope(const STACK_OF(X509_EXTENSION) *exts, char *out, size_t size)
{
	ISSUING_DIST_POINT *idp;
	const GENERAL_NAME *gn = NULL;
	const ASN1_STRING *uri = NULL;
	int critical, type = -1, n = -1;

	out[0] = '\0';
	idp = X509V3_get_d2i(exts, NID_issuing_distribution_point, &critical,
	    NULL);
	if (idp == NULL)
		return critical == -1;
	if (idp->distpoint != NULL && idp->distpoint->type == 0 &&
	    sk_GENERAL_NAME_num(idp->distpoint->name.fullname) == 1)
		gn = sk_GENERAL_NAME_value(idp->distpoint->name.fullname, 0);
	if (gn != NULL)
		uri = GENERAL_NAME_get0_value(gn, &type);
	if (type == GEN_URI)
		n = snprintf(out, size, "%.*s", ASN1_STRING_length(uri),
		    (const char *)ASN1_STRING_get0_data(uri));
	ISSUING_DIST_POINT_free(idp);
	return n > 0 && (size_t)n < size;
}

static int
read_extensions(struct der in, struct crl_view *out)
{
	const unsigned char *p = in.p;
	STACK_OF(X509_EXTENSION) *exts;
	ASN1_INTEGER *number = NULL;
	int ok = 0;

	exts = d2i_X509_EXTENSIONS(NULL, &p, (long)in.len);
	if (exts != NULL && p == in.p + in.len)
		number = X509V3_get_d2i(exts, NID_crl_number, NULL, NULL);
	if (number != NULL)
		ok = ASN1_INTEGER_get_int64(&out->number, number) == 1 &&
		    read_scope(exts, out->uri, sizeof(out->uri));
	ASN1_INTEGER_free(number);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	return ok;
}

static int
take_time(struct der *in)
{
	return der_take(in, DER_UTCTIME, NULL) ||
	    der_take(in, DER_GENERALIZEDTIME, NULL);
}

static int
read_tbs(struct der tbs, struct crl_view *out)
{
	struct der issuer, exts;

	if (!der_take(&tbs, DER_INTEGER, NULL) ||
	    !der_take(&tbs, DER_SEQUENCE, NULL) ||
	    !der_take_whole(&tbs, DER_SEQUENCE, &issuer) ||
	    !take_time(&tbs) || !take_time(&tbs))
		return 0;
	(void)der_take(&tbs, DER_SEQUENCE, NULL);
	out->issuer = issuer.p;
	out->issuer_len = issuer.len;
	return der_only(tbs, DER_CONTEXT_CONS(0), &exts) &&
	    read_extensions(exts, out);
}

int
crl_view_read(const unsigned char *der, size_t len, struct crl_view *out)
{
	struct der in = {der, len}, list, tbs, body, alg, sig;

	memset(out, 0, sizeof(*out));
	if (!der_only(in, DER_SEQUENCE, &list))
		return 0;
	body = list;
	if (!der_take(&body, DER_SEQUENCE, &tbs) || !read_tbs(tbs, out) ||
	    !der_take_whole(&list, DER_SEQUENCE, &tbs) ||
	    !der_take_whole(&list, DER_SEQUENCE, &alg) ||
	    !der_only(list, DER_BIT_STRING, &sig) || sig.len < 2)
		return 0;
	out->tbs = tbs.p;
	out->tbs_len = tbs.len;
	out->sigalg = alg.p;
	out->sigalg_len = alg.len;
	out->sig = sig.p + 1;
	out->sig_len = sig.len - 1;
	return 1;
}

static int
is_signed(const struct issuer *is, const struct crl_view *v)
{
	const unsigned char *p = v->sigalg;
	X509_ALGOR *alg = d2i_X509_ALGOR(NULL, &p, (long)v->sigalg_len);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct sig how;
	int ok;

	ok = alg != NULL && ctx != NULL && sig_read(alg, "crl", &how) &&
	    sig_verify_init(&how, ctx, is->verify) &&
	    EVP_DigestVerify(ctx, v->sig, v->sig_len, v->tbs, v->tbs_len) == 1;
	EVP_MD_CTX_free(ctx);
	X509_ALGOR_free(alg);
	return ok;
}

struct mapped {
	unsigned char *p;
	size_t len;
};

static int
unread(const char *path)
{
	ca_raise(CA_E_STORE, "publish: read %s: %s", path, strerror(errno));
	return -1;
}

static int
map_open(int fd, const char *path, struct mapped *m)
{
	struct stat st;
	void *p;

	if (fstat(fd, &st) != 0)
		return unread(path);
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		return 0;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return unread(path);
	m->p = p;
	m->len = (size_t)st.st_size;
	return 1;
}

/* 1; 0 there is nothing that could be a CRL; -1 raised: what there is, nobody
   knows. */
static int
map(const char *path, struct mapped *m)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int r;

	if (fd < 0)
		return errno == ENOENT || errno == ELOOP ? 0 : unread(path);
	r = map_open(fd, path, m);
	close(fd);
	return r;
}

void
crl_file_scope(const struct issuer *is, int shard, char *out)
{
	out[0] = '\0';
	if (is->row.crl_shards != 0)
		crl_shard_url(&is->row, shard, out);
}

int
crl_file_is(const char *dir, const char *name, int staged,
    const unsigned char sha256[32])
{
	unsigned char md[SHA256_DIGEST_LENGTH];
	char path[PATH_MAX];
	struct mapped m;
	int there;

	ERR_set_mark();
	there = publish_path(dir, name, staged, path) && map(path, &m) == 1;
	ERR_pop_to_mark();
	if (!there)
		return 0;
	SHA256(m.p, m.len, md);
	munmap(m.p, m.len);
	return memcmp(md, sha256, sizeof(md)) == 0;
}

/* The CA's own CRL of this scope that is published, if its number is above: 1; 0
   there is none; -1 raised. What is no CRL, or was not signed by this key, does
   not count. */
static int
is_newer_there(const struct issuer *is, int shard, const char *path,
    int64_t above, int64_t *number)
{
	char scope[CRL_URL_MAX];
	struct crl_view v;
	struct mapped m;
	int r = map(path, &m);

	if (r != 1)
		return r;
	r = 0;
	crl_file_scope(is, shard, scope);
	ERR_set_mark();
	if (crl_view_read(m.p, m.len, &v) && v.number > above &&
	    v.issuer_len == is->build.name_len &&
	    memcmp(v.issuer, is->build.name, v.issuer_len) == 0 &&
	    strcmp(v.uri, scope) == 0 && is_signed(is, &v)) {
		*number = v.number;
		r = 1;
	}
	ERR_pop_to_mark();
	munmap(m.p, m.len);
	return r;
}

/* Held by whoever compares and renames. -1 raised. */
static int
lock(const char *dir)
{
	char path[PATH_MAX];
	int fd;

	if (!publish_path(dir, "crl/.lock", 0, path))
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && flock(fd, LOCK_EX) == 0)
		return fd;
	ca_raise(CA_E_STORE, "publish: lock %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

int
crl_file_release(const struct issuer *is, int shard, const char *dir,
    int64_t number)
{
	char name[CRL_NAME_MAX], path[PATH_MAX];
	int64_t there = 0;
	int fd, newer, ok = 0;

	crl_shard_name(&is->row, shard, name);
	if (!publish_path(dir, name, 0, path) || (fd = lock(dir)) < 0)
		return 0;
	newer = is_newer_there(is, shard, path, number, &there);
	if (newer == 0) {
		ok = publish_staged(dir, name);
	} else if (newer > 0) {
		publish_unstage(dir, name);
		ca_raise(CA_E_DENIED, "crl.older: number %lld cannot replace "
		    "%lld in %s", (long long)number, (long long)there, path);
	}
	close(fd);
	return ok;
}
