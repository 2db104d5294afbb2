#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/x509v3.h>

#include "ca/error.h"
#include "ca/engine/clock.h"
#include "ca/engine/revoke.h"
#include "ca/engine/ceremony_run.h"

/*
 * A ceremony on an instance that is there. The store remembers, from before the
 * first key is made, that a ceremony is open; the last transaction makes what
 * was made used, and says "done"; when the files are at their places it says
 * nothing any more.
 */

/* CEREMONY_STATE: "open KIND ID URI" or "done KIND 0 -". */
struct state {
	char word[16], kind[32], uri[HSM_URI_MAX];
	long long after;
	char issuers[CEREMONY_LABELS_MAX], root[CEREMONY_LABELS_MAX];
	char transcript[PATH_MAX];
};

static const struct ceremony_act *const acts[CEREMONY_KINDS] = {
    [CEREMONY_CRL] = &ceremony_crl_act,
    [CEREMONY_INTERMEDIATE] = &ceremony_intermediate_act,
    [CEREMONY_RENEW] = &ceremony_renew_act,
    [CEREMONY_ROOT_REKEY] = &ceremony_rekey_act,
    [CEREMONY_CROSS] = &ceremony_cross_act,
    [CEREMONY_CERTIFY] = &ceremony_certify_act,
    [CEREMONY_REVOKE] = &ceremony_revoke_act,
    [CEREMONY_CSR] = &ceremony_csr_act,
    [CEREMONY_DELEGATE] = &ceremony_delegate_act,
    [CEREMONY_DESTROY] = &ceremony_destroy_act,
};

static int
read_state_tx(struct store_tx *tx, void *arg)
{
	struct state *s = arg;
	char text[HSM_URI_MAX + 128] = "", after[20];

	if (store_meta_get(tx, CEREMONY_STATE, text, sizeof(text)) < 0 ||
	    store_meta_get(tx, CEREMONY_ISSUERS, s->issuers,
	    sizeof(s->issuers)) < 0 || store_meta_get(tx, CEREMONY_ROOT,
	    s->root, sizeof(s->root)) < 0 || store_meta_get(tx,
	    CEREMONY_TRANSCRIPT, s->transcript, sizeof(s->transcript)) < 0)
		return 0;
	if (text[0] == '\0')
		return 1;
	if (sscanf(text, "%15s %31s %18[0-9] %1023s", s->word, s->kind, after,
	    s->uri) < 3) {
		ca_raise(CA_E_STORE, "ceremony: the store's state \"%s\" "
		    "cannot be read", text);
		return 0;
	}
	s->after = strtoll(after, NULL, 10);
	return 1;
}

static int
clear_tx(struct store_tx *tx, void *arg)
{
	(void)arg;
	return store_meta_set(tx, CEREMONY_STATE, "") &&
	    store_meta_set(tx, CEREMONY_ISSUERS, "") &&
	    store_meta_set(tx, CEREMONY_ROOT, "") && ceremony_forget_run(tx);
}

static int
begin_tx(struct store_tx *tx, void *arg)
{
	struct ceremony *r = arg;
	char text[HSM_URI_MAX + 128];

	if (!certs_last_id(tx, &r->after_cert) || !clear_tx(tx, NULL))
		return 0;
	snprintf(text, sizeof(text), "open %s %lld %s",
	    ceremony_kind_name(r->f->kind), (long long)r->after_cert,
	    r->f->root_token.uri[0] != '\0' ? r->f->root_token.uri : "-");
	return store_meta_set(tx, CEREMONY_STATE, text) &&
	    ceremony_remember_run(tx, r);
}

static int
check_clock(struct ceremony *r)
{
	struct clock clock = {0};
	char why[128] = "";
	int64_t highest = 0;
	int ok = clock_load(&clock, r->store);

	if (ok) {
		clock_distrusted(&clock, why, sizeof(why));
		highest = clock.highest;
		clock_clear(&clock);
	}
	if (why[0] != '\0') {
		ca_raise(CA_E_STOPPED, "clock.stopped: %s (start inkan-ca, "
		    "then inkan ca resume --confirm-time)", why);
		return 0;
	}
	if (highest <= (int64_t)r->now + CLOCK_BACK_MAX)
		return ok;
	ca_raise(CA_E_STOPPED, "clock.back: this machine's clock is %lld s "
	    "behind the last entry of the log",
	    (long long)(highest - (int64_t)r->now));
	return 0;
}

static int
open_instance(struct ceremony *r)
{
	struct store_config cfg = {.path = r->s->store, .mode = STORE_WRITE,
	    .now = r->now};

	r->store = store_open(&cfg);
	if (r->store == NULL) {
		ca_raise(CA_E_CONFIG, "ceremony: the store cannot be opened; "
		    "a ceremony needs an instance that is there, and inkan-ca "
		    "stopped");
		return 0;
	}
	if (!issuer_set_load(&r->issuers, r->store))
		return 0;
	if (r->issuers.n == 0 && r->f->kind != CEREMONY_CSR) {
		ca_raise(CA_E_CONFIG, "ceremony: %s holds no CA; a first "
		    "ceremony has kind \"init\"", r->s->store);
		return 0;
	}
	r->policy = policy_read_store(r->store);
	return r->policy != NULL && check_clock(r);
}

