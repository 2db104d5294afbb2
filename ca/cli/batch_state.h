#ifndef INKAN_CA_CLI_BATCH_STATE_H
#define INKAN_CA_CLI_BATCH_STATE_H

#include <stddef.h>

/*
 * What a batch has done, in a file ".inkan-batch" beside its certificates: the
 * SHA-256 of the batch's file, then for each row that was issued its line, the
 * serial and the name of the certificate's file. A line that was cut off counts
 * for nothing. It only saves asking: that nothing is issued twice is for
 * inkan-ca to see.
 */

struct batch_state;

/* ${sha256}: 64 hexadecimal digits of the file. One batch at a time has a
   folder. NULL raised, also when the state there is of another file. */
struct batch_state *batch_state_open(const char *dir, const char *sha256);
void batch_state_close(struct batch_state *s); /* NULL is fine */
int batch_state_done(const struct batch_state *s, size_t line);
/* 1, or 0 raised. */
int batch_state_add(struct batch_state *s, size_t line, const char *serial,
    const char *file);

#endif
