#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>

#include "ca/error.h"
#include "ca/engine/crl_file.h"
#include "ca/engine/crl_shard.h"
#include "ca/engine/publish.h"
#include "ca/engine/ceremony_run.h"

/*
 * Files. A first ceremony writes them where they belong. Others let them wait
 * in a folder beside the store, as ca/, crl/ and ocsp/ do in the published one,
 * and pem/N with pem/N.path, until the last transaction is written: from then
 * on they can be brought to their places again and again.
 */

#define FILE_MAX (16L * 1024 * 1024)

const char *
ceremony_publish_dir(const struct ceremony *r)
{
	return r->stage[0] != '\0' ? r->stage : r->s->publish_dir;
}

/* ${path} is absolute. */
static int
write_at(const char *path, const char *data, size_t len)
{
	char dir[PATH_MAX], *slash;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash == NULL)
		return 0;
	*slash = '\0';
	return publish_mkdir(dir, 0755) &&
	    publish_file(dir, slash + 1, data, len);
}

static int
stage_pem(struct ceremony *r, const char *path, const char *data, size_t len)
{
	char name[32], where[48];

	snprintf(name, sizeof(name), "pem/%zu", r->n_staged++);
	snprintf(where, sizeof(where), "%s.path", name);
	return publish_file(r->stage, name, data, len) &&
	    publish_file(r->stage, where, path, strlen(path));
}

static int
put(struct ceremony *r, const char *path, const char *data, size_t len)
{
	char where[PATH_MAX];
	int n;

	/* In a rehearsal no file of ours is touched. */
	n = snprintf(where, sizeof(where), "%s%s", r->how->dry ?
	    r->how->dry_root : "", path);
	if (n < 0 || (size_t)n >= sizeof(where))
		return 0;
	if (r->stage[0] != '\0')
		return stage_pem(r, where, data, len);
	if (!write_at(where, data, len))
		return 0;
	snprintf(r->written[r->n_written++], PATH_MAX, "%s", where);
	return 1;
}

/* Both blocks, the second one of a certificate, where there is one. */
static int
write_blocks(struct ceremony *r, const char *path, const char *label,
    const unsigned char *der, size_t len, const struct issuer *chain)
{
	BIO *bio = NULL;
	char *data;
	long n;
	int ok;

	if (path[0] == '\0')
		return 1;
	bio = BIO_new(BIO_s_mem());
	ok = bio != NULL && PEM_write_bio(bio, label, "", der,
	    (long)len) > 0 && (chain == NULL || PEM_write_bio(bio,
	    PEM_STRING_X509, "", chain->row.cert,
	    (long)chain->row.cert_len) > 0);
	if (ok) {
		n = BIO_get_mem_data(bio, &data);
		ceremony_record_data(r, "write", path, data, (size_t)n);
		ok = put(r, path, data, (size_t)n);
	}
	BIO_free(bio);
	return ok;
}

int
ceremony_write_data(struct ceremony *r, const char *act, const char *path,
    const void *data, size_t len)
{
	ceremony_record_data(r, act, path, data, len);
	return put(r, path, data, len);
}

int
ceremony_write_pem(struct ceremony *r, const char *path,
    const unsigned char *der, size_t len, const struct issuer *chain)
{
	return write_blocks(r, path, PEM_STRING_X509, der, len, chain);
}

int
ceremony_write_request(struct ceremony *r, const char *path,
    const unsigned char *der, size_t len)
{
	return write_blocks(r, path, PEM_STRING_X509_REQ, der, len, NULL);
}

int
ceremony_publish_cert(struct ceremony *r, const char *name,
    const unsigned char *der, size_t len)
{
	char file[256];

	snprintf(file, sizeof(file), "ca/%.200s.cer", name);
	ceremony_record_data(r, "publish", file, der, len);
	return publish_file(ceremony_publish_dir(r), file, der, len);
}

int
ceremony_publish_ca(struct ceremony *r, const struct issuer_row *row)
{
	return ceremony_publish_cert(r, row->ident, row->cert, row->cert_len);
}

