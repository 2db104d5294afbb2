#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>
#include "ca/cli/backup_look.h"
#include "ca/cli/backup_places.h"
#include "ca/cli/client.h"
#include "ca/cli/encode.h"
#include "ca/cli/restore_files.h"
#include "ca/cli/run.h"
#include "ca/cli/run_log.h"
#include "ca/cli/run_merge.h"
#include "ca/error.h"

static int
join(char out[PATH_MAX], const char *a, const char *b)
{
	if (snprintf(out, PATH_MAX, "%s%s", a, b) < PATH_MAX)
		return 1;
	ca_raise(CA_E_BADREQUEST, "restore: path too long");
	return 0;
}

int
restore_nobody_writes(const char *store)
{
	char path[PATH_MAX];
	int fd, ok;

	if (!join(path, store, ".lock"))
		return 0;
	if ((fd = open(path, O_RDWR | O_CLOEXEC)) == -1 && errno == ENOENT)
		return 1;
	ok = fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == 0;
	if (!ok)
		ca_raise(CA_E_BADREQUEST, "restore.running: %s is held: stop "
		    "inkan-ca first", path);
	if (fd != -1)
		close(fd);
	return ok;
}

static int
is_free(const struct backup_places *p)
{
	char wal[PATH_MAX], shm[PATH_MAX];

	return restore_nobody_writes(p->store) && join(wal, p->store, "-wal") &&
	    join(shm, p->store, "-shm") && restore_is_free(p->store) &&
	    restore_is_free(wal) && restore_is_free(shm) &&
	    restore_is_free(p->publish_dir);
}

/* The store last: without it nothing starts. */
static int
put_back(const char *dir, const struct backup_places *p)
{
	char pub[PATH_MAX], store[PATH_MAX], copy[PATH_MAX];
	const char *like;

	snprintf(copy, sizeof(copy), "%s", p->store);
	like = dirname(copy);
	return join(pub, dir, "/pub") && join(store, dir, "/store.db") &&
	    restore_tree(pub, p->publish_dir, like) &&
	    restore_file(store, p->store, like);
}

static int
tell(struct cli *cli, const struct backup_places *p,
    const struct backup_facts *f)
{
	if (cli->json)
		return encode_print(cli->out, json_pack("{ss ss sI sI}",
		    "store", p->store, "publish_dir", p->publish_dir,
		    "time", (json_int_t)f->time, "entries",
		    (json_int_t)f->entries));
	fprintf(cli->out, "store: %s, %lld entries\npublished files: %s\n"
	    "not touched: configuration, tokens, PIN files\n"
	    "next: where there is something newer than the backup, \"inkan "
	    "restore --merge\";\n      then start inkan-ca; \"inkan status\" "
	    "says whether \"inkan log accept\" is needed\n",
	    p->store, (long long)f->entries, p->publish_dir);
	return 1;
}

/* The options of --merge are for it alone. */
static int
is_plain(const struct options *o, const char *dir)
{
	static const char *const merging[] = {"url", "crl", "certs", "details",
	    "reason", "dry-run"};
	size_t i;

	for (i = 0; i < sizeof(merging) / sizeof(merging[0]); i++)
		if (option_has(o, merging[i])) {
			ca_raise(CA_E_BADREQUEST, "--%s is for --merge",
			    merging[i]);
			return 0;
		}
	if (dir == NULL)
		ca_raise(CA_E_BADREQUEST, "--dir is missing: the backup");
	return dir != NULL;
}

int
run_restore(struct cli *cli, const struct command *cmd,
    const struct options *o)
{
	const char *dir = option_text(o, "dir"), *conf;
	FILE *told = cli->json ? cli->err : cli->out;
	struct backup_facts says, is = {0};
	struct backup_places places;
	size_t files = 0, found = 0;

	(void)cmd;
	if (option_has(o, "merge"))
		return run_merge(cli, o);
	if (!is_plain(o, dir))
		return CLI_USAGE;
	conf = option_text(o, "config");
	if (!backup_places_read(conf != NULL ? conf : BACKUP_CONFIG, &places) ||
	    !is_free(&places) ||
	    !backup_list_check(dir, told, &says, &files) ||
	    (files == 0 && !backup_look(dir, cli->now, told, &is, &found)))
		return client_failed(cli);
	if (files > 0 || found > 0) {
		ca_raise(CA_E_BADREQUEST, "restore.backup: %s is not well; "
		    "nothing was put back", dir);
		client_failed(cli);
		return CLI_FOUND;
	}
	if (!put_back(dir, &places) || !tell(cli, &places, &says))
		return client_failed(cli);
	return CLI_DONE;
}
