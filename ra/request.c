#include <arpa/inet.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "ra/error.h"
#include "ra/request.h"

#define SUBJECT_MAX 512

/* "CN=a" without blanks around it. */
static int
add_entry(X509_NAME *name, char *entry)
{
	char *eq, *end;

	entry += strspn(entry, " ");
	end = entry + strlen(entry);
	while (end > entry && end[-1] == ' ')
		*--end = '\0';
	eq = strchr(entry, '=');
	if (eq == NULL || eq == entry || eq[1] == '\0') {
		ra_raise(
		    RA_E_CONFIG, "subject: \"%s\" is not TYPE=VALUE", entry);
		return 0;
	}
	*eq = '\0';
	if (X509_NAME_add_entry_by_txt(name, entry, MBSTRING_UTF8,
		(const unsigned char *)eq + 1, -1, -1, 0) != 1) {
		ra_raise(RA_E_CONFIG, "subject: %s=%s", entry, eq + 1);
		return 0;
	}
	return 1;
}

static X509_NAME *
parse_subject(const char *text)
{
	char copy[SUBJECT_MAX], *entry, *rest = copy;
	X509_NAME *name = X509_NAME_new();

	if (name == NULL || strlen(text) >= sizeof(copy)) {
		ra_raise(RA_E_CONFIG, "subject: too long");
		X509_NAME_free(name);
		return NULL;
	}
	strcpy(copy, text);
	while ((entry = strsep(&rest, ",")) != NULL) {
		if (!add_entry(name, entry)) {
			X509_NAME_free(name);
			return NULL;
		}
	}
	return name;
}

static GENERAL_NAME *
general_name(const char *text)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_OCTET_STRING *ip = a2i_IPADDRESS(text);
	ASN1_IA5STRING *dns = NULL;

	if (name != NULL && ip != NULL) {
		GENERAL_NAME_set0_value(name, GEN_IPADD, ip);
		return name;
	}
	dns = ASN1_IA5STRING_new();
	if (name != NULL && dns != NULL && ASN1_STRING_set(dns, text, -1)) {
		GENERAL_NAME_set0_value(name, GEN_DNS, dns);
		return name;
	}
	ASN1_OCTET_STRING_free(ip);
	ASN1_IA5STRING_free(dns);
	GENERAL_NAME_free(name);
	return NULL;
}

/* The wish for a subjectAltName; what is granted, the ceremony decides. */
static int
add_names(X509_REQ *req, char *const *names, size_t n)
{
	GENERAL_NAMES *list = GENERAL_NAMES_new();
	STACK_OF(X509_EXTENSION) *exts = NULL;
	GENERAL_NAME *name = NULL;
	size_t i;
	int ok = 0;

	for (i = 0; list != NULL && i < n; i++) {
		name = general_name(names[i]);
		if (name == NULL || sk_GENERAL_NAME_push(list, name) <= 0)
			goto out;
		name = NULL;
	}
	ok = list != NULL &&
	    X509V3_add1_i2d(
		&exts, NID_subject_alt_name, list, 0, X509V3_ADD_APPEND) == 1 &&
	    X509_REQ_add_extensions(req, exts) == 1;
out:
	GENERAL_NAME_free(name);
	GENERAL_NAMES_free(list);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	return ok;
}

static X509_REQ *
request(EVP_PKEY *key, const X509_NAME *subject, char *const *names, size_t n)
{
	X509_REQ *req = X509_REQ_new();

	if (req != NULL && X509_REQ_set_version(req, 0) == 1 &&
	    X509_REQ_set_subject_name(req, subject) == 1 &&
	    X509_REQ_set_pubkey(req, key) == 1 &&
	    (n == 0 || add_names(req, names, n)) &&
	    X509_REQ_sign(req, key, EVP_sha256()) > 0)
		return req;
	ra_raise(RA_E_INTERNAL, "certificate request could not be made");
	X509_REQ_free(req);
	return NULL;
}

X509_REQ *
request_make(
    EVP_PKEY *key, const char *subject, char *const *names, size_t n_names)
{
	X509_NAME *name = parse_subject(subject);
	X509_REQ *req = NULL;

	if (name != NULL)
		req = request(key, name, names, n_names);
	X509_NAME_free(name);
	return req;
}

X509_REQ *
request_renewal(EVP_PKEY *key, X509 *current)
{
	return request(key, X509_get_subject_name(current), NULL, 0);
}
