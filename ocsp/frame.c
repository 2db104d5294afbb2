#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ocsp/error.h"
#include "ocsp/frame.h"

/* ---- writing from the end to the front ---- */

struct back {
	unsigned char *at;
};

static void
put(struct back *b, const void *p, size_t len)
{
	b->at -= len;
	memcpy(b->at, p, len);
}

static void
put_octet(struct back *b, unsigned char octet)
{
	*--b->at = octet;
}

/* Tag and length of what lies between here and ${end}. */
static void
head(struct back *b, unsigned char tag, const unsigned char *end)
{
	size_t len = (size_t)(end - b->at), rest = len;
	unsigned char n = 0;

	if (len < 128) {
		put_octet(b, (unsigned char)len);
	} else {
		for (; rest > 0; rest >>= 8, n++)
			put_octet(b, (unsigned char)(rest & 0xff));
		put_octet(b, (unsigned char)(0x80 | n));
	}
	put_octet(b, tag);
}

enum {
	T_INTEGER = 0x02,
	T_BITSTRING = 0x03,
	T_OCTETS = 0x04,
	T_ENUMERATED = 0x0a,
	T_SEQUENCE = 0x30,
	T_GOOD = 0x80,	  /* [0] IMPLICIT NULL */
	T_REVOKED = 0xa1, /* [1] IMPLICIT RevokedInfo */
	T_0 = 0xa0,
	T_1 = 0xa1,
	T_2 = 0xa2
};

int
frame_time(time_t t, unsigned char *out)
{
	char text[32];
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year < 0 || tm.tm_year > 8099)
		return 0;
	if (strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm) !=
	    FRAME_TIME_LEN - 2)
		return 0;
	out[0] = 0x18;
	out[1] = FRAME_TIME_LEN - 2;
	memcpy(out + 2, text, FRAME_TIME_LEN - 2);
	return 1;
}

/* ---- CertIDs ---- */

static const struct {
	enum request_hash hash;
	size_t algorithm_len;
	unsigned char algorithm[16];
} by_hash[FRAME_HASHES] = {
    {REQUEST_SHA256, 15,
	{0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0}},
    {REQUEST_SHA1, 11, {0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0}},
};

void
frame_issuer(struct frame_issuer *out, const struct view_issuer *issuer)
{
	struct back b;
	size_t i, n;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < FRAME_HASHES; i++) {
		unsigned char room[FRAME_PREFIX_MAX];

		b.at = room + sizeof(room);
		n = request_hash_len(by_hash[i].hash);
		put(&b, issuer->key_hash[by_hash[i].hash], n);
		head(&b, T_OCTETS, b.at + n);
		put(&b, issuer->name_hash[by_hash[i].hash], n);
		head(&b, T_OCTETS, b.at + n);
		put(&b, by_hash[i].algorithm, by_hash[i].algorithm_len);
		out->prefix_len[i] = (size_t)(room + sizeof(room) - b.at);
		memcpy(out->prefix[i], b.at, out->prefix_len[i]);
	}
}

static void
put_certid(struct back *b, const struct frame_issuer *issuer, size_t i,
    const struct frame_cert *cert)
{
	const unsigned char *end = b->at;

	put(b, cert->serial, cert->serial_len);
	if (cert->serial[0] & 0x80)
		put_octet(b, 0);
	head(b, T_INTEGER, end);
	put(b, issuer->prefix[i], issuer->prefix_len[i]);
	head(b, T_SEQUENCE, end);
}

/* A short SEQUENCE that is all there is. */
static int
is_sequence(const unsigned char *der, size_t len)
{
	return len >= 2 && der[0] == T_SEQUENCE && der[1] < 128 &&
	    der[1] == len - 2;
}

static int
match_serial(const unsigned char *der, size_t len,
    const unsigned char **serial, size_t *serial_len)
{
	if (len < 3 || der[0] != T_INTEGER || der[1] != len - 2)
		return 0;
	der += 2;
	len -= 2;
	if (der[0] == 0 && len > 1 && (der[1] & 0x80)) {
		der++;
		len--;
	} else if (der[0] == 0 || (der[0] & 0x80)) {
		return 0; /* zero, negative, or not minimal */
	}
	if (len > REQUEST_SERIAL_MAX)
		return 0;
	*serial = der;
	*serial_len = len;
	return 1;
}

int
frame_match(const struct frame_issuer *issuer, const unsigned char *der,
    size_t len, size_t *hash, const unsigned char **serial, size_t *serial_len)
{
	size_t i, n;

	if (!is_sequence(der, len))
		return 0;
	der += 2;
	len -= 2;
	for (i = 0; i < FRAME_HASHES; i++) {
		n = issuer->prefix_len[i];
		if (len > n && memcmp(der, issuer->prefix[i], n) == 0) {
			*hash = i;
			return match_serial(
			    der + n, len - n, serial, serial_len);
		}
	}
	return 0;
}

/* OCSPRequest, TBSRequest, requestList, Request: each holds the next only. */
const unsigned char *
frame_request_certid(const unsigned char *der, size_t len, size_t *certid_len)
{
	int depth;

	for (depth = 0; depth < 4; depth++) {
		if (!is_sequence(der, len))
			return NULL;
		der += 2;
		len -= 2;
	}
	*certid_len = len;
	return der;
}

