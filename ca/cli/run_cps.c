#include <stdlib.h>
#include <string.h>

#include "ca/cli/client.h"
#include "ca/cli/cps_outline.h"
#include "ca/cli/encode.h"
#include "ca/cli/format.h"
#include "ca/cli/run.h"
#include "ca/error.h"

/*
 * The skeleton of a certification practice statement, in Markdown: the outline
 * of RFC 3647 with what the active policy and the instance answer. Where
 * neither can, it says so, and a person has to.
 */

#define PROFILES_MAX 256

struct cps {
	struct cli *cli;
	FILE *out;
	WIRE_ANSWER *policy, *cas, *fleets, *profiles, *operators, *log;
	WIRE_ANSWER *ca[64], *profile[PROFILES_MAX];
	size_t n_cas, n_profiles;
};

/* An operation with one text argument, or none. NULL after the failure is
   told. */
static WIRE_ANSWER *
ask(struct cps *c, const char *op, const char *name, const char *value)
{
	WIRE_FIELDS *args = field_list_new();
	WIRE_ANSWER *a = NULL;

	if (args == NULL || (name != NULL && !field_add_text(args, name,
	    value)) || (a = client_call(c->cli, op, args)) == NULL)
		client_failed(c->cli);
	else if (!client_done(c->cli, a)) {
		WIRE_ANSWER_free(a);
		a = NULL;
	}
	field_list_free(args);
	return a;
}

static int
fetch_each(struct cps *c, const WIRE_ANSWER *list, const char *op,
    const char *field, WIRE_ANSWER **out, size_t max, size_t *n)
{
	const WIRE_FIELDS *row;
	size_t i;

	for (i = 0; i < message_n_rows(list) && *n < max; i++) {
		row = message_row(list, i);
		if (strcmp(field_text(row, "state", ""), "pending") == 0)
			continue;
		out[*n] = ask(c, op, "name", field_text(row, field, ""));
		if (out[*n] == NULL)
			return 0;
		(*n)++;
	}
	return 1;
}

static int
fetch(struct cps *c)
{
	return (c->policy = ask(c, "policy.show", NULL, NULL)) != NULL &&
	    (c->cas = ask(c, "ca.list", NULL, NULL)) != NULL &&
	    (c->fleets = ask(c, "fleet.list", NULL, NULL)) != NULL &&
	    (c->profiles = ask(c, "profile.list", NULL, NULL)) != NULL &&
	    (c->operators = ask(c, "operator.list", NULL, NULL)) != NULL &&
	    (c->log = ask(c, "log.where", NULL, NULL)) != NULL &&
	    fetch_each(c, c->cas, "ca.show", "ident", c->ca,
	    sizeof(c->ca) / sizeof(c->ca[0]), &c->n_cas) &&
	    fetch_each(c, c->profiles, "profile.show", "name", c->profile,
	    PROFILES_MAX, &c->n_profiles);
}

/* --- parts --- */

/* A table in Markdown of some fields of lists. */
static void
head(FILE *out, const char *const *fields)
{
	size_t i;

	for (i = 0; fields[i] != NULL; i++)
		fprintf(out, "| %s ", fields[i]);
	fputs("|\n", out);
	for (i = 0; fields[i] != NULL; i++)
		fputs("| --- ", out);
	fputs("|\n", out);
}

static void
row(FILE *out, const WIRE_FIELDS *l, const char *const *fields)
{
	char buf[FORMAT_MAX], *p;
	size_t i;

	for (i = 0; fields[i] != NULL; i++) {
		format_field(field_find(l, fields[i], 0), buf);
		for (p = buf; (p = strchr(p, '|')) != NULL; p++)
			*p = '/';
		fprintf(out, "| %s ", buf);
	}
	fputs("|\n", out);
}

static void
rows(FILE *out, const WIRE_ANSWER *a, const char *const *fields)
{
	size_t i;

	head(out, fields);
	for (i = 0; i < message_n_rows(a); i++)
		row(out, message_row(a, i), fields);
	fputc('\n', out);
}

