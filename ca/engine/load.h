#ifndef INKAN_CA_ENGINE_LOAD_H
#define INKAN_CA_ENGINE_LOAD_H

#include <stdatomic.h>
#include <stdint.h>
#include "ca/report/prom.h"

/*
 * What an instance does at the moment and has done since it was started, counted
 * from many threads without a lock; for the operation "metrics". Nothing is
 * decided by it.
 */

enum load_step { LOAD_RESERVE, LOAD_SIGN, LOAD_RECORD, LOAD_STEPS };

struct ca_load {
	atomic_ullong issued, aborted;	/* since the start */
	atomic_size_t waiting[2];	/* requests: of devices, of ours */
	atomic_size_t busy;		/* workers */
	atomic_ullong busy_answers;	/* refused because too many wait */
	struct prom_histogram step[LOAD_STEPS];
};

void load_init(struct ca_load *l);	/* of zeroed memory */

/* Microseconds of a clock that nobody sets. */
uint64_t load_clock(void);
/* The step that began at ${since} is over. NULL is fine. */
void load_step(struct ca_load *l, enum load_step step, uint64_t since);

#endif
