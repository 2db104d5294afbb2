#include <stdio.h>
#include <string.h>

#include <openssl/x509.h>

#include "ca/error.h"
#include "profiles/conf.h"
#include "profiles/error.h"
#include "ca/engine/fleet.h"

/* Stations of a factory, as a fleet names them: inkan-fleet(5). */

#define DAY 86400
#define QUOTA_MAX 1000000000

static const struct conf_key STATION_KEYS[] = {
    {"name", CONF_TEXT, 1},
    {"anchors", CONF_TEXT, 0},
    {"depth", CONF_INT, 0},
    {"device_from", CONF_TEXT, 0},
    {"revocation", CONF_TEXT, 0},
    {"revocation_missing", CONF_TEXT, 0},
    {"per_shift", CONF_INT, 1},
    {"shift", CONF_TEXT, 0},
};

static const char *const FROM[] = {"serialNumber", "CN", NULL};
static const int FROM_NID[] = {NID_serialNumber, NID_commonName};

const struct fleet_station *
fleet_station(const struct fleet *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->n_stations; i++)
		if (strcmp(f->stations[i].name, name) == 0)
			return &f->stations[i];
	return NULL;
}

static int
read_name(const struct conf_group *g, const struct fleet *f, char out[49])
{
	const char *name = conf_text(g, "name", "");
	size_t n = strlen(name);

	/* "station:NAME" stands whole in the certificate's row. */
	if (n == 0 || n > 48 ||
	    strspn(name,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789-._") != n)
		return conf_fail(g, "name",
		    "must be 1 to 48 letters, digits, \"-\", \".\" and \"_\": "
		    "the CN of its certificate");
	if (fleet_station(f, name) != NULL)
		return conf_fail(g, "name", "given twice");
	memcpy(out, name, n + 1);
	return 1;
}

/* One of our own certificates has its state in the store. */
static int
only_with_anchors(const struct conf_group *g)
{
	static const char *const keys[] = {
	    "depth", "revocation", "revocation_missing"};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (conf_has(g, keys[i]))
			return conf_fail(g, keys[i], "belongs to anchors");
	return 1;
}

static int
read_station(const struct policy *p, const struct conf_group *g,
    const struct fleet *f, struct fleet_station *out)
{
	int64_t depth;
	int from;

	if (!conf_check(g, STATION_KEYS,
		sizeof(STATION_KEYS) / sizeof(STATION_KEYS[0])) ||
	    !read_name(g, f, out->name) ||
	    !conf_int(g, "depth", 1, 8, 3, &depth) ||
	    (from = conf_choice(g, "device_from", FROM, 0)) < 0 ||
	    !conf_int(g, "per_shift", 1, QUOTA_MAX, 0, &out->per_shift) ||
	    !conf_duration(g, "shift", 60, DAY, DAY, &out->shift))
		return 0;
	out->depth = (int)depth;
	out->name_nid = FROM_NID[from];
	if (conf_text(g, "anchors", NULL) == NULL)
		return only_with_anchors(g);
	if (!fleet_read_revocation(g, &out->revocation))
		return 0;
	out->anchors = fleet_read_anchors(p, g);
	return out->anchors != NULL;
}

int
fleet_read_stations(const struct policy *p, const struct conf_group *auth,
    struct fleet *f)
{
	size_t i, n = conf_n_groups(auth, "stations");

	if (n > FLEET_STATIONS_MAX)
		return conf_fail(
		    auth, "stations", "more than %d", FLEET_STATIONS_MAX);
	for (i = 0; i < n; i++) {
		if (!read_station(p, conf_group_at(auth, "stations", i), f,
			&f->stations[i]))
			return 0;
		f->n_stations++;
	}
	return 1;
}
