#ifndef INKAN_OCSP_INITKEYS_H
#define INKAN_OCSP_INITKEYS_H

#include "hsm/hsm.h"
#include "ocsp/settings.h"

/*
 * --init-keys: make the delegates' keys that the token lacks, and write a
 * request (PEM) for each key into the delegate's csr file. A key that is there
 * is left alone; its request is written again when the file is missing.
 * Run before the ceremony, which issues the certificates. 1, or 0 raised.
 */
int initkeys_run(const struct settings *set, struct hsm *hsm);

#endif
