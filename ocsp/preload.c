#include <stdio.h>

#include <openssl/crypto.h>

#include "ca/report/report.h"
#include "ocsp/preload.h"

struct preload {
	const char *path;
	struct prepared *prepared;
	struct status_reader *reader;
	unsigned epoch; /* 0: nothing to read */
	int64_t since;	/* change number */
	size_t rows, in_page;
	time_t began;
	int stale; /* what is read is of no use any more */
};

struct preload *
preload_new(const char *status_db, struct prepared *prepared)
{
	struct preload *l = OPENSSL_zalloc(sizeof(*l));

	if (l != NULL) {
		l->path = status_db;
		l->prepared = prepared;
	}
	return l;
}

void
preload_free(struct preload *l)
{
	if (l != NULL)
		status_reader_close(l->reader);
	OPENSSL_free(l);
}

static int
take_row(const struct status_cert *cert, void *arg)
{
	struct preload *l = arg;

	l->since = cert->change;
	l->in_page++;
	l->stale = !prepared_load(l->prepared, l->epoch, cert);
	return !l->stale;
}

static void
stop(struct preload *l)
{
	status_reader_close(l->reader);
	l->reader = NULL;
	l->epoch = 0;
}

static void
done(struct preload *l, time_t now)
{
	char rows[24], seconds[24];

	snprintf(rows, sizeof(rows), "%zu", l->rows);
	snprintf(seconds, sizeof(seconds), "%lld", (long long)(now - l->began));
	report_event(REPORT_INFO, "ocsp.prepare.read", "certificates", rows,
	    "seconds", seconds, NULL);
	stop(l);
}

/* Shards that were emptied begin as new ones do. */
static void
forget_cleared(struct preload *l)
{
	struct prepared_shard *shards;
	size_t i, j;

	for (i = 0; i < prepared_n_issuers(l->prepared); i++) {
		shards = prepared_issuer(l->prepared, i)->shards;
		for (j = 0; j < PREPARED_SHARDS; j++)
			if (atomic_exchange(&shards[j].cleared, 0))
				shards[j].due = 0;
	}
}

int
preload_step(struct preload *l, time_t now, int *began)
{
	unsigned epoch = prepared_wants(l->prepared);

	*began = epoch != 0;
	if (*began) {
		stop(l);
		forget_cleared(l);
		l->epoch = epoch;
		l->began = now;
		l->since = 0;
		l->rows = 0;
	}
	if (l->epoch == 0)
		return 0;
	l->in_page = 0;
	if (l->reader == NULL)
		l->reader = status_reader_open(l->path);
	if (l->reader == NULL ||
	    !status_reader_changes(
		l->reader, l->since, PRELOAD_PAGE, take_row, l))
		return -1;
	l->rows += l->in_page;
	if (l->stale || l->in_page < PRELOAD_PAGE)
		done(l, now);
	return 1;
}
