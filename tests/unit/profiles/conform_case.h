#ifndef TESTS_CONFORM_CASE_H
#define TESTS_CONFORM_CASE_H

/*
 * A case: make something good, see it accepted, spoil one thing, see it refused
 * under the name of the rule that should have noticed.
 */

#include "tests/unit/profiles/conform_make.h"

MAYBE void
must_pass(struct make *m, const char *what)
{
	const char *data = "";
	int ok;

	ERR_clear_error();
	ok = conform_tbs(&m->ctx, m->tbs, m->tbs_len);
	if (!ok)
		ERR_peek_last_error_all(NULL, NULL, NULL, &data, NULL);
	if (!ok)
		fail_msg("%s: %s", what, data);
}

/* Refused, and under this name. */
MAYBE void
must_refuse(struct make *m, const char *rule)
{
	const char *data = NULL;
	char want[80];
	unsigned long err;

	ERR_clear_error();
	if (conform_tbs(&m->ctx, m->tbs, m->tbs_len))
		fail_msg("%s: accepted", rule);
	err = ERR_peek_last_error_all(NULL, NULL, NULL, &data, NULL);
	assert_int_equal(ERR_GET_REASON(err), PROFILE_E_NONCONFORM);
	snprintf(want, sizeof(want), "conform.%s: ", rule);
	if (strncmp(data, want, strlen(want)) != 0)
		fail_msg("expected %s but: %s", want, data);
}

struct conform_case {
	const char *rule;
	void (*shape)(struct make *);
	void (*more)(struct make *);  /* spoils the profile: no good TBS */
	void (*spoil)(struct make *); /* spoils the certificate */
	void (*patch)(struct make *); /* spoils the octets */
};

MAYBE void
run_case(const struct conform_case *c)
{
	struct make *m = make_new(c->shape, c->more);

	if (c->more == NULL)
		must_pass(m, c->rule);
	if (c->spoil) {
		c->spoil(m);
		make_encode(m);
	}
	if (c->patch)
		c->patch(m);
	must_refuse(m, c->rule);
	make_free(m);
}

/* Every case refuses as it says, and every rule of the table has one. */
MAYBE void
run_cases(
    const struct conform_case *c, size_t n, const struct conform_rule *rules)
{
	size_t i;

	for (i = 0; i < n; i++)
		run_case(&c[i]);
	for (; rules->name; rules++) {
		for (i = 0; i < n; i++)
			if (strcmp(c[i].rule, rules->name) == 0)
				break;
		if (i == n)
			fail_msg("no case for rule %s", rules->name);
	}
}

/* Index of an octet row in the TBS. */
MAYBE size_t
find(const struct make *m, const char *hex)
{
	unsigned char *want = NULL;
	size_t len, i;

	set_hex(&want, &len, hex);
	for (i = 0; i + len <= m->tbs_len; i++)
		if (memcmp(m->tbs + i, want, len) == 0)
			break;
	assert_true(i + len <= m->tbs_len);
	OPENSSL_free(want);
	return i;
}

/* Overwrites octets where ${hex} is found with ${with}, as long. */
MAYBE void
overwrite(struct make *m, const char *hex, const char *with)
{
	unsigned char *p = NULL;
	size_t len, at = find(m, hex);

	set_hex(&p, &len, with);
	assert_int_equal(strlen(hex), strlen(with));
	memcpy(m->tbs + at, p, len);
	OPENSSL_free(p);
}

#define N_CASES(c) (sizeof(c) / sizeof((c)[0]))

#endif
