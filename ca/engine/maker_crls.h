#ifndef INKAN_CA_ENGINE_MAKER_CRLS_H
#define INKAN_CA_ENGINE_MAKER_CRLS_H

#include <time.h>
#include <openssl/x509.h>

/*
 * The CRLs of manufacturers, as files in a folder (inkan-ca.conf(5),
 * maker_crls). This program speaks no TCP: whoever runs it puts them there. DER
 * or PEM, any names, any number of PEM blocks in a file; looked at again when a
 * check comes and MAKER_CRLS_EVERY seconds have passed. What cannot be read is
 * told of ("maker.crl.refused") and left out; a file that is being replaced by
 * rename is there always.
 *
 * A CRL that lies here is believed in nothing: each check verifies its
 * signature under the issuer of the certificate, up to the manufacturer's
 * anchor, its times and its scope (RFC 5280 6.3.3, by OpenSSL). Left out from
 * the beginning: deltas, indirect CRLs and those for some reasons only, those
 * without nextUpdate, and those with a critical extension that is not
 * understood.
 */

#define MAKER_CRLS_EVERY 2			/* seconds */
#define MAKER_CRLS_FILES_MAX 512
/* Octets; read, a CRL takes ten times as many. */
#define MAKER_CRLS_FILE_MAX (32L * 1024 * 1024)
#define MAKER_CRLS_TOTAL_MAX (64L * 1024 * 1024)
#define MAKER_CRLS_WHY_MAX 160

struct maker_crls;

/* ${dir} "": no folder, so that no CRL is ever there. Read at once; a folder
   that cannot be read is told of and is no error. Returned to be freed; NULL
   raised. */
struct maker_crls *maker_crls_new(const char *dir, time_t now);
void maker_crls_free(struct maker_crls *c);	/* NULL is fine */

enum maker_crls_verdict {
	MAKER_CRLS_GOOD,	/* every certificate below the anchor is covered */
	MAKER_CRLS_REVOKED,	/* one is revoked or on hold, also by a CRL that is
				   too old */
	MAKER_CRLS_UNKNOWN	/* one is not covered: ${why} says */
};

/* Of a chain that verifies already under ${anchors} (depth as in fleet_maker).
   Raises nothing. ${c} NULL: as without a folder. */
enum maker_crls_verdict maker_crls_check(struct maker_crls *c,
    X509_STORE *anchors, int depth, X509 *leaf, STACK_OF(X509) *rest,
    time_t now, char why[MAKER_CRLS_WHY_MAX]);

/* One CRL that was taken; texts are cut where they are longer. */
struct maker_crls_info {
	char file[256], issuer[256], number[64];	/* "" none */
	int64_t this_update, next_update;
	int64_t entries;
};
/* Each, in order of file names, as it was read last. Stops when ${cb} returns
   0: then 0. */
int maker_crls_list(struct maker_crls *c, time_t now,
    int (*cb)(const struct maker_crls_info *info, void *arg), void *arg);

#endif
