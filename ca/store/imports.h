#ifndef INKAN_CA_STORE_IMPORTS_H
#define INKAN_CA_STORE_IMPORTS_H

#include "ca/store/store.h"

/* Files of devices that came into the registry. */

struct import_row {
	int64_t id;
	char file[256];		/* as its operator names it */
	char who[64];
	int64_t started, ended;	/* ended 0: it goes on, or nobody ended it */
	int64_t added, unchanged, refused;
};

/* Insert; row->id is set. */
int imports_add(struct store_tx *tx, struct import_row *row);
/* 1 found, 0 not there, -1 raised. */
int imports_get(struct store_tx *tx, int64_t id, struct import_row *out);
/* Counts and end, of a row that is there. 1, or 0 raised. */
int imports_set(struct store_tx *tx, const struct import_row *row);

#endif
