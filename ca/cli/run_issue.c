#include <string.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include "ca/cli/client.h"
#include "ca/cli/encode.h"
#include "ca/cli/file.h"
#include "ca/cli/format.h"
#include "ca/cli/run.h"
#include "ca/error.h"

/* Commands whose answer is something to keep: a certificate, a CRL, a secret.
 */

/* The store's row of a new certificate, so that JSON tells of it what it tells
   of every other. Without it the answer is still an answer. */
static void
add_row(struct cli *cli, json_t *o, const WIRE_FIELDS *issued)
{
	WIRE_FIELDS *args = field_list_new();
	WIRE_ANSWER *a = NULL;

	if (args != NULL &&
	    field_add_text(args, "serial", field_text(issued, "serial", "")) &&
	    field_add_text(args, "issuer", field_text(issued, "issuer", "")))
		a = client_call(cli, "cert.show", args);
	if (a == NULL || message_answer_status(a) != WIRE_OK ||
	    !encode_into(o, a->values))
		ERR_clear_error();
	WIRE_ANSWER_free(a);
	field_list_free(args);
}

static int
print_issued_json(struct cli *cli, const WIRE_FIELDS *issued)
{
	json_t *o = json_object();
	const unsigned char *der;
	char *pem = NULL;
	size_t len;
	int ok;

	der = field_bytes(issued, "cert", &len);
	if (o != NULL)
		add_row(cli, o, issued);
	ok = o != NULL && encode_into(o, issued) &&
	    (pem = file_pem(PEM_STRING_X509, der, len)) != NULL &&
	    json_object_set_new(o, "cert", json_string(pem)) == 0;
	OPENSSL_free(pem);
	if (!ok) {
		json_decref(o);
		return 0;
	}
	return encode_print(cli->out, o);
}

static int
print_pem(struct cli *cli, const WIRE_FIELDS *issued)
{
	const unsigned char *der;
	size_t len;
	char *pem;
	int ok;

	der = field_bytes(issued, "cert", &len);
	if ((pem = file_pem(PEM_STRING_X509, der, len)) == NULL)
		return 0;
	ok = fputs(pem, cli->out) != EOF;
	OPENSSL_free(pem);
	return ok;
}

static int
print_issued(struct cli *cli, const char *file, const WIRE_FIELDS *issued)
{
	static const char *const EXCEPT[] = {"cert", NULL};
	const char *deviations = field_text(issued, "deviations", NULL);
	char buf[FORMAT_MAX];

	if (deviations != NULL && file == NULL)
		fprintf(cli->err, "inkan: deviations: %s\n",
		    format_field(field_find(issued, "deviations", 0), buf));
	if (cli->json)
		return print_issued_json(cli, issued);
	if (file == NULL)
		return print_pem(cli, issued);
	format_show(cli->out, issued, EXCEPT);
	return 1;
}

/* What belongs together. 1, or 0 raised: a usage error. */
static int
check_issue(const struct options *o)
{
	if (option_has(o, "batch")) {
		if (!option_has(o, "csr") && !option_has(o, "device") &&
		    !option_has(o, "set") && option_has(o, "out"))
			return 1;
		ca_raise(CA_E_BADREQUEST,
		    option_has(o, "out")
			? "--csr, --device and --set do not go with --batch"
			: "--out is missing: the folder for the certificates");
		return 0;
	}
	if (!option_has(o, "profile") && !option_has(o, "fleet"))
		ca_raise(CA_E_BADREQUEST, "--profile is missing");
	else if (!option_has(o, "csr"))
		ca_raise(CA_E_BADREQUEST, "--csr is missing");
	else
		return 1;
	return 0;
}

int
run_issue(struct cli *cli, const struct command *cmd, const struct options *o)
{
	const char *file = option_text(o, "out");
	struct command as = *cmd;
	const unsigned char *der;
	WIRE_ANSWER *a;
	size_t len;
	int status = CLI_FAILED;

	/* A command with an operation of its own issues one, and is no batch. */
	if (cmd->op == NULL) {
		as.op = "issue";
		if (!check_issue(o))
			return CLI_USAGE;
		if (option_has(o, "batch"))
			return run_batch(cli, cmd, o);
	}
	if ((a = run_call(cli, &as, o)) == NULL)
		return CLI_FAILED;
	der = field_bytes(a->values, "cert", &len);
	if (der == NULL) {
		ca_raise(CA_E_INTERNAL, "the answer holds no certificate");
		status = client_failed(cli);
	} else if (file != NULL &&
	    !file_write_pem(file, PEM_STRING_X509, der, len)) {
		ca_raise(CA_E_INTERNAL,
		    "certificate %s is issued, but not written (\"inkan cert "
		    "show\" gives it)",
		    field_text(a->values, "serial", "?"));
		status = client_failed(cli);
	} else {
		status = print_issued(cli, file, a->values)
		    ? CLI_DONE
		    : client_failed(cli);
	}
	WIRE_ANSWER_free(a);
	return status;
}

/* What has a "der". */

static int
print_der_json(struct cli *cli, const char *pem, const WIRE_FIELDS *values)
{
	json_t *o = json_object();

	if (o == NULL || !encode_into(o, values) ||
	    (pem != NULL &&
		json_object_set_new(o, "pem", json_string(pem)) != 0)) {
		json_decref(o);
		return 0;
	}
	return encode_print(cli->out, o);
}

/* The answer's values, or its DER as PEM with --pem, and into a file with
   --out. */
