#ifndef INKAN_CA_CLI_RUN_H
#define INKAN_CA_CLI_RUN_H

#include <jansson.h>
#include "ca/cli/command.h"
#include "ca/wire/message.h"

/*
 * What commands do. All are command_fn: they print the answer and return the
 * exit status; CLI_USAGE with an error raised means that the caller prints it
 * with the usage.
 */

#define RUN_LIMIT 100		/* rows of a list without --limit and --all */
#define RUN_PAGE 200		/* rows asked for at once */

command_fn run_list;		/* rows, page by page */
command_fn run_object;		/* values, and rows beside them */
command_fn run_policy_diff;	/* for people: only what differs */
command_fn run_issue, run_cert_show, run_crl_show;
command_fn run_ca_request, run_ca_show;
command_fn run_explain, run_status, run_secret_new;
command_fn run_profile_check, run_profile_show, run_profile_diff;
command_fn run_profile_replay;
/* Is ${word} a file, not the name of a profile, in which dots may be? It has a
   slash, or ends in ".conf". */
int run_profile_is_file(const char *word);
command_fn run_init, run_adoption;
command_fn run_request_show, run_request_approve, run_request_run;
command_fn run_request_deny;
command_fn run_report, run_cps;
command_fn run_operator_key;	/* no server */
command_fn run_ceremony_key, run_ceremony_sign, run_ceremony_verify;
command_fn run_import, run_key_block, run_batch;
command_fn run_evidence_show;
command_fn run_lint;		/* no server */
command_fn run_client_report;
command_fn run_backup, run_restore;	/* no server */

/* Call the command's operation with its options as arguments. The answer when
   it is done, to be freed with WIRE_ANSWER_free(); NULL after the failure or
   the refusal is told. */
WIRE_ANSWER *run_call(struct cli *cli, const struct command *cmd,
    const struct options *o);

/* The same with arguments that are there already (borrowed, added to). */
WIRE_ANSWER *run_call_with(struct cli *cli, const struct command *cmd,
    const struct options *o, WIRE_FIELDS *args);
/* An answer (taken over) as run_object() prints it; the exit status. */
int run_print(struct cli *cli, const struct command *cmd, WIRE_ANSWER *a);

/* Values, then rows under the command's key, as one object. */
int run_print_json(struct cli *cli, const struct command *cmd,
    const WIRE_ANSWER *answer);
/* Rows as a table; nothing when there are none. */
void run_print_table(struct cli *cli, const struct command *cmd,
    const WIRE_ANSWER *answer);

#endif
