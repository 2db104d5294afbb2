#ifndef INKAN_CA_CLI_SEEN_H
#define INKAN_CA_CLI_SEEN_H

#include <stddef.h>

/*
 * What has been seen in a file, by 8 octets of a SHA-256: a million things in
 * 16 MiB. Two different ones look the same once in 10^7 files of a million.
 */

struct seen;

struct seen *seen_new(void); /* NULL raised */
void seen_free(struct seen *s);
/* Note (${a}, ${b}). 1 new, 0 it was there, -1 raised. */
int seen_add(struct seen *s, const char *a, const char *b);

#endif
