#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ca/error.h"
#include "ca/report/report.h"
#include "ca/engine/logpub_run.h"

/* How a log begins: the first one, and the next one after an operator decided. */

int
logpub_origin_of(const char *url, char *out, size_t size)
{
	const char *host = strstr(url, "://"), *end = NULL, *p;
	int n;

	if (host == NULL)
		return 0;
	host += 3;
	for (p = host; (p = strstr(p, "/ca/")) != NULL; p++)
		end = p;
	if (end == NULL || end == host)
		return 0;
	n = snprintf(out, size, "%.*s/log", (int)(end - host), host);
	return n > 0 && (size_t)n < size && strpbrk(out, " +") == NULL;
}

/* As inkan-ca.conf calls it, else by the address of the first CA that has
   one. */
static int
base_origin(struct logpub *l, char *out, size_t size)
{
	const struct issuer_set *set = &l->ca->issuers;
	size_t i;

	if (l->conf->origin[0] != '\0') {
		snprintf(out, size, "%s", l->conf->origin);
		return 1;
	}
	for (i = 0; i < set->n; i++)
		if (logpub_origin_of(set->item[i]->row.issuer_url, out, size))
			return 1;
	ca_raise(CA_E_CONFIG, "log.origin: no CA has an address to name the "
	    "log by: set log.origin in inkan-ca.conf");
	return 0;
}

static int
add_after(WIRE_FIELDS *f, const struct log_checkpoint *after)
{
	return after->origin[0] == '\0' ||
	    (field_add_text(f, "after_origin", after->origin) &&
	    field_add_int(f, "after_size", (int64_t)after->size) &&
	    field_add_bytes(f, "after_root", after->root.b, LOG_HASH));
}

static int
begin_tx(struct store_tx *tx, struct log_row *row, const char *key_type,
    const struct logpub_begin *b)
{
	WIRE_FIELDS *f = field_list_new();
	int ok;

	ok = logs_add(tx, row) && f != NULL &&
	    field_add_text(f, "origin", row->origin) &&
	    field_add_text(f, "vkey", row->vkey) &&
	    field_add_text(f, "key_type", key_type) &&
	    field_add_text(f, "who", b->who) &&
	    field_add_text(f, "text", b->text) && add_after(f, &b->after) &&
	    store_meta_set(tx, LOGPUB_EVIDENCE, "") &&
	    entries_append(tx, "log.begin", row->time, f, NULL);
	field_list_free(f);
	return ok;
}

int
logpub_begin_tx(struct store_tx *tx, struct log_row *row,
    const char *key_type, const char *who)
{
	struct logpub_begin b = {.who = who};

	return begin_tx(tx, row, key_type, &b);
}

struct beginning {
	struct log_row row;
	char key_type[16];
	const struct logpub_begin *b;
};

static int
beginning_tx(struct store_tx *tx, void *arg)
{
	struct beginning *g = arg;

	return begin_tx(tx, &g->row, g->key_type, g->b);
}

int
logpub_begin(struct logpub *l, const struct logpub_begin *b)
{
	struct beginning g = {.b = b};
	char base[SETTINGS_ORIGIN_MAX + 8];
	struct note_key k = {.pkey = NULL};
	EVP_PKEY *key = NULL;
	int64_t number = l->row.id > b->number ? l->row.id : b->number;
	int ok = 0;

	if (!base_origin(l, base, sizeof(base)))
		return 0;
	g.row.id = number + 1;
	g.row.time = b->now;
	if (number == 0)
		snprintf(g.row.origin, sizeof(g.row.origin), "%s", base);
	else
		snprintf(g.row.origin, sizeof(g.row.origin), "%s/%lld", base,
		    (long long)number + 1);
	key = logpub_key_find(l, b->now, 1);
	if (key == NULL || !note_key_set(&k, g.row.origin, key, 0) ||
	    !note_key_print(&k, g.row.vkey, sizeof(g.row.vkey)))
		goto out;
	logpub_key_type(&k, g.key_type, sizeof(g.key_type));
	ok = store_write(l->ca->store, beginning_tx, &g, STORE_URGENT);
	if (ok)
		report_event(REPORT_INFO, "log.begun", "origin", g.row.origin,
		    "key_type", g.key_type, "vkey", g.row.vkey, NULL);
out:
	note_key_clear(&k);
	EVP_PKEY_free(key);
	return ok;
}

/* The largest that anybody tells of, and the highest number of a log. What
   cannot be read says nothing: it is what the operator decides about. */
static int
take_claim(struct logpub *l, const char *where, const char *text, size_t len,
    void *arg)
{
	struct logpub_begin *b = arg;
	struct log_checkpoint c;
	const char *slash;
	struct note n;
	int64_t number;

	(void)l;
	(void)where;
	if (!note_parse(&n, text, len))
		return 1;
	if (checkpoint_parse(&c, n.text)) {
		slash = strrchr(c.origin, '/');
		number = slash == NULL ? 0 : strtoll(slash + 1, NULL, 10);
		if (number > b->number && number < 1000000)
			b->number = number;
		if (b->after.origin[0] == '\0' || c.size > b->after.size)
			b->after = c;
	}
	note_clear(&n);
	return 1;
}

/* Is there something that only a person can decide? */
static int
is_undecided(struct logpub *l, time_t now)
{
	if (l->view.state == LOGPUB_STOPPED)
		return 1;
	if (l->view.state == LOGPUB_GOING && l->row.id != 0) {
		l->probed = 0;
		EVP_PKEY_free(l->key);
		l->key = NULL;
		ERR_set_mark();
		if (!logpub_key_ensure(l, now)) {
			ERR_pop_to_mark();
			return 1;
		}
		ERR_clear_last_mark();
	}
	ca_raise(CA_E_DENIED, "log.accept: the log is what it should be; there "
	    "is nothing to decide");
	return 0;
}

static int
accept_now(struct logpub *l, struct logpub_begin *b)
{
	if (!is_undecided(l, b->now))
		return 0;
	b->after = l->last;
	ERR_set_mark();
	(void)logpub_claim_each(l, b->now, take_claim, b);
	ERR_pop_to_mark();
	if (!logpub_begin(l, b))
		return 0;
	/* From here on it has happened. */
	logpub_claim_forget(l, b->now);
	logpub_reset(l);
	return logpub_file_put_away(l) && logpub_read_rows(l) &&
	    logpub_file_own(l);
}

int
logpub_accept(struct logpub *l, const char *who, const char *text, time_t now)
{
	struct logpub_begin b = {.who = who, .text = text, .now = now};
	int ok;

	pthread_mutex_lock(&l->turn);
	ok = accept_now(l, &b);
	l->denied = 0;
	pthread_mutex_unlock(&l->turn);
	if (ok)
		(void)logpub_round(l, now);
	return ok;
}