static int
print_der(struct cli *cli, const struct options *o, const char *label,
    const WIRE_FIELDS *values)
{
	static const char *const EXCEPT[] = {"der", NULL};
	const char *file = option_text(o, "out");
	const unsigned char *der;
	char *pem = NULL;
	size_t len;
	int ok = 0;

	der = field_bytes(values, "der", &len);
	if (der == NULL && (file != NULL || option_has(o, "pem"))) {
		if (field_text(values, "file", NULL) != NULL)
			ca_raise(CA_E_NOTFOUND,
			    "too large to be handed over; it is published as "
			    "%s",
			    field_text(values, "file", ""));
		else
			ca_raise(
			    CA_E_NOTFOUND, "there is no %s of it", label);
		return 0;
	}
	if (file != NULL && !file_write_pem(file, label, der, len))
		return 0;
	if (option_has(o, "pem") && (pem = file_pem(label, der, len)) == NULL)
		return 0;
	if (cli->json) {
		ok = print_der_json(cli, pem, values);
	} else if (pem != NULL) {
		ok = fputs(pem, cli->out) != EOF;
	} else {
		if (file == NULL || strcmp(file, "-") != 0)
			format_show(cli->out, values, EXCEPT);
		ok = 1;
	}
	OPENSSL_free(pem);
	return ok;
}

static int
show_der(struct cli *cli, const struct command *cmd, const struct options *o,
    const char *label)
{
	WIRE_ANSWER *a;
	int status = CLI_DONE;

	if ((a = run_call(cli, cmd, o)) == NULL)
		return CLI_FAILED;
	if (!print_der(cli, o, label, a->values))
		status = client_failed(cli);
	WIRE_ANSWER_free(a);
	return status;
}

int
run_cert_show(
    struct cli *cli, const struct command *cmd, const struct options *o)
{
	return show_der(cli, cmd, o, PEM_STRING_X509);
}

/* A CA with shards answers with rows, unless one of them was asked for. */
static int
show_crl(struct cli *cli, const struct command *cmd, const struct options *o)
{
	int wanted = option_has(o, "pem") || option_has(o, "out");
	WIRE_ANSWER *a;
	int status = CLI_DONE;

	if ((a = run_call(cli, cmd, o)) == NULL)
		return CLI_FAILED;
	if (message_n_rows(a) == 0) {
		if (!print_der(cli, o, PEM_STRING_X509_CRL, a->values))
			status = client_failed(cli);
	} else if (wanted) {
		ca_raise(CA_E_BADREQUEST,
		    "--shard is missing: the CA has %zu CRLs",
		    message_n_rows(a));
		status = client_failed(cli);
	} else if (cli->json) {
		status = encode_print(cli->out, encode_rows(a))
		    ? CLI_DONE
		    : client_failed(cli);
	} else {
		run_print_table(cli, cmd, a);
	}
	WIRE_ANSWER_free(a);
	return status;
}

int
run_crl_show(
    struct cli *cli, const struct command *cmd, const struct options *o)
{
	if (option_has(o, "issuer"))
		return show_crl(cli, cmd, o);
	if (option_has(o, "pem") || option_has(o, "out")) {
		ca_raise(CA_E_BADREQUEST,
		    "--issuer is missing: of which CA to write the CRL");
		return CLI_USAGE;
	}
	return run_list(cli, cmd, o);
}

int
run_ca_request(
    struct cli *cli, const struct command *cmd, const struct options *o)
{
	return show_der(cli, cmd, o, PEM_STRING_X509_REQ);
}

int
run_ca_show(struct cli *cli, const struct command *cmd, const struct options *o)
{
	if (option_has(o, "pem") || option_has(o, "out"))
		return show_der(cli, cmd, o, PEM_STRING_X509);
	return run_object(cli, cmd, o);
}

/* Secrets. */

#define SECRET_SIZE 257 /* octets with NUL: the operation's limit + 1 */

/* The call with a secret of the operator's choice, which is wiped. */
static WIRE_ANSWER *
call_chosen(struct cli *cli, const struct command *cmd, const struct options *o)
{
	char secret[SECRET_SIZE] = "";
	WIRE_FIELDS *args = field_list_new();
	WIRE_ANSWER *a = NULL;
	const unsigned char *p;
	size_t len;

	if (args == NULL || !option_fields(o, cli->now, args) ||
	    !file_read_secret("Secret: ", secret, sizeof(secret)) ||
	    !field_add_text(args, "secret", secret) ||
	    (a = client_call(cli, cmd->op, args)) == NULL)
		client_failed(cli);
	else if (!client_done(cli, a)) {
		WIRE_ANSWER_free(a);
		a = NULL;
	}
	OPENSSL_cleanse(secret, sizeof(secret));
	if (args != NULL && field_find(args, "secret", 0) != NULL) {
		p = field_get_bytes(field_find(args, "secret", 0), &len);
		OPENSSL_cleanse((void *)(uintptr_t)p, len);
	}
	field_list_free(args);
	return a;
}

int
run_secret_new(
    struct cli *cli, const struct command *cmd, const struct options *o)
{
	WIRE_ANSWER *a;
	int status = CLI_DONE;

	a = option_has(o, "stdin") ? call_chosen(cli, cmd, o)
				   : run_call(cli, cmd, o);
	if (a == NULL)
		return CLI_FAILED;
	if (cli->json)
		status = run_print_json(cli, cmd, a);
	else
		format_show(cli->out, a->values, NULL);
	WIRE_ANSWER_free(a);
	return status;
}
