#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>
#include "ca/cli/client.h"
#include "ca/cli/run.h"
#include "ca/error.h"

#define PROGRAM "inkan-ceremony"

/* Beside this program, or in the sbin beside the bin that it is in. */
static int
find_program(char path[PATH_MAX])
{
	char dir[PATH_MAX];
	ssize_t n;
	char *slash;
	int i;

	n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	if (n <= 0 || n >= (ssize_t)sizeof(dir) - 1) {
		ERR_raise_data(ERR_LIB_SYS, errno, "readlink /proc/self/exe");
		return 0;
	}
	dir[n] = '\0';
	if ((slash = strrchr(dir, '/')) == NULL)
		return 0; /* the kernel's answer is absolute */
	*slash = '\0';
	for (i = 0; i < 2; i++) {
		n = snprintf(path, PATH_MAX, "%s%s/%s", dir,
		    i == 0 ? "" : "/../sbin", PROGRAM);
		if (n > 0 && n < PATH_MAX && access(path, X_OK) == 0)
			return 1;
	}
	ca_raise(CA_E_NOTFOUND, "%s is neither in %s nor in %s/../sbin",
	    PROGRAM, dir, dir);
	return 0;
}

/* What a command's file may be; NULL: whatever it is. */
static const char *
kinds_of(const char *words)
{
	static const struct { const char *words, *kinds; } table[] = {
	    {"ca init", "init,root,csr"}, {"ca destroy", "destroy"}, {"ca add", "intermediate"},
	    {"ca renew", "renew"}, {"ca rekey", "intermediate,root-rekey"},
	    {"ca cross", "cross"}, {"ca certify", "certify"},
	    {"ca revoke", "revoke"}, {"ca refresh", "crl"}};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].words, words) == 0)
			return table[i].kinds;
	return NULL;
}

/* The ceremony is a program of its own, because it alone opens the root's
   token. Its words go over as they are, never through a shell; a word that is
   no option is the file. */
int
run_init(struct cli *cli, const struct command *cmd, const struct options *o)
{
	char *argv[OPTION_MAX + 5] = {PROGRAM};
	const char *kinds = kinds_of(cmd->words);
	char path[PATH_MAX];
	int i, n = 1;

	if (o->argc == 0) {
		ca_raise(CA_E_BADREQUEST, "--config is missing");
		return CLI_USAGE;
	}
	if (o->argc > OPTION_MAX) {
		ca_raise(CA_E_BADREQUEST, "more than %d words", OPTION_MAX);
		return CLI_USAGE;
	}
	if (kinds != NULL) {
		argv[n++] = "--kind";
		argv[n++] = (char *)kinds;
	}
	if (o->argv[0][0] != '-')
		argv[n++] = "--config";
	for (i = 0; i < o->argc; i++)
		argv[n++] = o->argv[i];
	if (find_program(path)) {
		fflush(NULL);
		execv(path, argv);
		ERR_raise_data(ERR_LIB_SYS, errno, "exec %s", path);
	}
	return client_failed(cli);
}
