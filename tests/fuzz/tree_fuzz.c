/* tree_parse, build_trees and conform_tree_declares: "extensions = ..." behind a fixed
   profile, a NUL, and lines that are the values of three fields. What is built
   of them, the judgement must take: two writings of one rule. Only its linter,
   which knows extensions that no profile describes, may refuse it: who declares
   a TcbInfo with a tag twice gets no certificate. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include "profiles/build.h"
#include "profiles/conform.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_MAX 8192
#define N_FIELDS 3

static const char base[] =
    "name = \"f\"; class = \"ldevid\"; issued_by = [ \"est\" ];\n"
    "issuer = \"i\"; key_types = [ \"ed25519\" ];\n"
    "validity: { duration = \"1d\"; };\n"
    "subject = ( { attribute = \"CN\"; value = \"f\"; } );\n"
    "key_usage: { bits = [ \"digitalSignature\" ]; };\n";
static const unsigned char spki[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b,
    0x65, 0x70, 0x03, 0x21, 0x00, 0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a,
    0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72,
    0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51,
    0x1a};
static const unsigned char sigalg[] = {
    0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};
static const unsigned char name[] = {0x30, 0x0c, 0x31, 0x0a, 0x30, 0x08, 0x06,
    0x03, 0x55, 0x04, 0x03, 0x0c, 0x01, 'i'};
static const unsigned char serial[BUILD_SERIAL_LEN] = {0x41};
static const unsigned char key_id[20] = {1};

static int
lint_refused(void)
{
	const char *data = NULL;
	int flags = 0;

	ERR_peek_last_error_all(NULL, NULL, NULL, &data, &flags);
	return (flags & ERR_TXT_STRING) && strncmp(data, "lint.", 5) == 0;
}

static void
both(const struct profile *p, const struct build_field *fields)
{
	struct build_issuer issuer = {.name = name,
	    .name_len = sizeof(name),
	    .key_id = key_id,
	    .key_id_len = sizeof(key_id),
	    .sigalg = sigalg,
	    .sigalg_len = sizeof(sigalg),
	    .not_after = BUILD_NO_END,
	    .path_len = -1};
	struct build_request req = {.profile = p,
	    .issuer = &issuer,
	    .spki = spki,
	    .spki_len = sizeof(spki),
	    .fields = fields,
	    .n_fields = N_FIELDS,
	    .serial = serial,
	    .now = 1767225600};
	struct conform_context ctx = {.profile = p,
	    .issuer = &issuer,
	    .spki = spki,
	    .spki_len = sizeof(spki),
	    .serial = serial,
	    .now = 1767225600,
	    .fields = fields,
	    .n_fields = N_FIELDS};
	unsigned char *tbs = NULL;
	size_t len;

	if (build_tbs(&req, &tbs, &len, NULL) && !conform_tbs(&ctx, tbs, len) &&
	    !lint_refused()) {
		ERR_print_errors_fp(stderr);
		abort();
	}
	OPENSSL_free(tbs);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct build_field fields[N_FIELDS] = {
	    {"registry.a", ""}, {"registry.b", ""}, {"attested.a", ""}};
	char text[sizeof(base) + TEXT_MAX], *values, *line, *save = NULL;
	struct profile *p;
	size_t i;

	if (size == 0 || size >= TEXT_MAX)
		return 0;
	memcpy(text, base, sizeof(base) - 1);
	memcpy(text + sizeof(base) - 1, data, size);
	text[sizeof(base) - 1 + size] = '\0';
	values = text + strlen(text);
	if (values < text + sizeof(base) - 1 + size)
		values++;
	p = profile_compile("f", text, strlen(text));
	for (i = 0, line = strtok_r(values, "\n", &save);
	     i < N_FIELDS && line != NULL;
	     i++, line = strtok_r(NULL, "\n", &save))
		fields[i].value = line;
	if (p != NULL)
		both(p, fields);
	profile_free(p);
	ERR_clear_error();
	return 0;
}
