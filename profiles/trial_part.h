#ifndef INKAN_PROFILES_TRIAL_PART_H
#define INKAN_PROFILES_TRIAL_PART_H

#include "profiles/profile.h"
#include "profiles/tree.h"

/*
 * What the two files of the trial share: the fields of its samples.
 */

/* How much a use of a field asks of its value; the larger decides. */
enum demand { ANY_TEXT, DNS, URI, LABEL, COUNTRY, EMAIL, IP };

struct trial_field {
	char name[PROFILE_TEXT_MAX];
	char value[TREE_TEXT_MAX + 1];
	enum demand demand;
	int needed; /* by a rule that is not optional */
};

/* A trial: the profile with the rules that read a request turned into rules
   that read a field, for there is no request; and the fields. */
struct trial {
	struct profile p; /* what it points to is another's */
	struct trial_field *field; /* owned */
	size_t n, room;
};

/* trial_field.c: find the fields of ${t}->p, and values for them. 1, or 0 for
   want of memory; ${t}->field is to be freed in both cases. */
int trial_fields(struct trial *t);

#endif
