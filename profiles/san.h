#ifndef INKAN_PROFILES_SAN_H
#define INKAN_PROFILES_SAN_H

#include <openssl/x509v3.h>
#include "profiles/profile.h"

/*
 * Single subject alternative names (RFC 5280 4.2.1.6): text in, checked, typed
 * GeneralName out. Never by OpenSSL's configuration strings.
 */

#define SAN_VALUE_MAX 2048

/* "dns", "ip", "email", "uri", "hardware-module-name", "permanent-id"; NULL
   at the end of the list that san_types() gives. */
const char *const *san_types(void);
const char *san_type_name(enum profile_san_type type);

/* NULL, or why ${value} cannot be a name of this type. */
const char *san_breach(enum profile_san_type type, const char *value);
/* A checked value as GeneralName, to be freed; NULL raised. ${oid} is hwType or
   assigner and may be "". */
GENERAL_NAME *san_make(
    enum profile_san_type type, const char *oid, const char *value);
/* The text of a GeneralName of the types dns, ip, email and uri; 1 and its
   type, 0 when it is another type or no text (NUL, not ASCII). */
int san_read(const GENERAL_NAME *gn, enum profile_san_type *type, char *out,
    size_t size);
/* HardwareModuleName (RFC 4108 5): 1 with hwType, dotted, and hwSerialNum - as
   it is where that is printable ASCII, else "hex:0a0b", so that no two are the
   same text; 0 when ${gn} is none, or one that is broken, empty or too long for
   ${size}. */
#define SAN_OID_MAX 64
int san_read_hardware(const GENERAL_NAME *gn, char oid[SAN_OID_MAX], char *out,
    size_t size);

#endif
