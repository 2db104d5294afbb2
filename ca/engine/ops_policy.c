#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/ops.h"

/* Policy as activated versions; the files are proposals. */

static int
add_change(struct ops_call *c, const char *path, const char *change,
    const char *detail)
{
	WIRE_FIELDS *l = message_add_row(c->answer);

	return l != NULL && field_add_text(l, "path", path) &&
	    field_add_text(l, "change", change) &&
	    field_add_text(l, "detail", detail);
}

static const struct policy_file *
find_file(const struct policy_file *files, size_t n, const char *path)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(files[i].path, path) == 0)
			return &files[i];
	return NULL;
}

static int
line_of(const struct policy_file *a, const struct policy_file *b)
{
	size_t i;
	int line = 1;

	for (i = 0; i < a->len && i < b->len && a->text[i] == b->text[i]; i++)
		line += a->text[i] == '\n';
	return line;
}

static int
diff_one(struct ops_call *c, const struct policy_file *was,
    const struct policy_file *is)
{
	char detail[80];

	if (was == NULL)
		return add_change(c, is->path, "added", NULL);
	if (is == NULL)
		return add_change(c, was->path, "removed", NULL);
	if (was->len == is->len && memcmp(was->text, is->text, is->len) == 0)
		return add_change(c, is->path, "same", NULL);
	snprintf(detail, sizeof(detail), "first difference in line %d",
	    line_of(was, is));
	return add_change(c, is->path, "changed", detail);
}

int
ops_policy_diff(struct ops_call *c)
{
	struct policy *active = ca_policy(c->ca);
	struct policy_file *files = NULL;
	size_t i, n = 0;
	int ok;

	ok = policy_load_dir(c->ca->settings->policy_dir, &files, &n) &&
	    field_add_int(c->answer->values, "active", active->row.version) &&
	    field_add_text(c->answer->values, "dir",
	    c->ca->settings->policy_dir);
	for (i = 0; ok && i < n; i++)
		ok = diff_one(c, find_file(active->files, active->n_files,
		    files[i].path), &files[i]);
	for (i = 0; ok && i < active->n_files; i++)
		if (find_file(files, n, active->files[i].path) == NULL)
			ok = diff_one(c, &active->files[i], NULL);
	policy_files_free(files, n);
	policy_put(active);
	return ok;
}

struct activating {
	struct ops_call *c;
	struct policy *proposal;
	struct policy_row row;
};

static int
activate_tx(struct store_tx *tx, void *arg)
{
	struct activating *a = arg;
	WIRE_FIELDS *l;
	int ok;

	if (!policies_add(tx, &a->row, a->proposal->files,
	    a->proposal->n_files))
		return 0;
	l = field_list_new();
	ok = l != NULL && field_add_int(l, "version", a->row.version) &&
	    field_add_bytes(l, "sha256", a->row.sha256, 32) &&
	    field_add_text(l, "author", a->row.author) &&
	    field_add_text(l, "note", a->row.note) &&
	    entries_append(tx, "policy", a->c->now, l, NULL);
	field_list_free(l);
	return ok;
}

/* A profile must be issued by a CA that we have. */
static int
issuers_known(struct ops_call *c, const struct policy *p)
{
	const struct profile *pr;
	size_t i;

	for (i = 0; i < p->n_profiles; i++) {
		pr = p->profiles[i];
		if (pr->issuer[0] != '\0' && !issuer_set_find(&c->ca->issuers,
		    pr->issuer))
			return outcome_refuse(&c->o, WIRE_BADREQUEST, "",
			    "policy.issuer", "issuer", "profile %s: there is "
			    "no CA \"%s\"", pr->name, pr->issuer);
	}
	return 1;
}

/* inkan-verifier must be able to read what evidence is judged by. Where it cannot
   be asked about what is new, the operator may take that upon himself, and it is
   told. */
static int
evidence_readable(struct ops_call *c, const struct policy *p)
{
	struct policy *active = ca_policy(c->ca);
	struct outcome o;
	int is;

	outcome_init(&o);
	is = verifier_reads(&c->ca->verifier, p, active, c->now, &o);
	policy_put(active);
	if (is == 1)
		return 1;
	if (is == 0 || !field_flag(c->args, "unchecked", 0))
		return outcome_refuse(&c->o, o.status, "", o.rule, o.field,
		    "%s", o.text);
	report_event(REPORT_WARN, "policy.unchecked", "req", c->req, "who",
	    c->who, "text", o.text, NULL);
	return field_add_text(c->answer->values, "unchecked", o.text);
}

