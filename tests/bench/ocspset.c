/*
 * What a bench of inkan-ocsp needs, without an inkan-ca: a CA with a key in a
 * file, a delegate's key in a token, and a status.db of N certificates, made by
 * the functions that inkan-ca uses. And a client that asks for them in turn.
 *
 * usage: ocspset make DIR N
 *        ocspset ask PORT FIRST N STEP PREFIX [DIR]   prints requests/s
 *
 * Serials have 16 octets, the last three of which count, so that a request by
 * SHA-256 has 111 octets and its base64 differs in the last four characters
 * only: DIR/prefix and DIR/prefix64 are all that comes before. DIR/nonce has
 * the same for requests with a nonce, the end of which counts. With DIR, ask
 * leaves each answer in DIR/hh/hh/hh.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include "bench.h"
#include "ca/status/status.h"
#include "hsm/hsm.h"

#define SERIAL_LEN 16
#define REQUEST_LEN 111
#define GROUP 50000

static const char *dir;

static const char *
path(const char *name)
{
	static char out[512];

	snprintf(out, sizeof(out), "%s/%s", dir, name);
	return out;
}

static void
serial_of(long i, unsigned char *out)
{
	memset(out, 0, SERIAL_LEN);
	out[0] = 0x4a;
	out[SERIAL_LEN - 3] = (unsigned char)(i >> 16);
	out[SERIAL_LEN - 2] = (unsigned char)(i >> 8);
	out[SERIAL_LEN - 1] = (unsigned char)i;
}

/* ---- make ---- */

static void
write_file(const char *name, const void *data, size_t len)
{
	FILE *f = fopen(path(name), "w");

	must(f != NULL && fwrite(data, 1, len, f) == len && fclose(f) == 0,
	    name);
}

static void
write_pem(const char *name, X509 *cert)
{
	FILE *f = fopen(path(name), "w");

	must(f != NULL && PEM_write_X509(f, cert) == 1 && fclose(f) == 0, name);
}

static X509 *
cert_new(const char *cn, EVP_PKEY *key, long number)
{
	X509 *cert = X509_new();

	must(X509_set_version(cert, 2) && X509_set_pubkey(cert, key) &&
	    ASN1_INTEGER_set(X509_get_serialNumber(cert), number) &&
	    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN",
	    MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0) &&
	    X509_gmtime_adj(X509_getm_notBefore(cert), -3600) &&
	    X509_gmtime_adj(X509_getm_notAfter(cert), 30 * 86400L), cn);
	return cert;
}

static X509 *
make_ca(EVP_PKEY *key)
{
	X509 *ca = cert_new("Bench CA G1", key, 1);
	BASIC_CONSTRAINTS *bc = BASIC_CONSTRAINTS_new();

	bc->ca = 0xff;
	must(X509_set_issuer_name(ca, X509_get_subject_name(ca)) &&
	    X509_add1_ext_i2d(ca, NID_basic_constraints, bc, 1, 0) == 1 &&
	    X509_sign(ca, key, EVP_sha256()) > 0, "CA");
	BASIC_CONSTRAINTS_free(bc);
	write_pem("ca.pem", ca);
	return ca;
}

static void
make_delegate(const char *name, EVP_PKEY *key, X509 *ca, EVP_PKEY *ca_key)
{
	X509 *cert = cert_new("Bench OCSP", key, 2);
	EXTENDED_KEY_USAGE *eku = sk_ASN1_OBJECT_new_null();
	ASN1_NULL *null = ASN1_NULL_new();

	must(sk_ASN1_OBJECT_push(eku, OBJ_nid2obj(NID_OCSP_sign)) > 0 &&
	    X509_set_issuer_name(cert, X509_get_subject_name(ca)) &&
	    X509_add1_ext_i2d(cert, NID_ext_key_usage, eku, 0, 0) == 1 &&
	    X509_add1_ext_i2d(cert, NID_id_pkix_OCSP_noCheck, null, 0, 0) ==
	    1 && X509_sign(cert, ca_key, EVP_sha256()) > 0, "delegate");
	write_pem(name, cert);
	sk_ASN1_OBJECT_free(eku);
	ASN1_NULL_free(null);
	X509_free(cert);
}

