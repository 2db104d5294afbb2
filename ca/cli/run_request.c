#include <string.h>

#include <openssl/crypto.h>
#include <openssl/pem.h>

#include "ca/cli/client.h"
#include "ca/cli/encode.h"
#include "ca/cli/file.h"
#include "ca/cli/format.h"
#include "ca/cli/own_key.h"
#include "ca/cli/run.h"
#include "ca/cli/value.h"
#include "ca/error.h"
#include "ca/log/approval.h"
#include "ca/log/note.h"

/*
 * Requests that wait for approvals. What is shown and what is signed is made
 * here from the request's content, octet for octet as it was parked; the server
 * is not asked what to sign.
 */

/* A list inside the content: "args" and "rests_on". NULL raised. */
static WIRE_FIELDS *
inner(const WIRE_FIELDS *content, const char *name)
{
	const unsigned char *der;
	size_t len = 0;

	der = field_bytes(content, name, &len);
	if (der != NULL)
		return field_list_decode(der, len);
	ca_raise(CA_E_BADREQUEST, "approval.content: it has no %s", name);
	return NULL;
}

/* The content of an answer, and the text that stands for it. */
static WIRE_FIELDS *
open_content(const WIRE_ANSWER *a, char text[APPROVAL_TEXT_MAX])
{
	const unsigned char *der;
	size_t len = 0;

	der = field_bytes(a->values, "content", &len);
	if (der == NULL || !approval_text(der, len, text, APPROVAL_TEXT_MAX)) {
		if (der == NULL)
			ca_raise(CA_E_BADREQUEST, "approval.content: the "
			    "answer has none");
		return NULL;
	}
	return field_list_decode(der, len);
}

static void
print_inner(struct cli *cli, const char *title, const WIRE_FIELDS *l)
{
	char buf[FORMAT_MAX];
	const WIRE_FIELD *f;
	int i;

	fprintf(cli->out, "%s:\n", title);
	for (i = 0; i < sk_WIRE_FIELD_num(l); i++) {
		f = sk_WIRE_FIELD_value(l, i);
		fprintf(cli->out, "  %s: %s\n", field_name(f),
		    format_field(f, buf));
	}
}

/* The names of the certificate are a list in the list. */
static void
print_rests(struct cli *cli, const WIRE_FIELDS *rests)
{
	const unsigned char *der;
	WIRE_FIELDS *identity;
	size_t len = 0;

	print_inner(cli, "rests on", rests);
	der = field_bytes(rests, "identity", &len);
	identity = der == NULL ? NULL : field_list_decode(der, len);
	if (identity != NULL)
		print_inner(cli, "identity", identity);
	field_list_free(identity);
	ERR_clear_error();
}

static int
print_content(struct cli *cli, const WIRE_FIELDS *content)
{
	WIRE_FIELDS *args = inner(content, "args");
	WIRE_FIELDS *rests = args == NULL ? NULL : inner(content, "rests_on");

	if (rests != NULL) {
		print_inner(cli, "arguments", args);
		print_rests(cli, rests);
	}
	field_list_free(args);
	field_list_free(rests);
	return rests != NULL;
}

static int
print_show_json(struct cli *cli, const struct command *cmd,
    const WIRE_ANSWER *a, const WIRE_FIELDS *content)
{
	json_t *o = json_object(), *args = json_object(),
	    *rests = json_object();
	WIRE_FIELDS *l = inner(content, "args"), *m = inner(content,
	    "rests_on");
	int ok;

	ok = o != NULL && args != NULL && rests != NULL && l != NULL &&
	    m != NULL && encode_into(o, a->values) && encode_into(args, l) &&
	    encode_into(rests, m) &&
	    json_object_set(o, "args", args) == 0 &&
	    json_object_set(o, "rests_on", rests) == 0 &&
	    json_object_set_new(o, cmd->rows, encode_rows(a)) == 0;
	field_list_free(l);
	field_list_free(m);
	json_decref(args);
	json_decref(rests);
	if (!ok) {
		json_decref(o);
		return 0;
	}
	return encode_print(cli->out, o);
}