/* What a proposal must be beside well-formed. */
static int
is_fit(struct ops_call *c, const struct policy *p)
{
	return issuers_known(c, p) &&
	    policy_refuse_own(p, (const unsigned char (*)[32])c->ca->own_roots,
		c->ca->n_own_roots) &&
	    evidence_readable(c, p);
}

int
ops_policy_check(struct ops_call *c)
{
	struct policy *p = policy_read_dir(c->ca->settings->policy_dir);
	WIRE_FIELDS *v = c->answer->values;
	char sha256[65];
	int ok;

	ok = p != NULL && is_fit(c, p);
	if (ok) {
		ops_hex(p->row.sha256, 32, sha256);
		ok = field_add_int(v, "profiles", (int64_t)p->n_profiles) &&
		    field_add_int(v, "fleets", (int64_t)p->n_fleets) &&
		    field_add_text(v, "sha256", sha256);
	}
	policy_put(p);
	return ok;
}

int
ops_policy_activate(struct ops_call *c)
{
	const char *note = ops_text(c, "note");
	struct activating a = {.c = c};
	char sha256[65], version[24];
	int ok = 0;

	c->o.authenticated = 1;
	a.proposal = policy_read_dir(c->ca->settings->policy_dir);
	if (a.proposal == NULL || !is_fit(c, a.proposal))
		goto out;
	if (c->has_proposal && memcmp(c->proposal, a.proposal->row.sha256,
	    32) != 0) {
		outcome_refuse(&c->o, WIRE_DENIED, "", "policy.changed",
		    "files", "the files have changed since they were looked "
		    "at; ask again");
		goto out;
	}
	a.row.time = c->now;
	snprintf(a.row.author, sizeof(a.row.author), "%s", c->who);
	snprintf(a.row.note, sizeof(a.row.note), "%s", note ? note : "");
	if (!store_write(c->ca->store, activate_tx, &a, 0) ||
	    !ca_policy_reload(c->ca))
		goto out;
	ops_hex(a.row.sha256, 32, sha256);
	snprintf(version, sizeof(version), "%lld", (long long)a.row.version);
	report_event(REPORT_INFO, "policy.activated", "req", c->req, "who",
	    c->who, "version", version, "sha256", sha256, NULL);
	ok = field_add_int(c->answer->values, "version", a.row.version) &&
	    field_add_text(c->answer->values, "sha256", sha256);
out:
	policy_put(a.proposal);
	return ok;
}

struct showing {
	struct ops_call *c;
	int64_t version;
	struct policy_row row;
	const char *path;
	int found;
};

static int
show_file(const struct policy_file *f, void *arg)
{
	struct showing *s = arg;
	unsigned char md[32];
	char hex[65];
	WIRE_FIELDS *l;

	if (s->path != NULL) {
		if (strcmp(s->path, f->path) != 0)
			return 1;
		s->found = 1;
		return field_add_text(s->c->answer->values, "content",
		    f->text);
	}
	l = message_add_row(s->c->answer);
	SHA256((const unsigned char *)f->text, f->len, md);
	ops_hex(md, 32, hex);
	return l != NULL && field_add_text(l, "path", f->path) &&
	    field_add_text(l, "sha256", hex) &&
	    field_add_int(l, "size", (int64_t)f->len);
}

static int
show_tx(struct store_tx *tx, void *arg)
{
	struct showing *s = arg;
	int found = s->version == 0 ? policies_active(tx, &s->row) :
	    policies_get(tx, s->version, &s->row);

	if (found == 0)
		ca_raise(CA_E_NOTFOUND, "version: there is no such version");
	return found == 1 && policies_files(tx, s->row.version, show_file, s);
}

