#ifndef INKAN_RA_ATTEST_VERIFIER_POLICY_H
#define INKAN_RA_ATTEST_VERIFIER_POLICY_H

#include "ca/wire/field.h"
#include "ra/attest/attest.h"
#include "ra/attest/verifier_anchors.h"

/*
 * What a question is judged by, out of the question itself: the verifier has no
 * anchors of its own, so that the fleet's version of the policy is all there is.
 * Fields: "format" (names), "arc", "anchor.SET" (certificates, DER), "pin.SET"
 * (SHA-256 of keys) with SET one of tpm-ak, tpm-ek, dice, eat, android, webauthn,
 * and "references": the text of the fleet's *.attest file (inkan-verifier(8)),
 * read strictly; "file" is its name in errors. Without one: discrete and firmware
 * TPMs, no quirk. "android.status" is the status list of phones, as it was fetched
 * at "android.status_time"; one in the references goes before it. Whether it can be
 * read shows when it is needed, or asked (op "policy").
 */

#define VERIFIER_PINS_MAX 64

struct verifier_policy;

/* Returned to be freed; borrows from ${args}. Anchors are looked for in ${kept},
   and kept there; it may be NULL. NULL raised. */
struct verifier_policy *verifier_policy_read(
    const WIRE_FIELDS *args, struct verifier_anchors *kept);
void verifier_policy_free(struct verifier_policy *p);	/* NULL is fine */
const struct attest_policy *verifier_policy_get(
    const struct verifier_policy *p);

/* verifier_refs.c: the text, which errors call ${name}, into ${out}; what it points
   to is kept in ${keep}, to be freed after ${out}. ${keep} is set also when 0 is
   raised. */
struct verifier_refs;
int verifier_refs_read(const char *name, const char *text, size_t len,
    struct attest_policy *out, struct verifier_refs **keep);
void verifier_refs_free(struct verifier_refs *r);	/* NULL is fine */

#endif