static int
print_show(struct cli *cli, const struct command *cmd, const WIRE_ANSWER *a)
{
	static const char *const EXCEPT[] = {"content", "text", "result.cert",
	    "result.der", NULL};
	char text[APPROVAL_TEXT_MAX];
	WIRE_FIELDS *content = open_content(a, text);
	int ok;

	if (content == NULL)
		return 0;
	if (cli->json) {
		ok = print_show_json(cli, cmd, a, content);
	} else {
		format_show(cli->out, a->values, EXCEPT);
		ok = print_content(cli, content);
		if (message_n_rows(a) > 0)
			fputc('\n', cli->out);
		run_print_table(cli, cmd, a);
	}
	field_list_free(content);
	return ok;
}

/* A certificate that came of it. */
static int
write_result(const WIRE_ANSWER *a, const char *field, const char *file)
{
	const unsigned char *der;
	size_t len = 0;

	der = field_bytes(a->values, field, &len);
	if (der != NULL)
		return file_write_pem(file, PEM_STRING_X509, der, len);
	ca_raise(CA_E_NOTFOUND, "no certificate has come of it");
	return 0;
}

int
run_request_show(
    struct cli *cli, const struct command *cmd, const struct options *o)
{
	const char *file = option_text(o, "out");
	char text[APPROVAL_TEXT_MAX];
	WIRE_FIELDS *content = NULL;
	WIRE_ANSWER *a;
	int ok;

	if ((a = run_call(cli, cmd, o)) == NULL)
		return CLI_FAILED;
	if (option_has(o, "text")) {
		content = open_content(a, text);
		ok = content != NULL && fputs(text, cli->out) != EOF;
		field_list_free(content);
	} else {
		ok = (file == NULL || write_result(a, "result.cert", file)) &&
		    print_show(cli, cmd, a);
	}
	WIRE_ANSWER_free(a);
	return ok ? CLI_DONE : client_failed(cli);
}

/* --- approving --- */

/* The note, with the key that operators.conf has of whoever asks. */
static char *
sign(const struct options *o, const WIRE_ANSWER *a, const char *text)
{
	const char *vkey = field_text(a->values, "your_key", NULL);
	const char *line[1];
	struct own_key own = {NULL, NULL};
	struct note_key theirs, mine;
	char *signature = NULL, *note = NULL;

	memset(&theirs, 0, sizeof(theirs));
	memset(&mine, 0, sizeof(mine));
	if (vkey == NULL) {
		ca_raise(CA_E_DENIED, "approval.key: operators.conf has no "
		    "key of yours");
		return NULL;
	}
	if (!note_key_parse(&theirs, vkey) || !own_key_open(&own,
	    option_text(o, "key"), option_text(o, "module")) ||
	    !note_key_set(&mine, theirs.name, own.pkey, 0))
		goto out;
	if (mine.id != theirs.id) {
		ca_raise(CA_E_DENIED, "approval.key: this is not the key that "
		    "operators.conf has of you");
		goto out;
	}
	signature = note_sign(text, &mine, own.pkey, 0);
	line[0] = signature;
	note = signature == NULL ? NULL : note_join(text, line, 1);
out:
	OPENSSL_free(signature);
	note_key_clear(&mine);
	note_key_clear(&theirs);
	own_key_close(&own);
	return note;
}

static int
add_note(struct cli *cli, const struct options *o, const WIRE_ANSWER *shown,
    WIRE_FIELDS *args)
{
	char text[APPROVAL_TEXT_MAX], *note = NULL;
	WIRE_FIELDS *content = open_content(shown, text);
	int ok = content != NULL;

	/* What is signed is shown, so that it is no blank cheque. */
	if (ok && !cli->json) {
		fputs(text, cli->out);
		ok = print_content(cli, content);
		fputc('\n', cli->out);
	}
	if (ok && option_has(o, "note"))
		ok = file_add_text(args, "note", option_text(o, "note"));
	else if (ok && option_has(o, "key")) {
		note = sign(o, shown, text);
		ok = note != NULL && field_add_text(args, "note", note);
	}
	OPENSSL_free(note);
	field_list_free(content);
	return ok;
}

static WIRE_FIELDS *
of_id(const char *id)
{
	WIRE_FIELDS *args = field_list_new();
	int64_t n;

	if (args != NULL && value_int(id, 0, INT64_MAX, &n) &&
	    field_add_int(args, "id", n))
		return args;
	field_list_free(args);
	return NULL;
}

