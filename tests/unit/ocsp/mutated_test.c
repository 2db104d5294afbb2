#include "tests/unit/ocsp/asking.h"
#include "tests/unit/ocsp/http.h"

/*
 * Requests that were good until somebody changed some octets. Whatever comes
 * out is one of the unsigned errors or a signed answer about just the CertIDs
 * that were asked for; over HTTP a 4xx, or that.
 */

#define ROUNDS 20000
#define HTTP_ROUNDS 300

static uint32_t seed = 20261129;

static uint32_t
next(void)
{
	seed = seed * 1664525u + 1013904223u;
	return seed >> 8;
}

/* Change, cut, double or insert. */
static size_t
mutate(unsigned char *p, size_t len, size_t room)
{
	size_t at, n, k, changes = 1 + next() % 3;

	for (k = 0; k < changes && len > 1; k++) {
		at = next() % len;
		switch (next() % 6) {
		case 0:
			p[at] = (unsigned char)next();
			break;
		case 1:
			p[at] ^= (unsigned char)(1u << next() % 8);
			break;
		case 2:
			len = at + 1;
			break;
		case 3:
			p[at] = (unsigned char)(next() % 2 ? 0x80 : 0xff);
			break;
		case 4:
			n = next() % (len - at) + 1;
			if (len + n <= room) {
				memmove(p + at + n, p + at, len - at);
				len += n;
			}
			break;
		default:
			n = next() % (len - at);
			memmove(p + at, p + at + n, len - at - n);
			len -= n;
		}
	}
	return len;
}

/* A request to begin with: one or more CertIDs, with or without a nonce. */
static size_t
begin(struct rig *r, unsigned char *out, size_t room)
{
	static const unsigned char *const serials[] = {
	    rig_good, rig_revoked, rig_held, rig_never};
	OCSP_REQUEST *req = OCSP_REQUEST_new();
	size_t i, n = 1 + next() % 3;
	unsigned char *p = out;
	int len;

	for (i = 0; i < n; i++)
		assert_non_null(OCSP_request_add0_id(req,
		    pki_certid(r->pki.ca, serials[next() % 4], 2,
			next() % 2 ? EVP_sha1() : EVP_sha256())));
	if (next() % 2)
		OCSP_request_add1_nonce(req, NULL, 1 + (int)(next() % 40));
	len = i2d_OCSP_REQUEST(req, NULL);
	assert_true(len > 0 && (size_t)len <= room);
	i2d_OCSP_REQUEST(req, &p);
	OCSP_REQUEST_free(req);
	return (size_t)len;
}

/* Just what was asked, in its order. */
static void
about_these(OCSP_BASICRESP *basic, const unsigned char *der, size_t len)
{
	const unsigned char *p = der;
	OCSP_REQUEST *req = d2i_OCSP_REQUEST(NULL, &p, (long)len);
	int i;

	assert_non_null(req);
	assert_ptr_equal(p, der + len);
	assert_int_equal(
	    OCSP_resp_count(basic), OCSP_request_onereq_count(req));
	for (i = 0; i < OCSP_resp_count(basic); i++)
		assert_int_equal(
		    OCSP_id_cmp(
			OCSP_SINGLERESP_get0_id(OCSP_resp_get0(basic, i)),
			OCSP_onereq_get0_id(OCSP_request_onereq_get0(req, i))),
		    0);
	OCSP_REQUEST_free(req);
}

/* Status of what came back, held against what was asked. */
static int
judge(const unsigned char *answer, size_t answer_len, const unsigned char *der,
    size_t len)
{
	const unsigned char *p = answer;
	OCSP_RESPONSE *response =
	    d2i_OCSP_RESPONSE(NULL, &p, (long)answer_len);
	OCSP_BASICRESP *basic;
	int status;

	assert_non_null(response);
	assert_ptr_equal(p, answer + answer_len);
	status = OCSP_response_status(response);
	assert_true(status == 0 || status == MALFORMED || status == TRYLATER ||
	    status == UNAUTHORIZED);
	basic = OCSP_response_get1_basic(response);
	assert_int_equal(basic != NULL, status == 0);
	if (basic != NULL)
		about_these(basic, der, len);
	ERR_clear_error();
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	return status;
}

static void
mutated(void **state)
{
	struct rig *r = *state;
	unsigned char der[2048];
	size_t i, len, seen[7] = {0};
	struct reply *reply;

	r->set.delegates[0].policy.sign_budget = 5;
	for (i = 0; i < ROUNDS; i++) {
		len = begin(r, der, sizeof(der));
		len = mutate(der, len, sizeof(der));
		if (i % 1000 == 0)
			r->now++;
		reply = responder_answer(&r->responder, der, len, r->now);
		assert_non_null(reply);
		seen[judge(reply->data, reply->len, der, len)]++;
		reply_free(reply);
	}
	/* All kinds came up, or the test tells nothing. */
	assert_true(seen[0] > 50);
	assert_true(seen[MALFORMED] > 1000);
	assert_true(seen[TRYLATER] > 50);
	assert_true(seen[UNAUTHORIZED] > 100);
}

/* The same over a connection, with a head that was changed, too. */
static void
mutated_http(void **state)
{
	static struct http h;
	struct rig *r = *state;
	unsigned char der[2048], text[4096];
	size_t i, len, n, ocsp = 0, refused = 0;
	int fd;

	rig_serve(r);
	for (i = 0; i < HTTP_ROUNDS; i++) {
		len = begin(r, der, sizeof(der));
		if (i % 3 != 0)
			len = mutate(der, len, sizeof(der));
		n = (size_t)snprintf((char *)text, sizeof(text),
		    "POST /ocsp HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
		    "Content-Length: %zu\r\n\r\n",
		    len);
		if (i % 3 == 0)
			n = mutate(text, n, 1024);
		memcpy(text + n, der, len);
		fd = http_connect(r);
		http_write(fd, text, n + len);
		shutdown(fd, SHUT_WR);
		if (http_read(fd, &h, 0)) {
			assert_true(h.status == 200 ||
			    (h.status >= 400 && h.status <= 505));
			refused += h.status >= 400;
			if (h.status == 200 && i % 3 != 0) {
				judge(h.body, h.body_len, der, len);
				ocsp++;
			}
		}
		close(fd);
	}
	assert_true(ocsp > HTTP_ROUNDS / 3);
	assert_true(refused > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(mutated, setup, teardown),
	    cmocka_unit_test_setup_teardown(mutated_http, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
