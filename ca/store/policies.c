#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include "ca/store/private.h"
#include "ca/store/records.h"

static int
by_path(const void *a, const void *b)
{
	const struct policy_file *const *x = a, *const *y = b;

	return strcmp((*x)->path, (*y)->path);
}

static int
hash_file(EVP_MD_CTX *ctx, const struct policy_file *f)
{
	char len[32];
	int n = snprintf(len, sizeof(len), "%zu", f->len);

	return EVP_DigestUpdate(ctx, f->path, strlen(f->path) + 1) == 1 &&
	    EVP_DigestUpdate(ctx, len, (size_t)n + 1) == 1 &&
	    (f->len == 0 || EVP_DigestUpdate(ctx, f->text, f->len) == 1);
}

int
policies_hash(const struct policy_file *files, size_t n, unsigned char md[32])
{
	const struct policy_file **sorted =
	    OPENSSL_zalloc((n + 1) * sizeof(*sorted));
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t i;
	int ok;

	ok = sorted != NULL && ctx != NULL &&
	    EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1;
	for (i = 0; ok && i < n; i++)
		sorted[i] = &files[i];
	if (ok)
		qsort(sorted, n, sizeof(*sorted), by_path);
	for (i = 0; ok && i < n; i++)
		ok = hash_file(ctx, sorted[i]);
	ok = ok && EVP_DigestFinal_ex(ctx, md, NULL) == 1;
	if (!ok)
		ca_raise(CA_E_INTERNAL, "policy: hashing failed");
	EVP_MD_CTX_free(ctx);
	OPENSSL_free(sorted);
	return ok;
}

static int
add_file(struct store_tx *tx, int64_t version, const struct policy_file *f)
{
	char *text;
	int ok;

	if (f->len > 0 && memchr(f->text, '\0', f->len) != NULL) {
		ca_raise(CA_E_BADREQUEST, "policy: %s: not a text", f->path);
		return 0;
	}
	if ((text = OPENSSL_strndup(f->len > 0 ? f->text : "", f->len)) == NULL)
		return 0;
	ok = sql_run(tx,
	    "INSERT INTO policy_files (version, path, content)"
	    " VALUES (?, ?, ?)",
	    "itt", version, f->path, text);
	if (!ok && sql_is_duplicate(tx))
		ca_raise(CA_E_BADREQUEST, "policy: %s: twice in one version",
		    f->path);
	OPENSSL_free(text);
	return ok;
}

int
policies_add(struct store_tx *tx, struct policy_row *row,
    const struct policy_file *files, size_t n)
{
	int64_t last = 0;
	size_t i;

	if (!policies_hash(files, n, row->sha256) ||
	    sql_number(tx, &last, "SELECT max(version) FROM policies", "") < 0)
		return 0;
	row->version = last + 1;
	if (!sql_run(tx,
		"INSERT INTO policies (version, time, author, note,"
		" sha256) VALUES (?, ?, ?, ?, ?)",
		"iittb", row->version, row->time, row->author, row->note,
		row->sha256, sizeof(row->sha256)))
		return 0;
	for (i = 0; i < n; i++)
		if (!add_file(tx, row->version, &files[i]))
			return 0;
	return 1;
}

#define SELECT "SELECT version, time, author, note, sha256 FROM policies "

static int
first_row(struct sql *s, struct policy_row *r)
{
	int found = s == NULL ? -1 : sql_step(s);

	if (found == 1) {
		memset(r, 0, sizeof(*r));
		r->version = sql_int(s, 0);
		r->time = sql_int(s, 1);
		sql_text(s, 2, r->author, sizeof(r->author));
		sql_text(s, 3, r->note, sizeof(r->note));
		sql_bytes(s, 4, r->sha256, sizeof(r->sha256));
	}
	sql_close(s);
	return found;
}

int
policies_active(struct store_tx *tx, struct policy_row *out)
{
	return first_row(
	    sql_open(tx, SELECT "ORDER BY version DESC LIMIT 1", ""), out);
}

int
policies_get(struct store_tx *tx, int64_t version, struct policy_row *out)
{
	return first_row(
	    sql_open(tx, SELECT "WHERE version = ?", "i", version), out);
}

int
policies_files(struct store_tx *tx, int64_t version,
    int (*cb)(const struct policy_file *file, void *arg), void *arg)
{
	struct policy_file f;
	struct sql *s;
	int found = -1, more = 1;

	s = sql_open(tx,
	    "SELECT path, content FROM policy_files"
	    " WHERE version = ? ORDER BY path",
	    "i", version);
	while (s != NULL && more && (found = sql_step(s)) == 1) {
		sql_text(s, 0, f.path, sizeof(f.path));
		if ((f.text = OPENSSL_strdup((const char *)sqlite3_column_text(
			 s->stmt, 1))) == NULL) {
			ca_raise(CA_E_INTERNAL, "store: out of memory");
			found = -1;
			break;
		}
		f.len = strlen(f.text);
		more = cb(&f, arg);
		OPENSSL_free(f.text);
	}
	sql_close(s);
	return found >= 0;
}
