#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <openssl/objects.h>

#include "ra/attest/dice.h"

/* A TcbInfo held against reference values. */

#define FLAGS_ASKED 0x0fU /* notConfigured, notSecure, recovery, debug */
#define FLAGS_BITS 32

static int
same_text(const ASN1_STRING *have, const char *want)
{
	if (have == NULL || want == NULL)
		return have == NULL && want == NULL;
	return octets_equal(octets_of(want, strlen(want)),
	    ASN1_STRING_get0_data(have), (size_t)ASN1_STRING_length(have));
}

/* -1: absent. What does not fit into 63 bits is nothing that we know. */
static int
number(const ASN1_INTEGER *have, int64_t *out)
{
	*out = -1;
	return have == NULL || (ASN1_INTEGER_get_int64(out, have) && *out >= 0);
}

static int
same_octets(const ASN1_OCTET_STRING *have, struct attest_octets want)
{
	if (have == NULL || want.p == NULL)
		return have == NULL && want.p == NULL;
	return octets_equal(want, ASN1_STRING_get0_data(have),
	    (size_t)ASN1_STRING_length(have));
}

static int
same_place(const DICE_TCB *tcb, const struct attest_dice_ref *ref,
    int64_t layer, int64_t index)
{
	return same_text(tcb->vendor, ref->vendor) &&
	    same_text(tcb->model, ref->model) && layer == ref->layer &&
	    index == ref->index && same_octets(tcb->type, ref->type);
}

static int
is_strong(int nid)
{
	return nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512;
}

/* Every algorithm that both know must agree, and one that is strong must be
   among them: the first of those. NULL: it is not so. */
static const ASN1_OCTET_STRING *
known_fwid(const DICE_TCB *tcb, const struct attest_dice_ref *ref)
{
	const ASN1_OCTET_STRING *common = NULL;
	size_t j;
	int i;

	for (i = 0; i < sk_DICE_FWID_num(tcb->fwids); i++) {
		const DICE_FWID *f = sk_DICE_FWID_value(tcb->fwids, i);
		int nid = OBJ_obj2nid(f->algorithm);

		for (j = 0; j < ref->n_fwids; j++) {
			if (ref->fwids[j].algorithm != nid)
				continue;
			if (!same_octets(f->digest, ref->fwids[j].octets))
				return NULL;
			if (common == NULL && is_strong(nid))
				common = f->digest;
		}
	}
	return common;
}

/* ---- Flags ---- */

static int
bits(const ASN1_BIT_STRING *s, uint32_t *out)
{
	int i;

	*out = 0;
	if (s == NULL || ASN1_STRING_length(s) > FLAGS_BITS / 8)
		return 0;
	for (i = 0; i < FLAGS_BITS; i++)
		if (ASN1_BIT_STRING_get_bit(s, i))
			*out |= (uint32_t)1 << i;
	return 1;
}

/* A flag that is not in the mask is not known to be good. */
static int
check_flags(const DICE_TCB *tcb, int where, uint32_t known)
{
	uint32_t flags, mask, asked = FLAGS_ASKED | known;

	if (!bits(tcb->flags, &flags) || !bits(tcb->mask, &mask))
		return attest_refuse("dice.flags", "TcbInfo.flagsMask",
		    "certificate %d: flags or their mask are missing", where);
	if ((mask & asked) != asked)
		return attest_refuse("dice.flags", "TcbInfo.flagsMask",
		    "certificate %d: %08x; %08x must be told", where, mask,
		    asked);
	/* Bit 31 says how wide the string is, no more. */
	if (flags & mask & ~((uint32_t)1 << 31))
		return attest_refuse("dice.flags", "TcbInfo.flags",
		    "certificate %d: %08x: this layer is not as it ought to be",
		    where, flags & mask);
	return 1;
}

/* ---- The whole of it ---- */

