#include <string.h>
#include <openssl/asn1.h>
#include <openssl/crypto.h>

#include "profiles/der.h"
#include "ra/attest/eat.h"
#include "ra/attest/tree_json.h"

/*
 * Conceptual message wrappers (RFC 9999), the record form: [type, value, ?ind] in
 * CBOR or JSON, or a CBOR tag made of a content format (RFC 9277) before octets.
 * Types are those of RFC 9782.
 */

#define FORMAT_EAT_CWT 263 /* CoAP content formats */
#define FORMAT_EAT_JWT 264
#define TAG_OF_FORMAT 1668546817U /* + content format */
#define IND_EVIDENCE 0x04

static int
is_name(struct attest_octets s, const char *name)
{
	return s.len == strlen(name) &&
	    OPENSSL_strncasecmp((const char *)s.p, name, s.len) == 0;
}

static struct attest_octets
trim(struct attest_octets s)
{
	while (s.len > 0 && *s.p == ' ') {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && s.p[s.len - 1] == ' ')
		s.len--;
	return s;
}

/* ; eat_profile=VALUE, the only parameter there is (RFC 9782 3). */
static int
parameter(struct attest_octets s, struct cmw *out)
{
	const unsigned char *eq = memchr(s.p, '=', s.len);
	struct attest_octets name, value;

	if (eq == NULL)
		return 0;
	name = trim(octets_of(s.p, (size_t)(eq - s.p)));
	value = trim(octets_of(eq + 1, s.len - (size_t)(eq - s.p) - 1));
	if (value.len >= 2 && value.p[0] == '"' &&
	    value.p[value.len - 1] == '"') {
		value.p++;
		value.len -= 2;
	}
	if (!is_name(name, "eat_profile") || value.len == 0 ||
	    value.len >= sizeof(out->profile))
		return 0;
	memcpy(out->profile, value.p, value.len);
	out->profile[value.len] = '\0';
	return 1;
}

static int
media_type(struct attest_octets type, struct cmw *out)
{
	const unsigned char *semi =
	    type.len ? memchr(type.p, ';', type.len) : NULL;
	struct attest_octets name = type, rest;

	if (semi) {
		name.len = (size_t)(semi - type.p);
		rest = octets_of(semi + 1, type.len - name.len - 1);
		if (rest.len == 0 || !parameter(rest, out))
			return attest_refuse("cmw.type", "type",
			    "a parameter that is not eat_profile");
	}
	name = trim(name);
	out->jwt = is_name(name, "application/eat+jwt");
	return out->jwt || is_name(name, "application/eat+cwt") ||
	    attest_refuse("cmw.type", "type",
		"neither application/eat+cwt nor application/eat+jwt");
}

static int
content_format(int64_t format, struct cmw *out)
{
	out->jwt = format == FORMAT_EAT_JWT;
	return out->jwt || format == FORMAT_EAT_CWT ||
	    attest_refuse("cmw.type", "type",
		"content format %lld is not that of a signed EAT",
		(long long)format);
}

static int
indicator(int64_t ind)
{
	return (ind >= 0 && (ind & IND_EVIDENCE) != 0) ||
	    attest_refuse("cmw.ind", "ind", "%lld: it is not evidence",
		(long long)ind);
}

static int
read_cbor(struct attest_octets in, struct cmw *out)
{
	struct attest_octets type;
	int64_t number;
	size_t n;

	out->tree = tree_read("cmw.record", "cmw", in);
	if (out->tree == NULL)
		return 0;
	if (cbor_isa_tag(out->tree)) {
		uint64_t tag = cbor_tag_value(out->tree);

		if (tag < TAG_OF_FORMAT || tag - TAG_OF_FORMAT > 65024 ||
		    !tree_bytes(tree_tagged(out->tree, tag), &out->token))
			return attest_malformed("cmw.record", "cmw",
			    "not a content format's tag before octets");
		return content_format((int64_t)(tag - TAG_OF_FORMAT), out);
	}
	n = tree_count(out->tree);
	if ((n != 2 && n != 3) ||
	    !tree_bytes(tree_at(out->tree, 1), &out->token))
		return attest_malformed("cmw.record", "cmw",
		    "not a record: collections are not read here");
	if (n == 3 && !tree_int(tree_at(out->tree, 2), &number))
		return attest_malformed("cmw.record", "ind", "not a number");
	if (n == 3 && !indicator(number))
		return 0;
	if (tree_int(tree_at(out->tree, 0), &number))
		return content_format(number, out);
	return tree_text(tree_at(out->tree, 0), &type)
	    ? media_type(type, out)
	    : attest_malformed("cmw.record", "type", "neither text nor number");
}

static int
json_record(const json_t *record, struct cmw *out)
{
	const json_t *type = json_array_get(record, 0);
	const json_t *value = json_array_get(record, 1);
	const json_t *ind = json_array_get(record, 2);
	size_t n = json_array_size(record), len = 0;

	if ((n != 2 && n != 3) || !json_is_string(type) ||
	    !json_is_string(value) || (ind && !json_is_integer(ind)))
		return attest_malformed("cmw.record", "cmw",
		    "not a record: collections are not read here");
	if (ind && !indicator(json_integer_value(ind)))
		return 0;
	out->owned = base64url_decode(
	    octets_of(json_string_value(value), json_string_length(value)),
	    &len);
	if (out->owned == NULL)
		return attest_malformed("cmw.record", "value",
		    "not base64url");
	out->token = octets_of(out->owned, len);
	return media_type(
	    octets_of(json_string_value(type), json_string_length(type)), out);
}

static int
read_json(struct attest_octets in, struct cmw *out)
{
	json_t *record = tree_json_read("cmw.record", "cmw", in);
	int ok = record != NULL && json_record(record, out);

	json_decref(record);
	return ok;
}

int
cmw_read(enum attest_kind kind, struct attest_octets stmt, struct cmw *out)
{
	struct der in = { stmt.p, stmt.len }, body, inner;

	memset(out, 0, sizeof(*out));
	if (kind == ATTEST_KIND_CMW) {
		if (der_only(in, DER_UTF8, &body))
			return read_json(octets_of(body.p, body.len), out);
		if (der_only(in, DER_OCTET_STRING, &body))
			return read_cbor(octets_of(body.p, body.len), out);
		return attest_malformed("cmw.record", "stmt",
		    "neither UTF8String nor OCTET STRING");
	}
	/* TCG: SEQUENCE { cmw OCTET STRING }, either form inside. */
	if (!der_only(in, DER_SEQUENCE, &body) ||
	    !der_only(body, DER_OCTET_STRING, &inner) || inner.len == 0)
		return attest_malformed("cmw.record", "stmt",
		    "not a SEQUENCE of one OCTET STRING");
	return inner.p[0] == '[' ? read_json(octets_of(inner.p, inner.len), out)
				 : read_cbor(octets_of(inner.p, inner.len), out);
}

void
cmw_clear(struct cmw *c)
{
	OPENSSL_free(c->owned);
	if (c->tree)
		cbor_decref(&c->tree);
	memset(c, 0, sizeof(*c));
}
