#ifndef INKAN_PROFILES_BUILD_PART_H
#define INKAN_PROFILES_BUILD_PART_H

#include "profiles/asn1.h"
#include "profiles/build.h"

/* What the files of the builder share: one build under way. */
struct build {
	const struct build_request *req;
	const struct profile *p;
	const struct build_issuer *issuer;
	const unsigned char *spki;	/* borrowed from the request */
	size_t spki_len;
	unsigned char key_id[20];	/* of the subject's key */
	INKAN_TBS *tbs;			/* owned */
	X509_NAME *subject;		/* owned; what the TBS will hold */
	char *notes;			/* BUILD_NOTES_MAX, or NULL */
};

/* Add a deviation to the notes. Characters that would confuse a reader of the
   list are replaced; what does not fit is left out. */
void build_note(struct build *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Value of a field, NULL when absent or empty. */
const char *build_value(const struct build_request *req, const char *name);

/* build_name.c: the subject, from rules or from the renewed certificate, and
   notes on what the CSR wanted beside it. */
int build_make_subject(struct build *b);

/* build_san.c: subjectAltName as an extension in *out, NULL when there is
   none. */
int build_make_san(struct build *b, X509_EXTENSION **out);

/* build_wish.c: notes on the CSR's extensions that are left out. */
void build_note_wishes(struct build *b);

/* build_ext.c: all extensions, in the TBS. */
int build_extensions(struct build *b);
/* Add one: a value of a type that OpenSSL knows, or DER. 1, or 0 raised. */
int build_push_value(struct build *b, int nid, int critical, void *value);
int build_push_der(struct build *b, const char *oid, int critical,
    const unsigned char *der, size_t len);

/* build_cross.c: what constrains chains below a CA; and, when all extensions
   are there, the issuer's own name constraints. */
int build_cross(struct build *b);
int build_check_constraints(struct build *b);

/* build_tree.c: declared extensions. */
int build_trees(struct build *b);

/* build_size.c: the budget of octets. */
int build_check_size(struct build *b, size_t tbs_len);

#endif
