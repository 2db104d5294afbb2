#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <openssl/crypto.h>
#include "ca/audit/details.h"
#include "ca/audit/prove.h"
#include "ca/cli/client.h"
#include "ca/cli/encode.h"
#include "ca/cli/file.h"
#include "ca/cli/format.h"
#include "ca/cli/run_log.h"
#include "ca/cli/value.h"
#include "ca/error.h"

#define WAIT_MAX 15	/* seconds: a checkpoint is promised within 10 */
#define WAIT_NAP 250	/* milliseconds */

/* Proofs: made, and checked. */

static void
nap(void)
{
	struct timespec t = {0, WAIT_NAP * 1000000L};

	nanosleep(&t, NULL);
}

/* Asked again until a checkpoint covers the entry. NULL after it is told why. */
static char *
ask(struct cli *cli, const struct command *cmd, const struct options *o)
{
	int tries = WAIT_MAX * 1000 / WAIT_NAP;
	char *proof = NULL;
	WIRE_ANSWER *a;

	do {
		if ((a = run_call(cli, cmd, o)) == NULL)
			return NULL;
		if (field_text(a->values, "proof", NULL) != NULL)
			proof = OPENSSL_strdup(
			    field_text(a->values, "proof", ""));
		WIRE_ANSWER_free(a);
		if (proof != NULL)
			return proof;
		nap();
	} while (--tries > 0);
	ca_raise(CA_E_NOTFOUND, "log.checkpoint: within %d seconds no "
	    "checkpoint has covered the entry", WAIT_MAX);
	client_failed(cli);
	return NULL;
}

static char *
from_file(struct cli *cli, const struct options *o)
{
	char serial[VALUE_HEX_SIZE], *proof = NULL;
	WIRE_ANSWER *where = NULL;
	struct store *store = NULL;

	if (value_serial(option_text(o, "serial"), serial) &&
	    (store = run_log_store(cli, &where)) != NULL)
		proof = prove_from_store(store, option_text(o, "issuer"),
		    serial);
	store_close(store);
	if (proof == NULL)
		client_failed(cli);
	return proof;
}

int
run_log_prove(struct cli *cli, const struct command *cmd,
    const struct options *o)
{
	char *proof;
	int ok;

	proof = cli->store != NULL ? from_file(cli, o) : ask(cli, cmd, o);
	if (proof == NULL)
		return CLI_FAILED;
	ok = run_log_write(cli, o, proof);
	OPENSSL_free(proof);
	return ok ? CLI_DONE : client_failed(cli);
}

/* ---- check -------------------------------------------------------------- */

struct checking {
	struct note_key key, witness[PROVE_WITNESSES_MAX];
	size_t n;
	WIRE_FIELDS *cert;
	char *proof;
	struct prove_checked c;
};

static int
take_witnesses(struct checking *k, const struct options *o)
{
	size_t i;

	for (i = 0; i < o->n; i++) {
		if (strcmp(o->v[i].spec->name, "witness") != 0)
			continue;
		if (k->n == PROVE_WITNESSES_MAX) {
			ca_raise(CA_E_BADREQUEST, "--witness: more than %d",
			    PROVE_WITNESSES_MAX);
			return 0;
		}
		if (!run_log_key(o->v[i].text, &k->witness[k->n]))
			return 0;
		k->n++;
	}
	return 1;
}

static int
tell(struct cli *cli, const struct checking *k)
{
	char t[FORMAT_TIME_MAX], when[FORMAT_TIME_MAX];
	json_t *o;
	size_t i;

	format_time(k->c.opening.time, t);
	if (cli->json) {
		o = json_pack("{ss sI sI ss ss ss}", "log", k->key.name,
		    "index", (json_int_t)k->c.index, "size",
		    (json_int_t)k->c.over.size, "issuer", k->c.issuer,
		    "serial", k->c.serial, "time", t);
		return encode_print(cli->out, o);
	}
	fprintf(cli->out, "log: %s\nentry: %" PRIu64 " of %" PRIu64
	    "\nrecorded: %s\nissuer: %s\nserial: %s\n", k->key.name,
	    k->c.index, k->c.over.size, t, k->c.issuer, k->c.serial);
	for (i = 0; i < k->n; i++)
		fprintf(cli->out, "cosigned: %s, %s\n", k->witness[i].name,
		    format_time(k->c.cosigned[i], when));
	return 1;
}

static int
check(struct cli *cli, struct checking *k, const struct options *o)
{
	const unsigned char *der;
	size_t len = 0, cert_len = 0;

	if (k->cert == NULL || !run_log_key(option_text(o, "key"), &k->key) ||
	    !take_witnesses(k, o) ||
	    !file_add_cert(k->cert, "cert", option_text(o, "cert")))
		return 0;
	k->proof = run_log_read(option_text(o, "proof"), PROOF_MAX, &len);
	if (k->proof == NULL)
		return 0;
	der = field_bytes(k->cert, "cert", &cert_len);
	return prove_check(k->proof, len, der, cert_len, &k->key, k->witness,
		   k->n, &k->c) &&
	    tell(cli, k);
}

int
run_log_check(struct cli *cli, const struct command *cmd,
    const struct options *o)
{
	struct checking k = {.cert = field_list_new()};
	size_t i;
	int ok;

	(void)cmd;
	ok = check(cli, &k, o);
	for (i = 0; i < k.n; i++)
		note_key_clear(&k.witness[i]);
	note_key_clear(&k.key);
	prove_checked_clear(&k.c);
	field_list_free(k.cert);
	OPENSSL_free(k.proof);
	return ok ? CLI_DONE : client_failed(cli);
}

/* ---- what opens the leaves ---------------------------------------------- */

int
run_log_export(struct cli *cli, const struct command *cmd,
    const struct options *o)
{
	const char *from = option_text(o, "from");
	WIRE_ANSWER *where = NULL;
	struct store *store = NULL;
	int64_t first = 0, n = 0;
	int ok;

	(void)cmd;
	ok = (from == NULL || value_int(from, 0, INT64_MAX, &first)) &&
	    (store = run_log_store(cli, &where)) != NULL &&
	    details_export(store, first, cli->out, &n);
	store_close(store);
	WIRE_ANSWER_free(where);
	return ok ? CLI_DONE : client_failed(cli);
}