/* ---- answers ---- */

static void
put_status(struct back *b, const struct frame_cert *cert)
{
	unsigned char time[FRAME_TIME_LEN];
	const unsigned char *end = b->at;

	if (!cert->revoked) {
		put_octet(b, 0);
		put_octet(b, T_GOOD);
		return;
	}
	if (cert->reason > 0) {
		put_octet(b, (unsigned char)cert->reason);
		put_octet(b, 1);
		put_octet(b, T_ENUMERATED);
		head(b, T_0, end);
	}
	/* A time that a store can hold is one that can be written. */
	if (!frame_time(cert->revoked_at, time))
		frame_time(0, time);
	put(b, time, sizeof(time));
	head(b, T_REVOKED, end);
}

/* [1] { SEQUENCE OF { extnID, extnValue { ${value} } } } */
static void
put_extension(struct back *b, const unsigned char *oid, size_t oid_len,
    const unsigned char *value, size_t len)
{
	const unsigned char *end = b->at;

	put(b, value, len);
	head(b, T_OCTETS, end);
	put(b, oid, oid_len);
	head(b, T_SEQUENCE, end);
	head(b, T_SEQUENCE, end);
	head(b, T_1, end);
}

/* id-pkix-ocsp-archive-cutoff, id-pkix-ocsp-extended-revoke */
static const unsigned char cutoff_oid[] = {
    6, 9, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 6};
static const unsigned char revoke_oid[] = {
    6, 9, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 9};

static void
put_single(struct back *b, const struct frame *f, size_t i,
    const struct frame_cert *cert)
{
	const unsigned char *end = b->at, *next;

	if (f->has_cutoff)
		put_extension(b, cutoff_oid, sizeof(cutoff_oid), f->cutoff,
		    FRAME_TIME_LEN);
	next = b->at;
	put(b, f->next_update, FRAME_TIME_LEN);
	head(b, T_0, next);
	put(b, f->this_update, FRAME_TIME_LEN);
	put_status(b, cert);
	put_certid(b, f->issuer, i, cert);
	head(b, T_SEQUENCE, end);
}

static void
put_data(struct back *b, const struct frame *f, const struct frame_cert *cert)
{
	static const unsigned char null[] = {5, 0};
	const unsigned char *end = b->at, *singles;
	size_t i;

	if (f->extended_revoke)
		put_extension(
		    b, revoke_oid, sizeof(revoke_oid), null, sizeof(null));
	singles = b->at;
	for (i = f->n_hashes; i > 0; i--)
		put_single(b, f, i - 1, cert);
	head(b, T_SEQUENCE, singles);
	put(b, f->this_update, FRAME_TIME_LEN);
	put(b, f->key_hash, 20);
	put_octet(b, 20);
	put_octet(b, T_OCTETS);
	head(b, T_2, b->at + 22);
	head(b, T_SEQUENCE, end);
}

size_t
frame_data(
    const struct frame *f, const struct frame_cert *cert, unsigned char *out)
{
	unsigned char room[FRAME_DATA_MAX];
	struct back b = {room + sizeof(room)};
	size_t n;

	put_data(&b, f, cert);
	n = (size_t)(room + sizeof(room) - b.at);
	memcpy(out, b.at, n);
	return n;
}

/* id-pkix-ocsp-basic, 1.3.6.1.5.5.7.48.1.1 */
static const unsigned char basic_oid[] = {
    6, 9, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1};

static void
put_response(struct back *b, const struct frame *f,
    const struct frame_cert *cert, const unsigned char *sig, size_t sig_len)
{
	static const unsigned char successful[] = {T_ENUMERATED, 1, 0};
	const unsigned char *end = b->at;

	put(b, f->cert, f->cert_len);
	head(b, T_SEQUENCE, end);
	head(b, T_0, end);
	put(b, sig, sig_len);
	put_octet(b, 0); /* unused bits */
	head(b, T_BITSTRING, b->at + 1 + sig_len);
	put(b, f->algorithm, f->algorithm_len);
	put_data(b, f, cert);
	head(b, T_SEQUENCE, end);
	head(b, T_OCTETS, end);
	put(b, basic_oid, sizeof(basic_oid));
	head(b, T_SEQUENCE, end);
	head(b, T_0, end);
	put(b, successful, sizeof(successful));
	head(b, T_SEQUENCE, end);
}

unsigned char *
frame_response(const struct frame *f, const struct frame_cert *cert,
    const unsigned char *sig, size_t sig_len, size_t *out_len)
{
	/* Headers take less than 100 octets. */
	size_t room = FRAME_DATA_MAX + f->algorithm_len + sig_len +
	    f->cert_len + 128;
	unsigned char *out = OPENSSL_malloc(room);
	struct back b = {out + room};

	if (out == NULL)
		return NULL;
	put_response(&b, f, cert, sig, sig_len);
	*out_len = (size_t)(out + room - b.at);
	memmove(out, b.at, *out_len);
	return out;
}
