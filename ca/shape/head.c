#include <strings.h>

#include "ca/shape/head.h"
#include "ca/shape/shape.h"

unsigned
head_shape(const struct head *h)
{
	unsigned shape = 0;

	if (h->agent == NULL || h->agent[0] == '\0')
		shape |= SHAPE_NO_AGENT;
	if (h->accept == NULL)
		shape |= SHAPE_NO_ACCEPT;
	if (h->major == 1 && h->minor == 0)
		shape |= SHAPE_HTTP10;
	if (h->connection != NULL && strcasecmp(h->connection, "close") == 0)
		shape |= SHAPE_CLOSE;
	if (h->transfer != NULL)
		shape |= SHAPE_CHUNKED;
	if (h->expect != NULL)
		shape |= SHAPE_EXPECT;
	if (h->content_transfer != NULL)
		shape |= SHAPE_TRANSFER;
	return shape;
}

void
head_agent(const char *agent, char out[HEAD_AGENT_MAX + 1])
{
	size_t i = 0;

	for (; agent != NULL && agent[i] != '\0' && i < HEAD_AGENT_MAX; i++)
		out[i] = agent[i] >= 0x20 && agent[i] < 0x7f ? agent[i] : '?';
	out[i] = '\0';
}
