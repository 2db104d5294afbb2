#include <stdlib.h>
#include <time.h>
#include "ca/cli/command.h"
#include "ca/report/daemon.h"

/* inkan: the operator's tool. */

int
main(int argc, char **argv)
{
	struct cli cli = {.out = stdout, .err = stderr, .fd = -1};
	const char *socket = getenv("INKAN_ADMIN_SOCKET");

	(void)daemon_no_dump(); /* a participant's key may come to lie here */
	cli.now = time(NULL);
	if (socket != NULL && socket[0] != '\0')
		cli.socket = socket;
	return command_main(&cli, argc, argv);
}
