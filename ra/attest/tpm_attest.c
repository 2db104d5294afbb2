#include <string.h>
#include <tss2/tss2_mu.h>

#include "ra/attest/tpm.h"

int
tpm_magic_check(const char *rule, const char *field, struct attest_octets in)
{
	static const unsigned char magic[] = {0xff, 'T', 'C', 'G'};

	if (in.len < sizeof(magic) ||
	    memcmp(in.p, magic, sizeof(magic)) == 0)
		return 1;
	return attest_refuse(rule, field, "%02x%02x%02x%02x: not made by a TPM",
	    in.p[0], in.p[1], in.p[2], in.p[3]);
}

int
tpm_attest_read(const char *rule, const char *field, struct attest_octets in,
    TPMS_ATTEST *out)
{
	unsigned char again[sizeof(TPMS_ATTEST)];
	size_t at = 0, n = 0;

	memset(out, 0, sizeof(*out));
	if (in.len == 0 || in.len > sizeof(again) ||
	    Tss2_MU_TPMS_ATTEST_Unmarshal(in.p, in.len, &at, out) !=
		TSS2_RC_SUCCESS ||
	    at != in.len || out->clockInfo.safe > 1 ||
	    Tss2_MU_TPMS_ATTEST_Marshal(out, again, sizeof(again), &n) !=
		TSS2_RC_SUCCESS ||
	    !octets_equal(in, again, n))
		return attest_malformed(rule, field,
		    "%zu octets that are not one TPMS_ATTEST", in.len);
	return 1;
}

int
tpm_creation_read(const char *rule, const char *field, struct attest_octets in,
    TPMS_CREATION_DATA *out)
{
	unsigned char again[sizeof(TPMS_CREATION_DATA)];
	size_t at = 0, n = 0;

	memset(out, 0, sizeof(*out));
	if (in.len == 0 || in.len > sizeof(again) ||
	    Tss2_MU_TPMS_CREATION_DATA_Unmarshal(in.p, in.len, &at, out) !=
		TSS2_RC_SUCCESS ||
	    at != in.len ||
	    Tss2_MU_TPMS_CREATION_DATA_Marshal(
		out, again, sizeof(again), &n) != TSS2_RC_SUCCESS ||
	    !octets_equal(in, again, n))
		return attest_malformed(rule, field,
		    "%zu octets that are not one TPMS_CREATION_DATA", in.len);
	return 1;
}