static void
make_keys(X509 **ca)
{
	char cmd[1024], pin[600], conf[600];
	struct hsm_config cfg = {.uri = "pkcs11:token=bench", .sessions = 2};
	EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key, *soft;
	struct hsm *hsm;
	FILE *f;

	snprintf(cmd, sizeof(cmd), "cd '%s' && umask 077 && mkdir t && "
	    "echo 1234 >pin && printf 'directories.tokendir = %s/t\\n' >conf "
	    "&& SOFTHSM2_CONF=conf softhsm2-util --init-token --free "
	    "--label bench --so-pin 12345678 --pin 1234 >/dev/null", dir, dir);
	must(system(cmd) == 0, "softhsm2-util");
	snprintf(pin, sizeof(pin), "%s/pin", dir);
	snprintf(conf, sizeof(conf), "%s/conf", dir);
	cfg.pin.kind = HSM_PIN_FILE;
	cfg.pin.name = pin;
	cfg.softhsm_conf = conf;
	cfg.module = "/usr/lib/softhsm/libsofthsm2.so";
	must((hsm = hsm_open(&cfg)) != NULL, "hsm_open");
	key = hsm_key_generate(hsm, HSM_KEY_EC_P256, "ocsp");
	must(key != NULL, "hsm_key_generate");
	*ca = make_ca(ca_key);
	make_delegate("delegate.pem", key, *ca, ca_key);
	/* For peers, which have no token. */
	soft = EVP_EC_gen("P-256");
	make_delegate("peer.pem", soft, *ca, ca_key);
	f = fopen(path("peer.key"), "w");
	must(f != NULL && PEM_write_PrivateKey(f, soft, NULL, NULL, 0, NULL,
	    NULL) == 1 && fclose(f) == 0, "peer.key");
	EVP_PKEY_free(soft);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
	hsm_close(hsm);
}

/* One in a hundred is revoked. */
static void
fill_status(X509 *ca, long n)
{
	struct status_writer *w = status_writer_open(path("status.db"));
	struct status_issuer issuer = {.id = 1, .ident = "bench-g1"};
	struct status_cert c = {.issuer = 1, .serial_len = SERIAL_LEN};
	time_t now = time(NULL);
	long i;

	must(w != NULL && status_begin(w), "status.db");
	issuer.cert_len = (size_t)i2d_X509(ca, &issuer.cert);
	must(status_put_issuer(w, &issuer) && status_commit(w, 1, now),
	    "issuer");
	for (i = 0; i < n; i++) {
		if (i % GROUP == 0)
			must(status_begin_new(w), "begin");
		serial_of(i, c.serial);
		c.state = i % 100 == 99 ? STATUS_REVOKED : STATUS_GOOD;
		c.reason = i % 100 == 99 ? 1 : -1;
		c.revoked_at = i % 100 == 99 ? now - 1000 : 0;
		c.not_after = now + 90 * 86400;
		c.change = i + 2;
		must(status_put_cert(w, &c), "put");
		if (i % GROUP == GROUP - 1 || i == n - 1)
			must(status_commit(w, c.change, now), "commit");
	}
	status_writer_close(w);
	OPENSSL_free(issuer.cert);
}

/* All but the last three octets; how many there are in all. */
static size_t
write_prefix(OCSP_REQUEST *req, const char *name, const char *name64)
{
	unsigned char *der = NULL, text[512];
	int len = i2d_OCSP_REQUEST(req, &der);

	must(len > 3 && len < 256, "request");
	write_file(name, der, (size_t)len - 3);
	EVP_EncodeBlock(text, der, len - 3);
	write_file(name64, text, strlen((char *)text));
	OPENSSL_free(der);
	return (size_t)len;
}

