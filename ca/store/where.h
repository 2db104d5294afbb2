#ifndef INKAN_CA_STORE_WHERE_H
#define INKAN_CA_STORE_WHERE_H

#include "ca/store/certs.h"

/*
 * Certificates by conditions, joined by AND, page by page in order of row. The
 * text that people write is read by ca/engine/where.h.
 *
 * What the store can decide itself, it decides (texts that are equal or not,
 * times, octets); every value is a parameter. Patterns and version numbers are
 * not its business: for a condition with ${here} = 0 it hands over the value,
 * and the caller judges.
 */

#define WHERE_CONDS_MAX 16
#define WHERE_VALUE_MAX 255	/* octets */
#define WHERE_PAGE_ROWS 1000	/* found on a page, at most */

enum where_name {
	WHERE_ISSUER, WHERE_PROFILE, WHERE_FLEET, WHERE_DEVICE, WHERE_STATE,
	WHERE_AUTH, WHERE_SUBJECT, WHERE_SERIAL, WHERE_SPKI, WHERE_ISSUED,
	WHERE_EXPIRES, WHERE_DEVICE_SERIAL, WHERE_FIELD
};

enum where_op {
	WHERE_EQ, WHERE_NE, WHERE_LT, WHERE_LE, WHERE_GT, WHERE_GE, WHERE_LIKE
};

struct where_cond {
	enum where_name name;
	enum where_op op;
	int here;			/* decided by the store */
	char field[64];			/* WHERE_FIELD: of the registry */
	char text[WHERE_VALUE_MAX + 1];
	int64_t number;			/* state, times */
	unsigned char bytes[32];	/* serial, spki */
	size_t n_bytes;
};

struct where {
	struct where_cond cond[WHERE_CONDS_MAX];
	size_t n;
};

/* What is known of a certificate while it is being chosen. */
struct where_row {
	int64_t id, issuer;
	char issuer_ident[80];
	unsigned char serial[CERT_SERIAL_MAX];
	size_t serial_len;
	enum cert_state state;
	int reason, shard;
	int64_t invalidity, not_after;
	char profile[64], fleet[64], device[256];
	int64_t device_id;		/* devices row; 0: not registered */
	/* of the conditions that are not decided here; NULL: it has none */
	const char *value[WHERE_CONDS_MAX];
};

/*
 * One page: the rows with ${after} < id <= ${upto} that the store cannot rule
 * out, to ${cb} (borrowed; 0 stops). Without a condition on the state: valid or
 * held ones; without one on the end of validity: those not expired at ${now}.
 * *next is where the following page begins; it is ${upto} after the last one. A
 * page looks at a bounded number of rows, however few are found. 1, or 0
 * raised.
 */
int where_page(struct store_tx *tx, const struct where *w, int64_t now,
    int64_t after, int64_t upto, int64_t *next,
    int (*cb)(const struct where_row *row, void *arg), void *arg);
/* The newest row there is, 0 none. */
int where_last(struct store_tx *tx, int64_t *out);
/* Has any device a field of that name? 1, 0, -1 raised. */
int where_field_known(struct store_tx *tx, const char *name);

#endif
