#include <limits.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/cli/client.h"
#include "ca/cli/encode.h"
#include "ca/cli/own_key.h"
#include "ca/cli/run.h"
#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/transcript/seal.h"
#include "ca/transcript/transcript.h"
#include "ca/transcript/verify.h"

/* What participants of a ceremony do, and who checks it. No server is asked. */

static int
usage(const char *what)
{
	ca_raise(CA_E_BADREQUEST, "%s is missing", what);
	return CLI_USAGE;
}

/* Names come from files of others: nothing of them reaches the terminal. */
static void
say(struct cli *cli, const char *name, const char *value)
{
	char text[4 * 1024 + 20];

	report_escape(value, text, sizeof(text));
	fprintf(cli->out, "%-12s %s\n", name, text);
}

int
run_ceremony_key(struct cli *cli, const struct command *cmd,
    const struct options *o)
{
	struct own_key own = {0};
	struct note_key who = {0};
	char vkey[NOTE_VKEY_MAX];
	int ok;

	(void)cmd;
	ok = own_key_open(&own, option_text(o, "key"),
	    option_text(o, "module")) &&
	    note_key_set(&who, option_text(o, "name"), own.pkey, 0) &&
	    note_key_print(&who, vkey, sizeof(vkey));
	if (ok)
		fprintf(cli->out, "%s\n", vkey);
	note_key_clear(&who);
	own_key_close(&own);
	return ok ? CLI_DONE : client_failed(cli);
}

static int
sign(const struct options *o, const char *path, char *where, size_t size)
{
	struct own_key own = {0};
	struct note_key who = {0};
	int ok;

	ok = own_key_open(&own, option_text(o, "key"),
	    option_text(o, "module")) &&
	    note_key_set(&who, option_text(o, "name"), own.pkey, 0) &&
	    seal_sign(path, &who, own.pkey, option_text(o, "out"), where,
	    size);
	note_key_clear(&who);
	own_key_close(&own);
	return ok;
}

static int
add(const struct options *o, const char *path, char *where, size_t size)
{
	size_t len;
	char *note = transcript_slurp(option_text(o, "add"), NOTE_MAX, &len);
	int ok = note != NULL && seal_put(path, note, option_text(o, "out"),
	    where, size);

	OPENSSL_free(note);
	return ok;
}

/* Whoever signs sees what it is that he signs. */
int
run_ceremony_sign(struct cli *cli, const struct command *cmd,
    const struct options *o)
{
	const char *path = option_text(o, "file");
	char text[SEAL_TEXT_MAX], where[PATH_MAX + 8];

	(void)cmd;
	if (option_has(o, "add") == option_has(o, "key")) {
		ca_raise(CA_E_BADREQUEST, "either --key or --add");
		return CLI_USAGE;
	}
	if (option_has(o, "key") && !option_has(o, "name"))
		return usage("--name");
	if (!seal_text_of(path, text, NULL))
		return client_failed(cli);
	fputs(text, cli->out);
	if (!(option_has(o, "key") ? sign(o, path, where, sizeof(where)) :
	    add(o, path, where, sizeof(where))))
		return client_failed(cli);
	fprintf(cli->out, "signed: %s\n", where);
	return CLI_DONE;
}

static int
print_verified(struct cli *cli, const struct verify_result *v)
{
	char count[32];

	if (cli->json)
		return encode_print(cli->out, json_pack(
		    "{ss sI ss ss si ss ss sb sI}", "kind", v->kind, "records",
		    (json_int_t)v->records, "sha256", v->digest, "logged",
		    v->logged, "quorum", v->quorum, "approved", v->approved,
		    "sealed", v->sealed, "own_keys", v->own_keys,
		    "certificates", (json_int_t)v->certs)) ? CLI_DONE :
		    client_failed(cli);
	say(cli, "kind", v->kind);
	snprintf(count, sizeof(count), "%zu", v->records);
	say(cli, "records", count);
	say(cli, "sha256", v->digest);
	say(cli, "log entry", v->logged);
	snprintf(count, sizeof(count), "%d", v->quorum);
	say(cli, "quorum", count);
	say(cli, "approved by", v->approved[0] == '\0' ? "-" : v->approved);
	say(cli, "sealed by", v->sealed[0] == '\0' ? "-" : v->sealed);
	if (v->own_keys)
		fputs("the participants' keys are those that the transcript "
		    "names itself: give --file or --participants\n", cli->out);
	fputs("verified\n", cli->out);
	return CLI_DONE;
}

int
run_ceremony_verify(struct cli *cli, const struct command *cmd,
    const struct options *o)
{
	struct verify_against a = {.file = option_text(o, "file"),
	    .participants = option_text(o, "participants"),
	    .unsigned_ok = option_has(o, "unsigned")};
	struct verify_result v;
	size_t i;

	(void)cmd;
	for (i = 0; i < o->n; i++) {
		if (strcmp(o->v[i].spec->name, "cert") != 0)
			continue;
		if (a.n_certs == VERIFY_CERTS_MAX) {
			ca_raise(CA_E_BADREQUEST, "--cert: more than %d",
			    VERIFY_CERTS_MAX);
			return CLI_USAGE;
		}
		a.cert[a.n_certs++] = o->v[i].text;
	}
	return verify_transcript(option_text(o, "transcript"), &a, &v) ?
	    print_verified(cli, &v) : client_failed(cli);
}
