#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include "ca/audit/monitor.h"
#include "ca/audit/private.h"
#include "ca/error.h"
#include "profiles/text.h"

struct round {
	struct monitor *m;
	struct log_checkpoint since, head;
	char *note;		/* of ${head} */
	struct audit_config config;
	struct audit_result result;
	struct audit a;
	struct log_frontier tree;
};

#define FORK(...) (ca_raise(CA_E_DENIED, "log.fork: " __VA_ARGS__), -1)

/* The tree that was seen last, as the log has it now. 1, 0, -1. */
static int
begin(struct round *r)
{
	struct log_tile_reader *reader;
	struct log_hash root;
	int ok;

	if (r->head.size < r->since.size)
		return FORK("the log had %" PRIu64 " entries, and has %"
		    PRIu64 " now", r->since.size, r->head.size);
	reader = log_tile_reader_new(r->head.size, source_fetch, r->m->source);
	ok = reader != NULL && log_frontier_read(r->since.size, log_tile_hash,
				   reader, &r->tree) &&
	    log_frontier_root(&r->tree, &root);
	log_tile_reader_free(reader);
	if (!ok)
		return 0;
	if (memcmp(root.b, r->since.root.b, LOG_HASH) != 0)
		return FORK("its first %" PRIu64 " entries are not those "
		    "that were seen (it has %" PRIu64 " now)", r->since.size,
		    r->head.size);
	return 1;
}

static void
count(struct monitor *m, const char *kind)
{
	size_t i;

	for (i = 0; i < m->n_kinds; i++)
		if (strcmp(m->kind[i].kind, kind) == 0)
			break;
	if (i == MONITOR_KINDS_MAX)
		i--;
	if (i == m->n_kinds) {
		snprintf(m->kind[i].kind, sizeof(m->kind[i].kind), "%s", kind);
		m->n_kinds++;
	}
	m->kind[i].n++;
}

static int
matches(const struct monitor *m, const struct monitor_cert *c)
{
	return m->match != NULL && (text_match(m->match, c->subject, '*', 1) ||
	    text_match(m->match, c->fleet, '*', 1) ||
	    text_match(m->match, c->device, '*', 1));
}

static void
tell_cert(struct monitor *m, const struct log_leaf *leaf, const WIRE_FIELDS *l)
{
	struct monitor_cert c = {.index = leaf->index, .time = leaf->time};

	if (strcmp(leaf->kind, "issue.reserved") != 0)
		return;
	c.issuer = field_text(l, "issuer", "");
	c.serial = field_text(l, "serial", "");
	c.subject = field_text(l, "subject", "");
	c.fleet = field_text(l, "fleet", "");
	c.device = field_text(l, "device", "");
	if (matches(m, &c))
		m->cert(m->arg, &c);
}

/* What the auditor was given opens the leaf, or says so. 1, or 0 raised. */
static int
open_leaf(struct round *r, const struct log_leaf *leaf)
{
	struct log_opening o;
	struct log_leaf made = *leaf;
	WIRE_FIELDS *l = NULL;
	int found = details_find(r->m->details, leaf->index, &o), ok = 1;

	if (found != 1) {
		r->m->unopened += found == 0;
		return found == 0;
	}
	ERR_set_mark();
	l = field_list_decode(o.detail, o.detail_len);
	ERR_pop_to_mark();
	ok = log_leaf_commit(o.salt, o.detail, o.detail_len, made.commitment);
	if (ok && (l == NULL || memcmp(made.commitment, leaf->commitment,
				    LEAF_COMMITMENT) != 0 ||
		      strcmp(o.kind, leaf->kind) != 0 || o.time != leaf->time))
		audit_say(&r->a, "changed", leaf->index, l,
		    "%s: the details do not open it", leaf->kind);
	else if (ok)
		tell_cert(r->m, leaf, l);
	r->m->opened++;
	field_list_free(l);
	log_opening_clear(&o);
	return ok;
}

/* Every new leaf into the tree. 1, 0 raised. */
static int
read_new(struct round *r)
{
	struct published_leaf leaf;
	struct published *p;
	int more = -1, ok = 1;

	p = published_new(&r->a, r->m->source, r->since.size, r->head.size);
	while (p != NULL && ok && (more = published_next(p, &leaf)) == 1) {
		if (leaf.hashed)
			ok = log_frontier_add(&r->tree, &leaf.hash);
		if (leaf.known)
			count(r->m, leaf.leaf.kind);
		if (ok && leaf.known && r->m->details != NULL)
			ok = open_leaf(r, &leaf.leaf);
	}
	published_free(p);
	return ok && more == 0;
}

static int
end(struct round *r)
{
	struct log_hash root;

	if (!log_frontier_root(&r->tree, &root))
		return 0;
	if (r->tree.size != r->head.size ||
	    memcmp(root.b, r->head.root.b, LOG_HASH) != 0)
		return FORK("entries %" PRIu64 " to %" PRIu64 " do not "
		    "make the root that was signed", r->since.size,
		    r->head.size == 0 ? 0 : r->head.size - 1);
	if (r->result.findings > 0)
		return FORK("%zu of what is served is not what was signed",
		    r->result.findings);
	return 1;
}

/* The evidence, beside what was seen before. */
static void
keep(const struct round *r)
{
	char path[4096];

	if (r->note == NULL)
		return;
	snprintf(path, sizeof(path), "%s.fork", r->m->state);
	if (!monitor_write_file(path, r->note))
		ERR_raise_data(ERR_LIB_USER, CA_E_STORE,
		    "log.fork: what was served could not be kept");
}

/* A checkpoint that is there, but not this log's, is no matter of the network.
   */
static int
look(struct round *r)
{
	struct monitor *m = r->m;
	unsigned char *octets = NULL;
	size_t len = 0;
	int rc = source_get(m->source, "checkpoint", NOTE_MAX, &octets, &len);

	if (rc == 1) {
		r->note = (char *)octets;
		if (!checkpoint_open(&r->head, r->note, len, m->key)) {
			ca_raise(CA_E_DENIED, "log.fork: the checkpoint that "
			    "is served is not one of %s", m->key->name);
			return -1;
		}
		m->to = r->head.size;
		rc = begin(r);
	} else if (rc == 0) {
		ca_raise(CA_E_NOTFOUND, "log.checkpoint: %s has none",
		    source_where(m->source));
		return 0;
	} else {
		return 0;
	}
	if (rc == 1)
		rc = read_new(r);
	return rc == 1 ? end(r) : rc;
}

static int
look_again(struct monitor *m)
{
	struct round r = {.m = m};
	int seen, rc;

	r.config.found = m->found;
	r.config.arg = m->arg;
	r.a.c = &r.config;
	r.a.r = &r.result;
	memset(m->kind, 0, sizeof(m->kind));
	m->n_kinds = 0;
	m->opened = m->unopened = 0;
	seen = monitor_read_state(m->state, m->key, &r.since);
	if (seen < 0)
		return 0;
	if (seen == 0 && !log_frontier_root(&r.tree, &r.since.root))
		return 0;
	m->from = m->to = r.since.size;
	rc = look(&r);
	if (rc == 1 && !monitor_write_file(m->state, r.note))
		rc = 0;
	if (rc < 0)
		keep(&r);
	OPENSSL_free(r.note);
	return rc;
}

int
monitor_round(struct monitor *m)
{
	int lock = monitor_lock(m->state), rc;

	if (lock == -1)
		return 0;
	rc = look_again(m);
	close(lock);
	return rc;
}
