#include <string.h>
#include <unistd.h>
#include "ca/cli/backup_files.h"
#include "ca/cli/backup_look.h"
#include "ca/cli/backup_places.h"
#include "ca/cli/client.h"
#include "ca/cli/encode.h"
#include "ca/cli/file.h"
#include "ca/cli/run.h"
#include "ca/cli/run_log.h"
#include "ca/error.h"
#include "ca/store/backup.h"

static const char *const CONFIG[] = {".conf", NULL};
static const char *const POLICY[] = {
    ".conf", ".pem", ".crt", ".cer", ".der", ".attest", NULL};

/*
 * The published files first, and of them the checkpoint: tiles never change,
 * and the store, copied last, has all that was published before.
 */
static int
copy_published(struct backup_files *b, const char *dir)
{
	static const struct backup_want all = {.ends = NULL, .deep = 1};
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/log/checkpoint", dir) >=
	    (int)sizeof(path)) {
		ca_raise(CA_E_BADREQUEST, "publish_dir: path too long");
		return 0;
	}
	return backup_files_folder(b, "pub") &&
	    backup_files_folder(b, "pub/log") &&
	    backup_files_copy(b, path, "pub/log/checkpoint") &&
	    backup_files_tree(b, dir, "pub", &all);
}

static int
copy_config(struct backup_files *b, const struct backup_places *p)
{
	static const struct backup_want conf = {.ends = CONFIG, .deep = 0};
	static const struct backup_want policy = {.ends = POLICY, .deep = 1};
	static const char *const folders[] = {"profiles", "fleets"};
	const char *to =
	    strcmp(p->policy_dir, p->config_dir) == 0 ? "config" : "policy";
	char from[PATH_MAX], name[64];
	size_t i;

	if (!backup_files_tree(b, p->config_dir, "config", &conf) ||
	    !backup_files_tree(b, p->policy_dir, to, &conf))
		return 0;
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(name, sizeof(name), "%s/%s", to, folders[i]);
		if (snprintf(from, sizeof(from), "%s/%s", p->policy_dir,
			folders[i]) >= (int)sizeof(from)) {
			ca_raise(CA_E_BADREQUEST, "policy_dir: path too long");
			return 0;
		}
		if (access(from, F_OK) == 0 &&
		    !backup_files_tree(b, from, name, &policy))
			return 0;
	}
	return 1;
}

static int
copy_store(struct backup_files *b, const char *path, int64_t now)
{
	struct store_config cfg = {.path = path, .mode = STORE_READ,
	    .readers = 1, .now = now};
	struct store *store = store_open(&cfg);
	char to[PATH_MAX];
	int ok = 0;

	if (store == NULL)
		return 0;
	if (snprintf(to, sizeof(to), "%s/store.db", b->tmp) < (int)sizeof(to))
		ok = store_backup(store, to);
	else
		ca_raise(CA_E_BADREQUEST, "dir: path too long");
	store_close(store);
	return ok && backup_files_add(b, "store.db");
}

/* What it is a backup of, as the copy itself says it. */
static int
write_facts(struct backup_files *b, const struct backup_facts *f)
{
	return backup_files_fact(b, "time %lld", (long long)f->time) &&
	    backup_files_fact(b, "schema %lld", (long long)f->schema) &&
	    backup_files_fact(b, "entries %lld", (long long)f->entries) &&
	    backup_files_fact(b, "published %lld", (long long)f->published) &&
	    backup_files_fact(b, "root %s", f->root);
}

static int
sum_up(struct cli *cli, const char *dir, const struct backup_facts *f,
    size_t found)
{
	char path[PATH_MAX], hex[65];

	if (snprintf(path, sizeof(path), "%s/%s", dir, BACKUP_MANIFEST) >=
		(int)sizeof(path) ||
	    !file_sha256(path, hex))
		return 0;
	if (cli->json)
		return encode_print(cli->out, json_pack(
		    "{ss sI sI sI sI ss sI sI ss sI}", "dir", dir, "time",
		    (json_int_t)f->time, "schema", (json_int_t)f->schema,
		    "entries", (json_int_t)f->entries, "published",
		    (json_int_t)f->published, "root", f->root, "files",
		    (json_int_t)f->files, "octets", (json_int_t)f->octets,
		    "manifest_sha256", hex, "found", (json_int_t)found));
	fprintf(cli->out, "store: schema %lld, %lld entries\n"
	    "published: %lld entries\nroot: %s\n"
	    "files: %lld, %lld octets\nmanifest: %s\n%s\n",
	    (long long)f->schema, (long long)f->entries,
	    (long long)f->published, f->root, (long long)f->files,
	    (long long)f->octets, hex,
	    found == 0 ? "nothing found that is wrong"
		       : "NOT WELL: see above");
	return 1;
}

static int
make(struct cli *cli, const struct options *o)
{
	FILE *told = cli->json ? cli->err : cli->out;
	const char *conf = option_text(o, "config");
	struct backup_places places;
	struct backup_facts facts = {.time = cli->now};
	struct backup_files b = {.list = NULL};
	size_t found = 0;
	int ok;

	if (!backup_places_read(conf != NULL ? conf : BACKUP_CONFIG, &places))
		return client_failed(cli);
	ok = backup_files_begin(&b, option_text(o, "dir"), told) &&
	    copy_published(&b, places.publish_dir) &&
	    copy_config(&b, &places) &&
	    copy_store(&b, cli->store != NULL ? cli->store : places.store,
		cli->now) &&
	    backup_look(b.tmp, cli->now, told, &facts, &found) &&
	    write_facts(&b, &facts) && backup_files_end(&b);
	facts.files = (int64_t)b.files;
	facts.octets = b.octets;
	if (ok)
		fprintf(told, "left out: tokens, PIN files and status.db: keep "
		    "tokens and PINs by their own means; status.db is made "
		    "anew\n");
	ok = ok && sum_up(cli, b.dir, &facts, found);
	backup_files_clear(&b);
	if (!ok)
		return client_failed(cli);
	return found > 0 ? CLI_FOUND : CLI_DONE;
}

static int
verify(struct cli *cli, const char *dir)
{
	FILE *told = cli->json ? cli->err : cli->out;
	struct backup_facts says, is = {0};
	size_t files = 0, found = 0;
	int ok;

	ok = backup_list_check(dir, told, &says, &files) &&
	    backup_look(dir, cli->now, told, &is, &found);
	if (ok && (says.schema != is.schema || says.entries != is.entries ||
		says.published != is.published ||
		strcmp(says.root, is.root) != 0)) {
		fprintf(told, "%s: it tells of another store or log\n",
		    BACKUP_MANIFEST);
		found++;
	}
	found += files;
	if (!ok || !sum_up(cli, dir, &says, found))
		/* Damage that can be named by a file is not a failure. */
		return files > 0 ? (client_failed(cli), CLI_FOUND)
				 : client_failed(cli);
	return found > 0 ? CLI_FOUND : CLI_DONE;
}

int
run_backup(struct cli *cli, const struct command *cmd, const struct options *o)
{
	(void)cmd;
	if (!option_has(o, "verify"))
		return make(cli, o);
	if (option_has(o, "config") || cli->store != NULL) {
		ca_raise(CA_E_BADREQUEST,
		    "--verify looks at the backup alone: no --config, no "
		    "--store");
		return CLI_USAGE;
	}
	return verify(cli, option_text(o, "dir"));
}
