#ifndef INKAN_CA_ENGINE_FLEET_H
#define INKAN_CA_ENGINE_FLEET_H

#include "ca/engine/policy.h"

/*
 * One fleet file compiled. For policy.c and tests; everybody else sees a whole
 * policy. The format is inkan-fleet(5); errors are PROFILE_E_CONFIG with
 * "fleets/NAME.conf:line: key: ...".
 *
 * Not checked here: whether two fleets share a label, whether a trust anchor
 * is a CA certificate of our own (policy_refuse_own).
 */

#define FLEET_RETRY_WINDOW 3600	/* seconds, where a fleet says nothing */

/* Profiles and anchors are looked up in ${p}, which must have its profiles and
   files already. Returned to be freed with fleet_free(). */
struct fleet *fleet_compile(
    const struct policy *p, const struct policy_file *file);
void fleet_free(struct fleet *f); /* NULL is fine */

/* May ${name} be a fleet or a label: 1..63 of a-z, 0-9 and '-', and none of
   EST's operations. */
int fleet_label_ok(const char *name);
/* Does ${name} match a pattern of the fleet ('*' any run of octets)? */
int fleet_names_match(const struct fleet *f, const char *name);
/* Does ${text} match ${pattern}? */
int fleet_match(const char *pattern, const char *text);
/* From when on a certificate of that validity may be renewed. */
int64_t fleet_window_opens(
    const struct fleet *f, int64_t not_before, int64_t not_after);

struct conf_group;
/* fleet_maker.c: read one manufacturer; anchors come from ${p}'s files. */
int fleet_read_maker(const struct policy *p, const struct conf_group *g,
    struct fleet_maker *out);
/* fleet_rules.c: what else a manufacturer's certificate must be, into ${out}. */
int fleet_read_rules(const struct conf_group *g, struct fleet_maker *out);
/* fleet_rules.c: keys "revocation" and "revocation_missing". */
int fleet_read_revocation(
    const struct conf_group *g, struct fleet_revocation *out);
/* fleet_station.c: the list of stations, into ${f}. 1, or 0 raised. */
int fleet_read_stations(const struct policy *p, const struct conf_group *auth,
    struct fleet *f);
/* That station of the fleet, or NULL. */
const struct fleet_station *fleet_station(
    const struct fleet *f, const char *name);
/* fleet_approval.c: "approve", "approval" and "retry_window", into ${f}, whose
   re_enrol is read already. 1, or 0 raised. */
int fleet_read_approval(const struct conf_group *g, struct fleet *f);
/* Can a request of the fleet have to wait for people? */
int fleet_parks(const struct fleet *f);
/* fleet_maker.c: the trust anchors that key "anchors" of ${g} names; NULL
   raised. */
X509_STORE *fleet_read_anchors(
    const struct policy *p, const struct conf_group *g);

#endif
