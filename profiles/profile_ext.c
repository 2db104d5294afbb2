#include <stdio.h>
#include <string.h>

#include "profiles/text.h"
#include "profiles/profile_part.h"

static const struct conf_key ku_keys[] = {
    {"critical", CONF_BOOL, 0},
    {"bits", CONF_TEXTS, 1},
};

static const struct conf_key eku_keys[] = {
    {"critical", CONF_BOOL, 0},
    {"purposes", CONF_TEXTS, 0},
    {"if_attested", CONF_TEXTS, 0},
};

static const struct conf_key bc_keys[] = {
    {"critical", CONF_BOOL, 0},
    {"ca", CONF_BOOL, 1},
    {"path_len", CONF_INT, 0},
};

static const struct conf_key aia_keys[] = {
    {"ocsp", CONF_BOOL, 0},
    {"issuer", CONF_BOOL, 0},
};

static const struct conf_key policy_keys[] = {
    {"oid", CONF_TEXT, 1},
    {"cps", CONF_TEXT, 0},
    {"unless_attested", CONF_BOOL, 0},
    {"if_attested", CONF_BOOL, 0},
};

/* Purposes by name; all others are written as dotted OIDs. */
static const char *const purpose_names[] = {"serverAuth", "clientAuth",
    "codeSigning", "emailProtection", "timeStamping", "OCSPSigning", "cmcCA",
    "cmcRA", "documentSigning"};
static const char *const purpose_oids[] = {OID_SERVER_AUTH, "1.3.6.1.5.5.7.3.2",
    OID_CODE_SIGNING, "1.3.6.1.5.5.7.3.4", OID_TIME_STAMPING, OID_OCSP_SIGNING,
    "1.3.6.1.5.5.7.3.27", OID_CMC_RA, "1.3.6.1.5.5.7.3.36"};

static int
parse_bits(struct profile *p, const struct conf_group *g)
{
	const char *const *names = profile_ku_names();
	size_t i, k, n = conf_n_texts(g, "bits");
	char hint[TEXT_HINT_MAX];
	const char *text;

	for (i = 0; i < n; i++) {
		text = conf_text_at(g, "bits", i);
		for (k = 0; names[k] != NULL; k++)
			if (strcmp(names[k], text) == 0)
				break;
		if (names[k] == NULL)
			return conf_fail(g, "bits",
			    "unknown key usage \"%.64s\"%s", text,
			    text_hint(text, names, k, hint));
		if (p->key_usage & profile_ku_bit((int)k))
			return conf_fail(g, "bits", "%s twice", text);
		p->key_usage |= profile_ku_bit((int)k);
	}
	return n > 0 ? 1
		     : conf_fail(g, "bits",
			   "at least one bit must be set (RFC 5280 4.2.1.3)");
}

static int
parse_key_usage(struct profile *p, const struct conf_group *g)
{
	if (g == NULL)
		return 1;
	if (!conf_check(g, ku_keys, N(ku_keys)))
		return 0;
	p->key_usage_critical = conf_bool(g, "critical", 1);
	return parse_bits(p, g);
}

static int
parse_purpose(
    const struct conf_group *g, const char *key, size_t i, char out[64])
{
	const char *text = conf_text_at(g, key, i);
	char hint[TEXT_HINT_MAX];
	size_t k;

	for (k = 0; k < N(purpose_names); k++)
		if (strcmp(purpose_names[k], text) == 0)
			text = purpose_oids[k];
	snprintf(out, 64, "%.63s", text);
	if (strlen(text) > 63 || !text_to_oid(out))
		return conf_fail(g, key,
		    "\"%.64s\" is neither a dotted OID nor a known purpose%s",
		    text,
		    text_hint(text, purpose_names, N(purpose_names), hint));
	return 1;
}

static int
parse_purposes(struct profile *p, const struct conf_group *g, const char *key,
    char list[][64], size_t *n)
{
	size_t i, want = conf_n_texts(g, key);
	char oid[64];

	if (want > PROFILE_LIST_MAX)
		return conf_fail(g, key, "more than %d", PROFILE_LIST_MAX);
	for (i = 0; i < want; i++) {
		if (!parse_purpose(g, key, i, oid))
			return 0;
		if (profile_has_eku(p, oid))
			return conf_fail(g, key, "%s twice", oid);
		memcpy(list[(*n)++], oid, sizeof(oid));
	}
	return 1;
}

static int
parse_eku(struct profile *p, const struct conf_group *g)
{
	if (g == NULL)
		return 1;
	if (!conf_check(g, eku_keys, N(eku_keys)) ||
	    !parse_purposes(p, g, "purposes", p->eku, &p->n_eku))
		return 0;
	if (profile_has_eku(p, OID_ATTESTATION_KEY))
		return conf_fail(g, "purposes",
		    "%s belongs into if_attested: it is never given without "
		    "evidence",
		    OID_ATTESTATION_KEY);
	p->eku_critical = conf_bool(g, "critical", 0);
	if (!parse_purposes(
		p, g, "if_attested", p->eku_attested, &p->n_eku_attested))
		return 0;
	return p->n_eku + p->n_eku_attested > 0
	    ? 1
	    : conf_fail(g, NULL, "no purpose (RFC 5280 4.2.1.12)");
}

