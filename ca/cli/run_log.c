#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include "ca/audit/monitor.h"
#include "ca/cli/client.h"
#include "ca/cli/run_log.h"
#include "ca/error.h"

/* What the commands of the log share. */

char *
run_log_read(const char *path, size_t max, size_t *len)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *buf = NULL;

	if (f == NULL) {
		ERR_raise_data(ERR_LIB_SYS, errno, "open %s", path);
		return NULL;
	}
	if ((buf = OPENSSL_malloc(max + 2)) == NULL)
		goto out;
	*len = fread(buf, 1, max + 1, f);
	buf[*len] = '\0';
	if (ferror(f))
		ERR_raise_data(ERR_LIB_SYS, errno, "read %s", path);
	else if (*len > max)
		ca_raise(CA_E_BADREQUEST, "%s is above %zu octets", path, max);
	else
		goto out;
	OPENSSL_free(buf);
	buf = NULL;
out:
	if (f != stdin)
		fclose(f);
	return buf;
}

int
run_log_key(const char *text, struct note_key *out)
{
	char *line = NULL;
	size_t len = 0;
	int ok;

	if (access(text, R_OK) != 0)
		return note_key_parse(out, text);
	line = run_log_read(text, NOTE_VKEY_MAX, &len);
	if (line == NULL)
		return 0;
	line[strcspn(line, "\n")] = '\0';
	ok = note_key_parse(out, line);
	if (!ok)
		ca_raise(CA_E_BADREQUEST, "%s: no verifier key", text);
	OPENSSL_free(line);
	return ok;
}

int
run_log_write(struct cli *cli, const struct options *o, const char *text)
{
	const char *path = option_text(o, "out");

	if (path != NULL)
		return monitor_write_file(path, text);
	return fputs(text, cli->out) != EOF;
}

struct store *
run_log_store(struct cli *cli, WIRE_ANSWER **where)
{
	struct store_config cfg = {.path = cli->store, .mode = STORE_READ,
	    .readers = 1, .now = cli->now};

	*where = NULL;
	if (cli->store == NULL) {
		*where = client_call(cli, "log.where", NULL);
		if (*where == NULL)
			return NULL;
		if (message_answer_status(*where) != WIRE_OK) {
			ca_raise(CA_E_DENIED, "%s",
			    message_refusal(*where, "text"));
			return NULL;
		}
		cfg.path = field_text((*where)->values, "store", "");
	}
	return store_open(&cfg);
}

EVP_PKEY *
run_log_private(const char *path)
{
	FILE *f = fopen(path, "re");
	EVP_PKEY *pkey = NULL;

	if (f == NULL) {
		ERR_raise_data(ERR_LIB_SYS, errno, "open %s", path);
		return NULL;
	}
	pkey = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	fclose(f);
	if (pkey == NULL)
		ca_raise(CA_E_BADREQUEST, "%s: no private key in PEM", path);
	return pkey;
}

/* The verifier key of a key file: what others need to know of it. */
int
run_log_vkey(struct cli *cli, const struct command *cmd,
    const struct options *o)
{
	struct note_key k = {.pkey = NULL};
	char text[NOTE_VKEY_MAX + 1];
	EVP_PKEY *pkey = NULL;
	int ok;

	(void)cmd;
	pkey = run_log_private(option_text(o, "sign-key"));
	ok = pkey != NULL &&
	    note_key_set(&k, option_text(o, "name"), pkey,
		option_has(o, "witness") ? NOTE_COSIGNATURE : 0) &&
	    note_key_print(&k, text, NOTE_VKEY_MAX) &&
	    run_log_write(cli, o, strcat(text, "\n"));
	note_key_clear(&k);
	EVP_PKEY_free(pkey);
	return ok ? CLI_DONE : client_failed(cli);
}

/* Signatures of witnesses to the server. */
int
run_log_cosign(struct cli *cli, const struct command *cmd,
    const struct options *o)
{
	WIRE_FIELDS *args = field_list_new();
	WIRE_ANSWER *a = NULL;
	char *note = NULL;
	size_t len;
	int status = CLI_FAILED;

	note = run_log_read(option_text(o, "file"), NOTE_MAX, &len);
	if (note == NULL || args == NULL ||
	    !field_add_text(args, "note", note))
		status = client_failed(cli);
	else if ((a = run_call_with(cli, cmd, o, args)) != NULL)
		status = run_print(cli, cmd, a);
	OPENSSL_free(note);
	field_list_free(args);
	return status;
}
