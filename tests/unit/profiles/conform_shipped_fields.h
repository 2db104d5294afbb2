#ifndef TESTS_CONFORM_SHIPPED_FIELDS_H
#define TESTS_CONFORM_SHIPPED_FIELDS_H

/* A value for every field that a shipped profile takes. */

#include "profiles/build.h"

/* What no profile can do without comes first. */
#define N_SPARSE 40
static const struct build_field fields[] = {
    {"identity.device", "dev-1"},
    {"identity.serial", "SN-0001"},
    {"identity.cn", "dev-1"},
    {"request.cn", "Devices G1"},
    {"request.dns", "localhost"},
    {"request.c", "JP"},
    {"request.o", "Maker"},
    {"request.organization_identifier", "NTRJP-1234"},
    {"registry.svn", "3"},
    {"attested.tpm.ek.certificate",
	"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"},
    {"registry.aaguid", "000102030405060708090a0b0c0d0e0f"},
    {"registry.tcb_comp01", "15"},
    {"registry.tcb_comp02", "30"},
    {"registry.tcb_comp03", "45"},
    {"registry.tcb_comp04", "60"},
    {"registry.tcb_comp05", "75"},
    {"registry.tcb_comp06", "90"},
    {"registry.tcb_comp07", "105"},
    {"registry.tcb_comp08", "120"},
    {"registry.tcb_comp09", "135"},
    {"registry.tcb_comp10", "150"},
    {"registry.tcb_comp11", "165"},
    {"registry.tcb_comp12", "180"},
    {"registry.tcb_comp13", "195"},
    {"registry.tcb_comp14", "210"},
    {"registry.tcb_comp15", "225"},
    {"registry.tcb_comp16", "240"},
    {"registry.pcesvn", "13"},
    {"registry.cpusvn", "0f0e0d0c0b0a09080706050403020100"},
    {"registry.ppid", "00000000000000000000000000000001"},
    {"registry.pceid", "0000"},
    {"registry.fmspc", "00906ed50000"},
    {"registry.sgx_type", "1"},
    {"registry.struct_version", "1"},
    {"registry.product", "Example-B0"},
    {"registry.bl_spl", "3"},
    {"registry.tee_spl", "0"},
    {"registry.snp_spl", "8"},
    {"registry.ucode_spl", "115"},
    {"registry.hwid",
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	"fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"},
    /* What is optional. */
    {"request.ip", "127.0.0.1,::1"},
    {"request.model", "Model 1"},
    {"request.qc_type", "0.4.0.1862.1.6.2"},
    {"registry.hw_serial", "HW0001"},
    {"registry.tpm_serial", "hex:0a0b"},
    {"attested.dice.svn", "18446744073709551615"},
    {"registry.vendor", "Example"},
    {"registry.flags", "0001"},
    {"registry.fwid",
	"aa00000000000000000000000000000000000000000000000000000000000055"},
    {"registry.ueid", "01020304050607"},
    {"registry.smt", "true"},
};

#endif
