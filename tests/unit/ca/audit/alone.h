#ifndef TESTS_UNIT_CA_AUDIT_ALONE_H
#define TESTS_UNIT_CA_AUDIT_ALONE_H

#include "rig.h"
#include "ca/audit/private.h"

/* One part of an audit, without the others. */

static struct alone {
	struct audit_config config;
	struct audit_result result;
	struct audit audit;
	char found[4096];
} alone;

static inline void
alone_found(void *arg, const struct audit_finding *f)
{
	size_t n = strlen(alone.found);

	(void)arg;
	snprintf(alone.found + n, sizeof(alone.found) - n, "%s %lld %s%s: %s\n",
	    f->what, (long long)f->index, f->issuer, f->serial, f->text);
}

static inline struct audit *
alone_begin(void)
{
	memset(&alone, 0, sizeof(alone));
	alone.config.found = alone_found;
	alone.audit.c = &alone.config;
	alone.audit.r = &alone.result;
	return &alone.audit;
}

static inline void
assert_found(const char *text)
{
	assert_string_equal(alone.found, text);
	alone.found[0] = '\0';
}

#endif
