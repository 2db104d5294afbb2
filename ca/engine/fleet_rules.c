#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/objects.h>

#include "profiles/conf.h"
#include "profiles/name.h"
#include "ca/engine/fleet.h"

/*
 * What a manufacturer's certificate must be beside chaining to its anchors:
 * names, where the device's name and serial number stand, hardware types, and
 * whether the manufacturer's CRLs are asked.
 */

static const char *const FROM[] = {"serialNumber", "CN", "UID", "dnQualifier",
    "hardware-module-name", NULL};
static const int FROM_NID[] = {NID_serialNumber, NID_commonName, NID_userId,
    NID_dnQualifier, NID_undef};
static const char *const SERIALS[] = {
    "ignored", "if-known", "required", NULL};
static const char *const REVOCATIONS[] = {"none", "crl", NULL};
static const char *const MISSING[] = {"refuse", "pass", NULL};

static const struct conf_key RULE_KEYS[] = {
    {"attribute", CONF_TEXT, 1},
    {"match", CONF_SOURCES, 1},
};

static int
read_rule(
    const struct conf_group *g, int of_issuer, struct fleet_name_rule *out)
{
	const struct name_attr *a;
	size_t i, n;

	if (!conf_check(g, RULE_KEYS, sizeof(RULE_KEYS) / sizeof(RULE_KEYS[0])))
		return 0;
	a = name_find(conf_text(g, "attribute", ""));
	if (a == NULL)
		return conf_fail(g, "attribute",
		    "\"%.32s\" is no attribute of a name that is known",
		    conf_text(g, "attribute", ""));
	n = conf_n_texts(g, "match");
	if (n == 0 || n > FLEET_NAME_MATCHES_MAX)
		return conf_fail(g, "match", "must be 1 to %d patterns",
		    FLEET_NAME_MATCHES_MAX);
	for (i = 0; i < n; i++)
		if ((size_t)snprintf(out->match[i], sizeof(out->match[i]), "%s",
			conf_text_at(g, "match", i)) >= sizeof(out->match[i]))
			return conf_fail(g, "match",
			    "a pattern is longer than %zu octets",
			    sizeof(out->match[i]) - 1);
	out->of_issuer = of_issuer;
	out->nid = a->nid;
	out->n_match = n;
	return 1;
}

static int
read_rules(const struct conf_group *g, const char *key, int of_issuer,
    struct fleet_maker *out)
{
	size_t i, n = conf_n_groups(g, key);

	if (out->n_rules + n > FLEET_NAME_RULES_MAX)
		return conf_fail(g, key, "more than %d rules for names",
		    FLEET_NAME_RULES_MAX);
	for (i = 0; i < n; i++)
		if (!read_rule(conf_group_at(g, key, i), of_issuer,
			&out->rules[out->n_rules++]))
			return 0;
	return 1;
}

static int
is_oid(const char *text)
{
	ASN1_OBJECT *oid;

	ERR_set_mark();
	oid = OBJ_txt2obj(text, 1);
	ERR_pop_to_mark();
	ASN1_OBJECT_free(oid);
	return oid != NULL;
}

/* Which makes of hardware the serial numbers are of: without that the numbers
   of two makes could meet. */
static int
read_hw_types(const struct conf_group *g, struct fleet_maker *out)
{
	int used = out->name_nid == NID_undef || out->serial_nid == NID_undef;
	size_t i, n = conf_n_texts(g, "hw_types");
	const char *text;

	if (used != (n > 0) || n > FLEET_HW_TYPES_MAX)
		return conf_fail(g, "hw_types",
		    "1 to %d OIDs belong to \"hardware-module-name\", and there "
		    "they must be",
		    FLEET_HW_TYPES_MAX);
	for (i = 0; i < n; i++) {
		text = conf_text_at(g, "hw_types", i);
		if (strlen(text) >= sizeof(out->hw_types[i]) || !is_oid(text))
			return conf_fail(
			    g, "hw_types", "\"%.64s\" is no OID", text);
		snprintf(out->hw_types[i], sizeof(out->hw_types[i]), "%s",
		    text);
	}
	out->n_hw_types = n;
	return 1;
}

int
fleet_read_revocation(
    const struct conf_group *g, struct fleet_revocation *out)
{
	int crls = conf_choice(g, "revocation", REVOCATIONS, 0);
	int missing = conf_choice(
	    g, "revocation_missing", MISSING, FLEET_MISSING_REFUSE);

	if (crls < 0 || missing < 0)
		return 0;
	if (!crls && conf_has(g, "revocation_missing"))
		return conf_fail(g, "revocation_missing",
		    "belongs to revocation = \"crl\"");
	out->crls = crls;
	out->missing = (enum fleet_missing)missing;
	return 1;
}

int
fleet_read_rules(const struct conf_group *g, struct fleet_maker *out)
{
	int from = conf_choice(g, "device_from", FROM, 0), serial, rule;

	if (from < 0 || (serial = conf_choice(g, "serial_from", FROM, from)) < 0)
		return 0;
	rule = conf_choice(g, "registry_serial", SERIALS,
	    conf_has(g, "serial_from") ? FLEET_SERIAL_IF_KNOWN
				       : FLEET_SERIAL_IGNORED);
	if (rule < 0)
		return 0;
	out->name_nid = FROM_NID[from];
	out->serial_nid = FROM_NID[serial];
	out->serial = (enum fleet_serial)rule;
	return read_hw_types(g, out) && read_rules(g, "subject", 0, out) &&
	    read_rules(g, "issuer", 1, out) && fleet_read_revocation(g, &out->revocation);
}
