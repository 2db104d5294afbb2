#include <stdio.h>

#include "ocsp/metrics.h"
#include "ocsp/standing.h"

/* What the figures are called, and where they come from. */

static const char *const statuses[COUNTERS_STATUSES] = {
    "good", "revoked", "unknown"};
static const char *const sources[COUNTERS_SOURCES] = {
    "cached", "prepared", "signed"};

static void
write_answers(const struct metrics_ctx *ctx, struct prom *p)
{
	struct counters *c = ctx->responder->counters;
	const struct settings *set = ctx->set;
	unsigned long n;
	size_t i, status, source;

	prom_family(p, "inkan_ocsp_answers_total", PROM_COUNTER,
	    "Signed answers given, by issuer, status and where they came from: "
	    "kept whole, signed ahead, signed on demand.");
	for (i = 0; i <= set->n_delegates; i++)
		for (status = 0; status < COUNTERS_STATUSES; status++)
			for (source = 0; source < COUNTERS_SOURCES; source++) {
				n = counters_answers(c,
				    i < set->n_delegates ? i : COUNTERS_OTHER,
				    status, source);
				if (n > 0)
					prom_number(p, n, "issuer",
					    i < set->n_delegates
						? set->delegates[i].issuer
						: NULL,
					    "status", statuses[status],
					    "source", sources[source], NULL);
			}
}

static const struct series {
	enum counter which;
	const char *metric, *help; /* NULL: of the family before */
	const char *label, *value;
} series[] = {
    {COUNT_REQUESTS, "inkan_ocsp_requests_total", "HTTP requests of any kind.",
	NULL, NULL},
    {COUNT_MALFORMED, "inkan_ocsp_errors_total",
	"OCSP answers that say an error.", "error", "malformedRequest"},
    {COUNT_TRYLATER, NULL, NULL, "error", "tryLater"},
    {COUNT_UNAUTHORIZED, NULL, NULL, "error", "unauthorized"},
    {COUNT_NOT_MODIFIED, "inkan_ocsp_http_total",
	"HTTP outcomes other than a whole OCSP answer.", "outcome",
	"not_modified"},
    {COUNT_FILES, NULL, NULL, "outcome", "file"},
    {COUNT_REFUSED, NULL, NULL, "outcome", "refused"},
    {COUNT_SHED, "inkan_ocsp_connections_shed_total",
	"Connections closed at once, because there were max_connections.",
	NULL, NULL},
    {COUNT_TIMEOUTS, "inkan_ocsp_connections_late_total",
	"Connections cut off at their deadline.", NULL, NULL},
    {COUNT_PRESIGNED, "inkan_ocsp_presigned_total",
	"Answers of a ceremony that were given.", NULL, NULL},
    {COUNT_BY_SHA1, "inkan_ocsp_asked_by_total",
	"Requests read, by the hash of the CertID; without those found in memory.",
	"hash", "sha1"},
    {COUNT_BY_SHA256, NULL, NULL, "hash", "sha256"},
    {COUNT_BY_OTHER, NULL, NULL, "hash", "other"},
    {COUNT_OVER_BUDGET, "inkan_ocsp_over_budget_total",
	"Requests beyond sign_budget.", NULL, NULL},
    {COUNT_AHEAD, "inkan_ocsp_signed_ahead_total",
	"Signatures made ahead.", NULL, NULL},
};

static void
write_counters(struct counters *c, struct prom *p)
{
	const struct series *s;

	for (s = series; s < series + sizeof(series) / sizeof(series[0]); s++) {
		if (s->metric != NULL)
			prom_family(p, s->metric, PROM_COUNTER, s->help);
		if (s->label == NULL)
			prom_number(p, counters_get(c, s->which), NULL);
		else
			prom_number(p, counters_get(c, s->which), s->label,
			    s->value, NULL);
	}
	prom_family(p, "inkan_ocsp_sign_duration_seconds", PROM_HISTOGRAM,
	    "Building and signing an answer on demand.");
	prom_histogram(p, &c->sign, NULL);
}

