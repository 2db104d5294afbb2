#include <openssl/crypto.h>

#include "ca/store/facts.h"
#include "ca/store/private.h"

int
facts_add(struct store_tx *tx, int64_t cert, const unsigned char *facts,
    size_t len)
{
	if (len == 0 || len > FACTS_MAX) {
		ca_raise(CA_E_BADREQUEST,
		    "identity.facts: none, or more than %d octets", FACTS_MAX);
		return 0;
	}
	return sql_run(tx, "INSERT INTO cert_facts (cert, facts) VALUES (?, ?)",
	    "ib", cert, facts, len);
}

int
facts_get(struct store_tx *tx, int64_t cert, unsigned char **facts, size_t *len)
{
	struct sql *s =
	    sql_open(tx, "SELECT facts FROM cert_facts WHERE cert = ?", "i", cert);
	int found = s == NULL ? -1 : sql_step(s);

	*facts = NULL;
	*len = 0;
	if (found == 1 && !sql_copy(s, 0, facts, len))
		found = -1;
	sql_close(s);
	return found;
}
