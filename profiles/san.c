#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/crypto.h>

#include "profiles/error.h"
#include "profiles/text.h"
#include "profiles/san.h"

/* OpenSSL 3.0 has no name for the first. */
#define HW_MODULE_NAME "1.3.6.1.5.5.7.8.4"
#define PERMANENT_ID "1.3.6.1.5.5.7.8.3"

static const char *const types[] = {[PROFILE_SAN_DNS] = "dns",
    [PROFILE_SAN_IP] = "ip",
    [PROFILE_SAN_EMAIL] = "email",
    [PROFILE_SAN_URI] = "uri",
    [PROFILE_SAN_HW_MODULE_NAME] = "hardware-module-name",
    [PROFILE_SAN_PERMANENT_ID] = "permanent-id",
    NULL};

typedef struct san_hw_module_st { /* RFC 4108 5 */
	ASN1_OBJECT *type;
	ASN1_OCTET_STRING *serial;
} SAN_HW_MODULE;

typedef struct san_permanent_st { /* RFC 4043 2 */
	ASN1_UTF8STRING *value;
	ASN1_OBJECT *assigner;
} SAN_PERMANENT;

DECLARE_ASN1_FUNCTIONS(SAN_HW_MODULE)
DECLARE_ASN1_FUNCTIONS(SAN_PERMANENT)

/* clang-format off */
ASN1_SEQUENCE(SAN_HW_MODULE) = {
	ASN1_SIMPLE(SAN_HW_MODULE, type, ASN1_OBJECT),
	ASN1_SIMPLE(SAN_HW_MODULE, serial, ASN1_OCTET_STRING)
} ASN1_SEQUENCE_END(SAN_HW_MODULE)

ASN1_SEQUENCE(SAN_PERMANENT) = {
	ASN1_OPT(SAN_PERMANENT, value, ASN1_UTF8STRING),
	ASN1_OPT(SAN_PERMANENT, assigner, ASN1_OBJECT)
} ASN1_SEQUENCE_END(SAN_PERMANENT)
    /* clang-format on */

    IMPLEMENT_ASN1_FUNCTIONS(SAN_HW_MODULE)
	IMPLEMENT_ASN1_FUNCTIONS(SAN_PERMANENT)

	    const char *const
    * san_types(void)
{
	return types;
}

const char *
san_type_name(enum profile_san_type type)
{
	return types[type];
}

static int
parse_ip(const char *value, unsigned char ip[16])
{
	if (inet_pton(AF_INET, value, ip) == 1)
		return 4;
	return inet_pton(AF_INET6, value, ip) == 1 ? 16 : 0;
}

/* Four groups of digits are an address, whatever type it is given. */
static int
is_host(const char *s, size_t len)
{
	const char *p;
	int dots = 0;

	for (p = s; p < s + len && ((*p >= '0' && *p <= '9') || *p == '.'); p++)
		dots += *p == '.';
	return text_is_dns(s, len, 0) && !(p == s + len && dots == 3);
}

/* "[2001:db8::1]" */
static int
is_ip_literal(const char *s, size_t len)
{
	unsigned char ip[16];
	char text[INET6_ADDRSTRLEN];

	if (len < 5 || len - 2 >= sizeof(text) || s[0] != '[' ||
	    s[len - 1] != ']')
		return 0;
	snprintf(text, sizeof(text), "%.*s", (int)(len - 2), s + 1);
	return inet_pton(AF_INET6, text, ip) == 1;
}

/* What is behind "//" has a host that is a name or an address (RFC 5280
   4.2.1.6): [ user "@" ] host [ ":" port ]. */
static int
has_uri_host(const char *uri)
{
	const char *s = strchr(uri, ':'), *at;
	size_t len, digits = 0;

	if (s == NULL || strncmp(s, "://", 3) != 0)
		return 1;
	s += 3;
	len = strcspn(s, "/?#");
	if (*s == '@')
		return 0;
	if ((at = memchr(s, '@', len)) != NULL) {
		len -= (size_t)(at + 1 - s);
		s = at + 1;
	}
	while (digits < len && s[len - digits - 1] >= '0' &&
	    s[len - digits - 1] <= '9')
		digits++;
	if (digits < len && s[len - digits - 1] == ':')
		len -= digits + 1;
	return text_is_dns(s, len, 0) || is_ip_literal(s, len);
}

/* "hex:0a0b" is for serials that are no text. */
static int
hex_ok(const char *value)
{
	size_t n = strspn(value, "0123456789abcdefABCDEF");

	return n > 0 && n % 2 == 0 && value[n] == '\0';
}

