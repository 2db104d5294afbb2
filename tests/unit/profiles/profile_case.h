#ifndef TESTS_UNIT_PROFILES_PROFILE_CASE_H
#define TESTS_UNIT_PROFILES_PROFILE_CASE_H

/* A profile that compiles, with one part replaced. */

#include "tests/unit/profiles/rig.h"

#define BASE                                                                   \
	"name = \"dev\";\n"                                                    \
	"class = \"ldevid\";\n"                                                \
	"issued_by = [ \"est\" ];\n"                                           \
	"issuer = \"devices\";\n"                                              \
	"key_types = [ \"ec-p256\" ];\n"                                       \
	"validity: { duration = \"30d\"; };\n"                                 \
	"subject = ( { attribute = \"CN\"; from = \"identity.cn\"; } );\n"     \
	"key_usage: { bits = [ \"digitalSignature\" ]; };\n"                   \
	"extended_key_usage: { purposes = [ \"clientAuth\" ]; };\n"

#define CA_BASE                                                                \
	"name = \"ca\";\n"                                                     \
	"class = \"ca\";\n"                                                    \
	"issued_by = [ \"ceremony\" ];\n"                                      \
	"issuer = \"root\";\n"                                                 \
	"key_types = [ \"ec-p256\" ];\n"                                       \
	"validity: { duration = \"30d\"; };\n"                                 \
	"subject = ( { attribute = \"CN\"; value = \"CA\"; } );\n"             \
	"key_usage: { bits = [ \"keyCertSign\", \"cRLSign\" ]; };\n"           \
	"basic_constraints: { ca = true; };\n"

#define OCSP_BASE                                                              \
	"name = \"ocsp\";\n"                                                   \
	"class = \"ocsp\";\n"                                                  \
	"issued_by = [ \"service\" ];\n"                                       \
	"key_types = [ \"ec-p256\" ];\n"                                       \
	"validity: { duration = \"14d\"; };\n"                                 \
	"subject = ( { attribute = \"CN\"; value = \"OCSP\"; } );\n"           \
	"key_usage: { bits = [ \"digitalSignature\" ]; };\n"                   \
	"extended_key_usage: { purposes = [ \"OCSPSigning\" ]; };\n"           \
	"ocsp_nocheck = true;\n"

#define CODE_BASE                                                              \
	"name = \"code\";\n"                                                   \
	"class = \"code-signing\";\n"                                          \
	"issued_by = [ \"operator\" ];\n"                                      \
	"issuer = \"code\";\n"                                                 \
	"key_types = [ \"ec-p256\" ];\n"                                       \
	"validity: { duration = \"30d\"; };\n"                                 \
	"subject = ( { attribute = \"CN\"; from = \"csr.CN\"; } );\n"          \
	"key_usage: { bits = [ \"digitalSignature\" ]; };\n"                   \
	"extended_key_usage: { purposes = [ \"codeSigning\" ]; };\n"

/* A leaf of a declared extension, from the field that is called as its type. */
#define LEAF_FROM_FIELD(type, more)                                            \
	"{ type = \"" type "\"; from = \"registry." type "\"; " more "}"

/* ${base} with ${from} replaced by ${to}; from NULL: ${to} is appended. To be
   freed. */
MAYBE char *
replaced(const char *base, const char *from, const char *to)
{
	size_t size = strlen(base) + strlen(to) + 2;
	char *out = calloc(1, size);
	const char *at = from != NULL ? strstr(base, from) : NULL;

	if (from == NULL)
		snprintf(out, size, "%s%s", base, to);
	else if (at == NULL)
		fail_msg("\"%s\" is not in the base", from);
	else
		snprintf(out, size, "%.*s%s%s", (int)(at - base), base, to,
		    at + strlen(from));
	return out;
}

MAYBE struct profile *
compiles(const char *base, const char *from, const char *to)
{
	char *text = replaced(base, from, to);
	struct profile *p = rig_compile(text);

	free(text);
	return p;
}

MAYBE void
accepted(const char *base, const char *from, const char *to)
{
	profile_free(compiles(base, from, to));
}

MAYBE void
refused(const char *base, const char *from, const char *to, const char *want)
{
	char *text = replaced(base, from, to);
	struct profile *p = profile_compile("p.conf", text, strlen(text));

	if (p != NULL)
		fail_msg("accepted: %s", to);
	assert_raised(PROFILE_E_CONFIG, want);
	free(text);
}

#endif
