#include <unistd.h>
#include "ca/cli/backup_files.h"
#include "ca/cli/backup_list.h"
#include "tests/unit/ca/store/temp.h"

static const char *const ENDS[] = {".conf", ".pem", NULL};
static const struct backup_want CONFIG = {.ends = ENDS, .deep = 1};
static const struct backup_want FLAT = {.ends = NULL, .deep = 0};

struct rig {
	struct temp *t;
	char dir[300], from[300], *told;
	size_t told_len;
	FILE *out;
	struct backup_files b;
};

static void
sh(const struct rig *r, const char *cmd)
{
	char all[1024];

	snprintf(all, sizeof(all), "cd %s && { %s; }", r->t->dir, cmd);
	assert_int_equal(system(all), 0);
}

static int
start(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	void *t = NULL;

	if (temp_make(&t) != 0)
		return -1;
	r->t = t;
	snprintf(r->dir, sizeof(r->dir), "%s/b", r->t->dir);
	snprintf(r->from, sizeof(r->from), "%s/from", r->t->dir);
	r->out = open_memstream(&r->told, &r->told_len);
	sh(r, "mkdir -p from/sub && echo one >from/a.conf &&"
	      " echo two >from/sub/b.pem");
	*state = r;
	return 0;
}

static int
stop(void **state)
{
	struct rig *r = *state;
	void *t = r->t;
	int rc;

	backup_files_clear(&r->b);
	fclose(r->out);
	free(r->told);
	rc = temp_remove(&t);
	free(r);
	return rc;
}

static int
is_there(const struct rig *r, const char *name)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/%s", r->t->dir, name);
	return access(path, F_OK) == 0;
}

static void
is_there_whole_or_not(void **state)
{
	struct rig *r = *state;
	struct backup_facts facts;
	char dir[320];
	size_t found;

	snprintf(dir, sizeof(dir), "%s/", r->dir);	/* as a shell gives it */
	assert_int_equal(backup_files_begin(&r->b, dir, r->out), 1);
	assert_int_equal(backup_files_tree(&r->b, r->from, "c", &CONFIG), 1);
	assert_false(is_there(r, "b"));
	assert_true(is_there(r, "b.tmp/c/sub/b.pem"));
	assert_int_equal(backup_files_fact(&r->b, "time %d", 7), 1);
	assert_int_equal(backup_files_end(&r->b), 1);
	assert_false(is_there(r, "b.tmp"));
	assert_int_equal(r->b.files, 2);
	assert_int_equal(r->b.octets, 8);
	assert_int_equal(backup_list_check(r->dir, r->out, &facts, &found), 1);
	assert_int_equal(found, 0);
	assert_int_equal(facts.time, 7);
	assert_int_equal(facts.files, 2);
	/* Cleared afterwards, it stays. */
	backup_files_clear(&r->b);
	assert_true(is_there(r, "b/c/a.conf"));
	/* Not over it. */
	assert_int_equal(backup_files_begin(&r->b, r->dir, r->out), 0);
	assert_raised(CA_E_BADREQUEST, "backup.exists: ");
}

static void
leaves_nothing_that_failed(void **state)
{
	struct rig *r = *state;

	assert_int_equal(backup_files_begin(&r->b, r->dir, r->out), 1);
	assert_int_equal(backup_files_tree(&r->b, "/nonexistent", "c", &CONFIG),
	    0);
	assert_raised(CA_E_BADREQUEST, "backup.write: cannot read ");
	backup_files_clear(&r->b);
	assert_false(is_there(r, "b"));
	assert_false(is_there(r, "b.tmp"));
	/* What another one has left is not ours to remove. */
	sh(r, "mkdir b.tmp && echo x >b.tmp/x");
	assert_int_equal(backup_files_begin(&r->b, r->dir, r->out), 0);
	assert_raised(CA_E_BADREQUEST, "backup.cut: ");
	backup_files_clear(&r->b);
	assert_true(is_there(r, "b.tmp/x"));
	assert_int_equal(backup_files_begin(&r->b, "", r->out), 0);
	ERR_clear_error();
}

static void
leaves_out_what_is_secret(void **state)
{
	struct rig *r = *state;

	sh(r, "echo 1234 >from/ca.pin;"
	      " openssl genpkey -algorithm ed25519 -out from/k.pem;"
	      " ln -s a.conf from/l.conf; mkfifo from/p.conf;"
	      " touch \"$(printf 'from/new\\nline.conf')\"");
	assert_int_equal(backup_files_begin(&r->b, r->dir, r->out), 1);
	assert_int_equal(backup_files_tree(&r->b, r->from, "c", &CONFIG), 1);
	assert_int_equal(r->b.files, 2);
	assert_int_equal(r->b.left_out, 5);
	fflush(r->out);
	assert_non_null(strstr(r->told, "from/ca.pin: not configuration\n"));
	assert_non_null(strstr(r->told, "from/k.pem: a private key\n"));
	assert_non_null(strstr(r->told, "from/l.conf: not a file\n"));
	assert_non_null(strstr(r->told, "from/p.conf: not a file\n"));
	assert_non_null(strstr(r->told, "control characters"));
	assert_false(is_there(r, "b.tmp/c/k.pem"));
	assert_false(is_there(r, "b.tmp/c/ca.pin"));
}

static void
copies_once(void **state)
{
	struct rig *r = *state;
	char a[400];

	snprintf(a, sizeof(a), "%s/a.conf", r->from);
	assert_int_equal(backup_files_begin(&r->b, r->dir, r->out), 1);
	assert_int_equal(backup_files_folder(&r->b, "c"), 1);
	assert_int_equal(backup_files_folder(&r->b, "c"), 1);
	assert_int_equal(backup_files_copy(&r->b, a, "c/a.conf"), 1);
	sh(r, "echo later >from/a.conf");
	assert_int_equal(backup_files_tree(&r->b, r->from, "c", &FLAT), 1);
	assert_int_equal(r->b.files, 1);	/* nor what is in sub */
	sh(r, "echo one | cmp - b.tmp/c/a.conf");
	/* One that went away meanwhile is no error; one that cannot be made is. */
	assert_int_equal(backup_files_copy(&r->b, "/nonexistent", "c/x"), 1);
	assert_int_equal(backup_files_copy(&r->b, a, "none/x"), 0);
	assert_raised(CA_E_BADREQUEST, "backup.write: cannot make ");
	assert_int_equal(backup_files_add(&r->b, "c/none"), 0);
	ERR_clear_error();
}

#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(is_there_whole_or_not),
	    T(leaves_nothing_that_failed),
	    T(leaves_out_what_is_secret),
	    T(copies_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
