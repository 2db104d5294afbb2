#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include "ca/engine/ceremony_folder.h"

/* A folder as an archive that tar(1) unpacks. */

static char dir[64];

static void
sh(const char *form)
{
	char cmd[1024];
	size_t n = 0;

	for (; *form != '\0'; form++)
		n += (size_t)snprintf(cmd + n, sizeof(cmd) - n,
		    *form == '$' ? "%s" : "%.1s", *form == '$' ? dir : form);
	assert_int_equal(system(cmd), 0);
}

static int
setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/inkan-folder-XXXXXX");
	return mkdtemp(dir) == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	sh("rm -rf $");
	return 0;
}

static void
there_and_back(void **state)
{
	unsigned char *tar = NULL;
	char in[80], out[80];
	size_t len = 0;
	FILE *f;

	(void)state;
	sh("mkdir -p $/in/a/b; printf x >$/in/1; : >$/in/a/empty; "
	    "head -c 5000 /dev/urandom >$/in/a/b/big; chmod 600 $/in/1");
	snprintf(in, sizeof(in), "%s/in", dir);
	assert_true(ceremony_tar(in, &tar, &len));
	assert_int_equal(len % 512, 0);
	snprintf(out, sizeof(out), "%s/t.tar", dir);
	f = fopen(out, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(tar, 1, len, f), len);
	fclose(f);
	OPENSSL_clear_free(tar, len);
	sh("mkdir $/out; tar -C $/out -xf $/t.tar && diff -r $/in $/out");
	sh("find $/out/1 -perm 600 | grep -q .");
}

static void
refused(void **state)
{
	unsigned char *tar = NULL;
	char path[256];
	size_t len;

	(void)state;
	snprintf(path, sizeof(path), "%s/none", dir);
	assert_false(ceremony_tar(path, &tar, &len));
	sh("mkdir -p $/link; ln -sf /etc/passwd $/link/p");
	snprintf(path, sizeof(path), "%s/link", dir);
	assert_false(ceremony_tar(path, &tar, &len));
	ERR_clear_error();
	assert_null(tar);
}

static void
named_by_softhsm(void **state)
{
	char path[256], out[PATH_MAX];

	(void)state;
	sh("printf '# x\\ndirectories.tokendir = /a/b\\nlog.level = ERROR\\n' "
	    ">$/conf; echo 'log.level = ERROR' >$/bad");
	snprintf(path, sizeof(path), "%s/conf", dir);
	assert_true(ceremony_token_folder(path, out));
	assert_string_equal(out, "/a/b");
	snprintf(path, sizeof(path), "%s/bad", dir);
	assert_false(ceremony_token_folder(path, out));
	assert_false(ceremony_token_folder("", out));
	ERR_clear_error();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(there_and_back),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(named_by_softhsm),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
