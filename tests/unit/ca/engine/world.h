#ifndef TESTS_UNIT_CA_ENGINE_WORLD_H
#define TESTS_UNIT_CA_ENGINE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "ca/error.h"
#include "ca/engine/ceremony.h"
#include "ca/engine/ops.h"
#include "ca/report/report.h"

/*
 * An instance as the ceremony makes it: two SoftHSM tokens, the shipped
 * profiles, a fleet, a service's certificate; in a folder of its own. Tests run
 * from the top of the tree.
 */

const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "fast_unwind_on_malloc=0";
}

struct world {
	char dir[128];
	char conf[256], ceremony[256];
	struct settings *settings;
	struct ca *ca;
	struct socket_peer peer;
	time_t now;
	EVP_PKEY *service_key;
};

static void
world_sh(const char *fmt, ...)
{
	char cmd[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	assert_int_equal(system(cmd), 0);
}

static void
world_write(const struct world *w, const char *name, const char *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void
world_token(const struct world *w, const char *name)
{
	world_sh("cd %s && mkdir -p t-%s && umask 077 && echo 1234 >%s.pin && "
	    "printf 'directories.tokendir = %s/t-%s\\nlog.level = ERROR\\n'"
	    " >%s.conf && SOFTHSM2_CONF=%s.conf softhsm2-util --init-token "
	    "--free --label inkan-%s --so-pin 12345678 --pin 1234 >/dev/null",
	    w->dir, name, name, w->dir, name, name, name, name);
}

static EVP_PKEY *
world_key(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	assert_non_null(key);
	return key;
}

/* A CSR, DER, to be freed with OPENSSL_free(). */
static int
world_csr(EVP_PKEY *key, const char *cn, unsigned char **out)
{
	X509_REQ *req = X509_REQ_new();
	X509_NAME *name = X509_NAME_new();
	int len;

	assert_true(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const unsigned char *)cn, -1, -1, 0));
	assert_true(X509_REQ_set_subject_name(req, name));
	assert_true(X509_REQ_set_pubkey(req, key));
	assert_true(X509_REQ_sign(req, key, EVP_sha256()) > 0);
	*out = NULL;
	len = i2d_X509_REQ(req, out);
	assert_true(len > 0);
	X509_NAME_free(name);
	X509_REQ_free(req);
	return len;
}

static void
world_service(struct world *w)
{
	unsigned char *der;
	char path[512];
	FILE *f;
	int len;

	w->service_key = world_key();
	len = world_csr(w->service_key, "localhost", &der);
	snprintf(path, sizeof(path), "%s/service.csr", w->dir);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(PEM_write(f, "CERTIFICATE REQUEST", "", der, len) > 0);
	fclose(f);
	OPENSSL_free(der);
}

static const char WORLD_FLEET[] =
    "name = \"devices\"; label = \"devices\"; default = true;\n"
    "profile = \"device-ldevid\";\n"
    "authenticate: { basic = true; own_certificate = true; };\n"
    "registration = \"just-in-time\"; names = [ \"*\" ];\n"
    "re_enrol = \"allow\"; renewal: { window = \"whole\"; };\n";

static void
world_files(struct world *w)
{
	char text[4096];

	world_sh("mkdir -p %s/profiles %s/fleets && cp profiles/shipped/*.conf "
	    "%s/profiles/", w->dir, w->dir, w->dir);
	world_write(w, "fleets/devices.conf", WORLD_FLEET);
	snprintf(text, sizeof(text), "store = \"store.db\"; status_db = "
	    "\"status.db\";\npublish_dir = \"pub\"; policy_dir = \".\";\n"
	    "sockets: { ra = \"ra.sock\"; svc = \"svc.sock\"; admin = "
	    "\"admin.sock\"; };\ntoken: { uri = \"pkcs11:token=inkan-ca\"; "
	    "softhsm_conf = \"ca.conf\";\n module = "
	    "\"/usr/lib/softhsm/libsofthsm2.so\"; pin_file = \"ca.pin\"; };\n"
	    "min_free = \"1m\";\n");
	world_write(w, "engine.conf", text);
	world_write(w, "ceremony.conf",
	    "config = \"engine.conf\"; http_url = \"http://localhost:8444\";\n"
	    "root: { token: { uri = \"pkcs11:token=inkan-root\"; softhsm_conf "
	    "= \"root.conf\";\n module = \"/usr/lib/softhsm/libsofthsm2.so\"; "
	    "pin_file = \"root.pin\"; };\n set = [ \"cn=Test Root\" ]; "
	    "certificate = \"root.pem\"; };\n"
	    "issuers = ( { name = \"devices\"; set = [ \"cn=Test Devices\" ]; "
	    "certificate = \"devices.pem\"; },\n"
	    " { name = \"attestation\"; set = [ \"cn=Test Attestation\" ]; },\n"
	    " { name = \"code\"; set = [ \"cn=Test Code\" ]; } );\n"
	    "services = ( { profile = \"est-server\"; issuer = \"devices\"; "
	    "csr = \"service.csr\";\n certificate = \"service.pem\"; set = "
	    "[ \"cn=localhost\", \"dns=localhost\" ]; } );\n");
}

