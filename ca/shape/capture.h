#ifndef INKAN_CA_SHAPE_CAPTURE_H
#define INKAN_CA_SHAPE_CAPTURE_H

#include "ca/shape/basic.h"
#include "ca/shape/body.h"
#include "ca/shape/head.h"
#include "ca/shape/route.h"

/*
 * A request as somebody has kept it: head and body as they went over the wire,
 * or the body alone. It is read by the code that inkan-ra uses, so that both
 * say the same of it. Pure.
 *
 * Not judged: whether the head is too long or framed in two ways; TLS is not
 * in it.
 */

struct capture {
	int http;		/* there is a head; else only a body */
	struct route route;	/* what it asks for; ROUTE_NONE without a head */
	unsigned shape;		/* ca/shape/shape.h */
	char agent[HEAD_AGENT_MAX + 1];
	enum basic_result has_basic;
	struct basic basic;	/* wiped by capture_clear() */
	struct body body;	/* the CSR */
};

/* 1, or 0 with "rule: text" raised as CA_E_BADREQUEST: then shape and agent tell
   as much as was seen. To be cleared in both cases. */
int capture_read(const unsigned char *p, size_t len, struct capture *out);
void capture_clear(struct capture *c);

#endif
