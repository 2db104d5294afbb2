#ifndef INKAN_RA_ATTEST_DICE_ASN1_H
#define INKAN_RA_ATTEST_DICE_ASN1_H

#include <openssl/asn1t.h>

/*
 * Extensions of DICE certificates (TCG DICE Attestation Architecture 1.1, 6). All
 * tags of a TcbInfo are IMPLICIT. integrityRegisters are taken and not looked at.
 */

typedef struct {
	ASN1_OBJECT *algorithm;
	ASN1_OCTET_STRING *digest;
} DICE_FWID;
DEFINE_STACK_OF(DICE_FWID)

typedef struct {
	ASN1_UTF8STRING *vendor, *model, *version;
	ASN1_INTEGER *svn, *layer, *index;
	STACK_OF(DICE_FWID) *fwids;
	ASN1_BIT_STRING *flags;
	ASN1_OCTET_STRING *vendor_info, *type;
	ASN1_BIT_STRING *mask;
	STACK_OF(ASN1_TYPE) *registers;
} DICE_TCB;
DEFINE_STACK_OF(DICE_TCB)

typedef STACK_OF(DICE_TCB) DICE_TCBS;

/* tcg-dice-Ueid and tcg-dice-TcbFreshness: one OCTET STRING in a SEQUENCE. */
typedef struct {
	ASN1_OCTET_STRING *octets;
} DICE_OCTETS;

DECLARE_ASN1_ITEM(DICE_TCB)
DECLARE_ASN1_ITEM(DICE_TCBS)
DECLARE_ASN1_ITEM(DICE_OCTETS)

#endif
