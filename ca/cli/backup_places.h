#ifndef INKAN_CA_CLI_BACKUP_PLACES_H
#define INKAN_CA_CLI_BACKUP_PLACES_H

#include <limits.h>

/* What inkan-ca.conf(5) says of where things lie that belong into a backup. The
   rest of the file is inkan-ca's to judge. */

#define BACKUP_CONFIG "/etc/inkan/ca.conf"

struct backup_places {
	char config_dir[PATH_MAX];	/* where ca.conf itself lies */
	char store[PATH_MAX], publish_dir[PATH_MAX], policy_dir[PATH_MAX];
};

/* 1, or 0 raised: no such file, not this syntax, one of the three is absent. */
int backup_places_read(const char *conf, struct backup_places *out);

#endif
