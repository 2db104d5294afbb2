#ifndef INKAN_OCSP_PATH_H
#define INKAN_OCSP_PATH_H

#include <stddef.h>

/*
 * What a raw request path means. Pure functions over the octets as the client
 * sent them, cut at '?': nothing is normalised, because a base64 text may
 * hold "//" (RFC 6960 A.1).
 *
 *   /                                 home
 *   /ocsp  /ocsp/IDENT                OCSP (POST)
 *   /BASE64  /ocsp/BASE64  /ocsp/IDENT/BASE64      OCSP (GET)
 *   /crl/NAME.crl  /ca/NAME.cer       published files
 *   /log/checkpoint  /log/checkpoint.witnessed  /log/log.vkey
 *   /log/tile/...                     the log; tile names as in ca/log/tile.h
 *
 * Extra slashes before a part are skipped. IDENT is [a-z0-9][a-z0-9.-]*; the
 * base64 of a request begins with 'M' (SEQUENCE is 0x30), so the two cannot be
 * taken for each other. IDENT says nothing about the answer: the CertID names
 * the issuer.
 */

#define PATH_NAME_MAX 96 /* octets of a file's name or an IDENT */

enum path_kind { PATH_NONE, PATH_HOME, PATH_OCSP, PATH_CRL, PATH_CA,
	PATH_LOG };

struct path {
	enum path_kind kind;
	const char *base64; /* PATH_OCSP: what follows, may be ""; points
			       into the raw path */
	char name[PATH_NAME_MAX + 1]; /* PATH_CRL, PATH_CA: file name;
					 PATH_LOG: path below log/ */
};

void path_route(const char *raw, struct path *out);

/*
 * The request in a GET path: percent-decoded once, then base64. '+' is
 * literal, a space is taken for the '+' that it once was, base64url letters
 * and missing padding are accepted, line breaks skipped. ${out} has room for
 * ${size} octets. 1, or 0 (nothing raised): not base64, or too long.
 */
int path_decode(
    const char *base64, unsigned char *out, size_t size, size_t *out_len);

#endif