static void
each(FILE *out, WIRE_ANSWER *const *a, size_t n, const char *const *fields)
{
	size_t i;

	head(out, fields);
	for (i = 0; i < n; i++)
		row(out, a[i]->values, fields);
	fputc('\n', out);
}

/* The lines of each profile that begin with one of ${keys}. */
static void
profile_lines(struct cps *c, const char *const *keys)
{
	const char *p, *name;
	size_t i, k, n;

	for (i = 0; i < c->n_profiles; i++) {
		name = field_text(message_row(c->profiles, i), "name", "?");
		p = field_text(c->profile[i]->values, "text", "");
		for (; *p != '\0'; p += n + (p[n] == '\n')) {
			n = strcspn(p, "\n");
			for (k = 0; keys[k] != NULL; k++)
				if (strncmp(p, keys[k], strlen(keys[k])) == 0)
					fprintf(c->out, "- %s: %.*s\n", name,
					    (int)n, p);
		}
	}
	fputc('\n', c->out);
}

static void
profiles_whole(struct cps *c)
{
	size_t i;

	for (i = 0; i < c->n_profiles; i++) {
		fprintf(c->out, "**%s**\n\n", field_text(message_row(
		    c->profiles, i), "name", "?"));
		fputs("```\n", c->out);
		format_lines(c->out, field_text(c->profile[i]->values, "text",
		    ""));
		fputs("```\n\n", c->out);
	}
}

/* Rules of approval that begin with one of two words; all for "". */
static void
approvals(struct cps *c, const char *a, const char *b)
{
	const WIRE_FIELDS *v = c->operators->values;
	const WIRE_FIELD *f;
	const char *text;
	size_t i, n = 0;

	for (i = 0; (f = field_find(v, "approvals", i)) != NULL; i++) {
		text = field_get_text(f);
		if (text == NULL || (strncmp(text, a, strlen(a)) != 0 &&
		    strncmp(text, b, strlen(b)) != 0))
			continue;
		fprintf(c->out, "- %s approvals of others\n", text);
		n++;
	}
	fputs(n == 0 ? "No operation of this kind needs approvals.\n\n" : "\n",
	    c->out);
}

static void
roles(struct cps *c)
{
	static const char *const fields[] = {"name", "roles", NULL};

	fputs("Admins say what may be issued and by which CA, officers issue "
	    "and revoke, auditors read. Nobody approves a request of their "
	    "own, and one person counts once.\n\n", c->out);
	if (message_n_rows(c->operators) == 0)
		fputs("The active policy names no operators: whoever may use "
		    "the admin socket has every role.\n\n", c->out);
	else
		rows(c->out, c->operators, fields);
	approvals(c, "", "");
	if (field_flag(c->operators->values, "uid_only", 0) &&
	    message_n_rows(c->operators) > 0)
		fputs("Approvals are not signed (uid_only).\n\n", c->out);
}

static void
log_part(struct cps *c)
{
	char buf[FORMAT_MAX];

	fputs("Every issuance, revocation, CRL, policy version, ceremony, "
	    "approval and operator's act is an entry of one append-only log "
	    "(RFC 9162 hashing, C2SP tlog-tiles), written in the transaction "
	    "of the change. No operation removes or changes an entry.\n\n",
	    c->out);
	fprintf(c->out, "- origin: %s\n", format_field(field_find(
	    c->log->values, "origin", 0), buf));
	fprintf(c->out, "- verifier key: %s\n\n", format_field(field_find(
	    c->log->values, "key", 0), buf));
}

static void
policy_part(struct cps *c)
{
	const WIRE_FIELDS *v = c->policy->values;
	char when[FORMAT_TIME_MAX];

	fprintf(c->out, "This skeleton was written from version %lld of the "
	    "policy, activated at %s, SHA-256 %s.\n\n",
	    (long long)field_int(v, "version", 0), format_time(field_time(v,
	    "time", 0), when), field_text(v, "sha256", "?"));
}

