#include <stdio.h>
#include <time.h>

#include "ca/report/report.h"
#include "ocsp/error.h"
#include "ocsp/export.h"
#include "ocsp/once.h"
#include "ocsp/staple.h"

/* Answers kept in memory: one certificate's, by either hash. */
#define CACHE_MAX 64

void
once_settings(struct settings *set, int one_hash)
{
	size_t i;

	set->max_cache = CACHE_MAX;
	set->policy.sign_budget = 0;
	set->policy.both_hashes = one_hash ? 0 : set->policy.both_hashes;
	for (i = 0; i < set->n_delegates; i++) {
		set->delegates[i].prepare = 0;
		set->delegates[i].policy.sign_budget = 0;
		if (one_hash)
			set->delegates[i].policy.both_hashes = 0;
	}
}

static void
report_sum(const struct export_sum *s, const char *dir)
{
	const size_t counts[] = {s->certs, s->written, s->fresh, s->refused,
	    s->removed, s->copied};
	char text[6][24];
	size_t i;

	for (i = 0; i < 6; i++)
		snprintf(text[i], sizeof(text[i]), "%zu", counts[i]);
	report_event(s->refused > 0 ? REPORT_WARN : REPORT_INFO,
	    "ocsp.export.done", "dir", dir, "certs", text[0], "written",
	    text[1], "fresh", text[2], "refused", text[3], "removed", text[4],
	    "copied", text[5], NULL);
}

/* A part failed, others go on: said at once, as they begin without errors. */
static int
told(int ok, const char *part, const char *dir)
{
	if (!ok)
		report_errors(REPORT_ERROR, "ocsp.export.failed", "part", part,
		    "dir", dir, NULL);
	ERR_clear_error();
	return ok;
}

/* What has ended goes first, and what is published is copied, whatever becomes
   of the answers. */
static int
all_parts(struct export *e, const char *dir)
{
	int more = 1, ok;

	ok = told(export_clean(e, time(NULL)), "ended", dir);
	while (more > 0)
		more = export_step(e, time(NULL));
	ok &= told(more == 0, "answers", dir);
	ok &= told(export_finish(e, time(NULL)), "copies", dir);
	if (!ok)
		ocsp_raise(OCSP_E_FILE, "export.part: %s is not whole", dir);
	return ok;
}

enum once_status
once_export(const struct settings *set, struct responder *responder,
    struct follow *follow, const char *dir)
{
	struct export *e = export_new(set, responder, follow, dir);
	enum once_status status = ONCE_FAILED;

	if (e == NULL)
		return ONCE_FAILED;
	if (all_parts(e, dir)) {
		report_sum(export_sum(e), dir);
		status = export_sum(e)->refused > 0 ? ONCE_NOTHING : ONCE_DONE;
	}
	export_free(e);
	return status;
}

enum once_status
once_staple(struct responder *responder, const char *cert, const char *out)
{
	switch (staple_write(responder, cert, out, time(NULL))) {
	case STAPLE_WRITTEN:
		report_event(REPORT_INFO, "ocsp.staple.written", "cert", cert,
		    "file", out, NULL);
		return ONCE_DONE;
	case STAPLE_REVOKED:
		report_event(REPORT_WARN, "ocsp.staple.revoked", "cert", cert,
		    "file", out, NULL);
		return ONCE_REVOKED;
	case STAPLE_NOTHING:
		report_errors(REPORT_WARN, "ocsp.staple.nothing", "cert", cert,
		    "file", out, NULL);
		ERR_clear_error();
		return ONCE_NOTHING;
	case STAPLE_FAILED:
		break;
	}
	return ONCE_FAILED;
}