const char *
san_breach(enum profile_san_type type, const char *value)
{
	size_t len = strlen(value);
	unsigned char ip[16];

	if (len == 0 || len >= SAN_VALUE_MAX)
		return "is empty or too long";
	switch (type) {
	case PROFILE_SAN_DNS:
		return is_host(value, len) ? NULL : "is not a DNS name";
	case PROFILE_SAN_IP:
		return parse_ip(value, ip) ? NULL : "is not an IP address";
	case PROFILE_SAN_EMAIL:
		return text_is_email(value, len) ? NULL
						 : "is not a mail address";
	case PROFILE_SAN_URI:
		if (!text_is_uri(value, len))
			return "is not a URI";
		return has_uri_host(value) ? NULL : "has no host";
	case PROFILE_SAN_HW_MODULE_NAME:
		if (strncmp(value, "hex:", 4) == 0 && !hex_ok(value + 4))
			return "is not hexadecimal after \"hex:\"";
		break;
	case PROFILE_SAN_PERMANENT_ID:
		break;
	}
	return text_is_utf8(value, len) && !text_has_control(value, len)
	    ? NULL
	    : "is not UTF-8 text without control characters";
}

static int
set_octets(ASN1_OCTET_STRING *s, const char *value)
{
	unsigned char *octets;
	long len;
	int ok;

	if (strncmp(value, "hex:", 4) != 0)
		return ASN1_STRING_set(s, value, -1);
	if ((octets = OPENSSL_hexstr2buf(value + 4, &len)) == NULL)
		return 0;
	ok = ASN1_STRING_set(s, octets, (int)len);
	OPENSSL_free(octets);
	return ok;
}

static ASN1_STRING *
pack_hw_module(const char *oid, const char *value)
{
	SAN_HW_MODULE *hw = SAN_HW_MODULE_new();
	ASN1_STRING *der = NULL;

	if (hw == NULL)
		return NULL;
	ASN1_OBJECT_free(hw->type);
	if ((hw->type = OBJ_txt2obj(oid, 1)) == NULL ||
	    !set_octets(hw->serial, value) ||
	    ASN1_item_pack(hw, ASN1_ITEM_rptr(SAN_HW_MODULE), &der) == NULL)
		der = NULL;
	SAN_HW_MODULE_free(hw);
	return der;
}

static ASN1_STRING *
pack_permanent(const char *oid, const char *value)
{
	SAN_PERMANENT *id = SAN_PERMANENT_new();
	ASN1_STRING *der = NULL;

	if (id == NULL)
		return NULL;
	if ((id->value = ASN1_UTF8STRING_new()) == NULL ||
	    !ASN1_STRING_set(id->value, value, -1) ||
	    (oid[0] != '\0' && (id->assigner = OBJ_txt2obj(oid, 1)) == NULL) ||
	    ASN1_item_pack(id, ASN1_ITEM_rptr(SAN_PERMANENT), &der) == NULL)
		der = NULL;
	SAN_PERMANENT_free(id);
	return der;
}

static int
set_other(GENERAL_NAME *gn, const char *dotted, ASN1_STRING *der)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(dotted, 1);
	ASN1_TYPE *any = ASN1_TYPE_new();

	if (der == NULL || any == NULL || oid == NULL) {
		ASN1_STRING_free(der);
		ASN1_TYPE_free(any);
		ASN1_OBJECT_free(oid);
		return 0;
	}
	ASN1_TYPE_set(any, V_ASN1_SEQUENCE, der);
	if (!GENERAL_NAME_set0_othername(gn, oid, any)) {
		ASN1_OBJECT_free(oid);
		ASN1_TYPE_free(any);
		return 0;
	}
	return 1;
}

static int
set_string(GENERAL_NAME *gn, int type, int asn1_type, const void *data, int len)
{
	ASN1_STRING *s = ASN1_STRING_type_new(asn1_type);

	if (s == NULL || !ASN1_STRING_set(s, data, len)) {
		ASN1_STRING_free(s);
		return 0;
	}
	GENERAL_NAME_set0_value(gn, type, s);
	return 1;
}

static int
fill(GENERAL_NAME *gn, enum profile_san_type type, const char *oid,
    const char *value)
{
	unsigned char ip[16];

	switch (type) {
	case PROFILE_SAN_DNS:
		return set_string(gn, GEN_DNS, V_ASN1_IA5STRING, value, -1);
	case PROFILE_SAN_EMAIL:
		return set_string(gn, GEN_EMAIL, V_ASN1_IA5STRING, value, -1);
	case PROFILE_SAN_URI:
		return set_string(gn, GEN_URI, V_ASN1_IA5STRING, value, -1);
	case PROFILE_SAN_IP:
		return set_string(gn, GEN_IPADD, V_ASN1_OCTET_STRING, ip,
		    parse_ip(value, ip));
	case PROFILE_SAN_HW_MODULE_NAME:
		return set_other(
		    gn, HW_MODULE_NAME, pack_hw_module(oid, value));
	case PROFILE_SAN_PERMANENT_ID:
		return set_other(gn, PERMANENT_ID, pack_permanent(oid, value));
	}
	return 0;
}

