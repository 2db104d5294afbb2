#include "profiles/conf.h"
#include "ca/engine/fleet.h"

/* Of a fleet file: what waits for people, and repetitions. */

static const char *const APPROVES[] = {"none", "first", "all", NULL};

static const struct conf_key KEYS[] = {
    {"number", CONF_INT, 0},
    {"lifetime", CONF_DURATION, 0},
    {"retry_after", CONF_DURATION, 0},
    {"max_waiting", CONF_INT, 0},
    {"per_device_day", CONF_INT, 0},
};

#define N_KEYS (sizeof(KEYS) / sizeof(KEYS[0]))

#define DAY 86400LL
#define LIFETIME (7 * DAY)
#define LIFETIME_MAX (90 * DAY)
#define RETRY_AFTER 60
#define MAX_WAITING 1000
#define MAX_WAITING_MOST 20000
#define PER_DEVICE_DAY 10
#define PER_DEVICE_DAY_MOST 1000
#define RETRY_WINDOW_MAX (30 * DAY)

int
fleet_parks(const struct fleet *f)
{
	return f->approve != FLEET_APPROVE_NONE ||
	    f->re_enrol == FLEET_RE_APPROVE;
}

int
fleet_read_approval(const struct conf_group *root, struct fleet *f)
{
	static const struct fleet_approval dflt = {
	    1, LIFETIME, RETRY_AFTER, MAX_WAITING, PER_DEVICE_DAY};
	const struct conf_group *g = conf_subgroup(root, "approval");
	int what = conf_choice(root, "approve", APPROVES, FLEET_APPROVE_NONE);
	struct fleet_approval *a = &f->approval;

	if (what < 0 ||
	    !conf_duration(root, "retry_window", 0, RETRY_WINDOW_MAX,
		FLEET_RETRY_WINDOW, &f->retry_window))
		return 0;
	f->approve = (enum fleet_approve)what;
	*a = dflt;
	if (g == NULL)
		return 1;
	if (!fleet_parks(f))
		return conf_fail(root, "approval",
		    "nothing waits for approval: neither approve nor re_enrol "
		    "says so");
	return conf_check(g, KEYS, N_KEYS) &&
	    conf_int(g, "number", 1, OPERATORS_NUMBER_MAX, dflt.number,
		&a->number) &&
	    conf_duration(g, "lifetime", 1, LIFETIME_MAX, dflt.lifetime,
		&a->lifetime) &&
	    conf_duration(g, "retry_after", 1, DAY, dflt.retry_after,
		&a->retry_after) &&
	    conf_int(g, "max_waiting", 1, MAX_WAITING_MOST, dflt.max_waiting,
		&a->max_waiting) &&
	    conf_int(g, "per_device_day", 1, PER_DEVICE_DAY_MOST,
		dflt.per_device_day, &a->per_device_day);
}
