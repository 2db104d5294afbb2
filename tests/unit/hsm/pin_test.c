#include "token.h"
#include <fcntl.h>
#include <pty.h>
#include <termios.h>
#include <time.h>
#include <sys/wait.h>

static struct token tok;

static int
setup(void **state)
{
	(void)state;
	token_folder(&tok);
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
read_pin(enum hsm_pin_kind kind, const char *name, char *pin)
{
	struct hsm_pin_source src = {kind, name, NULL};
	size_t len = 99;
	int rc = hsm_pin_read(&src, "label", pin, &len);

	if (rc)
		assert_int_equal(len, strlen(pin));
	return rc;
}

static void
accept_file(const char *text, mode_t mode, const char *want)
{
	char pin[HSM_PIN_MAX + 1];

	write_file(tok.pin, text, mode);
	must(read_pin(HSM_PIN_FILE, tok.pin, pin));
	assert_string_equal(pin, want);
}

static void
refuse_file(const char *text, mode_t mode, const char *word)
{
	char pin[HSM_PIN_MAX + 1];

	write_file(tok.pin, text, mode);
	assert_int_equal(read_pin(HSM_PIN_FILE, tok.pin, pin), 0);
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), HSM_E_PIN);
	assert_true(queue_says(word));
	assert_string_equal(pin, "");
}

static void
test_file(void **state)
{
	char longest[HSM_PIN_MAX + 3], pin[HSM_PIN_MAX + 1];

	(void)state;
	accept_file("1234", 0600, "1234");
	accept_file("1234\n", 0400, "1234");
	accept_file("1234\r\n", 0600, "1234");
	accept_file(" 12 34 ", 0600, " 12 34 ");
	memset(longest, '7', sizeof(longest));
	longest[HSM_PIN_MAX] = '\0';
	accept_file(longest, 0600, longest);
	longest[HSM_PIN_MAX] = '7';
	longest[HSM_PIN_MAX + 1] = '\0';
	refuse_file(longest, 0600, "longer");
	refuse_file("1234", 0640, "too wide");
	refuse_file("1234", 0604, "too wide");
	refuse_file("1234", 0700, "too wide");
	refuse_file("", 0600, "empty");
	refuse_file("\n", 0600, "empty");
	refuse_file("12\n34\n", 0600, "one line");
	assert_int_equal(read_pin(HSM_PIN_FILE, "/nonexistent", pin), 0);
	assert_reason(HSM_E_PIN);
	assert_int_equal(read_pin(HSM_PIN_FILE, tok.dir, pin), 0);
	assert_reason(HSM_E_PIN);
	assert_int_equal(read_pin(HSM_PIN_NONE, NULL, pin), 0);
	assert_reason(HSM_E_PIN);
}

static void
test_fifo(void **state)
{
	char path[400], pin[HSM_PIN_MAX + 1];

	(void)state;
	snprintf(path, sizeof(path), "%s/fifo", tok.dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(read_pin(HSM_PIN_FILE, path, pin), 0);
	assert_reason(HSM_E_PIN);
}

static void
test_foreign_owner(void **state)
{
	char pin[HSM_PIN_MAX + 1];

	(void)state;
	if (geteuid() != 0)
		skip();
	write_file(tok.pin, PIN, 0600);
	assert_int_equal(chown(tok.pin, 12345, 0), 0);
	assert_int_equal(read_pin(HSM_PIN_FILE, tok.pin, pin), 0);
	assert_reason(HSM_E_PIN);
	assert_int_equal(chown(tok.pin, 0, 0), 0);
}

static void
test_credential(void **state)
{
	char pin[HSM_PIN_MAX + 1];

	(void)state;
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_int_equal(read_pin(HSM_PIN_CREDENTIAL, "pin", pin), 0);
	assert_reason(HSM_E_PIN);
	setenv("CREDENTIALS_DIRECTORY", tok.dir, 1);
	write_file(tok.pin, PIN "\n", 0440); /* mode under systemd's ACL */
	must(read_pin(HSM_PIN_CREDENTIAL, "pin", pin));
	assert_string_equal(pin, PIN);
	assert_int_equal(read_pin(HSM_PIN_CREDENTIAL, "../pin", pin), 0);
	assert_reason(HSM_E_PIN);
	assert_int_equal(read_pin(HSM_PIN_CREDENTIAL, "other", pin), 0);
	assert_reason(HSM_E_PIN);
	write_file(tok.pin, PIN "\n", 0444);
	assert_int_equal(read_pin(HSM_PIN_CREDENTIAL, "pin", pin), 0);
	assert_reason(HSM_E_PIN);
}

static int
wait_for(pid_t pid)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What the terminal has shown so far, up to and with ${until}. */
static void
read_until(int fd, const char *until, char *text, size_t size)
{
	size_t n = 0;
	ssize_t r;

	text[0] = '\0';
	while (strstr(text, until) == NULL && n + 1 < size) {
		r = read(fd, text + n, size - 1 - n);
		if (r <= 0)
			break;
		n += (size_t)r;
		text[n] = '\0';
	}
}

/* OpenSSL shows the prompt first and switches the echo off after it. */
static void
wait_for_silence(int fd)
{
	struct timespec ts = {0, 5000000};
	struct termios t;
	int i;

	for (i = 0; i < 1000; i++) {
		assert_int_equal(tcgetattr(fd, &t), 0);
		if (!(t.c_lflag & ECHO))
			return;
		nanosleep(&ts, NULL);
	}
	fail_msg("the terminal still echoes");
}

static void
test_terminal(void **state)
{
	char pin[HSM_PIN_MAX + 1], text[512];
	int fd = -1;
	pid_t pid = forkpty(&fd, NULL, NULL, NULL);

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(read_pin(HSM_PIN_TTY, NULL, pin) &&
			    strcmp(pin, "secret") == 0
			? 0
			: 1);
	read_until(fd, "label: ", text, sizeof(text));
	assert_non_null(strstr(text, "PIN of token label: "));
	wait_for_silence(fd);
	assert_int_equal(write(fd, "secret\n", 7), 7);
	read_until(fd, "secret", text, sizeof(text));
	assert_null(strstr(text, "secret"));
	assert_int_equal(wait_for(pid), 0);
	close(fd);
}

static void
test_no_terminal(void **state)
{
	char pin[HSM_PIN_MAX + 1];
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		setsid();
		_exit(read_pin(HSM_PIN_TTY, NULL, pin) == 0 ? 0 : 1);
	}
	assert_int_equal(wait_for(pid), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_file),
	    cmocka_unit_test(test_fifo),
	    cmocka_unit_test(test_foreign_owner),
	    cmocka_unit_test(test_credential),
	    cmocka_unit_test(test_terminal),
	    cmocka_unit_test(test_no_terminal),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
