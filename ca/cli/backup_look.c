#include <limits.h>
#include <string.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include "ca/audit/audit.h"
#include "ca/cli/backup_look.h"
#include "ca/error.h"
#include "ca/log/base64.h"
#include "ca/report/report.h"
#include "ca/store/backup.h"

struct looking {
	FILE *told;
	struct store *store;
	struct source *source;
	struct note_key key;
	struct log_checkpoint head;
	char *note;
};

static void
found_one(void *arg, const struct audit_finding *f)
{
	struct looking *l = arg;
	char text[4096];

	fprintf(l->told, "log: %s", f->what);
	if (f->index >= 0)
		fprintf(l->told, " entry %lld", (long long)f->index);
	if (f->serial[0] != '\0') {
		report_escape(f->serial, text, sizeof(text));
		fprintf(l->told, " certificate %s", text);
	}
	report_escape(f->text, text, sizeof(text));
	fprintf(l->told, ": %s\n", text);
}

static int
open_store(struct looking *l, const char *dir, int64_t now)
{
	char path[PATH_MAX];
	struct store_config cfg = {.path = path, .mode = STORE_READ,
	    .readers = 1, .now = now};

	if (snprintf(path, sizeof(path), "%s/store.db", dir) >=
	    (int)sizeof(path)) {
		ca_raise(CA_E_BADREQUEST, "dir: path too long");
		return 0;
	}
	return (l->store = store_open(&cfg)) != NULL && store_check(l->store);
}

/* The published log beside it. One that is not there was never published: the
   store says whether it had been. */
static int
open_log(struct looking *l, const char *dir)
{
	char log[PATH_MAX], head[PATH_MAX];
	int known = audit_store_key(l->store, &l->key);

	if (snprintf(log, sizeof(log), "%s/pub/log", dir) >= (int)sizeof(log) ||
	    snprintf(head, sizeof(head), "%s/checkpoint", log) >=
		(int)sizeof(head)) {
		ca_raise(CA_E_BADREQUEST, "dir: path too long");
		return 0;
	}
	if (known != 1 || access(head, F_OK) != 0)
		return known >= 0;
	return (l->source = source_open(log)) != NULL &&
	    source_checkpoint(l->source, &l->key, &l->head, &l->note);
}

int
backup_look(const char *dir, int64_t now, FILE *told, struct backup_facts *out,
    size_t *found)
{
	struct looking l = {.told = told};
	struct audit_config c = {.found = found_one, .arg = &l};
	struct audit_result r = {0};
	char root[LOG_BASE64_SIZE(LOG_HASH)];
	int ok;

	ok = open_store(&l, dir, now) && open_log(&l, dir);
	c.store = l.store;
	c.source = l.source;
	c.head = l.source != NULL ? &l.head : NULL;
	c.key = l.key.pkey != NULL ? &l.key : NULL;
	ok = ok && audit_run(&c, &r);
	if (ok) {
		out->schema = STORE_SCHEMA_VERSION; /* no other is opened */
		out->entries = (int64_t)r.entries;
		out->published = (int64_t)r.published;
		snprintf(out->root, sizeof(out->root), "%s",
		    log_base64_print(r.root.b, LOG_HASH, root));
		*found += r.findings;
	}
	store_close(l.store);
	source_free(l.source);
	note_key_clear(&l.key);
	OPENSSL_free(l.note);
	return ok;
}