static void
make_prefixes(X509 *ca)
{
	unsigned char serial[SERIAL_LEN], nonce[32] = {7};
	OCSP_REQUEST *req = OCSP_REQUEST_new();
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	BIGNUM *bn;

	serial_of(0, serial);
	bn = BN_bin2bn(serial, SERIAL_LEN, NULL);
	must(BN_to_ASN1_INTEGER(bn, number) != NULL &&
	    OCSP_request_add0_id(req, OCSP_cert_id_new(EVP_sha256(),
	    X509_get_subject_name(ca), X509_get0_pubkey_bitstr(ca), number)) !=
	    NULL, "request");
	must(write_prefix(req, "prefix", "prefix64") == REQUEST_LEN, "length");
	/* The nonce is what such a request ends with. */
	must(OCSP_request_add1_nonce(req, nonce, sizeof(nonce)) == 1 &&
	    mkdir(path("nonce"), 0755) == 0, "nonce");
	write_prefix(req, "nonce/prefix", "nonce/prefix64");
	BN_free(bn);
	ASN1_INTEGER_free(number);
	OCSP_REQUEST_free(req);
}

static void
make(long n)
{
	X509 *ca;

	make_keys(&ca);
	fill_status(ca, n);
	make_prefixes(ca);
	X509_free(ca);
}

/* ---- ask ---- */

static int
connect_to(int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	to.sin_port = htons((uint16_t)port);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0,
	    "connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

/* The body of one response, which must be an OCSPResponse «successful». */
static size_t
read_response(int fd, char *buf, size_t size, char **body)
{
	size_t have = 0, len;
	const char *length;
	char *end;
	ssize_t n;

	do {
		n = read(fd, buf + have, size - 1 - have);
		must(n > 0, "read");
		have += (size_t)n;
		buf[have] = '\0';
		end = strstr(buf, "\r\n\r\n");
	} while (end == NULL);
	must(strncmp(buf, "HTTP/1.1 200", 12) == 0, "HTTP 200");
	length = strstr(buf, "Content-Length: ");
	must(length != NULL && length < end, "Content-Length");
	len = strtoul(length + 16, NULL, 10);
	*body = end + 4;
	while (have < (size_t)(*body - buf) + len) {
		n = read(fd, buf + have, size - 1 - have);
		must(n > 0, "read");
		have += (size_t)n;
	}
	must(len > 100 && (unsigned char)(*body)[0] == 0x30, "signed answer");
	return len;
}

static void
keep(long i, const char *body, size_t len)
{
	char name[64];

	snprintf(name, sizeof(name), "%02lx", i >> 16);
	mkdir(path(name), 0755);
	snprintf(name, sizeof(name), "%02lx/%02lx", i >> 16, i >> 8 & 0xff);
	if ((i & 0xff) == 0 || access(path(name), F_OK) != 0)
		mkdir(path(name), 0755);
	snprintf(name, sizeof(name), "%02lx/%02lx/%02lx", i >> 16,
	    i >> 8 & 0xff, i & 0xff);
	write_file(name, body, len);
}

static void
ask(int port, long first, long n, long step, const char *prefix)
{
	char out[512], in[16384], *body, *at;
	int fd = connect_to(port), head;
	FILE *f = fopen(prefix, "r");
	double t = wall();
	long i, k;
	size_t len;

	head = snprintf(out, sizeof(out), "POST / HTTP/1.1\r\nHost: bench\r\n"
	    "Content-Type: application/ocsp-request\r\nContent-Length: %d\r\n"
	    "\r\n", REQUEST_LEN);
	at = out + head;
	must(f != NULL && fread(at, 1, REQUEST_LEN - 3, f) == REQUEST_LEN - 3,
	    prefix);
	fclose(f);
	for (k = 0; k < n; k++) {
		i = first + k * step;
		at[REQUEST_LEN - 3] = (char)(i >> 16);
		at[REQUEST_LEN - 2] = (char)(i >> 8);
		at[REQUEST_LEN - 1] = (char)i;
		len = (size_t)head + REQUEST_LEN;
		must(write(fd, out, len) == (ssize_t)len, "write");
		len = read_response(fd, in, sizeof(in), &body);
		if (dir != NULL)
			keep(i, body, len);
	}
	close(fd);
	printf("%.0f\n", (double)n / (wall() - t));
}

int
main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "make") == 0) {
		dir = argv[2];
		make(atol(argv[3]));
		return 0;
	}
	if ((argc == 7 || argc == 8) && strcmp(argv[1], "ask") == 0) {
		dir = argc == 8 ? argv[7] : NULL;
		ask(atoi(argv[2]), atol(argv[3]), atol(argv[4]), atol(argv[5]),
		    argv[6]);
		return 0;
	}
	return 2;
}
