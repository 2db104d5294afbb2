#include "ra/attest/android.h"

/* clang-format off */
ASN1_SEQUENCE(ANDROID_KEY) = {
	ASN1_SIMPLE(ANDROID_KEY, version, ASN1_INTEGER),
	ASN1_SIMPLE(ANDROID_KEY, level, ASN1_ENUMERATED),
	ASN1_SIMPLE(ANDROID_KEY, keymint, ASN1_INTEGER),
	ASN1_SIMPLE(ANDROID_KEY, keymint_level, ASN1_ENUMERATED),
	ASN1_SIMPLE(ANDROID_KEY, challenge, ASN1_OCTET_STRING),
	ASN1_SIMPLE(ANDROID_KEY, unique_id, ASN1_OCTET_STRING),
	ASN1_SEQUENCE_OF(ANDROID_KEY, software, ASN1_ANY),
	ASN1_SEQUENCE_OF(ANDROID_KEY, hardware, ASN1_ANY)
} ASN1_SEQUENCE_END(ANDROID_KEY)

ASN1_SEQUENCE(ANDROID_BOOT) = {
	ASN1_SIMPLE(ANDROID_BOOT, key, ASN1_OCTET_STRING),
	ASN1_SIMPLE(ANDROID_BOOT, locked, ASN1_BOOLEAN),
	ASN1_SIMPLE(ANDROID_BOOT, state, ASN1_ENUMERATED),
	ASN1_OPT(ANDROID_BOOT, hash, ASN1_OCTET_STRING)
} ASN1_SEQUENCE_END(ANDROID_BOOT)
/* clang-format on */

/* Tag and contents of one field: [N] EXPLICIT, with a high N as often as not. */
static int
field(const ASN1_TYPE *any, int *tag, struct attest_octets *out)
{
	const ASN1_STRING *s;
	const unsigned char *p, *end;
	long len;
	int class, got;

	if (ASN1_TYPE_get(any) != V_ASN1_OTHER)
		return 0;
	s = any->value.asn1_string;
	p = ASN1_STRING_get0_data(s);
	end = p + ASN1_STRING_length(s);
	got = ASN1_get_object(&p, &len, tag, &class, end - p);
	if ((got & 0x80) || class != V_ASN1_CONTEXT_SPECIFIC ||
	    !(got & V_ASN1_CONSTRUCTED) || (got & 1) || p + len != end)
		return 0;
	*out = octets_of(p, (size_t)len);
	return 1;
}

int
android_list_is_fit(const STACK_OF(ASN1_TYPE) *list)
{
	struct attest_octets value;
	int i, tag, last = 0;

	for (i = 0; i < sk_ASN1_TYPE_num(list); i++) {
		if (!field(sk_ASN1_TYPE_value(list, i), &tag, &value) ||
		    tag <= last)
			return 0;
		last = tag;
	}
	return 1;
}

int
android_find(const STACK_OF(ASN1_TYPE) *list, int tag,
    struct attest_octets *out)
{
	int i, t;

	for (i = 0; i < sk_ASN1_TYPE_num(list); i++)
		if (field(sk_ASN1_TYPE_value(list, i), &t, out) && t == tag)
			return 1;
	return 0;
}

int64_t
android_number(const STACK_OF(ASN1_TYPE) *list, int tag)
{
	struct attest_octets value;
	const unsigned char *p;
	ASN1_INTEGER *n;
	int64_t out = -1;

	if (!android_find(list, tag, &value))
		return -1;
	p = value.p;
	n = d2i_ASN1_INTEGER(NULL, &p, (long)value.len);
	if (n == NULL || p != value.p + value.len ||
	    !ASN1_INTEGER_get_int64(&out, n) || out < 0)
		out = -1;
	ASN1_INTEGER_free(n);
	return out;
}
