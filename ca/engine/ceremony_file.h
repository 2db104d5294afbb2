#ifndef INKAN_CA_ENGINE_CEREMONY_FILE_H
#define INKAN_CA_ENGINE_CEREMONY_FILE_H

#include "ca/engine/ceremony.h"
#include "profiles/conf.h"

/* Reading ceremony files; private to ceremony_file.c and ceremony_kinds.c. All
   return 1, or 0 with PROFILE_E_CONFIG raised. */

int ceremony_copy(const struct conf_group *g, const char *key,
    const char *dflt, char *out, size_t size);
int ceremony_copy_path(const struct conf_group *g, const char *key,
    const char *dir, char *out);
int ceremony_read_set(const struct conf_group *g, struct ceremony_set *set);
/* May it stand in an address and in a file's name? */
int ceremony_name_ok(const char *name);

int ceremony_read_head(const struct conf_group *g, struct ceremony_file *f);
int ceremony_read_url(const struct conf_group *g, struct ceremony_file *f);
int ceremony_read_root(const struct conf_group *g, struct ceremony_file *f);
/* One CA: name, generation, key; then CRLs, and its token in ca.conf. */
int ceremony_read_ca(const struct conf_group *g, const struct ceremony_file *f,
    const char *name, const char *profile, struct ceremony_ca *ca);
int ceremony_read_times(const struct conf_group *g,
    const struct ceremony_file *f, struct ceremony_ca *ca);
int ceremony_read_shards(const struct conf_group *g,
    const struct ceremony_file *f, struct ceremony_ca *ca);
int ceremony_read_token_name(const struct conf_group *g,
    const struct ceremony_file *f, struct ceremony_ca *ca);
/* Issuing CAs and services. */
int ceremony_read_lists(const struct conf_group *g, struct ceremony_file *f);

/* ceremony_kinds.c: every kind but init. */
int ceremony_read_kind(const struct conf_group *g, struct ceremony_file *f);

/* "inkan-<name>-g<generation>": what a key is called where the file is silent. */
void ceremony_default_label(const struct ceremony_ca *ca, char *out,
    size_t size);

#endif
