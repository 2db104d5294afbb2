#include <string.h>

#include <openssl/x509v3.h>

#include "profiles/error.h"
#include "profiles/build_part.h"

/*
 * What a request's extensions asked for beyond the profile: said in the notes,
 * and never copied. A wish that the profile fulfils anyway is no deviation.
 */

static int
usage_within(struct build *b, X509_EXTENSION *ext)
{
	ASN1_BIT_STRING *bits = X509V3_EXT_d2i(ext);
	unsigned asked = 0;
	int ok = bits != NULL && ASN1_STRING_length(bits) <= 2;

	if (ok && ASN1_STRING_length(bits) > 0)
		asked = ASN1_STRING_get0_data(bits)[0];
	if (ok && ASN1_STRING_length(bits) > 1)
		asked |= (unsigned)ASN1_STRING_get0_data(bits)[1] << 8;
	ASN1_BIT_STRING_free(bits);
	return ok && (asked & ~b->p->key_usage) == 0;
}

static int
purposes_within(struct build *b, X509_EXTENSION *ext)
{
	EXTENDED_KEY_USAGE *eku = X509V3_EXT_d2i(ext);
	char oid[64];
	size_t k;
	int i, ok = eku != NULL;

	for (i = 0; ok && i < sk_ASN1_OBJECT_num(eku); i++) {
		OBJ_obj2txt(oid, sizeof(oid), sk_ASN1_OBJECT_value(eku, i), 1);
		for (k = 0; k < b->p->n_eku; k++)
			if (strcmp(b->p->eku[k], oid) == 0)
				break;
		ok = k < b->p->n_eku;
	}
	sk_ASN1_OBJECT_pop_free(eku, ASN1_OBJECT_free);
	return ok;
}

static int
asks_for_ca(X509_EXTENSION *ext)
{
	BASIC_CONSTRAINTS *bc = X509V3_EXT_d2i(ext);
	int ca = bc == NULL || bc->ca;

	BASIC_CONSTRAINTS_free(bc);
	return ca;
}

/* What the request's extensions wanted and did not get. */
static void
note_extension(struct build *b, X509_EXTENSION *ext)
{
	char oid[80];
	int nid = OBJ_obj2nid(X509_EXTENSION_get_object(ext));

	switch (nid) {
	case NID_subject_alt_name:
	case NID_subject_key_identifier:
	case NID_authority_key_identifier:
		return; /* judged elsewhere; said by the key alone */
	case NID_basic_constraints:
		if (asks_for_ca(ext) && !b->p->is_ca)
			build_note(b, "basicConstraints cA ignored");
		return;
	case NID_key_usage:
		if (!usage_within(b, ext))
			build_note(b, "keyUsage ignored");
		return;
	case NID_ext_key_usage:
		if (!purposes_within(b, ext))
			build_note(b, "eku ignored");
		return;
	}
	OBJ_obj2txt(oid, sizeof(oid), X509_EXTENSION_get_object(ext), 1);
	build_note(b, "extension %.60s ignored", oid);
}

void
build_note_wishes(struct build *b)
{
	const STACK_OF(X509_EXTENSION) *exts = csr_extensions(b->req->csr);
	int i;

	ERR_set_mark();
	for (i = 0; i < sk_X509_EXTENSION_num(exts); i++)
		note_extension(b, sk_X509_EXTENSION_value(exts, i));
	ERR_pop_to_mark();
}
