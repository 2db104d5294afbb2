#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "ca/report/report.h"
#include "ra/error.h"
#include "ra/settings.h"

#define LEAST                                                                  \
	"listen = [ \"127.0.0.1:8443\", \"[::1]:8443\" ];\n"                   \
	"certificate = \"est.pem\";\nkey = \"keys/est.key\";\n"                \
	"ca_socket = \"/run/inkan/ra.sock\";\n"

static char folder[64], file[96];

static int
set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/inkan-settings-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/ra.conf", folder);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(file);
	rmdir(folder);
	return 0;
}

static struct settings *
read_text(const char *text)
{
	FILE *f = fopen(file, "w");

	fputs(text, f);
	fclose(f);
	return settings_read(file);
}

static void
defaults(void **state)
{
	struct settings *s = read_text(LEAST);
	char path[128];

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->n_listen, 2);
	assert_int_equal(s->listen[1].sa.ss_family, AF_INET6);
	snprintf(path, sizeof(path), "%s/est.pem", folder);
	assert_string_equal(s->certificate, path);
	snprintf(path, sizeof(path), "%s/keys/est.csr", folder);
	assert_string_equal(s->csr, path);
	assert_string_equal(s->ca_socket, "/run/inkan/ra.sock");
	assert_null(s->svc_socket);
	assert_int_equal(s->workers, 2);
	assert_int_equal(s->max_connections, 1024);
	assert_int_equal(s->max_per_address, 512);
	assert_int_equal(s->max_head, 16384);
	assert_int_equal(s->max_body, 65536);
	assert_int_equal(s->request_timeout, 15);
	assert_int_equal(s->idle_timeout, 60);
	assert_int_equal(s->link_certificates, 1);
	assert_int_equal(s->share_port, 0);
	assert_int_equal(s->metrics.len, 0);
	assert_string_equal(s->subject, "CN=inkan-ra");
	settings_free(s);
}

static void
all_keys(void **state)
{
	struct settings *s = read_text(LEAST
	    "svc_socket = \"svc.sock\"; workers = 4; max_connections = 7;\n"
	    "max_connections_per_address = 3; max_head = \"8k\";\n"
	    "max_body = \"32k\"; request_timeout = \"5s\";\n"
	    "link_certificates = false; share_port = true;\n"
	    "metrics_listen = \"[::1]:9443\";\n"
	    "idle_timeout = \"2m\"; subject = \"CN=est, O=x\";\n"
	    "names = [ \"localhost\", \"127.0.0.1\" ]; csr = \"/a/b.csr\";\n");

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->workers, 4);
	assert_int_equal(s->max_connections, 7);
	assert_int_equal(s->max_per_address, 3);
	assert_int_equal(s->max_head, 8192);
	assert_int_equal(s->max_body, 32768);
	assert_int_equal(s->request_timeout, 5);
	assert_int_equal(s->idle_timeout, 120);
	assert_int_equal(s->link_certificates, 0);
	assert_int_equal(s->share_port, 1);
	assert_int_equal(s->metrics.sa.ss_family, AF_INET6);
	assert_string_equal(s->csr, "/a/b.csr");
	assert_int_equal(s->n_names, 2);
	settings_free(s);
}

static void
mistakes_name_file_line_and_key(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
	    {LEAST "workerz = 2;\n", "ra.conf:5: "},
	    {LEAST "workers = \"2\";\n", "ra.conf:5: workers"},
	    {LEAST "workers = 0;\n", "ra.conf:5: workers"},
	    {LEAST "workers = 65;\n", "ra.conf:5: workers"},
	    {LEAST "max_body = \"1m\";\n", "ra.conf:5: max_body"},
	    {LEAST "idle_timeout = \"0s\";\n", "ra.conf:5: idle_timeout"},
	    {LEAST "link_certificates = 1;\n", "ra.conf:5: link_certificates"},
	    {LEAST "metrics_listen = \"10.0.0.1:1\";\n",
		"ra.conf:5: metrics_listen"},
	    {LEAST "metrics_listen = \"[::]:1\";\n",
		"ra.conf:5: metrics_listen"},
	    {LEAST "metrics_listen = \"localhost:1\";\n",
		"ra.conf:5: metrics_listen"},
	    {LEAST "metrics_public = true;\n", "ra.conf:5: metrics_public"},
	    {LEAST "max_connections = 2;\n"
		   "max_connections_per_address = 3;\n",
		"ra.conf:6: max_connections_per_address"},
	    {"certificate = \"a\"; key = \"b\"; ca_socket = \"c\";\n",
		"listen"},
	    {"listen = [ \"localhost:1\" ]; certificate = \"a\";\n"
	     "key = \"b\"; ca_socket = \"c\";\n",
		"ra.conf:1: listen"},
	    {"listen = [ ]; certificate = \"a\"; key = \"b\";\n"
	     "ca_socket = \"c\";\n",
		"listen"},
	};
	char text[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ERR_clear_error();
		assert_null(read_text(cases[i].text));
		report_trace(text, sizeof(text));
		if (strstr(text, cases[i].expected) == NULL)
			print_message("%zu: %s\n", i, text);
		assert_non_null(strstr(text, cases[i].expected));
	}
	ERR_clear_error();
	assert_null(settings_read("/nonexistent/ra.conf"));
	ERR_clear_error();
}

static void
a_socket_path_must_fit(void **state)
{
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text),
	    "listen = [ \"127.0.0.1:1\" ]; certificate = \"a\"; key = \"b\";"
	    " ca_socket = \"/%0200d\";\n",
	    0);
	assert_null(read_text(text));
	ERR_clear_error();
}

static void
addresses(void **state)
{
	static const char *const bad[] = {"", ":", "1.2.3.4", "1.2.3.4:", ":80",
	    "1.2.3.4:x", "1.2.3.4:80x", "1.2.3.4:65536", "1.2.3.4:-1", "::1:80",
	    "[::1]80", "[::1:80", "[]:80", "[1.2.3.4]:80", "localhost:80",
	    "1.2.3:80x", "1.2.3.4: 80"};
	struct settings_address a;
	size_t i;

	(void)state;
	assert_true(settings_address_parse("0.0.0.0:65535", &a));
	assert_true(settings_address_parse("[::]:1", &a));
	assert_true(settings_address_parse("[2001:db8::1]:443", &a));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (settings_address_parse(bad[i], &a))
			print_message("accepted: %s\n", bad[i]);
		assert_false(settings_address_parse(bad[i], &a));
	}
}

#define t(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    t(defaults),
	    t(all_keys),
	    t(mistakes_name_file_line_and_key),
	    t(a_socket_path_must_fit),
	    cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