static void
gauge(struct prom *p, const char *name, const char *help, uint64_t value)
{
	prom_family(p, name, PROM_GAUGE, help);
	prom_number(p, value, NULL);
}

static void
write_memory(const struct metrics_ctx *ctx, struct prom *p)
{
	struct responder *r = ctx->responder;
	struct shard_stats sum = {0, 0, 0};

	gauge(p, "inkan_ocsp_cache_answers", "Answers kept whole.",
	    cache_count(r->cache));
	if (r->prepared == NULL)
		return;
	prepared_count(r->prepared, &sum);
	gauge(p, "inkan_ocsp_prepared_certificates",
	    "Certificates of issuers with prepare = all.", sum.certs);
	gauge(p, "inkan_ocsp_prepared_answers",
	    "Those of them whose answer is signed ahead.", sum.signed_);
	gauge(p, "inkan_ocsp_prepared_bytes", "What they take in memory.",
	    sum.bytes);
}

static void
write_delegates(const struct metrics_ctx *ctx, struct prom *p, time_t now)
{
	struct view *view = state_view(ctx->responder->state);
	const struct view_issuer *issuer;
	struct signer *signer;
	size_t i;

	prom_family(p, "inkan_ocsp_delegate_expires_seconds", PROM_GAUGE,
	    "Until the certificate that signs for this issuer ends; 0: there "
	    "is none.");
	for (i = 0; i < ctx->set->n_delegates; i++) {
		issuer = view == NULL
		    ? NULL
		    : view_find_ident(view, ctx->set->delegates[i].issuer);
		signer = issuer == NULL
		    ? NULL
		    : delegates_signer(ctx->responder->delegates, issuer);
		prom_real(p,
		    signer == NULL ? 0 : (double)(signer->not_after - now),
		    "issuer", ctx->set->delegates[i].issuer, NULL);
		signer_free(signer);
	}
	view_free(view);
}

void
metrics_write(const struct metrics_ctx *ctx, struct prom *p, time_t now)
{
	struct standing s;

	write_answers(ctx, p);
	write_counters(ctx->responder->counters, p);
	write_memory(ctx, p);
	standing_look(ctx->set, ctx->responder->state,
	    ctx->responder->delegates, now, &s);
	gauge(p, "inkan_ocsp_may_sign",
	    "1: what is known of status.db allows new answers.",
	    s.view == STANDING_OK);
	prom_family(p, "inkan_ocsp_status_age_seconds", PROM_GAUGE,
	    "Age of the heartbeat in status.db.");
	prom_real(p, (double)s.age, NULL);
	write_delegates(ctx, p, now);
	if (ctx->server != NULL)
		gauge(p, "inkan_ocsp_connections", "Open connections.",
		    server_open(ctx->server));
}

/* No probe of the token: whoever can ask could have it sign. */
int
metrics_healthy(
    const struct metrics_ctx *ctx, time_t now, char *why, size_t size)
{
	struct view *view = state_view(ctx->responder->state);
	const struct view_issuer *issuer;
	struct signer *signer;
	struct standing s;
	size_t i;
	int ok;

	standing_look(ctx->set, ctx->responder->state,
	    ctx->responder->delegates, now, &s);
	snprintf(why, size, "%s", s.text);
	ok = s.view == STANDING_OK;
	for (i = 0; ok && i < ctx->set->n_delegates; i++) {
		issuer = view == NULL
		    ? NULL
		    : view_find_ident(view, ctx->set->delegates[i].issuer);
		signer = issuer == NULL
		    ? NULL
		    : delegates_signer(ctx->responder->delegates, issuer);
		ok = signer != NULL && signer->not_before <= now &&
		    signer->not_after > now;
		if (!ok)
			snprintf(why, size, "%s: no delegate that can sign",
			    ctx->set->delegates[i].issuer);
		signer_free(signer);
	}
	view_free(view);
	return ok;
}
