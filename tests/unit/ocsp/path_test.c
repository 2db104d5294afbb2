#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ocsp/path.h"

static void
expect(
    const char *raw, enum path_kind kind, const char *base64, const char *name)
{
	struct path path;

	path_route(raw, &path);
	assert_int_equal(path.kind, kind);
	assert_string_equal(path.base64, base64);
	assert_string_equal(path.name, name);
}

static void
test_route(void **state)
{
	(void)state;
	expect("/", PATH_HOME, "", "");
	expect("", PATH_HOME, "", "");
	expect("//", PATH_HOME, "", "");
	expect("/ocsp", PATH_OCSP, "", "");
	expect("/ocsp/", PATH_OCSP, "", "");
	expect("//ocsp//devices-g1/", PATH_OCSP, "", "");
	expect("/ocsp/devices-g1", PATH_OCSP, "", "");
	expect("/ocsp/MFM//w==", PATH_OCSP, "MFM//w==", "");
	expect("/ocsp/devices-g1/MFM/x", PATH_OCSP, "MFM/x", "");
	expect("/ocsp/devices-g1//MFM", PATH_OCSP, "MFM", "");
	expect("/MFM//w", PATH_OCSP, "MFM//w", "");
	expect("//%4dFM", PATH_OCSP, "%4dFM", "");
	expect("/ocsp/../MFM", PATH_OCSP, "../MFM", "");
	expect("/ocsp/!!", PATH_OCSP, "!!", "");
	expect("/crl/devices-g1.crl", PATH_CRL, "", "devices-g1.crl");
	expect("/ca/root-g1.cer", PATH_CA, "", "root-g1.cer");
	expect("/log/checkpoint", PATH_LOG, "", "checkpoint");
	expect("/log/checkpoint.witnessed", PATH_LOG, "",
	    "checkpoint.witnessed");
	expect("/log/log.vkey", PATH_LOG, "", "log.vkey");
	expect("//log//tile/0/x001/234", PATH_LOG, "", "tile/0/x001/234");
	expect("/log/tile/entries/000.p/7", PATH_LOG, "",
	    "tile/entries/000.p/7");
}

static void
test_route_refused(void **state)
{
	char name[200];

	(void)state;
	expect("/favicon.ico", PATH_NONE, "", "");
	expect("/ocspx", PATH_NONE, "", "");
	expect("/crl", PATH_NONE, "", "");
	expect("/crl/", PATH_NONE, "", "");
	expect("/crl/.crl", PATH_NONE, "", "");
	expect("/crl/../ca/x.crl", PATH_NONE, "", "");
	expect("/crl/..crl", PATH_NONE, "", "");
	expect("/crl/a..crl", PATH_NONE, "", "");
	expect("/crl/%2e%2e/x.crl", PATH_NONE, "", "");
	expect("/crl/a/b.crl", PATH_NONE, "", "");
	expect("/crl/A.crl", PATH_NONE, "", "");
	expect("/crl/x.cer", PATH_NONE, "", "");
	expect("/ca/x.crl", PATH_NONE, "", "");
	expect("/ca/x.cer/", PATH_NONE, "", "");
	expect("/log", PATH_NONE, "", "");
	expect("/log/", PATH_NONE, "", "");
	expect("/log/.checkpoint.next", PATH_NONE, "", "");
	expect("/log/checkpoint/", PATH_NONE, "", "");
	expect("/log/tile/0/../../log.vkey", PATH_NONE, "", "");
	expect("/log/tile/0/000/", PATH_NONE, "", "");
	expect("/log/tile//0/000", PATH_NONE, "", "");
	expect("/log/tile/9/000", PATH_NONE, "", "");
	expect("/log/tile/0/000.p/256", PATH_NONE, "", "");
	expect("/log/tile/0/000.p/01", PATH_NONE, "", "");
	expect("/log/tile/0/000.AbCdEf", PATH_NONE, "", "");
	expect("/log/%74ile/0/000", PATH_NONE, "", "");
	expect("/log.1/checkpoint", PATH_NONE, "", "");
	memset(name, 'a', sizeof(name));
	memcpy(name, "/crl/", 5);
	strcpy(name + 190, ".crl");
	expect(name, PATH_NONE, "", "");
}

static void
expect_octets(const char *base64, const char *want, size_t want_len)
{
	unsigned char out[64];
	size_t len;

	assert_true(path_decode(base64, out, sizeof(out), &len));
	assert_int_equal(len, want_len);
	assert_memory_equal(out, want, want_len);
}

static void
test_decode(void **state)
{
	(void)state;
	expect_octets("MFMwUQ==", "\x30\x53\x30\x51", 4);
	expect_octets("MFMwUQ", "\x30\x53\x30\x51", 4);
	expect_octets("MFMwUQ=", "\x30\x53\x30\x51", 4);
	expect_octets("MFMwUQ%3D%3d", "\x30\x53\x30\x51", 4);
	expect_octets("%4dFM%77UQ==", "\x30\x53\x30\x51", 4);
	expect_octets("++//", "\xfb\xef\xff", 3);
	expect_octets("%2B%2b%2F%2f", "\xfb\xef\xff", 3);
	expect_octets("--__", "\xfb\xef\xff", 3);
	expect_octets(" +//", "\xfb\xef\xff", 3);
	expect_octets("%20+//", "\xfb\xef\xff", 3);
	expect_octets("MF%0AMw%0d%0AUQ==", "\x30\x53\x30\x51", 4);
	expect_octets("", "", 0);
}

static void
refuse(const char *base64)
{
	unsigned char out[8];
	size_t len;

	assert_false(path_decode(base64, out, sizeof(out), &len));
}

static void
test_decode_refused(void **state)
{
	(void)state;
	refuse("MFMwU"); /* six bits over */
	refuse("MF=M");	 /* padding in the middle */
	refuse("MFMw===");
	refuse("MFM!");
	refuse("MFM%");
	refuse("MFM%4");
	refuse("MFM%zz");
	refuse("MFM%00");
	refuse("%254dFM");	/* decoded once only */
	refuse("AAAAAAAAAAAA"); /* nine octets, eight fit */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_route),
	    cmocka_unit_test(test_route_refused),
	    cmocka_unit_test(test_decode),
	    cmocka_unit_test(test_decode_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
