#include <string.h>

#include <openssl/objects.h>

#include "ra/attest/android.h"
#include "ra/attest/verifier_refs.h"

/* Reference values of the formats that are not a TPM's. */

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* --- lists --- */

static int
hex_list(struct verifier_refs *r, const struct conf_group *g, const char *key,
    const struct attest_octets **out, size_t *n)
{
	size_t i, count = conf_n_texts(g, key);
	struct attest_octets *l;

	if ((l = refs_list(r, g, key, count, sizeof(*l))) == NULL)
		return 0;
	for (i = 0; i < count; i++)
		if (!refs_hex(r, g, key, conf_text_at(g, key, i), &l[i]))
			return 0;
	*out = l;
	*n = count;
	return 1;
}

static int
digest_list(struct verifier_refs *r, const struct conf_group *g,
    const char *key, const struct attest_digest **out, size_t *n)
{
	size_t i, count = conf_n_texts(g, key);
	struct attest_digest *l;

	if ((l = refs_list(r, g, key, count, sizeof(*l))) == NULL)
		return 0;
	for (i = 0; i < count; i++)
		if (!refs_digest(r, g, key, conf_text_at(g, key, i), &l[i]))
			return 0;
	*out = l;
	*n = count;
	return 1;
}

/* Texts are the configuration's own, which lives as long. */
static int
text_list(struct verifier_refs *r, const struct conf_group *g, const char *key,
    const char *const **out, size_t *n)
{
	size_t i, count = conf_n_texts(g, key);
	const char **l;

	if ((l = refs_list(r, g, key, count, sizeof(*l))) == NULL)
		return 0;
	for (i = 0; i < count; i++)
		l[i] = conf_text_at(g, key, i);
	*out = l;
	*n = count;
	return 1;
}

static int
read_int(const struct conf_group *g, const char *key, int64_t min, int64_t max,
    int64_t dflt, int *out)
{
	int64_t n;

	if (!conf_int(g, key, min, max, dflt, &n))
		return 0;
	*out = (int)n;
	return 1;
}

/* --- DICE --- */

static const struct conf_key DICE_KEYS[] = {
    {"layers", CONF_GROUPS, 0},
    {"flags_known", CONF_TEXTS, 0},
};
static const struct conf_key LAYER_KEYS[] = {
    {"vendor", CONF_TEXT, 0},
    {"model", CONF_TEXT, 0},
    {"layer", CONF_INT, 0},
    {"index", CONF_INT, 0},
    {"type", CONF_TEXT, 0},
    {"version", CONF_TEXT, 0},
    {"svn_min", CONF_INT, 0},
    {"fwids", CONF_TEXTS, 0},
};
static const struct refs_word FLAGS[] = {
    {"notReplayProtected", 1u << 4}, {"notIntegrityProtected", 1u << 5},
    {"notRuntimeMeasured", 1u << 6}, {"notImmutable", 1u << 7},
    {"notTcb", 1u << 8}, {"fixedWidth", 1u << 31}};

static int
read_layer(struct verifier_refs *r, const struct conf_group *g,
    struct attest_dice_ref *out)
{
	if (!conf_check(g, LAYER_KEYS, N(LAYER_KEYS)))
		return 0;
	out->vendor = conf_text(g, "vendor", NULL);
	out->model = conf_text(g, "model", NULL);
	out->version = conf_text(g, "version", NULL);
	return (!conf_has(g, "type") ||
		   refs_hex(r, g, "type", conf_text(g, "type", ""),
		       &out->type)) &&
	    conf_int(g, "layer", 0, INT64_MAX, -1, &out->layer) &&
	    conf_int(g, "index", 0, INT64_MAX, -1, &out->index) &&
	    conf_int(g, "svn_min", 0, INT64_MAX, -1, &out->svn_min) &&
	    digest_list(r, g, "fwids", &out->fwids, &out->n_fwids);
}

int
refs_read_dice(struct verifier_refs *r, const struct conf_group *g,
    struct attest_dice_policy *out)
{
	struct attest_dice_ref *refs;
	unsigned flags = 0;
	size_t i, n;

