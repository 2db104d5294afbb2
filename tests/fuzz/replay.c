/*
 * Runs a fuzz target without a fuzzer: every file of a corpus, then changed
 * copies of them, always in the same order, until the time is over. For the
 * test run, where there may be no clang, for valgrind, and to look at an input
 * that a fuzzer found:
 *
 *     build/fuzz/csr [-seconds=N] [-runs=N] [-keep=FILE] FILE|FOLDER...
 *
 * An input that kills the target is left in ${keep}.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define INPUT_MAX 65536
#define INPUTS_MAX 1024
#define SLOW_S 60 /* one input takes no longer; the first sets things up */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void __sanitizer_set_death_callback(void (*f)(void)) __attribute__((weak));

static struct input {
	uint8_t *p;
	size_t len;
} inputs[INPUTS_MAX];
static size_t n_inputs;

static uint8_t now_in[INPUT_MAX];
static size_t now_len;
static const char *keep;
static uint64_t state = 0x9e3779b97f4a7c15;

static uint32_t
dice(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return n == 0 ? 0 : (uint32_t)(state >> 32) % n;
}

/* Only what a signal handler may do. */
static void
leave_input(void)
{
	ssize_t n = -1;
	int fd;

	if (keep == NULL)
		return;
	fd = open(keep, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd >= 0)
		n = write(fd, now_in, now_len);
	if (fd < 0 || n < 0 || close(fd) != 0)
		_exit(2);
}

static void
died(int sig)
{
	leave_input();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void
watch(void)
{
	static const int fatal[] = {
	    SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM};
	size_t i;

	if (__sanitizer_set_death_callback != NULL)
		__sanitizer_set_death_callback(leave_input);
	for (i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		/* A sanitizer has more to say of a bad access. */
		if (__sanitizer_set_death_callback == NULL ||
		    fatal[i] == SIGALRM || fatal[i] == SIGABRT)
			signal(fatal[i], died);
}

static void
run(const uint8_t *p, size_t len)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);
	static int is_up;

	if (exact == NULL)
		exit(2);
	memmove(now_in, p, len);
	now_len = len;
	/* Of its size, so that reading behind it is seen. */
	memcpy(exact, now_in, len);
	if (is_up)
		alarm(SLOW_S);
	LLVMFuzzerTestOneInput(exact, len);
	alarm(0);
	is_up = 1;
	free(exact);
}

static void
take_file(const char *path)
{
	struct input *in = &inputs[n_inputs];
	FILE *f = fopen(path, "rbe");

	if (f == NULL || (in->p = malloc(INPUT_MAX)) == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(2);
	}
	in->len = fread(in->p, 1, INPUT_MAX, f);
	fclose(f);
	n_inputs++;
}

static void
take(const char *path)
{
	struct dirent **list = NULL;
	char name[4096];
	struct stat st;
	int i, n;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		take_file(path);
		return;
	}
	n = scandir(path, &list, NULL, alphasort);
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, list[i]->d_name);
		if (list[i]->d_name[0] != '.' && n_inputs < INPUTS_MAX)
			take_file(name);
		free(list[i]);
	}
	free(list);
}

static void
put(uint8_t *p, size_t *len, size_t at, const uint8_t *from, size_t n)
{
	if (n > INPUT_MAX - *len)
		n = INPUT_MAX - *len;
	memmove(p + at + n, p + at, *len - at);
	memmove(p + at, from, n);
	*len += n;
}

/* One change, of one of seven kinds. */
static void
change(uint8_t *p, size_t *len)
{
	static const uint8_t odd[] = {
	    0, 1, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff, '"', '\n', '%', 0x30};
	size_t at = dice((uint32_t)*len), n = 1 + dice(16);
	const struct input *other = &inputs[dice((uint32_t)n_inputs)];
	uint8_t octet = odd[dice(sizeof(odd))], chunk[16];

	if (*len == 0) {
		put(p, len, 0, &octet, 1);
		return;
	}
	n = n > *len - at ? *len - at : n;
	switch (dice(7)) {
	case 0:
		p[at] ^= (uint8_t)(1u << dice(8));
		break;
	case 1:
		p[at] = octet;
		break;
	case 2:
		p[at] = (uint8_t)(p[at] + dice(9) - 4);
		break;
	case 3:
		memmove(p + at, p + at + n, *len - at - n);
		*len -= n;
		break;
	case 4:
		memcpy(chunk, p + at, n);
		put(p, len, dice((uint32_t)*len), chunk, n);
		break;
	case 5:
		put(p, len, at, &octet, 1);
		break;
	default: /* a piece of another input */
		if (other->len == 0)
			break;
		n = dice((uint32_t)other->len);
		put(p, len, at, other->p + n,
		    1 + dice((uint32_t)(other->len - n)));
	}
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static unsigned long
run_changed(double until, unsigned long runs)
{
	static uint8_t p[INPUT_MAX];
	const struct input *in;
	unsigned long done;
	uint32_t k;
	size_t len;

	for (done = 0; done < runs && seconds() < until; done++) {
		in = &inputs[dice((uint32_t)n_inputs)];
		memcpy(p, in->p, len = in->len);
		for (k = 1 + dice(6); k > 0; k--)
			change(p, &len);
		run(p, len);
	}
	return done;
}

int
main(int argc, char **argv)
{
	double left = 0;
	unsigned long runs = 1000000000, done;
	size_t i;
	int k;

	for (k = 1; k < argc; k++)
		if (strncmp(argv[k], "-seconds=", 9) == 0)
			left = strtod(argv[k] + 9, NULL);
		else if (strncmp(argv[k], "-runs=", 6) == 0)
			runs = strtoul(argv[k] + 6, NULL, 10);
		else if (strncmp(argv[k], "-keep=", 6) == 0)
			keep = argv[k] + 6;
		else
			take(argv[k]);
	if (n_inputs == 0) {
		fprintf(stderr, "no inputs\n");
		return 2;
	}
	watch();
	for (i = 0; i < n_inputs; i++)
		run(inputs[i].p, inputs[i].len);
	done = run_changed(seconds() + left, runs);
	printf("%zu inputs and %lu changed ones\n", n_inputs, done);
	for (i = 0; i < n_inputs; i++)
		free(inputs[i].p);
	return 0;
}
