#ifndef INKAN_PROFILES_PROFILE_PART_H
#define INKAN_PROFILES_PROFILE_PART_H

#include <openssl/bio.h>
#include "profiles/conf.h"
#include "profiles/profile.h"

/*
 * What the files of the profile compiler share. Everything here raises
 * PROFILE_E_CONFIG "file:line: key: ..." and returns 1 or 0.
 */

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* OIDs on which rules hang. */
#define OID_SERVER_AUTH "1.3.6.1.5.5.7.3.1"
#define OID_CODE_SIGNING "1.3.6.1.5.5.7.3.3"
#define OID_TIME_STAMPING "1.3.6.1.5.5.7.3.8"
#define OID_OCSP_SIGNING "1.3.6.1.5.5.7.3.9"
#define OID_CMC_RA "1.3.6.1.5.5.7.3.28"
#define OID_ATTESTATION_KEY "2.23.133.8.3"
#define OID_CLIENT_AUTH "1.3.6.1.5.5.7.3.2"
#define OID_ANY_POLICY "2.5.29.32.0"
/* TCG's policies that say where a key verifiably lives. */
#define OID_TPM_RESIDENCY "2.23.133.11.1"
#define OID_TPM_RESTRICTED "2.23.133.11.1.3"

/* profile_source.c: subject and SAN rules */
int profile_parse_subject(struct profile *p, const struct conf_group *g);
int profile_parse_san(struct profile *p, const struct conf_group *g);
/* Is this the name of a field that a build may be given? */
int profile_field_known(const char *name);

/* profile_ext.c: extensions */
int profile_parse_extensions(struct profile *p, const struct conf_group *g);

/* profile_cross.c: what constrains chains below another CA */
int profile_parse_cross(struct profile *p, const struct conf_group *g);
int profile_check_cross(const struct profile *p, const struct conf_group *g);

/* profile_tree.c: declared extensions */
int profile_parse_trees(struct profile *p, const struct conf_group *g);

/* profile_class.c: what a class demands of its profiles */
int profile_check_class(const struct profile *p, const struct conf_group *g);
/* Is ${oid} this arc or under it? */
int profile_under(const char *oid, const char *arc);

/* profile_dump.c: a text of the profile's author, with control characters, the
   backslash and those of ${also} as "\x0a": none makes a line of its own, or
   looks like what follows it there. */
void profile_dump_text(BIO *out, const char *text, const char *also);

/* profile_dump_more.c */
void profile_dump_more(const struct profile *p, BIO *out);

/* profile_rules.c: what a single key cannot know */
int profile_check(const struct profile *p, const struct conf_group *g);

/* profile_ku.c */
const char *const *profile_ku_names(void);	/* by bit number */
unsigned profile_ku_bit(int number);		/* KU_* of a bit number */
/* NULL, or the rule broken. */
const char *profile_ku_breach(unsigned types, unsigned ku, int is_ca);

/* Copy a text into a field of ${size} octets, or say that it is too long. */
int profile_copy(const struct conf_group *g, const char *key, char *out,
    size_t size);
/* The same with a dotted OID, as text_to_oid() writes it. */
int profile_copy_oid(const struct conf_group *g, const char *key, char out[64]);
/* A value that the file has is none for its place, because of ${what}. 0
   raised; 1 in an active profile, where it is a breach alone: it was good once,
   and what is built from it is judged. */
int profile_refuse_value(struct profile *p, const struct conf_group *g,
    const char *key, const char *value, const char *what);
int profile_has_eku(const struct profile *p, const char *oid);

#endif
