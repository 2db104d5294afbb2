#include <stdio.h>
#include <string.h>

#include "ra/attest/private.h"

/* Types that are registered. */
static const struct {
	const char *oid;
	enum attest_kind kind;
} registered[] = {
	{ ATTEST_OID_TPM_CERTIFY, ATTEST_KIND_TPM_CERTIFY },
	{ ATTEST_OID_DICE_FRESHNESS, ATTEST_KIND_DICE },
	{ ATTEST_OID_CMW, ATTEST_KIND_CMW },
	{ ATTEST_OID_DICE_CMW, ATTEST_KIND_DICE_CMW },
};

static const struct {
	const char *name;
	int (*appraise)(const struct attest_statement *,
	    const struct attest_input *, struct attest_facts *);
} formats[ATTEST_N_FORMATS] = {
	[ATTEST_TPM] = { "tpm", tpm_appraise },
	[ATTEST_DICE] = { "dice", dice_appraise },
	[ATTEST_EAT] = { "eat", eat_appraise },
	[ATTEST_ANDROID] = { "android", android_appraise },
	[ATTEST_WEBAUTHN] = { "webauthn", webauthn_appraise },
};

const char *
attest_format_name(enum attest_format format)
{
	return (size_t)format < ATTEST_N_FORMATS ? formats[format].name : NULL;
}

enum attest_kind
attest_kind_of(const char *type, const char *arc)
{
	size_t i, n = arc ? strlen(arc) : 0;
	const char *last;

	for (i = 0; i < sizeof(registered) / sizeof(registered[0]); i++)
		if (strcmp(type, registered[i].oid) == 0)
			return registered[i].kind;
	if (n == 0 || strncmp(type, arc, n) != 0 || type[n] != '.')
		return ATTEST_KIND_UNKNOWN;
	last = type + n + 1;
	if (last[0] < '0' + ATTEST_KIND_TPM_CERTIFY_CREATION ||
	    last[0] > '0' + ATTEST_KIND_EAT_JWT || last[1] != '\0')
		return ATTEST_KIND_UNKNOWN;
	return (enum attest_kind)(last[0] - '0');
}

enum attest_format
attest_kind_format(enum attest_kind kind)
{
	switch (kind) {
	case ATTEST_KIND_TPM_CERTIFY:
	case ATTEST_KIND_TPM_CERTIFY_CREATION:
	case ATTEST_KIND_TPM_QUOTE:
		return ATTEST_TPM;
	case ATTEST_KIND_DICE:
		return ATTEST_DICE;
	case ATTEST_KIND_CMW:
	case ATTEST_KIND_DICE_CMW:
	case ATTEST_KIND_EAT_CWT:
	case ATTEST_KIND_EAT_JWT:
		return ATTEST_EAT;
	case ATTEST_KIND_ANDROID:
		return ATTEST_ANDROID;
	case ATTEST_KIND_WEBAUTHN:
		return ATTEST_WEBAUTHN;
	default:
		return ATTEST_N_FORMATS;
	}
}

int
attest_appraise(const struct attest_statement *statement,
    const struct attest_input *in, struct attest_facts *facts)
{
	enum attest_format format = attest_kind_format(statement->kind);

	if (format == ATTEST_N_FORMATS)
		return attest_refuse("type", "statement.type",
		    "a kind of evidence that is not known here");
	if (!(in->policy->formats & (1U << format)))
		return attest_refuse("type", "policy.formats",
		    "evidence of format %s is not accepted",
		    attest_format_name(format));
	if (statement->stmt.len == 0 || statement->stmt.len > ATTEST_STMT_MAX)
		return attest_malformed("size", "statement", "%zu octets",
		    statement->stmt.len);
	if (sk_X509_num(in->certs) > ATTEST_CERTS_MAX)
		return attest_malformed("size", "certs",
		    "%d certificates", sk_X509_num(in->certs));
	return facts_string(facts, "format", attest_format_name(format)) &&
	    formats[format].appraise(statement, in, facts);
}
