#ifndef INKAN_CA_ENGINE_CLOCK_H
#define INKAN_CA_ENGINE_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

struct store;

/*
 * May we believe the clock? Wall-clock time more than CLOCK_BACK_MAX seconds
 * below the highest time ever written, or a step of more than CLOCK_STEP_MAX
 * between wall clock and CLOCK_BOOTTIME, stops issuing, CRLs and new OCSP
 * answers until an operator confirms the time (`inkan ca resume
 * --confirm-time`). An operator can stop issuing too (`inkan ca stop`); both
 * survive restarts.
 * Not checked: whether a clock that steps by less is right.
 */

#define CLOCK_BACK_MAX 300
#define CLOCK_STEP_MAX 600

struct clock {
	pthread_mutex_t lock;
	int64_t highest;	/* of all times written */
	int64_t offset;		/* wall clock - boot time, at the last check */
	int has_offset;
	char time_stop[128];	/* "" or why the time is not believed */
	char operator_stop[128];	/* "" or the operator's words */
};

/* Take highest time and stop states from the store. The highest time is that
   of the last clock_save() or of the log's last entry, whichever is later. */
int clock_load(struct clock *c, struct store *store);
void clock_clear(struct clock *c);

/* Judge a reading of both clocks. 1; 0 when issuing must stop (nothing raised).
   ${changed} (may be NULL) is set when this call made it stop. */
int clock_check(struct clock *c, int64_t wall, int64_t boot, int *changed);

/* Keep highest time and stop states in the store (from time to time). */
int clock_save(struct clock *c, struct store *store);

/* "" while all is well, else why not. */
void clock_stopped(struct clock *c, char *out, size_t size);
/* The same, but of the time alone: what an operator's stop leaves going on
   (CRLs, heartbeat, OCSP) asks here. */
void clock_distrusted(struct clock *c, char *out, size_t size);

/* Operator's stop and resume. resume refuses (0, CA_E_DENIED) while the time is
   not believed unless ${confirm_time}; that takes ${wall} as the truth. */
int clock_operator_stop(struct clock *c, const char *why);
int clock_resume(struct clock *c, int64_t wall, int64_t boot,
    int confirm_time);

/* Take the states back that ${was} shows (clock_copy()): a resume that could
   not be put on record did not happen. */
void clock_copy(struct clock *c, struct clock *was);
void clock_undo(struct clock *c, const struct clock *was);

#endif
