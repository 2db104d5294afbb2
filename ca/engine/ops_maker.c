#include <string.h>

#include "ca/engine/maker_crls.h"
#include "ca/engine/ops.h"

/* The CRLs of manufacturers that lie in the folder, as they were read last. */

struct listing {
	struct ops_call *c;
	int64_t left_out;
	int full;
};

/* By its times alone: whose word it is, each check finds out. */
static const char *
state_of(const struct maker_crls_info *i, time_t now)
{
	return now < i->this_update ? "not yet"
	    : now > i->next_update  ? "over"
				    : "current";
}

static int
add_one(const struct maker_crls_info *i, void *arg)
{
	struct listing *l = arg;
	struct ops_call *c = l->c;
	WIRE_FIELDS *row;

	if (l->full) {
		l->left_out++;
		return 1;
	}
	row = message_add_row(c->answer);
	if (row == NULL || !field_add_text(row, "file", i->file) ||
	    !field_add_text(row, "issuer", i->issuer) ||
	    !field_add_text(row, "number",
		i->number[0] != '\0' ? i->number : NULL) ||
	    !field_add_text(row, "state", state_of(i, c->now)) ||
	    !field_add_time(row, "this_update", i->this_update) ||
	    !field_add_time(row, "next_update", i->next_update) ||
	    !field_add_int(row, "entries", i->entries))
		return 0;
	l->full = !ops_room(c) ||
	    message_n_rows(c->answer) == WIRE_ROWS_MAX;
	return 1;
}

int
ops_maker_crl_list(struct ops_call *c)
{
	struct listing l = {.c = c};

	return maker_crls_list(c->ca->maker_crls, c->now, add_one, &l) &&
	    field_add_int(c->answer->values, "left_out", l.left_out);
}
