#ifndef INKAN_TESTS_LINES_H
#define INKAN_TESTS_LINES_H

#include "tests/unit/ca/cli/canned.h"

/* Command lines, and what the tool asks the server by them. */

#define LINE_WORDS 12

static inline void
line_answer(const WIRE_REQUEST *req, WIRE_ANSWER *a)
{
	(void)req;
	(void)a;
}

static inline int
line_start(void **state)
{
	canned.answer = line_answer;
	if (canned_start(state) != 0)
		return -1;
	canned.answer = line_answer;
	return 0;
}

/* Run "inkan" with the words of ${line}: its exit status. */
static inline int
line_run(const char *line)
{
	char buf[512], *save, *p;
	const char *w[LINE_WORDS] = {NULL};
	size_t n = 0;

	snprintf(buf, sizeof(buf), "%s", line);
	for (p = strtok_r(buf, " ", &save); p != NULL;
	     p = strtok_r(NULL, " ", &save)) {
		assert_true(n < LINE_WORDS);
		w[n++] = p;
	}
	return tool(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9],
	    w[10], w[11], NULL);
}

/* "name=x id=7": the arguments in their order; of octets how many. */
static inline void
line_args(const WIRE_FIELDS *l, char *out, size_t size)
{
	const WIRE_FIELD *f;
	size_t len, n = 0;
	int i;

	out[0] = '\0';
	for (i = 0; i < sk_WIRE_FIELD_num(l) && n < size; i++) {
		f = sk_WIRE_FIELD_value(l, i);
		n += (size_t)snprintf(out + n, size - n, "%s%s=",
		    i > 0 ? " " : "", field_name(f));
		if (n >= size)
			break;
		switch (field_type(f)) {
		case V_ASN1_UTF8STRING:
			n += (size_t)snprintf(
			    out + n, size - n, "%s", field_get_text(f));
			break;
		case V_ASN1_OCTET_STRING:
			(void)field_get_bytes(f, &len);
			n += (size_t)snprintf(out + n, size - n, "#%zu", len);
			break;
		case V_ASN1_BOOLEAN:
			n += (size_t)snprintf(
			    out + n, size - n, "%d", field_get_flag(f));
			break;
		case V_ASN1_GENERALIZEDTIME:
			n += (size_t)snprintf(out + n, size - n, "@%lld",
			    (long long)field_get_time(f));
			break;
		default:
			n += (size_t)snprintf(out + n, size - n, "%lld",
			    (long long)field_get_int(f));
		}
	}
}

/* One request, of this operation and with exactly these arguments. */
static inline void
line_asks(const char *line, const char *op, const char *args)
{
	size_t calls = canned.calls;
	char got[1024];

	if (line_run(line) != 0)
		fail_msg("%s: %s", line, canned.err);
	assert_int_equal(canned.calls, calls + 1);
	assert_string_equal(canned.op, op);
	line_args(canned.args, got, sizeof(got));
	if (strcmp(got, args) != 0)
		fail_msg("%s: asked with \"%s\"", line, got);
}

/* A usage error that says ${why}; the server is not asked. */
static inline void
line_wrong(const char *line, const char *why)
{
	size_t calls = canned.calls;

	if (line_run(line) != 2)
		fail_msg("%s: taken", line);
	assert_in(canned.err, why);
	assert_int_equal(canned.calls, calls);
}

#endif
