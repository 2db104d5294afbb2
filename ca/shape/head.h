#ifndef INKAN_CA_SHAPE_HEAD_H
#define INKAN_CA_SHAPE_HEAD_H

#include <stddef.h>

/* What the head of a request tells of its client. Pure. */

#define HEAD_AGENT_MAX 128	/* octets of a User-Agent that are kept */

struct head {		/* values of headers, NULL where there is none */
	const char *agent, *accept, *connection, *transfer, *expect;
	const char *content_transfer;
	int major, minor;	/* of HTTP */
};

/* A set of ca/shape/shape.h. */
unsigned head_shape(const struct head *h);

/* User-Agent as it is kept: printable ASCII, '?' for the rest; "" for NULL. */
void head_agent(const char *agent, char out[HEAD_AGENT_MAX + 1]);

#endif
