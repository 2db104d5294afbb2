#ifndef INKAN_CA_ENGINE_RENEW_NAMES_H
#define INKAN_CA_ENGINE_RENEW_NAMES_H

#include <openssl/x509v3.h>

/* Subjects and alternative names held against each other, as a renewal needs
   it. Nothing is raised. */

/* Same type and same text, whatever string type it has. */
int names_same_entry(const X509_NAME_ENTRY *a, const X509_NAME_ENTRY *b);
/* The first attribute of ${a} that ${b} has not; NULL: all are there. */
const X509_NAME_ENTRY *names_missing(const X509_NAME *a, const X509_NAME *b);
/* Does ${list} (NULL: empty) have ${name}? DNS names without regard to case. */
int names_have(const GENERAL_NAMES *list, GENERAL_NAME *name);
/* Every name of ${a} stands in ${b}. */
int names_within(const GENERAL_NAMES *a, const GENERAL_NAMES *b);
/* "serialNumber", or dotted. */
void names_attribute(const X509_NAME_ENTRY *e, char *out, size_t size);

#endif
