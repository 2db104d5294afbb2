#ifndef INKAN_CA_ENGINE_FLEET_ATTEST_H
#define INKAN_CA_ENGINE_FLEET_ATTEST_H

#include "ca/engine/fleet.h"

/*
 * What a fleet demands of evidence: key "attest" of its file as a group. Which
 * formats count, by which trust anchors (never a manufacturer's, a station's or
 * one of ours), what the facts that evidence shows must be, and which of them a
 * profile may use as "attested.NAME". The format is inkan-fleet(5).
 *
 * The verifier holds evidence against anchors and reference values, which it is
 * sent with each question; the fleet's own demands on the facts that come out
 * (require) are judged here.
 */

/* The drafts that requests and nonces follow, by the days of their editors' copies,
   until there are RFCs: draft-ietf-lamps-csr-attestation (ra/attest/bundle.h) and
   draft-ietf-lamps-attestation-freshness (ra/freshness.h). A fleet may pin them in
   "drafts"; one that pins others is refused. */
#define FLEET_DRAFT_BUNDLE "csr-attestation-2026-06-16"
#define FLEET_DRAFT_FRESHNESS "attestation-freshness-2026-07-21"

#define FLEET_FORMATS_MAX 16
#define FLEET_ANCHOR_SETS_MAX 16
#define FLEET_EVIDENCE_ANCHORS_MAX 160	/* certificates, of all formats */
#define FLEET_EVIDENCE_ANCHORS_OCTETS (128 * 1024)
#define FLEET_REQUIRE_MAX 32
#define FLEET_ONE_OF_MAX 32
#define FLEET_FACTS_MAX 32
#define FLEET_FACT_NAME_MAX 48
#define FLEET_FACT_VALUE_MAX 160
#define FLEET_AK_PROFILES_MAX 8
#define FLEET_REFERENCES_MAX (256 * 1024)

enum fleet_unavailable { FLEET_AWAY_REFUSE, FLEET_AWAY_PARK };

struct fleet_anchor_set {
	char format[32];	/* a format's name; of TPMs "tpm-ak" for keys
				   that attest, "tpm-ek" for those that endorse */
	X509_STORE *anchors;
};

struct fleet_require {		/* of one fact */
	char fact[FLEET_FACT_NAME_MAX];
	char one_of[FLEET_ONE_OF_MAX][FLEET_FACT_VALUE_MAX];
	size_t n_one_of;	/* 0: by ${at_least} */
	int64_t at_least;
};

struct fleet_evidence {
	char formats[FLEET_FORMATS_MAX][32];
	size_t n_formats;
	struct fleet_anchor_set sets[FLEET_ANCHOR_SETS_MAX];
	size_t n_sets;
	char ak_profiles[FLEET_AK_PROFILES_MAX][64];	/* certificates of ours
				   by these make an attestation key known */
	size_t n_ak_profiles;
	int activation;		/* endorsement keys are asked (mode B) */
	struct fleet_require require[FLEET_REQUIRE_MAX];
	size_t n_require;
	char facts[FLEET_FACTS_MAX][FLEET_FACT_NAME_MAX];
	size_t n_facts;
	const char *references;	/* text for the verifier, of the policy's file;
				   NULL: none */
	const char *references_file;	/* its path in the policy */
	int64_t nonce_lifetime;	/* seconds */
	int64_t max_outstanding, max_per_key;	/* nonces not used yet */
	enum fleet_unavailable unavailable;
	int keep_whole;
	int64_t retention;	/* seconds of the evidence; 0 for good */
};

/* Key "attest" where it is a group, into ${f}, whose makers and stations are
   read already. 1, or 0 raised. */
int fleet_read_attest(
    const struct policy *p, const struct conf_group *root, struct fleet *f);
void fleet_evidence_free(struct fleet_evidence *e);	/* NULL is fine */
/* The set of that name; NULL: none. */
const struct fleet_anchor_set *fleet_anchor_set(
    const struct fleet_evidence *e, const char *format);
/* No anchor of evidence in ${p} is one of a manufacturer or a station of any
   fleet. 1, or 0 raised. */
int fleet_attest_apart(const struct policy *p);
/* Is ${value} what the rule wants? */
int fleet_require_met(const struct fleet_require *r, const char *value);
/* fleet_attest_dump.c, for policy_fleet_dump(). */
void fleet_attest_dump(BIO *b, const struct fleet_evidence *e);
/* fleet_dump.c: "KEY.SUB = subject" for each. */
void fleet_dump_anchors(
    BIO *b, const char *key, const char *sub, X509_STORE *anchors);

#endif
