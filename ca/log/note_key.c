#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include "ca/log/base64.h"
#include "ca/log/note.h"
#include "ca/log/private.h"
#include "profiles/text.h"

#define SPKI_MAX 256	/* octets; that of P-521 has 158 */
#define ED25519_OCTETS 32

/* What Unicode has as White_Space, and what a name must not hold beside it. */
static int
is_space(const unsigned char *p)
{
	static const char *const spaces[] = {"\xc2\x85", "\xc2\xa0",
	    "\xe1\x9a\x80", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf",
	    "\xe2\x81\x9f", "\xe3\x80\x80"};
	size_t i;

	if (p[0] <= ' ' || p[0] == 0x7f)
		return 1;
	if (p[0] == 0xe2 && p[1] == 0x80 && p[2] >= 0x80 && p[2] <= 0x8a)
		return 1;
	for (i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
		if (strncmp((const char *)p, spaces[i], strlen(spaces[i])) == 0)
			return 1;
	return 0;
}

int
note_name_ok(const char *name)
{
	size_t len = strlen(name), i;

	if (len == 0 || len >= NOTE_NAME_MAX || !text_is_utf8(name, len))
		return 0;
	for (i = 0; i < len; i++)
		if (name[i] == '+' || is_space((const unsigned char *)name + i))
			return 0;
	return 1;
}

static int
type_of(EVP_PKEY *pkey)
{
	static const char *const curves[] = {
	    "prime256v1", "secp384r1", "secp521r1"};
	char group[32];
	size_t i, len = 0;

	if (EVP_PKEY_is_a(pkey, "ED25519"))
		return NOTE_ED25519;
	if (EVP_PKEY_is_a(pkey, "EC") &&
	    EVP_PKEY_get_group_name(pkey, group, sizeof(group), &len) == 1)
		for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
			if (strcmp(group, curves[i]) == 0)
				return NOTE_ECDSA;
	return 0;
}

/* The public half of ${pkey}, wherever that lies, as a key in software. */
static EVP_PKEY *
public_half(EVP_PKEY *pkey)
{
	unsigned char *der = NULL;
	const unsigned char *p;
	EVP_PKEY *out = NULL;
	int len = i2d_PUBKEY(pkey, &der);

	p = der;
	if (len > 0)
		out = d2i_PUBKEY(NULL, &p, len);
	OPENSSL_free(der);
	return out;
}

/* The type octet and the key as it stands in a verifier key. */
static int
encode(const struct note_key *k, unsigned char out[1 + SPKI_MAX], size_t *len)
{
	unsigned char *der = NULL;
	size_t n = ED25519_OCTETS;
	int der_len, ok;

	out[0] = (unsigned char)k->type;
	if (k->type != NOTE_ECDSA) {
		ok = EVP_PKEY_get_raw_public_key(k->pkey, out + 1, &n) == 1;
		*len = 1 + n;
		return ok;
	}
	der_len = i2d_PUBKEY(k->pkey, &der);
	ok = der_len > 0 && der_len <= SPKI_MAX;
	if (ok) {
		memcpy(out + 1, der, (size_t)der_len);
		*len = 1 + (size_t)der_len;
	}
	OPENSSL_free(der);
	return ok;
}

/* ${raw}: type octet and key. ECDSA's id knows no name. */
static void
set_id(struct note_key *k, const unsigned char *raw, size_t len)
{
	unsigned char in[NOTE_NAME_MAX + 1 + SPKI_MAX + 1], md[32];
	size_t n = strlen(k->name);

	if (k->type == NOTE_ECDSA) {
		SHA256(raw + 1, len - 1, md);
	} else {
		memcpy(in, k->name, n);
		in[n++] = '\n';
		memcpy(in + n, raw, len);
		SHA256(in, n + len, md);
	}
	k->id = (uint32_t)md[0] << 24 | (uint32_t)md[1] << 16 |
	    (uint32_t)md[2] << 8 | md[3];
}

int
note_key_set(struct note_key *k, const char *name, EVP_PKEY *pkey, int type)
{
	unsigned char raw[1 + SPKI_MAX];
	size_t len = 0;
	int own;

	memset(k, 0, sizeof(*k));
	if (!note_name_ok(name))
		return LOG_REFUSE("note.name: 1 to 255 octets of UTF-8 without "
		    "spaces and without a plus are a name");
	own = type_of(pkey);
	if (own == 0)
		return LOG_REFUSE("note.key: only Ed25519, and ECDSA on P-256, "
		    "P-384 or P-521, sign notes");
	if (type != 0 && type != own &&
	    !(type == NOTE_COSIGNATURE && own == NOTE_ED25519))
		return LOG_REFUSE("note.key: this kind of key does not make "
		    "signatures of type %d", type);
	snprintf(k->name, sizeof(k->name), "%s", name);
	k->type = type != 0 ? (enum note_type)type : (enum note_type)own;
	k->pkey = public_half(pkey);
	if (k->pkey == NULL || !encode(k, raw, &len)) {
		note_key_clear(k);
		return LOG_REFUSE("note.key: the public key cannot be had");
	}
	set_id(k, raw, len);
	return 1;
}

int
note_key_print(const struct note_key *k, char *out, size_t size)
{
	unsigned char raw[1 + SPKI_MAX];
	char text[LOG_BASE64_SIZE(sizeof(raw))];
	size_t len = 0;
	int n = -1;

	if (encode(k, raw, &len))
		n = snprintf(out, size, "%s+%08" PRIx32 "+%s", k->name, k->id,
		    log_base64_print(raw, len, text));
	if (n < 0 || (size_t)n >= size) {
		ca_raise(CA_E_INTERNAL, "note.key: it cannot be written");
		return 0;
	}
	return 1;
}

/* ${raw}: type octet and key. The key must be written as we would write it. */
static int
decode(struct note_key *k, const unsigned char *raw, size_t len)
{
	unsigned char again[1 + SPKI_MAX];
	const unsigned char *p = raw + 1;
	size_t n = 0;

	if (raw[0] == NOTE_ECDSA)
		k->pkey = d2i_PUBKEY(NULL, &p, (long)len - 1);
	else if ((raw[0] == NOTE_ED25519 || raw[0] == NOTE_COSIGNATURE) &&
	    len == 1 + ED25519_OCTETS)
		k->pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
		    p, len - 1);
	if (k->pkey == NULL)
		return 0;
	k->type = (enum note_type)raw[0];
	return (k->type == NOTE_ECDSA) == (type_of(k->pkey) == NOTE_ECDSA) &&
	    type_of(k->pkey) != 0 && encode(k, again, &n) && n == len &&
	    memcmp(again, raw, len) == 0;
}

