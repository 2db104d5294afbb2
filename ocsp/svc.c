#include <unistd.h>

#include "ca/wire/socket.h"
#include "ocsp/error.h"
#include "ocsp/svc.h"

#define CALL_TIMEOUT 30 /* seconds for one call */

WIRE_ANSWER *
svc_call(const char *path, const WIRE_REQUEST *req)
{
	WIRE_ANSWER *answer = NULL;
	int fd = socket_connect(path);

	if (fd < 0)
		return NULL;
	answer = socket_call(fd, req, CALL_TIMEOUT);
	close(fd);
	if (answer != NULL && message_answer_status(answer) != WIRE_OK) {
		ocsp_raise(OCSP_E_RENEW, "inkan-ca: %s: %s: %s",
		    message_status_name(message_answer_status(answer)),
		    message_refusal(answer, "stage"),
		    message_refusal(answer, "text"));
		WIRE_ANSWER_free(answer);
		return NULL;
	}
	return answer;
}