int
ceremony_stage_make(struct ceremony *r)
{
	char dir[PATH_MAX + 8];

	ceremony_stage_remove(r);
	snprintf(dir, sizeof(dir), "%s/pem", r->stage);
	return publish_mkdir(dir, 0700) && publish_prepare(r->stage);
}

/* Returned to be freed with OPENSSL_free(). */
static char *
slurp(const char *path, size_t *len)
{
	BIO *bio = BIO_new_file(path, "rb");
	char *data = NULL;
	struct stat st;
	int n = 0;

	if (bio != NULL && stat(path, &st) == 0 && st.st_size < FILE_MAX)
		data = OPENSSL_malloc((size_t)st.st_size + 1);
	if (data != NULL)
		n = BIO_read(bio, data, (int)st.st_size);
	BIO_free(bio);
	if (data == NULL || (st.st_size > 0 && n != (int)st.st_size)) {
		OPENSSL_free(data);
		ca_raise(CA_E_STORE, "ceremony: %s cannot be read", path);
		return NULL;
	}
	*len = n < 0 ? 0 : (size_t)n;
	data[*len] = '\0';
	return data;
}

static int
carry(const char *from, const char *to)
{
	size_t len;
	char *data = slurp(from, &len);
	int ok = data != NULL && write_at(to, data, len);

	OPENSSL_free(data);
	return ok;
}

static int
unread(const char *dir)
{
	ca_raise(CA_E_STORE, "ceremony: folder %s cannot be read: %s", dir,
	    strerror(errno));
	return 0;
}

/* Every file of a folder, where there is one. */
static int
each_file(const char *dir, int (*cb)(const char *path, const char *name,
    void *arg), void *arg)
{
	char path[PATH_MAX + 300];
	struct dirent *e;
	DIR *d = opendir(dir);
	int ok = 1;

	if (d == NULL)
		return errno == ENOENT || unread(dir);
	while (errno = 0, ok && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%.4090s/%.255s", dir,
		    e->d_name);
		ok = cb(path, e->d_name, arg);
	}
	if (ok && errno != 0)
		ok = unread(dir);
	closedir(d);
	return ok;
}

struct answers {
	struct ceremony *r;
	const char *ident;
};

static int
record_answer(const char *path, const char *name, void *arg)
{
	struct answers *a = arg;
	char file[400];
	size_t len;
	char *data = slurp(path, &len);

	if (data == NULL)
		return 0;
	snprintf(file, sizeof(file), "ocsp/%.80s/%.255s", a->ident, name);
	ceremony_record_data(a->r, "publish", file, data, len);
	OPENSSL_free(data);
	return 1;
}

int
ceremony_record_answers(struct ceremony *r, const char *ident)
{
	struct answers a = {r, ident};
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%.3900s/ocsp/%s", ceremony_publish_dir(r),
	    ident);
	return r->transcript == NULL || each_file(dir, record_answer, &a);
}

static int
carry_one(const char *path, const char *name, void *arg)
{
	char to[PATH_MAX + 300];

	snprintf(to, sizeof(to), "%.4090s/%.255s", (const char *)arg, name);
	return carry(path, to);
}

/* Whose CRL has that name? */
static const struct issuer *
whose_crl(const struct ceremony *r, const char *name, int *shard)
{
	char file[CRL_NAME_MAX];
	const struct issuer *is;
	size_t i, n = r->issuers.n;
	int k;

	for (i = 0; i < n + r->n_made; i++) {
		is = i < n ? r->issuers.item[i] : r->made[i - n];
		if (strncmp(name + strlen("crl/"), is->row.ident,
		    strlen(is->row.ident)) != 0)
			continue;
		for (k = 0; k < crl_shard_count(&is->row); k++) {
			crl_shard_name(&is->row, k, file);
			if (strcmp(file, name) == 0) {
				*shard = k;
				return is;
			}
		}
	}
	return NULL;
}

