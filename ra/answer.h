#ifndef INKAN_RA_ANSWER_H
#define INKAN_RA_ANSWER_H

#include <stddef.h>

#include "ca/wire/message.h"

/*
 * What goes back to the client: the one table from answers of inkan-ca to
 * HTTP, the text of refusals, and how base64 is wrapped. Pure.
 */

#define ANSWER_TEXT_MAX 512
#define ANSWER_RETRY_DEFAULT 5	/* seconds, for 503 */
#define ANSWER_RETRY_PENDING 60 /* seconds, for 202 */
#define ANSWER_RETRY_MAX 86400
#define ANSWER_ONE_LINE_MAX 1000 /* characters, see answer_columns() */

/* How a fleet wants its base64. */
enum answer_wrap { ANSWER_AUTO, ANSWER_ONE_LINE, ANSWER_WRAP_64 };

/* "auto", "one-line", "64"; anything else is ANSWER_AUTO. */
enum answer_wrap answer_wrap_parse(const char *text);

/*
 * Columns for ${len} octets (0: one line). Clients disagree: some fail on any
 * line break inside the text, others read lines of at most about 1,000
 * characters. One line suits both up to ANSWER_ONE_LINE_MAX characters; beyond
 * that the former are known by sending neither User-Agent nor Accept.
 */
size_t answer_columns(enum answer_wrap wrap, size_t len, int bare_client);

/* HTTP status, 500 for what is no status. */
int answer_http(enum wire_status status);
const char *answer_reason(int http); /* reason phrase, never NULL */

/* Seconds for Retry-After, 0 when the answer has none. ${asked} is what
   inkan-ca said (0: nothing). */
long answer_retry(int http, int64_t asked);

/* "stage: rule: text\n" into ${buf}, empty parts left out, control characters
   and what is not ASCII replaced. */
void answer_line(char *buf, size_t size, const char *stage, const char *rule,
    const char *text);

/* The same from a refusal of inkan-ca. Of failures on our side (500, 503) the
   client gets the rule only: causes are the operator's to read. */
void answer_refusal(char *buf, size_t size, const WIRE_ANSWER *a);

#endif
