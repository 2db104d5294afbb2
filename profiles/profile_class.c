#include <string.h>

#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "profiles/profile_part.h"

/* What the classes of end entities that are no devices demand. */

#define DAY 86400
#define SHORT_LIVED_MAX (7 * DAY)

/* Purposes that say what else a key is trusted with: a key that signs documents
   must not open a TLS session, sign code, time or status (RFC 9336 3). */
static const char *const apart[] = {OID_SERVER_AUTH, OID_CLIENT_AUTH,
    OID_CODE_SIGNING, OID_TIME_STAMPING, OID_OCSP_SIGNING};

int
profile_under(const char *oid, const char *arc)
{
	size_t n = strlen(arc);

	return strncmp(oid, arc, n) == 0 && (oid[n] == '.' || oid[n] == '\0');
}

static int
signs(const struct profile *p, const struct conf_group *g, unsigned bits)
{
	if (!(p->key_usage & bits) || !p->key_usage_critical ||
	    (p->key_usage &
		~(unsigned)(KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)))
		return conf_fail(g, "key_usage",
		    "class %s signs, and only that, critical",
		    profile_class_name(p->class));
	return 1;
}

static int
names(const struct profile *p, int nid)
{
	size_t i;

	for (i = 0; i < p->n_subject; i++)
		if (p->subject[i].nid == nid && !p->subject[i].optional)
			return 1;
	return 0;
}

/* A server is found by its SAN (RFC 9525 4.1), a client by either. A client may
   ask on behalf of others: cmcRA (RFC 6402 2.10); a server that may is of class
   est-server. */
static int
check_tls(const struct profile *p, const struct conf_group *g)
{
	int server = profile_has_eku(p, OID_SERVER_AUTH);
	int client = profile_has_eku(p, OID_CLIENT_AUTH);
	int ra = !server && client && profile_has_eku(p, OID_CMC_RA);
	size_t i, n = p->n_eku + p->n_eku_attested;

	if (n == 0 || n != (size_t)server + (size_t)client + (size_t)ra)
		return conf_fail(g, "extended_key_usage",
		    "class tls has serverAuth, clientAuth or both, or "
		    "clientAuth and cmcRA");
	if (!(p->key_usage & KU_DIGITAL_SIGNATURE) || !p->key_usage_critical)
		return conf_fail(g, "key_usage",
		    "class tls needs digitalSignature, critical (RFC 8446 "
		    "4.4.2.2)");
	for (i = 0; server && i < p->n_san; i++)
		if ((p->san[i].type == PROFILE_SAN_DNS ||
			p->san[i].type == PROFILE_SAN_IP) &&
		    !p->san[i].optional)
			return 1;
	return !server ||
	    conf_fail(g, "san",
		"a TLS server needs a dns or ip rule that is not optional "
		"(RFC 9525 4.1)");
}

static int
check_timestamping(const struct profile *p, const struct conf_group *g)
{
	if (p->n_eku != 1 || p->n_eku_attested != 0 || !p->eku_critical ||
	    !profile_has_eku(p, OID_TIME_STAMPING))
		return conf_fail(g, "extended_key_usage",
		    "class timestamping needs timeStamping alone and critical "
		    "(RFC 3161 2.3)");
	return signs(p, g, KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION);
}

static int
check_signing(const struct profile *p, const struct conf_group *g)
{
	size_t i;

	for (i = 0; i < N(apart); i++)
		if (profile_has_eku(p, apart[i]))
			return conf_fail(g, "extended_key_usage",
			    "class %s must not have %s",
			    profile_class_name(p->class), apart[i]);
	for (i = 0; i < p->n_subject && p->subject[i].optional; i++)
		;
	if (i == p->n_subject)
		return conf_fail(g, "subject",
		    "class %s needs an attribute that is not optional",
		    profile_class_name(p->class));
	return signs(p, g, KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION);
}

/* EN 319 412-3 4.2.1: whose seal it is. */
static int
check_seal(const struct profile *p, const struct conf_group *g)
{
	if (!names(p, NID_countryName) || !names(p, NID_organizationName) ||
	    !names(p, NID_organizationIdentifier) || !names(p, NID_commonName))
		return conf_fail(g, "subject",
		    "class seal needs C, O, organizationIdentifier and CN, "
		    "not optional (EN 319 412-3 4.2.1)");
	return check_signing(p, g);
}

static int
check_short_lived(const struct profile *p, const struct conf_group *g)
{
	if (!p->no_rev_avail)
		return conf_fail(g, "no_rev_avail",
		    "class short-lived needs it (RFC 9608 2)");
	if (p->no_end || p->duration > SHORT_LIVED_MAX)
		return conf_fail(conf_subgroup(g, "validity"), "duration",
		    "at most 7d: what is short-lived cannot be revoked");
	return signs(p, g, KU_DIGITAL_SIGNATURE);
}

int
profile_check_class(const struct profile *p, const struct conf_group *g)
{
	switch (p->class) {
	case PROFILE_TLS:
		return check_tls(p, g);
	case PROFILE_TIMESTAMPING:
		return check_timestamping(p, g);
	case PROFILE_SIGNING:
		return check_signing(p, g);
	case PROFILE_SEAL:
		return check_seal(p, g);
	case PROFILE_SHORT_LIVED:
		return check_short_lived(p, g);
	default:
		return 1;
	}
}