/* Certificates that this run, or an interrupted one, caused. */
struct ours {
	int64_t after;
	int64_t id[64];
	size_t n;
};

static int
take_ours(const struct cert_row *row, void *arg)
{
	struct ours *o = arg;

	o->after = row->id;
	if (strcmp(row->requester, "ceremony") == 0 &&
	    row->state == CERT_VALID)
		o->id[o->n++] = row->id;
	return o->n < sizeof(o->id) / sizeof(o->id[0]);
}

static int
ours_tx(struct store_tx *tx, void *arg)
{
	struct ours *o = arg;
	struct cert_filter f = {.after_id = o->after, .limit = 1000};

	o->n = 0;
	return certs_list(tx, &f, take_ours, o);
}

/* They were signed, so they are revoked, whoever has them. Nobody should. */
static int
revoke_ours(struct ceremony *r, int64_t after, size_t *n)
{
	struct revoke_request q = {.reason = CRL_REASON_CESSATION_OF_OPERATION,
	    .who = "ceremony", .policy = r->policy, .now = r->now,
	    .ceremony = 1};
	struct ours o = {.after = after};
	struct cert_row row;
	int64_t last;
	size_t i;

	do {
		last = o.after;
		if (!store_read(r->store, ours_tx, &o))
			return 0;
		for (i = 0; i < o.n; i++) {
			q.cert = o.id[i];
			if (!revoke_cert(r->store, &q, &row))
				return 0;
			++*n;
		}
	} while (o.after != last);
	return 1;
}

static void
undo(struct ceremony *r)
{
	size_t n = 0;
	int ok;

	ERR_set_mark();
	ceremony_close_hsm(r);
	ok = ceremony_destroy_keys(r);
	ok = revoke_ours(r, r->after_cert, &n) && ok;
	ceremony_stage_remove(r);
	ok = ok && store_write(r->store, clear_tx, NULL, STORE_URGENT);
	ERR_pop_to_mark();
	ceremony_say(r, "%s: %zu keys destroyed, %zu certificates revoked, "
	    "nothing published", ok ? "rolled back" : "rolled back in part, "
	    "run again with --discard", r->issuer_keys_made +
	    (size_t)(r->root_key_made != 0), n);
	ceremony_end_transcript(r, ok ? "rolled-back" : "rolled-back-in-part");
}

static int
discard_open(struct ceremony *r, struct state *s)
{
	size_t keys = 0, certs = 0, open = 0;

	if (s->root[0] != '\0' && strcmp(s->uri, r->f->root_token.uri) != 0) {
		ca_raise(CA_E_CONFIG, "ceremony: the interrupted ceremony (%s) "
		    "made a key in %s; run the file of that one with "
		    "--discard", s->kind, s->uri);
		return 0;
	}
	if (!ceremony_destroy_claimed(r, s->issuers, s->root, &keys)) {
		ca_raise(CA_E_SIGN, "ceremony: not every key of the "
		    "interrupted ceremony could be destroyed");
		return 0;
	}
	if (!issue_close_open(r->store, r->now, &open) ||
	    !revoke_ours(r, s->after, &certs) ||
	    !store_write(r->store, clear_tx, NULL, STORE_URGENT))
		return 0;
	ceremony_stage_remove(r);
	ceremony_end_old(r, s->transcript);
	ceremony_say(r, "discarded an interrupted ceremony (%s): %zu keys "
	    "destroyed, %zu certificates revoked, %zu never signed", s->kind,
	    keys, certs, open);
	return 1;
}

static int
publish(struct ceremony *r)
{
	char line[PATH_MAX + 16];

	snprintf(line, sizeof(line), "published in %s", r->s->publish_dir);
	if (!ceremony_stage_publish(r)) {
		ca_raise(CA_E_STORE, "ceremony: it has happened, but not every "
		    "file is published; run it again to go on");
		return 0;
	}
	/* Until then the store knows that an end is due. */
	ceremony_end_transcript(r, "done");
	if (!store_write(r->store, clear_tx, NULL, STORE_URGENT))
		return 0;
	ceremony_stage_remove(r);
	if (!r->how->dry)
		r->act(line);
	return 1;
}

