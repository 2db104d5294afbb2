#include <ctype.h>
#include <string.h>
#include <jansson.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>

#include "ra/attest/android.h"

/* The status list: {"entries": {SERIAL: {"status": ...}}}, serials in lower-case
   hex without zeros in front, also where they look like decimal numbers. Who
   stands there is refused, whatever the status says. */

/* 1 listed, 0 not, -1 raised. */
static int
is_listed(const json_t *entries, const X509 *cert)
{
	BIGNUM *serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
	char *hex = serial ? BN_bn2hex(serial) : NULL, *p, *start;
	int yes = -1;

	if (hex == NULL) {
		attest_internal("android.status", "serial", "out of memory");
		goto out;
	}
	for (p = hex; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	for (start = hex; start[0] == '0' && start[1]; start++)
		;
	yes = json_object_get(entries, start) != NULL;
out:
	OPENSSL_free(hex);
	BN_free(serial);
	return yes;
}

/* The list; NULL raised. Its owner frees ${root}, also after a failure. */
static json_t *
read_entries(const struct attest_octets list, json_t **root)
{
	json_t *entries;

	*root = NULL;
	if (list.len == 0 || list.len > ANDROID_STATUS_MAX) {
		attest_unfit("android.status", "policy.status",
		    "no status list, or one of more than %d octets",
		    ANDROID_STATUS_MAX);
		return NULL;
	}
	*root = json_loadb((const char *)list.p, list.len,
	    JSON_REJECT_DUPLICATES, NULL);
	entries = json_object_get(*root, "entries");
	if (json_is_object(entries))
		return entries;
	attest_unfit("android.status", "policy.status",
	    "the status list is not JSON with entries");
	return NULL;
}

int
android_status_fit(const struct attest_android_policy *policy)
{
	json_t *root;
	int ok = read_entries(policy->status, &root) != NULL;

	json_decref(root);
	return ok;
}

int
android_status_check(const struct attest_android_policy *policy,
    const STACK_OF(X509) *path, time_t now)
{
	json_t *root, *entries = read_entries(policy->status, &root);
	int ok = 0, listed, i;

	if (entries == NULL)
		goto out;
	/* One of tomorrow would never get too old. */
	if (now - policy->status_time > policy->status_max_age ||
	    policy->status_time - now > 86400) {
		attest_unfit("android.status-age", "policy.status",
		    "the status list is too old, or not fetched yet");
		goto out;
	}
	for (i = 0; i < sk_X509_num(path); i++) {
		listed = is_listed(entries, sk_X509_value(path, i));
		if (listed > 0)
			attest_refuse("android.status", "certificate",
			    "certificate %d is on the status list", i);
		if (listed != 0)
			goto out;
	}
	ok = 1;
out:
	json_decref(root);
	return ok;
}
