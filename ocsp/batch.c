#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "ocsp/batch.h"
#include "ocsp/counters.h"
#include "ocsp/error.h"

/* An answer by both hashes takes no more beside certificate and signature. */
#define OCTETS 500

/* Octets of a number below the order of the curve; 0: no ECDSA key. */
static size_t
field_of(const EVP_PKEY *key)
{
	if (!EVP_PKEY_is_a(key, "EC"))
		return 0;
	return ((size_t)EVP_PKEY_get_bits(key) + 7) / 8;
}

size_t
batch_signature_len(const struct signer *signer)
{
	size_t field = field_of(signer->key);
	int max = EVP_PKEY_get_size(signer->key);
	size_t len = field > 0 ? 2 * field : max > 0 ? (size_t)max : 0;

	if (len == 0 || len > BATCH_SIGNATURE_MAX) {
		ocsp_raise(OCSP_E_DELEGATE,
		    "prepare: signatures of %zu octets are not kept", len);
		return 0;
	}
	return len;
}

/* The AlgorithmIdentifier that the key's signatures are known by. */
static int
read_algorithm(struct batch *b)
{
	unsigned char room[128];
	OSSL_PARAM params[2];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	int ok = 0;

	params[0] = OSSL_PARAM_construct_octet_string(
	    OSSL_SIGNATURE_PARAM_ALGORITHM_ID, room, sizeof(room));
	params[1] = OSSL_PARAM_construct_end();
	if (ctx == NULL ||
	    EVP_DigestSignInit(ctx, &pctx, signer_digest(b->signer->key), NULL,
		b->signer->key) <= 0 ||
	    EVP_PKEY_CTX_get_params(pctx, params) <= 0 ||
	    !OSSL_PARAM_modified(&params[0])) {
		ocsp_raise(OCSP_E_DELEGATE, "prepare: the key's algorithm");
		goto out;
	}
	b->frame.algorithm_len = params[0].return_size;
	b->algorithm = OPENSSL_memdup(room, b->frame.algorithm_len);
	b->frame.algorithm = b->algorithm;
	ok = b->algorithm != NULL;
out:
	EVP_MD_CTX_free(ctx);
	return ok;
}

/* A reply of no octets, with the dates in text. */
static struct reply *
model_of(const struct batch *b, const struct batch_terms *terms)
{
	unsigned char *none = OPENSSL_zalloc(1);
	struct reply *model;

	if (none == NULL)
		return NULL;
	model = reply_new_stored(none, 1, REPLY_TYPE_OCSP, b->this_update,
	    b->next_update, b->refresh_at);
	if (model != NULL)
		model->about_issuer = (unsigned char)terms->issuer;
	return model;
}

static int
fill(struct batch *b, const struct frame_issuer *issuer,
    const struct batch_terms *terms)
{
	struct frame *f = &b->frame;

	f->issuer = issuer;
	f->extended_revoke = terms->extended_revoke;
	f->has_cutoff = terms->cutoff != 0;
	f->n_hashes = terms->both_hashes >= OCTETS + b->signer->cert_len +
		    (size_t)EVP_PKEY_get_size(b->signer->key)
	    ? FRAME_HASHES
	    : 1;
	f->key_hash = b->signer->key_hash;
	f->cert = b->signer->cert;
	f->cert_len = b->signer->cert_len;
	b->field = field_of(b->signer->key);
	b->signature_len = batch_signature_len(b->signer);
	b->serve_until =
	    b->refresh_at + (b->next_update - b->refresh_at) / 2;
	if (b->signature_len == 0 || !read_algorithm(b))
		return 0;
	if ((f->has_cutoff && !frame_time(terms->cutoff, f->cutoff)) ||
	    !frame_time(b->this_update, f->this_update) ||
	    !frame_time(b->next_update, f->next_update) ||
	    (b->model = model_of(b, terms)) == NULL ||
	    (b->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL)) == NULL) {
		ocsp_raise(OCSP_E_INTERNAL, "prepare: a batch");
		return 0;
	}
	return 1;
}

