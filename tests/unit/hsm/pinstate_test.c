#include "token.h"
#include <time.h>
#include <utime.h>
#include <signal.h>
#include <sys/resource.h>

/*
 * Each «restart» is a process of its own, so that only the state file can
 * carry what is remembered.
 */
#include <sys/wait.h>

static struct token tok;
static struct hsm_pin_source src;

static int
setup(void **state)
{
	(void)state;
	token_folder(&tok);
	src = (struct hsm_pin_source){HSM_PIN_FILE, tok.pin, tok.state};
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	token_remove(&tok);
	return 0;
}

static int
in_child(int (*fn)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
may_try(void)
{
	return hsm_pin_may_try(&src, "serial-1");
}

static int
refused(void)
{
	return hsm_pin_remember(&src, "serial-1", 0);
}

static int
accepted(void)
{
	return hsm_pin_remember(&src, "serial-1", 1);
}

static void
file_text(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	out[fread(out, 1, size - 1, f)] = '\0';
	fclose(f);
}

static void
test_remembered_over_restarts(void **state)
{
	struct stat st;
	char text[1024];

	(void)state;
	write_file(tok.pin, "123456\n", 0600);
	assert_int_equal(in_child(may_try), 1);
	assert_int_equal(in_child(refused), 1);
	assert_int_equal(in_child(may_try), 0);
	assert_int_equal(in_child(may_try), 0);
	assert_int_equal(hsm_pin_may_try(&src, "serial-1"), 0);
	assert_reason(HSM_E_PIN);
	/* Another token is another matter. */
	must(hsm_pin_may_try(&src, "serial-2"));
	assert_int_equal(stat(tok.state, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	file_text(tok.state, text, sizeof(text));
	assert_null(strstr(text, "123456"));
	/* Changed: it may be tried again. */
	write_file(tok.pin, "654321\n", 0600);
	assert_int_equal(in_child(may_try), 1);
	assert_int_equal(in_child(accepted), 1);
	file_text(tok.state, text, sizeof(text));
	assert_non_null(strstr(text, " 00000000000000000000000000000000 0000"));
	assert_int_equal(in_child(may_try), 1);
}

static void
test_touched_file_may_be_tried(void **state)
{
	struct utimbuf times = {1, 1};

	(void)state;
	assert_int_equal(in_child(refused), 1);
	assert_int_equal(in_child(may_try), 0);
	assert_int_equal(utime(tok.pin, &times), 0);
	assert_int_equal(in_child(may_try), 1);
	assert_int_equal(in_child(accepted), 1);
}

/* systemd writes credentials anew at each start: it is the text that counts. */
static void
test_credential(void **state)
{
	(void)state;
	setenv("CREDENTIALS_DIRECTORY", tok.dir, 1);
	src.kind = HSM_PIN_CREDENTIAL;
	src.name = "pin";
	write_file(tok.pin, "123456\n", 0400);
	assert_int_equal(in_child(refused), 1);
	run("rm %s", tok.pin);
	write_file(tok.pin, "123456\n", 0400);
	assert_int_equal(in_child(may_try), 0);
	run("rm %s", tok.pin);
	write_file(tok.pin, "123457\n", 0400);
	assert_int_equal(in_child(may_try), 1);
	assert_int_equal(in_child(accepted), 1);
	src.kind = HSM_PIN_FILE;
	src.name = tok.pin;
}

static void
test_without_state_file(void **state)
{
	const char *path = src.state;

	(void)state;
	src.state = NULL;
	must(hsm_pin_may_try(&src, "serial-3"));
	must(hsm_pin_remember(&src, "serial-3", 0));
	assert_int_equal(hsm_pin_may_try(&src, "serial-3"), 0);
	assert_reason(HSM_E_PIN);
	must(hsm_pin_remember(&src, "serial-3", 1));
	must(hsm_pin_may_try(&src, "serial-3"));
	src.state = path;
}

static void
refuse_state(const char *text)
{
	write_file(tok.state, text, 0600);
	assert_int_equal(may_try(), 0);
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), HSM_E_PIN);
	assert_true(queue_says("damaged") | (strlen(text) > 16000));
}

static void
test_damaged_state(void **state)
{
	static char big[20000];

	(void)state;
	refuse_state("what?\n");
	refuse_state("inkan-pin-1 73\n");
	refuse_state("inkan-pin-1 73 00 00\n");
	refuse_state(
	    "inkan-pin-2 73 "
	    "00112233445566778899aabbccddeeff "
	    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	    "\n");
	memset(big, 'x', sizeof(big) - 1);
	refuse_state(big);
	run("rm %s", tok.state);
	must(may_try());
}

/* Where nothing can be written down, nothing is tried. */
static void
test_no_place_for_state(void **state)
{
	const char *path = src.state;

	(void)state;
	src.state = "/nonexistent/folder/state";
	assert_int_equal(may_try(), 0);
	assert_reason(HSM_E_PIN);
	assert_int_equal(refused(), 0);
	assert_reason(HSM_E_PIN);
	/* It is remembered by this process nevertheless. */
	src.state = NULL;
	assert_int_equal(may_try(), 0);
	assert_reason(HSM_E_PIN);
	must(accepted());
	src.state = path;
}

static int
may_try_on_full_disk(void)
{
	const struct rlimit none = {0, 0};

	signal(SIGXFSZ, SIG_IGN);
	return setrlimit(RLIMIT_FSIZE, &none) == 0 && may_try();
}

/* A folder that may be written to is not enough: the note must have its room
   before the try, and takes no more. */
static void
test_full_disk(void **state)
{
	struct stat before, after;

	(void)state;
	run("rm -f %s", tok.state);
	assert_int_equal(in_child(may_try_on_full_disk), 0);
	assert_int_equal(in_child(may_try), 1);
	assert_int_equal(stat(tok.state, &before), 0);
	assert_int_equal(in_child(may_try_on_full_disk), 0);
	assert_int_equal(in_child(refused), 1);
	assert_int_equal(stat(tok.state, &after), 0);
	assert_int_equal(after.st_ino, before.st_ino);
	assert_int_equal(after.st_size, before.st_size);
	assert_int_equal(in_child(may_try), 0);
	assert_int_equal(in_child(accepted), 1);
}

/* A PIN that was refused and has gone before it could be noted: none is tried,
   whatever the file holds then, until somebody says so. */
static void
test_refused_and_gone(void **state)
{
	(void)state;
	run("rm %s", tok.pin);
	assert_int_equal(in_child(refused), 1);
	write_file(tok.pin, "123456\n", 0600);
	assert_int_equal(may_try(), 0);
	assert_true(queue_says("which is not known"));
	assert_int_equal(in_child(accepted), 1);
	must(may_try());
}

static void
test_terminal_is_always_new(void **state)
{
	struct hsm_pin_source tty = {HSM_PIN_TTY, NULL, tok.state};

	(void)state;
	must(hsm_pin_remember(&tty, "serial-4", 0));
	must(hsm_pin_may_try(&tty, "serial-4"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_remembered_over_restarts),
	    cmocka_unit_test(test_touched_file_may_be_tried),
	    cmocka_unit_test(test_credential),
	    cmocka_unit_test(test_without_state_file),
	    cmocka_unit_test(test_damaged_state),
	    cmocka_unit_test(test_no_place_for_state),
	    cmocka_unit_test(test_full_disk),
	    cmocka_unit_test(test_refused_and_gone),
	    cmocka_unit_test(test_terminal_is_always_new),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
