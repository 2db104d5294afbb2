#ifndef INKAN_RA_LIMITS_H
#define INKAN_RA_LIMITS_H

#include <stddef.h>
#include <sys/socket.h>

/*
 * How many connections there are, in all and per address, over all workers.
 * Safe from many threads. An IPv6 address counts with its /64: one subscriber
 * has all of it.
 */

struct limits;

struct limits *limits_new(size_t max, size_t max_per_address);
void limits_free(struct limits *l); /* NULL is fine */

/* 1, or 0: too many. What was taken is given back once. */
int limits_take(struct limits *l);
void limits_give(struct limits *l);
int limits_take_address(struct limits *l, const struct sockaddr *sa);
void limits_give_address(struct limits *l, const struct sockaddr *sa);

int limits_full(struct limits *l); /* no further connection */
size_t limits_count(struct limits *l);

#endif
