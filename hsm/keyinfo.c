#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <openssl/asn1.h>
#include <openssl/objects.h>
#include "hsm/private.h"

static const struct {
	const char *name;
	enum hsm_key_type type;
} types[] = {
    {"ec-p256", HSM_KEY_EC_P256},
    {"ec-p384", HSM_KEY_EC_P384},
    {"rsa-2048", HSM_KEY_RSA_2048},
    {"rsa-3072", HSM_KEY_RSA_3072},
    {"rsa-4096", HSM_KEY_RSA_4096},
    {"ed25519", HSM_KEY_ED25519},
};

enum hsm_key_type
hsm_key_type_of(const char *name)
{
	size_t i;

	for (i = 0; name != NULL && i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(types[i].name, name) == 0)
			return types[i].type;
	return 0;
}

const char *
hsm_key_type_name(enum hsm_key_type type)
{
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (types[i].type == type)
			return types[i].name;
	return NULL;
}

int
hsm_key_id_hex(char *out, size_t size, const unsigned char *id, size_t id_len)
{
	size_t i;

	out[0] = '\0';
	if (2 * id_len + 1 > size)
		return 0;
	for (i = 0; i < id_len; i++)
		sprintf(out + 2 * i, "%02x", id[i]);
	return 1;
}

static const char *
ec_type(struct hsm_session *s, CK_OBJECT_HANDLE o)
{
	static const unsigned char p256[] = {
	    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
	static const unsigned char p384[] = {
	    0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
	unsigned char der[64];
	size_t len = 0;

	if (hsm_object_bytes(s, o, CKA_EC_PARAMS, der, sizeof(der), &len) !=
	    CKR_OK)
		return NULL;
	if (len == sizeof(p256) && memcmp(der, p256, len) == 0)
		return "ec-p256";
	if (len == sizeof(p384) && memcmp(der, p384, len) == 0)
		return "ec-p384";
	return NULL;
}

static const char *
rsa_type(struct hsm_session *s, CK_OBJECT_HANDLE o)
{
	unsigned char n[HSM_PUB_MAX];
	size_t len = 0, skip = 0;

	if (hsm_object_bytes(s, o, CKA_MODULUS, n, sizeof(n), &len) != CKR_OK)
		return NULL;
	while (skip < len && n[skip] == 0)
		skip++;
	if (skip == len || !(n[skip] & 0x80))
		return NULL;
	switch ((len - skip) * 8) {
	case 2048:
		return "rsa-2048";
	case 3072:
		return "rsa-3072";
	case 4096:
		return "rsa-4096";
	default:
		return NULL;
	}
}

static const char *
type_name(struct hsm_session *s, CK_OBJECT_HANDLE o)
{
	static const unsigned char ed_name[] = "\x13\x0c"
					       "edwards25519";
	static const unsigned char ed_oid[] = {0x06, 0x03, 0x2b, 0x65, 0x70};
	unsigned char der[64];
	size_t len = 0;
	CK_ULONG type = 0;

	if (hsm_object_ulong(s, o, CKA_KEY_TYPE, &type) != CKR_OK)
		return NULL;
	if (type == CKK_RSA)
		return rsa_type(s, o);
	if (type == CKK_EC)
		return ec_type(s, o);
	if (type != CKK_EC_EDWARDS ||
	    hsm_object_bytes(s, o, CKA_EC_PARAMS, der, sizeof(der), &len) !=
		CKR_OK)
		return NULL;
	if ((len == sizeof(ed_name) - 1 && memcmp(der, ed_name, len) == 0) ||
	    (len == sizeof(ed_oid) && memcmp(der, ed_oid, len) == 0))
		return "ed25519";
	return NULL;
}

/* Label and id in a URI; without the label when both are too long for it. */
static int
make_uri(const struct hsm *hsm, const struct hsm_key_info *info,
    const unsigned char *id, size_t id_len, char *out, size_t size)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE a_class = {CKA_CLASS, &class, sizeof(class)};
	CK_ATTRIBUTE a_id = {CKA_ID, (void *)id, id_len};
	CK_ATTRIBUTE a_label = {
	    CKA_LABEL, (void *)info->label, strlen(info->label)};
	P11KitUri *uri = p11_kit_uri_new();
	char *text = NULL;
	int try, rc = 0;

	if (uri == NULL)
		return 0;
	*p11_kit_uri_get_token_info(uri) = hsm->token;
	p11_kit_uri_set_attribute(uri, &a_class);
	if (id_len > 0)
		p11_kit_uri_set_attribute(uri, &a_id);
	if (info->label[0] != '\0')
		p11_kit_uri_set_attribute(uri, &a_label);
	for (try = 0; try < 2 && !rc; try++) {
		if (p11_kit_uri_format(uri, P11_KIT_URI_FOR_OBJECT_ON_TOKEN,
			&text) == P11_KIT_URI_OK &&
		    strlen(text) < size) {
			strcpy(out, text);
			rc = 1;
		}
		free(text);
		text = NULL;
		p11_kit_uri_clear_attribute(uri, CKA_LABEL);
	}
	p11_kit_uri_free(uri);
	return rc;
}

CK_RV
hsm_key_info_read(
    struct hsm_session *s, CK_OBJECT_HANDLE o, struct hsm_key_info *out)
{
	unsigned char id[HSM_ID_MAX];
	size_t len = 0;
	const char *type;
	CK_RV rv;

	memset(out, 0, sizeof(*out));
	rv = hsm_object_bytes(s, o, CKA_LABEL, (unsigned char *)out->label,
	    sizeof(out->label) - 1, &len);
	/* A label that is too long to name is shown as none. */
	if (rv != CKR_OK && rv != CKR_BUFFER_TOO_SMALL)
		return rv;
	out->label[len] = '\0';
	rv = hsm_object_bytes(s, o, CKA_ID, id, sizeof(id), &len);
	if (rv != CKR_OK && rv != CKR_BUFFER_TOO_SMALL &&
	    rv != CKR_ATTRIBUTE_TYPE_INVALID)
		return rv;
	hsm_key_id_hex(out->id, sizeof(out->id), id, len);
	type = type_name(s, o);
	snprintf(out->type, sizeof(out->type), "%s",
	    type != NULL ? type : "unknown");
	/* What the token does not tell is taken for the worse. */
	out->sensitive = hsm_object_flag(s, o, CKA_SENSITIVE) == 1;
	out->always_sensitive =
	    hsm_object_flag(s, o, CKA_ALWAYS_SENSITIVE) == 1;
	out->extractable = hsm_object_flag(s, o, CKA_EXTRACTABLE) != 0;
	out->never_extractable =
	    hsm_object_flag(s, o, CKA_NEVER_EXTRACTABLE) == 1;
	out->local = hsm_object_flag(s, o, CKA_LOCAL) == 1;
	out->wrap_with_trusted =
	    hsm_object_flag(s, o, CKA_WRAP_WITH_TRUSTED) == 1;
	make_uri(s->hsm, out, id, len, out->uri, sizeof(out->uri));
	return CKR_OK;
}

static int
wants(struct hsm_session *s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type,
    int want, const char *name)
{
	int is = hsm_object_flag(s, o, type);

	if (is == want)
		return 1;
	hsm_raise(HSM_E_UNSAFE, "key: %s is %s", name,
	    is < 0   ? "not told by the token"
		: is ? "true"
		     : "false");
	return 0;
}

CK_RV
hsm_key_assert(struct hsm_session *s, CK_OBJECT_HANDLE o, int made)
{
	static const struct {
		CK_ATTRIBUTE_TYPE type;
		int want, made; /* made: only of a key just generated */
		const char *name;
		int bound; /* not of one that leaves under trusted keys only */
	} rules[] = {
	    {CKA_SENSITIVE, 1, 0, "CKA_SENSITIVE", 0},
	    {CKA_EXTRACTABLE, 0, 0, "CKA_EXTRACTABLE", 1},
	    {CKA_TOKEN, 1, 1, "CKA_TOKEN", 0},
	    {CKA_PRIVATE, 1, 1, "CKA_PRIVATE", 0},
	    {CKA_ALWAYS_SENSITIVE, 1, 1, "CKA_ALWAYS_SENSITIVE", 0},
	    {CKA_NEVER_EXTRACTABLE, 1, 1, "CKA_NEVER_EXTRACTABLE", 1},
	    {CKA_LOCAL, 1, 1, "CKA_LOCAL", 0},
	    {CKA_SIGN, 1, 1, "CKA_SIGN", 0},
	    {CKA_DECRYPT, 0, 1, "CKA_DECRYPT", 0},
	    {CKA_UNWRAP, 0, 1, "CKA_UNWRAP", 0},
	    {CKA_DERIVE, 0, 1, "CKA_DERIVE", 0},
	};
	int wrapped = hsm_object_flag(s, o, CKA_WRAP_WITH_TRUSTED) == 1;
	size_t i;

	for (i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (!(wrapped && rules[i].bound) && (made || !rules[i].made) &&
		    !wants(s, o, rules[i].type, rules[i].want, rules[i].name))
			return HSM_RV_RAISED;
	return CKR_OK;
}
