#ifndef INKAN_OCSP_STAMP_H
#define INKAN_OCSP_STAMP_H

#include <sys/stat.h>
#include <time.h>

/*
 * When a file's answer ends stands in its time of change: nextUpdate less the
 * configured validity, never in the future, so that a web server can tell
 * caches and an export need not read what is there. Under another validity the
 * same stamp says something else: stamp_again() before any is believed.
 */

struct timespec stamp_of(time_t next_update, time_t validity, time_t now);
/* nextUpdate, or earlier. */
time_t stamp_end(const struct stat *st, time_t validity);

/* Stamp every answer below ${dir}/ocsp anew, by what it says itself; what is
   not an answer, or cannot be read, has ended. 1, or 0 raised. */
int stamp_again(const char *dir, time_t validity, time_t now);

#endif
