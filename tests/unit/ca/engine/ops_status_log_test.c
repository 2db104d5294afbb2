#include "tests/unit/ca/engine/logpub.h"

/* Level and text of a check; "" when it is not told of. */
static const char *
check(struct world *w, const char *name)
{
	static char out[600];
	WIRE_ANSWER *a = world_admin(w, "status", "");
	const WIRE_FIELDS *r;
	size_t i;

	world_is(a, WIRE_OK);
	out[0] = '\0';
	for (i = 0; i < message_n_rows(a); i++) {
		r = message_row(a, i);
		if (strcmp(field_text(r, "check", ""), name) == 0)
			snprintf(out, sizeof(out), "%s %s",
			    field_text(r, "level", ""),
			    field_text(r, "text", ""));
	}
	WIRE_ANSWER_free(a);
	return out;
}

static void
says(struct world *w, const char *name, const char *start, const char *word)
{
	const char *got = check(w, name);

	if (strncmp(got, start, strlen(start)) != 0 ||
	    strstr(got, word) == NULL)
		fail_msg("%s: \"%s\", expected \"%s ... %s\"", name, got, start,
		    word);
}

static void
in_order(void **state)
{
	struct world *w = *state;

	round_ok(w);
	says(w, "log", "ok localhost:8444/log: ", "key ed25519");
	says(w, "log.anchors", "ok token (software", "0 files");
	says(w, "log.witnesses", "", "");
	says(w, "issuing", "ok", "");
}

static void
anchors(void **state)
{
	struct world *w = *state;
	struct settings_log *conf = &w->settings->log;
	struct logpub *l = w->ca->log;

	conf->token_anchor = 0;
	says(w, "log.anchors", "warn", "nobody outside");
	conf->token_anchor = 60;
	pthread_mutex_lock(&l->lock);
	strcpy(l->view.lost, "/x/y: cannot");
	pthread_mutex_unlock(&l->lock);
	says(w, "log.anchors", "warn /x/y: cannot", "");
	l->view.lost[0] = '\0';
}

static void
witnesses(void **state)
{
	struct world *w = *state;
	struct logpub *l = w->ca->log;

	w->settings->log.n_witnesses = 2;
	says(w, "log.witnesses", "warn 2 are named", "");
	l->view.cosigned = l->view.size - 1;
	l->view.cosigned_at = w->now - 3600;
	says(w, "log.witnesses", "ok ", "are cosigned");
	l->view.cosigned_at = w->now - 90000;
	says(w, "log.witnesses", "warn the last cosigned", "25 hours");
	w->settings->log.n_witnesses = 0;
}

static void
troubles(void **state)
{
	struct world *w = *state;
	struct logpub *l = w->ca->log;
	int64_t fine = l->view.fine_at;

	strcpy(l->view.trouble, "disk gone");
	says(w, "log", "fail not published for ", "issuing stops after 300: "
	    "disk gone");
	says(w, "issuing", "ok", "");
	l->view.fine_at = fine - 301;
	says(w, "log", "fail not published for 3", "nothing is issued");
	says(w, "issuing", "fail stopped: log.unpublished: ", "disk gone");
	l->view.trouble[0] = '\0';
	l->view.running = 1;
	l->view.fine_at = fine - 30;
	says(w, "log", "warn", "it is behind");
	l->view.running = 0;
	l->view.fine_at = fine;
	l->view.state = LOGPUB_CHECKING;
	strcpy(l->view.why, "log.check: x");
	says(w, "log", "fail nothing is issued yet: log.check: x", "");
	l->view.state = LOGPUB_STOPPED;
	strcpy(l->view.why, "log.fork: x");
	says(w, "log", "fail log.fork: x", "inkan log accept");
	says(w, "issuing", "fail stopped: log.fork: x", "");
	l->view.state = LOGPUB_GOING;
	strcpy(l->view.key_type, "ec-p256");
	says(w, "log", "ok", "public witnesses take Ed25519 only");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(in_order),
	    cmocka_unit_test(anchors),
	    cmocka_unit_test(witnesses),
	    cmocka_unit_test(troubles),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
