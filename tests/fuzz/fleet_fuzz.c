/* policy_compile with fleet_compile, fleet_read_maker, fleet_read_rules,
   fleet_read_revocation, fleet_read_stations, fleet_read_approval,
   fleet_read_attest and fleet_read_anchors: a fleet file and, behind a NUL, the
   trust anchors (PEM) that it names as "maker". What compiles can be shown
   (policy_fleet_dump) and has CSR attributes (policy_csrattrs). */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include "ca/engine/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char profile[] =
    "name = \"p\"; class = \"ldevid\"; issued_by = [ \"est\" ];\n"
    "issuer = \"i\"; key_types = [ \"ec-p256\", \"ed25519\" ];\n"
    "validity: { duration = \"1d\"; };\n"
    "subject = ( { attribute = \"CN\"; from = \"identity.cn\"; } );\n"
    "key_usage: { bits = [ \"digitalSignature\" ]; };\n";

static void
look(const struct policy *p)
{
	const struct fleet *f = policy_fleet(p, "f");
	unsigned char *der = NULL;
	char *text;
	size_t len;

	if (f == NULL || f->n_makers > FLEET_MAKERS_MAX ||
	    f->n_stations > FLEET_STATIONS_MAX || f->compiled == NULL)
		abort();
	text = policy_fleet_dump(f);
	if (text == NULL || !policy_csrattrs(f, &der, &len) || len < 2)
		abort();
	OPENSSL_free(text);
	OPENSSL_free(der);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *pem;
	struct policy_file files[3] = {
	    {"profiles/p.conf", (char *)(uintptr_t)profile, strlen(profile)},
	    {.path = "fleets/f.conf"}, {.path = "fleets/maker.pem"}};
	struct policy *p;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	pem = text + strlen(text);
	if (pem < text + size)
		pem++;
	files[1].text = text;
	files[1].len = strlen(text);
	files[2].text = pem;
	files[2].len = strlen(pem);
	p = policy_compile(files, 3);
	if (p != NULL)
		look(p);
	policy_put(p);
	free(text);
	ERR_clear_error();
	return 0;
}
