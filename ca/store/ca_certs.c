#include <string.h>
#include <openssl/crypto.h>
#include "ca/store/private.h"
#include "ca/store/records.h"

void
ca_certs_row_clear(struct ca_cert_row *row)
{
	OPENSSL_free(row->der);
	row->der = NULL;
	row->der_len = 0;
}

/* The CHECK that the table lacks: a kind that nobody lists would be lost. */
static int
is_kind(const char *kind)
{
	static const char *const kinds[] = {CA_CERT_RENEWED,
	    CA_CERT_OLD_WITH_NEW, CA_CERT_NEW_WITH_OLD, CA_CERT_CROSS,
	    CA_CERT_SUB_CA, CA_CERT_FOREIGN};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i], kind) == 0)
			return 1;
	ca_raise(CA_E_INTERNAL, "ca_certs: there is no kind \"%s\"", kind);
	return 0;
}

int
ca_certs_add(struct store_tx *tx, struct ca_cert_row *row)
{
	if (!is_kind(row->kind))
		return 0;
	if (sql_run(tx,
		"INSERT INTO ca_certs (kind, subject, signer, cert, name,"
		" not_before, not_after, sha256, der)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"tzzztiibb", row->kind, row->subject, row->signer, row->cert,
		row->name, row->not_before, row->not_after, row->sha256,
		sizeof(row->sha256), row->der, row->der_len)) {
		row->id = sqlite3_last_insert_rowid(tx->conn->db);
		tx->changed = 1;
		return 1;
	}
	if (sql_is_duplicate(tx))
		ca_raise(CA_E_DENIED,
		    "ca_cert.duplicate: this certificate of %s is there "
		    "already",
		    row->name);
	return 0;
}

/* Everything but the certificate itself. */
static void
load(struct sql *s, struct ca_cert_row *r)
{
	memset(r, 0, sizeof(*r));
	r->id = sql_int(s, 0);
	sql_text(s, 1, r->kind, sizeof(r->kind));
	r->subject = sql_int(s, 2);
	r->signer = sql_int(s, 3);
	r->cert = sql_int(s, 4);
	sql_text(s, 5, r->name, sizeof(r->name));
	r->not_before = sql_int(s, 6);
	r->not_after = sql_int(s, 7);
	sql_bytes(s, 8, r->sha256, sizeof(r->sha256));
}

#define SELECT                                                                 \
	"SELECT id, kind, subject, signer, cert, name, not_before, not_after," \
	" sha256, der FROM ca_certs"

int
ca_certs_list(struct store_tx *tx, const char *kind,
    int (*cb)(const struct ca_cert_row *row, void *arg), void *arg)
{
	struct ca_cert_row row;
	struct sql *s;
	int found = -1, more = 1;

	if (kind == NULL)
		s = sql_open(tx, SELECT " ORDER BY id", "");
	else
		s = sql_open(
		    tx, SELECT " WHERE kind = ? ORDER BY id", "t", kind);
	while (s != NULL && more && (found = sql_step(s)) == 1) {
		load(s, &row);
		if (!sql_copy(s, 9, &row.der, &row.der_len)) {
			found = -1;
			break;
		}
		more = cb(&row, arg);
		ca_certs_row_clear(&row);
	}
	sql_close(s);
	return found >= 0;
}

int
ca_certs_has(struct store_tx *tx, const unsigned char sha256[32])
{
	int64_t id;

	return sql_number(tx, &id, "SELECT id FROM ca_certs WHERE sha256 = ?",
	    "b", sha256, (size_t)32);
}
