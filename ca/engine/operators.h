#ifndef INKAN_CA_ENGINE_OPERATORS_H
#define INKAN_CA_ENGINE_OPERATORS_H

#include <stdint.h>
#include "ca/log/note.h"
#include "ca/store/records.h"
#include "ca/wire/socket.h"

/*
 * Who may do what on the admin socket, and what needs the approval of others:
 * the file operators.conf of a policy, inkan-operators(5). It is versioned with
 * the policy, so that nobody gets a role by editing a file.
 *
 * The kernel says who asks (uid, gid, supplementary groups). A person is a
 * record with a uid and a public key; a group gives roles to whoever is in it,
 * but no key: who is known by a group only cannot approve.
 *
 * operators_compile refuses (PROFILE_E_CONFIG, "operators.conf:line: key: ..."):
 * unknown keys; a name, uid or key that stands twice, since one person counts
 * once; a key that is no verifier key of type Ed25519 or ECDSA; no admin; rules
 * for what is no operation; a number of approvals that those who may approve
 * could never bring together with the one who asks left out, and one that admins
 * could not: for the change of this file takes the highest.
 *
 * Not checked: whether a uid exists on this machine, whether two records are the
 * same human being.
 */

enum operator_role { OPERATOR_ADMIN = 1, OPERATOR_OFFICER = 2,
	OPERATOR_AUDITOR = 4 };
#define OPERATOR_ALL (OPERATOR_ADMIN | OPERATOR_OFFICER | OPERATOR_AUDITOR)

#define OPERATORS_PATH "operators.conf"
#define OPERATORS_MAX 64
#define OPERATORS_GROUPS_MAX 16
#define OPERATORS_RULES_MAX 64
#define OPERATORS_NUMBER_MAX 8		/* approvals */
#define OPERATOR_NAME_MAX 63

struct operator {
	char name[OPERATOR_NAME_MAX + 1];
	uid_t uid;
	unsigned roles;			/* set of enum operator_role */
	int has_key;
	struct note_key key;
};

struct operator_group {
	gid_t gid;
	unsigned roles;
};

struct operator_rule {			/* "issue:code-signing" = 2 */
	char operation[128];		/* operation, or a group of them */
	char of[64];			/* profile or class; "" all */
	int number;
};

struct operators {
	struct operator item[OPERATORS_MAX];
	size_t n;
	struct operator_group group[OPERATORS_GROUPS_MAX];
	size_t n_groups;
	struct operator_rule rule[OPERATORS_RULES_MAX];
	size_t n_rules;
	int uid_only;			/* a uid alone counts: a demo's */
	int64_t lifetime;		/* seconds that a request waits */
};

struct policy;
/* Profiles are looked up in ${p}, which must have them already. Returned to be
   freed with operators_free(). */
struct operators *operators_compile(const struct policy *p,
    const struct policy_file *file);
void operators_free(struct operators *o);	/* NULL is fine */

/* The roles of a peer. ${o} NULL, a policy without such a file: all. */
unsigned operators_roles(const struct operators *o,
    const struct socket_peer *peer);
/* NULL: no record has that uid. */
const struct operator *operators_by_uid(const struct operators *o, uid_t uid);
/* How many can approve what needs one of ${roles}. */
size_t operators_approvers(const struct operators *o, unsigned roles);
/* The highest number of all rules; 0 without rules, or without a file. */
int operators_highest(const struct operators *o);
/* The number for exactly this operation or group (${of} "" or NULL: only rules
   for all of it); 0 where there is no such rule. */
int operators_number(const struct operators *o, const char *operation,
    const char *of);

/* "admin officer" into out[40]; "none". */
void operators_print_roles(unsigned roles, char out[40]);

#endif
