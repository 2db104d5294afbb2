/* path_route, path_decode, request_parse, range_read and crltime_read, on any
   octets: the path of a GET, the body of a POST, a Range, a published CRL. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include "ocsp/crltime.h"
#include "ocsp/path.h"
#include "ocsp/range.h"
#include "ocsp/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_path(const uint8_t *data, size_t size)
{
	char *line = OPENSSL_strndup((const char *)data, size);
	unsigned char out[1024];
	struct path path;
	size_t len;

	if (line == NULL)
		return;
	path_route(line, &path);
	/* Only the log has folders, each with one way to write it. */
	if (path.name[0] == '.' || path.name[0] == '/' ||
	    (path.kind != PATH_LOG && strchr(path.name, '/') != NULL) ||
	    strstr(path.name, "..") != NULL)
		abort();
	if (path_decode(path.base64, out, sizeof(out), &len) &&
	    len > sizeof(out))
		abort();
	OPENSSL_free(line);
}

static void
try_request(const uint8_t *data, size_t size)
{
	struct request *req = request_parse(data, size, 10);
	size_t i, len;

	if (req == NULL)
		return;
	if (request_n_ids(req) < 1 || request_n_ids(req) > 10)
		abort();
	for (i = 0; i < request_n_ids(req); i++)
		if (request_id(req, i)->serial_len > REQUEST_SERIAL_MAX ||
		    request_id(req, i)->der_len == 0)
			abort();
	if (request_nonce(req, &len) != NULL &&
	    (len < 1 || len > REQUEST_NONCE_MAX))
		abort();
	request_free(req);
}

static void
try_range(const uint8_t *data, size_t size)
{
	char *line = OPENSSL_strndup((const char *)data, size);
	size_t first = 0, last = 0, len = size + 1;

	if (line != NULL &&
	    range_read(line, len, &first, &last) == RANGE_PART &&
	    (first > last || last >= len))
		abort();
	OPENSSL_free(line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	time_t from, to;

	try_path(data, size);
	try_request(data, size);
	try_range(data, size);
	crltime_read(data, size, &from, &to);
	ERR_clear_error();
	return 0;
}
