#ifndef INKAN_TESTS_FAULTS_P11FAULT_H
#define INKAN_TESTS_FAULTS_P11FAULT_H

#include <p11-kit/pkcs11.h>

/*
 * The commands of the module that fails (p11fault.c). They stand in the file
 * that $INKAN_P11_FAULTS names, one a line:
 *
 *	FUNCTION FAULT [count=N] [skip=N] [until=SECONDS] [token=LABEL]
 *
 * FUNCTION is C_Sign, C_Login, ... or `any`. FAULT is a CKR_ name of the table
 * in p11fault_cmd.c, or one of
 *
 *	block[=SECONDS]	does not come back before that; without a number, not
 *			while the line stands there
 *	wrong		C_Sign: one bit of the signature is turned
 *	truncated	C_Sign: the last octet is missing
 *	crash		the process that the module is in ends by SIGKILL
 *	final-try	C_GetTokenInfo: one try of the PIN is left
 *
 * count=N: the next N calls, then no more; skip=N: not the first N; until=T: as
 * long as the clock is before T (seconds since 1970, with a fraction); without
 * them, every call. Write the file anew under another name and rename(2) it:
 * counting begins again with every new file. `#` begins a comment.
 */

enum p11_what {
	P11_RV = 1,
	P11_BLOCK,
	P11_WRONG,
	P11_TRUNCATED,
	P11_CRASH,
	P11_FINAL_TRY
};

struct p11_fault {
	enum p11_what what;
	CK_RV rv;	/* P11_RV */
	double seconds;	/* P11_BLOCK; 0: while the line is there */
};

/*
 * What ${function} is to do now on the token ${label} ("" unknown). 1 and
 * *out, or 0 for nothing. Counts; may be called by many threads.
 */
int p11_fault_next(const char *function, const char *label,
    struct p11_fault *out);

/* Wait as ${f} (P11_BLOCK) says. */
void p11_fault_block(const struct p11_fault *f);

#endif
