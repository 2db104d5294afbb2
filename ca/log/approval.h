#ifndef INKAN_CA_LOG_APPROVAL_H
#define INKAN_CA_LOG_APPROVAL_H

#include <stddef.h>

/*
 * What an operator signs when he approves a request: a note (note.h) whose text
 * follows from the request's content alone, so that the approver's tool makes it
 * from what it has shown, and not from what the server says of it:
 *
 *	Inkan approval
 *	request: 17
 *	operation: issue
 *	asked by: admin:uid:2002
 *	content: sha256:9f86d0...
 *	expires: 2026-12-06T19:00:00Z
 *
 * The content is a DER list of fields (ca/wire/field.h) with ${v} 1, ${request},
 * ${op}, ${who}, ${expires} and what the request rests on; with its nonce it is
 * unique, so that a signature is good for one request of one instance.
 */

#define APPROVAL_TEXT_MAX 512

/* 1 into out[size], or 0 raised ("approval.content: ..."). */
int approval_text(const unsigned char *content, size_t len, char *out,
    size_t size);

#endif
