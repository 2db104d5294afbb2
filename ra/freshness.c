#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/crypto.h>

#include "ca/shape/base64.h"
#include "ra/error.h"
#include "ra/freshness.h"

#define EK_CERTS_MAX 4
#define TYPE_MAX 128

static int
bad(const char *what)
{
	ra_raise(RA_E_BADREQUEST, "freshness.request: %s", what);
	return 0;
}

/* --- base64url --- */

static int
add_b64url(WIRE_FIELDS *args, const char *name, const json_t *value)
{
	char buf[FRESHNESS_MAX + 4];
	unsigned char out[BASE64_DECODED_MAX(FRESHNESS_MAX + 4)];
	const char *text = json_string_value(value);
	size_t i, n, len = 0;

	if (text == NULL || (n = strlen(text)) == 0 || n > FRESHNESS_MAX ||
	    strpbrk(text, "+/=") != NULL)
		return bad("a value is no base64url without padding");
	for (i = 0; i < n; i++)
		buf[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
	for (; i % 4 != 0; i++)
		buf[i] = '=';
	if (base64_decode(buf, i, 0, out, &len) != BASE64_OK)
		return bad("a value is no base64url without padding");
	return field_add_bytes(args, name, out, len);
}

static json_t *
b64url(const unsigned char *p, size_t len)
{
	char *text = base64_encode(p, len, 0), *c;
	json_t *out = NULL;

	if (text != NULL) {
		for (c = text; *c != '\0' && *c != '=' && *c != '\n'; c++)
			*c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
		*c = '\0';
		out = json_string(text);
	}
	OPENSSL_free(text);
	return out;
}

/* --- the request --- */

static int
read_certs(const json_t *list, WIRE_FIELDS *args)
{
	size_t i;

	if (list == NULL)
		return 1;
	if (!json_is_array(list) || json_array_size(list) > EK_CERTS_MAX)
		return bad("ekCerts is a list of at most 4");
	for (i = 0; i < json_array_size(list); i++)
		if (!add_b64url(args, "ek_cert", json_array_get(list, i)))
			return 0;
	return 1;
}

static int
read_type(const json_t *info, WIRE_FIELDS *args)
{
	const char *type = json_string_value(json_object_get(info, "type"));
	const json_t *req = json_object_get(info, "reqInfo"), *v;

	if (info == NULL)
		return 1;
	if (type == NULL || strlen(type) > TYPE_MAX ||
	    strspn(type, "0123456789.") != strlen(type))
		return bad("reqTypeInfo.type is no OID");
	if (!field_add_text(args, "type", type))
		return 0;
	if (req == NULL)
		return 1;
	if (!json_is_object(req))
		return bad("reqInfo is no object");
	if (!read_certs(json_object_get(req, "ekCerts"), args))
		return 0;
	v = json_object_get(req, "ekPub");
	if (v != NULL && !add_b64url(args, "ek_public", v))
		return 0;
	v = json_object_get(req, "akPub");
	return v == NULL || add_b64url(args, "ak_public", v);
}

static int
read_len(const json_t *len, WIRE_FIELDS *args)
{
	if (len == NULL)
		return 1;
	if (!json_is_integer(len) || json_integer_value(len) < 8 ||
	    json_integer_value(len) > 64)
		return bad("len is a number from 8 to 64");
	return field_add_int(args, "len", json_integer_value(len));
}

int
freshness_read(const char *text, size_t len, WIRE_FIELDS *args)
{
	json_error_t err;
	json_t *root;
	int ok;

	if (len > FRESHNESS_MAX)
		return bad("it is too long");
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &err);
	ok = json_is_object(root) ||
	    bad("it is no JSON object, or has a key twice");
	ok = ok && read_len(json_object_get(root, "len"), args) &&
	    read_type(json_object_get(root, "reqTypeInfo"), args);
	json_decref(root);
	return ok;
}

/* --- the answer --- */

static int
put_bytes(json_t *to, const char *key, const WIRE_FIELDS *l, const char *name)
{
	size_t len = 0;
	const unsigned char *p = field_bytes(l, name, &len);

	return p != NULL && json_object_set_new(to, key, b64url(p, len)) == 0;
}

static int
put_type(json_t *root, const WIRE_FIELDS *v)
{
	const char *type = field_text(v, "type", NULL);
	json_t *info, *resp;

	if (type == NULL)
		return 1;
	info = json_object();
	resp = json_object();
	if (json_object_set_new(info, "type", json_string(type)) != 0 ||
	    json_object_set(info, "respInfo", resp) != 0 ||
	    json_object_set(root, "respTypeInfo", info) != 0) {
		json_decref(resp);
		json_decref(info);
		return 0;
	}
	json_decref(resp);
	json_decref(info);
	return put_bytes(resp, "idObject", v, "id_object") &&
	    put_bytes(resp, "encSecret", v, "enc_secret") &&
	    put_bytes(resp, "akName", v, "ak_name") &&
	    json_object_set_new(resp, "binding",
		json_string(field_text(v, "binding", ""))) == 0;
}

char *
freshness_write(const WIRE_ANSWER *answer)
{
	const WIRE_FIELDS *v = answer->values;
	int64_t expiry = field_int(v, "expiry", 0);
	json_t *root = json_object();
	char *out = NULL;

	if (root != NULL && put_bytes(root, "nonce", v, "nonce") &&
	    (expiry == 0 ||
		json_object_set_new(root, "expiry", json_integer(expiry)) ==
		    0) &&
	    put_type(root, v))
		out = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	if (out == NULL)
		ra_raise(RA_E_INTERNAL, "freshness: no answer could be made");
	return out;
}

/* --- the cookie --- */

int
freshness_cookie(const char *header, char out[FRESHNESS_TOKEN_MAX + 1])
{
	const size_t name = sizeof(FRESHNESS_COOKIE) - 1;
	const char *p = header;
	size_t n;

	while (p != NULL) {
		p += strspn(p, " \t;");
		if (strncmp(p, FRESHNESS_COOKIE "=", name + 1) == 0)
			break;
		p = strchr(p, ';');
	}
	if (p == NULL)
		return 0;
	p += name + 1;
	n = strcspn(p, "; \t");
	if (n != FRESHNESS_TOKEN_MAX ||
	    strspn(p, "0123456789abcdefABCDEF") < n)
		return 0;
	memcpy(out, p, n);
	out[n] = '\0';
	return 1;
}