	if (g == NULL)
		return 1;
	if (!conf_check(g, DICE_KEYS, N(DICE_KEYS)) ||
	    !refs_words(g, "flags_known", FLAGS, N(FLAGS), &flags))
		return 0;
	n = conf_n_groups(g, "layers");
	if ((refs = refs_list(r, g, "layers", n, sizeof(*refs))) == NULL)
		return 0;
	for (i = 0; i < n; i++)
		if (!read_layer(r, conf_group_at(g, "layers", i), &refs[i]))
			return 0;
	out->refs = refs;
	out->n_refs = n;
	out->flags_known = flags;
	return 1;
}

/* --- EAT --- */

static const struct conf_key EAT_KEYS[] = {
    {"profiles", CONF_TEXTS, 1},
    {"keys", CONF_GROUPS, 0},
    {"dbgstat_min", CONF_INT, 0},
    {"oemids", CONF_TEXTS, 0},
    {"hwmodels", CONF_TEXTS, 0},
    {"measurements", CONF_TEXTS, 0},
    {"components", CONF_GROUPS, 0},
    {"max_age", CONF_DURATION, 0},
    {"signer_is_key", CONF_BOOL, 0},
};
static const struct conf_key KEY_KEYS[] = {
    {"id", CONF_TEXT, 1},
    {"spki", CONF_TEXT, 1},
};
static const struct conf_key COMPONENT_KEYS[] = {
    {"signer_id", CONF_TEXT, 1},
    {"type", CONF_TEXT, 0},
    {"value", CONF_TEXT, 1},
};

static int
read_keys(struct verifier_refs *r, const struct conf_group *root,
    struct attest_eat_policy *out)
{
	size_t i, n = conf_n_groups(root, "keys");
	const struct conf_group *g;
	struct attest_key *keys;

	if ((keys = refs_list(r, root, "keys", n, sizeof(*keys))) == NULL)
		return 0;
	for (i = 0; i < n; i++) {
		g = conf_group_at(root, "keys", i);
		if (!conf_check(g, KEY_KEYS, N(KEY_KEYS)) ||
		    !refs_hex(
			r, g, "id", conf_text(g, "id", ""), &keys[i].id) ||
		    !refs_hex(r, g, "spki", conf_text(g, "spki", ""),
			&keys[i].spki))
			return 0;
	}
	out->keys = keys;
	out->n_keys = n;
	return 1;
}

static int
read_components(struct verifier_refs *r, const struct conf_group *root,
    struct attest_eat_policy *out)
{
	size_t i, n = conf_n_groups(root, "components");
	struct attest_psa_component *l;
	const struct conf_group *g;

	if ((l = refs_list(r, root, "components", n, sizeof(*l))) == NULL)
		return 0;
	for (i = 0; i < n; i++) {
		g = conf_group_at(root, "components", i);
		if (!conf_check(g, COMPONENT_KEYS, N(COMPONENT_KEYS)) ||
		    !refs_hex(r, g, "signer_id",
			conf_text(g, "signer_id", ""), &l[i].signer_id) ||
		    !refs_hex(r, g, "value", conf_text(g, "value", ""),
			&l[i].value))
			return 0;
		l[i].type = conf_text(g, "type", NULL);
	}
	out->components = l;
	out->n_components = n;
	return 1;
}

/* A claim gives the measurement itself, which is hashed here: by SHA-256. */
static int
read_measurements(struct verifier_refs *r, const struct conf_group *g,
    struct attest_eat_policy *out)
{
	size_t i;

	if (!digest_list(r, g, "measurements", &out->measurements,
		&out->n_measurements))
		return 0;
	for (i = 0; i < out->n_measurements; i++)
		if (out->measurements[i].algorithm != NID_sha256)
			return conf_fail(g, "measurements", "only sha256:");
	return 1;
}

int
refs_read_eat(struct verifier_refs *r, const struct conf_group *g,
    struct attest_eat_policy *out)
{
	out->dbgstat_min = 2;
	if (g == NULL)
		return 1;
	if (!conf_check(g, EAT_KEYS, N(EAT_KEYS)))
		return 0;
	out->signer_is_key = conf_bool(g, "signer_is_key", 0);
	return text_list(r, g, "profiles", &out->profiles,
		   &out->n_profiles) &&
	    read_keys(r, g, out) && read_components(r, g, out) &&
	    hex_list(r, g, "oemids", &out->oemids, &out->n_oemids) &&
	    hex_list(r, g, "hwmodels", &out->hwmodels, &out->n_hwmodels) &&
	    read_measurements(r, g, out) &&
	    read_int(g, "dbgstat_min", 0, 4, 2, &out->dbgstat_min) &&
	    conf_duration(
		g, "max_age", 1, 365 * 86400, 0, &out->max_age);
}

