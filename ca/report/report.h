#ifndef INKAN_CA_REPORT_REPORT_H
#define INKAN_CA_REPORT_REPORT_H

#include <stddef.h>
#include <stdio.h>

/*
 * The one place that speaks: event lines for operators, one a line:
 *
 *   2026-11-21T07:00:00Z level=info prog=inkan-ca event=issue.done req=17
 *       serial=4f… device="a b"        (one line)
 *
 * Events are stable names (docs/events.md). Values are quoted when they hold
 * anything but [A-Za-z0-9._:/@+-]; control characters, quotes and non-UTF-8
 * are escaped (\xNN), and a value is cut at REPORT_VALUE_MAX octets. Written
 * with a single write(2), safe from many threads. Never give it a secret.
 */

enum report_level { REPORT_DEBUG, REPORT_INFO, REPORT_WARN, REPORT_ERROR };

#define REPORT_VALUE_MAX 512
#define REPORT_LINE_MAX 4096
#define REPORT_TRACE_MAX 2048	/* octets of the value "error" */

/* Once, in main. ${fd} is usually 2. Under systemd (JOURNAL_STREAM) lines get
   the "<N>" priority prefix and no time. */
void report_init(const char *program, enum report_level least, int fd);

/* Key and value pairs (both const char *), ended by NULL. A NULL value is
   written as "-". */
void report_event(enum report_level level, const char *event, ...)
    __attribute__((sentinel));

/*
 * The error queue as one record: the pairs, then error="..." with all texts,
 * outermost first (our own words), joined by " <- "; then the queue is empty.
 * Does nothing to errno.
 */
void report_errors(enum report_level level, const char *event, ...)
    __attribute__((sentinel));

/* The last (outermost) reason of ours on the queue, 0 when there is none;
   leaves the queue as it is. */
int report_last_reason(void);

/* The outermost text of the queue into ${buf} (for an answer); leaves the
   queue. "" when empty. */
void report_last_text(char *buf, size_t size);

/* All texts of the queue, outermost first, joined by ": ", into ${buf}. */
void report_trace(char *buf, size_t size);

/* ${s} for a terminal: control characters, those that turn the direction of
   writing, and what is not UTF-8 as \xNN; cut with "..." when ${size} (at least
   32) does not hold it. 4 octets for each of ${s} and 20 more always do. */
void report_escape(const char *s, char *out, size_t size);

/* For commands and start-up failures: "prog: <trace>" on stderr. */
void report_fatal(const char *program);

/* Moving a queue between threads: pack takes it (the queue is then empty),
   unpack raises it again in this thread and frees. NULL is fine. */
struct report_trace_pack;
struct report_trace_pack *report_pack(void);
void report_unpack(struct report_trace_pack *pack);
void report_pack_free(struct report_trace_pack *pack);

#endif
