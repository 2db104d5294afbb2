#ifndef INKAN_TESTS_HSM_TOKEN_H
#define INKAN_TESTS_HSM_TOKEN_H

/* A SoftHSM of its own for each test program, in a folder under $TMPDIR. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/err.h>
#include "hsm/error.h"
#include "hsm/hsm.h"

/*
 * SoftHSM leaks a little with each key. tests/lsan.supp knows it by its file
 * name, which is found only by walking the whole stack.
 */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "fast_unwind_on_malloc=0";
}

#define PIN "271828"
#define URI(label) "pkcs11:token=" label

struct token {
	char dir[256];
	char conf[300];
	char pin[300]; /* file with the right PIN */
	char state[300];
	struct hsm_config cfg;
};

static inline const char *
module_path(void)
{
	static const char *paths[] = {"/usr/lib/softhsm/libsofthsm2.so",
	    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
	    "/usr/lib64/pkcs11/libsofthsm2.so",
	    "/usr/local/lib/softhsm/libsofthsm2.so", NULL};
	int i;

	for (i = 0; paths[i] != NULL; i++)
		if (access(paths[i], R_OK) == 0)
			return paths[i];
	return NULL;
}

static inline void
run(const char *format, ...)
{
	char cmd[2048];
	va_list ap;

	va_start(ap, format);
	vsnprintf(cmd, sizeof(cmd), format, ap);
	va_end(ap);
	if (system(cmd) != 0)
		fail_msg("command failed: %s", cmd);
}

static inline void
write_file(const char *path, const char *text, mode_t mode)
{
	FILE *f;

	/* A file that was left 0400 opens for root only. */
	(void)!chmod(path, 0600);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static inline void
token_add(struct token *t, const char *label)
{
	/* The helper's own libraries are not what is tested. */
	run("env -u LD_PRELOAD SOFTHSM2_CONF=%s softhsm2-util --init-token "
	    "--free --label %s --pin " PIN " --so-pin 31415926 >/dev/null 2>&1",
	    t->conf, label);
}

/* Names in folder ${dir}, and the configuration to open what is there. */
static inline void
token_paths(struct token *t, const char *dir)
{
	if (t->dir != dir)
		snprintf(t->dir, sizeof(t->dir), "%s", dir);
	snprintf(t->conf, sizeof(t->conf), "%s/softhsm2.conf", t->dir);
	snprintf(t->pin, sizeof(t->pin), "%s/pin", t->dir);
	snprintf(t->state, sizeof(t->state), "%s/pin.state", t->dir);
	t->cfg.module = module_path();
	t->cfg.softhsm_conf = t->conf;
	t->cfg.pin.kind = HSM_PIN_FILE;
	t->cfg.pin.name = t->pin;
	t->cfg.pin.state = t->state;
}

static inline void
token_folder(struct token *t)
{
	const char *tmp = getenv("TMPDIR");
	char text[600];

	memset(t, 0, sizeof(*t));
	snprintf(t->dir, sizeof(t->dir), "%s/inkan-hsm-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(t->dir));
	token_paths(t, t->dir);
	snprintf(text, sizeof(text),
	    "directories.tokendir = %s/tokens\nobjectstore.backend = file\n"
	    "log.level = ERROR\nslots.removable = false\n",
	    t->dir);
	write_file(t->conf, text, 0600);
	run("mkdir -p %s/tokens", t->dir);
	write_file(t->pin, PIN "\n", 0600);
}

/* A folder with one token, and the configuration to open it. */
static inline void
token_make(struct token *t, const char *label, const char *uri)
{
	token_folder(t);
	token_add(t, label);
	t->cfg.uri = uri;
}

static inline void
token_remove(struct token *t)
{
	/* A call that was late may be writing there still. */
	run("for i in 1 2 3 4 5 6 7 8 9; do rm -rf %s 2>/dev/null && exit; "
	    "sleep 1; done; rm -rf %s", t->dir, t->dir);
}

/*
 * What the last of our own failures said; the queue is empty afterwards.
 * OpenSSL 3.5 puts a line of its own above what a provider raised.
 */
static inline int
last_reason(char *text, size_t size)
{
	const char *data = NULL;
	int flags = 0, reason = -1;
	unsigned long e;

	while ((e = ERR_get_error_all(NULL, NULL, NULL, &data, &flags)) != 0) {
		if (ERR_GET_LIB(e) != ERR_LIB_USER)
			continue;
		reason = ERR_GET_REASON(e);
		if (text != NULL)
			snprintf(text, size, "%s", data != NULL ? data : "");
	}
	return reason;
}

/* Does the word stand anywhere in the queue? Empties it. */
static inline int
queue_says(const char *word)
{
	const char *data = NULL;
	int flags = 0, found = 0;

	while (ERR_get_error_all(NULL, NULL, NULL, &data, &flags) != 0)
		if (data != NULL && strstr(data, word) != NULL)
			found = 1;
	return found;
}

#define assert_reason(want)                                                    \
	do {                                                                   \
		char said_[512];                                               \
		int got_ = last_reason(said_, sizeof(said_));                  \
		if (got_ != (want))                                            \
			fail_msg(                                              \
			    "reason %d, not %d: %s", got_, (want), said_);     \
	} while (0)

static inline void
must(int ok)
{
	if (ok)
		return;
	ERR_print_errors_fp(stderr);
	fail_msg("failed, see above");
}

/* Without SoftHSM nothing of this can be tested: 77 is «skipped». */
#define REQUIRE_SOFTHSM()                                                      \
	do {                                                                   \
		if (module_path() == NULL)                                     \
			return 77;                                             \
	} while (0)

#endif
