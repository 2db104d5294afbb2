/*
 * Devices that enrol, all at once: speaks the inner protocol to a running
 * inkan-ca as inkan-ra does. Every request is for a device and a key of its
 * own and is made before the clock starts; every answer must hold a
 * certificate.
 *
 * usage: load -s RA.SOCK -p PID -n REQUESTS -c CALLERS [-l LABEL]
 *             [-C MAKER.PEM -K MAKER.KEY]
 * $INKAN_USER and $INKAN_SECRET are the evidence, or a certificate that the
 * maker signs for each device. Prints certificates per second, and the CPU
 * microseconds of the process PID for each of them.
 */
#include <pthread.h>
#include <unistd.h>
#include "maker.h"
#include "ca/wire/socket.h"

#define CALLERS_MAX 64
#define TIMEOUT_S 60

struct load {
	const char *socket, *label, *maker, *maker_key;
	pid_t server;
	long n, callers;
	WIRE_REQUEST **req;
	struct bench_maker by;
	pthread_barrier_t start;
};

struct caller {
	struct load *l;
	long first;
	pthread_t thread;
};

/* What the maker gave the device: its name is the subject's serialNumber. */
static void
add_chain(struct load *l, WIRE_REQUEST *req, const char *device, long i)
{
	X509 *x = bench_maker_cert(&l->by, device, i + 1);
	unsigned char *der = NULL;
	int len;

	len = i2d_X509(x, &der);
	must(len > 0 && field_add_bytes(req->args, "chain", der, (size_t)len),
	    "chain");
	OPENSSL_free(der);
	X509_free(x);
}

static WIRE_REQUEST *
make_request(struct load *l, long i)
{
	WIRE_REQUEST *req = message_request("enroll", i);
	EVP_PKEY *key = EVP_EC_gen("P-256");
	unsigned char *csr;
	char name[64];
	int len;

	must(req != NULL && key != NULL, "request");
	snprintf(name, sizeof(name), "device-%08ld-%06ld.example",
	    (long)getpid(), i);
	len = bench_csr(key, name, &csr);
	must(field_add_text(req->args, "label", l->label) &&
	    field_add_bytes(req->args, "csr", csr, (size_t)len) &&
	    field_add_text(req->args, "address", "127.0.0.1"), "request");
	if (l->maker != NULL)
		add_chain(l, req, name, i);
	else
		must(field_add_text(req->args, "user", getenv("INKAN_USER")) &&
		    field_add_text(req->args, "secret",
		    getenv("INKAN_SECRET")), "secret");
	OPENSSL_free(csr);
	EVP_PKEY_free(key);
	return req;
}

static void
check_answer(const WIRE_ANSWER *a)
{
	size_t len = 0;

	must(a != NULL, "call");
	if (message_answer_status(a) != WIRE_OK)
		must(0, message_refusal(a, "text"));
	must(field_bytes(a->values, "cert", &len) != NULL && len > 300,
	    "certificate in the answer");
}

static void *
caller(void *arg)
{
	struct caller *c = arg;
	struct load *l = c->l;
	int fd = socket_connect(l->socket);
	WIRE_ANSWER *a;
	long i;

	must(fd >= 0, l->socket);
	pthread_barrier_wait(&l->start);
	for (i = c->first; i < l->n; i += l->callers) {
		a = socket_call(fd, l->req[i], TIMEOUT_S);
		check_answer(a);
		WIRE_ANSWER_free(a);
	}
	close(fd);
	return NULL;
}

static double
server_cpu(const struct load *l)
{
	clockid_t id;

	must(clock_getcpuclockid(l->server, &id) == 0, "clock of the server");
	return clock_of(id);
}

static void
run(struct load *l)
{
	struct caller c[CALLERS_MAX];
	double start, spent;
	long i;

	pthread_barrier_init(&l->start, NULL, (unsigned)l->callers + 1);
	for (i = 0; i < l->callers; i++) {
		c[i] = (struct caller){.l = l, .first = i};
		must(pthread_create(&c[i].thread, NULL, caller, &c[i]) == 0,
		    "thread");
	}
	spent = -server_cpu(l);
	pthread_barrier_wait(&l->start);
	start = wall();
	for (i = 0; i < l->callers; i++)
		pthread_join(c[i].thread, NULL);
	start = wall() - start;
	spent += server_cpu(l);
	printf("%.0f %.1f\n", (double)l->n / start,
	    spent / (double)l->n * 1e6);
	pthread_barrier_destroy(&l->start);
}

static void
load_free(struct load *l)
{
	long i;

	for (i = 0; i < l->n; i++)
		WIRE_REQUEST_free(l->req[i]);
	free(l->req);
	bench_maker_clear(&l->by);
}

static void
options(struct load *l, int argc, char **argv)
{
	int o;

	while ((o = getopt(argc, argv, "s:p:n:c:l:C:K:")) != -1)
		switch (o) {
		case 's': l->socket = optarg; break;
		case 'p': l->server = (pid_t)atol(optarg); break;
		case 'n': l->n = atol(optarg); break;
		case 'c': l->callers = atol(optarg); break;
		case 'l': l->label = optarg; break;
		case 'C': l->maker = optarg; break;
		case 'K': l->maker_key = optarg; break;
		default: exit(2);
		}
	must(l->socket != NULL && l->n > 0 && l->server > 0 &&
	    l->callers > 0 && l->callers <= CALLERS_MAX, "options");
	must(l->maker != NULL ? l->maker_key != NULL :
	    getenv("INKAN_USER") != NULL && getenv("INKAN_SECRET") != NULL,
	    "evidence");
}

int
main(int argc, char **argv)
{
	struct load l = {.label = "devices"};
	long i;

	options(&l, argc, argv);
	if (l.maker != NULL)
		bench_maker_read(&l.by, l.maker, l.maker_key);
	l.req = calloc((size_t)l.n, sizeof(*l.req));
	must(l.req != NULL, "memory");
	for (i = 0; i < l.n; i++)
		l.req[i] = make_request(&l, i);
	run(&l);
	load_free(&l);
	return 0;
}
