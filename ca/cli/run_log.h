#ifndef INKAN_CA_CLI_RUN_LOG_H
#define INKAN_CA_CLI_RUN_LOG_H

#include "ca/audit/audit.h"
#include "ca/cli/run.h"

/*
 * «inkan log ...»: the log is looked at by this program itself, in the store file,
 * in the published folder or over HTTP; the server is asked only where these are,
 * and for proofs. What contradicts the log's signature is CLI_FOUND, so that it
 * is not taken for a network that is down.
 */

#define CLI_FOUND 3	/* exit status */

command_fn run_log_verify, run_log_prove, run_log_check, run_log_export;
command_fn run_log_monitor, run_log_witness, run_log_cosign, run_log_vkey;

/* A verifier key as text, or a file that holds it. 1, or 0 raised. */
int run_log_key(const char *text, struct note_key *out);
/* The whole of a file ("-": standard input) of at most ${max} octets, with a NUL
   behind it; to be freed with OPENSSL_free(). NULL raised. */
char *run_log_read(const char *path, size_t max, size_t *len);
/* To standard output, or to the file of --out, whole or not at all. */
int run_log_write(struct cli *cli, const struct options *o, const char *text);
/* The store of --store, or the running instance's; NULL raised. ${where} gets the
   answer of log.where, when the server was asked, to be freed. */
struct store *run_log_store(struct cli *cli, WIRE_ANSWER **where);
/* The private key of a PEM file. NULL raised. */
EVP_PKEY *run_log_private(const char *path);

#endif
