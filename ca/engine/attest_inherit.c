#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/engine/attest_evidence.h"
#include "ca/store/nonces.h"

/*
 * What is known of the secure component from before: a statement of a key says
 * nothing of the TPM that made it. With an activation the endorsement key has
 * just been judged; with an attestation key of ours it was when that key was
 * certified, and stands in the record of its certificate.
 */

/* Of the component, and not of one key in it. */
static const char *const COMPONENT[] = {"tpm.class", "tpm.maker",
    "tpm.maker.id", "tpm.model", "tpm.version", "tpm.ek.key",
    "tpm.ek.certificate"};

#define AK_CERTIFICATE "tpm.ak.certificate"

struct lookup {
	unsigned char sha256[32];
	struct evidence_row row;
	int found;
};

static int
find_tx(struct store_tx *tx, void *arg)
{
	struct lookup *l = arg;
	struct cert_row cert;

	l->found = certs_by_sha256(tx, l->sha256, &cert);
	if (l->found == 1)
		l->found = evidence_by_cert(tx, cert.id, &l->row);
	return l->found >= 0;
}

/* The record of the certificate that vouched, where that is one of ours. */
static int
by_certificate(const struct admit_env *env, const WIRE_ANSWER *a,
    struct lookup *l)
{
	const char *text = evidence_fact(a, AK_CERTIFICATE);
	size_t len = 0;
	int ok;

	if (text == NULL)
		return 1;
	ERR_set_mark();
	ok = OPENSSL_hexstr2buf_ex(
		 l->sha256, sizeof(l->sha256), &len, text, '\0') == 1 &&
	    len == sizeof(l->sha256);
	ERR_pop_to_mark();
	return !ok || store_read(env->store, find_tx, l);
}

static int
copy_known(const WIRE_FIELDS *from, WIRE_FIELDS *to)
{
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(COMPONENT) / sizeof(COMPONENT[0]); i++) {
		value = field_text(from, COMPONENT[i], NULL);
		if (value != NULL && !field_add_text(to, COMPONENT[i], value))
			return 0;
	}
	return 1;
}

WIRE_FIELDS *
evidence_inherit(const struct admit_env *env, const unsigned char *facts,
    size_t len, const WIRE_ANSWER *a)
{
	WIRE_FIELDS *out = field_list_new(), *from = NULL;
	struct lookup l = {.found = 0};
	int ok = out != NULL;

	if (ok && facts == NULL && message_answer_status(a) == WIRE_OK) {
		ok = by_certificate(env, a, &l);
		facts = l.row.facts;
		len = l.row.facts_len;
	}
	if (ok && facts != NULL) {
		from = field_list_decode(facts, len);
		ok = from != NULL && copy_known(from, out);
	}
	field_list_free(from);
	evidence_row_clear(&l.row);
	if (!ok)
		field_list_free(out);
	return ok ? out : NULL;
}
