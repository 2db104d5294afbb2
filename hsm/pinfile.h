#ifndef INKAN_HSM_PINFILE_H
#define INKAN_HSM_PINFILE_H

#include <sys/stat.h>
#include <stddef.h>
#include "hsm/pin.h"

/* Between pin.c (reads PINs) and pinstate.c (remembers refused ones). */

/* The path that ${src}, a file or a credential, names. 1, or 0 raised. */
int pinfile_path(const struct hsm_pin_source *src, char *out, size_t size);

/*
 * Open and check it (owner, mode, kind of file); its path goes to ${path}. The
 * descriptor is to be closed; -1 when HSM_E_PIN has been raised.
 */
int pinfile_open(
    const struct hsm_pin_source *src, char *path, size_t size, struct stat *st);

#endif