static int
approve_one(struct cli *cli, const struct command *cmd,
    const struct options *o, const char *id)
{
	struct command show = *cmd;
	WIRE_FIELDS *look = of_id(id), *args = of_id(id);
	WIRE_ANSWER *shown = NULL, *a = NULL;
	int status = CLI_FAILED;

	show.op = "request.show";
	if ((shown = run_call_with(cli, &show, o, look)) == NULL)
		goto out;
	if (args == NULL || !add_note(cli, o, shown, args)) {
		status = client_failed(cli);
		goto out;
	}
	a = run_call_with(cli, cmd, o, args);
	if (a != NULL)
		status = run_print(cli, cmd, a);
out:
	WIRE_ANSWER_free(shown);
	field_list_free(look);
	field_list_free(args);
	return status;
}

static int
deny_one(struct cli *cli, const struct command *cmd, const struct options *o,
    const char *id)
{
	WIRE_FIELDS *args = of_id(id);
	WIRE_ANSWER *a = run_call_with(cli, cmd, o, args);

	field_list_free(args);
	return a == NULL ? CLI_FAILED : run_print(cli, cmd, a);
}

/* One after the other; one that fails does not stop the others. */
static int
for_each_id(struct cli *cli, const struct command *cmd,
    const struct options *o, int (*one)(struct cli *cli,
    const struct command *cmd, const struct options *o, const char *id))
{
	int status = CLI_DONE, json = cli->json, got;
	size_t i;

	for (i = 0; i < o->n; i++) {
		if (strcmp(o->v[i].spec->name, "id") != 0)
			continue;
		cli->json = json;
		got = one(cli, cmd, o, o->v[i].text);
		if (got != CLI_DONE)
			status = got;
	}
	return status;
}

int
run_request_approve(
    struct cli *cli, const struct command *cmd, const struct options *o)
{
	size_t i, n = 0;

	for (i = 0; i < o->n; i++)
		n += strcmp(o->v[i].spec->name, "id") == 0;
	if (option_has(o, "key") && option_has(o, "note")) {
		ca_raise(CA_E_BADREQUEST, "--key and --note exclude each "
		    "other");
		return CLI_USAGE;
	}
	if (option_has(o, "note") && n > 1) {
		ca_raise(CA_E_BADREQUEST, "--note is of one request");
		return CLI_USAGE;
	}
	return for_each_id(cli, cmd, o, approve_one);
}

int
run_request_deny(
    struct cli *cli, const struct command *cmd, const struct options *o)
{
	return for_each_id(cli, cmd, o, deny_one);
}

/* The answer is the operation's own. */
int
run_request_run(
    struct cli *cli, const struct command *cmd, const struct options *o)
{
	static const char *const EXCEPT[] = {"cert", "der", NULL};
	const char *file = option_text(o, "out");
	WIRE_ANSWER *a;
	int ok = 1;

	if ((a = run_call(cli, cmd, o)) == NULL)
		return CLI_FAILED;
	if (file != NULL)
		ok = write_result(a, "cert", file);
	if (ok && cli->json)
		ok = run_print_json(cli, cmd, a) == CLI_DONE;
	else if (ok)
		format_show(cli->out, a->values, EXCEPT);
	WIRE_ANSWER_free(a);
	return ok ? CLI_DONE : client_failed(cli);
}

/* --- a key of one's own --- */

int
run_operator_key(
    struct cli *cli, const struct command *cmd, const struct options *o)
{
	struct own_key own = {NULL, NULL};
	struct note_key key;
	char line[NOTE_VKEY_MAX];
	int ok;

	(void)cmd;
	memset(&key, 0, sizeof(key));
	ok = own_key_open(&own, option_text(o, "key"),
		 option_text(o, "module")) &&
	    note_key_set(&key, option_text(o, "name"), own.pkey, 0) &&
	    note_key_print(&key, line, sizeof(line));
	if (ok && cli->json)
		ok = encode_print(cli->out, json_pack("{ss}", "key", line));
	else if (ok)
		fprintf(cli->out, "%s\n", line);
	note_key_clear(&key);
	own_key_close(&own);
	return ok ? CLI_DONE : client_failed(cli);
}
