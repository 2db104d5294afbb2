#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "ca/engine/maker_crls_folder.h"
#include "ca/report/report.h"

#define PER_FILE_MAX 64 /* CRLs in a file of PEM */

struct file {			/* one file of the folder, as it was read */
	char name[256];
	struct stat st;
	STACK_OF(X509_CRL) *crls;	/* NULL: nothing that is taken */
	int unread;			/* what it is now could not be read */
};

struct crl_set {
	atomic_int refs;
	struct file *file;
	size_t n;
	int64_t octets;
	int overflow;		/* some were left out */
};

struct crl_set *
crl_set_ref(struct crl_set *s)
{
	if (s != NULL)
		atomic_fetch_add(&s->refs, 1);
	return s;
}

void
crl_set_put(struct crl_set *s)
{
	size_t i;

	if (s == NULL || atomic_fetch_sub(&s->refs, 1) > 1)
		return;
	for (i = 0; i < s->n; i++)
		sk_X509_CRL_pop_free(s->file[i].crls, X509_CRL_free);
	OPENSSL_free(s->file);
	OPENSSL_free(s);
}

/* ---- what is taken ----------------------------------------------------- */

static int
is_understood(int nid)
{
	return nid == NID_issuing_distribution_point ||
	    nid == NID_authority_key_identifier || nid == NID_crl_number;
}

static int
has_unknown_critical(const X509_CRL *crl)
{
	X509_EXTENSION *e;
	int i;

	for (i = 0; i < X509_CRL_get_ext_count(crl); i++) {
		e = X509_CRL_get_ext(crl, i);
		if (X509_EXTENSION_get_critical(e) &&
		    !is_understood(OBJ_obj2nid(X509_EXTENSION_get_object(e))))
			return 1;
	}
	return 0;
}

/* A scope that a check cannot judge, or one of other certificates. */
static const char *
scope_breach(const X509_CRL *crl)
{
	ISSUING_DIST_POINT *idp;
	const char *what = NULL;
	int crit = -1;

	idp = X509_CRL_get_ext_d2i(
	    crl, NID_issuing_distribution_point, &crit, NULL);
	if (idp == NULL)
		return crit == -1 ? NULL
				  : "its issuingDistributionPoint is broken";
	if (idp->indirectCRL > 0)
		what = "it is an indirect CRL";
	else if (idp->onlysomereasons != NULL)
		what = "it is for some reasons only";
	else if (idp->onlyattr > 0)
		what = "it is for attribute certificates";
	ISSUING_DIST_POINT_free(idp);
	return what;
}

const char *
crl_set_breach(const X509_CRL *crl)
{
	const char *what;

	if (X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0)
		return "it is a delta CRL";
	if (has_unknown_critical(crl))
		return "a critical extension is not understood";
	if ((what = scope_breach(crl)) != NULL)
		return what;
	if (X509_CRL_get0_nextUpdate(crl) == NULL)
		return "it has no nextUpdate (RFC 5280 5.1.2.5)";
	return NULL;
}

/* ---- one file ---------------------------------------------------------- */

static void
refused(const struct file *f, const char *why)
{
	report_event(REPORT_WARN, "maker.crl.refused", "file", f->name, "why",
	    why, NULL);
}

static void
describe(const char *file, const X509_CRL *crl, struct maker_crls_info *out)
{
	STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED((X509_CRL *)crl);
	ASN1_INTEGER *number =
	    X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	BIGNUM *bn = number == NULL ? NULL : ASN1_INTEGER_to_BN(number, NULL);
	char *text = bn == NULL ? NULL : BN_bn2dec(bn);
	struct tm tm;

	memset(out, 0, sizeof(*out));
	snprintf(out->file, sizeof(out->file), "%s", file);
	X509_NAME_oneline(
	    X509_CRL_get_issuer(crl), out->issuer, sizeof(out->issuer));
	snprintf(out->number, sizeof(out->number), "%.63s",
	    text == NULL ? "" : text);
	if (ASN1_TIME_to_tm(X509_CRL_get0_lastUpdate(crl), &tm) == 1)
		out->this_update = timegm(&tm);
	if (ASN1_TIME_to_tm(X509_CRL_get0_nextUpdate(crl), &tm) == 1)
		out->next_update = timegm(&tm);
	out->entries = list == NULL ? 0 : sk_X509_REVOKED_num(list);
	OPENSSL_free(text);
	BN_free(bn);
	ASN1_INTEGER_free(number);
}

static void
loaded(const struct file *f, const X509_CRL *crl)
{
	struct maker_crls_info info;
	char entries[24];

	describe(f->name, crl, &info);
	snprintf(entries, sizeof(entries), "%lld", (long long)info.entries);
	report_event(REPORT_INFO, "maker.crl.loaded", "file", f->name, "issuer",
	    info.issuer, "number", info.number, "entries", entries, NULL);
}

