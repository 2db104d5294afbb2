#ifndef INKAN_RA_ATTEST_DICE_H
#define INKAN_RA_ATTEST_DICE_H

#include "ra/attest/dice_asn1.h"
#include "ra/attest/private.h"

/*
 * DICE: a chain of certificates in which each layer of firmware vouches for the
 * next, from the maker's root to the alias key of what runs. The alias key is
 * the request's key, which proves itself by signing the request; the statement,
 * a TcbFreshness (2.23.133.5.4.11) with the nonce, is under that signature. It
 * may be NULL when the alias certificate has a TcbFreshness of its own.
 */

#define DICE_OID_TCB "2.23.133.5.4.1"
#define DICE_OID_UEID "2.23.133.5.4.4"
#define DICE_OID_MULTI "2.23.133.5.4.5"
#define DICE_OID_FRESHNESS "2.23.133.5.4.11"

#define DICE_TCBS_MAX 16 /* TcbInfos of one certificate */

/* One TcbInfo against the policy's reference values and flags. ${where}: which
   certificate, for the refusal. Notes what it is; of the only one of the alias
   certificate (${alias}) each claim in a fact of its own. */
int dice_tcb_check(const DICE_TCB *tcb, int where, int alias,
    const struct attest_dice_policy *policy, struct attest_facts *facts);

#endif
