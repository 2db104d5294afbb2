#ifndef INKAN_CA_ENGINE_ATTEST_EVIDENCE_H
#define INKAN_CA_ENGINE_ATTEST_EVIDENCE_H

#include "ca/engine/stage.h"
#include "ca/store/evidence.h"

/*
 * The stage attest where a fleet demands evidence. The request carries it as an
 * attribute (draft-ietf-lamps-csr-attestation); inkan-verifier(8) appraises it.
 * Held here and left to nobody: the nonce is ours, was given to this session and
 * is used once; the key that was attested is the key of the request, octet by
 * octet; the facts are what the fleet requires.
 *
 * A verifier that does not answer never lets anything pass: by the fleet's
 * choice the request is refused for now, or told to come again; the same request
 * then finds its nonce reserved for it.
 */

#define EVIDENCE_OID "1.2.840.113549.1.9.16.2.59"
#define EVIDENCE_RETRY 15	/* seconds, while the verifier is away */

/* Among the facts of a record: which attestation key was activated. */
#define EVIDENCE_AK_NAME "activation.ak_name"
#define EVIDENCE_AK_PUBLIC "activation.ak_public"

/* What is asked of the verifier: ${csr} whole, the key that it is about, what the
   evidence must carry, and the attestation keys that we have certified for
   ${device} ("": none). Returned to be freed; NULL raised. */
struct appraise_ask {
	const struct fleet_evidence *policy;
	const unsigned char *csr; size_t csr_len;
	const unsigned char *spki; size_t spki_len;
	const unsigned char *expected; size_t expected_len;
	const unsigned char *ak_name; size_t ak_name_len;
	const unsigned char *ak_public; size_t ak_public_len;
	const char *device;
	const struct profile *profile;	/* of the certificate; NULL: any */
	const WIRE_FIELDS *known;	/* of the component from before; NULL */
};
WIRE_ANSWER *evidence_ask(
    const struct admit_env *env, const struct appraise_ask *ask);

/* Of an answer that accepts: is it about that key, are its facts what the fleet
   requires, and do they show what the certificate would say? 1; or 0 with rule,
   field and text in ${o}. */
int evidence_judge(const struct appraise_ask *ask, const WIRE_ANSWER *answer,
    struct outcome *o);

/* The value of a fact among an answer's rows; NULL: none. Borrowed. */
const char *evidence_fact(const WIRE_ANSWER *answer, const char *name);
/*
 * attest_claims.c: certificates by ${p} may say that their key lives in a TPM, or is
 * restricted (profile_says()); has the evidence shown that of this key? It may be of
 * another format, or of a plain key that an attestation key has certified. 1, or 0
 * with rule "attest.claim" in ${o}. The word of an operator who has pinned a key is
 * not looked at here.
 */
int evidence_claims(
    const struct profile *p, const WIRE_ANSWER *answer, struct outcome *o);
/*
 * attest_own.c: a key that we have certified as one that attests vouches for the
 * device that it was certified for; our CAs are anchors of no evidence. Adds such
 * keys of ${ask}->device as pins: those of live certificates by the profiles that
 * the fleet names in which 2.23.133.8.3 really stands, since without evidence a
 * profile leaves it out. 1, or 0 raised.
 */
int evidence_own_keys(const struct admit_env *env,
    const struct appraise_ask *ask, WIRE_FIELDS *l);
/* attest_inherit.c: what is known of the component from before: from ${facts} (of
   an activation, or a record; NULL: none), or from the record of the attestation
   key's certificate. Returned to be freed, maybe empty; NULL raised. */
WIRE_FIELDS *evidence_inherit(const struct admit_env *env,
    const unsigned char *facts, size_t len, const WIRE_ANSWER *answer);

/* The stage. */
int attest_by_evidence(struct admitting *t);

/* In the transaction that reserves certificate ${cert}: the record of what it
   rests on, and its entry of the log. */
int evidence_record(struct store_tx *tx, struct evidence_row *row,
    int64_t cert, time_t now);
/* Evidence that was refused is on record, too, at OUTCOME_REFUSALS_PER_HOUR for a
   party: its request comes whole, and may come any number of times. */
int evidence_record_refusal(struct store_tx *tx, struct evidence_row *row,
    const struct outcome *o);
/* Frees the row, too. NULL is fine. */
void evidence_row_free(struct evidence_row *row);

#endif
