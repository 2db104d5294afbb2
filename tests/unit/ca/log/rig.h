#ifndef TESTS_UNIT_CA_LOG_RIG_H
#define TESTS_UNIT_CA_LOG_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ec.h>
#include "ca/error.h"
#include "ca/log/base64.h"
#include "ca/log/note.h"

/* Some error that was raised begins with or holds ${text}; the queue is emptied. */
static inline void
assert_refused(const char *text)
{
	char all[4096] = "";
	const char *data = NULL;
	int flags = 0, found = 0;

	while (ERR_get_error_all(NULL, NULL, NULL, &data, &flags) != 0) {
		if (data == NULL)
			continue;
		found |= strstr(data, text) != NULL;
		strncat(all, data, sizeof(all) - strlen(all) - 2);
		strncat(all, "|", sizeof(all) - strlen(all) - 1);
	}
	if (!found)
		fail_msg("no \"%s\" in \"%s\"", text, all);
}

static inline EVP_PKEY *
ed25519(unsigned char seed)
{
	unsigned char raw[32];
	EVP_PKEY *k;

	memset(raw, seed, sizeof(raw));
	k = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, raw, 32);
	assert_non_null(k);
	return k;
}

/* ${text} with a signature by ${k} and what stands in ${more}. To be freed. */
static inline char *
signed_text(const char *text, const struct note_key *k, EVP_PKEY *pkey,
    int64_t when, const char *more)
{
	const char *lines[2];
	char *line = note_sign(text, k, pkey, when), *out;

	assert_non_null(line);
	lines[0] = line;
	lines[1] = more;
	out = note_join(text, lines, more != NULL ? 2 : 1);
	assert_non_null(out);
	OPENSSL_free(line);
	return out;
}

/* A checkpoint of a log in service, with its witnesses: signatures of four kinds
   of key. */
#define REAL_TEXT                                                              \
	"arche2025h1.staging.ct.transparency.dev\n"                            \
	"1432088532\n"                                                         \
	"U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n"
#define REAL_SIGNATURES                                                        \
	"— arche2025h1.staging.ct.transparency.dev "                      \
	"zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzal"     \
	"ApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=\n"               \
	"— arche2025h1.staging.ct.transparency.dev "                      \
	"ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bf"     \
	"TW9g8Ei59RA23oHP7Ry1k3ZFWwQ=\n"                                       \
	"— transparency.dev/DEV:witness-little-garden "                   \
	"2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4"     \
	"AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==\n"                           \
	"— remora.n621.de "                                               \
	"2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI"     \
	"+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==\n"
#define REAL_NOTE REAL_TEXT "\n" REAL_SIGNATURES
#define REAL_KEY                                                               \
	"arche2025h1.staging.ct.transparency.dev+ba2f06c0+"                    \
	"AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
#define REAL_WITNESS                                                           \
	"remora.n621.de+da77ade7+"                                             \
	"BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"

#endif