GENERAL_NAME *
san_make(enum profile_san_type type, const char *oid, const char *value)
{
	const char *what = san_breach(type, value);
	GENERAL_NAME *gn = NULL;

	if (what != NULL) {
		profile_raise(PROFILE_E_BADREQUEST, "san.%s: \"%.100s\" %s",
		    types[type], value, what);
		return NULL;
	}
	if ((gn = GENERAL_NAME_new()) == NULL || !fill(gn, type, oid, value)) {
		profile_raise(
		    PROFILE_E_INTERNAL, "san.%s: cannot be made", types[type]);
		GENERAL_NAME_free(gn);
		return NULL;
	}
	return gn;
}

static int
read_ip(const ASN1_STRING *s, char *out, size_t size)
{
	int len = ASN1_STRING_length(s);

	if (len != 4 && len != 16)
		return 0;
	return inet_ntop(len == 4 ? AF_INET : AF_INET6,
		   ASN1_STRING_get0_data(s), out, (socklen_t)size) != NULL;
}

int
san_read(
    const GENERAL_NAME *gn, enum profile_san_type *type, char *out, size_t size)
{
	const ASN1_STRING *s;
	const char *text;
	size_t len;
	int gtype;

	s = GENERAL_NAME_get0_value(gn, &gtype);
	switch (gtype) {
	case GEN_IPADD:
		*type = PROFILE_SAN_IP;
		return read_ip(s, out, size);
	case GEN_DNS:
		*type = PROFILE_SAN_DNS;
		break;
	case GEN_EMAIL:
		*type = PROFILE_SAN_EMAIL;
		break;
	case GEN_URI:
		*type = PROFILE_SAN_URI;
		break;
	default:
		return 0;
	}
	text = (const char *)ASN1_STRING_get0_data(s);
	len = (size_t)ASN1_STRING_length(s);
	if (len >= size || !text_is_ascii(text, len))
		return 0;
	snprintf(out, size, "%.*s", (int)len, text);
	return 1;
}

/* Printable, and nothing that reads like the other form. */
static int
is_plain(const unsigned char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] < 0x20 || p[i] >= 0x7f)
			return 0;
	return p[0] != ' ' && p[len - 1] != ' ' &&
	    (len < 4 || memcmp(p, "hex:", 4) != 0);
}

static int
write_serial(const unsigned char *p, size_t len, char *out, size_t size)
{
	size_t i;

	if (len == 0)
		return 0;
	if (is_plain(p, len))
		return len < size &&
		    snprintf(out, size, "%.*s", (int)len, (const char *)p) > 0;
	if (len >= size || 4 + 2 * len >= size)
		return 0;
	memcpy(out, "hex:", 5);
	for (i = 0; i < len; i++)
		snprintf(out + 4 + 2 * i, 3, "%02x", (unsigned)p[i]);
	return 1;
}

/* The SEQUENCE inside, when it is a HardwareModuleName; else NULL. */
static SAN_HW_MODULE *
unpack_hw_module(const GENERAL_NAME *gn)
{
	SAN_HW_MODULE *hw = NULL;
	const unsigned char *p;
	ASN1_TYPE *value = NULL;
	ASN1_OBJECT *type = NULL;
	ASN1_STRING *der;
	char oid[SAN_OID_MAX];
	long len;

	if (GENERAL_NAME_get0_otherName(gn, &type, &value) != 1 ||
	    OBJ_obj2txt(oid, sizeof(oid), type, 1) <= 0 ||
	    strcmp(oid, HW_MODULE_NAME) != 0 ||
	    ASN1_TYPE_get(value) != V_ASN1_SEQUENCE)
		return NULL;
	der = value->value.sequence;
	p = ASN1_STRING_get0_data(der);
	len = ASN1_STRING_length(der);
	ERR_set_mark();
	hw = d2i_SAN_HW_MODULE(NULL, &p, len);
	if (hw != NULL && p != ASN1_STRING_get0_data(der) + len) {
		SAN_HW_MODULE_free(hw);
		hw = NULL;
	}
	ERR_pop_to_mark();
	return hw;
}

int
san_read_hardware(const GENERAL_NAME *gn, char oid[SAN_OID_MAX], char *out,
    size_t size)
{
	SAN_HW_MODULE *hw = unpack_hw_module(gn);
	int n, ok;

	if (hw == NULL)
		return 0;
	n = OBJ_obj2txt(oid, SAN_OID_MAX, hw->type, 1);
	ok = n > 0 && n < SAN_OID_MAX &&
	    write_serial(ASN1_STRING_get0_data(hw->serial),
		(size_t)ASN1_STRING_length(hw->serial), out, size);
	SAN_HW_MODULE_free(hw);
	return ok;
}
