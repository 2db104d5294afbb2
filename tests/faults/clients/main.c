/*
 * usage: clients -e HOST:PORT -o HOST:PORT -r ROOT.PEM -i ISSUER.PEM -p FOLDER
 *                -x INKAN -C MAKER.PEM -K MAKER.KEY [-n DEVICES AT A TIME]
 *                [-w PAUSE IN MS]
 * SIGTERM: no new device; those that are on their way go on until they are
 * served, the operator until all is revoked that was to be. Then the responder
 * is asked for everything. On stdout a line for each certificate that a device
 * holds, `cert SERIAL SHA-256 NAME valid|revoked`, one for each checkpoint that
 * was seen, `BAD ...` for what broke a promise, and figures. Exit 1 with any.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>
#include "tests/faults/clients/clients.h"

#define ROOM 200000
#define THREADS_MAX 64

static pthread_mutex_t telling = PTHREAD_MUTEX_INITIALIZER;
static atomic_long n_bad;

void
bad(const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pthread_mutex_lock(&telling);
	if (atomic_fetch_add(&n_bad, 1) < 100)
		printf("BAD %s\n", text);
	fflush(stdout);
	pthread_mutex_unlock(&telling);
}

void
nap(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

static X509 *
read_pem(const char *path)
{
	FILE *f = fopen(path, "r");
	X509 *x;

	must(f != NULL, path);
	x = PEM_read_X509(f, NULL, NULL, NULL);
	fclose(f);
	must(x != NULL, path);
	return x;
}

static void
options(struct clients *c, int argc, char **argv, long *n)
{
	const char *root = NULL, *maker = NULL, *maker_key = NULL;
	int o;

	while ((o = getopt(argc, argv, "e:o:r:i:p:x:C:K:n:w:")) != -1)
		switch (o) {
		case 'e': c->est = optarg; break;
		case 'o': c->ocsp = optarg; break;
		case 'r': root = optarg; break;
		case 'i': c->issuer = read_pem(optarg); break;
		case 'p': c->pub = optarg; break;
		case 'x': c->inkan = optarg; break;
		case 'C': maker = optarg; break;
		case 'K': maker_key = optarg; break;
		case 'n': *n = atol(optarg); break;
		case 'w': c->pause_ms = atol(optarg); break;
		default: must(0, "an option");
		}
	must(c->est && c->ocsp && root && c->issuer && c->pub && c->inkan &&
	    maker && maker_key && *n > 0 && *n < THREADS_MAX, "options");
	bench_maker_read(&c->maker, maker, maker_key);
	c->tls = SSL_CTX_new(TLS_client_method());
	must(c->tls != NULL && SSL_CTX_load_verify_file(c->tls, root) == 1,
	    "TLS");
	SSL_CTX_set_verify(c->tls, SSL_VERIFY_PEER, NULL);
}

static void
tell(const struct clients *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		printf("cert %s %s %s %s\n", c->cert[i].serial,
		    c->cert[i].sha256, c->cert[i].name,
		    c->cert[i].revoked ? "revoked" : "valid");
	printf("devices %ld\ncertificates %zu\nrequests %ld\nrevocations %ld\n"
	    "ocsp %ld\nocsp-good %ld\nocsp-revoked %ld\nocsp-later %ld\n"
	    "crls %ld\ncheckpoints %ld\n", c->devices, c->n, c->tries,
	    c->revocations, c->asked, c->good, c->revoked, c->later, c->crls,
	    c->checkpoints);
}

static void
start(pthread_t *t, void *(*run)(void *), struct clients *c)
{
	must(pthread_create(t, NULL, run, c) == 0, "thread");
}

int
main(int argc, char **argv)
{
	struct clients c = {.pause_ms = 5, .room = ROOM};
	pthread_t life[THREADS_MAX], rest[3];
	long i, n = 4;
	sigset_t set;
	int sig;

	options(&c, argc, argv, &n);
	c.cert = calloc(c.room, sizeof(*c.cert));
	must(c.cert != NULL, "memory");
	pthread_mutex_init(&c.lock, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	for (i = 0; i < n; i++)
		start(&life[i], life_run, &c);
	start(&rest[0], operator_run, &c);
	start(&rest[1], ocsp_run, &c);
	start(&rest[2], files_run, &c);
	while (sigwait(&set, &sig) != 0)
		;
	c.stop = 1;
	for (i = 0; i < n; i++)
		pthread_join(life[i], NULL);
	c.over = 1;
	for (i = 0; i < 3; i++)
		pthread_join(rest[i], NULL);
	(void)ocsp_all(&c);
	tell(&c);
	return n_bad == 0 ? 0 : 1;
}
