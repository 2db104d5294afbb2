#include <string.h>

#include "ca/shape/route.h"

#define PREFIX "/.well-known/est/"
#define LOG_PROOF "/log-proof"

static const struct {
	const char *name;
	enum route_op op;
	unsigned int methods;
	const char *allow;
} ops[] = {
    {"cacerts", ROUTE_CACERTS, ROUTE_GET | ROUTE_HEAD, "GET, HEAD"},
    {"csrattrs", ROUTE_CSRATTRS, ROUTE_GET | ROUTE_HEAD, "GET, HEAD"},
    {"simpleenroll", ROUTE_SIMPLEENROLL, ROUTE_POST, "POST"},
    {"simplereenroll", ROUTE_SIMPLEREENROLL, ROUTE_POST, "POST"},
    {"serverkeygen", ROUTE_SERVERKEYGEN, ROUTE_POST, "POST"},
    {"fullcmc", ROUTE_FULLCMC, ROUTE_POST, "POST"},
    {"nonce", ROUTE_NONCE, ROUTE_GET | ROUTE_POST, "GET, POST"},
    {"log-proof", ROUTE_LOG_PROOF, ROUTE_GET | ROUTE_HEAD, "GET, HEAD"},
};

#define N_OPS (sizeof(ops) / sizeof(ops[0]))
#define N_EST (N_OPS - 1) /* the last one has a path of its own */

static enum route_op
find(const char *name)
{
	size_t i;

	for (i = 0; i < N_EST; i++)
		if (strcmp(name, ops[i].name) == 0)
			return ops[i].op;
	return ROUTE_NONE;
}

static size_t
entry(enum route_op op)
{
	size_t i = 0;

	while (i < N_OPS && ops[i].op != op)
		i++;
	return i;
}

int
route_parse(const char *path, struct route *out)
{
	const char *rest, *slash;
	size_t len;

	memset(out, 0, sizeof(*out));
	if (strcmp(path, LOG_PROOF) == 0) {
		out->op = ROUTE_LOG_PROOF;
		return 1;
	}
	if (strncmp(path, PREFIX, strlen(PREFIX)) != 0)
		return 0;
	rest = path + strlen(PREFIX);
	slash = strchr(rest, '/');
	if (slash == NULL) {
		out->op = find(rest);
		return out->op != ROUTE_NONE;
	}
	len = (size_t)(slash - rest);
	if (len == 0 || len > ROUTE_LABEL_MAX)
		return 0;
	memcpy(out->label, rest, len);
	if (find(out->label) == ROUTE_NONE) /* a label is no operation */
		out->op = find(slash + 1);
	return out->op != ROUTE_NONE;
}

const char *
route_name(enum route_op op)
{
	size_t i = entry(op);

	return i < N_OPS ? ops[i].name : "-";
}

unsigned int
route_methods(enum route_op op)
{
	size_t i = entry(op);

	return i < N_OPS ? ops[i].methods : 0;
}

const char *
route_allow(enum route_op op)
{
	size_t i = entry(op);

	return i < N_OPS ? ops[i].allow : "";
}
