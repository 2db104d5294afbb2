#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include "tests/unit/ca/confine/child.h"

static char dir[] = "/tmp/inkan-landlock-XXXXXX";
static char in_read[64], in_write[64], outside[64];

static void
put(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static int
make(void **state)
{
	char path[64];

	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/r", dir);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/w", dir);
	mkdir(path, 0700);
	snprintf(in_read, sizeof(in_read), "%s/r/f", dir);
	snprintf(in_write, sizeof(in_write), "%s/w/f", dir);
	snprintf(outside, sizeof(outside), "%s/f", dir);
	put(in_read);
	put(in_write);
	put(outside);
	return 0;
}

static int
clear(void **state)
{
	char path[64];

	(void)state;
	unlink(in_read);
	unlink(in_write);
	unlink(outside);
	snprintf(path, sizeof(path), "%s/r", dir);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/w", dir);
	rmdir(path);
	return rmdir(dir);
}

static int
confined(void)
{
	struct confine *c = confine_of("");

	confine_file(c, in_read, CONFINE_READ);
	confine_file(c, in_write, CONFINE_WRITE);
	return landlock_confine(c, landlock_version());
}

/* Bits of what is not as it must be. */
static int
files(void *arg)
{
	int bad = 0;
	char more[80], moved[80];

	(void)arg;
	if (!confined())
		return 255;
	snprintf(more, sizeof(more), "%s.more", in_write);
	snprintf(moved, sizeof(moved), "%s.moved", in_write);
	bad |= opens(in_read, O_RDONLY) != 0;
	bad |= (opens(in_read, O_WRONLY) != EACCES) << 1;
	bad |= (opens(in_write, O_RDWR) != 0) << 2;
	bad |= (opens(outside, O_RDONLY) != EACCES) << 3;
	bad |= (opens(more, O_WRONLY | O_CREAT) != 0) << 4;
	bad |= (rename(more, moved) != 0 || unlink(moved) != 0) << 5;
	bad |= (unlink(outside) == 0 || unlink(in_read) == 0) << 6;
	return bad;
}

static void
files_are_those_named(void **state)
{
	(void)state;
	if (landlock_version() == 0)
		skip();
	assert_int_equal(exit_of(in_child(files, NULL)), 0);
}

static int
execute(void *arg)
{
	char *argv[] = {"true", NULL};

	(void)arg;
	if (!confined())
		return 255;
	execv("/usr/bin/true", argv);
	return errno;
}

static void
nothing_is_executed(void **state)
{
	(void)state;
	if (landlock_version() == 0)
		skip();
	assert_int_equal(exit_of(in_child(execute, NULL)), EACCES);
}

static int
tcp(int (*call)(int, const struct sockaddr *, socklen_t), unsigned port)
{
	struct sockaddr_in sa = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0), e = 0;

	sa.sin_port = htons((uint16_t)port);
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (call(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0)
		e = errno;
	close(fd);
	return e;
}

static int
ports(void *arg)
{
	struct confine *c = confine_of((const char *)arg);
	int bad = 0;

	confine_port(c, 0);
	if (!landlock_confine(c, landlock_version()))
		return 255;
	bad |= tcp(bind, 0) != 0;
	bad |= (tcp(bind, 1) != EACCES) << 1;
	bad |= (tcp(connect, 1) != EACCES) << 2;
	return bad;
}

static void
ports_are_those_named(void **state)
{
	(void)state;
	if (landlock_version() < 4)
		skip();
	assert_int_equal(exit_of(in_child(ports, "")), 0);
	/* For a vendor's module nobody says where its HSM is: refused by
	   nobody there, not by the kernel. */
	assert_int_equal(exit_of(in_child(ports,
			     "confine: { network = true; };")) & 4, 4);
}

static int
signal_parent(void *arg)
{
	(void)arg;
	if (!confined())
		return 255;
	return kill(getppid(), 0) == 0 ? 0 : errno;
}

static void
nobody_outside_is_signalled(void **state)
{
	(void)state;
	if (landlock_version() < 6)
		skip();
	assert_int_equal(exit_of(in_child(signal_parent, NULL)), EPERM);
}

/* Older kernels judge less, and are not asked for more. */
static int
older(void *arg)
{
	struct confine *c = confine_of("");

	return landlock_confine(c, *(int *)arg) ? opens(outside, O_RDONLY)
						: 255;
}

static void
older_versions(void **state)
{
	int version;

	(void)state;
	for (version = 1; version <= landlock_version(); version++)
		assert_int_equal(exit_of(in_child(older, &version)), EACCES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(files_are_those_named),
	    cmocka_unit_test(nothing_is_executed),
	    cmocka_unit_test(ports_are_those_named),
	    cmocka_unit_test(nobody_outside_is_signalled),
	    cmocka_unit_test(older_versions),
	};

	return cmocka_run_group_tests(tests, make, clear);
}
