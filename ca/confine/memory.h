#ifndef INKAN_CA_CONFINE_MEMORY_H
#define INKAN_CA_CONFINE_MEMORY_H

#include <stddef.h>

#define MEMORY_ARENA_MIN ((size_t)1 << 20)

/*
 * Secrets stay out of swap: all memory of the process is locked, now and later,
 * where RLIMIT_MEMLOCK is infinite or can be made so (the units say so; root).
 * Elsewhere a warning is logged, and only the arena is locked.
 *
 * The arena is OpenSSL's secure heap: private numbers of keys and the seeds of
 * its generators lie in it, between pages that nobody can touch, and are wiped
 * when they are freed. ${arena} octets at least are made, MEMORY_ARENA_MIN at
 * least; when it is full, operations on keys fail.
 *
 * Once, while there is one thread and before OpenSSL has made a key. 1, or 0
 * raised: no arena. Not done here: wiping what lies outside the arena
 * (OPENSSL_cleanse where a secret ends), and what a PKCS#11 module keeps.
 */
int memory_protect(size_t arena);

#endif
