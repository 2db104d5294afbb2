#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "ca/store/private.h"
#include "ca/store/rehearsal.h"

#define MARK "rehearsal"

static int
copy_pages(sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
	int rc;

	if (b == NULL)
		return 0;
	do
		rc = sqlite3_backup_step(b, -1);
	while (rc == SQLITE_BUSY || rc == SQLITE_LOCKED);
	return sqlite3_backup_finish(b) == SQLITE_OK && rc == SQLITE_DONE;
}

int
store_copy(const char *from, const char *to)
{
	struct sql_conn *c = OPENSSL_zalloc(sizeof(*c));
	sqlite3 *out = NULL;
	int ok = 0;

	if (c == NULL)
		return 0;
	if (access(to, F_OK) == 0) {
		ca_raise(CA_E_STORE, "%s: exists already", to);
	} else if (sql_conn_read(c, from, 1)) {
		ok = sqlite3_open(to, &out) == SQLITE_OK &&
		    copy_pages(c->db, out) && sqlite3_exec(out,
		    "PRAGMA journal_mode = DELETE; INSERT INTO meta (name,"
		    " value) VALUES ('" MARK "', '1') ON CONFLICT (name) DO"
		    " UPDATE SET value = '1'", NULL, NULL, NULL) == SQLITE_OK;
		if (!ok)
			sql_raise(out, "copy of the store");
	}
	sqlite3_close(out);
	sql_conn_close(c);
	OPENSSL_free(c);
	return ok;
}

int
certs_stand_in(struct store_tx *tx, int64_t id, const unsigned char *der,
    size_t len, const unsigned char spki_sha256[32])
{
	unsigned char md[32];
	char mark[8] = "";

	if (store_meta_get(tx, MARK, mark, sizeof(mark)) != 1 ||
	    mark[0] != '1') {
		ca_raise(CA_E_INTERNAL, "a stand-in outside of a rehearsal");
		return 0;
	}
	SHA256(der, len, md);
	return sql_run(tx, "UPDATE cert_der SET der = ? WHERE cert = ?", "bi",
	    der, len, id) && sql_run(tx, "UPDATE certs SET cert_sha256 = ?,"
	    " spki_sha256 = ? WHERE id = ?", "bbi", md, (size_t)32,
	    spki_sha256, (size_t)32, id);
}
