#ifndef INKAN_RA_ATTEST_VERIFIER_ASK_H
#define INKAN_RA_ATTEST_VERIFIER_ASK_H

#include "ca/wire/message.h"
#include "ra/attest/verifier_anchors.h"

/*
 * One question, one answer. Pure: time comes with the question.
 *
 * "appraise": fields of verifier_policy.h, "now", "csr" (DER, whole), "spki" (that
 *   of the request), "nonce" (what the evidence must carry), "ak_name" and
 *   "ak_public" of an activation. Answer: "format", "key" (SubjectPublicKeyInfo
 *   that was attested), and a row of "name", "value" for each fact.
 * "challenge": fields of verifier_policy.h, "now", "ek_cert" (leaf first),
 *   "ek_public", "ak_public", "nonce", "secret". Answer: "id_object",
 *   "enc_secret", "ak_name", "ek_sha256", and rows of facts.
 *   The secret is inkan-ca's, and is made for this one answer; nothing of it is
 *   kept here.
 * "policy": fields of verifier_policy.h: can they be read? Answer: nothing, or
 *   BADREQUEST with rule "policy.references" and a text that says where and what.
 * "ping": nothing.
 *
 * Refusals: BADREQUEST for what cannot be read, DENIED for what is not good
 * enough, INTERNAL where what was sent to judge by is unfit: that is nobody's
 * evidence.
 */

/* Returned to be freed; NULL only when out of memory. The error queue is empty
   before and after. */
WIRE_ANSWER *verifier_answer(const WIRE_REQUEST *req);
/* The same, and anchors that were read stay in ${kept}. */
WIRE_ANSWER *verifier_answer_with(
    const WIRE_REQUEST *req, struct verifier_anchors *kept);

#endif
