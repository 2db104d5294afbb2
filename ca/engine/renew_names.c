#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/engine/renew_names.h"

int
names_same_entry(const X509_NAME_ENTRY *a, const X509_NAME_ENTRY *b)
{
	unsigned char *x = NULL, *y = NULL;
	int n, k, same;

	if (OBJ_cmp(X509_NAME_ENTRY_get_object(a),
		X509_NAME_ENTRY_get_object(b)) != 0)
		return 0;
	n = ASN1_STRING_to_UTF8(&x, X509_NAME_ENTRY_get_data(a));
	k = ASN1_STRING_to_UTF8(&y, X509_NAME_ENTRY_get_data(b));
	same = n >= 0 && n == k && memcmp(x, y, (size_t)n) == 0;
	OPENSSL_free(x);
	OPENSSL_free(y);
	return same;
}

const X509_NAME_ENTRY *
names_missing(const X509_NAME *a, const X509_NAME *b)
{
	const X509_NAME_ENTRY *e;
	int i, k, found;

	for (i = 0; i < X509_NAME_entry_count(a); i++) {
		e = X509_NAME_get_entry(a, i);
		for (k = found = 0; !found && k < X509_NAME_entry_count(b); k++)
			found = names_same_entry(e, X509_NAME_get_entry(b, k));
		if (!found)
			return e;
	}
	return NULL;
}

static int
same_name(GENERAL_NAME *a, GENERAL_NAME *b)
{
	const ASN1_STRING *x, *y;
	int type, n;

	if (GENERAL_NAME_cmp(a, b) == 0)
		return 1;
	x = GENERAL_NAME_get0_value(a, &type);
	if (type != GEN_DNS)
		return 0;
	y = GENERAL_NAME_get0_value(b, &type);
	if (type != GEN_DNS)
		return 0;
	n = ASN1_STRING_length(x);
	return n == ASN1_STRING_length(y) &&
	    OPENSSL_strncasecmp((const char *)ASN1_STRING_get0_data(x),
		(const char *)ASN1_STRING_get0_data(y), (size_t)n) == 0;
}

int
names_have(const GENERAL_NAMES *list, GENERAL_NAME *name)
{
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(list); i++)
		if (same_name(sk_GENERAL_NAME_value(list, i), name))
			return 1;
	return 0;
}

int
names_within(const GENERAL_NAMES *a, const GENERAL_NAMES *b)
{
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(a); i++)
		if (!names_have(b, sk_GENERAL_NAME_value(a, i)))
			return 0;
	return 1;
}

void
names_attribute(const X509_NAME_ENTRY *e, char *out, size_t size)
{
	const ASN1_OBJECT *type = X509_NAME_ENTRY_get_object(e);
	int nid = OBJ_obj2nid(type);

	if (nid != NID_undef)
		snprintf(out, size, "%s", OBJ_nid2sn(nid));
	else
		OBJ_obj2txt(out, (int)size, type, 1);
}