static int
files_lost(struct ceremony *r)
{
	if (!r->how->discard) {
		ca_raise(CA_E_STORE, "ceremony.files: the interrupted ceremony "
		    "has happened, and %s, where its files waited, is not "
		    "there: bring it back, or give them up with --discard",
		    r->stage);
		return 0;
	}
	ceremony_say(r, "the interrupted ceremony has happened; its files are "
	    "given up. CRLs are published by inkan-ca, CRL and OCSP answers of "
	    "a root by a ceremony of kind \"crl\"; certificates are in the "
	    "store (inkan cert show --out). Nothing else is done this time");
	ceremony_end_transcript(r, "done");
	return store_write(r->store, clear_tx, NULL, STORE_URGENT) ? 2 : 0;
}

/* Its last transaction was written, its files were not published. */
static int
publish_rest(struct ceremony *r, const struct state *s)
{
	ERR_set_mark();
	if (s->transcript[0] != '\0')
		r->transcript = transcript_continue(s->transcript);
	ERR_pop_to_mark();
	if (access(r->stage, F_OK) != 0)
		return files_lost(r);
	r->act("the interrupted ceremony has happened; only its files were "
	    "not published, which is done now. Nothing else is done this time");
	return publish(r) ? 2 : 0;
}

static int
refuse_open(const struct ceremony *r, const struct state *s)
{
	if (r->how->resume)
		ca_raise(CA_E_CONFIG, "resume.none: no ceremony was "
		    "interrupted here");
	else
		ca_raise(CA_E_CONFIG, "ceremony: a ceremony (%s) was "
		    "interrupted; run the same file again with --resume to "
		    "finish it, or with --discard to destroy the keys and to "
		    "revoke the certificates that it made", s->kind);
	return 0;
}

/* What an interrupted ceremony left. 1 begin, 2 that was all that there was to
   do, 3 go on with it, 0 raised. */
static int
settle(struct ceremony *r)
{
	struct state *s = OPENSSL_zalloc(sizeof(*s));
	int done = 0;

	if (s == NULL || !store_read(r->store, read_state_tx, s))
		goto out;
	if (s->word[0] == '\0') {
		done = r->how->resume ? refuse_open(r, s) : 1;
	} else if (strcmp(s->word, "done") == 0) {
		done = publish_rest(r, s);
	} else if (r->how->discard) {
		done = discard_open(r, s);
	} else if (r->how->resume) {
		r->after_cert = s->after;
		done = ceremony_resume(r) ? 3 : 0;
	} else {
		done = refuse_open(r, s);
	}
out:
	OPENSSL_free(s);
	return done;
}

static void
list_made(const struct ceremony *r, char *out, size_t size)
{
	size_t i, n = 0;

	out[0] = '\0';
	for (i = 0; i < r->n_made && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s",
		    i == 0 ? "" : ",", r->made[i]->row.ident);
}

static int
log_entry(struct store_tx *tx, struct ceremony *r)
{
	WIRE_FIELDS *l = field_list_new();
	char made[2048];
	int ok;

	list_made(r, made, sizeof(made));
	ok = l != NULL &&
	    field_add_text(l, "kind", ceremony_kind_name(r->f->kind)) &&
	    field_add_text(l, "signer", r->signer == NULL ? NULL :
	    r->signer->row.ident) &&
	    field_add_text(l, "cas", made) && ceremony_log_transcript(r, l) &&
	    entries_append(tx, "ceremony", r->now, l, NULL);
	field_list_free(l);
	return ok;
}

/* The one transaction that makes it used. */
static int
commit_tx(struct store_tx *tx, void *arg)
{
	struct ceremony *r = arg;
	const struct ceremony_act *act = acts[r->f->kind];
	char text[64];
	size_t i;

	for (i = 0; i < r->n_made; i++)
		if (!issuers_certify(tx, &r->made[i]->row))
			return 0;
	for (i = 0; i < r->n_extra; i++)
		if (!ca_certs_add(tx, &r->extra[i]))
			return 0;
	if (act->use != NULL && !act->use(tx, r))
		return 0;
	snprintf(text, sizeof(text), "done %s 0 -",
	    ceremony_kind_name(r->f->kind));
	return log_entry(tx, r) && clear_tx(tx, NULL) &&
	    ceremony_remember_run(tx, r) &&
	    store_meta_set(tx, CEREMONY_STATE, text);
}

static int
work(struct ceremony *r)
{
	ceremony_record_policy(r);
	return ceremony_stage_make(r) && acts[r->f->kind]->work(r) &&
	    ceremony_back_up(r) && ceremony_all_taken(r) &&
	    ceremony_keep_transcript(r) &&
	    store_write(r->store, commit_tx, r, 0);
}

int
ceremony_live_run(struct ceremony *r)
{
	int next;

	if (!open_instance(r))
		return 0;
	next = settle(r);
	if (next == 0 || next == 2)
		return next == 2;
	if (!ceremony_log_ok(r))
		return 0;
	if (next == 1 && (!ceremony_open_transcript(r) ||
	    !store_write(r->store, begin_tx, r, 0)))
		return 0;
	if (work(r))
		return publish(r);
	if (r->resumed)
		ceremony_still_open(r);
	else
		undo(r);
	return 0;
}
