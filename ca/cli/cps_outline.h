#ifndef INKAN_CA_CLI_CPS_OUTLINE_H
#define INKAN_CA_CLI_CPS_OUTLINE_H

/*
 * The outline of RFC 3647, section 6, and what of it a policy answers. All of
 * its components of the first and second level stand here, and those of the
 * third that have something to be said about.
 */

enum cps_part {
	CPS_NONE,		/* to be written by people */
	CPS_NAME, CPS_CAS, CPS_FLEETS, CPS_USES, CPS_ADDRESSES, CPS_CRLS,
	CPS_NAMES, CPS_ENROL, CPS_APPROVALS, CPS_REVOKE_RULES, CPS_ROLES,
	CPS_LOG, CPS_KEYS, CPS_VALIDITY, CPS_PROFILES
};

struct cps_section {
	const char *number, *title;
	const char *text;	/* what is so by the software itself; NULL */
	enum cps_part part;	/* what the policy says */
};

extern const struct cps_section cps_outline[];	/* ended by number NULL */

#endif
