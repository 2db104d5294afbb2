/* frame_request_certid, frame_match and frame_response: what is taken for a plain
   request must be one by request_parse, too, about the same serial; and the answer
   to it can be read. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include "ocsp/frame.h"
#include "ocsp/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEADERS 10 /* of the five sequences around what a CertID holds */

static void
check_answer(const struct frame_issuer *issuer, const unsigned char *serial,
    size_t len, int flags)
{
	static const unsigned char algorithm[] = {0x30, 5, 6, 3, 0x2b, 0x65, 0x70};
	static const unsigned char null_cert[] = {0x30, 0}, sig[64], key[20];
	struct frame_cert cert = {.serial = serial,
	    .serial_len = len,
	    .revoked = flags & 1,
	    .reason = flags >> 1 & 15,
	    .revoked_at = 1700000000};
	struct frame f = {.issuer = issuer,
	    .n_hashes = flags & 32 ? 1 : FRAME_HASHES,
	    .extended_revoke = flags >> 6 & 1,
	    .has_cutoff = flags >> 7 & 1,
	    .key_hash = key,
	    .algorithm = algorithm,
	    .algorithm_len = sizeof(algorithm),
	    .cert = null_cert,
	    .cert_len = 0};
	OCSP_BASICRESP *basic;
	unsigned char *der;
	const unsigned char *p;
	OCSP_RESPONSE *response;
	size_t n;

	frame_time(1700000000, f.this_update);
	frame_time(1700003600, f.next_update);
	frame_time(1600000000, f.cutoff);
	der = frame_response(&f, &cert, sig, sizeof(sig), &n);
	if (der == NULL)
		return;
	p = der;
	response = d2i_OCSP_RESPONSE(NULL, &p, (long)n);
	if (response == NULL || p != der + n)
		abort();
	basic = OCSP_response_get1_basic(response);
	if (basic == NULL || OCSP_resp_count(basic) != (int)f.n_hashes)
		abort();
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	OPENSSL_free(der);
}

static void
check(const struct frame_issuer *issuer, const unsigned char *der, size_t len)
{
	const unsigned char *certid, *serial;
	size_t certid_len, serial_len, which, nonce_len;
	const struct request_id *id;
	struct request *req;

	certid = frame_request_certid(der, len, &certid_len);
	if (certid == NULL ||
	    !frame_match(
		issuer, certid, certid_len, &which, &serial, &serial_len))
		return;
	if ((req = request_parse(der, len, 10)) == NULL ||
	    request_n_ids(req) != 1 || request_nonce(req, &nonce_len) != NULL)
		abort();
	id = request_id(req, 0);
	if (id->hash != (which == 0 ? REQUEST_SHA256 : REQUEST_SHA1) ||
	    id->serial_len != serial_len ||
	    memcmp(id->serial, serial, serial_len) != 0 ||
	    id->der_len != certid_len ||
	    memcmp(id->der, certid, certid_len) != 0)
		abort();
	check_answer(issuer, serial, serial_len, serial[serial_len - 1]);
	request_free(req);
}

/* As it stands, and with the octets that nobody would guess put in. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct frame_issuer issuer;
	struct view_issuer view = {.id = 1};
	unsigned char der[512];
	size_t i, n;

	if (issuer.prefix_len[0] == 0)
		frame_issuer(&issuer, &view);
	check(&issuer, data, size);
	for (i = 0; i < FRAME_HASHES && size > HEADERS && size < 256; i++) {
		n = issuer.prefix_len[i];
		memcpy(der, data, HEADERS);
		memcpy(der + HEADERS, issuer.prefix[i], n);
		memcpy(der + HEADERS + n, data + HEADERS, size - HEADERS);
		check(&issuer, der, size + n);
	}
	ERR_clear_error();
	return 0;
}
