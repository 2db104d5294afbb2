#ifndef INKAN_CA_TRANSCRIPT_VERIFY_H
#define INKAN_CA_TRANSCRIPT_VERIFY_H

#include <openssl/x509.h>
#include "ca/transcript/quorum.h"
#include "ca/transcript/transcript.h"

/*
 * Is a transcript what it says, by nothing but itself and what a stranger holds
 * beside it: the ceremony's file, certificates, and the participants' keys?
 *
 * Rules, by which a refusal begins: transcript.format, .number, .chain (an octet
 * was changed, a line moved, added or left out), .rehearsal, .end (cut off, or
 * it did not succeed), .file (another ceremony's), .cert (not made here),
 * .seal (the participants signed another text); quorum.* (quorum.h), for the
 * file and for the transcript.
 *
 * Not checked: that the log has the digest (compare it with the entry
 * «ceremony»), nor what certificates mean.
 */

#define VERIFY_CERTS_MAX 64

struct verify_against {
	const char *file;		/* ceremony file, or NULL */
	const char *participants;	/* list of trusted keys, or NULL: those of
					   the ceremony's file, else those that
					   the transcript itself names */
	const char *cert[VERIFY_CERTS_MAX];	/* PEM or DER files */
	size_t n_certs;
	int unsigned_ok;		/* nobody has signed the transcript yet */
};

struct verify_result {
	char kind[32];
	size_t records;
	char digest[65];	/* of the records: what participants signed */
	char logged[65];	/* of all but the last: what the log has */
	int quorum;
	char approved[1024], sealed[1024];	/* names */
	int own_keys;		/* the keys were only the transcript's own */
	size_t certs;		/* certificates that it tells of */
};

/* 1, or 0 raised. */
int verify_transcript(const char *path, const struct verify_against *a,
    struct verify_result *out);

#endif
