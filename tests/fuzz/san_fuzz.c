/* san_breach, san_make and san_read, the text_is_* judgements, spki_inspect,
   spki_load and sig_read: single names, keys and algorithms. The first octet is
   the type of name. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include "profiles/san.h"
#include "profiles/sig.h"
#include "profiles/spki.h"
#include "profiles/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A name that may be written is read as what it was. */
static void
try_name(enum profile_san_type type, const char *value)
{
	enum profile_san_type again;
	char text[SAN_VALUE_MAX + 1];
	GENERAL_NAME *gn;

	if (san_breach(type, value) != NULL)
		return;
	gn = san_make(type, "1.2.3", value);
	if (gn != NULL && type <= PROFILE_SAN_URI &&
	    (!san_read(gn, &again, text, sizeof(text)) || again != type))
		abort();
	GENERAL_NAME_free(gn);
}

static void
try_text(const char *s, size_t len)
{
	if (text_is_dns(s, len, 1) && !text_is_ascii(s, len))
		abort();
	if (text_is_email(s, len) && !text_is_ascii(s, len))
		abort();
	if (text_is_uri(s, len) && !text_is_ascii(s, len))
		abort();
	if (text_is_printable(s, len) && !text_is_utf8(s, len))
		abort();
	(void)text_is_http(s);
	(void)text_is_oid(s);
}

static void
try_key(const unsigned char *der, size_t len)
{
	enum spki_type type = spki_inspect(der, len), again = SPKI_UNKNOWN;
	EVP_PKEY *key = spki_load(der, len, &again);

	if ((key != NULL && again != type) ||
	    (type != SPKI_UNKNOWN && spki_type_name(type) == NULL))
		abort();
	EVP_PKEY_free(key);
}

static void
try_algorithm(const unsigned char *der, size_t len)
{
	X509_ALGOR *alg = d2i_X509_ALGOR(NULL, &der, (long)len);
	struct sig sig;

	if (alg != NULL && sig_read(alg, "sig", &sig) && sig.key_nid == 0)
		abort();
	X509_ALGOR_free(alg);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size < 1)
		return 0;
	text = OPENSSL_strndup((const char *)data + 1, size - 1);
	if (text == NULL)
		return 0;
	try_name((enum profile_san_type)(data[0] % 6), text);
	try_text(text, strlen(text));
	try_key(data + 1, size - 1);
	try_algorithm(data + 1, size - 1);
	OPENSSL_free(text);
	ERR_clear_error();
	return 0;
}
