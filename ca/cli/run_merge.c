#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include "ca/cli/backup_places.h"
#include "ca/cli/client.h"
#include "ca/cli/encode.h"
#include "ca/cli/run_merge.h"
#include "ca/error.h"
#include "ca/merge/merge.h"

#define CRLS_MAX 4096

struct merging {
	struct cli *cli;
	struct backup_places places;
	struct merge_request q;
	struct merge_result r;
	char *crl[CRLS_MAX];	/* owned */
	char who[40];
};

static int
add_crl(struct merging *g, const char *dir, const char *name)
{
	char path[PATH_MAX];

	if (g->q.n_crls == CRLS_MAX ||
	    snprintf(path, sizeof(path), "%s%s%s", dir, dir[0] != '\0' ? "/" :
		"", name) >= (int)sizeof(path) ||
	    (g->crl[g->q.n_crls] = OPENSSL_strdup(path)) == NULL) {
		ca_raise(CA_E_BADREQUEST, "merge.file: too many CRLs, or a "
		    "path too long");
		return 0;
	}
	g->q.n_crls++;
	return 1;
}

static int
is_crl(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 4 && e->d_name[0] != '.' &&
	    strcmp(e->d_name + n - 4, ".crl") == 0;
}

/* The CRLs of DIR/crl, as inkan-ca publishes them, in the order of their names. */
static int
add_crls(struct merging *g, const char *dir)
{
	char path[PATH_MAX];
	struct dirent **list = NULL;
	int n, i, ok = 1;

	if (snprintf(path, sizeof(path), "%s/crl", dir) >= (int)sizeof(path))
		return 1;
	n = scandir(path, &list, is_crl, alphasort);
	if (n < 0 && errno != ENOENT) {
		ERR_raise_data(ERR_LIB_SYS, errno, "read %s", path);
		return 0;
	}
	for (i = 0; i < n; i++) {
		ok = ok && add_crl(g, path, list[i]->d_name);
		free(list[i]);
	}
	free(list);
	return ok;
}

static int
add_log(struct merging *g, const char *dir, const char *url)
{
	char path[PATH_MAX];

	if (url == NULL && dir != NULL &&
	    snprintf(path, sizeof(path), "%s/log", dir) < (int)sizeof(path)) {
		if (access(path, F_OK) == 0)
			url = path;
		else if (errno != ENOENT) {
			ERR_raise_data(ERR_LIB_SYS, errno, "read %s", path);
			return 0;
		}
	}
	return url == NULL || (g->q.log = source_open(url)) != NULL;
}

static int
add_sources(struct merging *g, const struct options *o)
{
	const char *dir = option_text(o, "dir");
	size_t i;

	g->q.certs = option_text(o, "certs");
	g->q.details = option_text(o, "details");
	if (!add_log(g, dir, option_text(o, "url")) ||
	    (dir != NULL && !add_crls(g, dir)))
		return 0;
	if (dir != NULL && g->q.log == NULL && g->q.n_crls == 0) {
		ca_raise(CA_E_BADREQUEST, "merge.file: nothing to take from: "
		    "%s has neither log nor crl", dir);
		return 0;
	}
	for (i = 0; i < o->n; i++)
		if (strcmp(o->v[i].spec->name, "crl") == 0 &&
		    !add_crl(g, "", o->v[i].text))
			return 0;
	if (g->q.log != NULL || g->q.n_crls > 0 || g->q.certs != NULL ||
	    g->q.details != NULL)
		return 1;
	ca_raise(CA_E_BADREQUEST, "merge.file: nothing to take from: neither "
	    "DIR nor --url, --crl, --certs or --details");
	return 0;
}

/* Run by root, the lock must be inkan-ca's to take afterwards. (SQLite gives
   its own files to the store's owner by itself.) */
static int
lock_for_owner(const char *store)
{
	char path[PATH_MAX];
	struct stat st;
	int fd, ok;

	if (geteuid() != 0 || stat(store, &st) != 0 ||
	    snprintf(path, sizeof(path), "%s.lock", store) >=
		(int)sizeof(path))
		return 1;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	if (fd == -1)
		return 1;
	ok = fchown(fd, st.st_uid, st.st_gid) == 0;
	if (!ok) {
		ERR_raise_data(ERR_LIB_SYS, errno, "give away %s", path);
		ca_raise(CA_E_STORE, "restore.write: cannot give away %s",
		    path);
	}
	close(fd);
	return ok;
}

/* A dry run migrates nothing either. */
static int
open_store(struct merging *g)
{
	struct store_config cfg = {.path = g->places.store,
	    .mode = STORE_READ, .readers = 2, .now = g->cli->now};
	struct store *s;

	if (!restore_nobody_writes(g->places.store) ||
	    (g->q.dry_run && (s = store_open(&cfg)) == NULL))
		return 0;
	if (g->q.dry_run)
		store_close(s);
	cfg.mode = STORE_WRITE;
	return lock_for_owner(g->places.store) &&
	    (g->q.store = store_open(&cfg)) != NULL;
}

