#include <string.h>

#include <openssl/crypto.h>
#include <openssl/x509.h>

#include "ca/error.h"
#include "ca/engine/crl_build.h"
#include "ca/engine/crl_entry.h"
#include "ca/engine/crl_frame.h"
#include "hsm/hsm.h"
#include "profiles/sig.h"

#define HEADER_MAX 6		/* tag and length of what is below 4 GiB */
#define SIZE_LIMIT ((size_t)INT32_MAX)	/* of OpenSSL's lengths */
#define SIG_MAX 1024
#define FIRST_SIZE 4096

/* The buffer is: room for what is written last and stands first, the entries,
   what stands behind them. */
struct crl_build {
	const struct issuer *is;
	const struct crl_spec *spec;
	unsigned char *head, *tail;	/* contents, encoded */
	size_t head_len, tail_len;
	unsigned char *buf;
	size_t size, room, end;		/* entries: [room, end) */
	size_t begin;			/* of the signed CRL */
	int64_t n;
};

static int
no_memory(void)
{
	ca_raise(CA_E_INTERNAL, "crl: out of memory");
	return 0;
}

struct crl_build *
crl_build_new(const struct issuer *is, const struct crl_spec *spec)
{
	struct crl_build *b = OPENSSL_zalloc(sizeof(*b));

	if (b == NULL)
		return NULL;
	b->is = is;
	b->spec = spec;
	if (crl_frame_head(is, spec, &b->head, &b->head_len) &&
	    crl_frame_tail(is, spec, &b->tail, &b->tail_len)) {
		b->room = b->end = b->head_len + 3 * HEADER_MAX;
		b->size = b->room + FIRST_SIZE;
		b->buf = OPENSSL_malloc(b->size);
	}
	if (b->buf != NULL)
		return b;
	ca_raise(CA_E_INTERNAL, "crl: head and extensions cannot be made");
	crl_build_free(b);
	return NULL;
}

void
crl_build_free(struct crl_build *b)
{
	if (b == NULL)
		return;
	OPENSSL_free(b->head);
	OPENSSL_free(b->tail);
	OPENSSL_free(b->buf);
	OPENSSL_free(b);
}

/* Half as much again: pages that were not written to are not there yet. */
static int
make_room(struct crl_build *b, size_t n)
{
	size_t size = b->size;
	unsigned char *buf;

	if (b->end + n <= size)
		return 1;
	while (size < b->end + n)
		size += size / 2;
	if (b->end + n > SIZE_LIMIT) {
		ca_raise(CA_E_INTERNAL, "crl.size: above %zu octets: it must "
		    "be sharded", SIZE_LIMIT);
		return 0;
	}
	buf = OPENSSL_realloc(b->buf, size);
	if (buf == NULL)
		return no_memory();
	b->buf = buf;
	b->size = size;
	return 1;
}

int
crl_build_add(struct crl_build *b, const struct cert_revoked *r)
{
	size_t n;

	if (!make_room(b, CRL_ENTRY_MAX))
		return 0;
	n = crl_entry_write(b->buf + b->end, r);
	b->end += n;
	b->n += n > 0;
	return n > 0;
}

int64_t
crl_build_entries(const struct crl_build *b)
{
	return b->n;
}

/* ${n} octets, or the header of so many, before what begins at ${begin}. */
static void
prepend(struct crl_build *b, const unsigned char *p, size_t n)
{
	b->begin -= n;
	memcpy(b->buf + b->begin, p, n);
}

static void
prepend_header(struct crl_build *b)
{
	unsigned char header[HEADER_MAX + 2], *w = header;

	ASN1_put_object(&w, 1, (int)(b->end - b->begin), V_ASN1_SEQUENCE,
	    V_ASN1_UNIVERSAL);
	prepend(b, header, (size_t)(w - header));
}

static int
append(struct crl_build *b, const unsigned char *p, size_t n)
{
	if (!make_room(b, n))
		return 0;
	memcpy(b->buf + b->end, p, n);
	b->end += n;
	return 1;
}

/* TBSCertList, whole, at [begin, end). */
static int
close_tbs(struct crl_build *b)
{
	b->begin = b->room;
	if (b->n > 0)
		prepend_header(b);
	prepend(b, b->head, b->head_len);
	if (!append(b, b->tail, b->tail_len))
		return 0;
	prepend_header(b);
	return 1;
}

static int
sign(const struct crl_build *b, const struct sig *how, unsigned char *sig,
    size_t *len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok;

	ok = ctx != NULL && sig_sign_init(how, ctx, b->is->key) &&
	    EVP_DigestSign(ctx, sig, len, b->buf + b->begin,
	    b->end - b->begin) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

/* What the token made is believed under the certificate's key alone. */
static int
verify(const struct crl_build *b, const struct sig *how,
    const unsigned char *sig, size_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok;

	ok = ctx != NULL && sig_verify_init(how, ctx, b->is->verify) &&
	    EVP_DigestVerify(ctx, sig, len, b->buf + b->begin,
	    b->end - b->begin) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

/* Algorithm and signature behind the TBS, and the SEQUENCE around all. */
static int
close_list(struct crl_build *b, const unsigned char *sig, size_t len)
{
	const struct build_issuer *bi = &b->is->build;
	unsigned char header[HEADER_MAX + 2], *w = header;

	ASN1_put_object(&w, 0, (int)len + 1, V_ASN1_BIT_STRING,
	    V_ASN1_UNIVERSAL);
	*w++ = 0;		/* unused bits */
	if (!append(b, bi->sigalg, bi->sigalg_len) ||
	    !append(b, header, (size_t)(w - header)) || !append(b, sig, len))
		return 0;
	prepend_header(b);
	return 1;
}

int
crl_build_sign(struct crl_build *b)
{
	const struct build_issuer *bi = &b->is->build;
	const unsigned char *p = bi->sigalg;
	X509_ALGOR *alg = d2i_X509_ALGOR(NULL, &p, (long)bi->sigalg_len);
	unsigned char sig[SIG_MAX];
	size_t len = sizeof(sig);
	struct sig how;
	int ok = 0;

	if (alg == NULL || !sig_read(alg, "crl", &how) || !close_tbs(b))
		goto out;
	ok = b->is->key != NULL && sign(b, &how, sig, &len);
	if (ok && !verify(b, &how, sig, len)) {
		hsm_key_wrong(b->is->key, "a CRL's signature does not verify");
		ok = 0;
	}
	ok = ok && close_list(b, sig, len);
	if (!ok)
		ca_raise(CA_E_SIGN, "issuer %s: the CRL cannot be signed",
		    b->is->row.ident);
out:
	X509_ALGOR_free(alg);
	return ok;
}

const unsigned char *
crl_build_der(const struct crl_build *b, size_t *len)
{
	*len = b->end - b->begin;
	return b->buf + b->begin;
}
