#include <string.h>

#include "ca/cli/run.h"

/* evidence show: of a certificate, or of a request in a file. */

static const struct option_spec SERIAL = {
    "what", OPTION_SERIAL, 0, "serial", "HEX", ""};
static const struct option_spec CSR = {
    "what", OPTION_CSR, 0, "csr", "FILE", ""};

static int
is_file(const char *word)
{
	return strpbrk(word, "/.") != NULL;
}

int
run_evidence_show(
    struct cli *cli, const struct command *cmd, const struct options *o)
{
	struct options meant = *o;
	size_t i;

	for (i = 0; i < meant.n; i++)
		if (strcmp(meant.v[i].spec->name, "what") == 0)
			meant.v[i].spec =
			    is_file(meant.v[i].text) ? &CSR : &SERIAL;
	return run_object(cli, cmd, &meant);
}