struct batch *
batch_new(const struct frame_issuer *issuer, struct signer *signer,
    const struct batch_terms *terms)
{
	struct batch *b = OPENSSL_zalloc(sizeof(*b));

	if (b == NULL)
		return NULL;
	atomic_init(&b->refs, 1);
	b->signer = signer_up_ref(signer);
	b->this_update = terms->this_update;
	b->next_update = terms->next_update;
	b->refresh_at = terms->refresh_at;
	if (fill(b, issuer, terms))
		return b;
	batch_free(b);
	return NULL;
}

struct batch *
batch_up_ref(struct batch *batch)
{
	atomic_fetch_add_explicit(&batch->refs, 1, memory_order_relaxed);
	return batch;
}

void
batch_free(struct batch *batch)
{
	if (batch == NULL || atomic_fetch_sub(&batch->refs, 1) != 1)
		return;
	reply_free(batch->model);
	EVP_MD_free(batch->sha256);
	signer_free(batch->signer);
	OPENSSL_free(batch->algorithm);
	OPENSSL_free(batch);
}

/* ---- signatures ---- */

/* SEQUENCE { r, s } becomes r || s. */
static int
pack(const struct batch *b, const unsigned char *der, size_t len,
    unsigned char *out)
{
	const unsigned char *p = der;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)len);
	const BIGNUM *r, *s;
	int n = (int)b->field, ok = 0;

	if (sig != NULL && p == der + len) {
		ECDSA_SIG_get0(sig, &r, &s);
		ok = BN_bn2binpad(r, out, n) == n &&
		    BN_bn2binpad(s, out + b->field, n) == n;
	}
	ECDSA_SIG_free(sig);
	return ok;
}

static size_t
put_number(unsigned char *out, const unsigned char *p, size_t len)
{
	size_t n = 2;

	for (; len > 1 && p[0] == 0; p++, len--)
		;
	out[0] = 0x02;
	if (p[0] & 0x80)
		out[n++] = 0;
	memcpy(out + n, p, len);
	n += len;
	out[1] = (unsigned char)(n - 2);
	return n;
}

/* Numbers of at most 66 octets (P-521): up to 138 octets within. */
static size_t
unpack(size_t field, const unsigned char *sig, unsigned char *out)
{
	size_t n, head;
	unsigned char body[2 * 72];

	n = put_number(body, sig, field);
	n += put_number(body + n, sig + field, field);
	out[0] = 0x30;
	head = n < 128 ? 2 : 3;
	if (head == 3)
		out[1] = 0x81;
	out[head - 1] = (unsigned char)n;
	memcpy(out + head, body, n);
	return head + n;
}

static int
raw_sign(const struct batch *b, const unsigned char *data, size_t len,
    unsigned char *out, size_t *out_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok;

	*out_len = BATCH_SIGNATURE_MAX + 16;
	ok = ctx != NULL &&
	    EVP_DigestSignInit(ctx, NULL, signer_digest(b->signer->key), NULL,
		b->signer->key) == 1 &&
	    EVP_DigestSign(ctx, out, out_len, data, len) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

int
batch_sign(const struct batch *b, const struct frame_cert *cert,
    unsigned char *out)
{
	unsigned char data[FRAME_DATA_MAX], sig[BATCH_SIGNATURE_MAX + 16];
	size_t len = frame_data(&b->frame, cert, data), sig_len;

	if (!raw_sign(b, data, len, sig, &sig_len)) {
		ocsp_raise(OCSP_E_DELEGATE, "signing an answer ahead");
		return 0;
	}
	if (b->field > 0 && pack(b, sig, sig_len, out))
		return 1;
	if (b->field == 0 && sig_len == b->signature_len) {
		memcpy(out, sig, sig_len);
		return 1;
	}
	ocsp_raise(OCSP_E_DELEGATE, "prepare: a signature of another length");
	return 0;
}

struct reply *
batch_reply(const struct batch *b, const struct frame_cert *cert,
    const unsigned char *signature)
{
	unsigned char der[BATCH_SIGNATURE_MAX + 16], *data;
	size_t len = b->signature_len;
	struct reply *reply;

	if (b->field > 0) {
		len = unpack(b->field, signature, der);
		signature = der;
	}
	data = frame_response(&b->frame, cert, signature, len, &len);
	if (data == NULL)
		return NULL;
	reply = reply_new_like(data, len, b->model, b->sha256);
	if (reply != NULL)
		reply->about_status =
		    cert->revoked ? COUNTERS_REVOKED : COUNTERS_GOOD;
	return reply;
}