/* "vendor model layer=1 index=0 svn=3 version=1.2", for people. */
static int
note(const DICE_TCB *tcb, int64_t layer, int64_t index, int64_t svn,
    struct attest_facts *facts)
{
	const ASN1_UTF8STRING *const texts[] = { tcb->vendor, tcb->model,
		tcb->version };
	char text[512];
	size_t n = 0, i;

	for (i = 0; i < 3; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%.*s",
		    i ? " " : "", texts[i] && ASN1_STRING_length(texts[i]) < 100
			? ASN1_STRING_length(texts[i]) : 1,
		    texts[i] ? (const char *)ASN1_STRING_get0_data(texts[i])
			     : "-");
	n += (size_t)snprintf(text + n, sizeof(text) - n,
	    " layer=%" PRId64 " index=%" PRId64 " svn=%" PRId64, layer, index,
	    svn);
	return facts_text(facts, "dice.tcb", text, n);
}

static int
note_text(struct attest_facts *facts, const char *name,
    const ASN1_UTF8STRING *s)
{
	return s == NULL ||
	    facts_text(facts, name, (const char *)ASN1_STRING_get0_data(s),
		(size_t)ASN1_STRING_length(s));
}

static int
note_octets(struct attest_facts *facts, const char *name,
    const ASN1_OCTET_STRING *s)
{
	return s == NULL ||
	    facts_octets(facts, name, ASN1_STRING_get0_data(s),
		(size_t)ASN1_STRING_length(s));
}

static int
note_number(struct attest_facts *facts, const char *name, int64_t n)
{
	return n < 0 || facts_number(facts, name, n);
}

/* Of the layer that has the alias key, each in a fact of its own: for what a
   fleet requires, and for the fields of a profile. */
static int
note_alias(const DICE_TCB *tcb, int64_t layer, int64_t index, int64_t svn,
    const ASN1_OCTET_STRING *fwid, struct attest_facts *facts)
{
	return note_text(facts, "dice.vendor", tcb->vendor) &&
	    note_text(facts, "dice.model", tcb->model) &&
	    note_text(facts, "dice.version", tcb->version) &&
	    note_number(facts, "dice.layer", layer) &&
	    note_number(facts, "dice.index", index) &&
	    note_number(facts, "dice.svn", svn) &&
	    note_octets(facts, "dice.type", tcb->type) &&
	    note_octets(facts, "dice.fwid", fwid);
}

int
dice_tcb_check(const DICE_TCB *tcb, int where, int alias,
    const struct attest_dice_policy *policy, struct attest_facts *facts)
{
	const ASN1_OCTET_STRING *fwid;
	int64_t layer, index, svn;
	int place = 0, digest = 0;
	size_t i;

	if (!number(tcb->svn, &svn) || !number(tcb->layer, &layer) ||
	    !number(tcb->index, &index))
		return attest_malformed("dice.tcb-info", "TcbInfo",
		    "certificate %d: a number below 0 or too large", where);
	if (!check_flags(tcb, where, policy->flags_known))
		return 0;
	for (i = 0; i < policy->n_refs; i++) {
		const struct attest_dice_ref *ref = &policy->refs[i];

		if (!same_place(tcb, ref, layer, index))
			continue;
		place = 1;
		if ((fwid = known_fwid(tcb, ref)) == NULL)
			continue;
		digest = 1;
		if ((ref->svn_min < 0 || svn >= ref->svn_min) &&
		    (ref->version == NULL ||
			same_text(tcb->version, ref->version)))
			return note(tcb, layer, index, svn, facts) &&
			    (!alias ||
				note_alias(
				    tcb, layer, index, svn, fwid, facts));
	}
	if (!place)
		return attest_refuse("dice.reference", "TcbInfo",
		    "certificate %d: no reference values for this vendor, "
		    "model, layer, index and type", where);
	if (!digest)
		return attest_refuse("dice.fwids", "TcbInfo.fwids",
		    "certificate %d: no firmware that is known", where);
	return attest_refuse("dice.svn", "TcbInfo.svn",
	    "certificate %d: older than the policy's", where);
}