static void
world_quiet(const char *line)
{
	assert_true(line[0] != '\0');
}

/* Everything but the ceremony. */
static void
world_prepare(struct world *w)
{
	const char *base = getenv("TMPDIR");

	memset(w, 0, sizeof(*w));
	snprintf(w->dir, sizeof(w->dir), "%s/inkan-world-XXXXXX",
	    base != NULL ? base : "/tmp");
	assert_non_null(mkdtemp(w->dir));
	report_init("test", REPORT_ERROR, 2);
	w->now = time(NULL);
	w->peer.uid = geteuid();
	w->peer.gid = getegid();
	world_token(w, "ca");
	world_token(w, "root");
	world_service(w);
	world_files(w);
	snprintf(w->conf, sizeof(w->conf), "%s/engine.conf", w->dir);
	snprintf(w->ceremony, sizeof(w->ceremony), "%s/ceremony.conf",
	    w->dir);
	w->settings = settings_read(w->conf);
	if (w->settings == NULL)
		report_fatal("world");
	assert_non_null(w->settings);
}

static int __attribute__((unused))
world_ceremony(struct world *w)
{
	struct ceremony_file *f = ceremony_read(w->ceremony);
	int ok = f != NULL && ceremony_run(f, w->settings,
	    &(struct ceremony_how){.discard = 0}, w->now,
	    world_quiet);

	OPENSSL_free(f);
	return ok;
}

static void __attribute__((unused))
world_up(struct world *w)
{
	world_prepare(w);
	if (!world_ceremony(w))
		report_fatal("ceremony");
	w->ca = ca_open(w->settings, w->now);
	if (w->ca == NULL)
		report_fatal("ca_open");
	assert_non_null(w->ca);
}

static void __attribute__((unused))
world_down(struct world *w)
{
	ca_close(w->ca);
	settings_free(w->settings);
	EVP_PKEY_free(w->service_key);
	world_sh("rm -rf %s", w->dir);
	ERR_clear_error();
}

static int __attribute__((unused))
world_setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	world_up(w);
	*state = w;
	return 0;
}

static int __attribute__((unused))
world_teardown(void **state)
{
	world_down(*state);
	free(*state);
	return 0;
}

/* Ask an operation: triples of 't' text, 'b' bytes+length, 'f' flag, 'i' int. */
static WIRE_ANSWER *__attribute__((unused))
world_ask(struct world *w, enum ops_role role, const char *op,
    const char *types, ...)
{
	WIRE_REQUEST *req = message_request(op, 7);
	WIRE_ANSWER *a;
	const char *name;
	const void *p;
	va_list ap;

	va_start(ap, types);
	for (; *types != '\0'; types++) {
		name = va_arg(ap, const char *);
		switch (*types) {
		case 't':
			assert_true(field_add_text(req->args, name,
			    va_arg(ap, const char *)));
			break;
		case 'b':
			p = va_arg(ap, const void *);
			assert_true(field_add_bytes(req->args, name, p,
			    (size_t)va_arg(ap, int)));
			break;
		case 'f':
			assert_true(field_add_flag(req->args, name,
			    va_arg(ap, int)));
			break;
		default:
			assert_true(field_add_int(req->args, name,
			    va_arg(ap, int)));
		}
	}
	va_end(ap);
	a = ops_answer(w->ca, role, &w->peer, req, w->now);
	assert_non_null(a);
	assert_int_equal(message_answer_id(a), 7);
	assert_int_equal(ERR_peek_error(), 0);
	WIRE_REQUEST_free(req);
	return a;
}