int
ops_policy_show(struct ops_call *c)
{
	struct showing s = {.c = c, .version = field_int(c->args, "version", 0),
	    .path = ops_text(c, "path")};
	WIRE_FIELDS *v = c->answer->values;
	char hex[65];

	if (!ops_read(c, show_tx, &s))
		return 0;
	if (s.path != NULL && !s.found)
		return ops_not_found(c, "path", "no file \"%s\" in version "
		    "%lld", s.path, (long long)s.row.version);
	ops_hex(s.row.sha256, 32, hex);
	return field_add_int(v, "version", s.row.version) &&
	    field_add_time(v, "time", s.row.time) &&
	    field_add_text(v, "author", s.row.author) &&
	    field_add_text(v, "sha256", hex) &&
	    field_add_text(v, "note", s.row.note);
}

static int
add_fleet(struct ops_call *c, const struct fleet *f, int64_t devices)
{
	static const char *const re[] = {"refuse", "approve", "allow"};
	static const char *const pop[] = {"off", "verify-if-present",
	    "required"};
	WIRE_FIELDS *l = message_add_row(c->answer);

	return l != NULL && field_add_text(l, "name", f->name) &&
	    field_add_text(l, "label", f->label) &&
	    field_add_flag(l, "default", f->is_default) &&
	    field_add_text(l, "profile", f->profile) &&
	    field_add_text(l, "registration", f->registration ==
	    FLEET_JUST_IN_TIME ? "just-in-time" : "pre-registered") &&
	    field_add_text(l, "re_enrol", re[f->re_enrol]) &&
	    field_add_text(l, "pop_link", pop[f->pop_link]) &&
	    field_add_int(l, "devices", devices);
}

struct counting {
	const char *fleet;
	int64_t n;
};

static int
count_tx(struct store_tx *tx, void *arg)
{
	struct counting *k = arg;

	return devices_count(tx, k->fleet, &k->n);
}

int
ops_fleet_list(struct ops_call *c)
{
	struct policy *p = ca_policy(c->ca);
	struct counting k;
	size_t i;
	int ok = 1;

	for (i = 0; ok && i < p->n_fleets; i++) {
		k = (struct counting){p->fleets[i]->name, 0};
		ok = ops_read(c, count_tx, &k) &&
		    add_fleet(c, p->fleets[i], k.n);
	}
	policy_put(p);
	return ok;
}

static int
answer_text(struct ops_call *c, char *text)
{
	int ok = text != NULL && field_add_text(c->answer->values, "text",
	    text);

	OPENSSL_free(text);
	return ok;
}

int
ops_fleet_show(struct ops_call *c)
{
	struct policy *p = ca_policy(c->ca);
	const struct fleet *f = policy_fleet(p, ops_text(c, "name"));
	int ok;

	ok = f == NULL ? ops_not_found(c, "name", "no fleet \"%s\"",
	    ops_text(c, "name")) :
	    field_add_text(c->answer->values, "name", f->name) &&
	    answer_text(c, policy_fleet_dump(f));
	policy_put(p);
	return ok;
}

static int
add_profile(struct ops_call *c, const struct profile *p)
{
	WIRE_FIELDS *l = message_add_row(c->answer);
	char by[64] = "";
	unsigned bit;

	for (bit = 1; bit <= PROFILE_BY_CEREMONY; bit <<= 1)
		if (p->issued_by & bit) {
			if (by[0] != '\0')
				strcat(by, " ");
			strcat(by, profile_by_name((enum profile_by)bit));
		}
	return l != NULL && field_add_text(l, "name", p->name) &&
	    field_add_text(l, "class", profile_class_name(p->class)) &&
	    field_add_text(l, "issuer",
	    p->issuer[0] != '\0' ? p->issuer : NULL) &&
	    field_add_text(l, "issued_by", by) &&
	    field_add_text(l, "description", p->description);
}

int
ops_profile_list(struct ops_call *c)
{
	struct policy *p = ca_policy(c->ca);
	size_t i;
	int ok = 1;

	for (i = 0; ok && i < p->n_profiles; i++)
		ok = add_profile(c, p->profiles[i]);
	policy_put(p);
	return ok;
}

int
ops_profile_show(struct ops_call *c)
{
	struct policy *p = ca_policy(c->ca);
	const struct profile *pr = policy_profile(p, ops_text(c, "name"));
	int ok;

	ok = pr == NULL ? ops_not_found(c, "name", "no profile \"%s\"",
	    ops_text(c, "name")) : answer_text(c, profile_dump(pr));
	policy_put(p);
	return ok;
}