/* Given. */
static void
take(struct file *f, X509_CRL *crl)
{
	const char *why = crl_set_breach(crl);

	if (why == NULL && f->crls == NULL)
		f->crls = sk_X509_CRL_new_null();
	if (why != NULL)
		refused(f, why);
	else if (f->crls != NULL && sk_X509_CRL_push(f->crls, crl) > 0) {
		loaded(f, crl);
		return;
	}
	X509_CRL_free(crl);
}

static void
parse(struct file *f, const unsigned char *data, size_t len)
{
	const unsigned char *p = data;
	X509_CRL *crl;
	BIO *bio;
	int n = 0;

	if (len > 0 && data[0] == 0x30) {
		crl = d2i_X509_CRL(NULL, &p, (long)len);
		if (crl != NULL && p == data + len) {
			take(f, crl);
			return;
		}
		X509_CRL_free(crl);
		refused(f, "it is not DER");
		return;
	}
	bio = BIO_new_mem_buf(data, (int)len);
	while (bio != NULL && n < PER_FILE_MAX &&
	    (crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL)) != NULL) {
		take(f, crl);
		n++;
	}
	if (n == 0)
		refused(f, "there is no CRL in it, neither DER nor PEM");
	BIO_free(bio);
}

static int
read_all(int fd, unsigned char *data, size_t len)
{
	size_t have = 0;
	ssize_t n;

	while (have < len && (n = read(fd, data + have, len - have)) > 0)
		have += (size_t)n;
	return have == len;
}

/* What has not changed is shared with the set before. */
static void
share(struct file *f, const struct file *was)
{
	int i, n = was->crls == NULL ? 0 : sk_X509_CRL_num(was->crls);

	f->crls = was->crls == NULL ? NULL : sk_X509_CRL_dup(was->crls);
	for (i = 0; f->crls != NULL && i < n; i++)
		X509_CRL_up_ref(sk_X509_CRL_value(f->crls, i));
}

/* The disk, descriptors or a file's mode: that passes, and nothing tells when. It
   is tried again at each look, told of once, and what was read before holds. */
static void
unread(struct file *f, const struct file *was)
{
	if (was == NULL || !was->unread)
		refused(f, "it cannot be read");
	f->unread = 1;
	if (was != NULL)
		share(f, was);
}

static void
read_open(int fd, struct file *f, const struct file *was)
{
	size_t len = (size_t)f->st.st_size;
	unsigned char *data = OPENSSL_malloc(len + 1);

	ERR_set_mark();
	if (data != NULL && read_all(fd, data, len))
		parse(f, data, len);
	else
		unread(f, was);
	ERR_pop_to_mark();
	OPENSSL_free(data);
}

/* Another file may have taken its place since it was listed: what was opened
   counts. ${was}: of that name, as it was before; NULL: there was none. */
static void
read_file(int dir, struct file *f, const struct file *was)
{
	int fd = openat(dir, f->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &f->st) != 0 || !S_ISREG(f->st.st_mode))
		unread(f, was);
	else if (f->st.st_size > MAKER_CRLS_FILE_MAX)
		refused(f, "it is too large");
	else
		read_open(fd, f, was);
	if (fd >= 0)
		close(fd);
}

/* ---- the folder -------------------------------------------------------- */

static int
by_name(const void *a, const void *b)
{
	return strcmp(
	    ((const struct file *)a)->name, ((const struct file *)b)->name);
}

/* Regular files, links followed; what begins with a dot is being written. */
static void
list_one(int dir, const char *name, struct crl_set *s)
{
	struct file *f = &s->file[s->n];

	memset(f, 0, sizeof(*f));
	if (name[0] == '.' || strlen(name) >= sizeof(f->name))
		return;
	memcpy(f->name, name, strlen(name) + 1);
	if (fstatat(dir, name, &f->st, 0) != 0 || !S_ISREG(f->st.st_mode))
		return;
	if (s->n + 1 == MAKER_CRLS_FILES_MAX ||
	    s->octets + f->st.st_size > MAKER_CRLS_TOTAL_MAX) {
		s->overflow = 1;
		return;
	}
	s->octets += f->st.st_size;
	s->n++;
}

static void
sort(struct crl_set *s)
{
	qsort(s->file, s->n, sizeof(s->file[0]), by_name);
}

static const struct file *
find(const struct crl_set *s, const struct file *f)
{
	return s->n == 0
	    ? NULL
	    : bsearch(f, s->file, s->n, sizeof(*f), by_name);
}