static void
print_part(struct cps *c, enum cps_part part)
{
	static const char *const ca[] = {"ident", "subject", "state",
	    "not_after", NULL};
	static const char *const fleet[] = {"name", "label", "profile",
	    "registration", "devices", NULL};
	static const char *const use[] = {"name", "class", "issued_by",
	    "issuer", "description", NULL};
	static const char *const address[] = {"ident", "issuer_url", "crl_url",
	    "ocsp_url", NULL};
	static const char *const crl[] = {"ident", "crl_lifetime",
	    "crl_interval", "crl_shards", NULL};
	static const char *const enrol[] = {"name", "registration", "re_enrol",
	    "pop_link", NULL};
	static const char *const names[] = {"subject", "san", NULL};
	static const char *const keys[] = {"key_types", NULL};
	static const char *const validity[] = {"validity", NULL};

	switch (part) {
	case CPS_NONE: break;
	case CPS_NAME: policy_part(c); break;
	case CPS_CAS: rows(c->out, c->cas, ca); break;
	case CPS_FLEETS: rows(c->out, c->fleets, fleet); break;
	case CPS_USES: rows(c->out, c->profiles, use); break;
	case CPS_ADDRESSES: each(c->out, c->ca, c->n_cas, address); break;
	case CPS_CRLS: each(c->out, c->ca, c->n_cas, crl); break;
	case CPS_ENROL: rows(c->out, c->fleets, enrol); break;
	case CPS_NAMES: profile_lines(c, names); break;
	case CPS_APPROVALS: approvals(c, "issue", "device"); break;
	case CPS_REVOKE_RULES:
		approvals(c, "revoke", "device.revoke");
		fputs("A revocation, hold, CRL or stop can be done without "
		    "approvals by break-glass, which is on record and shown "
		    "until another person has acknowledged it.\n\n", c->out);
		break;
	case CPS_ROLES: roles(c); break;
	case CPS_LOG: log_part(c); break;
	case CPS_KEYS: profile_lines(c, keys); break;
	case CPS_VALIDITY: profile_lines(c, validity); break;
	case CPS_PROFILES: profiles_whole(c); break;
	}
}

/* Is there a section below this one? Then it needs no text of its own. */
static int
is_parent(const struct cps_section *s)
{
	size_t n = strlen(s->number);

	return s[1].number != NULL && strncmp(s[1].number, s->number, n) == 0 &&
	    s[1].number[n] == '.';
}

static void
print_section(struct cps *c, const struct cps_section *s)
{
	const char *p;
	size_t dots = 0;

	for (p = s->number; *p != '\0'; p++)
		dots += *p == '.';
	fprintf(c->out, "%.*s %s%s %s\n\n", (int)(dots + 2), "#####", s->number,
	    dots == 0 ? "." : "", s->title);
	if (s->text != NULL)
		fprintf(c->out, "%s\n\n", s->text);
	print_part(c, s->part);
	if (s->text == NULL && s->part == CPS_NONE && !is_parent(s))
		fputs("[To be written.]\n\n", c->out);
}

int
run_cps(struct cli *cli, const struct command *cmd, const struct options *o)
{
	struct cps *c = calloc(1, sizeof(*c));
	const struct cps_section *s;
	size_t i;
	int ok;

	(void)cmd;
	(void)o;
	if (c == NULL)
		return CLI_FAILED;
	c->cli = cli;
	c->out = cli->out;
	cli->json = 0;
	ok = fetch(c);
	if (ok) {
		fputs("# Certification practice statement\n\n"
		    "Skeleton by the outline of RFC 3647, section 6. What is "
		    "marked \"to be written\" no policy can know.\n\n",
		    c->out);
		for (s = cps_outline; s->number != NULL; s++)
			print_section(c, s);
	}
	WIRE_ANSWER_free(c->policy);
	WIRE_ANSWER_free(c->cas);
	WIRE_ANSWER_free(c->fleets);
	WIRE_ANSWER_free(c->profiles);
	WIRE_ANSWER_free(c->operators);
	WIRE_ANSWER_free(c->log);
	for (i = 0; i < c->n_cas; i++)
		WIRE_ANSWER_free(c->ca[i]);
	for (i = 0; i < c->n_profiles; i++)
		WIRE_ANSWER_free(c->profile[i]);
	free(c);
	return ok ? CLI_DONE : CLI_FAILED;
}