/* --- Android --- */

static const struct conf_key ANDROID_KEYS[] = {
    {"level", CONF_TEXT, 0},
    {"status", CONF_TEXT, 0},
    {"status_time", CONF_INT, 0},
    {"status_max_age", CONF_DURATION, 0},
    {"os_patch_min", CONF_INT, 0},
    {"vendor_patch_min", CONF_INT, 0},
    {"boot_patch_min", CONF_INT, 0},
    {"boot_keys", CONF_TEXTS, 0},
};

static int
read_patch(const struct conf_group *g, const char *key, long *out)
{
	int64_t n;

	if (!conf_int(g, key, 0, 99991231, 0, &n))
		return 0;
	*out = (long)n;
	return 1;
}

int
refs_read_android(struct verifier_refs *r, const struct conf_group *g,
    struct attest_android_policy *out)
{
	static const char *const levels[] = {"tee", "strongbox", NULL};
	int64_t when;
	int level;

	if (g == NULL)
		return 1;
	if (!conf_check(g, ANDROID_KEYS, N(ANDROID_KEYS)) ||
	    (level = conf_choice(g, "level", levels, 0)) < 0 ||
	    !conf_int(g, "status_time", 1, INT64_MAX, 1, &when))
		return 0;
	if (conf_has(g, "status") != conf_has(g, "status_time"))
		return conf_fail(g, "status_time", "status and status_time "
		    "stand together, or both are left to inkan-ca");
	out->level_min = level + 1;
	out->status.p = (const unsigned char *)conf_text(g, "status", "");
	out->status.len = strlen(conf_text(g, "status", ""));
	out->status_time = (time_t)when;
	return conf_duration(g, "status_max_age", 3600, 90 * 86400,
		   ANDROID_STATUS_AGE, &out->status_max_age) &&
	    read_patch(g, "os_patch_min", &out->os_patch_min) &&
	    read_patch(g, "vendor_patch_min", &out->vendor_patch_min) &&
	    read_patch(g, "boot_patch_min", &out->boot_patch_min) &&
	    hex_list(r, g, "boot_keys", &out->boot_keys, &out->n_boot_keys);
}

/* --- WebAuthn --- */

static const struct conf_key WEBAUTHN_KEYS[] = {
    {"rp_id", CONF_TEXT, 1},
    {"origins", CONF_TEXTS, 0},
    {"aaguids", CONF_TEXTS, 0},
    {"allow_self", CONF_BOOL, 0},
};

static int
read_aaguids(struct verifier_refs *r, const struct conf_group *g,
    struct attest_webauthn_policy *out)
{
	size_t i, n = conf_n_texts(g, "aaguids");
	struct attest_octets o;
	unsigned char (*l)[16];

	if ((l = refs_list(r, g, "aaguids", n, sizeof(*l))) == NULL)
		return 0;
	for (i = 0; i < n; i++) {
		if (!refs_hex(r, g, "aaguids", conf_text_at(g, "aaguids", i),
			&o))
			return 0;
		if (o.len != 16)
			return conf_fail(g, "aaguids", "has 16 octets");
		memcpy(l[i], o.p, 16);
	}
	out->aaguids = (const unsigned char (*)[16])l;
	out->n_aaguids = n;
	return 1;
}

int
refs_read_webauthn(struct verifier_refs *r, const struct conf_group *g,
    struct attest_webauthn_policy *out)
{
	if (g == NULL)
		return 1;
	if (!conf_check(g, WEBAUTHN_KEYS, N(WEBAUTHN_KEYS)))
		return 0;
	out->rp_id = conf_text(g, "rp_id", "");
	out->allow_self = conf_bool(g, "allow_self", 0);
	return text_list(r, g, "origins", &out->origins, &out->n_origins) &&
	    read_aaguids(r, g, out);
}