/* A folder that changes while it is read may not tell of a file that is replaced
   just then: those of before are asked for by name. */
static void
list_files(DIR *d, struct crl_set *s, const struct crl_set *before)
{
	struct dirent *e;
	size_t i;

	while (!s->overflow && (e = readdir(d)) != NULL)
		list_one(dirfd(d), e->d_name, s);
	sort(s);
	for (i = 0; before != NULL && i < before->n; i++)
		if (find(s, &before->file[i]) == NULL) {
			list_one(dirfd(d), before->file[i].name, s);
			sort(s);
		}
}

static int
is_at(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static int
is_same(const struct file *a, const struct file *was)
{
	return strcmp(a->name, was->name) == 0 && !was->unread &&
	    a->st.st_ino == was->st.st_ino && a->st.st_dev == was->st.st_dev &&
	    a->st.st_size == was->st.st_size &&
	    is_at(&a->st.st_mtim, &was->st.st_mtim) &&
	    is_at(&a->st.st_ctim, &was->st.st_ctim);
}

static int
is_unchanged(const struct crl_set *s, const struct crl_set *before)
{
	size_t i;

	if (before == NULL || s->n != before->n ||
	    s->overflow != before->overflow)
		return 0;
	for (i = 0; i < s->n; i++)
		if (!is_same(&s->file[i], &before->file[i]))
			return 0;
	return 1;
}

/* One file, read or taken over. */
static void
fill(int dir, struct file *f, const struct crl_set *before)
{
	const struct file *was = before == NULL ? NULL : find(before, f);

	if (was != NULL && is_same(f, was))
		share(f, was);
	else
		read_file(dir, f, was);
}

static struct crl_set *
set_new(void)
{
	struct crl_set *s = OPENSSL_zalloc(sizeof(*s));

	if (s == NULL)
		return NULL;
	atomic_init(&s->refs, 1);
	s->file = OPENSSL_zalloc(MAKER_CRLS_FILES_MAX * sizeof(s->file[0]));
	if (s->file != NULL)
		return s;
	OPENSSL_free(s);
	return NULL;
}

struct crl_set *
crl_set_read(const char *dir, struct crl_set *before)
{
	struct crl_set *s = set_new();
	DIR *d = opendir(dir);
	size_t i;

	if (s == NULL || d == NULL) {
		crl_set_put(s);
		if (d != NULL)
			closedir(d);
		return NULL;
	}
	list_files(d, s, before);
	if (is_unchanged(s, before)) {
		crl_set_put(s);
		closedir(d);
		return crl_set_ref(before);
	}
	if (s->overflow)
		report_event(REPORT_WARN, "maker.crl.refused", "file", "",
		    "why", "there is too much in the folder", NULL);
	for (i = 0; i < s->n; i++)
		fill(dirfd(d), &s->file[i], before);
	closedir(d);
	return s;
}

/* ---- asking ------------------------------------------------------------ */

static int
is_wanted(const X509_CRL *crl, const X509 *leaf, const STACK_OF(X509) * rest)
{
	const X509_NAME *issuer = X509_CRL_get_issuer(crl);
	int i;

	if (X509_NAME_cmp(issuer, X509_get_issuer_name(leaf)) == 0)
		return 1;
	for (i = 0; i < sk_X509_num(rest); i++)
		if (X509_NAME_cmp(issuer,
			X509_get_issuer_name(sk_X509_value(rest, i))) == 0)
			return 1;
	return 0;
}

STACK_OF(X509_CRL) *
crl_set_of(const struct crl_set *s, const X509 *leaf,
    const STACK_OF(X509) * rest)
{
	STACK_OF(X509_CRL) *out = sk_X509_CRL_new_null();
	X509_CRL *crl;
	size_t i;
	int k;

	for (i = 0; out != NULL && i < s->n; i++)
		for (k = 0; k < sk_X509_CRL_num(s->file[i].crls); k++) {
			crl = sk_X509_CRL_value(s->file[i].crls, k);
			if (is_wanted(crl, leaf, rest) &&
			    sk_X509_CRL_push(out, crl) <= 0) {
				sk_X509_CRL_free(out);
				return NULL;
			}
		}
	return out;
}

int
crl_set_list(const struct crl_set *s,
    int (*cb)(const struct maker_crls_info *info, void *arg), void *arg)
{
	struct maker_crls_info info;
	size_t i;
	int k;

	for (i = 0; i < s->n; i++)
		for (k = 0; k < sk_X509_CRL_num(s->file[i].crls); k++) {
			describe(s->file[i].name,
			    sk_X509_CRL_value(s->file[i].crls, k), &info);
			if (!cb(&info, arg))
				return 0;
		}
	return 1;
}
