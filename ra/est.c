#include <stdio.h>
#include <string.h>

#include "ra/error.h"
#include "ra/private.h"

static unsigned int
method_of(struct evhttp_request *req)
{
	switch (evhttp_request_get_command(req)) {
	case EVHTTP_REQ_GET:
		return ROUTE_GET;
	case EVHTTP_REQ_HEAD:
		return ROUTE_HEAD;
	case EVHTTP_REQ_POST:
		return ROUTE_POST;
	default:
		return 0;
	}
}

static int
find_route(struct exchange *x)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(x->req);
	const char *path = uri == NULL ? NULL : evhttp_uri_get_path(uri);

	if (path != NULL && route_parse(path, &x->route))
		return 1;
	exchange_refuse(
	    x, 404, "route", "path.unknown", "no such resource", 0);
	return 0;
}

static const struct fleet *
find_fleet(struct exchange *x)
{
	const struct worker *w = x->conn->worker;
	const struct fleet *fleet;

	if (w->fleets == NULL) {
		exchange_refuse(x, 503, "route", "ca.away",
		    "not available now, try again later", 0);
		return NULL;
	}
	fleet = fleets_find(w->fleets, x->route.label);
	if (fleet == NULL)
		exchange_refuse(
		    x, 404, "route", "label.unknown", "no such label", 0);
	else
		x->known = 1;
	return fleet;
}

static int
check_method(struct exchange *x)
{
	if (route_methods(x->route.op) & method_of(x->req))
		return 1;
	exchange_header(x, "Allow", route_allow(x->route.op));
	exchange_refuse(x, 405, "route", "method", "method not allowed", 0);
	return 0;
}

/* What is asked of a fleet. */
static void
answer(struct exchange *x, const struct fleet *fleet)
{
	x->wrap = fleet->wrap;
	x->counts = fleet->counts;
	snprintf(x->route.label, sizeof(x->route.label), "%s", fleet->label);
	switch (x->route.op) {
	case ROUTE_CACERTS:
		exchange_answer_der(
		    x, EST_MEDIA_CERTS, fleet->cacerts, fleet->cacerts_len);
		break;
	case ROUTE_CSRATTRS:
		exchange_answer_der(
		    x, EST_MEDIA_ATTRS, fleet->csrattrs, fleet->csrattrs_len);
		break;
	case ROUTE_SIMPLEENROLL:
	case ROUTE_SIMPLEREENROLL:
		enroll_start(x);
		break;
	case ROUTE_NONCE:
		nonce_start(x);
		break;
	case ROUTE_SERVERKEYGEN:
		if (fleet->serverkeygen) {
			enroll_start(x);
			break;
		}
		/* fall through */
	default:
		exchange_refuse(x, 501, "route", "operation",
		    "this operation is not offered", 0);
		break;
	}
}

/* Operation, then label: 404; method: 405. The log is no fleet's: it answers
   also where none is the default one. */
static void
dispatch(struct exchange *x)
{
	const struct fleet *fleet;

	if (!find_route(x))
		return;
	if (x->route.op == ROUTE_LOG_PROOF) {
		if (check_method(x))
			log_proof_start(x);
	} else if ((fleet = find_fleet(x)) != NULL && check_method(x))
		answer(x, fleet);
}

void
est_request(struct evhttp_request *req, void *arg)
{
	struct connection *c = connection_of(req);
	struct exchange *x;

	(void)arg;
	ERR_clear_error();
	if (c == NULL) { /* no TLS: out of memory at accept */
		evhttp_connection_free(evhttp_request_get_connection(req));
		return;
	}
	connection_adopt(c, req);
	x = exchange_new(c, req);
	if (x == NULL) {
		connection_close(c);
		return;
	}
	if (head_check(x))
		dispatch(x);
}