static int
parse_id(const char *s, uint32_t *out)
{
	static const char digits[] = "0123456789abcdef";
	const char *d;
	size_t i;

	*out = 0;
	for (i = 0; i < 8; i++) {
		if (s[i] == '\0' || (d = strchr(digits, s[i])) == NULL)
			return 0;
		*out = *out << 4 | (uint32_t)(d - digits);
	}
	return s[8] == '+';
}

int
note_key_parse(struct note_key *k, const char *vkey)
{
	unsigned char raw[1 + SPKI_MAX];
	const char *plus = strchr(vkey, '+'), *text;
	size_t len = 0;
	uint32_t id;

	memset(k, 0, sizeof(*k));
	if (plus == NULL || (size_t)(plus - vkey) >= sizeof(k->name) ||
	    !parse_id(plus + 1, &id))
		return LOG_REFUSE("note.key: not a verifier key "
		    "(name+id+key)");
	memcpy(k->name, vkey, (size_t)(plus - vkey));
	if (!note_name_ok(k->name))
		return LOG_REFUSE("note.name: the verifier key's name is not "
		    "one");
	text = plus + 10;
	if (!log_base64_parse(text, strlen(text), raw, sizeof(raw), &len) ||
	    len < 2 || !decode(k, raw, len)) {
		note_key_clear(k);
		return LOG_REFUSE("note.key: the verifier key holds no key "
		    "that is known here");
	}
	set_id(k, raw, len);
	if (k->id == id)
		return 1;
	note_key_clear(k);
	return LOG_REFUSE("note.key: the verifier key's id is not its key's");
}

void
note_key_clear(struct note_key *k)
{
	EVP_PKEY_free(k->pkey);
	memset(k, 0, sizeof(*k));
}