static int
parse_basic_constraints(struct profile *p, const struct conf_group *g)
{
	int64_t path_len;

	if (g == NULL)
		return 1;
	if (!conf_check(g, bc_keys, N(bc_keys)) ||
	    !conf_int(g, "path_len", 0, 16, -1, &path_len))
		return 0;
	p->has_basic_constraints = 1;
	p->is_ca = conf_bool(g, "ca", 0);
	p->basic_constraints_critical = conf_bool(g, "critical", 1);
	p->path_len = (int)path_len;
	if (!p->is_ca && conf_has(g, "path_len"))
		return conf_fail(
		    g, "path_len", "only for a CA (RFC 5280 4.2.1.9)");
	if (p->is_ca && !p->basic_constraints_critical)
		return conf_fail(
		    g, "critical", "must be true for a CA (RFC 5280 4.2.1.9)");
	return 1;
}

static int
parse_aia(struct profile *p, const struct conf_group *g)
{
	if (g == NULL)
		return 1;
	if (!conf_check(g, aia_keys, N(aia_keys)))
		return 0;
	p->aia_ocsp = conf_bool(g, "ocsp", 0);
	p->aia_issuers = conf_bool(g, "issuer", 0);
	return 1;
}

static int
parse_policy(struct profile *p, const struct conf_group *g)
{
	struct profile_policy *pol = &p->policies[p->n_policies];
	size_t i;

	if (!conf_check(g, policy_keys, N(policy_keys)) ||
	    !profile_copy_oid(g, "oid", pol->oid) ||
	    !profile_copy(g, "cps", pol->cps, sizeof(pol->cps)))
		return 0;
	if (pol->cps[0] != '\0' && !text_is_uri(pol->cps, strlen(pol->cps)))
		return conf_fail(g, "cps", "\"%.64s\" is not a URI", pol->cps);
	for (i = 0; i < p->n_policies; i++)
		if (strcmp(p->policies[i].oid, pol->oid) == 0)
			return conf_fail(
			    g, "oid", "%s twice (RFC 5280 4.2.1.4)", pol->oid);
	pol->unless_attested = conf_bool(g, "unless_attested", 0);
	pol->if_attested = conf_bool(g, "if_attested", 0);
	if (pol->if_attested && pol->unless_attested)
		return conf_fail(
		    g, "if_attested", "not beside unless_attested");
	if (profile_under(pol->oid, OID_TPM_RESIDENCY) && !pol->if_attested)
		return conf_fail(g, "if_attested",
		    "%s says where a key was seen to live: it is never given "
		    "without evidence",
		    pol->oid);
	p->n_policies++;
	return 1;
}

static int
parse_policies(struct profile *p, const struct conf_group *g)
{
	size_t i, n = conf_n_groups(g, "policies");

	if (n > PROFILE_LIST_MAX)
		return conf_fail(
		    g, "policies", "more than %d", PROFILE_LIST_MAX);
	for (i = 0; i < n; i++)
		if (!parse_policy(p, conf_group_at(g, "policies", i)))
			return 0;
	return 1;
}

static int
parse_mud_url(struct profile *p, const struct conf_group *g)
{
	if (!profile_copy(g, "mud_url", p->mud_url, sizeof(p->mud_url)))
		return 0;
	if (p->mud_url[0] != '\0' &&
	    (strncmp(p->mud_url, "https://", 8) != 0 ||
		!text_is_uri(p->mud_url, strlen(p->mud_url))))
		return conf_fail(
		    g, "mud_url", "must be a https: URL (RFC 8520 1.6)");
	return 1;
}

int
profile_parse_extensions(struct profile *p, const struct conf_group *g)
{
	p->path_len = -1;
	p->san_critical = conf_bool(g, "san_critical", 0);
	p->ski = conf_bool(g, "subject_key_identifier", 1);
	p->aki = conf_bool(g, "authority_key_identifier", 1);
	p->crl_dp = conf_bool(g, "crl_distribution_point", 0);
	p->ocsp_nocheck = conf_bool(g, "ocsp_nocheck", 0);
	p->no_rev_avail = conf_bool(g, "no_rev_avail", 0);
	return parse_key_usage(p, conf_subgroup(g, "key_usage")) &&
	    parse_eku(p, conf_subgroup(g, "extended_key_usage")) &&
	    parse_basic_constraints(p, conf_subgroup(g, "basic_constraints")) &&
	    parse_aia(p, conf_subgroup(g, "authority_info_access")) &&
	    parse_policies(p, g) && parse_mud_url(p, g);
}

unsigned
profile_says(const struct profile *p)
{
	unsigned says = 0;
	size_t i;

	for (i = 0; i < p->n_eku_attested; i++)
		if (strcmp(p->eku_attested[i], OID_ATTESTATION_KEY) == 0)
			says |= PROFILE_SAYS_TPM | PROFILE_SAYS_RESTRICTED;
	for (i = 0; i < p->n_policies; i++) {
		if (profile_under(p->policies[i].oid, OID_TPM_RESIDENCY))
			says |= PROFILE_SAYS_TPM;
		if (strcmp(p->policies[i].oid, OID_TPM_RESTRICTED) == 0)
			says |= PROFILE_SAYS_RESTRICTED;
	}
	return says;
}
