#ifndef INKAN_TESTS_LOGS_H
#define INKAN_TESTS_LOGS_H

#include "tests/unit/ca/audit/rig.h"
#include "tests/unit/ca/cli/canned.h"

/* The tool beside a server that knows where a small log is. Words of the
   command line: @pub the published log, @store the store, @dir a folder. */

static struct rig *logs;

static inline void
logs_answer(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	char vkey[NOTE_VKEY_MAX];

	if (strcmp(message_request_op(req), "log.where") != 0)
		return;
	assert_true(note_key_print(&logs->key, vkey, sizeof(vkey)));
	assert_true(field_add_text(a->values, "origin", ORIGIN) &&
	    field_add_text(a->values, "key", vkey) &&
	    field_add_text(a->values, "dir", logs->pub) &&
	    field_add_text(a->values, "store", logs->t->path));
}

static inline int
logs_start(void **state)
{
	if (rig_make((void **)&logs) != 0 || canned_start(state) != 0)
		return -1;
	canned.answer = logs_answer;
	rig_add(logs, 0, 4);
	rig_publish(logs);
	return 0;
}

static inline int
logs_stop(void **state)
{
	void *r = logs;
	int rc = canned_stop(state);

	return rig_remove(&r) != 0 ? -1 : rc;
}

/* Run "inkan" with the words of ${line}: its exit status. */
static inline int
logs_run(const char *line)
{
	static char word[16][400];
	const char *w[16] = {NULL};
	char buf[1024], *save, *p;
	size_t n = 0;

	snprintf(buf, sizeof(buf), "%s", line);
	for (p = strtok_r(buf, " ", &save); p != NULL;
	     p = strtok_r(NULL, " ", &save), n++) {
		assert_true(n < 15);
		if (p[0] != '@')
			snprintf(word[n], sizeof(word[n]), "%s", p);
		else if (strncmp(p, "@pub", 4) == 0)
			snprintf(word[n], sizeof(word[n]), "%s%s", logs->pub,
			    p + 4);
		else if (strcmp(p, "@store") == 0)
			snprintf(word[n], sizeof(word[n]), "%s", logs->t->path);
		else
			snprintf(word[n], sizeof(word[n]), "%s%s",
			    logs->t->dir, p + 4);
		w[n] = word[n];
	}
	return tool(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9],
	    w[10], w[11], w[12], w[13], w[14], NULL);
}

static inline void
logs_sh(const char *cmd)
{
	char all[1024];

	snprintf(all, sizeof(all), "cd %s && %s", logs->t->dir, cmd);
	assert_int_equal(system(all), 0);
}

#endif