#define world_admin(w, ...) world_ask((w), OPS_ADMIN, __VA_ARGS__)

static void __attribute__((unused))
world_is(WIRE_ANSWER *a, enum wire_status status)
{
	if (message_answer_status(a) != status)
		print_message("answer: %s %s %s: %s\n",
		    message_status_name(message_answer_status(a)),
		    message_refusal(a, "stage"), message_refusal(a, "rule"),
		    message_refusal(a, "text"));
	assert_int_equal(message_answer_status(a), status);
}

/* Refused with that status and a rule or text that holds ${word}. Frees. */
static void __attribute__((unused))
world_refused(WIRE_ANSWER *a, enum wire_status status, const char *word)
{
	world_is(a, status);
	if (strstr(message_refusal(a, "rule"), word) == NULL &&
	    strstr(message_refusal(a, "text"), word) == NULL)
		fail_msg("no \"%s\" in %s: %s", word,
		    message_refusal(a, "rule"), message_refusal(a, "text"));
	WIRE_ANSWER_free(a);
}

static void __attribute__((unused))
world_done(WIRE_ANSWER *a)
{
	world_is(a, WIRE_OK);
	WIRE_ANSWER_free(a);
}

/* A device certificate issued by the operator; its serial into ${serial}. */
static void __attribute__((unused))
world_issue(struct world *w, const char *cn, char serial[64])
{
	EVP_PKEY *key = world_key();
	unsigned char *csr;
	int len = world_csr(key, cn, &csr);
	WIRE_ANSWER *a = world_admin(w, "issue", "tb", "profile",
	    "device-ldevid", "csr", csr, len);

	world_is(a, WIRE_OK);
	snprintf(serial, 64, "%s", field_text(a->values, "serial", ""));
	assert_int_equal(strlen(serial), 40);
	WIRE_ANSWER_free(a);
	OPENSSL_free(csr);
	EVP_PKEY_free(key);
}

/* Entries of the log of that kind whose detail holds ${word}. */
static size_t __attribute__((unused))
world_log(struct world *w, const char *kind, const char *word)
{
	char cursor[40] = "0";
	const WIRE_FIELDS *row;
	WIRE_ANSWER *a;
	size_t i, n = 0;

	do {
		a = world_admin(w, "log.list", "ii", "from", atoi(cursor),
		    "limit", 500);
		world_is(a, WIRE_OK);
		for (i = 0; i < message_n_rows(a); i++) {
			row = message_row(a, i);
			n += strcmp(field_text(row, "kind", ""), kind) == 0 &&
			    strstr(field_text(row, "detail", ""), word) != NULL;
		}
		snprintf(cursor, sizeof(cursor), "%s",
		    message_next(a) != NULL ? message_next(a) : "");
		WIRE_ANSWER_free(a);
	} while (cursor[0] != '\0');
	return n;
}

/* The outermost reason and words on the error queue; then it is empty. */
static void __attribute__((unused))
world_raised(int reason, const char *word)
{
	char trace[1024];
	int is = report_last_reason();

	report_trace(trace, sizeof(trace));
	if (is != reason || strstr(trace, word) == NULL)
		fail_msg("raised %d \"%s\", expected %d \"%s\"", is, trace,
		    reason, word);
	ERR_clear_error();
}

/* The row of a serial (hex) of any issuer. */
struct world_finding {
	unsigned char serial[20];
	size_t len;
	struct cert_row *row;
};

static int __attribute__((unused))
world_take_row(const struct cert_row *row, void *arg)
{
	struct world_finding *f = arg;

	*f->row = *row;
	return 1;
}

static int __attribute__((unused))
world_row_tx(struct store_tx *tx, void *arg)
{
	struct world_finding *f = arg;

	return certs_all_by_serial(tx, f->serial, f->len, world_take_row, f) ==
	    1;
}

static void __attribute__((unused))
world_row(struct world *w, const char *serial, struct cert_row *row)
{
	struct world_finding f = {.row = row};

	assert_true(ops_unhex(serial, f.serial, sizeof(f.serial), &f.len));
	assert_true(store_read(w->ca->store, world_row_tx, &f));
}

#endif
