#ifndef INKAN_CA_ENGINE_OPS_ROLES_H
#define INKAN_CA_ENGINE_OPS_ROLES_H

#include "ca/engine/operators.h"

/*
 * Roles and operations of the admin socket: who may ask what, and who may
 * approve it. What is in the table of operations but not here, nobody may do.
 * docs/operators.md shows the same table; a test holds them together.
 */

#define OPS_BREAKS 1	/* may be done at once with --break-glass */
#define OPS_REVOKES 2	/* counts as "revoke" in approvals */
#define OPS_SECRET 4	/* its answer holds a secret, which is not kept: only
			   who asked can run it */

struct ops_roles {
	const char *op;
	unsigned may;		/* set of enum operator_role */
	unsigned approve;	/* 0: it never needs approvals */
	unsigned flags;
};

const struct ops_roles *ops_roles_table(size_t *n);
/* NULL: nobody may. */
const struct ops_roles *ops_roles_find(const char *op);
/* The roles that may approve an operation, or any of a group of operations as
   approvals name them ("revoke", "profile", "device" ...); 0: no such thing. */
unsigned ops_roles_approvable(const char *name);

/* Does break-glass exist for it? */
int ops_breaks(const char *op);

struct ops_call;
/* May the peer of this call do that? 1, or 0 with c->o ("role.*"). Sets
   c->rights. */
int ops_roles_check(struct ops_call *c);

#endif
