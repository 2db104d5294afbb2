#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "ca/report/report.h"
#include "ocsp/error.h"
#include "ocsp/svc.h"
#include "ocsp/tell.h"

struct tell {
	const struct settings *set;
	struct state *state;
	struct delegates *delegates;
	char name[SETTINGS_ADDRESS_MAX + 16];
	pthread_t thread;
	int wake; /* eventfd: stop */
	struct standing now, last;
	time_t told; /* when; 0 never */
	int deaf;    /* the last message was not taken */
};

/* ---- what it says on standard error ---- */

static void
report_view(const struct standing *s)
{
	char age[24];

	snprintf(age, sizeof(age), "%lld", (long long)s->age);
	report_event(s->view == STANDING_OK ? REPORT_INFO : REPORT_WARN,
	    s->view == STANDING_OK ? "ocsp.view.fresh" : "ocsp.view.stale",
	    "age", age, "why", s->text, NULL);
}

static void
report_delegate(const struct standing_delegate *d)
{
	int ok = strcmp(d->state, "ok") == 0;

	report_event(ok ? REPORT_INFO : REPORT_WARN,
	    ok ? "ocsp.delegate.signs" : "ocsp.delegate.lost", "issuer",
	    d->issuer, "why", d->state, NULL);
}

/* Did anything turn? A text that changes within one state is no news. */
static int
report_turns(struct tell *t, int first)
{
	int news = first || t->now.view != t->last.view, was, is;
	size_t i;

	if (news && !(first && t->now.view == STANDING_OK))
		report_view(&t->now);
	for (i = 0; i < t->now.n; i++) {
		is = strcmp(t->now.delegates[i].state, "ok") == 0;
		was = first || strcmp(t->last.delegates[i].state, "ok") == 0;
		if (is == was)
			continue;
		report_delegate(&t->now.delegates[i]);
		news = 1;
	}
	return news;
}

/* ---- what it says to inkan-ca ---- */

static int
add_delegate(WIRE_FIELDS *l, const struct settings_delegate *set,
    const struct standing_delegate *d)
{
	return field_add_text(l, "issuer", d->issuer) &&
	    field_add_text(l, "state", d->state) &&
	    field_add_int(l, "rate", (int64_t)d->rate) &&
	    field_add_int(l, "budget", (int64_t)set->policy.sign_budget);
}

static int
add_all(WIRE_FIELDS *l, const struct settings *set, const char *name,
    const struct standing *s)
{
	size_t i;

	if (!field_add_text(l, "name", name) ||
	    !field_add_text(l, "view", s->text) ||
	    !field_add_int(l, "age", s->age) ||
	    !field_add_int(l, "validity", (int64_t)set->validity) ||
	    !field_add_int(l, "refresh", (int64_t)set->refresh))
		return 0;
	/* A message holds FIELDS_MAX fields. */
	for (i = 0; i < s->n && 4 * i + 16 < FIELDS_MAX; i++)
		if (!add_delegate(l, &set->delegates[i], &s->delegates[i]))
			return 0;
	return 1;
}

int
tell_once(const struct settings *set, const char *name,
    const struct standing *s)
{
	WIRE_REQUEST *req = message_request("tell-own", 1);
	WIRE_ANSWER *answer = NULL;

	if (req != NULL && add_all(req->args, set, name, s))
		answer = svc_call(set->svc_socket, req);
	WIRE_REQUEST_free(req);
	WIRE_ANSWER_free(answer);
	return answer != NULL;
}

/* ---- the thread ---- */

static void
look(struct tell *t, int first)
{
	time_t now = time(NULL);
	int news;

	standing_take(t->set, t->state, t->delegates, now, &t->now);
	news = report_turns(t, first);
	t->last = t->now;
	/* The second half: a clock that was set back. */
	if (t->set->svc_socket == NULL ||
	    (!news && !t->deaf && now < t->told + TELL_PERIOD &&
		now >= t->told))
		return;
	t->told = now;
	if (tell_once(t->set, t->name, &t->now)) {
		t->deaf = 0;
		return;
	}
	if (!t->deaf)
		report_errors(REPORT_WARN, "ocsp.tell.failed", "socket",
		    t->set->svc_socket, NULL);
	ERR_clear_error();
	t->deaf = 1;
}

/* 0 when it is time to end. */
static int
wait_for(struct tell *t, int ms)
{
	struct pollfd fd = {.fd = t->wake, .events = POLLIN};
	int n = poll(&fd, 1, ms);

	return n == 0 || (n < 0 && errno == EINTR);
}

/* The view, and who is there, cost nothing to look at; a probe a signature. */
static int
turned(struct tell *t)
{
	standing_look(t->set, t->state, t->delegates, time(NULL), &t->now);
	return t->now.view != t->last.view ||
	    t->now.n_there != t->last.n_there;
}

/* Not at once: delegates and status.db are being loaded. */
static void *
run(void *arg)
{
	struct tell *t = arg;
	int n;

	for (n = 0; wait_for(t, 1000); n++)
		if (n % TELL_LOOK == 0 || turned(t))
			look(t, n == 0);
	return NULL;
}

struct tell *
tell_start(const struct settings *set, struct state *state,
    struct delegates *delegates, const char *name)
{
	struct tell *t = OPENSSL_zalloc(sizeof(*t));

	if (t == NULL)
		return NULL;
	t->set = set;
	t->state = state;
	t->delegates = delegates;
	snprintf(t->name, sizeof(t->name), "%s", name);
	t->wake = eventfd(0, EFD_CLOEXEC);
	if (t->wake < 0 || pthread_create(&t->thread, NULL, run, t) != 0) {
		if (t->wake >= 0)
			close(t->wake);
		ocsp_raise(OCSP_E_INTERNAL, "no thread that tells");
		OPENSSL_free(t);
		return NULL;
	}
	return t;
}

void
tell_stop(struct tell *t)
{
	const uint64_t one = 1;

	if (t == NULL)
		return;
	if (write(t->wake, &one, sizeof(one)) != (ssize_t)sizeof(one))
		report_event(REPORT_ERROR, "ocsp.stop", "why", strerror(errno),
		    NULL);
	pthread_join(t->thread, NULL);
	close(t->wake);
	OPENSSL_free(t);
}