static void
print_kinds(const struct merging *g, const char *head,
    const struct merge_kind *kind, size_t n)
{
	size_t i;

	if (n == 0)
		return;
	fputs(head, g->cli->out);
	for (i = 0; i < n; i++)
		fprintf(g->cli->out, "%s %lld %s", i > 0 ? "," : "",
		    (long long)kind[i].n, kind[i].kind);
	fprintf(g->cli->out, "\n");
}

static void
print_left(const struct merging *g)
{
	const struct merge_result *r = &g->r;
	char head[80];

	snprintf(head, sizeof(head), "without detail: %lld entries, of these",
	    (long long)r->lost);
	print_kinds(g, head, r->kind, r->lost > 0 ? r->n_kinds : 0);
	print_kinds(g, "opened and not done, to be done again:", r->undone,
	    r->n_undone);
}

static void
print(const struct merging *g)
{
	const struct merge_result *r = &g->r;
	FILE *out = g->cli->out;

	if (g->q.log != NULL)
		fprintf(out, "log: %lld entries in the store, %lld published, "
		    "%lld taken over\n", (long long)r->had,
		    (long long)r->published, (long long)r->adopted);
	else
		fprintf(out, "log: none given\n");
	fprintf(out, "details: %lld entries opened; %lld certificates and %lld "
	    "devices by them\n", (long long)r->opened, (long long)r->unseen,
	    (long long)r->devices);
	fprintf(out, "certificates: %lld new, %lld completed, %lld known "
	    "already, %lld of no device that is known\n", (long long)r->certs,
	    (long long)r->completed, (long long)r->known,
	    (long long)r->unattributed);
	fprintf(out, "revoked: %lld certificates, and %lld serial numbers that "
	    "were unknown; %lld newer CRLs\n", (long long)r->revoked,
	    (long long)r->unknown, (long long)r->crls);
	if (r->damaged > 0)
		fprintf(out, "damaged: %lld certificates in PEM that cannot be "
		    "read, named above\n", (long long)r->damaged);
	print_left(g);
	if (r->unexplained > 0)
		fprintf(out, "UNKNOWN: at least %lld certificates that were "
		    "issued and that nothing here tells of\n",
		    (long long)r->unexplained);
	fprintf(out, "%s\n", !merge_changes(r) ? "nothing to do"
	    : g->q.dry_run ? "dry run: nothing was changed"
			   : "done; next: start inkan-ca");
}

static json_t *
json_kinds(const struct merge_kind *kind, size_t n)
{
	json_t *out = json_object();
	size_t i;

	for (i = 0; i < n; i++)
		json_object_set_new(out, kind[i].kind,
		    json_integer((json_int_t)kind[i].n));
	return out;
}

static int
print_json(const struct merging *g)
{
	const struct merge_result *r = &g->r;

	return encode_print(g->cli->out, json_pack("{sb sb sI sI sI sI sI sI sI "
	    "sI sI sI sI sI sI sI sI sI so so}", "dry_run", g->q.dry_run, "changed",
	    merge_changes(r), "entries", (json_int_t)r->had, "published",
	    (json_int_t)r->published, "adopted", (json_int_t)r->adopted,
	    "opened", (json_int_t)r->opened, "certificates",
	    (json_int_t)r->certs, "completed", (json_int_t)r->completed,
	    "known", (json_int_t)r->known, "unseen", (json_int_t)r->unseen,
	    "revoked", (json_int_t)r->revoked, "unknown",
	    (json_int_t)r->unknown, "crls", (json_int_t)r->crls, "devices",
	    (json_int_t)r->devices, "unattributed",
	    (json_int_t)r->unattributed, "damaged", (json_int_t)r->damaged,
	    "lost", (json_int_t)r->lost,
	    "unexplained", (json_int_t)r->unexplained, "lost_kinds",
	    json_kinds(r->kind, r->n_kinds), "undone_kinds",
	    json_kinds(r->undone, r->n_undone)));
}

static int
merge(struct merging *g, const struct options *o)
{
	const char *conf = option_text(o, "config");

	return backup_places_read(conf != NULL ? conf : BACKUP_CONFIG,
		   &g->places) &&
	    add_sources(g, o) && open_store(g) && merge_run(&g->q, &g->r);
}

int
run_merge(struct cli *cli, const struct options *o)
{
	struct merging *g = OPENSSL_zalloc(sizeof(*g));
	int ok;

	if (g == NULL)
		return CLI_FAILED;
	g->cli = cli;
	g->q.told = cli->json ? cli->err : cli->out;
	g->q.crls = (const char *const *)g->crl;
	g->q.now = cli->now;
	g->q.text = option_text(o, "reason");
	g->q.dry_run = option_has(o, "dry-run");
	snprintf(g->who, sizeof(g->who), "restore:uid:%ld", (long)getuid());
	g->q.who = g->who;
	ok = merge(g, o);
	if (ok && cli->json)
		ok = print_json(g);
	else if (ok)
		print(g);
	store_close(g->q.store);
	source_free(g->q.log);
	while (g->q.n_crls > 0)
		OPENSSL_free(g->crl[--g->q.n_crls]);
	OPENSSL_free(g);
	return ok ? CLI_DONE : client_failed(cli);
}
