#ifndef INKAN_PROFILES_TRIAL_H
#define INKAN_PROFILES_TRIAL_H

#include "profiles/profile.h"

/*
 * A profile that cannot pass its own lint does not load: sample certificates are
 * built from it and judged by conform_tbs(), which runs the linter. One for each
 * key type, with all optional values there and with none of them, with evidence
 * and without where that makes a difference. The keys are fixed points and
 * numbers (nobody has their private half); nothing is signed.
 *
 * Values are made to fit the rules: of a SAN rule's first pattern, with "*"
 * replaced; else a typical value of its type; for the leaf of a declared extension
 * one of its type and size. A field that must be two things at once (an address
 * and a country) cannot be made: that sample is not judged, and the certificate
 * will be, before it is signed.
 */

/* 1, or 0 with PROFILE_E_CONFIG "<file>: lint.<rule>: ..." raised. */
int profile_trial(const struct profile *p, const char *file);

#endif