/* Of a CRL that has waited for long a newer one may be there: that stays. */
static int
release_crl(struct ceremony *r, const char *name, const char *der, size_t len)
{
	const char *dir = r->s->publish_dir;
	const struct issuer *is;
	struct crl_view v;
	int shard, ok;

	if (!crl_view_read((const unsigned char *)der, len, &v) ||
	    (is = whose_crl(r, name, &shard)) == NULL) {
		ca_raise(CA_E_STORE, "ceremony: %s/%s is no CRL of a CA that "
		    "is here", r->stage, name);
		return 0;
	}
	if (!publish_stage(dir, name, der, len))
		return 0;
	ERR_set_mark();
	ok = crl_file_release(is, shard, dir, v.number);
	if (ok || ERR_GET_REASON(ERR_peek_last_error()) != CA_E_DENIED) {
		ERR_clear_last_mark();
		return ok;
	}
	ERR_pop_to_mark();
	ceremony_say(r, "%s: a newer CRL than number %lld is published; it "
	    "stays", name, (long long)v.number);
	return 1;
}

static int
carry_crl(const char *path, const char *name, void *arg)
{
	char to[CRL_NAME_MAX];
	size_t len;
	char *der;
	int ok;

	snprintf(to, sizeof(to), "crl/%.100s", name);
	if ((der = slurp(path, &len)) == NULL)
		return 0;
	ok = release_crl(arg, to, der, len);
	OPENSSL_free(der);
	return ok;
}

static int
carry_pem(const char *path, const char *name, void *arg)
{
	char where[PATH_MAX + 300];
	size_t len;
	char *to;
	int ok;

	(void)arg;
	if (strchr(name, '.') != NULL)
		return 1;
	snprintf(where, sizeof(where), "%.4350s.path", path);
	to = slurp(where, &len);
	ok = to != NULL && carry(path, to);
	OPENSSL_free(to);
	return ok;
}

static int
remove_unless(const char *path, const char *name, void *arg)
{
	char other[PATH_MAX + 300];

	snprintf(other, sizeof(other), "%.4090s/%.255s", (const char *)arg,
	    name);
	if (access(other, F_OK) != 0)
		unlink(path);
	return 1;
}

/* Answers about one CA's certificates are replaced as a whole: what is not
   among the new ones has expired. */
static int
carry_answers(const char *path, const char *name, void *arg)
{
	const struct ceremony *r = arg;
	char to[PATH_MAX + 300];

	snprintf(to, sizeof(to), "%.4090s/ocsp/%.255s", r->s->publish_dir,
	    name);
	return publish_mkdir(to, 0755) && each_file(path, carry_one, to) &&
	    each_file(to, remove_unless, (void *)path);
}

int
ceremony_stage_publish(struct ceremony *r)
{
	char from[PATH_MAX + 8], to[PATH_MAX + 8];

	if (!publish_prepare(r->s->publish_dir))
		return 0;
	snprintf(from, sizeof(from), "%s/ca", r->stage);
	snprintf(to, sizeof(to), "%s/ca", r->s->publish_dir);
	if (!each_file(from, carry_one, to))
		return 0;
	snprintf(from, sizeof(from), "%s/crl", r->stage);
	if (!each_file(from, carry_crl, r))
		return 0;
	snprintf(from, sizeof(from), "%s/ocsp", r->stage);
	if (!each_file(from, carry_answers, r))
		return 0;
	snprintf(from, sizeof(from), "%s/pem", r->stage);
	return each_file(from, carry_pem, NULL);
}

static int
remove_answers(const char *path, const char *name, void *arg)
{
	(void)name;
	(void)arg;
	ceremony_remove_folder(path);
	return 1;
}

void
ceremony_stage_remove(struct ceremony *r)
{
	static const char *const names[] = {
	    "ca", "crl", "pem", "ocsp", "log"};
	char dir[PATH_MAX + 8];
	size_t i;

	snprintf(dir, sizeof(dir), "%s/ocsp", r->stage);
	each_file(dir, remove_answers, NULL);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(dir, sizeof(dir), "%s/%s", r->stage, names[i]);
		ceremony_remove_folder(dir);
	}
	rmdir(r->stage);
}
