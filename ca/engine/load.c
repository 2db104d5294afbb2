#include <time.h>

#include "ca/engine/load.h"

void
load_init(struct ca_load *l)
{
	int i;

	for (i = 0; i < LOAD_STEPS; i++)
		prom_histogram_init(&l->step[i], PROM_BOUNDS_SLOW,
		    PROM_BOUNDS_SLOW_N);
}

uint64_t
load_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void
load_step(struct ca_load *l, enum load_step step, uint64_t since)
{
	if (l != NULL)
		prom_observe(&l->step[step], load_clock() - since);
}
