#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include "ca/audit/prove.h"
#include "ca/error.h"
#include "ca/wire/field.h"

#define REFUSE(...) (ca_raise(CA_E_BADREQUEST, __VA_ARGS__), 0)

void
prove_checked_clear(struct prove_checked *c)
{
	log_opening_clear(&c->opening);
}

/* The entry that the proof opens is in the tree that the log's key signed. */
static int
check_entry(const struct log_proof *p, const struct note_key *key,
    struct prove_checked *out)
{
	unsigned char *leaf = NULL;
	size_t len = 0;
	int ok;

	if (p->extra == NULL)
		return REFUSE("proof.extra: it does not open its entry");
	if (!log_opening_decode(&out->opening, p->extra, p->extra_len))
		return REFUSE("proof.extra: what should open its entry cannot "
		    "be read");
	ok = log_opening_leaf(&out->opening, p->index, &leaf, &len) &&
	    proof_check(p, leaf, len, key, &out->over);
	OPENSSL_free(leaf);
	return ok;
}

static int
is_hex(const char *text, const unsigned char *p, size_t len)
{
	char hex[2 * 64 + 1] = "";
	size_t i;

	if (text == NULL || len > 64)
		return 0;
	for (i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", p[i]);
	return strcmp(text, hex) == 0;
}

/* As the log writes it: without leading zero octets. */
static int
is_serial(const char *text, const unsigned char *der, size_t len)
{
	const unsigned char *p = der;
	X509 *x = d2i_X509(NULL, &p, (long)len);
	const ASN1_INTEGER *serial;
	int ok;

	if (x == NULL)
		return 0;
	serial = X509_get0_serialNumber(x);
	ok = is_hex(text, ASN1_STRING_get0_data(serial),
	    (size_t)ASN1_STRING_length(serial));
	X509_free(x);
	return ok;
}

/* The entry is about this certificate. */
static int
check_cert(const unsigned char *cert, size_t len, struct prove_checked *out)
{
	WIRE_FIELDS *l = NULL;
	unsigned char md[32];
	const char *serial;
	int ok = 0;

	if (strcmp(out->opening.kind, "issue.recorded") != 0)
		return REFUSE("proof.kind: it proves an entry %s, not that a "
		    "certificate was recorded", out->opening.kind);
	l = field_list_decode(out->opening.detail, out->opening.detail_len);
	if (l == NULL)
		return REFUSE("proof.extra: the entry's detail cannot be read");
	serial = field_text(l, "serial", "");
	snprintf(out->issuer, sizeof(out->issuer), "%s",
	    field_text(l, "issuer", ""));
	snprintf(out->serial, sizeof(out->serial), "%s", serial);
	SHA256(cert, len, md);
	if (!is_hex(field_text(l, "cert_sha256", NULL), md, sizeof(md)))
		(void)REFUSE("proof.certificate: it is the proof of another "
		    "certificate (%s, serial %.40s)", out->issuer, serial);
	else if (!is_serial(serial, cert, len))
		(void)REFUSE("proof.serial: the entry names serial %.40s, the "
		    "certificate another", serial);
	else
		ok = 1;
	field_list_free(l);
	return ok;
}

static int
check_witnesses(const char *checkpoint, const struct note_key *w, size_t n,
    struct prove_checked *out)
{
	struct note note;
	size_t i;
	int rc = 1;

	if (n > PROVE_WITNESSES_MAX)
		return REFUSE("proof.witness: more than %d witnesses",
		    PROVE_WITNESSES_MAX);
	if (!note_parse(&note, checkpoint, strlen(checkpoint)))
		return 0;
	for (i = 0; rc == 1 && i < n; i++) {
		rc = note_verify(&note, &w[i], &out->cosigned[i]);
		if (rc != 1)
			(void)REFUSE("proof.witness: %s %s the checkpoint",
			    w[i].name, rc == 0
				? "has not cosigned"
				: "has a signature that does not hold on");
	}
	note_clear(&note);
	return rc == 1;
}

int
prove_check(const char *proof, size_t len, const unsigned char *cert,
    size_t cert_len, const struct note_key *key, const struct note_key *witness,
    size_t n_witnesses, struct prove_checked *out)
{
	struct log_proof p = {0};
	int ok;

	memset(out, 0, sizeof(*out));
	ok = proof_parse(&p, proof, len) && check_entry(&p, key, out) &&
	    check_cert(cert, cert_len, out) &&
	    check_witnesses(p.checkpoint, witness, n_witnesses, out);
	out->index = p.index;
	proof_clear(&p);
	return ok;
}
