#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>
#include "ca/cli/client.h"
#include "ca/cli/encode.h"
#include "ca/cli/run_log.h"
#include "ca/error.h"
#include "ca/log/base64.h"
#include "ca/report/report.h"

#define SHOWN_MAX 1000		/* findings; more are counted */
#define MERGE_DELAY 30		/* seconds: thrice what is promised */
#define TEXT_MAX 4096

struct verifying {
	struct cli *cli;
	struct store *store;
	struct source *source;
	struct note_key key;
	struct log_checkpoint head, since;
	struct audit_config config;
	struct audit_result result;
	WIRE_ANSWER *where;
	char *note;
	json_t *findings;
	size_t shown;
};

static void
show(struct verifying *v, const struct audit_finding *f)
{
	char text[TEXT_MAX];

	fprintf(v->cli->out, "%s", f->what);
	if (f->index >= 0)
		fprintf(v->cli->out, " entry %lld", (long long)f->index);
	if (f->serial[0] != '\0') {
		report_escape(f->issuer, text, sizeof(text));
		fprintf(v->cli->out, " certificate %s ", text);
		report_escape(f->serial, text, sizeof(text));
		fputs(text, v->cli->out);
	}
	report_escape(f->text, text, sizeof(text));
	fprintf(v->cli->out, ": %s\n", text);
}

static void
found(void *arg, const struct audit_finding *f)
{
	struct verifying *v = arg;
	json_t *o;

	if (v->shown++ >= SHOWN_MAX)
		return;
	if (!v->cli->json) {
		show(v, f);
		return;
	}
	o = json_pack("{ss ss ss ss}", "what", f->what, "issuer", f->issuer,
	    "serial", f->serial, "text", f->text);
	if (f->index >= 0)
		json_object_set_new(o, "index", json_integer(f->index));
	json_array_append_new(v->findings, o);
}

/* The log's key: given, or told by the server or the store; one that lies
   beside the log itself is worth what its place is worth. 1, or 0 raised. */
static int
find_key(struct verifying *v, const struct options *o)
{
	const char *text = option_text(o, "key");
	int known;

	if (text == NULL && v->where != NULL)
		text = field_text(v->where->values, "key", NULL);
	if (text != NULL)
		return run_log_key(text, &v->key);
	known = v->store != NULL ? audit_store_key(v->store, &v->key)
				 : source_key(v->source, &v->key);
	if (known == 1 && v->store == NULL)
		fprintf(v->cli->err, "inkan: no --key: the one that %s offers "
		    "itself is taken (%s+%08" PRIx32 ")\n",
		    source_where(v->source), v->key.name, v->key.id);
	if (known == 0 && v->source == NULL && option_text(o, "since") == NULL)
		return 1;
	if (known == 0)
		ca_raise(CA_E_BADREQUEST, "log.key: whose log this is, is not "
		    "known: give --key");
	return known == 1;
}

static int
read_since(struct verifying *v, const char *path)
{
	char *note = NULL;
	size_t len = 0;
	int ok;

	if (path == NULL)
		return 1;
	note = run_log_read(path, NOTE_MAX, &len);
	ok = note != NULL && checkpoint_open(&v->since, note, len, &v->key);
	OPENSSL_free(note);
	v->config.since = &v->since;
	return ok;
}

/* Where to look: what the options say, or the running instance's. The
   checkpoint is read before the store, which is never behind it. */
static int
open_all(struct verifying *v, const struct options *o)
{
	const char *url = option_text(o, "url"), *dir = option_text(o, "dir");
	const char *place = url != NULL ? url : dir;
	int own = place == NULL && v->cli->store == NULL;

	if ((v->cli->store != NULL || own) &&
	    (v->store = run_log_store(v->cli, &v->where)) == NULL)
		return 0;
	if (own) {
		place = field_text(v->where->values, "dir", "");
		v->config.unpublished_before = v->cli->now - MERGE_DELAY;
	}
	if (place != NULL && (v->source = source_open(place)) == NULL)
		return 0;
	if (!find_key(v, o) || !read_since(v, option_text(o, "since")))
		return 0;
	if (v->source != NULL &&
	    !source_checkpoint(v->source, &v->key, &v->head, &v->note))
		return 0;
	v->config.store = v->store;
	v->config.source = v->source;
	v->config.head = v->source != NULL ? &v->head : NULL;
	v->config.key = v->key.pkey != NULL ? &v->key : NULL;
	return 1;
}

static void
sum_up(struct verifying *v)
{
	const struct audit_result *r = &v->result;
	char root[LOG_BASE64_SIZE(LOG_HASH)];
	FILE *out = v->cli->out;

	if (v->shown > SHOWN_MAX)
		fprintf(out, "... and %zu more\n", v->shown - SHOWN_MAX);
	if (v->key.pkey != NULL)
		fprintf(out, "log: %s\n", v->key.name);
	if (v->source != NULL)
		fprintf(out, "published: %" PRIu64 " entries\n", r->published);
	if (v->store != NULL)
		fprintf(out, "store: %" PRIu64 " entries, %zu certificates, "
		    "%zu checkpoints\n", r->entries, r->certs, r->checkpoints);
	if (r->lost > 0)
		fprintf(out, "without detail: %" PRIu64 " entries, taken over "
		    "from the published log by a restore\n", r->lost);
	fprintf(out, "root: %s\n%s\n",
	    log_base64_print(r->root.b, LOG_HASH, root),
	    r->findings == 0 ? "nothing found that is wrong"
			     : "NOT WELL: see above");
}

static int
sum_up_json(struct verifying *v)
{
	const struct audit_result *r = &v->result;
	char root[LOG_BASE64_SIZE(LOG_HASH)];
	json_t *o;

	o = json_pack("{ss? sI sI sI sI sI ss sI sO}", "log",
	    v->key.pkey != NULL ? v->key.name : NULL, "published",
	    (json_int_t)r->published, "entries", (json_int_t)r->entries,
	    "certificates", (json_int_t)r->certs, "checkpoints",
	    (json_int_t)r->checkpoints, "lost", (json_int_t)r->lost, "root",
	    log_base64_print(r->root.b, LOG_HASH, root), "found",
	    (json_int_t)r->findings, "findings", v->findings);
	return encode_print(v->cli->out, o);
}

int
run_log_verify(struct cli *cli, const struct command *cmd,
    const struct options *o)
{
	struct verifying v = {.cli = cli};
	int ok;

	(void)cmd;
	if (option_has(o, "url") && option_has(o, "dir")) {
		ca_raise(CA_E_BADREQUEST, "--url and --dir exclude each other");
		return CLI_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	v.findings = json_array();
	v.config.found = found;
	v.config.arg = &v;
	ok = open_all(&v, o) && audit_run(&v.config, &v.result);
	if (ok && cli->json)
		ok = sum_up_json(&v);
	else if (ok)
		sum_up(&v);
	store_close(v.store);
	source_free(v.source);
	note_key_clear(&v.key);
	WIRE_ANSWER_free(v.where);
	OPENSSL_free(v.note);
	json_decref(v.findings);
	if (!ok)
		return client_failed(cli);
	return v.result.findings > 0 ? CLI_FOUND : CLI_DONE;
}
