#include <string.h>
#include <openssl/objects.h>
#include <openssl/rand.h>
#include "hsm/private.h"

#define HALF_MAX 72 /* octets of r or s, with room for P-521 */

/* One DER INTEGER from ${len} octets, most significant first. */
static size_t
put_integer(unsigned char *out, const unsigned char *in, size_t len)
{
	size_t pad;

	while (len > 1 && in[0] == 0) {
		in++;
		len--;
	}
	pad = in[0] & 0x80 ? 1 : 0;
	out[0] = 0x02;
	out[1] = (unsigned char)(len + pad);
	out[2] = 0;
	memcpy(out + 2 + pad, in, len);
	return 2 + pad + len;
}

/*
 * Ecdsa-Sig-Value (RFC 3279, 2.2.3), by hand: it is done for every signature,
 * and ECDSA_SIG would cost five allocations.
 */
int
hsm_encode_ecdsa(const unsigned char *raw, size_t raw_len, unsigned char *out,
    size_t size, size_t *out_len)
{
	unsigned char body[2 * (HALF_MAX + 3)];
	size_t half = raw_len / 2, len, head;

	if (raw_len == 0 || raw_len % 2 != 0 || half > HALF_MAX)
		return 0;
	len = put_integer(body, raw, half);
	len += put_integer(body + len, raw + half, half);
	head = len < 0x80 ? 2 : 3;
	if (head + len > size)
		return 0;
	out[0] = 0x30;
	if (head == 3)
		out[1] = 0x81;
	out[head - 1] = (unsigned char)len;
	memcpy(out + head, body, len);
	*out_len = head + len;
	return 1;
}

int
hsm_encode_digest_info(const EVP_MD *md, const unsigned char *digest,
    size_t digest_len, unsigned char *out, size_t size, size_t *out_len)
{
	const ASN1_OBJECT *oid = OBJ_nid2obj(EVP_MD_get_type(md));
	size_t oid_len = oid == NULL ? 0 : OBJ_length(oid), body;
	unsigned char *p = out;

	/* 2 for the outer, 2 and 2 for the inner head and NULL, 2 and 2. */
	body = 2 + 2 + oid_len + 2 + 2 + digest_len;
	if (oid_len == 0 || digest_len != (size_t)EVP_MD_get_size(md) ||
	    body >= 0x80 || body + 2 > size)
		return 0;
	*p++ = 0x30;
	*p++ = (unsigned char)body;
	*p++ = 0x30;
	*p++ = (unsigned char)(2 + oid_len + 2);
	*p++ = 0x06;
	*p++ = (unsigned char)oid_len;
	memcpy(p, OBJ_get0_data(oid), oid_len);
	p += oid_len;
	*p++ = 0x05;
	*p++ = 0x00;
	*p++ = 0x04;
	*p++ = (unsigned char)digest_len;
	memcpy(p, digest, digest_len);
	*out_len = (size_t)(p - out) + digest_len;
	return 1;
}

/* ${mask} ^= MGF1(${seed}) (RFC 8017, B.2.1). */
static int
mgf1_xor(const EVP_MD *md, const unsigned char *seed, size_t seed_len,
    unsigned char *mask, size_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char block[EVP_MAX_MD_SIZE], count[4] = {0, 0, 0, 0};
	unsigned n = 0;
	size_t i, done = 0;
	int rc = ctx != NULL;

	for (; rc && done < len; count[3]++) {
		rc = EVP_DigestInit_ex(ctx, md, NULL) == 1 &&
		    EVP_DigestUpdate(ctx, seed, seed_len) == 1 &&
		    EVP_DigestUpdate(ctx, count, sizeof(count)) == 1 &&
		    EVP_DigestFinal_ex(ctx, block, &n) == 1;
		for (i = 0; rc && i < n && done < len; i++)
			mask[done++] ^= block[i];
	}
	EVP_MD_CTX_free(ctx);
	return rc;
}

/* H = Hash(eight zeros, digest, salt). */
static int
hash_salted(const struct hsm_sign_how *how, const unsigned char *digest,
    size_t digest_len, const unsigned char *salt, unsigned char *out)
{
	static const unsigned char zeros[8];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int rc;

	rc = ctx != NULL && EVP_DigestInit_ex(ctx, how->md, NULL) == 1 &&
	    EVP_DigestUpdate(ctx, zeros, sizeof(zeros)) == 1 &&
	    EVP_DigestUpdate(ctx, digest, digest_len) == 1 &&
	    EVP_DigestUpdate(ctx, salt, (size_t)how->salt_len) == 1 &&
	    EVP_DigestFinal_ex(ctx, out, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	return rc;
}

int
hsm_encode_pss(const struct hsm_sign_how *how, const unsigned char *digest,
    size_t digest_len, size_t bits, unsigned char *out)
{
	size_t len = (bits + 7) / 8, h_len, db_len, salt_len, em_bits;
	unsigned char *em = out, *salt;
	int hash = how->md == NULL ? 0 : EVP_MD_get_size(how->md);

	/* emBits is one less than the modulus: a whole octet may fall away. */
	em_bits = bits - 1;
	memset(out, 0, len);
	if (em_bits % 8 == 0) {
		em++;
		len--;
	}
	h_len = (size_t)hash;
	salt_len = (size_t)how->salt_len;
	if (hash <= 0 || how->salt_len < 0 || digest_len != h_len ||
	    salt_len > HSM_SIG_MAX || len < h_len + salt_len + 2)
		return 0;
	db_len = len - h_len - 1;
	salt = em + db_len - salt_len;
	if (RAND_bytes(salt, how->salt_len) != 1 ||
	    !hash_salted(how, digest, digest_len, salt, em + db_len))
		return 0;
	salt[-1] = 0x01;
	if (!mgf1_xor(how->mgf1 != NULL ? how->mgf1 : how->md, em + db_len,
		h_len, em, db_len))
		return 0;
	em[0] &= 0xff >> (8 * len - em_bits);
	em[len - 1] = 0xbc;
	return 1;
}
