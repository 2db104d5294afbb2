#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/error.h"
#include "ca/store/records.h"
#include "ca/engine/clock.h"

struct saved {			/* what goes to the store in one write */
	char highest[32], time_stop[128], operator_stop[128];
	int64_t last;		/* time of the log's last entry */
};

static int
take_time(const struct entry_row *row, void *arg)
{
	struct saved *s = arg;

	s->last = row->time;
	return 1;
}

/* A crash loses what was not saved since the last heartbeat, but never an entry
   of the log: each reservation, revocation and CRL has one. The last one counts
   and not the highest, because an operator may have confirmed an earlier
   time. */
static int
last_entry(struct store_tx *tx, struct saved *s)
{
	int64_t n;

	return entries_count(tx, &n) &&
	    (n == 0 || entries_list(tx, n - 1, 1, take_time, s));
}

static int
load_tx(struct store_tx *tx, void *arg)
{
	struct saved *s = arg;

	if (store_meta_get(tx, "time.highest", s->highest,
	    sizeof(s->highest)) < 0 ||
	    store_meta_get(tx, "stop.time", s->time_stop,
	    sizeof(s->time_stop)) < 0 ||
	    store_meta_get(tx, "stop.operator", s->operator_stop,
	    sizeof(s->operator_stop)) < 0)
		return 0;
	return last_entry(tx, s);
}

/* Looks at the clock when it writes, so that two that save at once leave the
   later state, not the later writer's. */
static int
save_tx(struct store_tx *tx, void *arg)
{
	struct clock *c = arg;
	struct saved s;

	memset(&s, 0, sizeof(s));
	pthread_mutex_lock(&c->lock);
	snprintf(s.highest, sizeof(s.highest), "%lld", (long long)c->highest);
	memcpy(s.time_stop, c->time_stop, sizeof(s.time_stop));
	memcpy(s.operator_stop, c->operator_stop, sizeof(s.operator_stop));
	pthread_mutex_unlock(&c->lock);
	return store_meta_set(tx, "time.highest", s.highest) &&
	    store_meta_set(tx, "stop.time", s.time_stop) &&
	    store_meta_set(tx, "stop.operator", s.operator_stop);
}

int
clock_load(struct clock *c, struct store *store)
{
	struct saved s;

	memset(c, 0, sizeof(*c));
	memset(&s, 0, sizeof(s));
	pthread_mutex_init(&c->lock, NULL);
	if (!store_read(store, load_tx, &s))
		return 0;
	c->highest = strtoll(s.highest, NULL, 10);
	if (s.last > c->highest)
		c->highest = s.last;
	memcpy(c->time_stop, s.time_stop, sizeof(c->time_stop));
	memcpy(c->operator_stop, s.operator_stop, sizeof(c->operator_stop));
	return 1;
}

void
clock_clear(struct clock *c)
{
	pthread_mutex_destroy(&c->lock);
}

static void
distrust(struct clock *c, const char *what, int64_t by, int *changed)
{
	if (c->time_stop[0] != '\0')
		return;
	snprintf(c->time_stop, sizeof(c->time_stop), "time: %s by %lld s",
	    what, (long long)by);
	if (changed != NULL)
		*changed = 1;
}

int
clock_check(struct clock *c, int64_t wall, int64_t boot, int *changed)
{
	int64_t step, offset = wall - boot;
	int ok;

	if (changed != NULL)
		*changed = 0;
	pthread_mutex_lock(&c->lock);
	step = c->has_offset ? offset - c->offset : 0;
	if (wall < c->highest - CLOCK_BACK_MAX)
		distrust(c, "the clock is behind what was written",
		    c->highest - wall, changed);
	else if (step > CLOCK_STEP_MAX || step < -CLOCK_STEP_MAX)
		distrust(c, "the clock stepped", step, changed);
	/* Slow corrections are followed; a step that is not believed is not. */
	if (c->time_stop[0] == '\0') {
		c->offset = offset;
		c->has_offset = 1;
		if (wall > c->highest)
			c->highest = wall;
	}
	ok = c->time_stop[0] == '\0' && c->operator_stop[0] == '\0';
	pthread_mutex_unlock(&c->lock);
	return ok;
}

int
clock_save(struct clock *c, struct store *store)
{
	return store_write(store, save_tx, c, STORE_URGENT);
}

void
clock_stopped(struct clock *c, char *out, size_t size)
{
	pthread_mutex_lock(&c->lock);
	snprintf(out, size, "%s", c->time_stop[0] != '\0' ? c->time_stop :
	    c->operator_stop);
	pthread_mutex_unlock(&c->lock);
}

void
clock_distrusted(struct clock *c, char *out, size_t size)
{
	pthread_mutex_lock(&c->lock);
	snprintf(out, size, "%s", c->time_stop);
	pthread_mutex_unlock(&c->lock);
}

void
clock_copy(struct clock *c, struct clock *was)
{
	pthread_mutex_lock(&c->lock);
	was->highest = c->highest;
	was->offset = c->offset;
	was->has_offset = c->has_offset;
	memcpy(was->time_stop, c->time_stop, sizeof(was->time_stop));
	memcpy(was->operator_stop, c->operator_stop,
	    sizeof(was->operator_stop));
	pthread_mutex_unlock(&c->lock);
}

void
clock_undo(struct clock *c, const struct clock *was)
{
	pthread_mutex_lock(&c->lock);
	c->highest = was->highest;
	c->offset = was->offset;
	c->has_offset = was->has_offset;
	memcpy(c->time_stop, was->time_stop, sizeof(c->time_stop));
	memcpy(c->operator_stop, was->operator_stop,
	    sizeof(c->operator_stop));
	pthread_mutex_unlock(&c->lock);
}

int
clock_operator_stop(struct clock *c, const char *why)
{
	pthread_mutex_lock(&c->lock);
	snprintf(c->operator_stop, sizeof(c->operator_stop), "operator: %s",
	    why != NULL && why[0] != '\0' ? why : "no reason given");
	pthread_mutex_unlock(&c->lock);
	return 1;
}

int
clock_resume(struct clock *c, int64_t wall, int64_t boot, int confirm_time)
{
	int ok = 1;

	pthread_mutex_lock(&c->lock);
	if (c->time_stop[0] != '\0' && !confirm_time) {
		ca_raise(CA_E_DENIED, "resume.confirm_time: %s; if the clock is "
		    "right now, resume with --confirm-time", c->time_stop);
		ok = 0;
	} else {
		if (c->time_stop[0] != '\0') {
			c->highest = wall;
			c->offset = wall - boot;
			c->has_offset = 1;
		}
		c->time_stop[0] = '\0';
		c->operator_stop[0] = '\0';
	}
	pthread_mutex_unlock(&c->lock);
	return ok;
}
