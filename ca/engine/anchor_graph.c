#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "ca/error.h"
#include "ca/store/records.h"
#include "ca/engine/anchor.h"

/* Our CAs, and which certificate leads from which to which. */

struct reading {
	struct anchor_graph *g;
	int ok;			/* a callback's 0 only ends the list */
};

static int
add_cert(struct anchor_graph *g, const struct anchor_cert *cert)
{
	struct anchor_cert *grown;

	grown = OPENSSL_realloc(g->certs, (g->n_certs + 1) * sizeof(*grown));
	if (grown == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return 0;
	}
	g->certs = grown;
	grown[g->n_certs++] = *cert;
	return 1;
}

static int
add_ca(struct anchor_graph *g, const struct issuer_row *row)
{
	struct anchor_ca *grown, *ca;

	grown = OPENSSL_realloc(g->cas, (g->n_cas + 1) * sizeof(*grown));
	if (grown == NULL) {
		ca_raise(CA_E_INTERNAL, "out of memory");
		return 0;
	}
	g->cas = grown;
	ca = &grown[g->n_cas++];
	memset(ca, 0, sizeof(*ca));
	ca->id = row->id;
	memcpy(ca->name, row->name, sizeof(ca->name));
	memcpy(ca->ident, row->ident, sizeof(ca->ident));
	ca->generation = row->generation;
	ca->is_root = row->state == ISSUER_ROOT;
	ca->not_after = row->not_after;
	return 1;
}

static int
take_issuer(const struct issuer_row *row, void *arg)
{
	struct reading *r = arg;
	struct anchor_cert cert;

	memset(&cert, 0, sizeof(cert));
	cert.subject = row->id;
	cert.signer = row->state == ISSUER_ROOT ? row->id : row->parent;
	cert.not_after = row->not_after;
	SHA256(row->cert, row->cert_len, cert.sha256);
	r->ok = row->cert_len == 0 ||
	    (add_ca(r->g, row) && add_cert(r->g, &cert));
	return r->ok;
}

static int
take_ca_cert(const struct ca_cert_row *row, void *arg)
{
	struct reading *r = arg;
	struct anchor_cert cert;

	memset(&cert, 0, sizeof(cert));
	cert.subject = row->subject;
	cert.signer = row->signer;
	cert.link = strcmp(row->kind, CA_CERT_RENEWED) != 0;
	cert.not_after = row->not_after;
	memcpy(cert.sha256, row->sha256, sizeof(cert.sha256));
	r->ok = add_cert(r->g, &cert);
	return r->ok;
}

int
anchor_graph_read(struct anchor_graph *g, struct store_tx *tx)
{
	struct reading r = {g, 1};

	memset(g, 0, sizeof(*g));
	if (issuers_list(tx, take_issuer, &r) && r.ok &&
	    ca_certs_list(tx, NULL, take_ca_cert, &r) && r.ok)
		return 1;
	anchor_graph_clear(g);
	return 0;
}

void
anchor_graph_clear(struct anchor_graph *g)
{
	OPENSSL_free(g->cas);
	OPENSSL_free(g->certs);
	memset(g, 0, sizeof(*g));
}

const struct anchor_ca *
anchor_graph_ca(const struct anchor_graph *g, int64_t id)
{
	size_t i;

	for (i = 0; i < g->n_cas; i++)
		if (g->cas[i].id == id)
			return &g->cas[i];
	return NULL;
}

int
anchor_graph_newer(const struct anchor_graph *g, int64_t id, int64_t known)
{
	const struct anchor_ca *a = anchor_graph_ca(g, id);
	const struct anchor_ca *b = anchor_graph_ca(g, known);

	if (a == NULL || b == NULL)
		return a != NULL;
	return strcmp(a->name, b->name) == 0 ? a->generation > b->generation :
	    a->id > b->id;
}

/* ---- walking upwards ---- */

#define CAS_MAX 256		/* that one path's walk may meet */

struct walk {
	const struct anchor_graph *g;
	const unsigned char *const *sha256;
	size_t n;
	time_t now;
	int64_t met[CAS_MAX];	/* CAs to go on from */
	size_t n_met;
	int64_t root;
	size_t n_roots;
	int lost;		/* it leads out of what is ours */
};

static int
is_presented(const struct walk *w, const struct anchor_cert *cert)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (memcmp(w->sha256[i], cert->sha256, 32) == 0)
			return 1;
	return 0;
}

static void
meet(struct walk *w, int64_t id)
{
	const struct anchor_ca *ca = anchor_graph_ca(w->g, id);
	size_t i;

	for (i = 0; i < w->n_met; i++)
		if (w->met[i] == id)
			return;
	if (ca == NULL || w->n_met == CAS_MAX) {
		w->lost = 1;
		return;
	}
	w->met[w->n_met++] = id;
	if (ca->is_root && ca->not_after >= w->now) {
		w->root = id;
		w->n_roots++;
	}
}

static void
go_on_from(struct walk *w, int64_t id)
{
	const struct anchor_cert *cert;
	size_t i;

	for (i = 0; i < w->g->n_certs; i++) {
		cert = &w->g->certs[i];
		if (cert->subject == id && cert->not_after >= w->now &&
		    (!cert->link || is_presented(w, cert)))
			meet(w, cert->signer);
	}
}

/* Is each certificate of the presented chain one that we know? */
static int
all_known(const struct walk *w)
{
	size_t i, k;

	for (i = 0; i < w->n; i++) {
		for (k = 0; k < w->g->n_certs; k++)
			if (memcmp(w->sha256[i], w->g->certs[k].sha256, 32) ==
			    0)
				break;
		if (k == w->g->n_certs)
			return 0;
	}
	return 1;
}

int64_t
anchor_graph_root(const struct anchor_graph *g, int64_t issuer,
    const unsigned char *const *sha256, size_t n, time_t now)
{
	struct walk w = {.g = g, .sha256 = sha256, .n = n, .now = now};
	size_t i;

	if (!all_known(&w))
		return 0;
	meet(&w, issuer);
	for (i = 0; i < w.n_met; i++)
		go_on_from(&w, w.met[i]);
	return w.lost || w.n_roots != 1 ? 0 : w.root;
}
