#include <stdio.h>
#include <string.h>

#include "ca/report/report.h"
#include "ca/engine/parking_step.h"

/* What is written down of requests that wait. */

static const struct {
	const char *verb, *request, *enrol;
} NAMES[] = {
    {"parked", "request.parked", "enrol.parked"},
    {"approved", "request.approved", "enrol.approved"},
    {"denied", "request.denied", "enrol.denied"},
    {"expired", "request.expired", "enrol.expired"},
    {"void", "request.void", "enrol.void"},
    {"run", "request.run", ""},
    {"done", "request.done", ""},
    {"failed", "request.failed", ""},
    {"interrupted", "request.interrupted", ""},
    {"issued", "", "enrol.issued"},
};

static int
is_device(const struct parked_row *row)
{
	return strcmp(row->kind, PARKED_BY_DEVICE) == 0;
}

const char *
parking_name(const struct parked_row *row, const char *verb)
{
	size_t i;

	for (i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
		if (strcmp(NAMES[i].verb, verb) == 0)
			return is_device(row) ? NAMES[i].enrol
					      : NAMES[i].request;
	return verb;
}

int
parking_add_device(WIRE_FIELDS *l, const struct parked_row *row)
{
	return !is_device(row) || (field_add_text(l, "fleet", row->fleet) &&
	    field_add_text(l, "device", row->device));
}

int
parking_log(struct store_tx *tx, const char *verb, const struct parked_row *row,
    const char *who, const char *text, time_t now)
{
	WIRE_FIELDS *l = field_list_new();
	int ok;

	ok = l != NULL && field_add_int(l, "request", row->id) &&
	    field_add_text(l, "op", row->op) && parking_add_device(l, row) &&
	    field_add_bytes(l, "content_sha256", row->sha256, 32) &&
	    field_add_text(l, "asker", row->asker) &&
	    field_add_text(l, "who", who) && field_add_text(l, "text", text) &&
	    entries_append(tx, parking_name(row, verb), now, l, NULL);
	field_list_free(l);
	return ok;
}

static const char *
or_none(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

void
parking_tell(const struct ops_call *c, const char *verb,
    const struct parked_row *row)
{
	char id[24];

	snprintf(id, sizeof(id), "%lld", (long long)row->id);
	report_event(REPORT_INFO, parking_name(row, verb), "req",
	    c == NULL ? NULL : c->req, "op", row->op, "asker", row->asker,
	    "who", c == NULL ? NULL : c->who, "request", id, "fleet",
	    or_none(row->fleet), "device", or_none(row->device), NULL);
}
