/*
 * What a taken-over RA could send: any operation with any arguments.
 *
 *	ask SOCKET OPERATION [NAME=TEXT | NAME:NUMBER | NAME@FILE | NAME!]...
 *
 * (NAME@FILE: the file's octets; NAME!: true). Writes one line: the status, and
 * for a refusal stage, rule and text. Exit 0 when it was answered with "ok",
 * 1 when refused, 2 when not answered.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bio.h>

#include "ca/wire/message.h"
#include "ca/wire/socket.h"

#define FILE_MAX 65536

static int
add_file(WIRE_FIELDS *l, const char *name, const char *path)
{
	unsigned char buf[FILE_MAX];
	BIO *bio = BIO_new_file(path, "rb");
	int n = bio == NULL ? -1 : BIO_read(bio, buf, sizeof(buf));

	BIO_free(bio);
	return n >= 0 && field_add_bytes(l, name, buf, (size_t)n);
}

static int
add(WIRE_FIELDS *l, char *arg)
{
	char *at = arg + strcspn(arg, "=:@!"), kind = *at;

	*at = '\0';
	switch (kind) {
	case '=':
		return field_add_text(l, arg, at + 1);
	case ':':
		return field_add_int(l, arg, atoll(at + 1));
	case '@':
		return add_file(l, arg, at + 1);
	case '!':
		return field_add_flag(l, arg, 1);
	default:
		return 0;
	}
}

int
main(int argc, char **argv)
{
	WIRE_REQUEST *req = argc < 3 ? NULL : message_request(argv[2], 1);
	WIRE_ANSWER *a = NULL;
	int i, fd, status;

	for (i = 3; req != NULL && i < argc; i++)
		if (!add(req->args, argv[i])) {
			fprintf(stderr, "ask: what is %s?\n", argv[i]);
			return 2;
		}
	fd = req == NULL ? -1 : socket_connect(argv[1]);
	a = fd < 0 ? NULL : socket_call(fd, req, 20);
	WIRE_REQUEST_free(req);
	if (fd >= 0)
		close(fd);
	if (a == NULL) {
		printf("no answer\n");
		return 2;
	}
	status = message_answer_status(a);
	printf("%s %s %s: %s\n", message_status_name((enum wire_status)status),
	    message_refusal(a, "stage"), message_refusal(a, "rule"),
	    message_refusal(a, "text"));
	WIRE_ANSWER_free(a);
	return status != WIRE_OK;
}
