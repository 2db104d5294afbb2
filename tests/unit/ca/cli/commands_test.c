#include "tests/unit/ca/cli/canned.h"
#include "ca/cli/run_revoke.h"
#include "ca/cli/table.h"
#include "ca/engine/ops.h"

/* The tool's table against the server's: an option that the server does not
   know, or of another type, would be found by the first operator only. */

static const struct ops_entry *
find_op(const char *name)
{
	const struct ops_entry *table;
	size_t n, i;

	table = ops_table(&n);
	for (i = 0; i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

static int
wire_type(enum option_kind kind)
{
	switch (kind) {
	case OPTION_FLAG:
		return V_ASN1_BOOLEAN;
	case OPTION_INT:
	case OPTION_DURATION:
		return V_ASN1_INTEGER;
	case OPTION_TIME:
		return V_ASN1_GENERALIZEDTIME;
	case OPTION_CSR:
	case OPTION_KEY:
	case OPTION_CERT:
	case OPTION_CHAIN:
		return V_ASN1_OCTET_STRING;
	default:
		return V_ASN1_UTF8STRING;
	}
}

static void
check_option(const struct command *cmd, const struct ops_entry *e,
    const struct option_spec *s)
{
	const char *field = s->field == NULL ? s->name : s->field;
	const struct ops_arg *arg;

	if (s->flags & OPTION_LOCAL)
		return;
	if ((arg = ops_find_arg(e, field)) == NULL)
		fail_msg("%s: the server knows no %s", cmd->words, field);
	if (arg->type != wire_type(s->kind))
		fail_msg("%s: %s is of another type", cmd->words, field);
	if ((s->flags & OPTION_MANY) && !(arg->flags & OPS_MANY))
		fail_msg("%s: %s stands once only", cmd->words, field);
}

static void
test_server_knows(void **state)
{
	const struct command *cmd;
	const struct option_spec *s;
	const struct ops_entry *e;
	size_t i, k;

	(void)state;
	for (k = 0; (cmd = command_at(k)) != NULL; k++) {
		if (cmd->op == NULL)
			continue;
		if ((e = find_op(cmd->op)) == NULL)
			fail_msg(
			    "%s: the server knows no %s", cmd->words, cmd->op);
		assert_true(e->roles & OPS_ADMIN);
		for (s = cmd->options; s->name != NULL; s++)
			check_option(cmd, e, s);
		for (i = 0; i < e->n_args; i++) {
			if (!(e->args[i].flags & OPS_REQUIRED))
				continue;
			for (s = cmd->options; s->name != NULL; s++)
				if (strcmp(
					s->field == NULL ? s->name : s->field,
					e->args[i].name) == 0)
					break;
			if (s->name == NULL || !(s->flags & OPTION_REQUIRED))
				fail_msg("%s: the server wants %s", cmd->words,
				    e->args[i].name);
		}
		if (cmd->paging != COMMAND_WHOLE)
			assert_non_null(ops_find_arg(e, "limit"));
		if (cmd->paging == COMMAND_CURSOR)
			assert_non_null(ops_find_arg(e, "cursor"));
	}
}

static const struct option_spec *
find_option(const char *name, size_t n)
{
	const struct option_spec *s;

	for (s = run_revoke_options; s->name != NULL; s++)
		if (strlen(s->name) == n && memcmp(s->name, name, n) == 0)
			return s;
	fail_msg("revoke: no option %s", name);
	return NULL;
}

/* "inkan revoke" asks one of several operations. */
static void
test_ways(void **state)
{
	const struct run_revoke_way *w;
	const struct command *cmd;
	const struct ops_entry *e;
	const char *p;
	char *words[] = {(char *)(uintptr_t) "revoke"};
	size_t n, i;
	int used;

	(void)state;
	cmd = command_find(1, words, &used);
	assert_non_null(cmd);
	for (w = run_revoke_ways; w->option != NULL; w++)
		for (i = 0; i < 2; i++) {
			p = i == 0 ? w->op : w->execute;
			if (p == NULL)
				continue;
			e = find_op(p);
			assert_non_null(e);
			check_option(cmd, e,
			    find_option(w->option, strlen(w->option)));
			for (p = w->also; *p == ' '; p += n) {
				n = strcspn(++p, " ");
				/* A plan does nothing: run_revoke() keeps
				   break-glass back. */
				if (strcmp(e->name, "revoke.plan") != 0 ||
				    strncmp(p, "break-glass", n) != 0)
					check_option(cmd, e,
					    find_option(p, n));
			}
		}
}

static int
is_way(const char *op)
{
	const struct run_revoke_way *w;

	for (w = run_revoke_ways; w->option != NULL; w++)
		if (strcmp(w->op, op) == 0 ||
		    (w->execute != NULL && strcmp(w->execute, op) == 0))
			return 1;
	return 0;
}

/* And the other way round: what an operator may ask has a command. */
static void
test_all_reachable(void **state)
{
	const struct ops_entry *table;
	const struct command *cmd;
	size_t n, i, k;

	(void)state;
	table = ops_table(&n);
	for (i = 0; i < n; i++) {
		if (!(table[i].roles & OPS_ADMIN) || is_way(table[i].name))
			continue;
		for (k = 0; (cmd = command_at(k)) != NULL; k++)
			if (cmd->op != NULL &&
			    strcmp(cmd->op, table[i].name) == 0)
				break;
		if (cmd == NULL)
			fail_msg("no command asks %s", table[i].name);
	}
}

static void
test_well_formed(void **state)
{
	const struct command *cmd, *other;
	const struct option_spec *s;
	size_t i, k, n;

	(void)state;
	for (i = 0; (cmd = command_at(i)) != NULL; i++) {
		assert_non_null(cmd->run);
		assert_non_null(cmd->help);
		for (k = i + 1; (other = command_at(k)) != NULL; k++)
			assert_string_not_equal(cmd->words, other->words);
		if (cmd->verbatim)
			continue;
		for (s = cmd->options; s->name != NULL; s++) {
			assert_non_null(s->help);
			assert_int_equal(
			    s->value == NULL, s->kind == OPTION_FLAG);
		}
		for (n = 0; cmd->columns != NULL && cmd->columns[n] != NULL;)
			n++;
		assert_in_range(n, 0, TABLE_COLUMNS_MAX);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_server_knows),
	    cmocka_unit_test(test_ways),
	    cmocka_unit_test(test_all_reachable),
	    cmocka_unit_test(test_well_formed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
